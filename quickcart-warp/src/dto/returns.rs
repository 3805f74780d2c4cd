//! Bodies of the routes for what comes back of orders, and for what was not to be had of them.

use quickcart_core::cart::Quantity;
use quickcart_core::catalog::ProductId;
use quickcart_core::form::{Fault, Form};
use quickcart_core::order::{InvalidReturn, OrderId, Return, ReturnReason, ReturnRequest};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{ApiError, malformed};

const REASONS: [&str; 5] = {
    let [a, b, c, d, e] = ReturnReason::ALL;
    [a.as_str(), b.as_str(), c.as_str(), d.as_str(), e.as_str()]
};

/// The most lines of a return; an order has one a product.
const LINES_MAX: usize = 1_000;

/// Pieces of a product.
#[derive(Serialize, ToSchema)]
pub(crate) struct Pieces {
    #[schema(minimum = 1, example = 1)]
    product_id: ProductId,
    #[schema(minimum = 1, maximum = 9999, example = 1)]
    quantity: u32,
}

/// What was not to be had of an order.
pub(crate) struct ShortPick {
    pub(crate) product_id: ProductId,
    pub(crate) missing: Quantity,
}

impl ShortPick {
    /// Tells all faults at once.
    pub(crate) fn read(body: &[u8]) -> Result<Self, ApiError> {
        let mut form = Form::parse(body).map_err(|error| malformed(&error))?;
        let (product_id, missing) = pieces(&mut form).ok_or_else(|| ApiError::fields(form.into_faults()))?;
        Ok(Self { product_id, missing })
    }
}

/// What a shopper wants to give back.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is read by hand")]
pub(crate) struct NewReturn {
    /// Why.
    #[schema(pattern = "^(damaged|expired|wrong_item|unwanted|other)$", example = "damaged")]
    reason: String,
    /// At least one; what is named twice is added up.
    #[schema(min_items = 1, max_items = 1000)]
    lines: Vec<Pieces>,
}

impl NewReturn {
    /// Tells all faults at once.
    pub(crate) fn read(body: &[u8]) -> Result<ReturnRequest, ApiError> {
        let mut form = Form::parse(body).map_err(|error| malformed(&error))?;
        let request = request(&mut form).ok_or_else(|| ApiError::fields(form.into_faults()))?;
        Ok(request?)
    }
}

/// What staff take back for a customer.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is read by hand")]
pub(crate) struct AcceptedReturn {
    /// What it was bought with.
    #[schema(minimum = 1, example = 1)]
    order_id: OrderId,
    /// Why.
    #[schema(pattern = "^(damaged|expired|wrong_item|unwanted|other)$", example = "damaged")]
    reason: String,
    /// At least one; what is named twice is added up.
    #[schema(min_items = 1, max_items = 1000)]
    lines: Vec<Pieces>,
}

impl AcceptedReturn {
    /// Tells all faults at once.
    pub(crate) fn read(body: &[u8]) -> Result<(OrderId, ReturnRequest), ApiError> {
        let mut form = Form::parse(body).map_err(|error| malformed(&error))?;
        let order_id = form.integer("order_id", 1..=i64::MAX);
        let whole = order_id.zip(request(&mut form));
        let (order_id, request) = whole.ok_or_else(|| ApiError::fields(form.into_faults()))?;
        Ok((order_id, request?))
    }
}

fn request(form: &mut Form<'_>) -> Option<Result<ReturnRequest, InvalidReturn>> {
    let reason = form.parsed("reason", Fault::NotOneOf(&REASONS));
    let lines = form.list_of_some("lines", LINES_MAX, pieces);
    Some(ReturnRequest::new(reason?, lines?))
}

fn pieces(form: &mut Form<'_>) -> Option<(ProductId, Quantity)> {
    let product_id = form.integer("product_id", 1..=i64::MAX);
    let quantity = form.integer("quantity", 1..=Quantity::MAX.into());
    Some((product_id?, Quantity::new(u32::try_from(quantity?).ok()?)?))
}

/// Pieces of an order that come back.
#[derive(Serialize, ToSchema)]
pub(crate) struct OrderReturn {
    return_id: i64,
    order_id: i64,
    user_id: i64,
    /// `requested`, `received`, `refunded` or `rejected`.
    #[schema(example = "requested")]
    state: &'static str,
    /// `damaged`, `expired`, `wrong_item`, `unwanted` or `other`.
    #[schema(example = "damaged")]
    reason: &'static str,
    #[schema(format = DateTime)]
    requested_at: String,
    /// What was asked for the pieces, which goes back.
    amount_minor: i64,
    #[schema(example = "INR")]
    currency: String,
    /// By product.
    lines: Vec<Pieces>,
}

impl From<Return> for OrderReturn {
    fn from(item: Return) -> Self {
        let lines = item.lines.into_iter();
        Self {
            return_id: item.return_id,
            order_id: item.order_id,
            user_id: item.user_id,
            state: item.state.as_str(),
            reason: item.reason.as_str(),
            requested_at: item.requested_at.to_string(),
            amount_minor: item.amount.minor(),
            currency: item.amount.currency().to_string(),
            lines: lines
                .map(|(product_id, quantity)| Pieces { product_id, quantity: quantity.get() })
                .collect(),
        }
    }
}
