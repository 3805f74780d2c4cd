//! Events of orders, on their way out of the database: at least once each, and those of one order in their order.
//!
//! Every transition of an order writes its event in the same transaction. A [`Relay`] reads what nobody has heard of yet, gives it to
//! a [`Publisher`] and notes what was taken. When it dies in between, the next one publishes the same again, so whoever listens
//! looks at [`OutboxEvent::id`], which stays the same.

mod log;
#[cfg(feature = "redis")]
mod redis_stream;
mod relay;
#[cfg(feature = "http")]
mod webhook;

use std::fmt;

use async_trait::async_trait;
use serde_json::{Value, json};

pub use log::LogPublisher;
#[cfg(feature = "redis")]
pub use redis_stream::{InvalidStream, RedisStreamPublisher};
pub use relay::{Relay, Round};
#[cfg(feature = "http")]
pub use webhook::{InvalidWebhook, WebhookPublisher};

use crate::clock::Timestamp;
use crate::error::StoreError;
use crate::order::OrderKind;

/// Something that happened to an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxEvent {
    /// Its number in the outbox.
    pub outbox_id: i64,
    /// What kind of order it is.
    pub order_kind: OrderKind,
    /// The order.
    pub order_id: i64,
    /// Counts the events of the order, from one and without gaps.
    pub seq: i64,
    /// What happened, as [`OrderEvent::as_str`](crate::order::OrderEvent::as_str) says it.
    pub event: String,
    /// Where the order stood before; nowhere when it began.
    pub from_status: Option<String>,
    /// Where it stands since.
    pub to_status: String,
    /// Who did it.
    pub actor: String,
    /// When.
    pub at: Timestamp,
    /// What it was about, of an event of single products: a JSON object.
    pub detail: Option<Value>,
}

impl OutboxEvent {
    /// Names the event wherever and however often it is published: `cart-41-2` is the second of the cart's order 41.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}-{}-{}", self.order_kind.as_str(), self.order_id, self.seq)
    }

    /// The event as others get it. There is nothing of a person in it.
    ///
    /// ```
    /// use quickcart_core::clock::Timestamp;
    /// use quickcart_core::order::OrderKind;
    /// use quickcart_core::outbox::OutboxEvent;
    ///
    /// let event = OutboxEvent {
    ///     outbox_id: 7,
    ///     order_kind: OrderKind::Cart,
    ///     order_id: 41,
    ///     seq: 2,
    ///     event: "verify".to_owned(),
    ///     from_status: Some("pending".to_owned()),
    ///     to_status: "verified".to_owned(),
    ///     actor: "customer".to_owned(),
    ///     at: Timestamp::UNIX_EPOCH,
    ///     detail: None,
    /// };
    /// assert_eq!(event.json()["type"], "order.verify");
    /// assert_eq!(event.json()["data"]["order_id"], 41);
    /// ```
    #[must_use]
    pub fn json(&self) -> Value {
        let mut data = json!({
            "order_kind": self.order_kind.as_str(),
            "order_id": self.order_id,
            "seq": self.seq,
            "from_status": self.from_status,
            "to_status": self.to_status,
            "actor": self.actor,
        });
        if let Some(detail) = &self.detail {
            data["detail"] = detail.clone();
        }
        json!({ "type": format!("order.{}", self.event), "timestamp": self.at.to_string(), "data": data })
    }
}

/// Keeps the outbox. Each method is one atomic step.
#[async_trait]
pub trait OutboxStore: Send + Sync + 'static {
    /// Makes `relay` the one that publishes, until `until`, unless another is it at `now`; answers the oldest events that nobody has
    /// heard of, and `None` when another relay is at it.
    async fn claim_outbox(
        &self,
        relay: &str,
        until: Timestamp,
        limit: u32,
        now: Timestamp,
    ) -> Result<Option<Vec<OutboxEvent>>, StoreError>;

    /// Notes that these were published. With `release`, another relay may begin at once.
    async fn note_published(
        &self,
        relay: &str,
        outbox_ids: &[i64],
        release: bool,
        now: Timestamp,
    ) -> Result<(), StoreError>;
}

/// Where events go. `Debug` shows no secret.
#[async_trait]
pub trait Publisher: fmt::Debug + Send + Sync + 'static {
    /// Gives one event away. It has arrived when this answers `Ok`.
    async fn publish(&self, event: &OutboxEvent) -> Result<(), PublishError>;
}

/// An event was not taken; it will be given again.
#[derive(Debug, thiserror::Error)]
#[error("an event was not published: {0}")]
pub struct PublishError(pub String);
