//! Products and their labels.

use jiff::civil::Date;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use quickcart_core::catalog as core;
use quickcart_core::money::Money;

use super::{show, tuple};

/// Something the shop sells by the piece.
#[pyclass(frozen, get_all, eq, hash, module = "quickcart")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Product {
    /// Its number in this shop.
    product_id: i64,
    /// What it is called.
    name: String,
    /// The price of one piece, in minor units.
    price_minor: i64,
    /// The price asked for now, when it is lower.
    discounted_price_minor: Option<i64>,
    /// The currency of its prices, by its code of ISO 4217.
    currency: String,
    /// What the scanner reads.
    barcode: String,
    /// The weight of one piece in grams.
    weight_g: Option<u32>,
    /// The day it is good until.
    expiry: Option<Date>,
    /// The category it belongs to.
    category_id: Option<i64>,
    /// The offer it takes part in.
    offer_name: Option<String>,
}

impl From<core::Product> for Product {
    fn from(product: core::Product) -> Self {
        Self {
            product_id: product.product_id,
            name: product.name,
            price_minor: product.price.minor(),
            discounted_price_minor: product.discounted_price.map(Money::minor),
            currency: product.price.currency().code().to_owned(),
            barcode: product.barcode.as_str().to_owned(),
            weight_g: product.weight_g,
            expiry: product.expiry,
            category_id: product.category_id,
            offer_name: product.offer_name,
        }
    }
}

#[pymethods]
impl Product {
    /// What one piece costs now, in minor units.
    #[getter]
    fn asked_price_minor(&self) -> i64 {
        self.discounted_price_minor.unwrap_or(self.price_minor)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let (name, currency) = (self.name.as_str(), self.currency.as_str());
        show!(py, "Product", product_id = self.product_id, name, price_minor = self.price_minor, currency)
    }
}

/// A name with a number: a food type, an allergen.
#[pyclass(frozen, get_all, eq, hash, module = "quickcart")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Label {
    /// The number.
    id: i64,
    /// The name.
    name: String,
}

impl From<core::Label> for Label {
    fn from(label: core::Label) -> Self {
        Self { id: label.id, name: label.name }
    }
}

#[pymethods]
impl Label {
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        show!(py, "Label", id = self.id, name = self.name.as_str())
    }
}

/// A product with all its labels.
#[pyclass(frozen, get_all, module = "quickcart")]
pub(crate) struct ProductDetails {
    /// The product.
    product: Product,
    /// Who may eat it, by id.
    foodtypes: Py<PyTuple>,
    /// Who must not, by id.
    allergies: Py<PyTuple>,
}

impl ProductDetails {
    pub(crate) fn of(py: Python<'_>, details: core::ProductDetails) -> PyResult<Self> {
        Ok(Self {
            product: details.product.into(),
            foodtypes: tuple(py, details.foodtypes.into_iter().map(Label::from))?,
            allergies: tuple(py, details.allergies.into_iter().map(Label::from))?,
        })
    }
}

#[pymethods]
impl ProductDetails {
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let (foodtypes, allergies) = (self.foodtypes.bind(py), self.allergies.bind(py));
        show!(py, "ProductDetails", product = self.product.clone(), foodtypes, allergies)
    }
}
