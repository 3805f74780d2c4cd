//! Messages to people: one trait for every provider, and the two that need no network.

mod console;
mod recording;

use async_trait::async_trait;
use std::fmt;

pub use console::ConsoleProvider;
pub use recording::RecordingProvider;

use crate::phone::PhoneNumber;

/// A text for one phone. `Debug` shows neither the number nor the text.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// Whom it is for.
    pub to: PhoneNumber,
    /// The whole text, which may hold a code.
    pub text: String,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").field("to", &self.to).finish_non_exhaustive()
    }
}

/// A provider took a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The provider, as in [`MessageProvider::name`].
    pub provider: &'static str,
    /// The provider's own name for the message, where it gives one.
    pub message_id: Option<String>,
}

/// Takes messages for delivery.
#[async_trait]
pub trait MessageProvider: Send + Sync + 'static {
    /// The provider's short name, such as `console`.
    fn name(&self) -> &'static str;

    /// Hands the message over.
    async fn send(&self, message: &Message) -> Result<Receipt, SendError>;
}

/// The message did not leave.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// No provider is set up.
    #[error("no message provider is configured")]
    NoProvider,
    /// The provider could not be reached; nothing was sent.
    #[error("{provider} could not be reached")]
    NotSent {
        /// The provider's name.
        provider: &'static str,
        /// What happened.
        #[source]
        cause: std::io::Error,
    },
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
        Err(SendError::NoProvider)
    }
}
