//! What a gateway's answer means.

use std::collections::BTreeMap;

use regex::Regex;
use serde::Deserialize;
use serde_json::Value;

use super::super::Failure;
use super::super::http::Answer;
use super::GatewayConfig;

/// Which answers mean that a message was taken: those that pass every test that is set.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GatewaySuccess {
    /// The HTTP status is one of these. Default: 200, 201, 202.
    pub statuses: Vec<u16>,
    /// A value in the JSON passes.
    pub json: Option<GatewayTest>,
    /// The text holds this.
    pub text_contains: Option<String>,
    /// The text begins with this.
    pub text_starts_with: Option<String>,
}

impl Default for GatewaySuccess {
    fn default() -> Self {
        let statuses = vec![200, 201, 202];
        Self { statuses, json: None, text_contains: None, text_starts_with: None }
    }
}

/// A test of one value in JSON.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewayTest {
    /// Where it stands ([RFC 6901](https://www.rfc-editor.org/rfc/rfc6901)), such as `/status`.
    pub pointer: String,
    /// It is this value.
    pub equals: Option<Value>,
    /// It is a text, number or truth value, and its text matches this expression.
    pub matches: Option<String>,
}

/// Where a part of an answer stands.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GatewayPart {
    /// In JSON, at this pointer.
    Pointer(String),
    /// In the text, as the first group of this expression.
    Regex(String),
}

/// Reads answers.
pub(super) struct Reader {
    statuses: Vec<u16>,
    json: Option<JsonTest>,
    text_contains: Option<String>,
    text_starts_with: Option<String>,
    message_id: Option<Part>,
    answer_code: Option<Part>,
    failures: BTreeMap<String, Failure>,
    status_failures: BTreeMap<u16, Failure>,
}

struct JsonTest {
    pointer: String,
    equals: Option<Value>,
    matches: Option<Regex>,
}

enum Part {
    Pointer(String),
    Regex(Regex),
}

/// A message was not taken. The code is one of the settings', never a text of the gateway's.
pub(super) struct Refused {
    pub(super) failure: Failure,
    pub(super) code: Option<String>,
}

impl Reader {
    pub(super) fn new(config: &GatewayConfig) -> Result<Self, &'static str> {
        let success = &config.success;
        let mut status_failures = BTreeMap::from([
            (401, Failure::AccountDown),
            (403, Failure::AccountDown),
            (429, Failure::Throttled),
        ]);
        for (status, name) in &config.status_failures {
            status_failures.insert(*status, failure(name)?);
        }
        let failures = config
            .failures
            .iter()
            .map(|(code, name)| Ok((code.clone(), failure(name)?)))
            .collect::<Result<_, &'static str>>()?;
        Ok(Self {
            statuses: success.statuses.clone(),
            json: success.json.as_ref().map(JsonTest::new).transpose()?,
            text_contains: success.text_contains.clone(),
            text_starts_with: success.text_starts_with.clone(),
            message_id: config.message_id.as_ref().map(Part::new).transpose()?,
            answer_code: config.answer_code.as_ref().map(Part::new).transpose()?,
            failures,
            status_failures,
        })
    }

    /// The gateway's name for the message, if it is to have one.
    pub(super) fn read(&self, answer: &Answer) -> Result<Option<String>, Refused> {
        let text = answer.text();
        let json = answer.json();
        self.judge(answer.status, &text, json.as_ref())
    }

    fn judge(&self, status: u16, text: &str, json: Option<&Value>) -> Result<Option<String>, Refused> {
        let find = |part: &Part| part.find(text, json);
        if self.is_success(status, text, json) {
            let Some(part) = &self.message_id else { return Ok(None) };
            let unnamed =
                || Refused { failure: Failure::MaybeSent, code: Some("taken without a name".into()) };
            return find(part).map(Some).ok_or_else(unnamed);
        }
        let code = self.answer_code.as_ref().and_then(find);
        let known = code.and_then(|code| Some((*self.failures.get(&code)?, code)));
        Err(match known {
            Some((failure, code)) => Refused { failure, code: Some(code) },
            None => {
                let failure = self.status_failures.get(&status).copied().unwrap_or(Failure::MaybeSent);
                Refused { failure, code: None }
            }
        })
    }

    fn is_success(&self, status: u16, text: &str, json: Option<&Value>) -> bool {
        self.statuses.contains(&status)
            && self.json.as_ref().is_none_or(|test| json.is_some_and(|json| test.passes(json)))
            && self.text_contains.as_ref().is_none_or(|part| text.contains(part.as_str()))
            && self.text_starts_with.as_ref().is_none_or(|part| text.trim_start().starts_with(part.as_str()))
    }
}

