//! What can be cooked from the products.

use pyo3::prelude::*;
use pyo3::types::PyTuple;
use quickcart_core::{cart, catalog};

use super::{Product, show, tuple};

/// A dish and the products it takes.
#[pyclass(frozen, get_all, module = "quickcart")]
pub(crate) struct Recipe {
    /// Its number.
    recipe_id: i64,
    /// What it is called.
    name: String,
    /// What it takes, in the order it was written.
    products: Py<PyTuple>,
}

impl Recipe {
    pub(crate) fn of(py: Python<'_>, recipe: catalog::Recipe) -> PyResult<Self> {
        let products = tuple(py, recipe.products.into_iter().map(Product::from))?;
        Ok(Self { recipe_id: recipe.recipe_id, name: recipe.name, products })
    }
}

#[pymethods]
impl Recipe {
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let products = self.products.bind(py);
        show!(py, "Recipe", recipe_id = self.recipe_id, name = self.name.as_str(), products)
    }
}

/// A recipe and one of the products that speak for it.
#[pyclass(frozen, get_all, eq, hash, module = "quickcart")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct RecipeMatch {
    /// The recipe.
    recipe_id: i64,
    /// What it is called.
    name: String,
    /// What it takes and the shopper wants, or has.
    product: Product,
}

impl From<cart::RecipeMatch> for RecipeMatch {
    fn from(found: cart::RecipeMatch) -> Self {
        Self { recipe_id: found.recipe_id, name: found.name, product: found.product.into() }
    }
}

#[pymethods]
impl RecipeMatch {
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let product = self.product.clone();
        show!(py, "RecipeMatch", recipe_id = self.recipe_id, name = self.name.as_str(), product)
    }
}
