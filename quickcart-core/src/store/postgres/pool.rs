//! Transactions, and when they are tried again.

use super::connections::{Connections, Lent, in_time};
use super::error::{is_broken, is_collision};
use crate::error::{DomainError, StoreError};

/// How often transactions that stand in each other's way are tried.
const TRIES: u32 = 3;

const BEGIN_READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
/// What is written is found by its keys, so that one plan is as good as another; of arrays that are handed over the planner expects
/// more than they hold, and may plan each statement anew.
const BEGIN_WRITE: &str =
    "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL plan_cache_mode = force_generic_plan";

pub(super) struct Pool {
    connections: Connections,
    connections_max: u32,
}

impl Pool {
    /// Opens a first connection, so that a server that is away is noticed at once.
    pub(super) async fn open(url: &str, connections_max: u32) -> Result<Self, StoreError> {
        Ok(Self { connections: Connections::open(url, connections_max).await?, connections_max })
    }

    /// Runs `work`, which is one statement that reads, on the first connection that is whole: after a restart of the server, none of
    /// those that lie idle is.
    pub(super) async fn one<T, E, F>(&self, work: impl Fn(Lent) -> F) -> Result<T, E>
    where
        E: DomainError + From<StoreError>,
        F: Future<Output = Result<T, E>>,
    {
        let mut tries = self.connections_max;
        loop {
            let connection = self.connections.lend().await?;
            let left = connection.left();
            let result = in_time(work(connection)).await;
            if result.is_ok()
                && let Some(open) = left.take()
            {
                open.give_back();
            }
            match result {
                Err(error) if is_broken(&error) && tries > 0 => tries -= 1,
                result => return result,
            }
        }
    }

    /// Runs `work`, which only reads, in one snapshot. That ends with the transaction, which `work` drops.
    pub(super) async fn read<T, E, F>(&self, work: impl Fn(Lent) -> F) -> Result<T, E>
    where
        E: DomainError + From<StoreError>,
        F: Future<Output = Result<T, E>>,
    {
        in_time(work(self.begin(BEGIN_READ).await?)).await
    }

    /// Runs `work` in one transaction: kept when `work` hands it back with its answer, else undone, and then this answers. When
    /// others stood in its way, it is run again.
    pub(super) async fn write<T, E, K, F>(&self, work: impl Fn(Lent) -> F) -> Result<T, E>
    where
        E: DomainError + From<StoreError>,
        K: Into<Option<Lent>>,
        F: Future<Output = Result<(T, K), E>>,
    {
        in_time(self.write_long(work)).await
    }

    /// The same for what may take minutes.
    pub(super) async fn write_long<T, E, K, F>(&self, work: impl Fn(Lent) -> F) -> Result<T, E>
    where
        E: DomainError + From<StoreError>,
        K: Into<Option<Lent>>,
        F: Future<Output = Result<(T, K), E>>,
    {
        let mut tries = 1;
        loop {
            let transaction = self.begin(BEGIN_WRITE).await?;
            let left = transaction.left();
            let result = match work(transaction).await {
                Ok((value, kept)) => match kept.into() {
                    Some(kept) => kept.commit().await.map(|()| value).map_err(E::from),
                    None => Ok(value),
                },
                Err(error) => Err(error),
            };
            if let Some(open) = left.take() {
                // Awaited, so that nobody meets its locks who comes after its answer.
                open.undo().await;
            }
            match result {
                Err(error) if is_collision(&error) && tries < TRIES => tries += 1,
                result => return result,
            }
        }
    }

