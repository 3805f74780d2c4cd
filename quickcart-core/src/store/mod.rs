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
pub use sqlite::SqliteStore;

use crate::account::AccountStore;
use crate::admin::AdminStore;
use crate::cart::{CartStore, GuestCartStore};
use crate::catalog::CatalogStore;
use crate::order::OrderStore;
use crate::snapshot::SnapshotStore;
use crate::stock::StockStore;

/// Keeps a whole shop.
pub trait ShopStore:
    AccountStore
    + CatalogStore
    + CartStore
    + GuestCartStore
    + OrderStore
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
        + StockStore
        + AdminStore
        + SnapshotStore
{
}
