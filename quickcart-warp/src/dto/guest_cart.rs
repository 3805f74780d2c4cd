//! Bodies of the carts of guests.

use quickcart_core::cart::GuestLine;
use serde::Serialize;
use utoipa::ToSchema;

use super::smart_cart::Product;

/// A new cart of a guest.
#[derive(Serialize, ToSchema)]
pub(crate) struct NewGuestCart {
    /// Opens the cart; whoever shows it is the guest.
    pub(crate) token: String,
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
