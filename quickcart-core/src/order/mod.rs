//! Orders: what was in the trolley, at the prices of the moment.

mod error;
mod idempotency;
mod kind;
mod payment;
mod pricing;
mod status;
mod under_way;

use async_trait::async_trait;

pub use error::OrderError;
pub use idempotency::{IdempotencyKey, InvalidIdempotencyKey};
pub use kind::{OrderKind, UnknownOrderKind};
pub use payment::{Payment, PaymentEvent, PaymentMethod, PaymentState, UnknownPayment};
pub use pricing::{OrderLine, Totals, price};
pub use status::{OrderEvent, OrderStatus, UnknownOrderStatus};
pub(crate) use under_way::UnderWay;

use crate::account::UserId;
use crate::cart::CartId;
use crate::catalog::Page;
use crate::clock::Timestamp;
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
    /// The sums over all lines.
    pub totals: Totals,
    /// One line a product.
    pub lines: Vec<OrderLine>,
}

impl Order {
    /// As it was when it was placed: what a request that comes again is answered.
    #[must_use]
    pub fn as_placed(mut self) -> Self {
        self.status = OrderStatus::Verified;
        self.payment.state = PaymentState::Pending;
        self
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

    /// The shopper's orders, newest first.
    async fn orders(&self, user_id: UserId, page: Page) -> Result<Vec<Order>, OrderError>;
}
