//! Connections that read: idle ones for whoever asks for a few rows, and threads that own one each for whoever asks for many.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{JoinHandle, available_parallelism};
use std::time::Duration;

use futures_channel::oneshot;
use rusqlite::{Connection, OpenFlags, Transaction};

use super::connection::{QUEUE_LENGTH, set_up};
use super::error::OrStoreError;
use crate::error::StoreError;

/// More threads than this only wait for each other's processors.
const THREADS: usize = 2;
/// A reader waits for another process only while that recovers or closes the file; the threads of callers hardly may.
const CALLER_TIMEOUT: Duration = Duration::from_millis(50);
/// Likewise, on a thread that may wait.
const THREAD_TIMEOUT: Duration = Duration::from_secs(5);

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

pub(super) struct Readers {
    idle: Mutex<Vec<Connection>>,
    /// `None` only while dropping.
    queue: Option<SyncSender<Job>>,
    threads: Vec<JoinHandle<()>>,
}

impl Readers {
    pub(super) fn start(path: &Path) -> Result<Self, StoreError> {
        let open = |timeout| -> Result<Connection, StoreError> {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = Connection::open_with_flags(path, flags).or_store_error()?;
            set_up(&connection, timeout)?;
            Ok(connection)
        };
        // Reads on a caller's thread never wait, so that no more of them run at once than there are processors.
        let idle = available_parallelism().map_or(1, usize::from);
        let idle = (0..idle).map(|_| open(CALLER_TIMEOUT)).collect::<Result<_, _>>()?;
        let (queue, jobs) = sync_channel(QUEUE_LENGTH);
        let jobs = Arc::new(Mutex::new(jobs));
        let threads = (0..THREADS).map(|_| spawn(open(THREAD_TIMEOUT)?, Arc::clone(&jobs)));
        Ok(Self {
            idle: Mutex::new(idle),
            threads: threads.collect::<Result<_, StoreError>>()?,
            queue: Some(queue),
        })
    }

    /// Reads a few rows by their keys, in one snapshot, on the thread of the caller: that takes microseconds, and a change of
    /// threads as long again. When no connection is idle, it is a scan.
    pub(super) async fn read<T, E>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let idle = self.idle().pop();
        match idle {
            Some(mut connection) => {
                // A read that panics takes its connection along; without any left, every read is a scan.
                let result = in_snapshot(&mut connection, work);
                self.idle().push(connection);
                result
            }
            None => self.scan(work).await,
        }
    }

    /// Reads what may take longer, in one snapshot, on a thread that may wait.
    pub(super) async fn scan<T, E>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (answer, result) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            // The caller may have gone away.
            let _ = answer.send(in_snapshot(connection, work));
        });
        let queue = self.queue.as_ref().ok_or_else(|| StoreError::unavailable("the store is closing"))?;
        queue.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::unavailable("too much waits for the database"),
            TrySendError::Disconnected(_) => StoreError::internal("the database's threads have ended"),
        })?;
        result.await.unwrap_or_else(|_| Err(StoreError::internal("a read panicked").into()))
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.queue = None;
        for thread in self.threads.drain(..) {
            // A thread that panicked has nothing left to do.
            let _ = thread.join();
        }
    }
}

fn in_snapshot<T, E: From<StoreError>>(
    connection: &mut Connection,
    work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
) -> Result<T, E> {
    let transaction = connection.transaction().or_store_error()?;
    let value = work(&transaction)?;
    transaction.commit().or_store_error()?;
    Ok(value)
}

fn spawn(mut connection: Connection, jobs: Arc<Mutex<Receiver<Job>>>) -> Result<JoinHandle<()>, StoreError> {
    let next = move || jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
    let work = move || {
        while let Ok(job) = next() {
            // The transaction is undone while the panic unwinds, so the connection is as good as before.
            if catch_unwind(AssertUnwindSafe(|| job(&mut connection))).is_err() {
                tracing::error!("a read of the database panicked");
            }
        }
    };
    std::thread::Builder::new()
        .name("quickcart-sqlite-reader".to_owned())
        .spawn(work)
        .map_err(StoreError::unavailable)
}
