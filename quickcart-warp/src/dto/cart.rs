//! Bodies of the shop's own routes for carts. Weights are in milligrams; names are those of the Python package.

use quickcart_core::cart::{BlockedCart, CartLine, CartView, Quantity};
use quickcart_core::form::Form;
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{ApiError, malformed};

/// How long a reason may be, in characters.
const REASON_LENGTH_MAX: usize = 200;

/// A shopper's cart, and where it stands.
#[derive(Serialize, ToSchema)]
pub(crate) struct OwnCart {
    cart_id: i64,
    /// `open`, `locked` or `blocked`.
    #[schema(example = "open")]
    state: &'static str,
    /// Its lines, in the order they came.
    lines: Vec<OwnCartLine>,
    /// What its scale said last of the whole of it; null once something has changed since.
    reported_weight_mg: Option<u64>,
    /// The same, or else what the catalogue says.
    total_weight_mg: u64,
    /// Grows with every change of what lies in it.
    version: u64,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct OwnCartLine {
    product_id: i64,
    product_name: String,
    quantity: u32,
    /// The version that the cart got when the line last changed.
    version: u64,
}

impl From<CartView> for OwnCart {
    fn from(cart: CartView) -> Self {
        let line = |line: CartLine| OwnCartLine {
            product_id: line.product.product_id,
            product_name: line.product.name,
            quantity: line.quantity.map_or(0, Quantity::get),
            version: line.version,
        };
        Self {
            cart_id: cart.cart_id,
            state: cart.state.as_str(),
            reported_weight_mg: cart.reported_weight_mg,
            total_weight_mg: cart.total_weight_mg(),
            version: cart.version,
            lines: cart.lines.into_iter().map(line).collect(),
        }
    }
}

/// A cart that is blocked.
#[derive(Serialize, ToSchema)]
pub(crate) struct Blocked {
    cart_id: i64,
    /// Who has it.
    user_id: i64,
    /// What its scale showed last.
    reported_weight_mg: u64,
    /// What its lines weigh; null when the catalogue does not know.
    expected_weight_mg: Option<u64>,
    /// How much more its scale shows, or less when it is negative.
    difference_mg: Option<i64>,
}

impl From<BlockedCart> for Blocked {
    fn from(cart: BlockedCart) -> Self {
        Self {
            cart_id: cart.cart_id,
            user_id: cart.user_id,
            reported_weight_mg: cart.weighing.reported_mg,
            expected_weight_mg: cart.weighing.expected_mg,
            difference_mg: cart.weighing.difference_mg(),
        }
    }
}

/// Why a cart is opened.
#[derive(ToSchema)]
pub(crate) struct Approval {
    /// For the audit, on one line.
    #[schema(min_length = 1, max_length = 200, example = "a bag of her own")]
    pub(crate) reason: String,
}

impl Approval {
    pub(crate) fn read(body: &[u8]) -> Result<Self, ApiError> {
        let mut form = Form::parse(body).map_err(|error| malformed(&error))?;
        let reason = form.plain_text("reason", 1..=REASON_LENGTH_MAX);
        reason.map(|reason| Self { reason }).ok_or_else(|| ApiError::fields(form.into_faults()))
    }
}
