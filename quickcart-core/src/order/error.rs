//! Why an order was not made.

use std::time::Duration;

use super::{IllegalTransition, InvalidIdempotencyKey, OrderEvent, OrderId, ReturnId};
use crate::account::UserId;
use crate::catalog::ProductId;
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
    /// Of a product, fewer pieces are left in the order.
    #[error("of product {product_id}, {left} pieces are left in the order")]
    NotSoMany {
        /// Which product.
        product_id: ProductId,
        /// How many of it are neither short nor coming back.
        left: u32,
    },
    /// Without these pieces nothing would be left.
    #[error("nothing of the order would be left; cancel it instead")]
    NothingLeft,
    /// The event is of single products, which have to be named.
    #[error("{event} is of single products: name them")]
    NamesProducts {
        /// What was to happen.
        event: OrderEvent,
    },
    /// It is too late for a return.
    #[error("the order was delivered too long ago to be returned")]
    ReturnTooLate,
    /// There is no such return.
    #[error("return {return_id} does not exist")]
    ReturnNotFound {
        /// What was asked for.
        return_id: ReturnId,
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
            Self::NoActiveCart | Self::OrderNotFound { .. } | Self::ReturnNotFound { .. } => {
                ErrorKind::NotFound
            }
            Self::OutOfStock { .. }
            | Self::InProgress
            | Self::NotSoMany { .. }
            | Self::NothingLeft
            | Self::ReturnTooLate => ErrorKind::Conflict,
            Self::InvalidKey(error) => error.kind(),
            Self::KeyReused => ErrorKind::Unprocessable,
            Self::CartEmpty | Self::TooLarge | Self::NamesProducts { .. } => ErrorKind::InvalidInput,
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
            Self::NotSoMany { .. } => "not_so_many_left",
            Self::NothingLeft => "nothing_left",
            Self::NamesProducts { .. } => "products_not_named",
            Self::ReturnTooLate => "return_too_late",
            Self::ReturnNotFound { .. } => "return_not_found",
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
