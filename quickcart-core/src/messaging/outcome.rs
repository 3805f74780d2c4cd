//! What became of a message that was handed to a provider.

use std::error::Error;
use std::fmt;
use std::time::Duration;

/// What a provider's answer comes down to: taken, or the [`Failure`] that decides what is done next.
pub type Outcome = Result<(), Failure>;

/// Why a provider did not take a message, as far as it matters for what is done next. The list is exhaustive on purpose: a new
/// kind must be decided on wherever messages are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Failure {
    /// No message reaches this recipient, by any provider: the number does not exist, or gets no messages.
    RecipientInvalid,
    /// The recipient does not want messages, or cannot take one now.
    RecipientBlocked,
    /// This provider does not reach this country, prefix or carrier, or may not send this text there.
    RouteUnavailable,
    /// This provider takes no more messages for now.
    Throttled,
    /// This provider takes none of ours: a wrong key, no money, no permission.
    AccountDown,
    /// Nothing was sent; trying again may help.
    NotSent,
    /// It may have been sent, or not.
    MaybeSent,
    /// The request was wrong: a defect, or a setting of ours.
    RequestBug,
}

impl Failure {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::RecipientInvalid,
        Self::RecipientBlocked,
        Self::RouteUnavailable,
        Self::Throttled,
        Self::AccountDown,
        Self::NotSent,
        Self::MaybeSent,
        Self::RequestBug,
    ];

    /// The stable name, for logs and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RecipientInvalid => "recipient_invalid",
            Self::RecipientBlocked => "recipient_blocked",
            Self::RouteUnavailable => "route_unavailable",
            Self::Throttled => "throttled",
            Self::AccountDown => "account_down",
            Self::NotSent => "not_sent",
            Self::MaybeSent => "maybe_sent",
            Self::RequestBug => "request_bug",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RecipientInvalid => "no message reaches this recipient",
            Self::RecipientBlocked => "the recipient takes no message now",
            Self::RouteUnavailable => "there is no route to the recipient",
            Self::Throttled => "there were too many messages",
            Self::AccountDown => "the account is refused",
            Self::NotSent => "the message was not sent",
            Self::MaybeSent => "the message may have been sent or not",
            Self::RequestBug => "the request was wrong",
        })
    }
}

/// A provider did not take a message, or may not have. Neither `Display` nor `Debug` shows the recipient, the text or a key.
#[derive(Debug, thiserror::Error)]
#[error("{provider}: {failure}{}", .code.as_ref().map(|code| format!(" ({code})")).unwrap_or_default())]
pub struct SendError {
    /// The provider, as in [`MessageProvider::name`](super::MessageProvider::name).
    pub provider: &'static str,
    /// What it comes down to.
    pub failure: Failure,
    /// The provider's own code, or the HTTP status.
    pub code: Option<Box<str>>,
    /// How long the provider wants to be left alone.
    pub retry_after: Option<Duration>,
    /// What happened below.
    #[source]
    pub cause: Option<Box<dyn Error + Send + Sync>>,
}

impl SendError {
    /// A failure of which nothing more is known.
    #[must_use]
    pub fn new(provider: &'static str, failure: Failure) -> Self {
        Self { provider, failure, code: None, retry_after: None, cause: None }
    }

    /// Whether it is the recipient who gets no messages, and no other provider would help.
    #[must_use]
    pub fn is_about_recipient(&self) -> bool {
        matches!(self.failure, Failure::RecipientInvalid | Failure::RecipientBlocked)
    }

    /// The same, with the provider's own code.
    #[must_use]
    pub fn with_code(self, code: impl fmt::Display) -> Self {
        Self { code: Some(code.to_string().into()), ..self }
    }

    /// The same, with the time that the provider wants to be left alone.
    #[must_use]
    pub fn with_retry_after(self, retry_after: Option<Duration>) -> Self {
        Self { retry_after, ..self }
    }

    /// The same, with what happened below. It must not hold a key, a number or a text.
    #[must_use]
    pub fn caused_by(self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { cause: Some(cause.into()), ..self }
    }
}
