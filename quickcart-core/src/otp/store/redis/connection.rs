//! One multiplexed connection that comes back, and what has to be known of the server at its other end.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use ::redis::aio::MultiplexedConnection;
use ::redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ConnectionInfo, ErrorKind, FromRedisValue,
    IntoConnectionInfo, RedisError, RedisResult, ServerErrorKind, Value, cmd, pipe,
};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use super::scripts::{FORGOTTEN, Script};
use super::url::{RedisUrl, SentinelMaster};
use super::{MARKER, RedisOtpStore};
use crate::error::StoreError;

/// After connecting has failed, nobody tries again for so long: requests fail at once instead of queueing.
const CONNECT_PAUSE: Duration = Duration::from_millis(100);
/// How long a decision waits for replicas, in milliseconds: half of what a step may take.
const REPLICA_TIME_MAX_MS: usize = 500;
/// How long one sentinel may take, so that there is time left for the next one and for the master.
const SENTINEL_TIME_MAX: Duration = Duration::from_millis(200);

/// The connection, now or again.
pub(super) struct Connection {
    url: RedisUrl,
    live: RwLock<Option<Arc<Live>>>,
    connecting: Mutex<Connecting>,
}

#[derive(Default)]
struct Connecting {
    /// When connecting failed the last time, and why.
    failed: Option<(Instant, Arc<str>)>,
    /// Where a cluster said that the keys are.
    moved_to: Option<(String, u16)>,
    has_succeeded: bool,
}

/// A connection to one run of a server, with the scripts loaded.
pub(super) struct Live {
    connection: MultiplexedConnection,
    run_id: String,
    run: [u8; 8],
    digests: [String; Script::ALL.len()],
    replicas: u32,
}

impl Connection {
    pub(super) fn new(url: RedisUrl) -> Self {
        Self { url, live: RwLock::default(), connecting: Mutex::default() }
    }

    /// Runs one script; loads the scripts again when the server has dropped them, and follows a cluster's redirection.
    ///
    /// What hardly ever happens is boxed, so that it does not make the future of every call large.
    pub(super) async fn run<T: FromRedisValue>(
        &self,
        command: impl Fn(&Live) -> Cmd + Send + Sync,
    ) -> Result<T, StoreError> {
        let live = self.live().await?;
        let value = match live.query(&command(&live)).await {
            Ok(value) => value,
            Err(error) => Box::pin(self.query_again(&live, error, &command)).await?,
        };
        if matches!(&value, Value::Array(answer) if *answer == [Value::Int(FORGOTTEN)]) {
            // Connecting anew tells what happened, and the run that further requests belong to. Should it fail, so will they.
            self.let_go(&live);
            let _ = self.live().await;
            return Err(StoreError::unavailable("Redis has lost its data, or has failed over"));
        }
        T::from_redis_value(value).map_err(StoreError::internal)
    }

