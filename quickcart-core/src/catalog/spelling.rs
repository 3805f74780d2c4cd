//! What a misspelt query may have meant: words are compared letter by letter.
//!
//! A word matches one that holds it, or that differs by a few slips of the fingers: a letter too many, too few, wrong, or two that
//! changed places. Short words may have fewer of them than long ones, and words of one or two letters none.

use std::ops::RangeInclusive;

use icu_normalizer::properties::CanonicalCombiningClassMap;
use icu_normalizer::{ComposingNormalizer, DecomposingNormalizer};
use strsim::osa_distance;

use super::{Page, Product};

/// An index of characters in a row knows texts of at least so many.
pub const INDEXED_MIN: usize = 3;
/// How many products are compared with a misspelt query, the first by id.
pub const CANDIDATES_MAX: u32 = 1_000;
/// How many words a misspelt one may mean; the nearest are taken.
const MEANINGS_MAX: usize = 32;

/// The marks that Latin, Greek and Cyrillic letters carry. Those of Indic scripts are vowels, and stay.
const DIACRITICS: RangeInclusive<char> = '\u{300}'..='\u{36F}';

/// The text without case and without the marks of Latin letters: `Sữa` is `sua`. The letter `đ` has no mark, and stays.
#[must_use]
pub fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let decomposed = DecomposingNormalizer::new_nfd().normalize_iter(text.chars());
    let bare = decomposed.filter(|character| !DIACRITICS.contains(character));
    let lower = bare.flat_map(char::to_lowercase);
    // What a capital letter becomes may carry a mark of its own, as that of `İ` does.
    let lower = lower.filter(|character| !DIACRITICS.contains(character));
    ComposingNormalizer::new_nfc().normalize_iter(lower).collect()
}

/// The words of a text, folded. Digits stand apart, so that `5kg` and `5 kg` are the same.
#[must_use]
pub fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut last = Kind::Between;
    for character in folded(text).chars() {
        let kind = Kind::of(character);
        match words.last_mut() {
            Some(word) if kind == last && kind != Kind::Between => word.push(character),
            _ if kind != Kind::Between => words.push(character.into()),
            _ => {}
        }
        last = kind;
    }
    words
}

/// The words of a name that a store remembers for those who misspell them. Nobody misspells a number.
#[must_use]
pub fn memorable_words(name: &str) -> Vec<String> {
    let is_memorable = |word: &String| {
        let letters = word.chars().count();
        !word.chars().all(char::is_numeric) && (INDEXED_MIN..=SpelledWord::LETTERS_MAX + 2).contains(&letters)
    };
    words(name).into_iter().filter(is_memorable).collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Letter,
    Digit,
    Between,
}

impl Kind {
    fn of(character: char) -> Self {
        // A virama and its like are no letters by themselves, but stand within words.
        let is_mark = || CanonicalCombiningClassMap::new().get_u8(character) != 0;
        match character {
            _ if character.is_numeric() => Self::Digit,
            _ if character.is_alphanumeric() || (!character.is_ascii() && is_mark()) => Self::Letter,
            _ => Self::Between,
        }
    }
}

/// The signs that stand between the words of names. Whoever writes `mil%` means the sign, and not milk.
const SIGNS: &str = "-'.,&/()+\"";

/// A query, word by word.
#[derive(Clone, Debug)]
pub struct Spelling(Vec<SpelledWord>);

impl Spelling {
    /// The most words that are compared; a longer query is not one that somebody mistyped.
    pub const WORDS_MAX: usize = 8;

    /// The words of a query; `None` when there are none or too many, or one is too long, or all are too short to be misspelt, or a
    /// sign is between them that means to say something else.
    #[must_use]
    pub fn of(query: &str) -> Option<Self> {
        let words: Vec<_> = words(query).into_iter().map(SpelledWord::new).collect();
        let fits = (1..=Self::WORDS_MAX).contains(&words.len())
            && words.iter().all(|word| word.letters <= SpelledWord::LETTERS_MAX)
            && words.iter().any(|word| word.errors_max > 0)
            && !query.chars().any(|character| character.is_ascii_punctuation() && !SIGNS.contains(character));
        fits.then_some(Self(words))
    }

    /// The words.
    #[must_use]
    pub fn words(&self) -> &[SpelledWord] {
        &self.0
    }

    /// How many slips lead from the query to a name: each word to the word of the name that is nearest. `None` when one of them is
    /// near to none.
    #[must_use]
    pub fn errors_in(&self, name: &str) -> Option<usize> {
        let known = words(name);
        self.0.iter().map(|word| known.iter().filter_map(|known| word.errors(known)).min()).sum()
    }

