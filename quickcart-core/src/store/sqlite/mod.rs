//! The shop in one SQLite file: WAL, synchronous FULL, one writer and several readers.

mod account;
mod admin;
mod audit_chain;
mod backup;
mod book_order;
mod cart;
mod cart_state;
mod catalog;
mod check;
mod connection;
mod error;
mod guest_cart;
mod import;
mod member;
mod migrate;
mod order;
mod order_event;
mod order_return;
mod outbox;
mod readers;
mod recipe;
mod registration;
mod revocation;
mod row;
mod search;
mod snapshot;
mod statement;
mod stock;
mod writer;

use std::path::Path;

pub use backup::BackupError;

use crate::error::StoreError;
use check::OpenFile;
use readers::Readers;
use writer::Writer;

/// Keeps the shop in a file. Cheap to share behind an `Arc`; when it is dropped, all that was asked of it is done first.
pub struct SqliteStore {
    readers: Readers,
    writer: Writer,
    file: OpenFile,
}

impl SqliteStore {
    /// Opens the file, makes it and its folder when they are not there, and brings its tables up to date.
    ///
    /// Blocks until that is done.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be opened or written, or was made by a later version.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(StoreError::unavailable)?;
        }
        // The writer comes first: it makes the file and its tables.
        let writer = Writer::start(path)?;
        Ok(Self { readers: Readers::start(path)?, writer, file: OpenFile::at(path)? })
    }
}
