//! Why a code was not issued, sent or accepted.

use std::time::Duration;

use crate::error::{DomainError, ErrorKind, StoreError};
use crate::messaging::SendError;

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
    /// The code was issued, but no provider took it.
    #[error("the code could not be sent; try again later")]
    NotSent(#[source] SendError),
    /// The store of challenges did not do its work.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DomainError for OtpError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::WrongCode | Self::NotFound => ErrorKind::InvalidInput,
            Self::Locked { .. } => ErrorKind::Limited,
            Self::NotSent(_) => ErrorKind::Unavailable,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::WrongCode => "otp_wrong",
            Self::NotFound => "otp_not_found",
            Self::Locked { .. } => "otp_locked",
            Self::NotSent(_) => "otp_not_sent",
            Self::Store(error) => error.code(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Locked { retry_after } => Some(*retry_after),
            Self::Store(error) => error.retry_after(),
            _ => None,
        }
    }
}