    async fn query_again(
        &self,
        live: &Arc<Live>,
        error: RedisError,
        command: &(impl Fn(&Live) -> Cmd + Send + Sync),
    ) -> Result<Value, StoreError> {
        if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) {
            load(&mut live.connection.clone()).await.map_err(|error| self.failed(live, error))?;
            return live.query(&command(live)).await.map_err(|error| self.failed(live, error));
        }
        let Some(moved_to) = redirection(&error) else { return Err(self.failed(live, error)) };
        self.connecting.lock().await.moved_to = Some(moved_to);
        self.let_go(live);
        let live = self.live().await?;
        live.query(&command(&live)).await.map_err(|error| self.failed(&live, error))
    }

    /// The connection; makes it when there is none.
    pub(super) async fn live(&self) -> Result<Arc<Live>, StoreError> {
        match self.current() {
            Some(live) => Ok(live),
            None => Box::pin(self.make_live()).await,
        }
    }

    async fn make_live(&self) -> Result<Arc<Live>, StoreError> {
        let mut connecting = self.connecting.lock().await;
        if let Some(live) = self.current() {
            return Ok(live);
        }
        if let Some((at, why)) = &connecting.failed
            && at.elapsed() < CONNECT_PAUSE
        {
            return Err(StoreError::unavailable(&**why));
        }
        let connected = timeout(RedisOtpStore::TIME_MAX, self.connect(&mut connecting)).await;
        let result = connected
            .unwrap_or_else(|_| Err(StoreError::unavailable(format!("{} does not answer", self.url))));
        match result {
            Ok(live) => {
                let live = Arc::new(live);
                *self.live.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&live));
                (connecting.failed, connecting.has_succeeded) = (None, true);
                Ok(live)
            }
            Err(error) => {
                let why =
                    std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
                connecting.failed = Some((Instant::now(), why.into()));
                connecting.moved_to = None;
                Err(error)
            }
        }
    }

    fn current(&self) -> Option<Arc<Live>> {
        self.live.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The next request connects anew, unless another one has already.
    fn let_go(&self, dead: &Arc<Live>) {
        let mut live = self.live.write().unwrap_or_else(PoisonError::into_inner);
        if live.as_ref().is_some_and(|live| Arc::ptr_eq(live, dead)) {
            *live = None;
        }
    }

    fn failed(&self, live: &Arc<Live>, error: RedisError) -> StoreError {
        let server_is_elsewhere = matches!(
            error.kind(),
            ErrorKind::Server(
                ServerErrorKind::ReadOnly
                    | ServerErrorKind::MasterDown
                    | ServerErrorKind::ClusterDown
                    | ServerErrorKind::Moved
            )
        );
        if server_is_elsewhere || error.is_io_error() || error.is_connection_dropped() {
            self.let_go(live);
        }
        unavailable(error)
    }

    /// Connects, and once more where a cluster says that the keys are.
    async fn connect(&self, connecting: &mut Connecting) -> Result<Live, StoreError> {
        let mut live = self.greet(self.address(connecting).await?).await?;
        let Err(error) = remember(&mut live, connecting.has_succeeded).await else { return Ok(live) };
        connecting.moved_to = Some(redirection(&error).ok_or_else(|| unavailable(error))?);
        let mut live = self.greet(self.address(connecting).await?).await?;
        remember(&mut live, connecting.has_succeeded).await.map_err(unavailable)?;
        Ok(live)
    }

    async fn address(&self, connecting: &Connecting) -> Result<ConnectionInfo, StoreError> {
        match (&self.url.sentinel, &connecting.moved_to) {
            (Some(master), _) => self.ask_sentinels(master).await,
            (None, Some((host, port))) => {
                Ok(self.url.servers[0].clone().set_addr(ConnectionAddr::Tcp(host.clone(), *port)))
            }
            (None, None) => Ok(self.url.servers[0].clone()),
        }
    }

    /// Connects to a server that is fit, and loads the scripts.
    async fn greet(&self, info: ConnectionInfo) -> Result<Live, StoreError> {
        let mut connection = open(info).await.map_err(unavailable)?;
        let info: String = cmd("INFO").query_async(&mut connection).await.map_err(unavailable)?;
        let run_id = judge(&info)?;
        let digests = load(&mut connection).await.map_err(unavailable)?;
        let replicas = self.url.sentinel.as_ref().map_or(0, |master| master.replicas);
        Ok(Live { connection, run_id, run: [0; 8], digests, replicas })
    }

    /// The first sentinel that answers knows the master.
    async fn ask_sentinels(&self, master: &SentinelMaster) -> Result<ConnectionInfo, StoreError> {
        let mut last = StoreError::unavailable("no sentinel is named");
        for sentinel in &self.url.servers {
            match timeout(SENTINEL_TIME_MAX, ask(sentinel, master)).await {
                Ok(Ok(Some((host, port)))) => {
                    let redis = sentinel.redis_settings().clone().set_db(master.db);
                    let info = (host, port).into_connection_info().map_err(unavailable)?;
                    return Ok(info.set_redis_settings(redis));
                }
                Ok(Ok(None)) => {
                    last = StoreError::unavailable(format!("no sentinel knows the master {:?}", master.name));
                }
                Ok(Err(error)) => last = unavailable(error),
                Err(_) => last = StoreError::unavailable(format!("{} does not answer", sentinel.addr())),
            }
        }
        Err(last)
    }
}

impl Live {
    /// The beginning of a call of a script with so many keys.
    pub(super) fn script(&self, script: Script, keys: usize) -> Cmd {
        let mut command = cmd("EVALSHA");
        command.arg(&self.digests[script as usize]).arg(keys);
        command
    }

    /// Names the run of the server: another process, or the same after a restart, has another one.
    pub(super) fn run(&self) -> &[u8; 8] {
        &self.run
    }

