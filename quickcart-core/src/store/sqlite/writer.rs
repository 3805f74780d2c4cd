//! The thread that writes. Whatever waits for it is written together and synced once (group commit), each of them all or nothing.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use futures_channel::oneshot;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::connection::{QUEUE_LENGTH, set_up};
use super::error::OrStoreError;
use super::migrate::migrate;
use super::statement::run;
use crate::error::StoreError;

/// How long to wait for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How much of the file the writer keeps at hand; what a group changes has to fit, or it is written twice.
const CACHE_KIB: i64 = 32 * 1024;
/// How long the log gets before it is carried into the file, in pages of 4 KiB: pages that change often are carried once.
const LOG_PAGES: i64 = 8_192;
/// How many are written together at most.
const GROUP_MAX: usize = 128;
/// Once a group has taken so long, nobody joins it any more.
const GROUP_TIME_MAX: Duration = Duration::from_millis(20);

/// Does its work, or learns why there is no transaction for it; what it answers waits until the group is on the disk.
type Job = Box<dyn FnOnce(Result<&Transaction<'_>, &StoreError>) -> Answer + Send>;
type Answer = Box<dyn FnOnce(&Result<(), StoreError>) + Send>;

pub(super) struct Writer {
    /// `None` only while dropping.
    queue: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(path: &Path) -> Result<Self, StoreError> {
        let mut connection = Connection::open(path).or_store_error()?;
        set_up(&connection, BUSY_TIMEOUT)?;
        connection.pragma_update(None, "journal_mode", "WAL").or_store_error()?;
        // An order that was acknowledged must survive the loss of power: FULL syncs the log at every commit.
        connection.pragma_update(None, "synchronous", "FULL").or_store_error()?;
        connection.pragma_update(None, "cache_size", -CACHE_KIB).or_store_error()?;
        connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES).or_store_error()?;
        migrate(&mut connection)?;
        // What undoes one of a group stays in memory: else each group of more than a few opens a file for it. Not before, for
        // migrations may sort whole tables.
        connection.pragma_update(None, "temp_store", "MEMORY").or_store_error()?;
        connection.busy_timeout(BUSY_TIMEOUT).or_store_error()?;
        let (queue, jobs) = sync_channel(QUEUE_LENGTH);
        let thread = std::thread::Builder::new()
            .name("quickcart-sqlite-writer".to_owned())
            .spawn(move || write_all(&mut connection, &jobs))
            .map_err(StoreError::unavailable)?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// Writes, all or nothing: kept when `work` answers `Ok`, else undone. It is on the disk when this returns.
    pub(super) async fn write<T, E>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (answer, result) = oneshot::channel();
        let job: Job = Box::new(move |transaction| {
            let done = transaction
                .map_err(|error| E::from(likewise(error)))
                .and_then(|transaction| undone_unless_ok(transaction, work));
            // A caller that has gone away does not undo its request: the work is done all the same.
            Box::new(move |kept| {
                let kept = kept.as_ref().map_err(|error| E::from(likewise(error)));
                let _ = answer.send(done.and_then(|value| kept.map(|_| value)));
            })
        });
        let queue = self.queue.as_ref().ok_or_else(|| StoreError::unavailable("the store is closing"))?;
        queue.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::unavailable("too much waits for the database"),
            TrySendError::Disconnected(_) => StoreError::internal("the database's thread has ended"),
        })?;
        result.await.unwrap_or_else(|_| Err(StoreError::internal("the database's thread has ended").into()))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        // A thread that panicked has nothing left to do.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn write_all(connection: &mut Connection, jobs: &Receiver<Job>) {
    while let Ok(first) = jobs.recv() {
        let mut answers = Vec::new();
        let kept = write_group(connection, first, jobs, &mut answers);
        for answer in answers {
            answer(&kept);
        }
    }
}

fn write_group(
    connection: &mut Connection,
    first: Job,
    jobs: &Receiver<Job>,
    answers: &mut Vec<Answer>,
) -> Result<(), StoreError> {
    let begun = connection.transaction_with_behavior(TransactionBehavior::Immediate).or_store_error();
    let transaction = match begun {
        Ok(transaction) => transaction,
        Err(error) => {
            answers.push(first(Err(&error)));
            return Err(error);
        }
    };
    let (started, mut next) = (Instant::now(), Some(first));
    while let Some(job) = next {
        answers.push(job(Ok(&transaction)));
        // A full disk, and the like, undoes everything.
        if transaction.is_autocommit() {
            return Err(StoreError::unavailable("SQLite undid what was written together"));
        }
        let is_open = answers.len() < GROUP_MAX && started.elapsed() < GROUP_TIME_MAX;
        next = if is_open { jobs.try_recv().ok() } else { None };
    }
    transaction.commit().or_store_error()
}

