//! Events as lines of the log.

use async_trait::async_trait;

use super::{OutboxEvent, PublishError, Publisher};

/// Writes each event into the log, as `quickcart::events` at level info.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogPublisher;

#[async_trait]
impl Publisher for LogPublisher {
    async fn publish(&self, event: &OutboxEvent) -> Result<(), PublishError> {
        tracing::info!(
            target: "quickcart::events",
            id = event.id(), event = %event.event, to_status = %event.to_status, actor = %event.actor, at = %event.at, "order"
        );
        Ok(())
    }
}
