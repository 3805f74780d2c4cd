//! Connections to the server: how many there are, who has one, and which of those that lie idle is lent next.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, PgConnection};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::error::OrStoreError;
use crate::error::StoreError;

/// How long a caller waits for a connection before being told to come again.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// What each connection is set to. A commit that was acknowledged is on disk; nobody waits, or makes others wait, without an end;
/// statements as short as ours are not worth compiling.
const SETTINGS: [(&str, &str); 8] = [
    ("default_transaction_isolation", "read committed"),
    ("default_transaction_read_only", "off"),
    ("statement_timeout", "5s"),
    ("lock_timeout", "2s"),
    ("idle_in_transaction_session_timeout", "10s"),
    ("synchronous_commit", "on"),
    ("jit", "off"),
    ("TimeZone", "UTC"),
];
/// How long a step may take, the answers of a server that went silent included: longer than the server lets a statement take.
const TIME_MAX: Duration = Duration::from_secs(8);
/// How old a connection gets, and how long it may lie idle, as in sqlx's own pool:
/// <https://github.com/launchbadge/sqlx/blob/v0.9.0/sqlx-core/src/pool/options.rs>.
const AGE_MAX: Duration = Duration::from_secs(30 * 60);
const IDLE_MAX: Duration = Duration::from_secs(10 * 60);
/// How long a server that does not let us in is left alone.
const PAUSE: Duration = Duration::from_millis(50);

pub(super) struct Connections {
    options: PgConnectOptions,
    permits: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Idle>>>,
}

/// The one that was given back last is lent next: the server has its data at hand, and what is not needed grows old.
struct Idle {
    connection: PgConnection,
    opened: Instant,
    since: Instant,
}

impl Connections {
    /// Opens a first connection, so that a server that is away is noticed at once.
    pub(super) async fn open(url: &str, connections_max: u32) -> Result<Self, StoreError> {
        let options: PgConnectOptions = url.parse().or_store_error()?;
        let options = options.options(SETTINGS).application_name("quickcart").disable_statement_logging();
        let permits = usize::try_from(connections_max).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
        let connections = Self { options, permits: Arc::new(Semaphore::new(permits)), idle: Arc::default() };
        connections.lend().await?.give_back();
        Ok(connections)
    }

    /// Lends a connection on which nothing is begun; whether it is whole shows when it is used.
    pub(super) async fn lend(&self) -> Result<Lent, StoreError> {
        let deadline = Instant::now() + ACQUIRE_TIMEOUT;
        let permit = timeout_at(deadline, Arc::clone(&self.permits).acquire_owned()).await;
        let permit = permit.map_err(|_| StoreError::unavailable("all connections are busy"))?;
        let permit = permit.map_err(StoreError::internal)?;
        let idle = of_use(&self.idle, Instant::now()).pop();
        let (connection, opened) = match idle {
            Some(idle) => (idle.connection, idle.opened),
            None => (self.connect(deadline).await?, Instant::now()),
        };
        let open = Open { connection, opened, undo: NOTHING, idle: Arc::clone(&self.idle), permit };
        Ok(Lent { open: Some(open), left: Arc::default() })
    }

    /// A server that starts, or has no place for us now, is asked again.
    async fn connect(&self, deadline: Instant) -> Result<PgConnection, StoreError> {
        loop {
            let connected = timeout_at(deadline, self.options.connect()).await;
            let connected = connected.map_err(|_| StoreError::unavailable("the database is silent"))?;
            match connected.or_store_error() {
                Err(StoreError::Unavailable(_)) if Instant::now() + PAUSE < deadline => sleep(PAUSE).await,
                result => return result,
            }
        }
    }
}

/// Those that are neither too old nor idle for too long; the others are closed.
fn of_use(idle: &Mutex<Vec<Idle>>, now: Instant) -> MutexGuard<'_, Vec<Idle>> {
    let mut idle = idle.lock().unwrap_or_else(PoisonError::into_inner);
    idle.retain(|idle| now - idle.opened < AGE_MAX && now - idle.since < IDLE_MAX);
    idle
}

/// A connection, and perhaps a transaction on it; dropped, it is left behind.
pub(super) struct Lent {
    /// `None` only while dropping.
    open: Option<Open>,
    left: Arc<Left>,
}

/// Where a connection is that was dropped. When nobody looks there any more, what was begun on it is undone some time later, and
/// it lies idle after that.
#[derive(Default)]
pub(super) struct Left(Mutex<Option<Open>>);

/// A connection and the right to one.
pub(super) struct Open {
    connection: PgConnection,
    opened: Instant,
    /// The statement that undoes what was begun.
    undo: &'static str,
    idle: Arc<Mutex<Vec<Idle>>>,
    permit: OwnedSemaphorePermit,
}

/// The server answers this, too, once it is through with everything before.
const NOTHING: &str = "";

const OPEN: &str = "a connection is there until it is dropped";

impl Lent {
    pub(super) async fn begin(&mut self, statement: &'static str) -> Result<(), StoreError> {
        self.open.as_mut().expect(OPEN).undo = "ROLLBACK";
        sqlx::raw_sql(statement).execute(&mut **self).await.or_store_error().map(drop)
    }

