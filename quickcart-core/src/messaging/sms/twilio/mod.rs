//! Twilio's Programmable Messaging: text messages, and codes by WhatsApp.
//!
//! Reference: <https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource>

mod channel;
mod codes;
mod receipt;
mod signature;

use std::borrow::Cow;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use reqwest::Url;
use reqwest::header::HeaderValue;
use serde::Deserialize;

pub use receipt::TwilioWebhook;

use self::channel::Channel;
use super::super::http::{Body, Http, InvalidSetting, TIME_MAX, form, secret_header};
use super::super::text::Segments;
use super::super::{Conversion, Failure, Message, MessageProvider, Receipt, SendError};

/// The longest time that Twilio keeps a message waiting, in seconds.
const VALIDITY_MAX_S: u64 = 36_000;

/// Sends by Twilio. It does not tell duplicates: what may have been sent may be sent twice.
///
/// ```
/// use quickcart_core::messaging::sms::{Twilio, TwilioKey, TwilioSender};
///
/// let key = TwilioKey::AuthToken("secret".into());
/// let sender = TwilioSender::Number("+15005550006".into());
/// let twilio = Twilio::builder("AC00000000000000000000000000000000", key, sender)
///     .base_url("http://127.0.0.1:9900")
///     .build()?;
/// assert_eq!(format!("{twilio:?}"), "Twilio(twilio at 127.0.0.1)");
/// # Ok::<(), quickcart_core::messaging::InvalidSetting>(())
/// ```
pub struct Twilio {
    http: Http,
    authorization: HeaderValue,
    account_sid: String,
    /// Where messages go: taking a URL apart takes as long as half of the sending.
    messages_url: Url,
    channel: Channel,
    sender: TwilioSender,
    status_callback: Option<String>,
    keeps_content: bool,
}

/// What Twilio knows a caller by.
#[derive(Clone)]
pub enum TwilioKey {
    /// The account's own token.
    AuthToken(String),
    /// An API key, which can be revoked alone.
    ApiKey {
        /// Its name, which begins with `SK`.
        sid: String,
        /// Its secret.
        secret: String,
    },
}

/// Whom messages come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TwilioSender {
    /// A number in E.164 form, a short code or a sender's name: the field `From`. For WhatsApp a number.
    Number(String),
    /// A pool of numbers, whose name begins with `MG`.
    MessagingService(String),
}

/// Settings of [`Twilio`].
#[must_use]
pub struct TwilioBuilder {
    account_sid: String,
    key: TwilioKey,
    channel: Channel,
    sender: TwilioSender,
    base_url: String,
    time_max: Duration,
    status_callback: Option<String>,
    keeps_content: bool,
}

impl Twilio {
    /// Where Twilio is.
    pub const BASE_URL: &'static str = "https://api.twilio.com";

    /// Settings that are needed; the account's name begins with `AC`.
    pub fn builder(account_sid: impl Into<String>, key: TwilioKey, sender: TwilioSender) -> TwilioBuilder {
        TwilioBuilder {
            account_sid: account_sid.into(),
            key,
            channel: Channel::Sms,
            sender,
            base_url: Self::BASE_URL.into(),
            time_max: TIME_MAX,
            status_callback: None,
            keeps_content: true,
        }
    }

    fn form(&self, message: &Message, to: &str) -> Result<String, SendError> {
        let (sender, from) = match &self.sender {
            TwilioSender::Number(number) => ("From", self.channel.address(number)),
            TwilioSender::MessagingService(sid) => ("MessagingServiceSid", Cow::from(sid)),
        };
        let to = self.channel.address(to);
        let attempt = message.attempt.to_string();
        let validity = message.valid_for.map(|time| time.as_secs().clamp(1, VALIDITY_MAX_S).to_string());
        let content = self.channel.content(message)?;
        let mut fields = vec![("To", &*to), (sender, &*from), ("Attempt", &attempt)];
        fields.extend(content.iter().map(|(name, value)| (*name, &**value)));
        if message.code.is_some() {
            // A code that is shown proves the delivery: see `converted`.
            fields.push(("ProvideFeedback", "true"));
        }
        if let Some(validity) = &validity {
            fields.push(("ValidityPeriod", validity));
        }
        if let Some(url) = &self.status_callback {
            fields.push(("StatusCallback", url));
        }
        if !self.keeps_content {
            fields.extend([("ContentRetention", "discard"), ("AddressRetention", "obfuscate")]);
        }
        Ok(form(&fields))
    }

