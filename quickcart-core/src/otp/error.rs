//! Why a code was not issued, sent or accepted.

use std::time::Duration;

use super::limit::Rate;
use crate::error::{DomainError, ErrorKind, StoreError};
use crate::messaging::SendError;
use crate::phone::PhoneRefused;

/// Why a code was not issued, sent or accepted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OtpError {
    /// The code is not the one that was sent.
    #[error("the code is wrong")]
    WrongCode,
    /// No code is pending: never sent, expired, used, or guessed too often.
    #[error("the code is not known or has expired; ask for a new one")]
    NotFound,
    /// Too many wrong codes were given.
    #[error("too many wrong codes; ask for a new one in {} s", .retry_after.as_secs() + 1)]
    Locked {
        /// How long there is no new code.
        retry_after: Duration,
    },
    /// A code was sent only just now.
    #[error("a code was sent just now; ask for another one in {} s", .retry_after.as_secs() + 1)]
    CoolingDown {
        /// How long there is no other one.
        retry_after: Duration,
    },
    /// A limit is used up.
    #[error("too many codes; try again in {} s", .retry_after.as_secs() + 1)]
    Limited {
        /// The limit's name, such as `phone`.
        limit: &'static str,
        /// The limit.
        rate: Rate,
        /// When the request fits again.
        retry_after: Duration,
    },
    /// The number's prefix is closed, because codes sent there are not shown.
    #[error("too many codes; try again in {} s", .retry_after.as_secs() + 1)]
    Suspected {
        /// How long it is closed.
        retry_after: Duration,
    },
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// Numbers like this one get no message.
    #[error(transparent)]
    Refused(#[from] PhoneRefused),
    /// The code was issued, but no provider took it.
    #[error("the code could not be sent; try again later")]
    NotSent(#[source] SendError),
    /// The provider that holds the code did not judge it.
    #[error("the code could not be checked; try again later")]
    NotChecked(#[source] SendError),
    /// The store of challenges did not do its work.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DomainError for OtpError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::WrongCode | Self::NotFound => ErrorKind::InvalidInput,
            Self::Locked { .. }
            | Self::CoolingDown { .. }
            | Self::Limited { .. }
            | Self::Suspected { .. } => ErrorKind::Limited,
            Self::KeyReused => ErrorKind::Unprocessable,
            // As with a number that is refused before: no later request succeeds, either.
            Self::NotSent(error) if error.is_about_recipient() => ErrorKind::InvalidInput,
            Self::NotSent(_) | Self::NotChecked(_) => ErrorKind::Unavailable,
            Self::Refused(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::WrongCode => "otp_wrong",
            Self::NotFound => "otp_not_found",
            Self::Locked { .. } => "otp_locked",
            Self::CoolingDown { .. } => "otp_cooling_down",
            Self::Limited { .. } => "otp_limited",
            Self::Suspected { .. } => "otp_suspected",
            Self::KeyReused => "idempotency_key_reused",
            Self::NotSent(_) => "otp_not_sent",
            Self::NotChecked(_) => "otp_not_checked",
            Self::Refused(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Locked { retry_after }
            | Self::CoolingDown { retry_after }
            | Self::Limited { retry_after, .. }
            | Self::Suspected { retry_after } => Some(*retry_after),
            Self::Store(error) => error.retry_after(),
            _ => None,
        }
    }
}
