//! A provider, and what it is used for.

use std::fmt;
use std::sync::Arc;

use super::super::ledger::MicroUnits;
use super::super::{Message, MessageProvider, Recipient};
use crate::phone::Countries;

/// A provider, the countries that it is used for, and what a message costs there.
#[derive(Clone)]
pub struct Route {
    pub(super) provider: Arc<dyn MessageProvider>,
    countries: Countries,
    price: MicroUnits,
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Route");
        shown.field("provider", &self.name()).field("countries", &self.countries).finish_non_exhaustive()
    }
}

impl Route {
    /// A provider for whomever it [serves](MessageProvider::serves), at no price.
    #[must_use]
    pub fn new(provider: Arc<dyn MessageProvider>) -> Self {
        Self { provider, countries: Countries::All, price: 0 }
    }

    /// The same, for telephones of these countries only.
    #[must_use]
    pub fn with_countries(self, countries: Countries) -> Self {
        Self { countries, ..self }
    }

    /// The same, at this price a message, or a segment of a text message, in millionths of the currency's unit.
    #[must_use]
    pub fn with_price(self, price: MicroUnits) -> Self {
        Self { price, ..self }
    }

    /// The provider's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.provider.name()
    }

    /// What this message costs here.
    pub(super) fn price_of(&self, message: &Message) -> MicroUnits {
        if self.price == 0 {
            return 0;
        }
        let prices = self.provider.prices(message);
        self.price.saturating_mul(MicroUnits::try_from(prices).unwrap_or(MicroUnits::MAX))
    }

    pub(super) fn serves(&self, to: &Recipient) -> bool {
        self.provider.serves(to) && to.phone().is_none_or(|phone| self.countries.contain(phone))
    }
}
