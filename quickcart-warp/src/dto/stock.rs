//! Bodies of the administrator's routes for stock.

use quickcart_core::form::Form;
use quickcart_core::stock::{Movement, STOCK_MAX, StockLevel};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{ApiError, malformed};

/// What somebody counted, all of it: what is left out is null.
#[derive(ToSchema)]
pub(crate) struct Counted {
    /// How many pieces are in the shop.
    #[schema(minimum = 0, maximum = 1_000_000_000, example = 12)]
    pub(crate) on_hand: u32,
    /// With so many available or fewer, the shop wants to order more.
    #[schema(minimum = 0, maximum = 1_000_000_000, example = 3)]
    pub(crate) low_at: Option<u32>,
}

impl Counted {
    /// Tells all faults at once.
    pub(crate) fn read(body: &[u8]) -> Result<Self, ApiError> {
        let mut form = Form::parse(body).map_err(|error| malformed(&error))?;
        Self::fields(&mut form).ok_or_else(|| ApiError::fields(form.into_faults()))
    }

    fn fields(form: &mut Form<'_>) -> Option<Self> {
        let on_hand = form.integer("on_hand", 0..=STOCK_MAX.into());
        let low_at = form.optional_integer("low_at", 0..=STOCK_MAX.into());
        Some(Self {
            on_hand: u32::try_from(on_hand?).ok()?,
            low_at: low_at?.and_then(|low_at| u32::try_from(low_at).ok()),
        })
    }
}

/// What came.
#[derive(ToSchema)]
pub(crate) struct Received {
    /// How many pieces.
    #[schema(minimum = 1, maximum = 1_000_000_000, example = 24)]
    pub(crate) quantity: u32,
}

impl Received {
    pub(crate) fn read(body: &[u8]) -> Result<Self, ApiError> {
        let mut form = Form::parse(body).map_err(|error| malformed(&error))?;
        let quantity = form.integer("quantity", 1..=STOCK_MAX.into());
        let quantity = quantity.and_then(|quantity| u32::try_from(quantity).ok());
        quantity.map(|quantity| Self { quantity }).ok_or_else(|| ApiError::fields(form.into_faults()))
    }
}

/// How many pieces of a product there are.
#[derive(Serialize, ToSchema)]
pub(crate) struct Stock {
    product_id: i64,
    product_name: String,
    /// All pieces in the shop that are not sold: those that are available or held.
    on_hand: u32,
    /// Pieces that anybody may buy.
    available: u32,
    /// Pieces that are held for shoppers.
    held: u32,
    /// With so many available or fewer, the shop wants to order more.
    low_at: Option<u32>,
    /// Whether that is so.
    is_low: bool,
}

impl From<StockLevel> for Stock {
    fn from(level: StockLevel) -> Self {
        Self {
            product_id: level.product_id,
            on_hand: level.on_hand(),
            available: level.available,
            held: level.held,
            low_at: level.low_at,
            is_low: level.is_low(),
            product_name: level.product_name,
        }
    }
}

/// A change of what is on hand. Of each product, all changes add up to what is on hand now.
#[derive(Serialize, ToSchema)]
pub(crate) struct StockMovement {
    movement_id: i64,
    product_id: i64,
    #[schema(format = DateTime)]
    at: String,
    /// `count`, `receive`, `sell` or `return`.
    #[schema(example = "receive")]
    kind: &'static str,
    /// How many pieces more, or fewer when it is negative.
    quantity: i64,
    /// Who did it.
    #[schema(example = "admin")]
    who: String,
    /// The order that did it, for what was sold and what came back.
    order_id: Option<i64>,
}

impl From<Movement> for StockMovement {
    fn from(movement: Movement) -> Self {
        Self {
            movement_id: movement.movement_id,
            product_id: movement.product_id,
            at: movement.at.to_string(),
            kind: movement.kind.as_str(),
            quantity: movement.quantity,
            who: movement.who,
            order_id: movement.order_id,
        }
    }
}
