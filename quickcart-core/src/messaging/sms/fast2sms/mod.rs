//! Fast2SMS, for Indian numbers.
//!
//! Reference: <https://docs.fast2sms.com/reference/error-code-list>

mod codes;
mod receipt;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::Url;
use reqwest::header::HeaderValue;
use serde::Deserialize;
use serde_json::{Value, json};

pub use receipt::read_fast2sms_reports;

use super::super::http::{Answer, Body, Http, InvalidSetting, TIME_MAX, is_code, secret_header};
use super::super::text::Segments;
use super::super::{Failure, Message, MessageProvider, Receipt, Recipient, SendError};

const NAME: &str = "fast2sms";

/// The country code of India, where alone Fast2SMS delivers.
const INDIA: u16 = 91;

/// Sends by Fast2SMS. It knows neither a time limit for messages nor a name of ours for them.
///
/// ```
/// use quickcart_core::messaging::sms::{Fast2Sms, Fast2SmsRoute};
///
/// let fast2sms = Fast2Sms::builder("secret", Fast2SmsRoute::Otp).base_url("http://127.0.0.1:9900").build()?;
/// assert_eq!(format!("{fast2sms:?}"), "Fast2Sms(fast2sms at 127.0.0.1)");
/// # Ok::<(), quickcart_core::messaging::InvalidSetting>(())
/// ```
pub struct Fast2Sms {
    http: Http,
    url: Url,
    authorization: HeaderValue,
    route: Fast2SmsRoute,
    reports: bool,
}

/// How Fast2SMS delivers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Fast2SmsRoute {
    /// The code alone, in Fast2SMS's own text; the account must be verified.
    #[default]
    Otp,
    /// The text as it is, at a higher price.
    Quick,
    /// A text that is registered with the carriers (DLT), with the message's variables filled in.
    Dlt {
        /// The registered sender, six letters.
        sender_id: String,
        /// Fast2SMS's number for the text.
        message_id: String,
    },
}

/// Settings of [`Fast2Sms`].
#[must_use]
pub struct Fast2SmsBuilder {
    key: String,
    route: Fast2SmsRoute,
    base_url: String,
    time_max: Duration,
    reports: bool,
}

impl Fast2Sms {
    /// Where Fast2SMS is.
    pub const BASE_URL: &'static str = "https://www.fast2sms.com";

    /// Settings that are needed.
    pub fn builder(key: impl Into<String>, route: Fast2SmsRoute) -> Fast2SmsBuilder {
        Fast2SmsBuilder {
            key: key.into(),
            route,
            base_url: Self::BASE_URL.into(),
            time_max: TIME_MAX,
            reports: false,
        }
    }
}

impl Fast2SmsBuilder {
    /// Another address, for tests and proxies.
    pub fn base_url(self, base_url: impl Into<String>) -> Self {
        Self { base_url: base_url.into(), ..self }
    }

    /// The dashboard is set up to tell what becomes of messages, and somebody [reads](read_fast2sms_reports) it.
    pub fn with_reports(self) -> Self {
        Self { reports: true, ..self }
    }

    /// How long a request may take. Default: 10 s.
    pub fn time_max(self, time_max: Duration) -> Self {
        Self { time_max, ..self }
    }

    /// The provider.
    ///
    /// # Errors
    /// A setting is empty or holds what it cannot hold, or the address is not safe.
    pub fn build(self) -> Result<Fast2Sms, InvalidSetting> {
        let invalid = |problem| InvalidSetting { provider: NAME, problem };
        if self.key.is_empty() {
            return Err(invalid("the key is needed"));
        }
        if let Fast2SmsRoute::Dlt { sender_id, message_id } = &self.route
            && (sender_id.is_empty() || message_id.is_empty())
        {
            return Err(invalid("a registered text needs its sender and its number"));
        }
        let http = Http::new(NAME, &self.base_url, self.time_max)?;
        Ok(Fast2Sms {
            url: http.url(&["dev", "bulkV2"]),
            http,
            authorization: secret_header(&self.key).ok_or_else(|| invalid("the key is no key"))?,
            route: self.route,
            reports: self.reports,
        })
    }
}

