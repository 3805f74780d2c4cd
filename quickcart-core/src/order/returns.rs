//! What comes back of an order that was delivered: it has states of its own, while the order stays delivered.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;

use super::{Actor, IllegalTransition, Order, OrderError, OrderEvent, OrderId, Transition, pricing};
use crate::account::UserId;
use crate::cart::Quantity;
use crate::catalog::{Page, ProductId};
use crate::clock::Timestamp;
use crate::error::{DomainError, ErrorKind};
use crate::money::Money;
use crate::transition::after;

/// Names a return.
pub type ReturnId = i64;

/// Pieces of an order that come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Return {
    /// Its number.
    pub return_id: ReturnId,
    /// What they were bought with.
    pub order_id: OrderId,
    /// Who bought them.
    pub user_id: UserId,
    /// How far it is.
    pub state: ReturnState,
    /// Why they come back.
    pub reason: ReturnReason,
    /// When somebody asked for it.
    pub requested_at: Timestamp,
    /// What was asked for the pieces, which goes back.
    pub amount: Money,
    /// How many pieces of which products, by product.
    pub lines: Vec<(ProductId, Quantity)>,
}

/// How far a return is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReturnState {
    /// Somebody wants to give the pieces back.
    Requested,
    /// They are in the shop.
    Received,
    /// The money went back.
    Refunded,
    /// The shop does not take them.
    Rejected,
}

use Actor::{Customer, Staff};
use OrderEvent as On;
use ReturnState::{Received, Refunded, Rejected, Requested};

impl ReturnState {
    /// All of them, in the order of an undisturbed return's life.
    pub const ALL: [Self; 4] = [Requested, Received, Refunded, Rejected];

    /// Everything that may happen, each with its event of the order.
    pub const TRANSITIONS: &[Transition<Self, OrderEvent>] = &[
        Transition { from: None, event: On::RequestReturn, to: Requested, by: &[Customer, Staff] },
        Transition { from: Some(Requested), event: On::ReceiveReturn, to: Received, by: &[Staff] },
        Transition { from: Some(Requested), event: On::RejectReturn, to: Rejected, by: &[Staff] },
        Transition { from: Some(Received), event: On::RefundReturn, to: Refunded, by: &[Staff] },
        Transition { from: Some(Received), event: On::RejectReturn, to: Rejected, by: &[Staff] },
    ];

    /// How far the return is after an event.
    ///
    /// # Errors
    /// [`IllegalTransition`] when this cannot happen now, or not by this actor.
    pub fn after(self, event: OrderEvent, by: Actor) -> Result<Self, IllegalTransition> {
        after(Self::TRANSITIONS, Some(self), event, by)
    }

    /// How far a new return is.
    ///
    /// # Errors
    /// [`IllegalTransition`] when this actor asks for none.
    pub fn requested(by: Actor) -> Result<Self, IllegalTransition> {
        after(Self::TRANSITIONS, None, On::RequestReturn, by)
    }

    /// Its name in databases and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Requested => "requested",
            Received => "received",
            Refunded => "refunded",
            Rejected => "rejected",
        }
    }
}

/// What the shop does with a return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReturnStep {
    /// The pieces came, and nobody else gets them.
    Receive,
    /// The pieces came and can be sold again: they are back in stock, where that is counted.
    Restock,
    /// The money goes back.
    Refund,
    /// The shop does not take them.
    Reject,
}

impl ReturnStep {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Receive, Self::Restock, Self::Refund, Self::Reject];

    /// Its name in addresses and in Python.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Receive => "receive",
            Self::Restock => "restock",
            Self::Refund => "refund",
            Self::Reject => "reject",
        }
    }

    /// What it is to the order.
    #[must_use]
    pub const fn event(self) -> OrderEvent {
        match self {
            Self::Receive | Self::Restock => On::ReceiveReturn,
            Self::Refund => On::RefundReturn,
            Self::Reject => On::RejectReturn,
        }
    }
}

/// Why pieces come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReturnReason {
    /// They are broken.
    Damaged,
    /// They are past their date.
    Expired,
    /// They are not what was ordered.
    WrongItem,
    /// The customer does not want them any more.
    Unwanted,
    /// Something else.
    Other,
}

impl ReturnReason {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Damaged, Self::Expired, Self::WrongItem, Self::Unwanted, Self::Other];

    /// Its name in databases and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Damaged => "damaged",
            Self::Expired => "expired",
            Self::WrongItem => "wrong_item",
            Self::Unwanted => "unwanted",
            Self::Other => "other",
        }
    }
}

/// What somebody wants to give back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnRequest {
    reason: ReturnReason,
    lines: BTreeMap<ProductId, Quantity>,
}

impl ReturnRequest {
    /// Pieces of products; what is named twice is added up.
    ///
    /// # Errors
    /// [`InvalidReturn`] without any, or with more than an order can hold.
    pub fn new(
        reason: ReturnReason,
        pieces: impl IntoIterator<Item = (ProductId, Quantity)>,
    ) -> Result<Self, InvalidReturn> {
        let mut lines = BTreeMap::new();
        for (product_id, quantity) in pieces {
            let sum = match lines.get(&product_id) {
                Some(before) => quantity.plus(*before).ok_or(InvalidReturn)?,
                None => quantity,
            };
            lines.insert(product_id, sum);
        }
        if lines.is_empty() { Err(InvalidReturn) } else { Ok(Self { reason, lines }) }
    }

