//! Bodies of the carts of guests.

use quickcart_core::cart::{GuestLine, Quantity};
use quickcart_core::catalog::ProductId;
use serde::Serialize;
use utoipa::ToSchema;

use super::smart_cart::{Product, checklist_item};
use crate::error::ApiError;

/// A new cart of a guest.
#[derive(Serialize, ToSchema)]
pub(crate) struct NewGuestCart {
    /// Opens the cart; whoever shows it is the guest.
    pub(crate) token: String,
}

/// What is put into the cart of a guest.
#[derive(ToSchema)]
pub(crate) struct GuestItem {
    pub(crate) product_id: ProductId,
    #[schema(value_type = u32, minimum = 1, maximum = 9999)]
    pub(crate) quantity: Quantity,
}

impl GuestItem {
    pub(crate) fn read(body: &[u8]) -> Result<Self, ApiError> {
        checklist_item(body).map(|(product_id, quantity)| Self { product_id, quantity })
    }
}

/// All that is in the cart of a guest.
#[derive(Serialize, ToSchema)]
pub(crate) struct GuestCart {
    items: Vec<GuestCartItem>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct GuestCartItem {
    product_id: i64,
    quantity: u32,
    product: Product,
}

impl From<Vec<GuestLine>> for GuestCart {
    fn from(lines: Vec<GuestLine>) -> Self {
        let item = |line: GuestLine| GuestCartItem {
            product_id: line.product.product_id,
            quantity: line.quantity.get(),
            product: line.product.into(),
        };
        Self { items: lines.into_iter().map(item).collect() }
    }
}

/// Where the lines of a guest went.
#[derive(Serialize, ToSchema)]
pub(crate) struct Merged {
    pub(crate) cart_id: i64,
}