    /// How many letters the words have that ours may mean.
    #[must_use]
    pub fn letters(&self) -> RangeInclusive<usize> {
        let misspelt = || self.0.iter().filter(|word| word.errors_max > 0);
        let least = misspelt().map(|word| word.letters - word.errors_max).min().unwrap_or(0);
        let most = misspelt().map(|word| word.letters + word.errors_max).max().unwrap_or(0);
        least.max(INDEXED_MIN)..=most
    }

    /// The products that a query may mean, those with the fewest slips first, else in the order that they have.
    #[must_use]
    pub fn ranked(&self, candidates: Vec<Product>, page: Page) -> Vec<Product> {
        let meant =
            candidates.into_iter().filter_map(|product| Some((self.errors_in(&product.name)?, product)));
        let mut meant: Vec<_> = meant.collect();
        // Stable, so that the order by id stays.
        meant.sort_by_key(|(errors, _)| *errors);
        let [offset, limit] =
            [page.offset, page.limit].map(|count| usize::try_from(count).unwrap_or(usize::MAX));
        meant.into_iter().map(|(_, product)| product).skip(offset).take(limit).collect()
    }
}

/// What each word of a query may mean, of the words that names have.
#[derive(Clone, Debug)]
pub struct Meanings<'s> {
    spelling: &'s Spelling,
    /// For each word, others and how many slips lead there.
    found: Vec<Vec<(usize, String)>>,
}

impl<'s> Meanings<'s> {
    /// None so far.
    #[must_use]
    pub fn new(spelling: &'s Spelling) -> Self {
        Self { spelling, found: vec![Vec::new(); spelling.0.len()] }
    }

    /// Compares a folded word with those of the query.
    pub fn compare(&mut self, known: &str) {
        for (word, found) in self.spelling.0.iter().zip(&mut self.found) {
            if let Some(errors) = word.errors(known) {
                found.push((errors, known.to_owned()));
            }
        }
    }

    /// Each word of the query that an index knows, followed by its nearest meanings. The others are left to
    /// [`Spelling::ranked`].
    #[must_use]
    pub fn nearest(self) -> Vec<Vec<String>> {
        let of_word = |(word, mut found): (&SpelledWord, Vec<(usize, String)>)| {
            found.sort_unstable();
            let meanings = found.into_iter().take(MEANINGS_MAX).map(|(_, known)| known);
            (word.letters >= INDEXED_MIN).then(|| [word.text.clone()].into_iter().chain(meanings).collect())
        };
        self.spelling.0.iter().zip(self.found).filter_map(of_word).collect()
    }
}

/// A word that may be misspelt.
#[derive(Clone, Debug)]
pub struct SpelledWord {
    text: String,
    letters: usize,
    errors_max: usize,
    mask: u64,
}

impl SpelledWord {
    /// The longest word that is compared, in letters.
    pub const LETTERS_MAX: usize = 32;
    /// Words shorter than this, in letters, are taken as they are.
    pub const LETTERS_MIN: usize = 3;

    fn new(text: String) -> Self {
        let letters = text.chars().count();
        let is_number = text.chars().all(char::is_numeric);
        // As Elasticsearch's `fuzziness: AUTO`. A number is not misspelt: it is another one.
        let errors_max = match letters {
            _ if is_number => 0,
            0..Self::LETTERS_MIN => 0,
            3..=5 => 1,
            _ => 2,
        };
        Self { letters, errors_max, mask: mask(&text), text }
    }

    /// The word, folded.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// How many letters it has.
    #[must_use]
    pub fn letters(&self) -> usize {
        self.letters
    }

    /// How many slips are forgiven.
    #[must_use]
    pub fn errors_max(&self) -> usize {
        self.errors_max
    }

    /// How many slips lead to this folded word; one, when it holds ours. `None` when there are too many.
    #[must_use]
    pub fn errors(&self, known: &str) -> Option<usize> {
        if self.text == known {
            return Some(0);
        }
        if self.errors_max == 0 {
            return None;
        }
        // A slip changes at most two of the letters that there are, which spares nearly all comparisons.
        let differing = (self.mask ^ mask(known)).count_ones() as usize;
        let near = || Some(osa_distance(&self.text, known)).filter(|errors| *errors <= self.errors_max);
        if known.contains(&self.text) {
            Some(1)
        } else if differing <= 2 * self.errors_max
            && known.chars().count().abs_diff(self.letters) <= self.errors_max
        {
            near()
        } else {
            None
        }
    }
}