    /// Why.
    #[must_use]
    pub const fn reason(&self) -> ReturnReason {
        self.reason
    }

    /// How many pieces of which products, by product.
    pub fn lines(&self) -> impl Iterator<Item = (ProductId, Quantity)> + Clone {
        self.lines.iter().map(|(product_id, quantity)| (*product_id, *quantity))
    }

    /// What was asked for the pieces.
    ///
    /// # Errors
    /// [`OrderError::NotSoMany`] when fewer of them are left in the order.
    pub fn amount(&self, order: &Order) -> Result<Money, OrderError> {
        pricing::asked_for(order, self.lines())
    }
}

/// Nothing is to come back, or more than an order can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a return names at least one product, and at most {} pieces of each", Quantity::MAX)]
pub struct InvalidReturn;

impl DomainError for InvalidReturn {
    fn kind(&self) -> ErrorKind {
        ErrorKind::InvalidInput
    }

    fn code(&self) -> &'static str {
        "invalid_return"
    }
}

/// Keeps returns. Each method is one atomic step, and writes its event to the order.
#[async_trait]
pub trait ReturnStore: Send + Sync + 'static {
    /// Begins a return of an order that was delivered at `delivered_since` or later; that of another shopper than `owner` is none.
    async fn request_return(
        &self,
        order_id: OrderId,
        owner: Option<UserId>,
        request: &ReturnRequest,
        by: Actor,
        delivered_since: Timestamp,
        now: Timestamp,
    ) -> Result<Return, OrderError>;

    /// Moves a return on, as staff do. What is refunded is owed less, or goes back; what is rejected can be returned again.
    async fn advance_return(
        &self,
        return_id: ReturnId,
        step: ReturnStep,
        now: Timestamp,
    ) -> Result<Return, OrderError>;

    /// The returns of an order, newest first; that of another shopper than `owner` is none.
    async fn returns_of_order(
        &self,
        order_id: OrderId,
        owner: Option<UserId>,
    ) -> Result<Vec<Return>, OrderError>;

    /// The returns of all orders, or those that are so far, oldest first: as they are to be worked on.
    async fn returns(&self, state: Option<ReturnState>, page: Page) -> Result<Vec<Return>, OrderError>;
}

/// The text is no state of a return, no step and no reason for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no such state or step of a return, and no such reason for one")]
pub struct UnknownReturn;

impl FromStr for ReturnState {
    type Err = UnknownReturn;

    fn from_str(text: &str) -> Result<Self, UnknownReturn> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(UnknownReturn)
    }
}

impl FromStr for ReturnStep {
    type Err = UnknownReturn;

    fn from_str(text: &str) -> Result<Self, UnknownReturn> {
        Self::ALL.into_iter().find(|step| step.as_str() == text).ok_or(UnknownReturn)
    }
}

impl FromStr for ReturnReason {
    type Err = UnknownReturn;

    fn from_str(text: &str) -> Result<Self, UnknownReturn> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text).ok_or(UnknownReturn)
    }
}

impl fmt::Display for ReturnState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transition::mermaid;

    #[test]
    fn every_state_event_and_actor_is_decided() {
        for state in ReturnState::ALL {
            for event in OrderEvent::ALL {
                for by in Actor::ALL {
                    let allowed = match (state, event) {
                        (Requested, On::ReceiveReturn) => Some(Received),
                        (Received, On::RefundReturn) => Some(Refunded),
                        (Requested | Received, On::RejectReturn) => Some(Rejected),
                        _ => None,
                    };
                    let allowed = allowed.filter(|_| by == Staff);
                    assert_eq!(state.after(event, by).ok(), allowed, "{state} {event} {by}");
                }
            }
        }
        assert_eq!(ReturnState::requested(Customer), Ok(Requested));
        assert!(ReturnState::requested(Actor::Courier).is_err());
    }

    #[test]
    fn the_documentation_shows_this_table() {
        let documentation = include_str!("../../../docs/orders.md");
        let table = mermaid(ReturnState::TRANSITIONS);
        assert!(documentation.contains(&table), "{table}");
    }

    #[test]
    fn what_is_named_twice_is_added_up() {
        let quantity = |count| Quantity::new(count).unwrap();
        let request = |pieces: &[(i64, u32)]| {
            let pieces = pieces.iter().map(|(product_id, count)| (*product_id, quantity(*count)));
            ReturnRequest::new(ReturnReason::Damaged, pieces)
        };
        let lines: Vec<_> = request(&[(2, 1), (1, 1), (2, 3)]).unwrap().lines().collect();
        assert_eq!(lines, [(1, quantity(1)), (2, quantity(4))]);
        assert_eq!(request(&[]), Err(InvalidReturn));
        assert_eq!(request(&[(1, Quantity::MAX), (1, 1)]), Err(InvalidReturn));
    }

    #[test]
    fn names_are_read_back() {
        for state in ReturnState::ALL {
            assert_eq!(state.as_str().parse(), Ok(state));
        }
        for step in ReturnStep::ALL {
            assert_eq!(step.as_str().parse(), Ok(step));
        }
        for reason in ReturnReason::ALL {
            assert_eq!(reason.as_str().parse(), Ok(reason));
        }
        assert_eq!("lost".parse::<ReturnState>(), Err(UnknownReturn));
    }
}
