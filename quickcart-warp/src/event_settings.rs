//! Where events of orders go, as it is given.

use std::sync::Arc;

use clap::{Args, ValueEnum};
use quickcart_core::clock::SystemClock;
use quickcart_core::outbox::{LogPublisher, Publisher, RedisStreamPublisher, WebhookPublisher};

use crate::config::{ConfigError, given, wrong};

/// What may take events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EventTarget {
    /// Nothing: they wait in the database
    None,
    /// The log of this server
    Log,
    /// QUICKCART_EVENTS_WEBHOOK_URL
    Webhook,
    /// A stream of the Redis that REDIS_URL names
    Redis,
}

#[derive(Args, Clone)]
pub(crate) struct EventSettings {
    /// Where each event of an order goes, at least once and in its order's order
    #[arg(long, env = "QUICKCART_EVENTS", value_name = "TARGET", default_value = "none", value_enum)]
    events: EventTarget,

    /// Post events here, signed as https://www.standardwebhooks.com has it
    #[arg(long, env = "QUICKCART_EVENTS_WEBHOOK_URL", value_name = "URL")]
    events_webhook_url: Option<String>,

    /// Signs them: whsec_ and 24 bytes or more in Base64
    #[arg(long, env = "QUICKCART_EVENTS_WEBHOOK_SECRET", hide_env_values = true, value_name = "SECRET")]
    events_webhook_secret: Option<String>,

    /// Append events to this stream
    #[arg(long, env = "QUICKCART_EVENTS_STREAM", value_name = "NAME", default_value = "quickcart:events")]
    events_stream: String,
}

impl EventSettings {
    pub(crate) fn check(&self, redis_url: Option<&str>) -> Result<Option<Arc<dyn Publisher>>, ConfigError> {
        let publisher: Arc<dyn Publisher> = match self.events {
            EventTarget::None => return Ok(None),
            EventTarget::Log => Arc::new(LogPublisher),
            EventTarget::Webhook => Arc::new(self.webhook()?),
            EventTarget::Redis => Arc::new(self.stream(redis_url)?),
        };
        Ok(Some(publisher))
    }

    fn webhook(&self) -> Result<WebhookPublisher, ConfigError> {
        let Some(url) = given(self.events_webhook_url.as_ref()) else {
            return wrong("QUICKCART_EVENTS=webhook needs QUICKCART_EVENTS_WEBHOOK_URL");
        };
        let Some(secret) = given(self.events_webhook_secret.as_ref()) else {
            return wrong("QUICKCART_EVENTS=webhook needs QUICKCART_EVENTS_WEBHOOK_SECRET");
        };
        WebhookPublisher::new(url, secret, Arc::new(SystemClock))
            .or_else(|error| wrong(format!("QUICKCART_EVENTS=webhook: {error}")))
    }

    fn stream(&self, redis_url: Option<&str>) -> Result<RedisStreamPublisher, ConfigError> {
        let Some(url) = redis_url.filter(|url| !url.is_empty()) else {
            return wrong("QUICKCART_EVENTS=redis needs REDIS_URL");
        };
        RedisStreamPublisher::new(url, &self.events_stream, RedisStreamPublisher::LENGTH_MAX)
            .or_else(|error| wrong(format!("QUICKCART_EVENTS=redis: {error}")))
    }
}
