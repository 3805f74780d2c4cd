//! What is owed for an order: the way it is paid, and how far that is.

use std::fmt;
use std::str::FromStr;

use super::OrderStatus;
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
    /// How much of it went back.
    pub refunded: Money,
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
    // Only what a provider said moves money; nobody moves it by hand, but what they can count.
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
        // So it is by whoever gives it back.
        Transition { from: Some(Paid), event: On::RefundPart, to: PartiallyRefunded, by: &[Staff, System] },
        Transition {
            from: Some(PartiallyRefunded),
            event: On::RefundPart,
            to: PartiallyRefunded,
            by: &[Staff, System],
        },
        Transition { from: Some(Paid), event: On::Refund, to: Refunded, by: &[Staff, System] },
        Transition { from: Some(PartiallyRefunded), event: On::Refund, to: Refunded, by: &[Staff, System] },
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

impl Payment {
    /// A payment that nobody has begun.
    #[must_use]
    pub const fn pending(method: PaymentMethod, amount: Money) -> Self {
        Self { method, state: Pending, amount, refunded: Money::new(0, amount.currency()) }
    }

    /// What becomes of it when the order gets there. What is not delivered is not owed any more, but what was paid goes back by the
    /// provider; cash is collected with the delivery.
    ///
    /// # Errors
    /// [`IllegalTransition`] when the table does not allow it.
    pub fn when(self, status: OrderStatus) -> Result<Self, IllegalTransition> {
        let event = match (status, self.state) {
            (OrderStatus::Cancelled, Authorized) => On::Void,
            (OrderStatus::Cancelled, Pending | RequiresAction | Processing) => On::Cancel,
            (OrderStatus::Delivered, Pending) if self.method == PaymentMethod::Cash => On::Capture,
            _ => return Ok(self),
        };
        Ok(Self { state: self.state.after(event, System)?, ..self })
    }

    /// What becomes of it when a part of the order is not wanted any more: of what is not paid less is owed, of what is paid so much
    /// goes back, though never more than is there.
    ///
    /// # Errors
    /// [`IllegalTransition`] while the provider is at it.
    pub fn less(self, part: Money) -> Result<Self, IllegalTransition> {
        let nothing = Money::new(0, self.amount.currency());
        match self.state {
            Pending | Authorized => Ok(Self { amount: self.amount.minus(part).unwrap_or(nothing), ..self }),
            Failed | Expired | Cancelled | Voided | Refunded => Ok(self),
            _ if part == nothing => Ok(self),
            Paid | PartiallyRefunded | RequiresAction | Processing | Disputed => {
                let refunded = self.refunded.plus(part).filter(|back| back.minor() < self.amount.minor());
                let event = if refunded.is_some() { On::RefundPart } else { On::Refund };
                let state = self.state.after(event, Staff)?;
                Ok(Self { state, refunded: refunded.unwrap_or(self.amount), ..self })
            }
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
    use crate::money::Currency;
    use crate::transition::mermaid;

    #[test]
    fn money_moves_by_providers_and_cash_by_staff() {
        assert_eq!(Pending.after(On::Capture, Staff), Ok(Paid));
        assert!(Processing.after(On::Capture, Staff).is_err());
        for line in PaymentState::TRANSITIONS {
            assert!(!line.by.contains(&Actor::Customer), "{} {}", line.event, line.to);
        }
    }

    fn payment(state: PaymentState, amount: i64, refunded: i64) -> Payment {
        let money = |minor| Money::new(minor, Currency::INR);
        Payment { method: PaymentMethod::Cash, state, amount: money(amount), refunded: money(refunded) }
    }

    #[test]
    fn an_order_takes_its_payment_along() {
        let after = |state, status| payment(state, 5, 0).when(status).unwrap().state;
        assert_eq!(after(Pending, OrderStatus::Cancelled), Cancelled);
        assert_eq!(after(Authorized, OrderStatus::Cancelled), Voided);
        assert_eq!(after(Paid, OrderStatus::Cancelled), Paid);
        assert_eq!(after(Pending, OrderStatus::Delivered), Paid);
        assert_eq!(after(Pending, OrderStatus::Shipped), Pending);
        let card = Payment { method: PaymentMethod::Card, ..payment(Pending, 5, 0) };
        assert_eq!(card.when(OrderStatus::Delivered), Ok(card));
    }

    #[test]
    fn what_is_not_paid_is_owed_less_and_what_is_paid_goes_back() {
        let less = |from: Payment, part| from.less(Money::new(part, Currency::INR));
        assert_eq!(less(payment(Pending, 5, 0), 2), Ok(payment(Pending, 3, 0)));
        assert_eq!(less(payment(Authorized, 5, 0), 9), Ok(payment(Authorized, 0, 0)));
        assert_eq!(less(payment(Paid, 5, 0), 2), Ok(payment(PartiallyRefunded, 5, 2)));
        assert_eq!(less(payment(PartiallyRefunded, 5, 2), 2), Ok(payment(PartiallyRefunded, 5, 4)));
        assert_eq!(less(payment(PartiallyRefunded, 5, 4), 2), Ok(payment(Refunded, 5, 5)), "and no more");
        assert_eq!(less(payment(Paid, 5, 0), 0), Ok(payment(Paid, 5, 0)));
        for ended in [Failed, Expired, Cancelled, Voided, Refunded] {
            assert_eq!(less(payment(ended, 5, 0), 2), Ok(payment(ended, 5, 0)));
        }
        for under_way in [RequiresAction, Processing, Disputed] {
            assert!(less(payment(under_way, 5, 0), 2).is_err(), "{under_way}");
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
