//! Infobip: its text messages, and its codes.
//!
//! Reference: <https://www.infobip.com/docs/api/channels/sms>

mod codes;
mod receipt;
mod refusal;
mod two_factor;

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use data_encoding::HEXLOWER;
use reqwest::header::HeaderValue;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::super::http::{Answer, Body, Http, InvalidSetting, TIME_MAX, secret_header};
use super::super::{Conversion, Failure, Message, MessageProvider, Receipt, SendError};
use crate::phone::PhoneNumber;
pub use receipt::read_infobip_reports;
pub use two_factor::{InfobipTwoFactor, InfobipTwoFactorBuilder};

const NAME: &str = "infobip";

/// The longest validity that Infobip supports, in seconds.
const VALIDITY_MAX_S: u64 = 48 * 3_600;

/// Sends by Infobip, which gets our own name for each message and refuses it the second time.
///
/// ```
/// use quickcart_core::messaging::sms::Infobip;
///
/// let infobip = Infobip::builder("http://127.0.0.1:9900", "secret").sender("QuickCart").build()?;
/// assert_eq!(format!("{infobip:?}"), "Infobip(infobip at 127.0.0.1)");
/// # Ok::<(), quickcart_core::messaging::InvalidSetting>(())
/// ```
pub struct Infobip {
    http: Http,
    authorization: HeaderValue,
    sender: Option<String>,
    india_dlt: Option<IndiaDlt>,
    delivery_url: Option<String>,
}

/// What the carriers of India know a text by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndiaDlt {
    /// Whose text it is.
    pub principal_entity_id: String,
    /// The text.
    pub content_template_id: Option<String>,
    /// Who sends it, for resellers.
    pub telemarketer_id: Option<String>,
}

/// Settings of [`Infobip`].
#[must_use]
pub struct InfobipBuilder {
    base_url: String,
    key: String,
    time_max: Duration,
    sender: Option<String>,
    india_dlt: Option<IndiaDlt>,
    delivery_url: Option<String>,
}

impl Infobip {
    /// Settings that are needed; each account has a base URL of its own, such as `https://xyz.api.infobip.com`.
    pub fn builder(base_url: impl Into<String>, key: impl Into<String>) -> InfobipBuilder {
        InfobipBuilder {
            base_url: base_url.into(),
            key: key.into(),
            time_max: TIME_MAX,
            sender: None,
            india_dlt: None,
            delivery_url: None,
        }
    }

    fn body(&self, message: &Message, to: &PhoneNumber) -> Value {
        let mut sent = Map::new();
        if let Some(sender) = &self.sender {
            sent.insert("sender".into(), json!(sender));
        }
        let id = HEXLOWER.encode(&message.id);
        sent.insert("destinations".into(), json!([{ "to": digits(to), "messageId": id }]));
        sent.insert("content".into(), json!({ "text": message.text }));
        let mut options = Map::new();
        if let Some(time) = message.valid_for {
            let amount = time.as_secs().clamp(1, VALIDITY_MAX_S);
            options.insert("validityPeriod".into(), json!({ "amount": amount, "timeUnit": "SECONDS" }));
        }
        if let Some(dlt) = self.india_dlt_of(message) {
            options.insert("regional".into(), json!({ "indiaDlt": dlt.body() }));
        }
        if !options.is_empty() {
            sent.insert("options".into(), options.into());
        }
        if let Some(url) = &self.delivery_url {
            let webhooks = json!({ "delivery": { "url": url }, "contentType": "application/json" });
            sent.insert("webhooks".into(), webhooks);
        }
        // A code that is shown proves the delivery: see `converted`.
        let tracking = json!({ "useConversionTracking": message.code.is_some() });
        json!({ "messages": [sent], "options": { "conversionTracking": tracking } })
    }

