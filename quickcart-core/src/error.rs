//! What went wrong, in the few kinds that a caller treats differently.

use std::error::Error;
use std::time::Duration;

/// The kinds of failure. The list is exhaustive on purpose: a new kind must be decided on in every adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The request can never succeed as it stands.
    InvalidInput,
    /// The caller did not prove who they are.
    Unauthenticated,
    /// The caller may not do this.
    Forbidden,
    /// The thing that was named does not exist.
    NotFound,
    /// The thing exists, but its state forbids this now.
    Conflict,
    /// The request contradicts one that was made before.
    Unprocessable,
    /// Too many requests; see [`DomainError::retry_after`].
    Limited,
    /// Something this depends on does not answer; the same request may succeed later.
    Unavailable,
    /// A defect or damaged data on our side.
    Internal,
}

impl ErrorKind {
    /// The HTTP status of this kind ([RFC 9110](https://www.rfc-editor.org/rfc/rfc9110#section-15)): one table for
    /// every adapter, in Rust and in Python.
    #[must_use]
    pub const fn http_status(self) -> u16 {
        match self {
            Self::InvalidInput => 400,
            Self::Unauthenticated => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Conflict => 409,
            Self::Unprocessable => 422,
            Self::Limited => 429,
            Self::Internal => 500,
            Self::Unavailable => 503,
        }
    }
}

/// What every error of a domain can say about itself.
///
/// `Display` is meant for the client: it names the culprit and holds no internals. The cause, for the log, is in
/// [`Error::source`].
pub trait DomainError: Error + Send + Sync + 'static {
    /// The kind, which decides the HTTP status.
    fn kind(&self) -> ErrorKind;

    /// The stable name that programs match on, such as `cart_in_use`.
    fn code(&self) -> &'static str;

    /// How long to wait before the same request may succeed, where that is known.
    fn retry_after(&self) -> Option<Duration> {
        None
    }
}

/// A store did not do its work. What happened inside is for the log only.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store is busy, full or gone, and trying again may help. What was asked for may have been done all the same.
    #[error("the store is not available")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// The store holds something it should not, or refused a statement of ours.
    #[error("the store failed")]
    Internal(#[source] Box<dyn Error + Send + Sync>),
}

impl StoreError {
    /// Wraps a cause that may pass.
    pub fn unavailable(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unavailable(cause.into())
    }

    /// Wraps a cause that will not pass by itself.
    pub fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Internal(cause.into())
    }
}

impl DomainError for StoreError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Unavailable(_) => ErrorKind::Unavailable,
            Self::Internal(_) => ErrorKind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Unavailable(_) => "store_unavailable",
            Self::Internal(_) => "store_failed",
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        matches!(self, Self::Unavailable(_)).then_some(Duration::from_secs(1))
    }
}
