//! What all connections to a file have in common.

use std::time::Duration;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::error::OrStoreError;
use crate::error::StoreError;

/// How much may wait for a thread; past that, callers are told to come again.
pub(super) const QUEUE_LENGTH: usize = 4_096;
/// Statements that a connection keeps prepared.
const STATEMENTS: usize = 64;

pub(super) fn set_up(connection: &Connection, busy_timeout: Duration) -> Result<(), StoreError> {
    connection.busy_timeout(busy_timeout).or_store_error()?;
    connection.pragma_update(None, "foreign_keys", true).or_store_error()?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Else SQLite plans a statement anew each time that another LIMIT is bound to it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).or_store_error()?;
    Ok(())
}
