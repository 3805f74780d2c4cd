//! Databases that keep the whole shop: one type a database, which implements the stores of all domains, so that what
//! must happen together happens in one transaction.

#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod book_json;
mod database_url;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod like;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

pub use database_url::{DatabaseUrl, InvalidDatabaseUrl};
#[cfg(feature = "postgres")]
pub use postgres::PostgresStore;
#[cfg(feature = "sqlite")]
pub use sqlite::{BackupError, SqliteStore};

use std::sync::Arc;

use crate::account::{AccountStore, MemberStore, RegistrationStore, RevocationStore};
use crate::admin::{AdminStore, link_audit};
use crate::book_order::BookOrderStore;
use crate::cart::{CartStore, GuestCartStore};
use crate::catalog::CatalogStore;
use crate::error::StoreError;
use crate::order::{OrderStore, ReturnStore};
use crate::outbox::OutboxStore;
use crate::snapshot::SnapshotStore;
use crate::stock::StockStore;

/// Keeps a whole shop.
pub trait ShopStore:
    AccountStore
    + CatalogStore
    + CartStore
    + GuestCartStore
    + OrderStore
    + ReturnStore
    + StockStore
    + AdminStore
    + SnapshotStore
{
}

impl<T> ShopStore for T where
    T: AccountStore
        + CatalogStore
        + CartStore
        + GuestCartStore
        + OrderStore
        + ReturnStore
        + StockStore
        + AdminStore
        + SnapshotStore
{
}

/// Keeps all that the domains know. An `Arc` of it is one of each of these stores, too.
pub trait Store:
    ShopStore + RegistrationStore + MemberStore + RevocationStore + BookOrderStore + OutboxStore
{
}

impl<T> Store for T where
    T: ShopStore + RegistrationStore + MemberStore + RevocationStore + BookOrderStore + OutboxStore
{
}

/// Opens a database, makes its tables when they are not there, and brings them and the chain of the audit up to date.
///
/// # Errors
/// [`StoreError`] when the database cannot be reached or written, has tables of a later version, or when this program was built
/// without the feature of its kind.
pub async fn open(url: &DatabaseUrl) -> Result<Arc<dyn Store>, StoreError> {
    let store = open_as_is(url).await?;
    link_audit(&*store).await?;
    Ok(store)
}

/// The same, and leaves the chain of the audit as it is, for whoever wants to look at it.
///
/// # Errors
/// As [`open`].
pub async fn open_as_is(url: &DatabaseUrl) -> Result<Arc<dyn Store>, StoreError> {
    match url {
        #[cfg(feature = "sqlite")]
        DatabaseUrl::Sqlite(path) => Ok(Arc::new(SqliteStore::open(path)?)),
        #[cfg(feature = "postgres")]
        DatabaseUrl::Postgres(url) => {
            Ok(Arc::new(PostgresStore::open(url, PostgresStore::CONNECTIONS).await?))
        }
        #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
        other => Err(StoreError::internal(format!("this program was built without a driver for {other}"))),
    }
}