/// Undoes what `work` wrote, and nothing that others wrote, unless it answers `Ok`.
fn undone_unless_ok<T, E: From<StoreError>>(
    transaction: &Transaction<'_>,
    work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
) -> Result<T, E> {
    run(transaction, "SAVEPOINT job", [])?;
    let done = catch_unwind(AssertUnwindSafe(|| work(transaction))).unwrap_or_else(|_| {
        tracing::error!("a write to the database panicked");
        Err(StoreError::internal("a write panicked").into())
    });
    if done.is_err() {
        run(transaction, "ROLLBACK TO job", [])?;
    }
    run(transaction, "RELEASE job", [])?;
    done
}

/// The same error for another one of a group.
fn likewise(error: &StoreError) -> StoreError {
    match error {
        StoreError::Unavailable(cause) => StoreError::unavailable(cause.to_string()),
        StoreError::Internal(cause) => StoreError::internal(cause.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Barrier, mpsc};

    use tokio::join;

    use super::*;

    type Work = fn(&Transaction<'_>) -> Result<(), StoreError>;

    async fn insert_and(writer: &Writer, allergy_id: i64, then: Work) -> Result<(), StoreError> {
        let work = move |transaction: &Transaction<'_>| {
            run(transaction, "INSERT INTO allergy VALUES (?1, 'nuts')", [allergy_id])?;
            then(transaction)
        };
        writer.write(work).await
    }

    async fn allergies(writer: &Writer) -> String {
        let sql = "SELECT group_concat(allergy_id) FROM (SELECT allergy_id FROM allergy ORDER BY allergy_id)";
        let read =
            |transaction: &Transaction<'_>| transaction.query_row(sql, [], |row| row.get(0)).or_store_error();
        writer.write::<_, StoreError>(read).await.unwrap()
    }

    /// Keeps the writer busy until what this answers is dropped: what is asked meanwhile is one group with it.
    async fn held(writer: &Arc<Writer>) -> mpsc::Sender<()> {
        let (release, released) = mpsc::channel();
        let (writer, busy) = (Arc::clone(writer), Arc::new(Barrier::new(2)));
        let there = Arc::clone(&busy);
        let wait = move |_: &Transaction<'_>| {
            there.wait();
            let _: Result<(), _> = released.recv();
            Ok::<_, StoreError>(())
        };
        tokio::spawn(async move { writer.write(wait).await });
        tokio::task::spawn_blocking(move || busy.wait()).await.unwrap();
        release
    }

    #[tokio::test]
    async fn of_a_group_those_that_fail_are_undone_and_the_others_kept() {
        let folder = tempfile::tempdir().unwrap();
        let writer = Arc::new(Writer::start(&folder.path().join("shop.db")).unwrap());
        let release = held(&writer).await;
        let (first, failed, panicked, last, ()) = join!(
            insert_and(&writer, 1, |_| Ok(())),
            insert_and(&writer, 2, |_| Err(StoreError::internal("refused"))),
            insert_and(&writer, 3, |_| panic!("a bug")),
            insert_and(&writer, 4, |_| Ok(())),
            async { drop(release) },
        );
        first.and(last).unwrap();
        assert!(matches!(failed, Err(StoreError::Internal(cause)) if cause.to_string() == "refused"));
        assert!(panicked.is_err());
        assert_eq!(allergies(&writer).await, "1,4");
    }

    #[tokio::test]
    async fn when_sqlite_undoes_a_group_nobody_is_told_it_was_kept() {
        let folder = tempfile::tempdir().unwrap();
        let writer = Arc::new(Writer::start(&folder.path().join("shop.db")).unwrap());
        let release = held(&writer).await;
        let (before, undoes, after, ()) = join!(
            insert_and(&writer, 1, |_| Ok(())),
            insert_and(&writer, 2, |transaction| transaction.execute_batch("ROLLBACK").or_store_error()),
            insert_and(&writer, 3, |_| Ok(())),
            async { drop(release) },
        );
        assert!(matches!(before, Err(StoreError::Unavailable(_))));
        assert!(undoes.is_err());
        after.unwrap();
        assert_eq!(allergies(&writer).await, "3");
    }
}
