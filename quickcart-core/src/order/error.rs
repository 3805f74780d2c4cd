//! Why an order was not made.

use std::time::Duration;

use super::{IllegalTransition, InvalidIdempotencyKey, OrderId};
use crate::account::UserId;
use crate::error::{DomainError, ErrorKind, StoreError};
use crate::stock::{Shortage, describe};

/// Why an order was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OrderError {
    /// There is no such shopper, or they are retired.
    #[error("user {user_id} does not exist")]
    UserNotFound {
        /// Who was asked for.
        user_id: UserId,
    },
    /// The shopper has no trolley.
    #[error("there is no active cart to check out")]
    NoActiveCart,
    /// Nothing is in the trolley.
    #[error("the cart is empty; there is nothing to check out")]
    CartEmpty,
    /// The sum is beyond what an order can hold.
    #[error("the order is too large")]
    TooLarge,
    /// There are not enough pieces.
    #[error("{}", describe(.shortages))]
    OutOfStock {
        /// Of what, by id; never empty.
        shortages: Vec<Shortage>,
    },
    /// There is no such order, or it is somebody else's.
    #[error("order {order_id} does not exist")]
    OrderNotFound {
        /// What was asked for.
        order_id: OrderId,
    },
    /// The idempotency key is none.
    #[error(transparent)]
    InvalidKey(#[from] InvalidIdempotencyKey),
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// A request with the same idempotency key is under way.
    #[error("a request with the same idempotency key is under way")]
    InProgress,
    /// The order cannot be moved so.
    #[error(transparent)]
    Illegal(#[from] IllegalTransition),
    /// The store did not do its work.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DomainError for OrderError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::UserNotFound { .. } => ErrorKind::Unauthenticated,
            Self::NoActiveCart | Self::OrderNotFound { .. } => ErrorKind::NotFound,
            Self::OutOfStock { .. } | Self::InProgress => ErrorKind::Conflict,
            Self::InvalidKey(error) => error.kind(),
            Self::KeyReused => ErrorKind::Unprocessable,
            Self::CartEmpty | Self::TooLarge => ErrorKind::InvalidInput,
            Self::Illegal(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::UserNotFound { .. } => "user_not_found",
            Self::NoActiveCart => "no_active_cart",
            Self::CartEmpty => "cart_empty",
            Self::TooLarge => "order_too_large",
            Self::OutOfStock { .. } => "out_of_stock",
            Self::OrderNotFound { .. } => "order_not_found",
            Self::InvalidKey(error) => error.code(),
            Self::KeyReused => "idempotency_key_reused",
            Self::InProgress => "request_in_progress",
            Self::Illegal(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Store(error) => error.retry_after(),
            Self::InProgress => Some(Duration::from_secs(1)),
            _ => None,
        }
    }
}
