//! Where a cart stands, and who may move it: one table, and nothing happens that is not in it.

use std::fmt;

use crate::clock::Timestamp;
use crate::transition::{Actor, IllegalTransition, Transition, after};

/// Where a cart stands. Nothing keeps this: it follows from what is known of the cart, and from the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CartState {
    /// Somebody fills it.
    Open,
    /// Its shopper pays, and what lies in it is held for them.
    Locked,
    /// Its scale shows another weight than its lines have, and nobody pays before that is cleared up.
    Blocked,
    /// It was a guest's, and is part of a shopper's cart.
    Merged,
    /// It has become an order.
    Converted,
    /// Its shopper gave it back, or its guest has left.
    Abandoned,
}

/// What happens to a cart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CartStep {
    /// Something is put in or taken out.
    ChangeLines,
    /// Its scale shows what its lines weigh.
    Weigh,
    /// Its scale shows something else.
    Mismatch,
    /// Its shopper has put the lines right.
    Rescan,
    /// Somebody of the shop has looked at it.
    Approve,
    /// Its guest signs in, and its lines go into a shopper's cart.
    Merge,
    /// Its shopper begins to pay.
    BeginCheckout,
    /// Its shopper thinks better of it.
    CancelCheckout,
    /// Its shopper has taken too long to pay.
    Expire,
    /// Its shopper orders what lies in it.
    PlaceOrder,
    /// It is given back, or nobody has touched it for long.
    Abandon,
}

use Actor::{Customer, Device, Staff, System};
use CartState::{Abandoned, Blocked, Converted, Locked, Merged, Open};
use CartStep as On;

const fn line(
    from: CartState,
    event: CartStep,
    to: CartState,
    by: &'static [Actor],
) -> Transition<CartState, CartStep> {
    Transition { from: Some(from), event, to, by }
}

impl CartState {
    /// All of them.
    pub const ALL: [Self; 6] = [Open, Locked, Blocked, Merged, Converted, Abandoned];

    /// Everything that may happen.
    pub const TRANSITIONS: &[Transition<Self, CartStep>] = &[
        line(Open, On::ChangeLines, Open, &[Customer, Device]),
        line(Open, On::Weigh, Open, &[Device]),
        line(Open, On::Mismatch, Blocked, &[Device]),
        line(Open, On::Merge, Merged, &[System]),
        line(Open, On::BeginCheckout, Locked, &[Customer]),
        line(Open, On::PlaceOrder, Converted, &[Customer]),
        line(Open, On::Abandon, Abandoned, &[Customer, Staff, System]),
        // What lies in a trolley lies there, whoever is about to pay for something else.
        line(Locked, On::ChangeLines, Open, &[Device]),
        line(Locked, On::BeginCheckout, Locked, &[Customer]),
        line(Locked, On::CancelCheckout, Open, &[Customer]),
        line(Locked, On::Expire, Open, &[System]),
        line(Locked, On::PlaceOrder, Converted, &[Customer]),
        line(Locked, On::Abandon, Abandoned, &[Customer, Staff]),
        // The shopper puts the lines right, and the scale goes on weighing.
        line(Blocked, On::ChangeLines, Blocked, &[Customer, Device]),
        line(Blocked, On::Weigh, Blocked, &[Device]),
        line(Blocked, On::Mismatch, Blocked, &[Device]),
        line(Blocked, On::Rescan, Open, &[Customer]),
        line(Blocked, On::Approve, Open, &[Staff]),
        line(Blocked, On::Abandon, Abandoned, &[Staff]),
    ];

    /// Where a cart of a shopper stands that is locked until then, if it is, or whose scale showed a weight that its lines do not
    /// have, if it did. A lock that is over is none, though nobody have taken it off.
    #[must_use]
    pub fn of(locked_until: Option<Timestamp>, blocked_weight_mg: Option<u64>, now: Timestamp) -> Self {
        match (blocked_weight_mg, locked_until) {
            (Some(_), _) => Blocked,
            (None, Some(until)) if now < until => Locked,
            (None, _) => Open,
        }
    }

