//! Carries events from the outbox to a publisher.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use data_encoding::HEXLOWER;
use tokio::task::JoinSet;

use super::{OutboxEvent, OutboxStore, Publisher};
use crate::clock::Clock;
use crate::error::StoreError;

/// How many events are read at once.
const BATCH: u32 = 256;
/// How many orders have an event on its way at once.
const IN_FLIGHT: usize = 16;
/// For how long a relay is the one that publishes. A publisher has to give up before: after that, another relay begins.
const LEASE: Duration = Duration::from_secs(60);
/// How long to wait when there was nothing to do.
const IDLE: Duration = Duration::from_millis(500);
/// How long to wait after a failure, at first; twice as long after each further one.
const PAUSE: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(5 * 60);

/// Carries events from the outbox to a publisher. Any number of servers may have one: one at a time is at work.
pub struct Relay {
    store: Arc<dyn OutboxStore>,
    publisher: Arc<dyn Publisher>,
    clock: Arc<dyn Clock>,
    name: String,
}

/// What a round has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Round {
    /// Nobody waits to be published, or another relay is at work.
    Idle,
    /// All that was read was published: this many.
    Published(usize),
    /// This many were published, and some were not.
    Failed(usize),
}

impl Relay {
    /// A relay between the two.
    pub fn new(store: Arc<dyn OutboxStore>, publisher: Arc<dyn Publisher>, clock: Arc<dyn Clock>) -> Self {
        Self { store, publisher, clock, name: HEXLOWER.encode(&rand::random::<[u8; 16]>()) }
    }

    /// Publishes what comes, for ever. After a failure it waits, longer each time, up to five minutes.
    pub async fn run(self) {
        let mut failures = 0;
        loop {
            let pause = match self.round().await {
                Ok(Round::Published(_)) => {
                    failures = 0;
                    continue;
                }
                Ok(Round::Idle) => IDLE,
                Ok(Round::Failed(_)) => {
                    failures += 1;
                    pause_after(failures)
                }
                Err(error) => {
                    failures += 1;
                    tracing::warn!(error = cause_of(&error), "the outbox could not be read");
                    pause_after(failures)
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Publishes what is there now, up to a few hundred events: those of one order one after the other, those of several at once.
    /// After an event that was not taken, those of the same order wait.
    ///
    /// # Errors
    /// [`StoreError`]; what was published may then be published again.
    pub async fn round(&self) -> Result<Round, StoreError> {
        let now = self.clock.now();
        let claimed = self.store.claim_outbox(&self.name, now + LEASE, BATCH, now).await?;
        let Some(events) = claimed.filter(|events| !events.is_empty()) else { return Ok(Round::Idle) };
        let count = events.len();
        let published = self.publish(events).await;
        let all = published.len() == count;
        metrics::counter!("quickcart_event_total", "outcome" => "published")
            .increment(published.len() as u64);
        metrics::counter!("quickcart_event_total", "outcome" => "failed").increment(u64::from(!all));
        // Who cannot publish lets another one try.
        self.store.note_published(&self.name, &published, !all, self.clock.now()).await?;
        Ok(if all { Round::Published(count) } else { Round::Failed(published.len()) })
    }

    async fn publish(&self, events: Vec<OutboxEvent>) -> Vec<i64> {
        let mut orders: BTreeMap<_, Vec<OutboxEvent>> = BTreeMap::new();
        for event in events {
            orders.entry((event.order_kind, event.order_id)).or_default().push(event);
        }
        let (mut published, mut tasks) = (Vec::new(), JoinSet::new());
        for events in orders.into_values() {
            if tasks.len() == IN_FLIGHT
                && let Some(done) = tasks.join_next().await
            {
                published.extend(done.unwrap_or_default());
            }
            tasks.spawn(one_after_the_other(Arc::clone(&self.publisher), events));
        }
        while let Some(done) = tasks.join_next().await {
            // A publisher that panicked has published nothing that is known of.
            published.extend(done.unwrap_or_default());
        }
        published
    }
}

async fn one_after_the_other(publisher: Arc<dyn Publisher>, events: Vec<OutboxEvent>) -> Vec<i64> {
    let mut published = Vec::with_capacity(events.len());
    for event in events {
        if let Err(error) = publisher.publish(&event).await {
            tracing::warn!(id = event.id(), "{error}");
            break;
        }
        published.push(event.outbox_id);
    }
    published
}

fn pause_after(failures: u32) -> Duration {
    PAUSE.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1))).min(PAUSE_MAX)
}

fn cause_of(error: &StoreError) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_five_minutes() {
        assert_eq!([1, 2, 3].map(pause_after), [1, 2, 4].map(Duration::from_secs));
        assert_eq!([9, 10, 40].map(pause_after), [256, 300, 300].map(Duration::from_secs));
    }
}
