//! Whether a text is the one that was registered for it in India.

use std::collections::BTreeMap;

/// What stands for a variable in a registered text.
pub const DLT_VARIABLE: &str = "{#var#}";

/// How many letters a variable may have. The operators do not publish it; senders are told 30, and of late 40
/// ([MSG91](https://msg91.com/help/dlt-registration-in-india/error-description-sms-not-matched-with-dlt-template)),
/// so what keeps to 30 passes everywhere.
pub const DLT_VARIABLE_MAX: usize = 30;

/// By which numbers the register knows a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DltIds {
    /// The number of the business.
    pub entity_id: String,
    /// The number of the text.
    pub template_id: String,
}

/// How much of a text a mismatch shows.
const SHOWN_LETTERS: usize = 20;

/// Where a text is not the registered one. It shows some of the text, so it is for texts with made-up codes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Mismatch {
    /// The words differ.
    #[error("at letter {at} the registered text goes on with {expected:?}, and this one with {found:?}")]
    Words {
        /// The position in the text, in letters from 1.
        at: usize,
        /// How the registered text goes on.
        expected: String,
        /// How the text goes on.
        found: String,
    },
    /// Something is too long, or nothing at all.
    #[error("variable {variable} has {letters} letters, and may have 1 to {DLT_VARIABLE_MAX}")]
    Variable {
        /// Which variable, from 1.
        variable: usize,
        /// How long it is.
        letters: usize,
    },
}

/// Compares a text with the registered one, letter by letter, and tells what stands in the place of its
/// variables. Some registers pass over spaces and punctuation; that is not relied on.
///
/// ```
/// use quickcart_core::messaging::text::dlt_matches;
///
/// let registered = "{#var#} is your code, for {#var#} minutes. - My Shop";
/// assert_eq!(dlt_matches(registered, "042137 is your code, for 5 minutes. - My Shop")?, ["042137", "5"]);
/// # Ok::<(), quickcart_core::messaging::text::Mismatch>(())
/// ```
///
/// # Errors
/// The first place where they differ.
pub fn dlt_matches<'a>(registered: &str, rendered: &'a str) -> Result<Vec<&'a str>, Mismatch> {
    let words: Vec<&str> = registered.split(DLT_VARIABLE).collect();
    let last = words.len() - 1;
    let fits = |index: usize, at: usize| {
        let is_there = rendered[at..].starts_with(words[index]);
        is_there && (index < last || at + words[index].len() == rendered.len())
    };
    if !fits(0, 0) {
        return Err(differing(&words, 0, rendered, &[0]));
    }
    // Words may be found in a variable, too, so all places are followed: by where the words end, the variable
    // before them.
    let mut reached = vec![BTreeMap::from([(words[0].len(), (0, 0))])];
    for index in 1..=last {
        let mut ends = BTreeMap::new();
        for &start in reached[index - 1].keys() {
            for end in variable_ends(rendered, start).filter(|&end| fits(index, end)) {
                ends.entry(end + words[index].len()).or_insert((start, end));
            }
        }
        if ends.is_empty() {
            let starts: Vec<usize> = reached[index - 1].keys().copied().collect();
            return Err(differing(&words, index, rendered, &starts));
        }
        reached.push(ends);
    }
    let mut at = rendered.len();
    let mut variables = Vec::with_capacity(last);
    for ends in reached[1..].iter().rev() {
        let (start, end) = ends[&at];
        variables.push(&rendered[start..end]);
        at = start;
    }
    variables.reverse();
    Ok(variables)
}

/// Where a variable that starts here may end.
fn variable_ends(text: &str, start: usize) -> impl Iterator<Item = usize> + '_ {
    text[start..]
        .char_indices()
        .take(DLT_VARIABLE_MAX)
        .map(move |(at, letter)| start + at + letter.len_utf8())
}

