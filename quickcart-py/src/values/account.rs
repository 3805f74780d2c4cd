//! A shopper.

use pyo3::prelude::*;
use quickcart_core::account as core;

use super::show;

/// A shopper, who has proved a phone number. Without a profile, `name` and what follows it are `None`.
#[pyclass(frozen, get_all, eq, hash, module = "quickcart")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct User {
    /// The shopper's number in this shop.
    user_id: i64,
    /// The phone that was proved, in E.164 form.
    phone: String,
    /// The phone with its middle hidden, for logs and screens.
    phone_masked: String,
    /// What they are called.
    name: Option<String>,
    /// Unique within the shop.
    email: Option<String>,
    /// What they eat.
    foodtype_id: Option<i64>,
    /// What they must not eat.
    allergy_id: Option<i64>,
}

impl From<core::User> for User {
    fn from(user: core::User) -> Self {
        let profile = user.profile;
        Self {
            user_id: user.user_id,
            phone: user.phone.e164().to_owned(),
            phone_masked: user.phone.masked(),
            name: profile.as_ref().map(|profile| profile.name.as_str().to_owned()),
            email: profile.as_ref().and_then(|profile| Some(profile.email.as_ref()?.as_str().to_owned())),
            foodtype_id: profile.as_ref().and_then(|profile| profile.foodtype_id),
            allergy_id: profile.as_ref().and_then(|profile| profile.allergy_id),
        }
    }
}

#[pymethods]
impl User {
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        show!(py, "User", user_id = self.user_id, phone = self.phone_masked.as_str())
    }
}
