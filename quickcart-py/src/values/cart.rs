//! Lists, trolleys and where they stand.

use pyo3::prelude::*;
use pyo3::types::PyTuple;
use quickcart_core::cart as core;
use quickcart_core::clock::Timestamp;

use super::{Point, Product, show, tuple};

/// One product of a shopper's list.
#[pyclass(frozen, get_all, eq, hash, module = "quickcart")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct ChecklistItem {
    /// The item's number.
    checklist_id: i64,
    /// Whose list it is on.
    user_id: i64,
    /// What to buy.
    product: Product,
    /// How many pieces.
    quantity: u32,
}

impl From<core::ChecklistItem> for ChecklistItem {
    fn from(item: core::ChecklistItem) -> Self {
        Self {
            checklist_id: item.checklist_id,
            user_id: item.user_id,
            product: item.product.into(),
            quantity: item.quantity.get(),
        }
    }
}

#[pymethods]
impl ChecklistItem {
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let product = self.product.clone();
        show!(py, "ChecklistItem", checklist_id = self.checklist_id, product, quantity = self.quantity)
    }
}

/// One product in a trolley. A quantity of `None` means that it has just been taken out.
#[pyclass(frozen, get_all, eq, hash, module = "quickcart")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct CartLine {
    /// The line's number.
    cart_items_id: i64,
    /// The trolley.
    cart_id: i64,
    /// What lies in it.
    product: Product,
    /// How many pieces.
    quantity: Option<u32>,
    /// The version that the trolley got when the line last changed.
    version: u64,
}

impl From<core::CartLine> for CartLine {
    fn from(line: core::CartLine) -> Self {
        Self {
            cart_items_id: line.cart_items_id,
            cart_id: line.cart_id,
            product: line.product.into(),
            quantity: line.quantity.map(core::Quantity::get),
            version: line.version,
        }
    }
}

#[pymethods]
impl CartLine {
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let product = self.product.clone();
        show!(py, "CartLine", cart_id = self.cart_id, product, quantity = self.quantity)
    }
}

/// A trolley and all that lies in it.
#[pyclass(frozen, get_all, module = "quickcart")]
pub(crate) struct Cart {
    /// The trolley.
    cart_id: i64,
    /// Where it stands: `open`, `locked` or `blocked`.
    state: &'static str,
    /// Its lines, in the order they came.
    lines: Py<PyTuple>,
    /// The weight that its device reported for the whole of it, in milligrams.
    reported_weight_mg: Option<u64>,
    /// The weight of the contents in milligrams: what was reported, else what the catalogue says.
    total_weight_mg: u64,
    /// Grows with every change of what lies in it.
    version: u64,
}

impl Cart {
    pub(crate) fn of(py: Python<'_>, cart: core::CartView) -> PyResult<Self> {
        Ok(Self {
            cart_id: cart.cart_id,
            state: cart.state.as_str(),
            reported_weight_mg: cart.reported_weight_mg,
            total_weight_mg: cart.total_weight_mg(),
            version: cart.version,
            lines: tuple(py, cart.lines.into_iter().map(CartLine::from))?,
        })
    }
}

#[pymethods]
impl Cart {
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let lines = self.lines.bind(py);
        show!(
            py,
            "Cart",
            cart_id = self.cart_id,
            state = self.state,
            lines,
            total_weight_mg = self.total_weight_mg
        )
    }
}

/// One product in the cart of a guest.
#[pyclass(frozen, get_all, eq, hash, module = "quickcart")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct GuestLine {
    /// The product.
    product: Product,
    /// How many pieces.
    quantity: u32,
}

impl From<core::GuestLine> for GuestLine {
    fn from(line: core::GuestLine) -> Self {
        Self { product: line.product.into(), quantity: line.quantity.get() }
    }
}

#[pymethods]
impl GuestLine {
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        show!(py, "GuestLine", product = self.product.clone(), quantity = self.quantity)
    }
}

/// Where a trolley stands.
#[pyclass(frozen, get_all, eq, module = "quickcart")]
#[derive(Clone, PartialEq)]
pub(crate) struct Location {
    /// The trolley.
    cart_id: i64,
    /// The place.
    point: Point,
    /// The section that the place is in, if any.
    section_id: Option<i64>,
    /// When it was located, in UTC; `None` while it stands at its dock.
    located_at: Option<Timestamp>,
}

impl From<core::Location> for Location {
    fn from(location: core::Location) -> Self {
        Self {
            cart_id: location.cart_id,
            point: location.point.into(),
            section_id: location.section_id,
            located_at: location.located_at,
        }
    }
}

#[pymethods]
impl Location {
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let Self { cart_id, point, section_id, located_at } = self.clone();
        show!(py, "Location", cart_id, point, section_id, located_at)
    }
}

/// A trolley that is blocked, because its scale shows something else than its lines weigh.
#[pyclass(frozen, get_all, eq, hash, module = "quickcart")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct BlockedCart {
    /// The trolley.
    cart_id: i64,
    /// Who has it.
    user_id: i64,
    /// What its scale showed last.
    reported_weight_mg: u64,
    /// What its lines weigh; `None` when the catalogue does not know.
    expected_weight_mg: Option<u64>,
}

impl From<core::BlockedCart> for BlockedCart {
    fn from(cart: core::BlockedCart) -> Self {
        Self {
            cart_id: cart.cart_id,
            user_id: cart.user_id,
            reported_weight_mg: cart.weighing.reported_mg,
            expected_weight_mg: cart.weighing.expected_mg,
        }
    }
}

#[pymethods]
impl BlockedCart {
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let (cart_id, user_id) = (self.cart_id, self.user_id);
        let (reported_weight_mg, expected_weight_mg) = (self.reported_weight_mg, self.expected_weight_mg);
        show!(py, "BlockedCart", cart_id, user_id, reported_weight_mg, expected_weight_mg)
    }
}
