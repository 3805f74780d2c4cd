//! The connections to one file: one that writes, and some that read beside it.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, Transaction};

use super::error::OrStoreError;
use super::readers::Readers;
use super::writer::Writer;
use crate::error::StoreError;

/// How much may wait for a thread; past that, callers are told to come again.
pub(super) const QUEUE_LENGTH: usize = 4_096;
/// Statements that a connection keeps prepared.
const STATEMENTS: usize = 64;

pub(super) struct Connections {
    readers: Readers,
    writer: Writer,
}

impl Connections {
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        // The writer comes first: it makes the file and its tables.
        let writer = Writer::start(path)?;
        Ok(Self { readers: Readers::start(path)?, writer })
    }

    /// Reads a few rows by their keys, in one snapshot, on the thread of the caller: that takes microseconds, and a change of
    /// threads as long again.
    pub(super) async fn read<T, E>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.readers.read(work).await
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
        self.readers.scan(work).await
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
        self.writer.write(work).await
    }
}

/// What all connections have in common.
pub(super) fn set_up(connection: &Connection, busy_timeout: Duration) -> Result<(), StoreError> {
    connection.busy_timeout(busy_timeout).or_store_error()?;
    connection.pragma_update(None, "foreign_keys", true).or_store_error()?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(())
}