/// Why the words of an index are found behind none of the variables that may start there.
fn differing(words: &[&str], index: usize, rendered: &str, starts: &[usize]) -> Mismatch {
    let (literal, is_last) = (words[index], index + 1 == words.len());
    let earliest = starts[0];
    if index > 0 {
        let tail = &rendered[earliest..];
        let place = if is_last { tail.strip_suffix(literal).map(str::len) } else { tail.find(literal) };
        if let Some(end) = place {
            return Mismatch::Variable { variable: index, letters: tail[..end].chars().count() };
        }
    }
    // The place where most letters agree is the one that was meant.
    let ends: Vec<usize> = match index {
        0 => vec![0],
        _ => starts.iter().flat_map(|&start| variable_ends(rendered, start)).collect(),
    };
    let agreement = |end: &usize| alike(literal, &rendered[*end..]).filter(|is_alike| *is_alike).count();
    // Of equals the first: `max_by_key` takes the last.
    let end = ends.into_iter().rev().max_by_key(agreement).unwrap_or(earliest);
    let agreed = alike(literal, &rendered[end..]).take_while(|is_alike| *is_alike).count();
    let shown = |text: &str| text.chars().skip(agreed).take(SHOWN_LETTERS).collect();
    Mismatch::Words {
        at: rendered[..end].chars().count() + agreed + 1,
        expected: shown(literal),
        found: shown(&rendered[end..]),
    }
}

/// Letter by letter, whether two texts agree.
fn alike<'a>(one: &'a str, other: &'a str) -> impl Iterator<Item = bool> + 'a {
    one.chars().zip(other.chars()).map(|(one, other)| one == other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(at: usize, expected: &str, found: &str) -> Mismatch {
        Mismatch::Words { at, expected: expected.to_owned(), found: found.to_owned() }
    }

    #[test]
    fn what_was_registered_is_found_again() {
        let cases: [(&str, &str, &[&str]); 7] = [
            ("plain", "plain", &[]),
            ("{#var#}", "042137", &["042137"]),
            ("a {#var#} b {#var#} c", "a 1 b 22 c", &["1", "22"]),
            ("{#var#}{#var#}", "xy", &["x", "y"]),
            ("{#var#} है, {#var#} मिनट", "042137 है, 5 मिनट", &["042137", "5"]),
            ("code {#var#}\n@a.example #{#var#}", "code 1\n@a.example #1", &["1", "1"]),
            // The shortest reading would leave 31 letters for the second.
            (
                "{#var#}-{#var#}",
                "a-bbbbbbbbbbbbbb-ccccccccccccccccc",
                &["a-bbbbbbbbbbbbbb", "ccccccccccccccccc"],
            ),
        ];
        for (registered, rendered, expected) in cases {
            let found = dlt_matches(registered, rendered);
            assert_eq!(found.as_deref(), Ok(expected), "{registered}");
        }
    }

    #[test]
    fn the_first_difference_is_shown() {
        let cases = [
            ("Your code", "Your  code", words(6, "code", " code")),
            ("Your code", "Your code.", words(10, "", ".")),
            ("Your code.", "Your code", words(10, ".", "")),
            ("Code {#var#}. Keep it.", "Code 042137, Keep it.", words(12, ". Keep it.", ", Keep it.")),
            ("{#var#} is it. Bye", "042137 is it! Bye", words(13, ". Bye", "! Bye")),
            ("कोड {#var#} है", "कोड: 1 है", words(4, " ", ": 1 है")),
        ];
        for (registered, rendered, expected) in cases {
            assert_eq!(dlt_matches(registered, rendered), Err(expected), "{registered}");
        }
        let long = "x".repeat(31);
        let too_long = Mismatch::Variable { variable: 2, letters: 31 };
        assert_eq!(dlt_matches("{#var#} and {#var#}.", &format!("1 and {long}.")), Err(too_long));
        let nothing = Mismatch::Variable { variable: 1, letters: 0 };
        assert_eq!(dlt_matches("Code {#var#}.", "Code ."), Err(nothing));
    }

    proptest! {
        #[test]
        fn any_text_of_the_register_matches(
            words in prop::collection::vec("[ab ।]{0,6}", 1..5),
            values in prop::collection::vec("[ab ।]{1,30}", 4),
        ) {
            let registered = words.join(DLT_VARIABLE);
            let mut rendered = words[0].clone();
            for (value, words) in values.iter().zip(&words[1..]) {
                rendered.push_str(value);
                rendered.push_str(words);
            }
            let found = dlt_matches(&registered, &rendered).unwrap();
            let mut again = words[0].clone();
            for (value, words) in found.iter().zip(&words[1..]) {
                prop_assert!((1..=DLT_VARIABLE_MAX).contains(&value.chars().count()));
                again.push_str(value);
                again.push_str(words);
            }
            prop_assert_eq!(again, rendered);
        }

        #[test]
        fn no_pair_of_texts_panics(registered in "(\\{#var#\\}|[ab€]){0,12}", rendered in "[ab€]{0,40}") {
            let _ = dlt_matches(&registered, &rendered);
        }
    }
}