    async fn begin(&self, statement: &'static str) -> Result<Lent, StoreError> {
        self.one(|mut connection| async move {
            connection.begin(statement).await?;
            Ok(connection)
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::pin;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::sync::{Arc, Mutex};
    use std::task::Poll;

    use tokio::task::JoinSet;

    use super::super::TEST_SERVER;
    use super::super::error::OrStoreError;
    use super::*;
    use crate::error::ErrorKind;

    async fn pool_of(connections_max: u32) -> (String, Pool) {
        let url = TEST_SERVER.create_database();
        TEST_SERVER.query(&url, "CREATE TABLE run (n BIGINT)").unwrap();
        let pool = Pool::open(&url, connections_max).await.unwrap();
        (url, pool)
    }

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
        let (url, pool) = pool_of(1).await;
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
                Err::<((), Lent), _>(StoreError::internal("refused"))
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
        let (url, pool) = pool_of(1).await;
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

    /// How many processes serve us, of those whose state is like this.
    fn processes(url: &str, state: &str) -> u32 {
        let sql = "SELECT count(*) FROM pg_stat_activity \
                   WHERE datname = current_database() AND application_name = 'quickcart' AND state LIKE";
        TEST_SERVER.query(url, &format!("{sql} '{state}'")).unwrap().parse().unwrap()
    }

    /// Prepares its statement each time, so that there are more moments to go away.
    async fn count(mut connection: Lent) -> Result<i64, StoreError> {
        let query = sqlx::query_scalar("SELECT count(*) FROM run").persistent(false);
        query.fetch_one(&mut *connection).await.or_store_error()
    }

    /// The ways to use a connection.
    #[derive(Clone, Copy)]
    enum Step {
        One,
        Read,
        Write,
        Refused,
    }

    const STEPS: [Step; 4] = [Step::One, Step::Read, Step::Write, Step::Refused];

    async fn run(pool: &Pool, step: Step) {
        match step {
            Step::One => drop(pool.one(count).await.unwrap()),
            Step::Read => drop(pool.read(count).await.unwrap()),
            Step::Write => collide(pool, 0).await.1.unwrap(),
            Step::Refused => drop(collide(pool, TRIES).await.1.unwrap_err()),
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn there_are_never_more_connections_than_allowed() {
        let (url, pool) = pool_of(4).await;
        let pool = Arc::new(pool);
        let mut callers = JoinSet::new();
        for step in STEPS.repeat(16) {
            let pool = Arc::clone(&pool);
            callers.spawn(async move {
                for _ in 0..8 {
                    run(&pool, step).await;
                }
            });
        }
        while let Some(caller) = callers.join_next().await {
            caller.unwrap();
            assert!((1..=4).contains(&processes(&url, "%")));
        }
        assert_eq!(pool.one(count).await.unwrap(), 16 * 8);
    }

    #[tokio::test]
    async fn idle_connections_that_broke_are_passed_over() {
        let (url, pool) = pool_of(3).await;
        for step in STEPS {
            let mut transactions = Vec::new();
            for _ in 0..3 {
                transactions.push(pool.begin(BEGIN_READ).await.unwrap());
            }
            for transaction in transactions {
                transaction.commit().await.unwrap();
            }
            let end = "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity \
                       WHERE datname = current_database() AND application_name = 'quickcart'";
            assert_eq!(TEST_SERVER.query(&url, end).unwrap(), "3");
            run(&pool, step).await;
        }
    }

    /// Polls a future so often, unless it ends before, and drops it.
    async fn poll(mut polls: u32, future: impl Future<Output = ()>) {
        let mut future = pin!(future);
        poll_fn(|context| {
            if polls == 0 {
                return Poll::Ready(());
            }
            polls -= 1;
            future.as_mut().poll(context)
        })
        .await;
    }

    #[tokio::test]
    async fn who_goes_away_at_any_moment_leaves_nothing_begun() {
        let (url, pool) = pool_of(1).await;
        for step in STEPS {
            for polls in 0..8 {
                poll(polls, run(&pool, step)).await;
                pool.one(count).await.unwrap();
                assert_eq!((processes(&url, "%"), processes(&url, "idle")), (1, 1));
            }
        }
    }

    #[tokio::test]
    async fn who_goes_away_keeps_the_right_to_a_connection_until_the_server_is_through() {
        let (url, pool) = pool_of(1).await;
        let other = Pool::open(&url, 1).await.unwrap();
        for step in STEPS {
            let mut holder = other.begin(BEGIN_WRITE).await.unwrap();
            sqlx::raw_sql("LOCK TABLE run").execute(&mut *holder).await.unwrap();
            let is_waited_for = async {
                let waiting =
                    "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'run'::REGCLASS)";
                while !sqlx::query_scalar::<_, bool>(waiting).fetch_one(&mut *holder).await.unwrap() {}
            };
            tokio::select! {
                () = run(&pool, step) => unreachable!("it waits for the table"),
                () = is_waited_for => {}
            }
            let next = pool.one(count);
            tokio::select! {
                biased;
                _ = next => unreachable!("there is one connection"),
                () = tokio::task::yield_now() => {}
            }
            assert_eq!(processes(&url, "%"), 2);
            holder.commit().await.unwrap();
            assert_eq!(pool.one(count).await.unwrap(), 0);
            assert_eq!(processes(&url, "idle"), 2);
        }
    }
}
