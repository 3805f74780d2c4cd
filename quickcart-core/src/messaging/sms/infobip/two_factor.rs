//! Codes that Infobip makes, sends and judges itself.
//!
//! Reference: <https://www.infobip.com/docs/api/platform/2fa>

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::super::super::http::{Answer, Body, Http, InvalidSetting, TIME_MAX};
use super::super::super::{Failure, HeldPin, Message, MessageProvider, PinVerdict, Receipt, SendError};
use super::{authorization, digits, refusal};

const NAME: &str = "infobip_2fa";

/// How often a code may be guessed, as with our own codes.
const ATTEMPTS_MAX: u64 = 5;
/// How long a code may live ([NIST SP 800-63B](https://pages.nist.gov/800-63-4/sp800-63b.html) allows ten minutes).
const TIME_TO_LIVE_MAX: Duration = Duration::from_secs(5 * 60);
/// The shortest code, in digits.
const PIN_LENGTH_MIN: u64 = 6;

/// Sends codes of Infobip's own, which nobody else knows: [`MessageProvider::check_pin`] asks Infobip about them.
///
/// An application of Infobip's allows ten guesses within a quarter of an hour by default, and shows a right code as right
/// twice. Call [`ensure_safe`](Self::ensure_safe) once, before the first message.
///
/// ```
/// use quickcart_core::messaging::sms::InfobipTwoFactor;
///
/// let provider = InfobipTwoFactor::builder("http://127.0.0.1:9900", "secret", "APP", "TEMPLATE").build()?;
/// assert_eq!(format!("{provider:?}"), "InfobipTwoFactor(infobip_2fa at 127.0.0.1)");
/// # Ok::<(), quickcart_core::messaging::InvalidSetting>(())
/// ```
pub struct InfobipTwoFactor {
    http: Http,
    authorization: HeaderValue,
    application_id: String,
    template_id: String,
    sender: Option<String>,
}

/// Settings of [`InfobipTwoFactor`].
#[must_use]
pub struct InfobipTwoFactorBuilder {
    base_url: String,
    key: String,
    application_id: String,
    template_id: String,
    sender: Option<String>,
    time_max: Duration,
}

impl InfobipTwoFactor {
    /// Settings that are needed: the account's base URL and key, its application and that one's message template.
    pub fn builder(
        base_url: impl Into<String>,
        key: impl Into<String>,
        application_id: impl Into<String>,
        template_id: impl Into<String>,
    ) -> InfobipTwoFactorBuilder {
        InfobipTwoFactorBuilder {
            base_url: base_url.into(),
            key: key.into(),
            application_id: application_id.into(),
            template_id: template_id.into(),
            sender: None,
            time_max: TIME_MAX,
        }
    }

    /// Sees to it that a code can be guessed five times, lives five minutes and is used once; stricter settings stay.
    ///
    /// # Errors
    /// The template makes codes of fewer than six digits, the application keeps unsafe settings, or Infobip does not answer.
    pub async fn ensure_safe(&self) -> Result<(), SendError> {
        let unsafe_setting = |problem| SendError::new(NAME, Failure::RequestBug).with_code(problem);
        let application = ["2fa", "2", "applications", &self.application_id];
        let template = [&application[..], &["messages", &self.template_id]].concat();
        let template: Template = self.ask(Method::GET, &template, Body::None).await?;
        if template.pin_length.unwrap_or_default() < PIN_LENGTH_MIN {
            return Err(unsafe_setting("the message template makes codes of fewer than 6 digits"));
        }
        let mut found: Map<String, Value> = self.ask(Method::GET, &application, Body::None).await?;
        let settings = found.get("configuration").and_then(Value::as_object).cloned().unwrap_or_default();
        let safe = made_safe(&settings);
        if safe == settings {
            return Ok(());
        }
        // The name is part of what is written; the id only of what is read.
        found.remove("applicationId");
        found.insert("configuration".into(), safe.into());
        let written: Map<String, Value> =
            self.ask(Method::PUT, &application, Body::Json(found.into())).await?;
        let settings = written.get("configuration").and_then(Value::as_object);
        if settings.is_some_and(|settings| made_safe(settings) == *settings) {
            tracing::info!(target: "quickcart::messaging", provider = NAME, "the application's limits are stricter now");
            return Ok(());
        }
        Err(unsafe_setting("the application keeps unsafe limits"))
    }

    /// Whether Infobip is on this machine, as that of a test is.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.http.is_local()
    }

    async fn ask<T: serde::de::DeserializeOwned>(
        &self,
        method: Method,
        path: &[&str],
        body: Body,
    ) -> Result<T, SendError> {
        let headers = HeaderMap::from_iter([(AUTHORIZATION, self.authorization.clone())]);
        let answer = refusal::check(self.http.request(method, self.http.url(path), headers, body).await?)?;
        answer.json().ok_or_else(|| answer.failed(Failure::MaybeSent, Some("no answer of theirs")))
    }

    async fn post(&self, path: &[&str], body: Value) -> Result<Answer, SendError> {
        self.http.post(self.http.url(path), &self.authorization, Body::Json(body)).await
    }
}

impl InfobipTwoFactorBuilder {
    /// Whom messages come from; otherwise the template's sender.
    pub fn sender(self, sender: impl Into<String>) -> Self {
        Self { sender: Some(sender.into()), ..self }
    }

    /// How long a request may take. Default: 10 s.
    pub fn time_max(self, time_max: Duration) -> Self {
        Self { time_max, ..self }
    }

