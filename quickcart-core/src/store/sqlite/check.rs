//! Whether the file is still the one that was opened, and takes what is written.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::Transaction;

use super::error::OrStoreError;
use crate::error::StoreError;

/// A file and what it was when it was opened. Whoever has it open reads and writes on when it is deleted or replaced, and
/// nobody else ever sees that.
pub(super) struct OpenFile {
    path: PathBuf,
    identity: Identity,
}

/// The device and the number that a file has there.
type Identity = (u64, u64);

impl OpenFile {
    pub(super) fn at(path: &Path) -> Result<Self, StoreError> {
        // The folder of a program may change while it runs.
        let path = std::path::absolute(path).map_err(StoreError::unavailable)?;
        let identity = identity(&path).map_err(StoreError::unavailable)?;
        Ok(Self { path, identity })
    }

    pub(super) fn check(&self) -> Result<(), StoreError> {
        if identity(&self.path).map_err(StoreError::unavailable)? == self.identity {
            Ok(())
        } else {
            Err(StoreError::unavailable("the file of the database was replaced"))
        }
    }
}

#[cfg(unix)]
fn identity(path: &Path) -> io::Result<Identity> {
    use std::os::unix::fs::MetadataExt;
    path.metadata().map(|metadata| (metadata.dev(), metadata.ino()))
}

/// An open file is not deleted here, and not replaced.
#[cfg(not(unix))]
fn identity(path: &Path) -> io::Result<Identity> {
    path.metadata().map(|_| (0, 0))
}

/// Writes what is there already: a file that is read-only, or on a disk that is full, refuses that, too.
pub(super) fn write(transaction: &Transaction<'_>) -> Result<(), StoreError> {
    let version: i64 =
        transaction.pragma_query_value(None, "user_version", |row| row.get(0)).or_store_error()?;
    transaction.pragma_update(None, "user_version", version).or_store_error()
}
