//! One statement, prepared once a connection.

use rusqlite::{Params, Transaction};

use super::error::OrStoreError;
use crate::error::StoreError;

/// Runs a statement; answers how many rows it has changed.
pub(super) fn run(
    transaction: &Transaction<'_>,
    sql: &str,
    values: impl Params,
) -> Result<usize, StoreError> {
    transaction.prepare_cached(sql).and_then(|mut statement| statement.execute(values)).or_store_error()
}
