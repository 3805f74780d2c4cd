//! A text with gaps: read once, filled in for each message.

use std::fmt::{self, Write};

use super::Trailer;

/// The text of a message, with gaps for what changes.
///
/// `{brand}`, `{code}` and `{minutes}` are filled in; `{minutes:minute|minutes}` is the first word for one
/// minute and the second for any other number. `{{` and `}}` stand for braces.
///
/// ```
/// use quickcart_core::messaging::text::{Template, Values};
///
/// let template = Template::parse("{code} opens {brand} for {minutes} {minutes:minute|minutes}.")?;
/// let values = Values { brand: "My Shop", code: "042137", minutes: 5 };
/// assert_eq!(template.render(&values), "042137 opens My Shop for 5 minutes.");
/// assert_eq!(template.variables(&values), ["042137", "5"]);
/// # Ok::<(), quickcart_core::messaging::text::InvalidTemplate>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    body: Vec<Piece>,
    trailer: Vec<Piece>,
}

/// What is filled in. `Debug` does not show the code.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Values<'a> {
    /// Who sends the message.
    pub brand: &'a str,
    /// The code.
    pub code: &'a str,
    /// How long it works.
    pub minutes: u64,
}

/// The subject line of an e-mail: only `{brand}` is filled in. Locked screens show subjects, so it has no
/// code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject(Vec<Piece>);

/// A part of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Words(Box<str>),
    Brand,
    Code,
    Minutes,
    MinutesWord { one: Box<str>, other: Box<str> },
}

/// A text that is no template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidTemplate {
    /// A gap for which there is nothing.
    #[error(
        "{{{0}}} is not known: there are {{brand}}, {{code}}, {{minutes}} and {{minutes:minute|minutes}}"
    )]
    UnknownPlaceholder(String),
    /// A brace without its partner.
    #[error("the brace at letter {0} has no partner; a brace as such is written twice")]
    LoneBrace(usize),
    /// A message without the code.
    #[error("{{code}} is missing")]
    MissingCode,
    /// A message with the code twice, of which a phone may take the wrong one.
    #[error("{{code}} is there more than once")]
    RepeatedCode,
    /// A gap that a subject may not have.
    #[error("a subject may have {{brand}} only, and not {{{0}}}")]
    NotInSubject(&'static str),
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// Every [`InvalidTemplate`] but [`NotInSubject`](InvalidTemplate::NotInSubject).
    pub fn parse(text: &str) -> Result<Self, InvalidTemplate> {
        let body = pieces(text)?;
        match body.iter().filter(|piece| **piece == Piece::Code).count() {
            0 => Err(InvalidTemplate::MissingCode),
            1 => Ok(Self { body, trailer: Vec::new() }),
            _ => Err(InvalidTemplate::RepeatedCode),
        }
    }

    /// The same words, with these lines at the end.
    #[must_use]
    pub fn with_trailer(self, trailer: &Trailer) -> Self {
        Self { trailer: trailer.pieces(), ..self }
    }

    /// The text.
    #[must_use]
    pub fn render(&self, values: &Values<'_>) -> String {
        filled(self.pieces(), values)
    }

    /// What a registered text gets for its variables, in their order: the code and the minutes, wherever they
    /// stand. The brand is none of them: it never changes, so a register has it as it is.
    #[must_use]
    pub fn variables(&self, values: &Values<'_>) -> Vec<String> {
        let variable = |piece: &Piece| match piece {
            Piece::Code => Some(values.code.to_owned()),
            Piece::Minutes => Some(values.minutes.to_string()),
            Piece::Words(_) | Piece::Brand | Piece::MinutesWord { .. } => None,
        };
        self.pieces().filter_map(variable).collect()
    }

    fn pieces(&self) -> impl Iterator<Item = &Piece> + Clone {
        self.body.iter().chain(&self.trailer)
    }
}

impl Subject {
    /// Reads a subject.
    ///
    /// # Errors
    /// [`InvalidTemplate::NotInSubject`], [`InvalidTemplate::UnknownPlaceholder`],
    /// [`InvalidTemplate::LoneBrace`].
    pub fn parse(text: &str) -> Result<Self, InvalidTemplate> {
        let pieces = pieces(text)?;
        let refused = pieces.iter().find_map(|piece| match piece {
            Piece::Words(_) | Piece::Brand => None,
            Piece::Code => Some("code"),
            Piece::Minutes | Piece::MinutesWord { .. } => Some("minutes"),
        });
        refused.map_or(Ok(Self(pieces)), |name| Err(InvalidTemplate::NotInSubject(name)))
    }

    /// The line.
    #[must_use]
    pub fn render(&self, brand: &str) -> String {
        filled(self.0.iter(), &Values { brand, code: "", minutes: 0 })
    }
}

impl fmt::Debug for Values<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { brand, minutes, .. } = self;
        f.debug_struct("Values").field("brand", brand).field("minutes", minutes).finish_non_exhaustive()
    }
}

fn filled<'a>(pieces: impl Iterator<Item = &'a Piece> + Clone, values: &Values<'_>) -> String {
    // One allocation: it holds as many digits as any number of minutes has.
    let length = pieces.clone().map(|piece| word(piece, values).map_or(20, str::len)).sum();
    let mut text = String::with_capacity(length);
    for piece in pieces {
        match word(piece, values) {
            Some(word) => text.push_str(word),
            // Writing to a string does not fail.
            None => _ = write!(text, "{}", values.minutes),
        }
    }
    text
}