    /// The provider.
    ///
    /// # Errors
    /// A setting is empty or holds what it cannot hold, or the address is not safe.
    pub fn build(self) -> Result<InfobipTwoFactor, InvalidSetting> {
        if self.application_id.is_empty() || self.template_id.is_empty() {
            return Err(InvalidSetting { provider: NAME, problem: "application and template are needed" });
        }
        Ok(InfobipTwoFactor {
            http: Http::new(NAME, &self.base_url, self.time_max)?,
            authorization: authorization(NAME, &self.key)?,
            application_id: self.application_id,
            template_id: self.template_id,
            sender: self.sender,
        })
    }
}

#[async_trait]
impl MessageProvider for InfobipTwoFactor {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn send(&self, message: &Message) -> Result<Receipt, SendError> {
        let to = digits(super::super::phone(NAME, message)?);
        let mut body =
            json!({ "applicationId": self.application_id, "messageId": self.template_id, "to": to });
        if let Some(sender) = &self.sender {
            body["from"] = json!(sender);
        }
        let answer = refusal::check(self.post(&["2fa", "2", "pin"], body).await?)?;
        let sent: Sent = answer.json().unwrap_or_default();
        match (sent.sms_status.as_deref(), sent.pin_id.filter(|id| !id.is_empty())) {
            (Some("MESSAGE_NOT_SENT"), _) => Err(answer.failed(Failure::NotSent, Some("MESSAGE_NOT_SENT"))),
            (Some("MESSAGE_SENT"), Some(id)) => {
                Ok(Receipt { holds_pin: true, ..Receipt::new(NAME, Some(id)) })
            }
            _ => Err(answer.failed(Failure::MaybeSent, Some("taken without a name"))),
        }
    }

    /// The text is Infobip's own.
    fn prices(&self, _message: &Message) -> usize {
        1
    }

    fn holds_pins(&self) -> bool {
        true
    }

    async fn check_pin(&self, held: HeldPin<'_>, pin: &str) -> Result<PinVerdict, SendError> {
        let answer = self.post(&["2fa", "2", "pin", held.id, "verify"], json!({ "pin": pin })).await?;
        if answer.status == 404 {
            return Ok(PinVerdict::Gone);
        }
        let answer = refusal::check(answer)?;
        let judged: Judged = answer.json().unwrap_or_default();
        match (judged.verified, judged.pin_error.as_deref()) {
            (Some(true), None | Some("NO_ERROR")) => Ok(PinVerdict::Right),
            (Some(false), Some("WRONG_PIN")) => Ok(PinVerdict::Wrong),
            // Among them TTL_EXPIRED and NO_MORE_PIN_ATTEMPTS: a new code helps.
            (Some(_), _) => Ok(PinVerdict::Gone),
            (None, _) => Err(answer.failed(Failure::MaybeSent, Some("no verdict"))),
        }
    }
}

/// The host only.
impl fmt::Debug for InfobipTwoFactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("InfobipTwoFactor").field(&self.http).finish()
    }
}

/// The same settings, with those replaced that are not safe; the others, such as limits of sending, stay as they are.
fn made_safe(settings: &Map<String, Value>) -> Map<String, Value> {
    let mut safe = settings.clone();
    let attempts = settings.get("pinAttempts").and_then(Value::as_u64);
    if !attempts.is_some_and(|attempts| (1..=ATTEMPTS_MAX).contains(&attempts)) {
        safe.insert("pinAttempts".into(), json!(ATTEMPTS_MAX));
    }
    let lives = settings.get("pinTimeToLive").and_then(Value::as_str).and_then(duration);
    if lives.is_none_or(|lives| lives > TIME_TO_LIVE_MAX) {
        safe.insert("pinTimeToLive".into(), json!("5m"));
    }
    safe.insert("allowMultiplePinVerifications".into(), json!(false));
    safe
}

/// Such as `5m`; the number may be missing.
fn duration(text: &str) -> Option<Duration> {
    let unit = text.find(|c: char| !c.is_ascii_digit())?;
    let (length, unit) = text.split_at(unit);
    let length: u64 = if length.is_empty() { 1 } else { length.parse().ok()? };
    let unit_ms = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        _ => return None,
    };
    Some(Duration::from_millis(length.checked_mul(unit_ms)?))
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sent {
    pin_id: Option<String>,
    sms_status: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Judged {
    verified: Option<bool>,
    pin_error: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Template {
    pin_length: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(settings: Value, expected: Value) {
        let Value::Object(settings) = settings else { panic!("settings are an object") };
        assert_eq!(Value::Object(made_safe(&settings)), expected);
    }

    #[test]
    fn limits_become_strict_and_stay_stricter() {
        let safe = json!({ "pinAttempts": 5, "pinTimeToLive": "5m", "allowMultiplePinVerifications": false });
        check(json!({}), safe.clone());
        check(
            json!({ "pinAttempts": 10, "pinTimeToLive": "15m", "allowMultiplePinVerifications": true }),
            safe.clone(),
        );
        check(json!({ "pinAttempts": 0, "pinTimeToLive": "1h" }), safe);
        let strict =
            json!({ "pinAttempts": 3, "pinTimeToLive": "90s", "allowMultiplePinVerifications": false });
        check(strict.clone(), strict);
    }

    #[test]
    fn times_to_live_are_read() {
        let seconds = |text| duration(text).map(|time| time.as_secs());
        assert_eq!((seconds("5m"), seconds("90s"), seconds("m")), (Some(300), Some(90), Some(60)));
        assert_eq!(
            (seconds("1h"), seconds("5"), seconds(""), seconds("99999999999999999999s")),
            (None, None, None, None)
        );
    }
}
