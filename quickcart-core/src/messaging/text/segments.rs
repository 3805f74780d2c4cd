//! How a text is cut into short messages: 7-bit letters where they do, two bytes each where they do not.

/// The default alphabet, but for the escape, which is no letter
/// ([3GPP TS 23.038](https://www.3gpp.org/dynareport/23038.htm) 6.2.1).
const GSM: &str = concat!(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?",
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà",
);
/// Its extension, each letter behind an escape (the same, 6.2.1.1).
const GSM_EXTENSION: &str = "\u{c}^{}\\[~]|€";

/// How many segments a text takes, and how they are written.
///
/// ```
/// use quickcart_core::messaging::text::{Encoding, Segments};
///
/// let plain = Segments::of("Your code is 042137.");
/// assert_eq!((plain.encoding, plain.units, plain.segments), (Encoding::Gsm7, 20, 1));
/// let typographic = Segments::of("Don’t share it.");
/// assert_eq!(typographic.encoding, Encoding::Ucs2, "one apostrophe halves what fits");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segments {
    /// How it is written.
    pub encoding: Encoding,
    /// Its length: septets, or UTF-16 code units.
    pub units: usize,
    /// How many segments are sent, and paid for; an empty text takes one.
    pub segments: usize,
}

/// How a text is written. The shift tables of single languages are left out: few networks carry them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// The default alphabet: 7 bits a letter, twice that for one of its extension.
    Gsm7,
    /// UTF-16: 16 bits a letter, twice that outside the basic plane.
    Ucs2,
}

impl Segments {
    /// Counts.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let encoding = Encoding::of(text);
        let units = text.chars().map(|letter| encoding.units(letter)).sum();
        let segments = if units <= encoding.units_alone() { 1 } else { cuts(text, encoding).count() + 1 };
        Self { encoding, units, segments }
    }

    /// The text as it is cut: all parts together are the text, and no letter is in two of them.
    #[must_use]
    pub fn split(text: &str) -> Vec<&str> {
        let segments = Self::of(text);
        let mut parts = Vec::with_capacity(segments.segments);
        let mut start = 0;
        if segments.segments > 1 {
            for cut in cuts(text, segments.encoding) {
                parts.push(&text[start..cut]);
                start = cut;
            }
        }
        parts.push(&text[start..]);
        parts
    }

    /// The length in bytes where each letter has whole ones.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match self.encoding {
            Encoding::Gsm7 => self.units,
            Encoding::Ucs2 => 2 * self.units,
        }
    }
}

impl Encoding {
    /// The one that a text needs.
    #[must_use]
    pub fn of(text: &str) -> Self {
        if not_gsm(text).next().is_none() { Self::Gsm7 } else { Self::Ucs2 }
    }

    /// What a letter takes. One that is not of the alphabet takes none of it.
    fn units(self, letter: char) -> usize {
        match self {
            Self::Gsm7 => septets(letter).unwrap_or_default(),
            Self::Ucs2 => letter.len_utf16(),
        }
    }

    /// What fits into a message of 140 bytes ([3GPP TS 23.040](https://www.3gpp.org/dynareport/23040.htm)
    /// 9.2.3.16).
    #[must_use]
    pub const fn units_alone(self) -> usize {
        match self {
            Self::Gsm7 => 160,
            Self::Ucs2 => 70,
        }
    }

    /// What fits into each of several, behind the six bytes that say which it is (the same, 9.2.3.24.1).
    #[must_use]
    pub const fn units_joined(self) -> usize {
        match self {
            Self::Gsm7 => 153,
            Self::Ucs2 => 67,
        }
    }
}

/// The letters that the default alphabet and its extension do not have, each with its position in letters
/// from 1.
pub fn not_gsm(text: &str) -> impl Iterator<Item = (usize, char)> + '_ {
    text.chars()
        .enumerate()
        .filter(|(_, letter)| septets(*letter).is_none())
        .map(|(at, letter)| (at + 1, letter))
}

/// What a letter takes in the default alphabet.
fn septets(letter: char) -> Option<usize> {
    match letter {
        // The commonest first: the rest is looked up.
        '0'..='9' | 'a'..='z' | 'A'..='Z' | ' ' => Some(1),
        _ if GSM.contains(letter) => Some(1),
        _ if GSM_EXTENSION.contains(letter) => Some(2),
        _ => None,
    }
}

/// Where the segments of a long text end, but for the last, in bytes. A letter of two units goes to the next
/// segment as a whole.
fn cuts(text: &str, encoding: Encoding) -> impl Iterator<Item = usize> + '_ {
    let mut filled = 0;
    text.char_indices().filter_map(move |(at, letter)| {
        let units = encoding.units(letter);
        filled += units;
        let is_full = filled > encoding.units_joined();
        if is_full {
            filled = units;
        }
        is_full.then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, encoding: Encoding, units: usize, segments: usize) {
        let counted = Segments::of(text);
        assert_eq!(counted, Segments { encoding, units, segments }, "{text:?}");
        assert_eq!(Segments::split(text).len(), segments, "{text:?}");
    }

    #[test]
    fn lengths_are_those_of_the_standard() {
        check("", Encoding::Gsm7, 0, 1);
        check("€", Encoding::Gsm7, 2, 1);
        check("{[|]}", Encoding::Gsm7, 10, 1);
        check("ç", Encoding::Ucs2, 1, 1);
        check("Ç", Encoding::Gsm7, 1, 1);
        check("`", Encoding::Ucs2, 1, 1);
        check("😀", Encoding::Ucs2, 2, 1);
        for (length, segments) in [(160, 1), (161, 2), (306, 2), (307, 3)] {
            check(&"a".repeat(length), Encoding::Gsm7, length, segments);
        }
        for (length, segments) in [(70, 1), (71, 2), (134, 2), (135, 3)] {
            check(&"क".repeat(length), Encoding::Ucs2, length, segments);
        }
        assert_eq!(GSM.chars().count() + 1, 128);
        assert_eq!(GSM_EXTENSION.chars().count(), 10);
    }

    #[test]
    fn a_letter_of_two_units_is_not_cut() {
        let long = format!("{}€{}", "a".repeat(152), "a".repeat(152));
        check(&long, Encoding::Gsm7, 306, 3);
        assert_eq!(Segments::split(&long)[0].len(), 152);
        let long = format!("{}😀{}", "क".repeat(66), "क".repeat(66));
        check(&long, Encoding::Ucs2, 134, 3);
        assert!(Segments::split(&long)[1].starts_with('😀'));
    }

    #[test]
    fn what_forces_two_bytes_is_named() {
        assert_eq!(not_gsm("Don’t – or {do}").collect::<Vec<_>>(), [(4, '’'), (7, '–')]);
    }

    proptest! {
        #[test]
        fn a_split_text_is_whole(text in "(?s)(.|[a-z€ñ]|\\PC|😀){0,400}") {
            let segments = Segments::of(&text);
            let parts = Segments::split(&text);
            prop_assert_eq!(parts.concat(), &text[..]);
            prop_assert_eq!(parts.len(), segments.segments);
            let most = if parts.len() == 1 {
                segments.encoding.units_alone()
            } else {
                segments.encoding.units_joined()
            };
            for part in parts {
                let units: usize = part.chars().map(|letter| segments.encoding.units(letter)).sum();
                prop_assert!(units <= most);
            }
        }
    }
}