/// Which letters a word has; letters may share a bit.
fn mask(word: &str) -> u64 {
    word.chars().fold(0, |mask, letter| mask | 1 << (u32::from(letter) % 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_case_and_the_marks_of_latin_letters() {
        for (text, expected) in [
            ("Toned MILK", "toned milk"),
            ("Sữa TƯƠI", "sua tuoi"),
            ("Sư\u{303}a", "sua"),
            ("Crème Brûlée", "creme brulee"),
            ("Đường", "đuong"),
            ("İzmir", "izmir"),
            ("बासमती चावल", "बासमती चावल"),
            ("দুধ", "দুধ"),
            ("우유", "우유"),
        ] {
            assert_eq!(folded(text), expected, "{text}");
        }
    }

    #[test]
    fn tells_words_apart_in_every_script() {
        assert_eq!(words("Basmati-Rice 5kg (loose)"), ["basmati", "rice", "5", "kg", "loose"]);
        assert_eq!(words("अण्डा दूध"), ["अण्डा", "दूध"], "a conjunct is one word");
        assert_eq!(words("মিষ্টি দই"), ["মিষ্টি", "দই"]);
        assert_eq!(words(" %_\"* "), [""; 0]);
    }

    #[test]
    fn counts_slips_from_a_query_to_a_name() {
        let check = |query: &str, name: &str, expected| {
            assert_eq!(Spelling::of(query).unwrap().errors_in(name), expected, "{query} {name}");
        };
        check("mlik", "Toned Milk 1 L", Some(1));
        check("bascmati rise", "Basmati Rice 5 kg", Some(2));
        check("potatoe chip", "Potato Chips 50 g", Some(2));
        check("milk toned", "Toned Milk 1 L", Some(0));
        check("tonned milk 1l", "Toned Milk 1 L", Some(1));
        check("tonned milk 2l", "Toned Milk 1 L", None);
        check("ketch tomatoe", "Tomato Ketchup", Some(2));
        check("चवल", "बासमती चावल", Some(1));
        check("bread", "Toned Milk 1 L", None);
        check("mil bread", "Toned Milk 1 L", None);
    }

    #[test]
    fn short_words_are_not_misspelt() {
        for query in ["", "a", "tea 1"] {
            assert_eq!(Spelling::of(query).is_some(), query == "tea 1", "{query}");
        }
        assert!(Spelling::of("1234567").is_none(), "a number is another number");
        for query in ["mil%", "%milk", "m_lk", "milk*", "mi?k", "<milk>", "milk\\"] {
            assert!(Spelling::of(query).is_none(), "{query} is meant as it is");
        }
        assert_eq!(Spelling::of("tea oi").unwrap().errors_in("Tea Oil"), None);
    }

    #[test]
    fn a_word_means_itself_and_the_nearest() {
        let spelling = Spelling::of("ab safrn 5").unwrap();
        assert_eq!(spelling.letters(), 4..=6);
        let mut meanings = Meanings::new(&spelling);
        for known in ["biscuit", "safrna", "safr", "saffron", "safron"] {
            meanings.compare(known);
        }
        assert_eq!(meanings.nearest(), [["safrn", "safr", "safrna", "safron"]]);
        let mut meanings = Meanings::new(&spelling);
        (0..100).for_each(|n| meanings.compare(&format!("safrn{n}")));
        assert_eq!(meanings.nearest()[0].len(), 1 + MEANINGS_MAX);
    }

    #[test]
    fn numbers_and_short_words_are_not_remembered() {
        assert_eq!(memorable_words("Tea No 1234 Écru 5kg"), ["tea", "ecru"]);
        assert_eq!(memorable_words(&"m".repeat(SpelledWord::LETTERS_MAX + 3)), [""; 0]);
    }

    #[test]
    fn bounds_the_work_of_a_query() {
        assert!(Spelling::of(&"milk ".repeat(Spelling::WORDS_MAX)).is_some());
        assert!(Spelling::of(&"milk ".repeat(Spelling::WORDS_MAX + 1)).is_none());
        assert!(Spelling::of(&"m".repeat(SpelledWord::LETTERS_MAX + 1)).is_none());
    }

    /// The filter by letters never leaves out what the comparison would have found.
    #[test]
    fn the_filter_loses_nothing() {
        let near = [
            "milk", "mlik", "mil", "mulk", "silk", "mmilk", "milks", "ilk", "kilm", "limk", "butter", "buter",
        ];
        for query in near {
            let word = SpelledWord::new(query.to_owned());
            for known in near.into_iter().filter(|known| *known != query && !known.contains(query)) {
                let distance = osa_distance(query, known);
                let expected = (distance <= word.errors_max).then_some(distance);
                assert_eq!(word.errors(known), expected, "{query} {known}");
            }
        }
    }
}
