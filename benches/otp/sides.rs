//! Who issues and judges codes on Redis: our store, and bare calls of a script.

use async_trait::async_trait;
use benches::Result;
use quickcart_core::otp::store::RedisOtpStore;
use quickcart_core::otp::{Attempt, AttemptRequest, IssueRequest, OtpStore, Verdict};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, Value, cmd};
use test_servers::RedisServer;

/// Issues and judges, each in one round trip.
#[async_trait]
pub(crate) trait Side: Send + Sync + 'static {
    /// Whether a code was issued.
    async fn issue(&self, request: &IssueRequest) -> Result<bool>;

    /// Whether the code was right.
    async fn verify(&self, request: &AttemptRequest) -> Result<bool>;
}

#[async_trait]
impl Side for RedisOtpStore {
    async fn issue(&self, request: &IssueRequest) -> Result<bool> {
        let decision = OtpStore::issue(self, request).await?;
        Ok(matches!(decision.verdict, Verdict::Issued { .. }))
    }

    async fn verify(&self, request: &AttemptRequest) -> Result<bool> {
        Ok(self.attempt(request).await? == Attempt::Accepted)
    }
}

/// The arguments of a call, keys first.
#[derive(Clone, Default)]
pub(crate) struct Call {
    keys: usize,
    arguments: Vec<Vec<u8>>,
}

impl Call {
    pub(crate) fn key(mut self, key: impl Into<Vec<u8>>) -> Self {
        self.keys += 1;
        self.arguments.push(key.into());
        self
    }

    pub(crate) fn argument(mut self, argument: impl Into<Vec<u8>>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    pub(crate) fn number(self, number: i64) -> Self {
        self.argument(number.to_string())
    }
}

/// A connection as our store has it, and one script.
#[derive(Clone)]
pub(crate) struct Script {
    connection: MultiplexedConnection,
    digest: String,
}

impl Script {
    pub(crate) async fn load(server: &RedisServer, source: &str) -> Result<Self> {
        let config = AsyncConnectionConfig::new().set_response_timeout(Some(RedisOtpStore::TIME_MAX));
        let client = Client::open(server.url())?;
        let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
        let digest = cmd("SCRIPT").arg("LOAD").arg(source).query_async(&mut connection).await?;
        Ok(Self { connection, digest })
    }

    pub(crate) async fn run(&self, call: &Call) -> Result<Value> {
        let mut command: Cmd = cmd("EVALSHA");
        command.arg(&self.digest).arg(call.keys).arg(&call.arguments);
        Ok(command.query_async(&mut self.connection.clone()).await?)
    }
}

/// Calls a script with arguments that are there already, whatever is asked for.
pub(crate) struct Bare {
    pub(crate) script: Script,
    pub(crate) issue: Call,
    pub(crate) verify: Call,
}

#[async_trait]
impl Side for Bare {
    async fn issue(&self, _request: &IssueRequest) -> Result<bool> {
        Ok(self.script.run(&self.issue).await? != Value::Nil)
    }

    async fn verify(&self, _request: &AttemptRequest) -> Result<bool> {
        Ok(self.script.run(&self.verify).await? != Value::Nil)
    }
}
