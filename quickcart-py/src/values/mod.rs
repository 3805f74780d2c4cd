//! What the objects answer: frozen copies of the core's values, with units in their names.

mod account;
mod cart;
mod catalog;
mod order;
mod recipe;
mod stock;
mod walk;

pub(crate) use account::User;
pub(crate) use cart::{BlockedCart, Cart, CartLine, ChecklistItem, GuestLine, Location};
pub(crate) use catalog::{Label, Product, ProductDetails};
pub(crate) use order::{Order, OrderLine, Return};
pub(crate) use recipe::{Recipe, RecipeMatch};
pub(crate) use stock::{Hold, StockLevel, StockMovement};
pub(crate) use walk::{Leg, Point, Route, Tour, Walk, Waypoint};

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

/// `Class(a=1, b='x')`, each value as Python shows it: `show!(py, "Class", a, b = self.b)`.
macro_rules! show {
    ($py:expr, $class:literal $(, $name:ident $(= $value:expr)?)+) => {{
        let fields = [$((stringify!($name), $crate::values::shown($py, $crate::values::show!(@ $name $(= $value)?))?)),+];
        let fields = fields.map(|(name, shown)| format!("{name}={shown}"));
        Ok(format!("{}({})", $class, fields.join(", ")))
    }};
    (@ $name:ident) => { $name };
    (@ $name:ident = $value:expr) => { $value };
}
pub(crate) use show;

pub(crate) fn shown<'py>(py: Python<'py>, value: impl IntoPyObjectExt<'py>) -> PyResult<String> {
    Ok(value.into_bound_py_any(py)?.repr()?.to_string())
}

/// A tuple of values, made once, so that looking into it costs nothing.
fn tuple<'py, T: IntoPyObjectExt<'py>>(
    py: Python<'py>,
    values: impl IntoIterator<Item = T>,
) -> PyResult<Py<PyTuple>> {
    let values: Vec<T> = values.into_iter().collect();
    Ok(PyTuple::new(py, values)?.unbind())
}
