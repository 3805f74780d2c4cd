//! Who asks for orders, and what that allows.

use crate::order::{Actor, OrderEvent};
use crate::phone::PhoneNumber;

/// Whose orders somebody sees, and whether as the shop or as a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    owner: Option<PhoneNumber>,
    is_customer: bool,
}

impl Access {
    /// The shop's own people, for all orders.
    #[must_use]
    pub const fn staff() -> Self {
        Self { owner: None, is_customer: false }
    }

    /// A customer, for the orders of a phone that was proved.
    #[must_use]
    pub const fn customer(phone: PhoneNumber) -> Self {
        Self { owner: Some(phone), is_customer: true }
    }

    /// A customer who may do with the orders of the phone what otherwise the shop does, as the old backend had it.
    #[must_use]
    pub const fn trusted_customer(phone: PhoneNumber) -> Self {
        Self { owner: Some(phone), is_customer: false }
    }

    /// The same, for the orders of one phone only; `None` when those cannot be seen.
    #[must_use]
    pub fn narrowed(self, phone: PhoneNumber) -> Option<Self> {
        let sees = self.owner.as_ref().is_none_or(|owner| *owner == phone);
        sees.then_some(Self { owner: Some(phone), ..self })
    }

    pub(super) fn owner(&self) -> Option<&PhoneNumber> {
        self.owner.as_ref()
    }

    pub(super) fn is_customer(&self) -> bool {
        self.is_customer
    }

    /// In whose name it happens.
    pub(super) fn actor(&self, event: OrderEvent) -> Actor {
        if self.is_customer { Actor::Customer } else { event.said_by_shop() }
    }
}
