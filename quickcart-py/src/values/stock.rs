//! How many pieces there are, who holds some of them, and what became of the others.

use std::collections::BTreeMap;

use pyo3::prelude::*;
use quickcart_core::clock::Timestamp;
use quickcart_core::stock as core;

use super::show;

/// How many pieces of a product there are.
#[pyclass(frozen, get_all, eq, hash, module = "quickcart")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct StockLevel {
    /// The product.
    product_id: i64,
    /// Its name.
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

impl From<core::StockLevel> for StockLevel {
    fn from(level: core::StockLevel) -> Self {
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

#[pymethods]
impl StockLevel {
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let (product_id, available, held) = (self.product_id, self.available, self.held);
        show!(py, "StockLevel", product_id, available, held)
    }
}

/// A change of what is on hand. Of each product, all changes add up to what is on hand now.
#[pyclass(frozen, get_all, eq, hash, module = "quickcart")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct StockMovement {
    /// Its number; later changes have higher ones.
    movement_id: i64,
    /// The product.
    product_id: i64,
    /// When, in UTC.
    at: Timestamp,
    /// Why: `count`, `receive`, `sell` or `return`.
    kind: &'static str,
    /// How many pieces more, or fewer when it is negative.
    quantity: i64,
    /// Who did it.
    who: String,
    /// The order that did it, for what was sold and what came back.
    order_id: Option<i64>,
}

impl From<core::Movement> for StockMovement {
    fn from(movement: core::Movement) -> Self {
        Self {
            movement_id: movement.movement_id,
            product_id: movement.product_id,
            at: movement.at,
            kind: movement.kind.as_str(),
            quantity: movement.quantity,
            who: movement.who,
            order_id: movement.order_id,
        }
    }
}

#[pymethods]
impl StockMovement {
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let (product_id, quantity) = (self.product_id, self.quantity);
        show!(py, "StockMovement", product_id, kind = self.kind, quantity)
    }
}

/// What a shopper is promised.
#[pyclass(frozen, get_all, eq, hash, module = "quickcart")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Hold {
    /// Until when the pieces are theirs alone, in UTC.
    expires_at: Timestamp,
    /// How many pieces are held, by product; products whose stock is not counted are left out.
    pieces: BTreeMap<i64, u32>,
}

impl From<core::Hold> for Hold {
    fn from(hold: core::Hold) -> Self {
        Self { expires_at: hold.expires_at, pieces: hold.pieces.into_iter().collect() }
    }
}

#[pymethods]
impl Hold {
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        show!(py, "Hold", expires_at = self.expires_at, pieces = self.pieces.clone())
    }
}