impl JsonTest {
    fn new(test: &GatewayTest) -> Result<Self, &'static str> {
        if test.equals.is_none() && test.matches.is_none() {
            return Err("a test of JSON needs `equals` or `matches`");
        }
        let matches = test.matches.as_deref().map(expression).transpose()?;
        Ok(Self { pointer: pointer(&test.pointer)?, equals: test.equals.clone(), matches })
    }

    fn passes(&self, json: &Value) -> bool {
        let Some(value) = json.pointer(&self.pointer) else { return false };
        self.equals.as_ref().is_none_or(|expected| value == expected)
            && self
                .matches
                .as_ref()
                .is_none_or(|regex| scalar(value).is_some_and(|text| regex.is_match(&text)))
    }
}

impl Part {
    fn new(part: &GatewayPart) -> Result<Self, &'static str> {
        Ok(match part {
            GatewayPart::Pointer(text) => Self::Pointer(pointer(text)?),
            GatewayPart::Regex(text) => {
                let regex = expression(text)?;
                if regex.captures_len() < 2 {
                    return Err("an expression has no group that it finds");
                }
                Self::Regex(regex)
            }
        })
    }

    fn find(&self, text: &str, json: Option<&Value>) -> Option<String> {
        let found = match self {
            Self::Pointer(pointer) => scalar(json?.pointer(pointer)?)?,
            Self::Regex(regex) => regex.captures(text)?.get(1)?.as_str().to_owned(),
        };
        Some(found).filter(|found| !found.is_empty())
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

fn pointer(text: &str) -> Result<String, &'static str> {
    let is_valid = text.is_empty() || text.starts_with('/');
    is_valid.then(|| text.to_owned()).ok_or("a JSON pointer begins with a slash")
}

fn expression(text: &str) -> Result<Regex, &'static str> {
    Regex::new(text).map_err(|_| "an expression is wrong")
}

fn failure(name: &str) -> Result<Failure, &'static str> {
    let known = Failure::ALL.into_iter().find(|failure| failure.name() == name);
    known.ok_or("there is no failure of that name")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(settings: &str) -> Result<Reader, &'static str> {
        let config = format!(r#"{{"name": "local", "url": "https://sms.example.com", {settings}}}"#);
        Reader::new(&serde_json::from_str(&config).unwrap())
    }

    fn check(
        reader: &Reader,
        status: u16,
        text: &str,
        expected: Result<Option<&str>, (Failure, Option<&str>)>,
    ) {
        let json = serde_json::from_str(text).ok();
        let found = reader.judge(status, text, json.as_ref());
        let found = found.as_ref().map(Option::as_deref).map_err(|no| (no.failure, no.code.as_deref()));
        assert_eq!(found, expected, "{status} {text}");
    }

    #[test]
    fn json_answers_are_read() {
        let reader = reader(
            r#""success": {"statuses": [200], "json": {"pointer": "/code", "matches": "^(202|OK)$"}},
               "message_id": {"pointer": "/data/0/id"}, "answer_code": {"pointer": "/code"},
               "failures": {"1001": "recipient_invalid"}, "status_failures": {"500": "not_sent"}"#,
        )
        .unwrap();
        check(&reader, 200, r#"{"code": 202, "data": [{"id": 7}]}"#, Ok(Some("7")));
        check(
            &reader,
            200,
            r#"{"code": "OK", "data": []}"#,
            Err((Failure::MaybeSent, Some("taken without a name"))),
        );
        check(&reader, 200, r#"{"code": 1001}"#, Err((Failure::RecipientInvalid, Some("1001"))));
        check(&reader, 200, r#"{"code": "919876543210"}"#, Err((Failure::MaybeSent, None)));
        check(&reader, 201, r#"{"code": 202, "data": [{"id": 7}]}"#, Err((Failure::MaybeSent, None)));
        check(&reader, 500, "oops", Err((Failure::NotSent, None)));
        check(&reader, 401, "", Err((Failure::AccountDown, None)));
        check(&reader, 429, "", Err((Failure::Throttled, None)));
    }

    #[test]
    fn text_answers_are_read() {
        let reader = reader(
            r#""success": {"text_starts_with": "OK", "text_contains": "queued"},
               "message_id": {"regex": "id=(\\w+)"}, "answer_code": {"regex": "^ERR (\\d+)"},
               "failures": {"7": "account_down"}"#,
        )
        .unwrap();
        check(&reader, 200, "OK queued id=a1", Ok(Some("a1")));
        check(&reader, 200, "OK id=a1", Err((Failure::MaybeSent, None)));
        check(&reader, 200, "ERR 7 for 919876543210", Err((Failure::AccountDown, Some("7"))));
        check(&reader, 200, "ERR 8", Err((Failure::MaybeSent, None)));
    }

    #[test]
    fn mistakes_are_told() {
        for settings in [
            r#""success": {"json": {"pointer": "/x"}}"#,
            r#""success": {"json": {"pointer": "x", "equals": 1}}"#,
            r#""message_id": {"regex": "("}"#,
            r#""message_id": {"regex": "no group"}"#,
            r#""failures": {"1": "unheard_of"}"#,
            r#""status_failures": {"500": ""}"#,
        ] {
            assert!(reader(settings).is_err(), "{settings}");
        }
    }
}
