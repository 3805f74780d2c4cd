//! What was bought.

use std::collections::BTreeMap;

use pyo3::prelude::*;
use pyo3::types::PyTuple;
use quickcart_core::clock::Timestamp;
use quickcart_core::order as core;
use quickcart_core::tax::TaxMode;

use super::{show, tuple};

/// What a shopper bought. Prices are in minor units of `currency`.
#[pyclass(frozen, get_all, module = "quickcart")]
pub(crate) struct Order {
    /// Its number.
    order_id: i64,
    /// Who bought it.
    user_id: i64,
    /// The trolley it was carried in.
    cart_id: i64,
    /// When it was placed, in UTC.
    placed_at: Timestamp,
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
    /// The currency, by its code of ISO 4217.
    currency: String,
    /// Where the order stands: `pending`, `verified`, `processing`, `shipped`, `delivered` or `cancelled`.
    status: &'static str,
    /// How it is paid: `cash`, `card`, `bkash` or `nagad`.
    payment_method: &'static str,
    /// How far the payment is, `pending` at first.
    payment_state: &'static str,
    /// What is to be paid.
    payment_minor: i64,
    /// What of it went back.
    refunded_minor: i64,
    /// One line a product.
    lines: Py<PyTuple>,
}

impl Order {
    pub(crate) fn of(py: Python<'_>, order: core::Order) -> PyResult<Self> {
        let totals = order.totals_delivered();
        Ok(Self {
            order_id: order.order_id,
            user_id: order.user_id,
            cart_id: order.cart_id,
            placed_at: order.placed_at,
            quantity: totals.quantity,
            price_minor: totals.price.minor(),
            discounted_price_minor: totals.discounted_price.minor(),
            tax_minor: totals.tax.minor(),
            is_tax_included: totals.tax_mode == TaxMode::Included,
            currency: totals.price.currency().code().to_owned(),
            status: order.status.as_str(),
            payment_method: order.payment.method.as_str(),
            payment_state: order.payment.state.as_str(),
            payment_minor: order.payment.amount.minor(),
            refunded_minor: order.payment.refunded.minor(),
            lines: tuple(py, order.lines.into_iter().map(OrderLine::from))?,
        })
    }
}

#[pymethods]
impl Order {
    /// What was ordered never changes, and its number is unique within its shop; the rest tells shops apart.
    fn __eq__(&self, py: Python<'_>, other: &Self) -> PyResult<bool> {
        let now =
            |order: &Self| (order.status, order.payment_state, order.payment_minor, order.refunded_minor);
        let key = |order: &Self| (order.order_id, order.user_id, order.cart_id, order.placed_at, now(order));
        Ok(key(self) == key(other) && self.lines.bind(py).eq(&other.lines)?)
    }

    fn __hash__(&self) -> u64 {
        self.order_id.cast_unsigned()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let currency = self.currency.as_str();
        let (order_id, quantity) = (self.order_id, self.quantity);
        show!(py, "Order", order_id, quantity, discounted_price_minor = self.discounted_price_minor, currency)
    }
}

/// One product of an order, as it was sold.
#[pyclass(frozen, get_all, eq, hash, module = "quickcart")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct OrderLine {
    /// The product.
    product_id: i64,
    /// Its name at that time.
    product_name: String,
    /// How many pieces were ordered.
    quantity: u32,
    /// How many of them were not to be had.
    short_quantity: u32,
    /// How many of them came back or are to come back.
    returned_quantity: u32,
    /// The listed price of one piece, in minor units.
    price_minor: i64,
    /// The price asked for one piece; the listed price where there was no discount.
    discounted_price_minor: i64,
    /// The goods and services tax, in hundredths of a per cent.
    gst_basis_points: u16,
    /// The tax in or on all pieces.
    tax_minor: i64,
    /// The currency, by its code of ISO 4217.
    currency: String,
}

impl From<core::OrderLine> for OrderLine {
    fn from(line: core::OrderLine) -> Self {
        Self {
            product_id: line.product_id,
            product_name: line.product_name,
            quantity: line.quantity.get(),
            short_quantity: line.short,
            returned_quantity: line.returned,
            price_minor: line.price.minor(),
            discounted_price_minor: line.discounted_price.minor(),
            gst_basis_points: line.tax_class.gst_basis_points,
            tax_minor: line.tax.minor(),
            currency: line.price.currency().code().to_owned(),
        }
    }
}

#[pymethods]
impl OrderLine {
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let (product_name, quantity) = (self.product_name.as_str(), self.quantity);
        let price = self.discounted_price_minor;
        show!(
            py,
            "OrderLine",
            product_name,
            quantity,
            discounted_price_minor = price,
            currency = self.currency.as_str()
        )
    }
}

/// Pieces of an order that come back.
#[pyclass(frozen, get_all, eq, hash, module = "quickcart")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Return {
    /// Its number.
    return_id: i64,
    /// What they were bought with.
    order_id: i64,
    /// Who bought them.
    user_id: i64,
    /// How far it is: `requested`, `received`, `refunded` or `rejected`.
    state: &'static str,
    /// Why they come back: `damaged`, `expired`, `wrong_item`, `unwanted` or `other`.
    reason: &'static str,
    /// When somebody asked for it, in UTC.
    requested_at: Timestamp,
    /// What was asked for the pieces, which goes back, in minor units of `currency`.
    amount_minor: i64,
    /// The currency, by its code of ISO 4217.
    currency: String,
    /// How many pieces, by product.
    pieces: BTreeMap<i64, u32>,
}

impl From<core::Return> for Return {
    fn from(item: core::Return) -> Self {
        let lines = item.lines.into_iter();
        Self {
            return_id: item.return_id,
            order_id: item.order_id,
            user_id: item.user_id,
            state: item.state.as_str(),
            reason: item.reason.as_str(),
            requested_at: item.requested_at,
            amount_minor: item.amount.minor(),
            currency: item.amount.currency().code().to_owned(),
            pieces: lines.map(|(product_id, quantity)| (product_id, quantity.get())).collect(),
        }
    }
}

#[pymethods]
impl Return {
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let (return_id, order_id, state) = (self.return_id, self.order_id, self.state);
        show!(py, "Return", return_id, order_id, state, pieces = self.pieces.clone())
    }
}
