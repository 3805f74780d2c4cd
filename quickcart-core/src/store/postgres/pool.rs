//! Connections to the server, and transactions on them.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, PgConnection, PgPool, Postgres};

use super::error::{OrStoreError, is_broken, is_collision};
use crate::error::{DomainError, StoreError};

/// How long a caller waits for a connection before being told to come again.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// What each connection is set to. A commit that was acknowledged is on disk; nobody waits, or makes others wait, without an end.
const SETTINGS: [(&str, &str); 5] = [
    ("statement_timeout", "5s"),
    ("lock_timeout", "2s"),
    ("idle_in_transaction_session_timeout", "10s"),
    ("synchronous_commit", "on"),
    ("TimeZone", "UTC"),
];
/// How long a step may take, the answers of a server that went silent included: longer than the server lets a statement take.
const TIME_MAX: Duration = Duration::from_secs(8);
/// How often transactions that stand in each other's way are tried.
const TRIES: u32 = 3;

const BEGIN_READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
/// What is written is found by its keys, so that one plan is as good as another; of arrays that are handed over the planner expects
/// more than they hold, and may plan each statement anew.
const BEGIN_WRITE: &str =
    "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL plan_cache_mode = force_generic_plan";

/// What is done in it is done together; dropped, it is left to be undone.
pub(super) struct Transaction {
    /// `None` only while dropping.
    open: Option<Open>,
    left: Left,
}

type Open = sqlx::Transaction<'static, Postgres>;
/// Where a transaction goes that was dropped. When nobody looks there any more, sqlx undoes it some time later.
type Left = Arc<Mutex<Option<Open>>>;

const OPEN: &str = "a transaction is there until it is dropped";

impl Deref for Transaction {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        self.open.as_ref().expect(OPEN)
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.open.as_mut().expect(OPEN)
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        *left_in(&self.left) = self.open.take();
    }
}

fn left_in(left: &Left) -> MutexGuard<'_, Option<Open>> {
    left.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) struct Pool {
    connections: PgPool,
}

impl Pool {
    /// Opens a first connection, so that a server that is away is noticed at once.
    pub(super) async fn open(url: &str, connections_max: u32) -> Result<Self, StoreError> {
        let options: PgConnectOptions = url.parse().or_store_error()?;
        let options = options.options(SETTINGS).application_name("quickcart").disable_statement_logging();
        let pool = PgPoolOptions::new()
            .max_connections(connections_max)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            // Instead, what begins on a broken connection is begun again on the next.
            .test_before_acquire(false);
        Ok(Self { connections: pool.connect_with(options).await.or_store_error()? })
    }

    /// Runs `work`, which is one statement that reads.
    pub(super) async fn one<T, E, F>(&self, work: impl Fn(PoolConnection<Postgres>) -> F) -> Result<T, E>
    where
        E: DomainError + From<StoreError>,
        F: Future<Output = Result<T, E>>,
    {
        let mut tries = self.connections.size();
        loop {
            match in_time(work(self.connections.acquire().await.or_store_error()?)).await {
                Err(error) if is_broken(&error) && tries > 0 => tries -= 1,
                result => return result,
            }
        }
    }

    /// Runs `work`, which only reads, in one snapshot. That ends with the transaction, which `work` drops.
    pub(super) async fn read<T, E, F>(&self, work: impl Fn(Transaction) -> F) -> Result<T, E>
    where
        E: DomainError + From<StoreError>,
        F: Future<Output = Result<T, E>>,
    {
        let (open, left) = (self.begin(BEGIN_READ).await?, Left::default());
        in_time(work(Transaction { open: Some(open), left })).await
    }

    /// Runs `work` in one transaction: kept when `work` hands it back with its answer, else undone, and then this answers. When
    /// others stood in its way, it is run again.
    pub(super) async fn write<T, E, K, F>(&self, work: impl Fn(Transaction) -> F) -> Result<T, E>
    where
        E: DomainError + From<StoreError>,
        K: Into<Option<Transaction>>,
        F: Future<Output = Result<(T, K), E>>,
    {
        in_time(self.write_long(work)).await
    }

    /// The same for what may take minutes.
    pub(super) async fn write_long<T, E, K, F>(&self, work: impl Fn(Transaction) -> F) -> Result<T, E>
    where
        E: DomainError + From<StoreError>,
        K: Into<Option<Transaction>>,
        F: Future<Output = Result<(T, K), E>>,
    {
        let mut tries = 1;
        loop {
            let (open, left) = (self.begin(BEGIN_WRITE).await?, Left::default());
            let result = match work(Transaction { open: Some(open), left: Arc::clone(&left) }).await {
                Ok((value, kept)) => match kept.into().and_then(|mut kept: Transaction| kept.open.take()) {
                    Some(open) => open.commit().await.or_store_error().map(|()| value).map_err(E::from),
                    None => Ok(value),
                },
                Err(error) => Err(error),
            };
            let undone = left_in(&left).take();
            if let Some(open) = undone {
                // Awaited, so that nobody meets its locks who comes after its answer. A connection that fails here is closed.
                let _ = in_time(async { open.rollback().await.or_store_error() }).await;
            }
            match result {
                Err(error) if is_collision(&error) && tries < TRIES => tries += 1,
                result => return result,
            }
        }
    }