    pub(super) async fn commit(mut self) -> Result<(), StoreError> {
        sqlx::raw_sql("COMMIT").execute(&mut *self).await.or_store_error()?;
        self.give_back();
        Ok(())
    }

    pub(super) fn left(&self) -> Arc<Left> {
        Arc::clone(&self.left)
    }

    pub(super) fn give_back(mut self) {
        self.open.take().expect(OPEN).give_back();
    }
}

impl Left {
    pub(super) fn take(&self) -> Option<Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Open {
    /// Lets it be lent again. Nothing is begun on it, and nobody waits for an answer on it.
    pub(super) fn give_back(self) {
        let Self { connection, opened, idle, permit, .. } = self;
        let since = Instant::now();
        of_use(&idle, since).push(Idle { connection, opened, since });
        // Not before, or whoever waits for it would open another.
        drop(permit);
    }

    /// Undoes what was begun, and gives it back. A connection that fails here is closed.
    pub(super) async fn undo(mut self) {
        let undone = in_time(async {
            sqlx::raw_sql(self.undo).execute(&mut self.connection).await.or_store_error().map(drop)
        });
        if undone.await.is_ok() {
            self.give_back();
        }
    }
}

/// A server that went silent is given up.
pub(super) async fn in_time<T, E: From<StoreError>>(
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let late = |_| Err(StoreError::unavailable("the database does not answer in time").into());
    timeout(TIME_MAX, work).await.unwrap_or_else(late)
}

impl Deref for Lent {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.open.as_ref().expect(OPEN).connection
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.open.as_mut().expect(OPEN).connection
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        *self.left.0.lock().unwrap_or_else(PoisonError::into_inner) = self.open.take();
    }
}

impl Drop for Left {
    fn drop(&mut self) {
        // The right to the connection lasts until the server is through, or who comes and goes would have it work for more callers
        // than there may be connections. Outside of a runtime it is closed.
        if let (Some(open), Ok(runtime)) = (self.take(), Handle::try_current()) {
            runtime.spawn(open.undo());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::TEST_SERVER;
    use super::*;
    use crate::error::{DomainError, ErrorKind};

    /// The number of the process that serves a connection.
    async fn process(connection: &mut PgConnection) -> i32 {
        sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(connection).await.unwrap()
    }

    async fn process_of_next(connections: &Connections) -> i32 {
        let mut lent = connections.lend().await.unwrap();
        let process = process(&mut lent).await;
        lent.give_back();
        process
    }

    #[tokio::test]
    async fn the_connection_that_was_given_back_last_is_lent_next() {
        let connections = Connections::open(&TEST_SERVER.create_database(), 3).await.unwrap();
        let mut lent = Vec::new();
        for _ in 0..3 {
            lent.push(connections.lend().await.unwrap());
        }
        for mut last in lent {
            let process = process(&mut last).await;
            last.give_back();
            for _ in 0..3 {
                assert_eq!(process_of_next(&connections).await, process);
            }
        }
    }

    #[tokio::test]
    async fn who_gets_no_connection_in_time_is_told_to_come_again() {
        let connections = Connections::open(&TEST_SERVER.create_database(), 1).await.unwrap();
        let lent = connections.lend().await.unwrap();
        tokio::time::pause();
        let began = Instant::now();
        let error = connections.lend().await.err().unwrap();
        assert_eq!((error.kind(), began.elapsed().as_secs()), (ErrorKind::Unavailable, 2), "{error:?}");
        assert!(error.retry_after().is_some());
        tokio::time::resume();
        lent.give_back();
        process_of_next(&connections).await;
    }

    #[tokio::test]
    async fn who_stops_waiting_takes_no_connection_along() {
        let connections = Connections::open(&TEST_SERVER.create_database(), 1).await.unwrap();
        let lent = connections.lend().await.unwrap();
        for _ in 0..3 {
            tokio::select! {
                biased;
                _ = connections.lend() => unreachable!("there is one only"),
                () = std::future::ready(()) => {}
            }
        }
        lent.give_back();
        process_of_next(&connections).await;
    }

    /// As if so much time had passed.
    async fn pass(time: Duration) {
        tokio::time::pause();
        tokio::time::advance(time).await;
        tokio::time::resume();
    }

    #[tokio::test]
    async fn a_connection_that_is_old_is_lent_no_more() {
        let connections = Connections::open(&TEST_SERVER.create_database(), 1).await.unwrap();
        let first = process_of_next(&connections).await;
        for _ in 0..4 {
            pass(AGE_MAX / 5).await;
            assert_eq!(process_of_next(&connections).await, first);
        }
        pass(AGE_MAX / 5).await;
        assert_ne!(process_of_next(&connections).await, first);
    }

    #[tokio::test]
    async fn a_connection_that_nobody_needs_is_closed() {
        let connections = Connections::open(&TEST_SERVER.create_database(), 2).await.unwrap();
        for lent in [connections.lend().await.unwrap(), connections.lend().await.unwrap()] {
            lent.give_back();
        }
        let needed = process_of_next(&connections).await;
        for _ in 0..2 {
            assert_eq!(connections.idle.lock().unwrap().len(), 2);
            pass(IDLE_MAX / 2).await;
            assert_eq!(process_of_next(&connections).await, needed);
        }
        assert_eq!(connections.idle.lock().unwrap().len(), 1);
    }
}
