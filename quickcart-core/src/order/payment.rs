//! What is owed for an order: the way it is paid, and how far that is.

use std::fmt;
use std::str::FromStr;

use crate::money::Money;
use crate::transition::Actor::{self, Staff, System};
use crate::transition::{IllegalTransition, Transition, after};

/// How an order is paid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PaymentMethod {
    /// At the till, or at the door.
    #[default]
    Cash,
    /// By card.
    Card,
    /// With [bKash](https://www.bkash.com).
    Bkash,
    /// With [Nagad](https://nagad.com.bd).
    Nagad,
}

/// How far a payment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PaymentState {
    /// Owed; nobody has begun to pay it.
    Pending,
    /// The customer has to do something at the provider.
    RequiresAction,
    /// The provider is at it.
    Processing,
    /// The money is set aside.
    Authorized,
    /// The money is the shop's.
    Paid,
    /// A part went back.
    PartiallyRefunded,
    /// All of it went back.
    Refunded,
    /// The customer's bank takes a look.
    Disputed,
    /// The provider refused.
    Failed,
    /// Nobody paid in time.
    Expired,
    /// Not owed any more.
    Cancelled,
    /// What was set aside is free again.
    Voided,
}

/// What happens to a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PaymentEvent {
    /// The order asks for it.
    Create,
    /// The provider asks the customer for something.
    RequireAction,
    /// The provider begins.
    Process,
    /// The provider sets the money aside.
    Authorize,
    /// The money arrives.
    Capture,
    /// The provider refuses.
    Fail,
    /// The time is over.
    Expire,
    /// The order is called off before any money moved.
    Cancel,
    /// The order is called off while the money is set aside.
    Void,
    /// A part goes back.
    RefundPart,
    /// All of it goes back.
    Refund,
    /// The customer's bank asks.
    Dispute,
    /// The bank decides for the shop.
    WinDispute,
    /// The bank decides for the customer.
    LoseDispute,
}

/// What is owed for one order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payment {
    /// How it is paid.
    pub method: PaymentMethod,
    /// How far that is.
    pub state: PaymentState,
    /// How much.
    pub amount: Money,
}

use PaymentEvent as On;
use PaymentState::{
    Authorized, Cancelled, Disputed, Expired, Failed, Paid, PartiallyRefunded, Pending, Processing, Refunded,
    RequiresAction, Voided,
};

const fn line(
    from: PaymentState,
    event: PaymentEvent,
    to: PaymentState,
) -> Transition<PaymentState, PaymentEvent> {
    // Only what a provider said moves money; nobody moves it by hand.
    Transition { from: Some(from), event, to, by: &[System] }
}

impl PaymentState {
    /// Everything that may happen.
    pub const TRANSITIONS: &[Transition<Self, PaymentEvent>] = &[
        Transition { from: None, event: On::Create, to: Pending, by: &[System] },
        line(Pending, On::RequireAction, RequiresAction),
        line(Pending, On::Process, Processing),
        line(RequiresAction, On::Process, Processing),
        line(Processing, On::Authorize, Authorized),
        line(Processing, On::Capture, Paid),
        // Cash is counted by whoever takes it.
        Transition { from: Some(Pending), event: On::Capture, to: Paid, by: &[Staff, System] },
        line(Authorized, On::Capture, Paid),
        line(Pending, On::Fail, Failed),
        line(RequiresAction, On::Fail, Failed),
        line(Processing, On::Fail, Failed),
        line(Pending, On::Expire, Expired),
        line(RequiresAction, On::Expire, Expired),
        line(Processing, On::Expire, Expired),
        line(Pending, On::Cancel, Cancelled),
        line(RequiresAction, On::Cancel, Cancelled),
        line(Processing, On::Cancel, Cancelled),
        line(Authorized, On::Void, Voided),
        line(Paid, On::RefundPart, PartiallyRefunded),
        line(PartiallyRefunded, On::RefundPart, PartiallyRefunded),
        line(Paid, On::Refund, Refunded),
        line(PartiallyRefunded, On::Refund, Refunded),
        line(Paid, On::Dispute, Disputed),
        line(Disputed, On::WinDispute, Paid),
        line(Disputed, On::LoseDispute, Refunded),
    ];