/// What stands in the place of a piece; `None` for the number.
fn word<'a>(piece: &'a Piece, values: &Values<'a>) -> Option<&'a str> {
    match piece {
        Piece::Words(words) => Some(words),
        Piece::Brand => Some(values.brand),
        Piece::Code => Some(values.code),
        Piece::Minutes => None,
        Piece::MinutesWord { one, other } => Some(if values.minutes == 1 { one } else { other }),
    }
}

fn pieces(text: &str) -> Result<Vec<Piece>, InvalidTemplate> {
    let mut pieces = Vec::new();
    let mut words = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        words.push_str(&rest[..at]);
        let tail = &rest[at..];
        if let Some(after) = tail.strip_prefix("{{").or_else(|| tail.strip_prefix("}}")) {
            words.push_str(&tail[..1]);
            rest = after;
            continue;
        }
        let lone = InvalidTemplate::LoneBrace(text[..text.len() - tail.len()].chars().count() + 1);
        let (name, after) = tail.strip_prefix('{').and_then(|tail| tail.split_once('}')).ok_or(lone)?;
        if !words.is_empty() {
            pieces.push(Piece::Words(std::mem::take(&mut words).into()));
        }
        pieces.push(placeholder(name)?);
        rest = after;
    }
    words.push_str(rest);
    if !words.is_empty() {
        pieces.push(Piece::Words(words.into()));
    }
    Ok(pieces)
}

fn placeholder(name: &str) -> Result<Piece, InvalidTemplate> {
    let unknown = || InvalidTemplate::UnknownPlaceholder(name.to_owned());
    match name {
        "brand" => Ok(Piece::Brand),
        "code" => Ok(Piece::Code),
        "minutes" => Ok(Piece::Minutes),
        _ => {
            let words = name.strip_prefix("minutes:").and_then(|words| words.split_once('|'));
            let (one, other) = words.ok_or_else(unknown)?;
            Ok(Piece::MinutesWord { one: one.into(), other: other.into() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const VALUES: Values<'static> = Values { brand: "My Shop", code: "042137", minutes: 5 };

    fn rendered(text: &str) -> String {
        Template::parse(text).unwrap().render(&VALUES)
    }

    #[test]
    fn gaps_are_filled() {
        assert_eq!(rendered("{code}"), "042137");
        assert_eq!(rendered("{brand}: {code}, {minutes} min"), "My Shop: 042137, 5 min");
        assert_eq!(rendered("{{{code}}} {{code}} }}{{"), "{042137} {code} }{");
        let template = Template::parse("{code} {minutes:minute|minutes}").unwrap();
        assert_eq!(template.render(&Values { minutes: 1, ..VALUES }), "042137 minute");
        assert_eq!(template.render(&Values { minutes: 0, ..VALUES }), "042137 minutes");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let cases = [
            ("Hello {name}, {code}", "{name} is not known"),
            ("{Code}", "{Code} is not known"),
            ("{minutes:a} {code}", "{minutes:a} is not known"),
            ("{} {code}", "{} is not known"),
            ("Hello {brand}", "{code} is missing"),
            ("{{code}}", "{code} is missing"),
            ("{code} {code}", "{code} is there more than once"),
            ("चा {code", "brace at letter 4"),
            ("{code} } ", "brace at letter 8"),
        ];
        for (text, expected) in cases {
            let error = Template::parse(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text:?}: {error}");
        }
    }

    #[test]
    fn a_subject_has_no_code() {
        assert_eq!(Subject::parse("Your {brand} code").unwrap().render("My Shop"), "Your My Shop code");
        assert_eq!(Subject::parse("{code}"), Err(InvalidTemplate::NotInSubject("code")));
        assert!(Subject::parse("{other}").is_err());
    }

    #[test]
    fn variables_keep_the_order_of_the_gaps() {
        let trailer = Trailer::default().with_site("example.com", None).unwrap();
        let template = Template::parse("{minutes} {brand} {code}").unwrap().with_trailer(&trailer);
        assert_eq!(template.variables(&VALUES), ["5", "042137", "042137"]);
    }

    #[test]
    fn the_code_is_not_shown() {
        assert!(!format!("{VALUES:?}").contains("042137"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "(\\PC|[{}]|\\{code\\}|\\{minutes\\}){0,40}") {
            if let Ok(template) = Template::parse(&text) {
                let rendered = template.render(&VALUES);
                prop_assert!(rendered.contains(VALUES.code));
            }
        }

        #[test]
        fn the_code_is_there_once_and_the_trailer_last(
            before in "[^0-9{}]{0,30}",
            after in "[^0-9{}]{0,30}",
            brand in "[^0-9]{0,20}",
            code in "[0-9]{6,10}",
            has_hash in any::<bool>(),
            has_site in any::<bool>(),
        ) {
            let mut trailer = Trailer::default();
            let mut end = String::new();
            if has_hash {
                trailer = trailer.with_retriever_hash("FA+9qCX9VSu").unwrap();
                end.push_str("\nFA+9qCX9VSu");
            }
            if has_site {
                trailer = trailer.with_site("example.com", Some("shop.example")).unwrap();
                end = format!("{end}\n@example.com #{code} %shop.example");
            }
            let plain = Template::parse(&format!("{before}{{code}}{{brand}}{after}")).unwrap();
            let values = Values { brand: &brand, code: &code, minutes: 5 };
            let words = plain.render(&values);
            prop_assert_eq!(words.matches(&code).count(), 1);
            let text = plain.with_trailer(&trailer).render(&values);
            prop_assert_eq!(text.strip_suffix(&end), Some(&words[..]));
        }
    }
}
