//! Orders: what was in the trolley, at the prices of the moment.

mod error;
mod idempotency;
mod kind;
mod payment;
mod pricing;
mod returns;
mod status;
mod under_way;

use async_trait::async_trait;

pub use error::OrderError;
pub use idempotency::{IdempotencyKey, InvalidIdempotencyKey};
pub use kind::{OrderKind, UnknownOrderKind};
pub use payment::{Payment, PaymentEvent, PaymentMethod, PaymentState, UnknownPayment};
pub use pricing::{OrderLine, Totals, price};
pub use returns::{
    InvalidReturn, Return, ReturnId, ReturnReason, ReturnRequest, ReturnState, ReturnStep, ReturnStore,
    UnknownReturn,
};
pub use status::{OrderEvent, OrderStatus, UnknownOrderStatus};
pub(crate) use under_way::UnderWay;

use crate::account::UserId;
use crate::cart::{CartId, Quantity};
use crate::catalog::{Page, ProductId};
use crate::clock::Timestamp;
use crate::money::Money;
pub use crate::transition::{Actor, IllegalTransition, Transition};

/// Names an order.
pub type OrderId = i64;

/// What a shopper bought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Its number.
    pub order_id: OrderId,
    /// Who bought it.
    pub user_id: UserId,
    /// The trolley it was carried in.
    pub cart_id: CartId,
    /// Where it stands.
    pub status: OrderStatus,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// What is owed for it.
    pub payment: Payment,
    /// The sums over all lines, as it was placed; see [`totals_delivered`](Self::totals_delivered).
    pub totals: Totals,
    /// One line a product.
    pub lines: Vec<OrderLine>,
}

impl Order {
    /// As it was when it was placed: what a request that comes again is answered.
    #[must_use]
    pub fn as_placed(mut self) -> Self {
        self.status = OrderStatus::Verified;
        self.payment = self.totals.payment(self.payment.method);
        for line in &mut self.lines {
            (line.short, line.returned) = (0, 0);
        }
        self
    }

    /// The sums without the pieces that were not to be had.
    #[must_use]
    pub fn totals_delivered(&self) -> Totals {
        self.totals.without_short(&self.lines)
    }

    /// What was asked for pieces that are not to be had, as staff say who put the order together.
    ///
    /// # Errors
    /// [`OrderError::Illegal`] when nobody does; [`OrderError::NotSoMany`]; [`OrderError::NothingLeft`] when they are all there is.
    pub fn short_pick(&self, product_id: ProductId, missing: Quantity) -> Result<Money, OrderError> {
        self.status.after(OrderEvent::ShortPick, Actor::Staff)?;
        let asked = pricing::asked_for(self, [(product_id, missing)])?;
        if self.totals_delivered().quantity == missing.get() {
            return Err(OrderError::NothingLeft);
        }
        Ok(asked)
    }
}

/// Keeps orders. Each method is one atomic step.
#[async_trait]
pub trait OrderStore: Send + Sync + 'static {
    /// Makes an order of all that is in the shopper's trolley, empties the trolley and gives it back: all or nothing.
    /// The order is verified at once, since its shopper has proved a phone, and a payment is pending. Of products whose stock is
    /// counted, its pieces are taken from there, first those that are held for the shopper. Once this has answered, the
    /// order survives the end of the process and of the machine.
    ///
    /// A key that has made an order already makes no other: the answer is that order, [as it was placed](Order::as_placed).
    async fn checkout(
        &self,
        user_id: UserId,
        payment: PaymentMethod,
        key: Option<&IdempotencyKey>,
        now: Timestamp,
    ) -> Result<Order, OrderError>;

    /// Moves an order on, with its event; that of another shopper than `owner` is none. What a cancelled order took from stock
    /// goes back.
    async fn advance_order(
        &self,
        order_id: OrderId,
        owner: Option<UserId>,
        event: OrderEvent,
        by: Actor,
        now: Timestamp,
    ) -> Result<Order, OrderError>;

    /// Takes pieces out of an order that are not to be had: it costs so much less, and stock says that they are not there.
    async fn short_pick(
        &self,
        order_id: OrderId,
        product_id: ProductId,
        missing: Quantity,
        now: Timestamp,
    ) -> Result<Order, OrderError>;

    /// The shopper's orders, newest first.
    async fn orders(&self, user_id: UserId, page: Page) -> Result<Vec<Order>, OrderError>;
}
