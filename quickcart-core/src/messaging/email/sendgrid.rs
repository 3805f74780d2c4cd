//! E-mail by SendGrid.
//!
//! Reference: <https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send>

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use data_encoding::HEXLOWER;
use reqwest::Url;
use reqwest::header::HeaderValue;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::http::{Answer, Body, Http, InvalidSetting, TIME_MAX, secret_header};
use super::super::{Failure, Message, MessageProvider, Receipt, Recipient, SendError};
use crate::email::EmailAddress;

const NAME: &str = "sendgrid";

/// Sends e-mail by SendGrid.
///
/// ```
/// use quickcart_core::messaging::email::SendGrid;
///
/// let from = "shop@example.com".parse()?;
/// let sendgrid = SendGrid::builder("secret", from).sender_name("QuickCart").build()?;
/// assert_eq!(format!("{sendgrid:?}"), "SendGrid(sendgrid at api.sendgrid.com)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SendGrid {
    http: Http,
    url: Url,
    authorization: HeaderValue,
    from: EmailAddress,
    sender_name: Option<String>,
}

/// Settings of [`SendGrid`].
#[must_use]
pub struct SendGridBuilder {
    key: String,
    from: EmailAddress,
    sender_name: Option<String>,
    base_url: String,
    time_max: Duration,
}

impl SendGrid {
    /// Where SendGrid is.
    pub const BASE_URL: &'static str = "https://api.sendgrid.com";

    /// Settings that are needed; SendGrid has to know the sender.
    pub fn builder(key: impl Into<String>, from: EmailAddress) -> SendGridBuilder {
        let base_url = Self::BASE_URL.into();
        SendGridBuilder { key: key.into(), from, sender_name: None, base_url, time_max: TIME_MAX }
    }

    fn body(&self, message: &Message, to: &EmailAddress) -> Value {
        let id = HEXLOWER.encode(&message.id);
        let mut from = json!({ "email": self.from.as_str() });
        if let Some(name) = &self.sender_name {
            from["name"] = json!(name);
        }
        json!({
            // The API's description takes arguments of ours for a text elsewhere.
            "personalizations": [{ "to": [{ "email": to.as_str() }], "custom_args": { "quickcart_id": id } }],
            "from": from,
            "subject": message.subject,
            "content": [{ "type": "text/plain", "value": message.text }],
            "headers": { "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All" },
            // Links in a text about signing in should lead where they say.
            "tracking_settings": { "click_tracking": { "enable": false, "enable_text": false } },
        })
    }
}

impl SendGridBuilder {
    /// The name that stands in front of the sender's address.
    pub fn sender_name(self, name: impl Into<String>) -> Self {
        Self { sender_name: Some(name.into()), ..self }
    }

    /// Another address, for tests and proxies.
    pub fn base_url(self, base_url: impl Into<String>) -> Self {
        Self { base_url: base_url.into(), ..self }
    }

    /// How long a request may take. Default: 10 s.
    pub fn time_max(self, time_max: Duration) -> Self {
        Self { time_max, ..self }
    }

    /// The provider.
    ///
    /// # Errors
    /// The key is empty or holds what it cannot hold, or the address is not safe.
    pub fn build(self) -> Result<SendGrid, InvalidSetting> {
        let authorization =
            if self.key.is_empty() { None } else { secret_header(&format!("Bearer {}", self.key)) };
        let no_key = InvalidSetting { provider: NAME, problem: "the key is needed" };
        let http = Http::new(NAME, &self.base_url, self.time_max)?;
        Ok(SendGrid {
            url: http.url(&["v3", "mail", "send"]),
            http,
            authorization: authorization.ok_or(no_key)?,
            from: self.from,
            sender_name: self.sender_name,
        })
    }
}

#[async_trait]
impl MessageProvider for SendGrid {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn send(&self, message: &Message) -> Result<Receipt, SendError> {
        let wrong = |what| SendError::new(NAME, Failure::RequestBug).with_code(what);
        let to = message.to.email().ok_or_else(|| wrong("not a mailbox"))?;
        if message.subject.is_empty() {
            return Err(wrong("no subject"));
        }
        let body = Body::Json(self.body(message, to));
        let answer = self.http.post(self.url.clone(), &self.authorization, body).await?;
        match answer.status {
            // 200 is a rehearsal: the account's own sandbox mode.
            200 | 202 => Ok(Receipt::new(NAME, answer.header("x-message-id").map(str::to_owned))),
            status => Err(answer.failed(refused(status, &answer), None::<u16>)),
        }
    }

    fn serves(&self, to: &Recipient) -> bool {
        to.email().is_some()
    }
}

/// The host only.
impl fmt::Debug for SendGrid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SendGrid").field(&self.http).finish()
    }
}

fn refused(http_status: u16, answer: &Answer) -> Failure {
    match http_status {
        400 if is_about_recipient(answer) => Failure::RecipientInvalid,
        401 | 403 => Failure::AccountDown,
        429 => Failure::Throttled,
        400..=499 => Failure::RequestBug,
        _ => Failure::MaybeSent,
    }
}

/// An error names the field, such as `personalizations.0.to.0.email`.
fn is_about_recipient(answer: &Answer) -> bool {
    let refusal: Refusal = answer.json().unwrap_or_default();
    let mut fields = refusal.errors.into_iter().filter_map(|error| error.field);
    fields.any(|field| field.starts_with("personalizations") && field.contains(".to"))
}

#[derive(Default, Deserialize)]
struct Refusal {
    errors: Vec<RefusalError>,
}

#[derive(Deserialize)]
struct RefusalError {
    field: Option<String>,
}
