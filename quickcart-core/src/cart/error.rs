//! Why a cart or a list was not changed.

use std::time::Duration;

use super::{CartId, Quantity};
use crate::account::UserId;
use crate::catalog::ProductId;
use crate::error::{DomainError, ErrorKind, StoreError};
use crate::transition::IllegalTransition;

/// Why a cart or a list was not changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CartError {
    /// There is no such shopper (any more).
    #[error("user {user_id} does not exist")]
    UserNotFound {
        /// Whose token it was.
        user_id: UserId,
    },
    /// There is no such trolley.
    #[error("cart {cart_id} does not exist")]
    CartNotFound {
        /// The id that was given.
        cart_id: CartId,
    },
    /// The shopper has no trolley.
    #[error("the user has no active cart")]
    NoActiveCart,
    /// The shopper has another trolley.
    #[error("the user is already connected to cart {cart_id}")]
    AnotherCart {
        /// The trolley they have.
        cart_id: CartId,
    },
    /// Somebody else has this trolley.
    #[error("cart {cart_id} is in use by another user")]
    CartInUse {
        /// The trolley.
        cart_id: CartId,
    },
    /// The cart is not this shopper's.
    #[error("cart {cart_id} does not exist or does not belong to the user")]
    NotYourCart {
        /// The id that was given.
        cart_id: CartId,
    },
    /// Nobody knows where the cart is.
    #[error("cart {cart_id} was not located yet")]
    NotLocated {
        /// The cart.
        cart_id: CartId,
    },
    /// The cart is not as the caller has seen it.
    #[error("the cart has changed; its version is {version}")]
    CartChanged {
        /// The version it has.
        version: u64,
    },
    /// The cart cannot go on so.
    #[error(transparent)]
    Illegal(#[from] IllegalTransition),
    /// The scale of the cart does not show what its lines weigh.
    #[error("the cart weighs {} than its lines; put them right, or ask the staff", heavier(*.difference_mg))]
    WeightDiffers {
        /// How much more it shows, or less when it is negative, in milligrams.
        difference_mg: i64,
    },
    /// The catalogue does not know what the lines of the cart weigh.
    #[error("a product in the cart has no defined weight; ask the staff")]
    WeightUnknown,
    /// Nobody has this trolley, so nothing can be put in it.
    #[error("cart {cart_id} is not connected to a user")]
    CartNotConnected {
        /// The trolley.
        cart_id: CartId,
    },
    /// There is no such product.
    #[error("product {product_id} does not exist")]
    ProductNotFound {
        /// The id that was given.
        product_id: ProductId,
    },
    /// The shopper's cart holds no such product.
    #[error("product {product_id} is not in the cart")]
    NotInCart {
        /// The id that was given.
        product_id: ProductId,
    },
    /// The shopper's list has no such product.
    #[error("product {product_id} is not on the checklist")]
    NotInChecklist {
        /// The id that was given.
        product_id: ProductId,
    },
    /// There is no such cart of a guest (any more).
    #[error("this guest cart does not exist; make a new one")]
    GuestCartNotFound,
    /// The cart of the guest has become part of a shopper's.
    #[error("this guest cart was merged into the cart of a user")]
    GuestCartMerged,
    /// No product has this barcode.
    #[error("no product has the barcode {barcode}")]
    BarcodeNotFound {
        /// The code that was read.
        barcode: String,
    },
    /// The product cannot be counted by weight.
    #[error("the product with the barcode {barcode} has no defined weight")]
    NoUnitWeight {
        /// The code that was read.
        barcode: String,
    },
    /// More pieces than a list or a trolley takes.
    #[error("a quantity is at most {}", Quantity::MAX)]
    TooMany,
    /// The place is not on the map.
    #[error("this place is not on the map of the store")]
    OffTheMap,
    /// The store did not do its work.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A difference in grams, for people: what is over is rounded up, so that it is never nothing.
fn heavier(difference_mg: i64) -> String {
    let grams = difference_mg.unsigned_abs().div_ceil(1_000);
    format!("{grams} g {}", if difference_mg < 0 { "less" } else { "more" })
}

impl DomainError for CartError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::UserNotFound { .. } => ErrorKind::Unauthenticated,
            Self::CartNotFound { .. }
            | Self::NoActiveCart
            | Self::NotLocated { .. }
            | Self::ProductNotFound { .. }
            | Self::NotInCart { .. }
            | Self::NotInChecklist { .. }
            | Self::GuestCartNotFound
            | Self::BarcodeNotFound { .. } => ErrorKind::NotFound,
            Self::NotYourCart { .. } => ErrorKind::Forbidden,
            Self::AnotherCart { .. }
            | Self::CartInUse { .. }
            | Self::CartChanged { .. }
            | Self::GuestCartMerged
            | Self::WeightDiffers { .. }
            | Self::WeightUnknown
            | Self::CartNotConnected { .. } => ErrorKind::Conflict,
            Self::Illegal(error) => error.kind(),
            Self::NoUnitWeight { .. } | Self::TooMany | Self::OffTheMap => ErrorKind::InvalidInput,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::UserNotFound { .. } => "user_not_found",
            Self::CartNotFound { .. } => "cart_not_found",
            Self::NoActiveCart => "no_active_cart",
            Self::AnotherCart { .. } => "another_cart",
            Self::CartInUse { .. } => "cart_in_use",
            Self::NotYourCart { .. } => "not_your_cart",
            Self::NotLocated { .. } => "cart_not_located",
            Self::CartChanged { .. } => "cart_changed",
            Self::Illegal(error) => error.code(),
            Self::WeightDiffers { .. } => "weight_differs",
            Self::WeightUnknown => "weight_unknown",
            Self::CartNotConnected { .. } => "cart_not_connected",
            Self::ProductNotFound { .. } => "product_not_found",
            Self::NotInCart { .. } => "not_in_cart",
            Self::NotInChecklist { .. } => "not_in_checklist",
            Self::GuestCartNotFound => "guest_cart_not_found",
            Self::GuestCartMerged => "guest_cart_merged",
            Self::BarcodeNotFound { .. } => "barcode_not_found",
            Self::NoUnitWeight { .. } => "no_unit_weight",
            Self::TooMany => "too_many",
            Self::OffTheMap => "off_the_map",
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
