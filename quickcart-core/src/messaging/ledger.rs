//! What messages cost, by provider and country, and how much may be spent.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use metrics::counter;

use crate::clock::Timestamp;

/// A day, in which the limit holds: UTC, in microseconds.
const DAY_US: i64 = 86_400_000_000;

/// Money in millionths of the currency's unit, such as of a rupee: messages cost fractions of the smallest coin.
pub type MicroUnits = u64;

/// Counts messages and what they cost, in the memory of this process. All prices are in one currency.
#[derive(Debug, Default)]
pub struct Ledger {
    daily_max: Option<MicroUnits>,
    book: Mutex<Book>,
}

#[derive(Debug, Default)]
struct Book {
    day: i64,
    spent_today: MicroUnits,
    verified: u64,
    /// By provider and country calling code; 0 is for e-mail.
    entries: BTreeMap<(&'static str, u16), Spending>,
}

/// The price of a message that is under way.
#[derive(Debug)]
pub(super) struct Reserved {
    price: MicroUnits,
    day: i64,
}

/// What messages of one provider to one country cost so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spending {
    /// Messages that were taken, or may have been.
    pub messages: u64,
    /// What they cost.
    pub cost: MicroUnits,
    /// Messages whose code was shown.
    pub converted: u64,
}

/// The ledger's figures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LedgerFigures {
    /// By provider and country calling code; 0 is for e-mail.
    pub spending: Vec<(&'static str, u16, Spending)>,
    /// Codes that were shown.
    pub verified: u64,
}

impl LedgerFigures {
    /// What all messages cost.
    #[must_use]
    pub fn cost(&self) -> MicroUnits {
        self.spending.iter().map(|(_, _, spending)| spending.cost).sum()
    }

    /// What it cost to get one code shown; `None` before the first.
    #[must_use]
    pub fn cost_per_verified(&self) -> Option<MicroUnits> {
        self.cost().checked_div(self.verified)
    }
}

impl Ledger {
    /// A ledger that refuses what would cost more than this in a day (UTC).
    #[must_use]
    pub fn with_daily_max(daily_max: MicroUnits) -> Self {
        Self { daily_max: Some(daily_max), book: Mutex::default() }
    }

    /// Sets the price of a message aside; `None` when the day's limit does not allow it.
    pub(super) fn reserve(&self, price: MicroUnits, now: Timestamp) -> Option<Reserved> {
        let mut book = self.book();
        book.turn_page(now);
        let after = book.spent_today.saturating_add(price);
        let is_allowed = self.daily_max.is_none_or(|most| after <= most);
        is_allowed.then(|| {
            book.spent_today = after;
            Reserved { price, day: book.day }
        })
    }

    /// The message was not sent: its price goes back, to the day that it was taken from.
    pub(super) fn release(&self, reserved: Reserved) {
        let mut book = self.book();
        if book.day == reserved.day {
            book.spent_today = book.spent_today.saturating_sub(reserved.price);
        }
    }

    /// The message was taken, or may have been.
    pub(super) fn charge(&self, provider: &'static str, country: u16, Reserved { price, .. }: Reserved) {
        counter!("quickcart_message_cost_micro_total", "provider" => provider).increment(price);
        let mut book = self.book();
        let entry = book.entries.entry((provider, country)).or_default();
        entry.messages += 1;
        entry.cost = entry.cost.saturating_add(price);
    }

    /// A code was shown, of a message by this provider where that is known.
    pub(super) fn convert(&self, provider: Option<&'static str>, country: u16) {
        counter!("quickcart_message_converted_total", "provider" => provider.unwrap_or("unknown"))
            .increment(1);
        let mut book = self.book();
        book.verified += 1;
        if let Some(provider) = provider {
            book.entries.entry((provider, country)).or_default().converted += 1;
        }
    }

    /// All figures so far.
    #[must_use]
    pub fn figures(&self) -> LedgerFigures {
        let book = self.book();
        let spending =
            book.entries.iter().map(|(&(provider, country), &spending)| (provider, country, spending));
        LedgerFigures { spending: spending.collect(), verified: book.verified }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    fn turn_page(&mut self, now: Timestamp) {
        let day = now.as_microsecond().div_euclid(DAY_US);
        if day > self.day {
            (self.day, self.spent_today) = (day, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: i64) -> Timestamp {
        Timestamp::from_microsecond(day * DAY_US).unwrap()
    }

    #[test]
    fn a_day_has_its_limit() {
        let ledger = Ledger::with_daily_max(1_000_000);
        let first = ledger.reserve(600_000, at(1)).unwrap();
        assert!(ledger.reserve(600_000, at(1)).is_none(), "that would be too much");
        ledger.release(first);
        let late = ledger.reserve(1_000_000, at(1)).expect("what was not sent costs nothing");
        assert!(ledger.reserve(1, at(1)).is_none());
        assert!(ledger.reserve(1_000_000, at(2)).is_some(), "another day");
        ledger.release(late);
        assert!(ledger.reserve(1, at(2)).is_none(), "what comes back late is of the day before");
        assert!(ledger.reserve(1, at(1)).is_none(), "a clock that goes back spends nothing twice");
    }

    #[test]
    fn a_login_costs_all_its_messages() {
        let ledger = Ledger::default();
        assert_eq!(ledger.figures().cost_per_verified(), None);
        for price in [250_000, 250_000, 400_000] {
            let reserved = ledger.reserve(price, at(1)).unwrap();
            ledger.charge(if price == 400_000 { "b" } else { "a" }, 91, reserved);
        }
        ledger.convert(Some("b"), 91);
        ledger.convert(None, 91);
        let figures = ledger.figures();
        assert_eq!(figures.cost_per_verified(), Some(450_000));
        let b = Spending { messages: 1, cost: 400_000, converted: 1 };
        assert_eq!(figures.spending[1], ("b", 91, b));
    }
}