    /// What the message is registered under, or else all of them.
    fn india_dlt_of(&self, message: &Message) -> Option<Cow<'_, IndiaDlt>> {
        let of_all = self.india_dlt.as_ref();
        let Some(ids) = &message.dlt else { return of_all.map(Cow::Borrowed) };
        Some(Cow::Owned(IndiaDlt {
            principal_entity_id: ids.entity_id.clone(),
            content_template_id: Some(ids.template_id.clone()),
            telemarketer_id: of_all.and_then(|dlt| dlt.telemarketer_id.clone()),
        }))
    }

    async fn post(&self, path: &[&str], body: Body) -> Result<Answer, SendError> {
        let answer = self.http.post(self.http.url(path), &self.authorization, body).await?;
        refusal::check(answer)
    }
}

impl InfobipBuilder {
    /// Whom messages come from; otherwise the account's own sender.
    pub fn sender(self, sender: impl Into<String>) -> Self {
        Self { sender: Some(sender.into()), ..self }
    }

    /// What the carriers of India know the text by.
    pub fn india_dlt(self, india_dlt: IndiaDlt) -> Self {
        Self { india_dlt: Some(india_dlt), ..self }
    }

    /// Where Infobip tells what became of messages.
    pub fn delivery_url(self, url: impl Into<String>) -> Self {
        Self { delivery_url: Some(url.into()), ..self }
    }

    /// How long a request may take. Default: 10 s.
    pub fn time_max(self, time_max: Duration) -> Self {
        Self { time_max, ..self }
    }

    /// The provider.
    ///
    /// # Errors
    /// The key is empty or holds what it cannot hold, or the address is not safe.
    pub fn build(self) -> Result<Infobip, InvalidSetting> {
        Ok(Infobip {
            http: Http::new(NAME, &self.base_url, self.time_max)?,
            authorization: authorization(NAME, &self.key)?,
            sender: self.sender,
            india_dlt: self.india_dlt,
            delivery_url: self.delivery_url,
        })
    }
}

impl IndiaDlt {
    fn body(&self) -> Value {
        let ids = [
            ("principalEntityId", Some(&self.principal_entity_id)),
            ("contentTemplateId", self.content_template_id.as_ref()),
            // With a small m here, with a capital one in the API of codes.
            ("telemarketerId", self.telemarketer_id.as_ref()),
        ];
        let given = ids.into_iter().filter_map(|(name, id)| Some((name.to_owned(), json!(id?))));
        Value::Object(given.collect())
    }
}

#[async_trait]
impl MessageProvider for Infobip {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn send(&self, message: &Message) -> Result<Receipt, SendError> {
        let body = self.body(message, super::phone(NAME, message)?);
        let answer = self.post(&["sms", "3", "messages"], Body::Json(body)).await?;
        let taken = answer.json().and_then(|taken: Taken| taken.messages.into_iter().next());
        let Some(taken) = taken else {
            return Err(answer.failed(Failure::MaybeSent, Some("no status of the message")));
        };
        let status = taken.status.id;
        codes::outcome(status).map_err(|failure| answer.failed(failure, Some(status)))?;
        let id = taken.message_id.unwrap_or_else(|| HEXLOWER.encode(&message.id));
        Ok(Receipt::new(NAME, Some(id)))
    }

    fn is_idempotent(&self) -> bool {
        true
    }

    fn reports(&self) -> bool {
        self.delivery_url.is_some()
    }

    async fn converted(&self, conversion: Conversion<'_>) -> Result<(), SendError> {
        let Some(id) = conversion.message_id else { return Ok(()) };
        self.post(&["ct", "1", "log", "end", id], Body::None).await.map(drop)
    }
}

/// The host only.
impl fmt::Debug for Infobip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Infobip").field(&self.http).finish()
    }
}

#[derive(Deserialize)]
struct Taken {
    messages: Vec<TakenMessage>,
}

#[derive(Deserialize)]
struct TakenMessage {
    #[serde(rename = "messageId")]
    message_id: Option<String>,
    status: Status,
}

#[derive(Deserialize)]
struct Status {
    id: u32,
}

/// Infobip writes numbers without the plus sign.
fn digits(phone: &PhoneNumber) -> &str {
    phone.e164().trim_start_matches('+')
}

fn authorization(provider: &'static str, key: &str) -> Result<HeaderValue, InvalidSetting> {
    let header = if key.is_empty() { None } else { secret_header(&format!("App {key}")) };
    header.ok_or(InvalidSetting { provider, problem: "the key is needed" })
}
