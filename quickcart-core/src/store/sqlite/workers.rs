//! Threads that own the connections: SQLite blocks, and callers must not.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use futures_channel::oneshot;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use super::error::OrStoreError;
use super::migrate::migrate;
use crate::error::StoreError;

/// More readers than cores only wait for each other.
const READERS: usize = 2;
/// How much may wait for a thread; past that, callers are told to come again.
const QUEUE_LENGTH: usize = 4_096;
/// How long to wait for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Statements that a connection keeps prepared.
const STATEMENTS: usize = 64;

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

pub(super) struct Workers {
    /// `None` only while dropping.
    queues: Option<Queues>,
    threads: Vec<JoinHandle<()>>,
}

struct Queues {
    writer: SyncSender<Job>,
    readers: SyncSender<Job>,
}

impl Workers {
    pub(super) fn start(path: &Path) -> Result<Self, StoreError> {
        let mut connection = Connection::open(path).or_store_error()?;
        set_up(&connection)?;
        connection.pragma_update(None, "journal_mode", "WAL").or_store_error()?;
        // An order that was acknowledged must survive the loss of power: FULL syncs the log at every commit.
        connection.pragma_update(None, "synchronous", "FULL").or_store_error()?;
        migrate(&mut connection)?;
        let mut threads = Vec::new();
        let (writer, jobs) = sync_channel(QUEUE_LENGTH);
        threads.push(spawn("quickcart-sqlite-writer", connection, Arc::new(Mutex::new(jobs)))?);
        let (readers, jobs) = sync_channel(QUEUE_LENGTH);
        let jobs = Arc::new(Mutex::new(jobs));
        for _ in 0..READERS {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = Connection::open_with_flags(path, flags).or_store_error()?;
            set_up(&connection)?;
            threads.push(spawn("quickcart-sqlite-reader", connection, Arc::clone(&jobs))?);
        }
        Ok(Self { queues: Some(Queues { writer, readers }), threads })
    }

    /// Runs `work` on a reader's thread, in one snapshot.
    pub(super) async fn read<T, E>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.run(|queues| &queues.readers, TransactionBehavior::Deferred, work).await
    }

    /// Runs `work` on the writer's thread, in one transaction: kept when it answers `Ok`, else undone.
    pub(super) async fn write<T, E>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.run(|queues| &queues.writer, TransactionBehavior::Immediate, work).await
    }

    async fn run<T, E>(
        &self,
        queue: impl FnOnce(&Queues) -> &SyncSender<Job>,
        behavior: TransactionBehavior,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (answer, result) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            // A caller that has gone away does not undo its request: the work is done all the same.
            let _ = answer.send(in_transaction(connection, behavior, work));
        });
        let queues = self.queues.as_ref().ok_or_else(|| StoreError::unavailable("the store is closing"))?;
        queue(queues).try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::unavailable("too much waits for the database"),
            TrySendError::Disconnected(_) => StoreError::internal("the database's thread has ended"),
        })?;
        result.await.unwrap_or_else(|_| Err(StoreError::internal("a statement panicked").into()))
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.queues = None;
        for thread in self.threads.drain(..) {
            // A thread that panicked has nothing left to do.
            let _ = thread.join();
        }
    }
}

fn set_up(connection: &Connection) -> Result<(), StoreError> {
    connection.busy_timeout(BUSY_TIMEOUT).or_store_error()?;
    connection.pragma_update(None, "foreign_keys", true).or_store_error()?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(())
}

fn in_transaction<T, E: From<StoreError>>(
    connection: &mut Connection,
    behavior: TransactionBehavior,
    work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
) -> Result<T, E> {
    let transaction = connection.transaction_with_behavior(behavior).or_store_error()?;
    let value = work(&transaction)?;
    transaction.commit().or_store_error()?;
    Ok(value)
}

fn spawn(
    name: &str,
    mut connection: Connection,
    jobs: Arc<Mutex<Receiver<Job>>>,
) -> Result<JoinHandle<()>, StoreError> {
    let next = move || jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
    let work = move || {
        while let Ok(job) = next() {
            // The transaction is undone while the panic unwinds, so the connection is as good as before.
            if catch_unwind(AssertUnwindSafe(|| job(&mut connection))).is_err() {
                tracing::error!("a database job panicked");
            }
        }
    };
    std::thread::Builder::new().name(name.to_owned()).spawn(work).map_err(StoreError::unavailable)
}
