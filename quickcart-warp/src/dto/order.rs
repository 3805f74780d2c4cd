//! Bodies of the shop's own routes for orders and holds. Money is in minor units next to its currency, times as RFC 3339; names
//! are those of the Python package.

use quickcart_core::form::{Fault, Form};
use quickcart_core::order::{Order, OrderLine, PaymentMethod};
use quickcart_core::stock::{Hold, Shortage};
use quickcart_core::tax::TaxMode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{ApiError, malformed};

const PAYMENT_METHODS: [&str; 4] = {
    let [a, b, c, d] = PaymentMethod::ALL;
    [a.as_str(), b.as_str(), c.as_str(), d.as_str()]
};

/// How an order is to be paid.
#[derive(Default, ToSchema)]
pub(crate) struct NewOrder {
    /// Cash when it is missing.
    #[schema(value_type = Option<PaymentName>)]
    pub(crate) payment_method: PaymentMethod,
}

impl NewOrder {
    /// Without a body everything is as usual.
    pub(crate) fn read(body: Option<&[u8]>) -> Result<Self, ApiError> {
        let Some(body) = body else { return Ok(Self::default()) };
        let mut form = Form::parse(body).map_err(|error| malformed(&error))?;
        let method = form.optional_parsed("payment_method", Fault::NotOneOf(&PAYMENT_METHODS));
        let method = method.ok_or_else(|| ApiError::fields(form.into_faults()))?;
        Ok(Self { payment_method: method.unwrap_or_default() })
    }
}

/// The ways to pay.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "describes texts of the wire")]
pub(crate) enum PaymentName {
    Cash,
    Card,
    Bkash,
    Nagad,
}

/// What a shopper bought.
#[derive(Serialize, ToSchema)]
pub(crate) struct CartOrder {
    order_id: i64,
    user_id: i64,
    /// The cart it was carried in.
    cart_id: i64,
    /// `pending`, `verified`, `processing`, `shipped`, `delivered` or `cancelled`.
    #[schema(example = "verified")]
    status: &'static str,
    #[schema(format = DateTime)]
    placed_at: String,
    #[schema(value_type = PaymentName)]
    payment_method: &'static str,
    #[schema(example = "pending")]
    payment_state: &'static str,
    /// What is to be paid.
    payment_minor: i64,
    /// What of it went back.
    refunded_minor: i64,
    #[schema(example = "INR")]
    currency: String,
    /// All pieces, but for those that were short; so are the sums.
    quantity: u32,
    /// The sum at listed prices.
    price_minor: i64,
    /// The sum at the prices asked for.
    discounted_price_minor: i64,
    /// The tax in those prices, or on top of them.
    tax_minor: i64,
    /// Whether those prices hold the tax.
    is_tax_included: bool,
    /// One line a product.
    lines: Vec<CartOrderLine>,
}

/// One product of an order, as it was sold.
#[derive(Serialize, ToSchema)]
pub(crate) struct CartOrderLine {
    product_id: i64,
    product_name: String,
    /// How many pieces were ordered.
    quantity: u32,
    /// How many of them were not to be had.
    short_quantity: u32,
    /// How many of them came back or are to come back.
    returned_quantity: u32,
    /// The listed price of one piece.
    price_minor: i64,
    /// The price asked for one piece; the listed price where there was no discount.
    discounted_price_minor: i64,
    hsn: Option<String>,
    gst_basis_points: u16,
    /// The tax in or on all pieces.
    tax_minor: i64,
}

impl From<Order> for CartOrder {
    fn from(order: Order) -> Self {
        let totals = order.totals_delivered();
        Self {
            order_id: order.order_id,
            user_id: order.user_id,
            cart_id: order.cart_id,
            status: order.status.as_str(),
            placed_at: order.placed_at.to_string(),
            payment_method: order.payment.method.as_str(),
            payment_state: order.payment.state.as_str(),
            payment_minor: order.payment.amount.minor(),
            refunded_minor: order.payment.refunded.minor(),
            currency: totals.price.currency().to_string(),
            quantity: totals.quantity,
            price_minor: totals.price.minor(),
            discounted_price_minor: totals.discounted_price.minor(),
            tax_minor: totals.tax.minor(),
            is_tax_included: totals.tax_mode == TaxMode::Included,
            lines: order.lines.into_iter().map(CartOrderLine::from).collect(),
        }
    }
}

impl From<OrderLine> for CartOrderLine {
    fn from(line: OrderLine) -> Self {
        Self {
            product_id: line.product_id,
            product_name: line.product_name,
            quantity: line.quantity.get(),
            short_quantity: line.short,
            returned_quantity: line.returned,
            price_minor: line.price.minor(),
            discounted_price_minor: line.discounted_price.minor(),
            hsn: line.tax_class.hsn,
            gst_basis_points: line.tax_class.gst_basis_points,
            tax_minor: line.tax.minor(),
        }
    }
}

/// What a shopper is promised.
#[derive(Serialize, ToSchema)]
pub(crate) struct CartHold {
    /// Until when the pieces are theirs alone.
    #[schema(format = DateTime)]
    expires_at: String,
    /// Each product of the cart whose stock is counted, by id.
    pieces: Vec<HeldPieces>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct HeldPieces {
    product_id: i64,
    quantity: u32,
}

impl From<Hold> for CartHold {
    fn from(hold: Hold) -> Self {
        let pieces = hold.pieces.into_iter();
        Self {
            expires_at: hold.expires_at.to_string(),
            pieces: pieces.map(|(product_id, quantity)| HeldPieces { product_id, quantity }).collect(),
        }
    }
}

/// What there is not enough of, by product.
#[derive(Debug, Serialize)]
pub(crate) struct Shortages(Vec<ShortageItem>);

/// A product of which fewer pieces are there than are wanted.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ShortageItem {
    product_id: i64,
    /// How many pieces are wanted.
    wanted: u32,
    /// How many can be had.
    available: u32,
}

impl From<&[Shortage]> for Shortages {
    fn from(shortages: &[Shortage]) -> Self {
        let item = |&Shortage { product_id, wanted, available }: &Shortage| ShortageItem {
            product_id,
            wanted,
            available,
        };
        Self(shortages.iter().map(item).collect())
    }
}
