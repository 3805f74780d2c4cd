//! The shop in PostgreSQL: a pool of connections, and one transaction for each step of a domain.

mod account;
mod admin;
mod audit_chain;
mod book_order;
mod cart;
mod cart_state;
mod catalog;
mod connections;
mod error;
mod guest_cart;
mod import;
mod member;
mod migrate;
mod order;
mod order_event;
mod order_return;
mod outbox;
mod pool;
mod recipe;
mod registration;
mod revocation;
mod row;
mod search;
mod snapshot;
mod stock;

use crate::error::StoreError;
use migrate::migrate;
use pool::Pool;

/// Keeps the shop on a PostgreSQL server. Cheap to share behind an `Arc`.
///
/// A caller who goes away while the database works undoes what was asked for, unless it was done already.
pub struct PostgresStore {
    pool: Pool,
}

impl PostgresStore {
    /// How many connections are enough for most shops.
    pub const CONNECTIONS: u32 = 16;

    /// Connects to a database, and brings its tables up to date.
    ///
    /// # Errors
    /// [`StoreError`] when the server does not answer within two seconds, refuses us, or has tables of a later version.
    pub async fn open(url: &str, connections_max: u32) -> Result<Self, StoreError> {
        let pool = Pool::open(url, connections_max).await?;
        pool.write_long(|mut transaction| async move {
            migrate(&mut transaction).await?;
            Ok(((), transaction))
        })
        .await?;
        Ok(Self { pool })
    }
}

/// One server for all tests of this crate's inside, which ends with this process.
#[cfg(test)]
static TEST_SERVER: std::sync::LazyLock<test_servers::PostgresServer> =
    std::sync::LazyLock::new(test_servers::PostgresServer::start);
