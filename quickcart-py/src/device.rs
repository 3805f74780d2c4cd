//! Messages of the trolleys' devices, from bytes to events.

use pyo3::prelude::*;
use quickcart_core::device as core;

use crate::errors::Failure;
use crate::values::show;

/// Reads the messages of the trolleys' devices. It keeps nothing and asks nobody.
#[pyclass(frozen, module = "quickcart")]
pub(crate) struct DeviceGate;

#[pymethods]
impl DeviceGate {
    #[new]
    fn new() -> Self {
        Self
    }

    /// Reads `{"cart_id": 1, "product_id": 42, "weight": 1.5}`: one piece was put in, and the whole trolley weighs
    /// 1.5 kg.
    fn parse_add_item(&self, message: &[u8]) -> Result<CartEvent, Failure> {
        Ok(CartEvent(core::parse_add_item(message)?))
    }

    /// Reads `{"cart_id": 1, "barcode": "9521234500014", "weight": 2.05}`: all pieces of this product in the trolley
    /// weigh 2.05 kg together.
    fn parse_update_item(&self, message: &[u8]) -> Result<CartEvent, Failure> {
        Ok(CartEvent(core::parse_update_item(message)?))
    }

    fn __repr__(&self) -> &'static str {
        "DeviceGate()"
    }
}

/// What a trolley's device has seen. Fields that its kind does not have are `None`.
#[pyclass(frozen, eq, module = "quickcart")]
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct CartEvent(pub(crate) core::CartEvent);

#[pymethods]
impl CartEvent {
    /// `"item_added"` or `"item_weighed"`.
    #[getter]
    fn kind(&self) -> &'static str {
        match self.0 {
            core::CartEvent::ItemAdded { .. } => "item_added",
            core::CartEvent::ItemWeighed { .. } => "item_weighed",
        }
    }

    /// The trolley it happened in.
    #[getter]
    fn cart_id(&self) -> i64 {
        self.0.cart_id()
    }

    /// Of `item_added`: the product.
    #[getter]
    fn product_id(&self) -> Option<i64> {
        match self.0 {
            core::CartEvent::ItemAdded { product_id, .. } => Some(product_id),
            core::CartEvent::ItemWeighed { .. } => None,
        }
    }

    /// Of `item_added`: what the whole trolley's contents weigh now, in milligrams.
    #[getter]
    fn cart_weight_mg(&self) -> Option<u64> {
        match self.0 {
            core::CartEvent::ItemAdded { cart_weight_mg, .. } => Some(cart_weight_mg),
            core::CartEvent::ItemWeighed { .. } => None,
        }
    }

    /// Of `item_weighed`: what was scanned.
    #[getter]
    fn barcode(&self) -> Option<&str> {
        match &self.0 {
            core::CartEvent::ItemAdded { .. } => None,
            core::CartEvent::ItemWeighed { barcode, .. } => Some(barcode),
        }
    }

    /// Of `item_weighed`: what all pieces of the product weigh together, in milligrams.
    #[getter]
    fn weight_mg(&self) -> Option<u64> {
        match self.0 {
            core::CartEvent::ItemAdded { .. } => None,
            core::CartEvent::ItemWeighed { weight_mg, .. } => Some(weight_mg),
        }
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        match &self.0 {
            core::CartEvent::ItemAdded { cart_id, product_id, cart_weight_mg } => {
                show!(py, "CartEvent", kind = self.kind(), cart_id, product_id, cart_weight_mg)
            }
            core::CartEvent::ItemWeighed { cart_id, barcode, weight_mg } => {
                show!(py, "CartEvent", kind = self.kind(), cart_id, barcode, weight_mg)
            }
        }
    }
}