    async fn post(&self, url: Url, form: String) -> Result<TwilioAnswer, SendError> {
        let answer = self.http.post(url, &self.authorization, Body::Form(form)).await?;
        let read: TwilioAnswer = answer.json().unwrap_or_default();
        let code = read.code.or(read.error_code);
        if answer.is_success() && code.is_none() {
            return Ok(read);
        }
        let failure = codes::outcome(answer.status, code).err().unwrap_or(Failure::MaybeSent);
        Err(answer.failed(failure, code))
    }
}

impl TwilioBuilder {
    /// By WhatsApp, which takes codes only in the words of an approved authentication template, whose name begins with `HX`. The
    /// provider is called `twilio_whatsapp`. It sends no message without a code, and the sender is one of WhatsApp's.
    pub fn whatsapp(self, content_sid: impl Into<String>) -> Self {
        Self { channel: Channel::WhatsApp { content_sid: content_sid.into() }, ..self }
    }

    /// Another address, for tests and proxies.
    pub fn base_url(self, base_url: impl Into<String>) -> Self {
        Self { base_url: base_url.into(), ..self }
    }

    /// How long a request may take. Default: 10 s.
    pub fn time_max(self, time_max: Duration) -> Self {
        Self { time_max, ..self }
    }

    /// Where Twilio tells what became of messages.
    pub fn status_callback(self, url: impl Into<String>) -> Self {
        Self { status_callback: Some(url.into()), ..self }
    }

    /// Twilio forgets texts, and the last digits of numbers, once they are delivered. An account has to be allowed to.
    pub fn forget_content(self) -> Self {
        Self { keeps_content: false, ..self }
    }

    /// The provider.
    ///
    /// # Errors
    /// A setting is empty or holds what it cannot hold, or the address is not safe.
    pub fn build(self) -> Result<Twilio, InvalidSetting> {
        let name = self.channel.name();
        let invalid = |problem| InvalidSetting { provider: name, problem };
        let (user, password) = match &self.key {
            TwilioKey::AuthToken(token) => (&self.account_sid, token),
            TwilioKey::ApiKey { sid, secret } => (sid, secret),
        };
        let (TwilioSender::Number(sender) | TwilioSender::MessagingService(sender)) = &self.sender;
        if [&self.account_sid, user, password, sender].iter().any(|setting| setting.is_empty()) {
            return Err(invalid("account, key and sender are needed"));
        }
        if matches!(&self.channel, Channel::WhatsApp { content_sid } if !content_sid.starts_with("HX")) {
            return Err(invalid("the name of the template does not begin with HX"));
        }
        let authorization = format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")));
        let http = Http::new(name, &self.base_url, self.time_max)?;
        Ok(Twilio {
            messages_url: http.url(&["2010-04-01", "Accounts", &self.account_sid, "Messages.json"]),
            http,
            authorization: secret_header(&authorization).ok_or_else(|| invalid("the key is no key"))?,
            account_sid: self.account_sid,
            channel: self.channel,
            sender: self.sender,
            status_callback: self.status_callback,
            keeps_content: self.keeps_content,
        })
    }
}

#[async_trait]
impl MessageProvider for Twilio {
    fn name(&self) -> &'static str {
        self.channel.name()
    }

    async fn send(&self, message: &Message) -> Result<Receipt, SendError> {
        let name = self.name();
        let to = super::phone(name, message)?;
        let answer = self.post(self.messages_url.clone(), self.form(message, to.e164())?).await?;
        match answer.sid.filter(|sid| !sid.is_empty()) {
            Some(sid) => Ok(Receipt::new(name, Some(sid))),
            None => Err(SendError::new(name, Failure::MaybeSent).with_code("taken without a name")),
        }
    }

    fn reports(&self) -> bool {
        self.status_callback.is_some()
    }

    fn prices(&self, message: &Message) -> usize {
        match self.channel {
            Channel::Sms => Segments::of(&message.text).segments,
            // A template is one message, however long.
            Channel::WhatsApp { .. } => 1,
        }
    }

    async fn converted(&self, conversion: Conversion<'_>) -> Result<(), SendError> {
        let Some(sid) = conversion.message_id else { return Ok(()) };
        let form = form(&[("Outcome", "confirmed")]);
        let path = ["2010-04-01", "Accounts", &self.account_sid, "Messages", sid, "Feedback.json"];
        self.post(self.http.url(&path), form).await.map(drop)
    }
}

/// The host only.
impl std::fmt::Debug for Twilio {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Twilio").field(&self.http).finish()
    }
}

/// Of a message: `sid`, and `error_code` when it failed at once. Of an error: `code`.
#[derive(Default, Deserialize)]
struct TwilioAnswer {
    sid: Option<String>,
    code: Option<u32>,
    error_code: Option<u32>,
}
