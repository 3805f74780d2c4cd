//! Events as entries of a [Redis stream](https://redis.io/docs/latest/develop/data-types/streams/).

use std::fmt;
use std::time::Duration;

use ::redis::aio::MultiplexedConnection;
use ::redis::{AsyncConnectionConfig, Client, cmd};
use async_trait::async_trait;
use tokio::sync::Mutex;

use super::{OutboxEvent, PublishError, Publisher};

/// How long connecting, and one entry, may take.
const TIME_MAX: Duration = Duration::from_secs(2);

/// Appends each event to a stream, with the fields `id`, `type` and `event`, the whole event as JSON. `Debug` shows
/// the stream only.
pub struct RedisStreamPublisher {
    client: Client,
    stream: String,
    length_max: u64,
    connection: Mutex<Option<MultiplexedConnection>>,
}

/// There can be no stream with these settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidStream(&'static str);

impl RedisStreamPublisher {
    /// How many entries a stream keeps, about.
    pub const LENGTH_MAX: u64 = 1_000_000;

    /// Appends to the stream with this name at `redis://…`; connects with the first event. About `length_max` entries are kept, and
    /// older ones go.
    ///
    /// # Errors
    /// [`InvalidStream`].
    pub fn new(url: &str, stream: &str, length_max: u64) -> Result<Self, InvalidStream> {
        let client = Client::open(url).map_err(|_| InvalidStream("the URL is not redis://host:port"))?;
        if stream.is_empty() {
            return Err(InvalidStream("the stream has no name"));
        }
        Ok(Self { client, stream: stream.to_owned(), length_max, connection: Mutex::default() })
    }

    async fn connection(&self) -> Result<MultiplexedConnection, PublishError> {
        let mut connection = self.connection.lock().await;
        if let Some(connection) = &*connection {
            return Ok(connection.clone());
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(TIME_MAX))
            .set_response_timeout(Some(TIME_MAX));
        let made = self.client.get_multiplexed_async_connection_with_config(&config).await;
        let made = made.map_err(|error| PublishError(error.to_string()))?;
        Ok(connection.insert(made).clone())
    }
}

impl fmt::Debug for RedisStreamPublisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStreamPublisher").field("stream", &self.stream).finish_non_exhaustive()
    }
}

#[async_trait]
impl Publisher for RedisStreamPublisher {
    async fn publish(&self, event: &OutboxEvent) -> Result<(), PublishError> {
        let mut connection = self.connection().await?;
        let json = event.json();
        let mut append = cmd("XADD");
        append.arg(&self.stream).arg("MAXLEN").arg("~").arg(self.length_max).arg("*");
        append.arg("id").arg(event.id()).arg("type").arg(json["type"].as_str().unwrap_or_default());
        append.arg("event").arg(json.to_string());
        match append.query_async::<String>(&mut connection).await {
            Ok(_) => Ok(()),
            Err(error) => {
                // The next one connects anew.
                *self.connection.lock().await = None;
                Err(PublishError(error.to_string()))
            }
        }
    }
}