    /// How far the payment is after an event.
    ///
    /// # Errors
    /// [`IllegalTransition`] when this cannot happen now, or not by this actor.
    pub fn after(self, event: PaymentEvent, by: Actor) -> Result<Self, IllegalTransition> {
        after(Self::TRANSITIONS, Some(self), event, by)
    }

    /// What happens to the payment of an order that is called off: what is not delivered is not owed any more. `None` where
    /// nothing does, since what was paid goes back by the provider, and what has ended needs nothing.
    #[must_use]
    pub const fn when_called_off(self) -> Option<PaymentEvent> {
        match self {
            Authorized => Some(On::Void),
            Pending | RequiresAction | Processing => Some(On::Cancel),
            _ => None,
        }
    }

    /// Its name in databases and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Pending => "pending",
            RequiresAction => "requires_action",
            Processing => "processing",
            Authorized => "authorized",
            Paid => "paid",
            PartiallyRefunded => "partially_refunded",
            Refunded => "refunded",
            Disputed => "disputed",
            Failed => "failed",
            Expired => "expired",
            Cancelled => "cancelled",
            Voided => "voided",
        }
    }
}

impl PaymentMethod {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Cash, Self::Card, Self::Bkash, Self::Nagad];

    /// Its name in databases and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cash => "cash",
            Self::Card => "card",
            Self::Bkash => "bkash",
            Self::Nagad => "nagad",
        }
    }
}

impl PaymentEvent {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::RequireAction => "require_action",
            Self::Process => "process",
            Self::Authorize => "authorize",
            Self::Capture => "capture",
            Self::Fail => "fail",
            Self::Expire => "expire",
            Self::Cancel => "cancel",
            Self::Void => "void",
            Self::RefundPart => "refund_part",
            Self::Refund => "refund",
            Self::Dispute => "dispute",
            Self::WinDispute => "win_dispute",
            Self::LoseDispute => "lose_dispute",
        }
    }
}

impl fmt::Display for PaymentState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for PaymentEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for PaymentMethod {
    type Err = UnknownPayment;

    fn from_str(text: &str) -> Result<Self, UnknownPayment> {
        Self::ALL.into_iter().find(|method| method.as_str() == text).ok_or(UnknownPayment)
    }
}

impl FromStr for PaymentState {
    type Err = UnknownPayment;

    fn from_str(text: &str) -> Result<Self, UnknownPayment> {
        let mut states = Self::TRANSITIONS.iter().map(|line| line.to);
        states.find(|state| state.as_str() == text).ok_or(UnknownPayment)
    }
}

/// The text is neither a way to pay nor a state of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no such way or state of a payment")]
pub struct UnknownPayment;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transition::mermaid;

    #[test]
    fn money_moves_by_providers_and_cash_by_staff() {
        assert_eq!(Pending.after(On::Capture, Staff), Ok(Paid));
        assert!(Processing.after(On::Capture, Staff).is_err());
        for line in PaymentState::TRANSITIONS {
            assert!(!line.by.contains(&Actor::Customer), "{} {}", line.event, line.to);
        }
    }

    #[test]
    fn what_ended_stays_ended() {
        for ended in [Refunded, Failed, Expired, Cancelled, Voided] {
            assert!(PaymentState::TRANSITIONS.iter().all(|line| line.from != Some(ended)), "{ended}");
        }
    }

    #[test]
    fn the_documentation_shows_this_table() {
        let documentation = include_str!("../../../docs/orders.md");
        let table = mermaid(PaymentState::TRANSITIONS);
        assert!(documentation.contains(&table), "{table}");
    }

    #[test]
    fn names_are_read_back() {
        for line in PaymentState::TRANSITIONS {
            assert_eq!(line.to.as_str().parse(), Ok(line.to));
        }
        for method in PaymentMethod::ALL {
            assert_eq!(method.as_str().parse(), Ok(method));
        }
        assert_eq!("gold".parse::<PaymentMethod>(), Err(UnknownPayment));
    }
}
