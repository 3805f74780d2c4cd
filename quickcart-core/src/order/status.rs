//! Where an order stands, and who may move it: one table, and nothing happens that is not in it.

use std::fmt;
use std::str::FromStr;

use crate::transition::{Actor, IllegalTransition, Transition, after};

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OrderStatus {
    /// Placed, and not confirmed yet.
    Pending,
    /// Confirmed by somebody who proved a phone.
    Verified,
    /// Being put together.
    Processing,
    /// On its way.
    Shipped,
    /// With the customer.
    Delivered,
    /// Called off; that is final.
    Cancelled,
}

/// What happens to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OrderEvent {
    /// Somebody wants it.
    Place,
    /// The customer showed the code, or had proved the phone before.
    Verify,
    /// Nobody confirmed or paid it in time.
    Expire,
    /// Somebody calls it off.
    Cancel,
    /// The shop begins with it.
    StartProcessing,
    /// Something of it is not to be had.
    ShortPick,
    /// It leaves the shop with a courier.
    Ship,
    /// The customer carries it out of the shop.
    TakeAway,
    /// The courier hands it over.
    Deliver,
    /// The courier brings it back.
    FailDelivery,
    /// Something of it is to come back.
    RequestReturn,
    /// That is there.
    ReceiveReturn,
    /// The money for that goes back.
    RefundReturn,
    /// The shop does not take that back.
    RejectReturn,
}

use Actor::{Courier, Customer, Staff, System};
use OrderEvent as On;
use OrderStatus::{Cancelled, Delivered, Pending, Processing, Shipped, Verified};

impl OrderStatus {
    /// All of them, in the order of an undisturbed order's life.
    pub const ALL: [Self; 6] = [Pending, Verified, Processing, Shipped, Delivered, Cancelled];

    /// Everything that may happen.
    pub const TRANSITIONS: &[Transition<Self, OrderEvent>] = &[
        Transition { from: None, event: On::Place, to: Pending, by: &[Customer] },
        Transition { from: Some(Pending), event: On::Verify, to: Verified, by: &[Customer] },
        Transition { from: Some(Pending), event: On::Expire, to: Cancelled, by: &[System] },
        Transition { from: Some(Pending), event: On::Cancel, to: Cancelled, by: &[Customer] },
        Transition { from: Some(Verified), event: On::StartProcessing, to: Processing, by: &[Staff, System] },
        Transition { from: Some(Verified), event: On::Cancel, to: Cancelled, by: &[Customer, Staff] },
        Transition { from: Some(Processing), event: On::Cancel, to: Cancelled, by: &[Staff] },
        Transition { from: Some(Processing), event: On::ShortPick, to: Processing, by: &[Staff] },
        Transition { from: Some(Processing), event: On::Ship, to: Shipped, by: &[Staff, Courier] },
        Transition { from: Some(Processing), event: On::TakeAway, to: Delivered, by: &[System] },
        Transition { from: Some(Shipped), event: On::Deliver, to: Delivered, by: &[Courier, System] },
        Transition { from: Some(Shipped), event: On::FailDelivery, to: Processing, by: &[Courier, Staff] },
        Transition { from: Some(Delivered), event: On::RequestReturn, to: Delivered, by: &[Customer, Staff] },
        Transition { from: Some(Delivered), event: On::ReceiveReturn, to: Delivered, by: &[Staff] },
        Transition { from: Some(Delivered), event: On::RefundReturn, to: Delivered, by: &[Staff] },
        Transition { from: Some(Delivered), event: On::RejectReturn, to: Delivered, by: &[Staff] },
    ];

    /// Where the order stands after an event.
    ///
    /// # Errors
    /// [`IllegalTransition`] when this cannot happen now, or not by this actor.
    ///
    /// ```
    /// use quickcart_core::order::{Actor, OrderEvent, OrderStatus};
    ///
    /// let status = OrderStatus::Verified.after(OrderEvent::StartProcessing, Actor::Staff)?;
    /// assert_eq!(status, OrderStatus::Processing);
    /// assert!(status.after(OrderEvent::Cancel, Actor::Customer).is_err(), "it is too late for that");
    /// # Ok::<(), quickcart_core::order::IllegalTransition>(())
    /// ```
    pub fn after(self, event: OrderEvent, by: Actor) -> Result<Self, IllegalTransition> {
        after(Self::TRANSITIONS, Some(self), event, by)
    }

    /// Where a new order stands.
    ///
    /// # Errors
    /// [`IllegalTransition`] when this actor places no orders.
    pub fn placed(by: Actor) -> Result<Self, IllegalTransition> {
        after(Self::TRANSITIONS, None, OrderEvent::Place, by)
    }

