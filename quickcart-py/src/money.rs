//! Amounts of money as text.

use pyo3::prelude::*;
use quickcart_core::money::{Currency, Money};

use crate::errors::{Failure, InvalidArgument};

/// The amount in major units behind its currency: `format_money(5500, "INR")` is `"INR 55.00"`.
#[pyfunction]
#[pyo3(signature = (amount_minor, currency, /))]
pub(crate) fn format_money(amount_minor: i64, currency: &str) -> Result<String, Failure> {
    let currency: Currency =
        currency.parse().map_err(|error| InvalidArgument::new("currency_invalid", error))?;
    Ok(Money::new(amount_minor, currency).to_string())
}
