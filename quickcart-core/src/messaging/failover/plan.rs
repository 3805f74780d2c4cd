//! Who is asked next.

use std::collections::HashMap;
use std::time::Duration;

use super::super::Message;
use super::super::breaker::{Breaker, Verdict, Weight};
use super::{Attempts, Order, Parts, Route, country_of};

/// How many reports of lost messages in a row open a breaker.
const LOST_MAX: u8 = 5;
/// How fast older messages lose their weight in the measured order: a hundred messages later, to a third.
const FADE: f64 = 0.99;

/// What is known of each provider, and of each in each country.
#[derive(Default)]
pub(super) struct Cells {
    providers: HashMap<usize, Breaker>,
    countries: HashMap<(usize, u16), Cell>,
}

#[derive(Clone, Copy, Default)]
struct Cell {
    breaker: Breaker,
    /// Reports of lost messages since the last one of a message that arrived.
    lost: u8,
    /// Messages taken, and codes shown, with older ones fading.
    sent: f64,
    converted: f64,
}

impl Cells {
    /// When the next message may go this way, in microseconds.
    fn passes_at_us(&self, route: usize, country: u16) -> i64 {
        let provider = self.providers.get(&route).map_or(i64::MIN, Breaker::passes_at_us);
        let cell = self.countries.get(&(route, country)).map_or(i64::MIN, |cell| cell.breaker.passes_at_us());
        provider.max(cell)
    }

    /// A message is on its way.
    pub(super) fn begin(&mut self, route: usize, country: u16, now_us: i64) {
        if let Some(provider) = self.providers.get_mut(&route) {
            provider.begin(now_us);
        }
        if let Some(cell) = self.countries.get_mut(&(route, country)) {
            cell.breaker.begin(now_us);
        }
    }

    pub(super) fn succeed(&mut self, route: usize, country: u16) {
        self.providers.remove(&route);
        let cell = self.countries.entry((route, country)).or_default();
        cell.breaker.succeed();
        cell.sent = cell.sent * FADE + 1.0;
        cell.converted *= FADE;
    }

    pub(super) fn fail(
        &mut self,
        route: usize,
        country: u16,
        verdict: Verdict,
        retry_after: Option<Duration>,
        now_us: i64,
    ) {
        match verdict {
            Verdict::Innocent => {
                if let Some(provider) = self.providers.get_mut(&route) {
                    provider.pass();
                }
                if let Some(cell) = self.countries.get_mut(&(route, country)) {
                    cell.breaker.pass();
                }
            }
            Verdict::Nothing => {}
            Verdict::Country(weight) => {
                // A probe of the whole provider has failed, too.
                if let Some(provider) = self.providers.get_mut(&route) {
                    provider.fail(weight, retry_after, now_us);
                }
                let cell = self.countries.entry((route, country)).or_default();
                cell.breaker.fail(weight, retry_after, now_us);
            }
            Verdict::Provider(weight) => {
                self.providers.entry(route).or_default().fail(weight, retry_after, now_us);
            }
        }
    }

    pub(super) fn convert(&mut self, route: usize, country: u16) {
        if let Some(cell) = self.countries.get_mut(&(route, country)) {
            cell.converted += 1.0;
            cell.lost = 0;
        }
    }

    /// A message arrived, as a report says.
    pub(super) fn arrive(&mut self, route: usize, country: u16) {
        if let Some(cell) = self.countries.get_mut(&(route, country)) {
            cell.lost = 0;
        }
    }

    /// A message was lost, as a report says. They are counted apart: a provider that takes every message may lose them all.
    pub(super) fn lose(&mut self, route: usize, country: u16, now_us: i64) {
        let cell = self.countries.entry((route, country)).or_default();
        cell.lost += 1;
        if cell.lost >= LOST_MAX {
            cell.lost = 0;
            cell.breaker.fail(Weight::AtOnce, None, now_us);
        }
    }

    /// The share of messages whose code was shown, as far as it is known.
    fn conversion(&self, route: usize, country: u16) -> f64 {
        let cell = self.countries.get(&(route, country)).copied().unwrap_or_default();
        ((cell.converted + 1.0) / (cell.sent + 2.0)).min(1.0)
    }
}

impl Parts {
    /// The next route for a message: of those that were not tried, the first that is not left alone. When all are, one is
    /// tried all the same, the one that would be next.
    pub(super) fn next_route(&self, message: &Message, attempts: &mut Attempts) -> Option<usize> {
        let country = country_of(&message.to);
        let (cells, now_us) = (self.cells(), self.now_us());
        // Who makes a code of its own would make void the one that may have been sent.
        let fits = |route: &Route| {
            !(attempts.maybe_sent && route.provider.holds_pins()) && route.serves(&message.to)
        };
        let is_left = |&route: &usize| !attempts.has_tried(route) && fits(&self.routes[route]);
        let left = || (0..self.routes.len()).filter(is_left);
        let available = left().filter(|&route| cells.passes_at_us(route, country) <= now_us);
        let next = match self.policy.order {
            Order::Listed => { available }.next(),
            Order::Measured => {
                let luck = |route| chance(message, route).powf(cells.conversion(route, country).recip());
                available.max_by(|&a, &b| luck(a).total_cmp(&luck(b)))
            }
        };
        if next.is_some() || attempts.has_probed {
            return next;
        }
        let probe = left().min_by_key(|&route| cells.passes_at_us(route, country));
        attempts.has_probed = true;
        probe
    }
}

/// A number above 0 and up to 1 that depends on nothing but the message, whose id is random, and the route. With it, the
/// largest `chance^(1/weight)` is a draw by weight (Efraimidis and Spirakis, 2006).
fn chance(message: &Message, route: usize) -> f64 {
    let half = |from: usize| {
        let bytes: [u8; 8] = std::array::from_fn(|index| message.id[from + index]);
        u64::from_le_bytes(bytes)
    };
    // The finalizer of SplitMix64 (Steele, Lea and Flood, 2014).
    let mut mixed = half(0) ^ half(8).wrapping_add((route as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64 + f64::EPSILON
}