    /// Begins on the first connection that is whole: after a restart of the server, none of those that wait here is.
    async fn begin(&self, statement: &'static str) -> Result<Open, StoreError> {
        let mut tries = self.connections.size();
        loop {
            match in_time(async { self.connections.begin_with(statement).await.or_store_error() }).await {
                Err(error) if is_broken(&error) && tries > 0 => tries -= 1,
                result => return result,
            }
        }
    }
}

/// A connection whose server went silent is closed when its caller gives up.
async fn in_time<T, E: From<StoreError>>(work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    let late = |_| Err(StoreError::unavailable("the database does not answer in time").into());
    tokio::time::timeout(TIME_MAX, work).await.unwrap_or_else(late)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::super::TEST_SERVER;
    use super::*;
    use crate::error::ErrorKind;

    /// Writes a row, and stands in somebody's way so often.
    async fn collide(pool: &Pool, times: u32) -> (u32, Result<(), StoreError>) {
        let runs = &AtomicU32::new(0);
        let result = pool.write(|mut transaction| async move {
            let run = runs.fetch_add(1, Ordering::Relaxed);
            sqlx::raw_sql("INSERT INTO run VALUES (1)").execute(&mut *transaction).await.or_store_error()?;
            if run < times {
                let collision = "DO $$ BEGIN RAISE EXCEPTION 'in the way' USING ERRCODE = '40P01'; END $$";
                sqlx::raw_sql(collision).execute(&mut *transaction).await.or_store_error()?;
            }
            Ok::<_, StoreError>(((), transaction))
        });
        let result = result.await;
        (runs.load(Ordering::Relaxed), result)
    }

    #[tokio::test]
    async fn who_stood_in_the_way_of_others_is_run_again_and_leaves_nothing_behind() {
        let url = TEST_SERVER.create_database();
        TEST_SERVER.query(&url, "CREATE TABLE run (n BIGINT)").unwrap();
        let pool = Pool::open(&url, 1).await.unwrap();
        let rows = || TEST_SERVER.query(&url, "SELECT count(*) FROM run").unwrap();
        assert!(matches!(collide(&pool, 2).await, (3, Ok(()))));
        assert_eq!(rows(), "1");
        let (runs, result) = collide(&pool, 3).await;
        assert_eq!((runs, result.unwrap_err().kind()), (TRIES, ErrorKind::Unavailable));
        assert_eq!(rows(), "1");
    }

    #[tokio::test]
    async fn what_is_refused_is_undone_before_its_caller_hears_of_it() {
        let pool = Pool::open(&TEST_SERVER.create_database(), 2).await.unwrap();
        for _ in 0..16 {
            let refused = pool.write(|mut transaction| async move {
                let lock = "SELECT pg_advisory_xact_lock(1)";
                sqlx::raw_sql(lock).execute(&mut *transaction).await.or_store_error()?;
                Err::<((), Transaction), _>(StoreError::internal("refused"))
            });
            assert!(refused.await.is_err());
            let is_free = pool.one(|mut connection| async move {
                let lock = sqlx::query_scalar::<_, bool>("SELECT pg_try_advisory_xact_lock(1)");
                lock.fetch_one(&mut *connection).await.or_store_error()
            });
            assert!(is_free.await.unwrap());
        }
    }

    #[tokio::test]
    async fn who_goes_away_undoes_what_was_begun() {
        let url = TEST_SERVER.create_database();
        TEST_SERVER.query(&url, "CREATE TABLE run (n BIGINT)").unwrap();
        let pool = Pool::open(&url, 1).await.unwrap();
        let (began, has_begun) = tokio::sync::oneshot::channel();
        let began = &Mutex::new(Some(began));
        let endless = pool.write(|mut transaction| async move {
            sqlx::raw_sql("INSERT INTO run VALUES (1)").execute(&mut *transaction).await.or_store_error()?;
            began.lock().unwrap().take().unwrap().send(()).unwrap();
            std::future::pending::<()>().await;
            Ok::<_, StoreError>(((), transaction))
        });
        tokio::select! {
            _ = endless => unreachable!("it waits for ever"),
            _ = has_begun => {}
        }
        // The only connection is whole again.
        assert!(matches!(collide(&pool, 0).await, (1, Ok(()))));
        assert_eq!(TEST_SERVER.query(&url, "SELECT count(*) FROM run").unwrap(), "1");
    }
}