    /// Where the cart stands after a step.
    ///
    /// # Errors
    /// [`IllegalTransition`] when this cannot happen now, or not by this actor.
    ///
    /// ```
    /// use quickcart_core::cart::{CartState, CartStep};
    /// use quickcart_core::transition::Actor;
    ///
    /// let state = CartState::Open.after(CartStep::BeginCheckout, Actor::Customer)?;
    /// assert!(state.after(CartStep::ChangeLines, Actor::Customer).is_err(), "what is being paid stays as it is");
    /// assert_eq!(state.after(CartStep::ChangeLines, Actor::Device)?, CartState::Open);
    /// # Ok::<(), quickcart_core::transition::IllegalTransition>(())
    /// ```
    pub fn after(self, step: CartStep, by: Actor) -> Result<Self, IllegalTransition> {
        after(Self::TRANSITIONS, Some(self), step, by)
    }

    /// Its name in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Open => "open",
            Locked => "locked",
            Blocked => "blocked",
            Merged => "merged",
            Converted => "converted",
            Abandoned => "abandoned",
        }
    }
}

impl CartStep {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::ChangeLines,
        Self::Weigh,
        Self::Mismatch,
        Self::Rescan,
        Self::Approve,
        Self::Merge,
        Self::BeginCheckout,
        Self::CancelCheckout,
        Self::Expire,
        Self::PlaceOrder,
        Self::Abandon,
    ];

    /// Its name in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ChangeLines => "change_lines",
            Self::Weigh => "weigh",
            Self::Mismatch => "mismatch",
            Self::Rescan => "rescan",
            Self::Approve => "approve",
            Self::Merge => "merge",
            Self::BeginCheckout => "begin_checkout",
            Self::CancelCheckout => "cancel_checkout",
            Self::Expire => "expire",
            Self::PlaceOrder => "place_order",
            Self::Abandon => "abandon",
        }
    }
}

impl fmt::Display for CartState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for CartStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transition::mermaid;

    /// The whole table once more, as somebody would draw it: from, step, actor; everything else is refused.
    #[test]
    fn every_state_step_and_actor_is_decided() {
        let allowed = |state, step, by| match (state, step) {
            (Open, On::ChangeLines) => matches!(by, Customer | Device).then_some(Open),
            (Open, On::Weigh) => (by == Device).then_some(Open),
            (Open | Blocked, On::Mismatch) => (by == Device).then_some(Blocked),
            (Open, On::Merge) => (by == System).then_some(Merged),
            (Open | Locked, On::BeginCheckout) => (by == Customer).then_some(Locked),
            (Open | Locked, On::PlaceOrder) => (by == Customer).then_some(Converted),
            (Open, On::Abandon) => matches!(by, Customer | Staff | System).then_some(Abandoned),
            (Locked, On::ChangeLines) => (by == Device).then_some(Open),
            (Locked, On::CancelCheckout) => (by == Customer).then_some(Open),
            (Locked, On::Expire) => (by == System).then_some(Open),
            (Locked, On::Abandon) => matches!(by, Customer | Staff).then_some(Abandoned),
            (Blocked, On::ChangeLines) => matches!(by, Customer | Device).then_some(Blocked),
            (Blocked, On::Weigh) => (by == Device).then_some(Blocked),
            (Blocked, On::Rescan) => (by == Customer).then_some(Open),
            (Blocked, On::Approve) => (by == Staff).then_some(Open),
            (Blocked, On::Abandon) => (by == Staff).then_some(Abandoned),
            _ => None,
        };
        for state in CartState::ALL {
            for step in CartStep::ALL {
                for by in Actor::ALL {
                    let after = state.after(step, by);
                    assert_eq!(after.ok(), allowed(state, step, by), "{state} {step} {by}");
                }
            }
        }
    }

    #[test]
    fn a_lock_ends_by_itself_and_a_block_does_not() {
        let (now, weight) = (Timestamp::UNIX_EPOCH, Some(0));
        let moment = std::time::Duration::from_millis(1);
        assert_eq!(CartState::of(None, None, now), Open);
        assert_eq!(CartState::of(Some(now + moment), None, now), Locked);
        assert_eq!(CartState::of(Some(now), None, now), Open);
        for until in [None, Some(now), Some(now + moment)] {
            assert_eq!(CartState::of(until, weight, now), Blocked);
        }
    }

    #[test]
    fn a_refusal_says_what_would_go() {
        let refused = Blocked.after(On::PlaceOrder, Customer).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "customer cannot place_order what is blocked; possible: change_lines, rescan"
        );
    }

    #[test]
    fn the_documentation_shows_this_table() {
        let documentation = include_str!("../../../docs/carts.md");
        let table = mermaid(CartState::TRANSITIONS);
        assert!(documentation.contains(&table), "{table}");
    }
}
