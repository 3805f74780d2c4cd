//! What SQLite says, in the words of [`StoreError`].

use rusqlite::{Error, ErrorCode};

use crate::error::StoreError;

/// Sorts an error of SQLite into what may pass and what will not.
pub(super) fn store_error(error: Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::DiskFull
            | ErrorCode::CannotOpen
            | ErrorCode::ReadOnly
            | ErrorCode::SystemIoFailure,
        ) => StoreError::unavailable(error),
        _ => StoreError::internal(error),
    }
}

/// Lets statements use `?` in functions that answer an error of a domain.
pub(super) trait OrStoreError<T> {
    fn or_store_error(self) -> Result<T, StoreError>;
}

impl<T> OrStoreError<T> for rusqlite::Result<T> {
    fn or_store_error(self) -> Result<T, StoreError> {
        self.map_err(store_error)
    }
}

/// Whether a row was refused because of a UNIQUE column or a missing row of another table.
pub(super) fn is_constraint(error: &Error, extended_code: i32) -> bool {
    matches!(error, Error::SqliteFailure(failure, _) if failure.extended_code == extended_code)
}
