//! What the tokens of this group say.

use std::borrow::Cow;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::{Account, Customer};
use crate::account::Claims;
use crate::email::EmailAddress;

/// Customers and employees, for seven days, as their clients know them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistrationClaims {
    /// The address that they signed in with.
    #[serde(rename = "sub", with = "text")]
    pub email: EmailAddress,
    /// Who it is.
    #[serde(flatten)]
    pub holder: Holder,
}

/// Whose token it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Holder {
    /// A customer.
    Customer {
        /// Which one.
        #[serde(rename = "maKH")]
        customer_id: String,
    },
    /// An employee.
    Employee {
        /// Which one.
        #[serde(rename = "maNV")]
        employee_id: String,
        /// What they may do.
        #[serde(rename = "role")]
        role_id: String,
    },
}

impl Claims for RegistrationClaims {
    const AUDIENCE: &'static str = "registration";
    const LIFETIME: SignedDuration = SignedDuration::from_hours(7 * 24);

    fn subject(&self) -> Cow<'_, str> {
        match &self.holder {
            Holder::Customer { customer_id } => format!("customer {customer_id}").into(),
            Holder::Employee { employee_id, .. } => format!("employee {employee_id}").into(),
        }
    }
}

impl RegistrationClaims {
    /// What is true of an account.
    #[must_use]
    pub fn of(account: &Account) -> Self {
        match account {
            Account::Customer(customer) => Self::of_customer(customer),
            Account::Employee(employee) => Self {
                email: employee.email.clone(),
                holder: Holder::Employee {
                    employee_id: employee.employee_id.clone(),
                    role_id: employee.role.role_id.clone(),
                },
            },
        }
    }

    /// What is true of a customer.
    #[must_use]
    pub fn of_customer(customer: &Customer) -> Self {
        let customer_id = customer.customer_id.to_string();
        Self { email: customer.email.clone(), holder: Holder::Customer { customer_id } }
    }
}

/// An address as text.
mod text {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::email::EmailAddress;

    pub(super) fn serialize<S: Serializer>(email: &EmailAddress, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(email.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<EmailAddress, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
