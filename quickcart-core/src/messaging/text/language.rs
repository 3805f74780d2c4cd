//! The languages that messages are written in.

use std::fmt;
use std::str::FromStr;

/// A language of messages.
///
/// ```
/// use quickcart_core::messaging::text::Language;
///
/// assert_eq!("hi-IN".parse(), Ok(Language::Hindi));
/// let liked = Language::of_accept_language("fr, bn;q=0.8, vi;q=0.7", &[Language::English, Language::Vietnamese]);
/// assert_eq!(liked, Some(Language::Vietnamese));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Hindi, in Devanagari.
    Hindi,
    /// Bengali, in its own script.
    Bengali,
    /// Vietnamese, with its accents.
    Vietnamese,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::English, Self::Hindi, Self::Bengali, Self::Vietnamese];

    /// The tag ([BCP 47](https://www.rfc-editor.org/info/bcp47)).
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Hindi => "hi",
            Self::Bengali => "bn",
            Self::Vietnamese => "vi",
        }
    }

    /// The one that a client likes best of those that are offered, by its `Accept-Language` ([RFC
    /// 9110](https://www.rfc-editor.org/rfc/rfc9110#section-12.5.4)); of equals the first. `None` when it
    /// asks for none of them; what is not well formed is passed over.
    #[must_use]
    pub fn of_accept_language(header: &str, offered: &[Self]) -> Option<Self> {
        let ranges: Vec<_> = header.split(',').filter_map(preference).collect();
        // What `*` stands for: a language that has no range of its own.
        let is_named = |language: Self| ranges.iter().any(|(named, _)| *named == Some(language));
        let other = offered.iter().copied().find(|language| !is_named(*language));
        let mut best = None;
        for (named, weight) in ranges {
            let language = named.or(other).filter(|language| offered.contains(language));
            if let Some(language) = language.filter(|_| weight > best.map_or(0, |(_, most)| most)) {
                best = Some((language, weight));
            }
        }
        best.map(|(language, _)| language)
    }
}

/// A language that is not among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no message is written in this language: en, hi, bn and vi are there")]
pub struct UnknownLanguage;

/// Reads a tag. Whatever region or script it names, the language counts.
impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(tag: &str) -> Result<Self, UnknownLanguage> {
        let primary = tag.split('-').next().unwrap_or_default();
        let found = Self::ALL.into_iter().find(|language| language.tag().eq_ignore_ascii_case(primary));
        found.ok_or(UnknownLanguage)
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.tag())
    }
}

/// One of the ranges, with its weight in thousandths; no language is any.
fn preference(range: &str) -> Option<(Option<Language>, u16)> {
    let mut parts = range.split(';').map(str::trim);
    let language = match parts.next()? {
        "*" => None,
        tag => Some(tag.parse().ok()?),
    };
    let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    Some((language, weight.map_or(Some(1000), thousandths)?))
}

/// `0.85` as 850: at most three places behind the point, and at most 1.
fn thousandths(weight: &str) -> Option<u16> {
    let (whole, places) = weight.split_once('.').unwrap_or((weight, ""));
    let is_short = places.len() <= 3 && places.bytes().all(|digit| digit.is_ascii_digit());
    match whole {
        "0" if is_short => format!("{places:0<3}").parse().ok(),
        "1" if is_short && places.bytes().all(|digit| digit == b'0') => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Language::{Bengali, English, Hindi, Vietnamese};

    #[test]
    fn a_tag_names_a_language() {
        for language in Language::ALL {
            assert_eq!(language.to_string().parse(), Ok(language));
        }
        for (tag, expected) in [("EN-us", English), ("bn-BD", Bengali), ("vi-Latn-VN", Vietnamese)] {
            assert_eq!(tag.parse(), Ok(expected), "{tag}");
        }
        for tag in ["", "fr", "english", "hin", "hi_IN", " hi"] {
            assert_eq!(tag.parse::<Language>(), Err(UnknownLanguage), "{tag}");
        }
    }

    #[test]
    fn what_is_liked_best_is_spoken() {
        let cases = [
            ("", None),
            ("fr", None),
            ("hi", Some(Hindi)),
            ("fr-FR, vi-VN;q=0.9, en;q=0.8", Some(Vietnamese)),
            ("en;q=0.5, hi;q=0.5", Some(English)),
            ("en;q=0.1,bn;q=0.101", Some(Bengali)),
            ("hi;q=0", None),
            ("hi;q=0, *;q=0.5", Some(English)),
            ("*", Some(English)),
            ("en;q=0, *", Some(Hindi)),
            ("*;q=0.9, hi;q=0.8", Some(English)),
            ("hi;q=2, bn;q=0.1", Some(Bengali)),
            ("hi;q=, bn;q=1.000", Some(Bengali)),
            (" , ;;q=1, -, hi ; q=0.3", Some(Hindi)),
        ];
        for (header, expected) in cases {
            assert_eq!(Language::of_accept_language(header, &Language::ALL), expected, "{header:?}");
        }
    }

    #[test]
    fn only_what_is_offered_is_spoken() {
        let cases = [
            ("bn, hi;q=0.5", Some(Hindi)),
            ("bn, en;q=0.1", None),
            ("vi;q=0.2, *;q=0.1", Some(Vietnamese)),
            ("vi;q=0.2, *;q=0.3", Some(Hindi)),
            ("en, *", Some(Hindi)),
        ];
        for (header, expected) in cases {
            assert_eq!(Language::of_accept_language(header, &[Hindi, Vietnamese]), expected, "{header:?}");
        }
        assert_eq!(Language::of_accept_language("*, en", &[]), None);
    }
}
