//! Why stock is as it was.

use std::time::Duration;

use super::STOCK_MAX;
use crate::account::UserId;
use crate::cart::CartError;
use crate::catalog::ProductId;
use crate::error::{DomainError, ErrorKind, StoreError};
use crate::transition::IllegalTransition;

/// A product of which fewer pieces are there than are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shortage {
    /// The product.
    pub product_id: ProductId,
    /// How many pieces are wanted.
    pub wanted: u32,
    /// How many can be had.
    pub available: u32,
}

/// Why stock is as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StockError {
    /// There is no such product for sale.
    #[error("product {product_id} does not exist")]
    ProductNotFound {
        /// What was asked for.
        product_id: ProductId,
    },
    /// There is no such shopper, or they are retired.
    #[error("user {user_id} does not exist")]
    UserNotFound {
        /// Who was asked for.
        user_id: UserId,
    },
    /// The shopper has no cart.
    #[error("there is no active cart")]
    NoActiveCart,
    /// The cart cannot be held now.
    #[error(transparent)]
    Illegal(#[from] IllegalTransition),
    /// There are not enough pieces.
    #[error("{}", describe(.shortages))]
    OutOfStock {
        /// Of what, by id; never empty.
        shortages: Vec<Shortage>,
    },
    /// More pieces are promised to shoppers than were counted.
    #[error("{held} pieces are held for shoppers; wait until they are bought or given back")]
    Held {
        /// How many.
        held: u32,
    },
    /// More pieces than are counted.
    #[error("the stock of a product is at most {STOCK_MAX}")]
    TooMany,
    /// The store did not do its work.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why what is in a cart is not held.
impl From<CartError> for StockError {
    fn from(error: CartError) -> Self {
        match error {
            CartError::UserNotFound { user_id } => Self::UserNotFound { user_id },
            CartError::Illegal(error) => error.into(),
            CartError::Store(error) => error.into(),
            _ => Self::NoActiveCart,
        }
    }
}

/// The shortages, in words for people.
pub(crate) fn describe(shortages: &[Shortage]) -> String {
    let one = |Shortage { product_id, wanted, available }: &Shortage| {
        format!("{wanted} of product {product_id} are wanted and {available} are left")
    };
    format!("not enough in stock: {}", shortages.iter().map(one).collect::<Vec<_>>().join(", "))
}

impl DomainError for StockError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::ProductNotFound { .. } | Self::NoActiveCart => ErrorKind::NotFound,
            Self::UserNotFound { .. } => ErrorKind::Unauthenticated,
            Self::OutOfStock { .. } | Self::Held { .. } => ErrorKind::Conflict,
            Self::Illegal(error) => error.kind(),
            Self::TooMany => ErrorKind::InvalidInput,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::ProductNotFound { .. } => "product_not_found",
            Self::UserNotFound { .. } => "user_not_found",
            Self::NoActiveCart => "no_active_cart",
            Self::Illegal(error) => error.code(),
            Self::OutOfStock { .. } => "out_of_stock",
            Self::Held { .. } => "stock_held",
            Self::TooMany => "too_many",
            Self::Store(error) => error.code(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Store(error) => error.retry_after(),
            _ => None,
        }
    }
}