    /// Its name in databases and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Pending => "pending",
            Verified => "verified",
            Processing => "processing",
            Shipped => "shipped",
            Delivered => "delivered",
            Cancelled => "cancelled",
        }
    }
}

impl OrderEvent {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Place,
        Self::Verify,
        Self::Expire,
        Self::Cancel,
        Self::StartProcessing,
        Self::ShortPick,
        Self::Ship,
        Self::TakeAway,
        Self::Deliver,
        Self::FailDelivery,
        Self::RequestReturn,
        Self::ReceiveReturn,
        Self::RefundReturn,
        Self::RejectReturn,
    ];

    /// Whether it is of single products of the order, which have to be named.
    #[must_use]
    pub const fn names_products(self) -> bool {
        matches!(
            self,
            Self::ShortPick
                | Self::RequestReturn
                | Self::ReceiveReturn
                | Self::RefundReturn
                | Self::RejectReturn
        )
    }

    /// Who does it when the shop says so: what the shop says of a delivery, it says for its courier.
    #[must_use]
    pub const fn said_by_shop(self) -> Actor {
        match self {
            Self::Deliver => Courier,
            _ => Staff,
        }
    }

    /// The event with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.as_str() == name)
    }

    /// Its name in databases and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Place => "place",
            Self::Verify => "verify",
            Self::Expire => "expire",
            Self::Cancel => "cancel",
            Self::StartProcessing => "start_processing",
            Self::ShortPick => "short_pick",
            Self::Ship => "ship",
            Self::TakeAway => "take_away",
            Self::Deliver => "deliver",
            Self::FailDelivery => "fail_delivery",
            Self::RequestReturn => "request_return",
            Self::ReceiveReturn => "receive_return",
            Self::RefundReturn => "refund_return",
            Self::RejectReturn => "reject_return",
        }
    }
}

impl fmt::Display for OrderStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for OrderEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for OrderStatus {
    type Err = UnknownOrderStatus;

    fn from_str(text: &str) -> Result<Self, UnknownOrderStatus> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or(UnknownOrderStatus)
    }
}

/// No order stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an order is pending, verified, processing, shipped, delivered or cancelled")]
pub struct UnknownOrderStatus;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transition::mermaid;

    /// The whole table once more, as somebody would draw it: from, event, actor; everything else is refused.
    #[test]
    fn every_status_event_and_actor_is_decided() {
        let allowed = |status, event, by| match (status, event) {
            (Pending, On::Verify | On::Cancel) => (by == Customer).then_some(match event {
                On::Verify => Verified,
                _ => Cancelled,
            }),
            (Pending, On::Expire) => (by == System).then_some(Cancelled),
            (Verified, On::StartProcessing) => matches!(by, Staff | System).then_some(Processing),
            (Verified, On::Cancel) => matches!(by, Customer | Staff).then_some(Cancelled),
            (Processing, On::Cancel) => (by == Staff).then_some(Cancelled),
            (Processing, On::ShortPick) => (by == Staff).then_some(Processing),
            (Processing, On::Ship) => matches!(by, Staff | Courier).then_some(Shipped),
            (Processing, On::TakeAway) => (by == System).then_some(Delivered),
            (Shipped, On::Deliver) => matches!(by, Courier | System).then_some(Delivered),
            (Shipped, On::FailDelivery) => matches!(by, Courier | Staff).then_some(Processing),
            (Delivered, On::RequestReturn) => matches!(by, Customer | Staff).then_some(Delivered),
            (Delivered, On::ReceiveReturn | On::RefundReturn | On::RejectReturn) => {
                (by == Staff).then_some(Delivered)
            }
            _ => None,
        };
        for status in OrderStatus::ALL {
            for event in OrderEvent::ALL {
                for by in Actor::ALL {
                    assert_eq!(
                        status.after(event, by).ok(),
                        allowed(status, event, by),
                        "{status} {event} {by}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_refusal_says_what_would_go() {
        let refused = Verified.after(On::Ship, Staff).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "staff cannot ship what is verified; possible: start_processing, cancel"
        );
        let refused = Cancelled.after(On::Verify, Customer).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "customer cannot verify what is cancelled; nothing is possible any more"
        );
    }

    #[test]
    fn the_documentation_shows_this_table() {
        let documentation = include_str!("../../../docs/orders.md");
        assert!(
            documentation.contains(&mermaid(OrderStatus::TRANSITIONS)),
            "{}",
            mermaid(OrderStatus::TRANSITIONS)
        );
    }

    #[test]
    fn names_are_read_back() {
        for status in OrderStatus::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
        }
        assert_eq!("lost".parse::<OrderStatus>(), Err(UnknownOrderStatus));
        for event in OrderEvent::ALL {
            assert_eq!(OrderEvent::from_name(event.as_str()), Some(event));
        }
        assert_eq!(OrderEvent::from_name("lose"), None);
    }
}
