//! Messages to people: one trait for every provider, and the wrapper that gets a message there by whichever works.

mod breaker;
mod console;
mod delivery;
#[cfg(any(feature = "http", feature = "smtp"))]
pub mod email;
mod failover;
#[cfg(feature = "http")]
pub mod gateway;
#[cfg(feature = "http")]
pub(crate) mod http;
mod ledger;
mod message;
mod outcome;
mod recording;
#[cfg(feature = "http")]
pub mod sms;
pub mod text;
#[cfg(feature = "http")]
mod webhook;

use async_trait::async_trait;

pub use console::ConsoleProvider;
pub use delivery::{DeliveryReport, DeliveryState};
pub use failover::{Failover, FailoverPolicy, Order, Route};
#[cfg(feature = "http")]
pub use http::{InvalidSetting, NoHttpClient, http_client};
pub use ledger::{Ledger, LedgerFigures, MicroUnits, Spending};
pub use message::{Message, MessageId, Recipient};
pub use outcome::{Failure, Outcome, SendError};
pub use recording::RecordingProvider;
#[cfg(feature = "http")]
pub use webhook::WebhookError;

use self::text::Segments;

/// A provider took a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The provider, as in [`MessageProvider::name`].
    pub provider: &'static str,
    /// The provider's own name for the message, where it gives one.
    pub message_id: Option<String>,
    /// Whether another provider may have sent it as well: the recipient may get it twice.
    pub maybe_duplicate: bool,
    /// Whether the provider sent a code of its own, which only [`MessageProvider::check_pin`] can check.
    pub holds_pin: bool,
}

impl Receipt {
    /// A message that was taken, once, with the text that was given.
    #[must_use]
    pub fn new(provider: &'static str, message_id: Option<String>) -> Self {
        Self { provider, message_id, maybe_duplicate: false, holds_pin: false }
    }
}

/// Takes messages for delivery.
#[async_trait]
pub trait MessageProvider: Send + Sync + 'static {
    /// The provider's short name, such as `console`; of providers that are used together, each has its own.
    fn name(&self) -> &'static str;

    /// Hands the message over.
    async fn send(&self, message: &Message) -> Result<Receipt, SendError>;

    /// Whether it reaches recipients like this one at all. Default: telephones.
    fn serves(&self, to: &Recipient) -> bool {
        to.phone().is_some()
    }

    /// How many of its prices it takes for a message: by default as many as a text to a telephone has [segments](Segments), and one
    /// where the text is the provider's own.
    fn prices(&self, message: &Message) -> usize {
        if message.to.phone().is_some() { Segments::of(&message.text).segments } else { 1 }
    }

    /// Whether a message that is handed over twice, with the same [id](Message::id), is sent once.
    fn is_idempotent(&self) -> bool {
        false
    }

    /// Whether the provider tells later what became of a message.
    fn reports(&self) -> bool {
        false
    }

    /// Whether the provider may send a code of its own.
    fn holds_pins(&self) -> bool {
        false
    }

    /// Judges a code that the provider [holds](Receipt::holds_pin).
    async fn check_pin(&self, _held: HeldPin<'_>, _pin: &str) -> Result<PinVerdict, SendError> {
        Err(SendError::new(self.name(), Failure::RequestBug).with_code("holds no pin"))
    }

    /// The code of a message was shown, so it arrived. Nothing is lost when this fails.
    async fn converted(&self, _conversion: Conversion<'_>) -> Result<(), SendError> {
        Ok(())
    }
}

/// A code that a provider made and sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldPin<'a> {
    /// The provider, as in [`MessageProvider::name`].
    pub provider: &'a str,
    /// The provider's name for it.
    pub id: &'a str,
}

/// What a provider says of a code that it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinVerdict {
    /// It is the one that was sent, and is used up.
    Right,
    /// It is another one.
    Wrong,
    /// There is none to compare with: expired, used, or guessed too often.
    Gone,
}

/// The code of a message was shown.
#[derive(Clone, Copy, Debug)]
pub struct Conversion<'a> {
    /// Who got the message.
    pub to: &'a Recipient,
    /// What it was for, as in [`Message::purpose`].
    pub purpose: &'static str,
    /// The provider's name for the message, where it is known.
    pub message_id: Option<&'a str>,
}

/// Stands where no provider is set up, and says so.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoProvider;

#[async_trait]
impl MessageProvider for NoProvider {
    fn name(&self) -> &'static str {
        "none"
    }

    async fn send(&self, _message: &Message) -> Result<Receipt, SendError> {
        Err(SendError::new(self.name(), Failure::AccountDown).with_code("no provider is configured"))
    }
}