#[async_trait]
impl MessageProvider for Fast2Sms {
    fn name(&self) -> &'static str {
        NAME
    }

    fn reports(&self) -> bool {
        self.reports
    }

    fn prices(&self, message: &Message) -> usize {
        match self.route {
            // The text is Fast2SMS's own.
            Fast2SmsRoute::Otp => 1,
            Fast2SmsRoute::Quick | Fast2SmsRoute::Dlt { .. } => Segments::of(&message.text).segments,
        }
    }

    async fn send(&self, message: &Message) -> Result<Receipt, SendError> {
        let number = super::phone(NAME, message)?.national();
        let body = body(&self.route, message, number)
            .map_err(|problem| SendError::new(NAME, Failure::RequestBug).with_code(problem))?;
        // The same by GET would leave the key in logs of proxies.
        let answer = self.http.post(self.url.clone(), &self.authorization, Body::Json(body)).await?;
        read(&answer)
    }

    fn serves(&self, to: &Recipient) -> bool {
        to.phone().is_some_and(|phone| phone.country_code() == INDIA)
    }
}

fn body(route: &Fast2SmsRoute, message: &Message, number: &str) -> Result<Value, &'static str> {
    match route {
        Fast2SmsRoute::Otp => {
            let code = message.code.as_deref().ok_or("the route otp sends codes only")?;
            Ok(json!({ "route": "otp", "variables_values": code, "numbers": number }))
        }
        Fast2SmsRoute::Quick => {
            let language = if message.text.is_ascii() { "english" } else { "unicode" };
            let text = &message.text;
            Ok(json!({ "route": "q", "message": text, "language": language, "flash": 0, "numbers": number }))
        }
        Fast2SmsRoute::Dlt { sender_id, message_id } => {
            if message.variables.iter().any(|variable| variable.contains('|')) {
                return Err("a variable holds the sign that separates them");
            }
            Ok(json!({
                "route": "dlt", "sender_id": sender_id, "message": message_id,
                "variables_values": message.variables.join("|"), "flash": 0, "numbers": number,
            }))
        }
    }
}

/// HTTP 200 may be a refusal, and only a name makes sure that it is none.
fn read(answer: &Answer) -> Result<Receipt, SendError> {
    let read: Fast2SmsAnswer = answer.json().unwrap_or_default();
    let code = read.status_code.as_ref().and_then(number);
    let is_taken = read.is_taken.as_ref().and_then(truth).filter(|_| answer.is_success());
    match (is_taken, read.request_id.filter(|id| !id.is_empty())) {
        (Some(true), Some(id)) => Ok(Receipt::new(NAME, Some(id))),
        (Some(true), None) => Err(answer.failed(Failure::MaybeSent, Some("taken without a name"))),
        // It says that it did not send, and not why.
        (Some(false), _) if code.is_none() => Err(answer.failed(Failure::NotSent, code)),
        _ => {
            let failure = codes::outcome(answer.status, code).err().unwrap_or(Failure::MaybeSent);
            Err(answer.failed(failure, code))
        }
    }
}

/// The host only.
impl fmt::Debug for Fast2Sms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Fast2Sms").field(&self.http).finish()
    }
}

/// The message is not read: it is a text or a list of texts.
#[derive(Default, Deserialize)]
struct Fast2SmsAnswer {
    #[serde(rename = "return")]
    is_taken: Option<Value>,
    request_id: Option<String>,
    status_code: Option<Value>,
}

/// Seen as `true` and as `"true"`.
fn truth(value: &Value) -> Option<bool> {
    value.as_bool().or_else(|| value.as_str()?.parse().ok())
}

fn number(value: &Value) -> Option<u32> {
    let digits = value.as_str().filter(|text| is_code(text));
    value.as_u64().and_then(|number| number.try_into().ok()).or_else(|| digits?.parse().ok())
}
