//! Texts with placeholders.

use data_encoding::HEXLOWER;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::super::Message;

/// A text with placeholders, read once.
pub(super) struct Template(Vec<Part>);

enum Part {
    Text(String),
    Placeholder(Placeholder),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Placeholder {
    To,
    ToDigits,
    ToNational,
    Text,
    Code,
    Id,
    DltEntityId,
    DltTemplateId,
}

/// What placeholders stand for in one message.
pub(super) struct Values<'a> {
    to: &'a str,
    to_digits: &'a str,
    to_national: &'a str,
    text: &'a str,
    code: Option<&'a str>,
    id: String,
    /// The numbers of the business and of the text.
    dlt: Option<(&'a str, &'a str)>,
}

impl Template {
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(at);
            parts.push(Part::Text(before.to_owned()));
            if from.starts_with("{{") || from.starts_with("}}") {
                parts.push(Part::Text(from[..1].to_owned()));
                rest = &from[2..];
                continue;
            }
            let (name, after) = from
                .strip_prefix('{')
                .and_then(|from| from.split_once('}'))
                .ok_or("a brace stands alone: write it twice")?;
            parts.push(Part::Placeholder(Placeholder::named(name).ok_or("there is no such placeholder")?));
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        Ok(Self(parts))
    }

    /// The text, with each value encoded.
    pub(super) fn fill(
        &self,
        values: &Values<'_>,
        encode: impl Fn(&str) -> String,
    ) -> Result<String, &'static str> {
        let mut filled = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => filled.push_str(text),
                Part::Placeholder(placeholder) => {
                    filled.push_str(&encode(values.get(*placeholder)?));
                }
            }
        }
        Ok(filled)
    }
}

impl Placeholder {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "to" => Self::To,
            "to_digits" => Self::ToDigits,
            "to_national" => Self::ToNational,
            "text" => Self::Text,
            "code" => Self::Code,
            "id" => Self::Id,
            "dlt_entity_id" => Self::DltEntityId,
            "dlt_template_id" => Self::DltTemplateId,
            _ => return None,
        })
    }
}

impl<'a> Values<'a> {
    /// `None` when the message goes to no telephone.
    pub(super) fn of(message: &'a Message) -> Option<Self> {
        let phone = message.to.phone()?;
        Some(Self {
            to: phone.e164(),
            to_digits: phone.e164().trim_start_matches('+'),
            to_national: phone.national(),
            text: &message.text,
            code: message.code.as_deref(),
            id: HEXLOWER.encode(&message.id),
            dlt: message.dlt.as_ref().map(|ids| (&*ids.entity_id, &*ids.template_id)),
        })
    }

    /// The same for each, to try a template.
    pub(super) fn all(value: &'a str) -> Self {
        let id = value.to_owned();
        let (code, dlt) = (Some(value), Some((value, value)));
        Self { to: value, to_digits: value, to_national: value, text: value, code, id, dlt }
    }

    fn get(&self, placeholder: Placeholder) -> Result<&str, &'static str> {
        let dlt = || self.dlt.ok_or("the text of the message has no DLT ids");
        match placeholder {
            Placeholder::To => Ok(self.to),
            Placeholder::ToDigits => Ok(self.to_digits),
            Placeholder::ToNational => Ok(self.to_national),
            Placeholder::Text => Ok(self.text),
            Placeholder::Code => self.code.ok_or("the message has no code"),
            Placeholder::Id => Ok(&self.id),
            Placeholder::DltEntityId => Ok(dlt()?.0),
            Placeholder::DltTemplateId => Ok(dlt()?.1),
        }
    }
}

/// For any place in a URL's path or query.
pub(super) fn url_encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::PhoneNumber;

    fn fill(template: &str) -> Result<String, &'static str> {
        let phone = PhoneNumber::from_e164("+919876543210").unwrap();
        let message = Message { id: [0xAB; 16], ..Message::new(phone, "a&b {code}") };
        Template::parse(template)?.fill(&Values::of(&message).unwrap(), url_encoded)
    }

    #[test]
    fn placeholders_are_filled_in_once() {
        assert_eq!(
            fill("to={to}|{to_digits}|{to_national}").unwrap(),
            "to=%2B919876543210|919876543210|9876543210"
        );
        assert_eq!(fill("{text}").unwrap(), "a%26b%20%7Bcode%7D", "what is filled in is no template");
        assert_eq!(fill("{id}{{x}}").unwrap(), format!("{}{{x}}", "ab".repeat(16)));
        assert_eq!(fill("").unwrap(), "");
    }

    #[test]
    fn mistakes_are_told() {
        for template in ["{phone}", "{to", "to}", "{}", "{{to}", "{to}}"] {
            assert!(Template::parse(template).is_err(), "{template}");
        }
        assert_eq!(fill("{code}"), Err("the message has no code"));
        assert_eq!(fill("{dlt_template_id}"), Err("the text of the message has no DLT ids"));
    }
}
