//! Why a book order was not made, shown or changed.

use std::time::Duration;

use crate::error::{DomainError, ErrorKind, StoreError};
use crate::order::IllegalTransition;
use crate::otp::OtpError;

/// Why a book order was not made, shown or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BookOrderError {
    /// The phone has opened too many sessions.
    #[error("too many orders were begun with this phone; try again in {} s", .retry_after.as_secs() + 1)]
    TooManyInitiations {
        /// When the next one fits.
        retry_after: Duration,
    },
    /// The catalogue does not have this book.
    #[error("book {index} is not in the catalogue")]
    BookNotFound {
        /// Its place in the list, from 0.
        index: usize,
    },
    /// The sum is beyond what an order can hold.
    #[error("the order is too large")]
    TooLarge,
    /// There is no such session, or it can no longer be verified.
    #[error("the session is not known or has expired; begin anew")]
    SessionNotFound,
    /// The session has not shown its code.
    #[error("the session is not verified; show the code first")]
    SessionUnverified,
    /// The session has its order.
    #[error("the order was already verified")]
    AlreadyVerified,
    /// The session has its order, and the idempotency key was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// A request with the same idempotency key is under way.
    #[error("a request with the same idempotency key is under way")]
    InProgress,
    /// The code is not the one that was sent.
    #[error("the code is wrong; {guesses_left} guesses are left")]
    WrongCode {
        /// How many guesses are left.
        guesses_left: u8,
    },
    /// The code was wrong once too often.
    #[error("too many wrong codes; begin anew")]
    Locked,
    /// There is no such order, or none of this customer's.
    #[error("there is no such order")]
    OrderNotFound,
    /// Customers do not move their orders on.
    #[error("only the shop changes the status of an order")]
    StaffOnly,
    /// The order is not where this could happen.
    #[error(transparent)]
    IllegalTransition(#[from] IllegalTransition),
    /// No code was sent, or it could not be judged.
    #[error(transparent)]
    Otp(#[from] OtpError),
    /// The store did not do its work.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DomainError for BookOrderError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::TooManyInitiations { .. } => ErrorKind::Limited,
            Self::BookNotFound { .. } | Self::TooLarge | Self::WrongCode { .. } => ErrorKind::InvalidInput,
            Self::SessionNotFound => ErrorKind::Unauthenticated,
            Self::SessionUnverified | Self::Locked | Self::StaffOnly => ErrorKind::Forbidden,
            Self::AlreadyVerified | Self::InProgress => ErrorKind::Conflict,
            Self::KeyReused => ErrorKind::Unprocessable,
            Self::OrderNotFound => ErrorKind::NotFound,
            Self::IllegalTransition(error) => error.kind(),
            Self::Otp(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::TooManyInitiations { .. } => "book_order_limited",
            Self::BookNotFound { .. } => "book_not_found",
            Self::TooLarge => "order_too_large",
            Self::SessionNotFound => "session_not_found",
            Self::SessionUnverified => "session_unverified",
            Self::AlreadyVerified => "already_verified",
            Self::KeyReused => "idempotency_key_reused",
            Self::InProgress => "request_in_progress",
            Self::WrongCode { .. } => "otp_wrong",
            Self::Locked => "otp_locked",
            Self::OrderNotFound => "order_not_found",
            Self::StaffOnly => "staff_only",
            Self::IllegalTransition(error) => error.code(),
            Self::Otp(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TooManyInitiations { retry_after } => Some(*retry_after),
            Self::InProgress => Some(Duration::from_secs(1)),
            Self::Otp(error) => error.retry_after(),
            Self::Store(error) => error.retry_after(),
            _ => None,
        }
    }
}