    async fn query(&self, command: &Cmd) -> RedisResult<Value> {
        let mut connection = self.connection.clone();
        if self.replicas == 0 {
            return command.query_async(&mut connection).await;
        }
        let mut both = pipe();
        both.add_command(command.clone()).cmd("WAIT").arg(self.replicas).arg(REPLICA_TIME_MAX_MS);
        let (value, replicas): (Value, u32) = both.query_async(&mut connection).await?;
        if replicas < self.replicas {
            return Err((ErrorKind::Io, "too few replicas have confirmed").into());
        }
        Ok(value)
    }
}

async fn open(info: ConnectionInfo) -> RedisResult<MultiplexedConnection> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(RedisOtpStore::TIME_MAX))
        .set_response_timeout(Some(RedisOtpStore::TIME_MAX));
    Client::open(info)?.get_multiplexed_async_connection_with_config(&config).await
}

async fn ask(sentinel: &ConnectionInfo, master: &SentinelMaster) -> RedisResult<Option<(String, u16)>> {
    let mut connection = open(sentinel.clone()).await?;
    let mut command = cmd("SENTINEL");
    command.arg("get-master-addr-by-name").arg(&master.name).query_async(&mut connection).await
}

async fn load(connection: &mut MultiplexedConnection) -> RedisResult<[String; Script::ALL.len()]> {
    let mut scripts = pipe();
    for script in Script::ALL {
        scripts.cmd("SCRIPT").arg("LOAD").arg(script.source());
    }
    scripts.query_async(connection).await
}

/// Names the run of the server, and says aloud when it has lost its data.
async fn remember(live: &mut Live, was_there: bool) -> RedisResult<()> {
    let mut command = live.script(Script::Remember, 1);
    command.arg(MARKER).arg(&live.run_id).arg(u8::from(was_there));
    let (run, is_new, is_first): (Vec<u8>, bool, bool) = command.query_async(&mut live.connection).await?;
    if is_first && was_there {
        tracing::error!(target: "quickcart::otp", "Redis has lost its data: all limits begin anew");
    } else if is_new {
        tracing::warn!(
            target: "quickcart::otp",
            "Redis has restarted or failed over: pending codes are void, limits are those it has kept"
        );
    }
    live.run = run.try_into().map_err(|_| (ErrorKind::UnexpectedReturnType, "a run has eight bytes"))?;
    Ok(())
}

/// What a server says of itself: its run, unless it is unfit.
fn judge(info: &str) -> Result<String, StoreError> {
    let field = |name: &str| {
        let mut lines = info.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(key, _)| *key == name).map(|(_, value)| value.trim())
    };
    if field("role") == Some("slave") {
        return Err(StoreError::unavailable("this server is a replica; write to its master"));
    }
    let evicts = field("maxmemory_policy").is_some_and(|policy| policy != "noeviction");
    if evicts && field("maxmemory").is_some_and(|bytes| bytes != "0") {
        let text = "this server evicts keys, which would lift limits: set maxmemory-policy to noeviction";
        return Err(StoreError::internal(text));
    }
    let run_id =
        field("run_id").filter(|id| id.len() >= 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit()));
    run_id.map(str::to_owned).ok_or_else(|| StoreError::internal("the server does not tell its run_id"))
}

fn redirection(error: &RedisError) -> Option<(String, u16)> {
    let (address, _) = error.redirect_node()?;
    let (host, port) = address.rsplit_once(':')?;
    Some((host.to_owned(), port.parse().ok()?))
}

/// Everything but a defect of a script may pass.
fn unavailable(error: RedisError) -> StoreError {
    let is_defect = matches!(error.kind(), ErrorKind::Server(ServerErrorKind::ResponseError))
        || matches!(error.kind(), ErrorKind::UnexpectedReturnType | ErrorKind::Parse);
    if is_defect { StoreError::internal(error) } else { StoreError::unavailable(error) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_a_server_that_would_forget() {
        let info = |role: &str, maxmemory: u32, policy: &str| {
            let run = "run_id:00000000000000ff11111111111111111111111";
            judge(&format!(
                "# Server\r\n{run}\r\nrole:{role}\r\nmaxmemory:{maxmemory}\r\nmaxmemory_policy:{policy}\r\n"
            ))
        };
        assert!(info("master", 0, "noeviction").unwrap().starts_with("00000000000000ff"));
        assert!(info("master", 0, "allkeys-lru").is_ok(), "without a limit nothing is evicted");
        assert!(info("master", 1, "noeviction").is_ok());
        assert!(matches!(info("master", 1, "volatile-ttl"), Err(StoreError::Internal(_))));
        assert!(matches!(info("slave", 0, "noeviction"), Err(StoreError::Unavailable(_))));
    }
}
