//! The tables, step by step. The table `schema_version` knows how many steps a database has had.

use super::error::OrStoreError;
use crate::error::StoreError;
use sqlx::PgConnection;

/// Every step, oldest first. A step that was released is never changed.
const STEPS: [&str; 6] = [
    include_str!("../../../migrations/postgres/0001_shop.sql"),
    include_str!("../../../migrations/postgres/0002_stock.sql"),
    include_str!("../../../migrations/postgres/0003_book_session_key.sql"),
    include_str!("../../../migrations/postgres/0004_cart_state.sql"),
    include_str!("../../../migrations/postgres/0005_returns.sql"),
    include_str!("../../../migrations/postgres/0006_audit_chain.sql"),
];

/// Of two servers that start at once, one waits for the other here, however long that takes.
const WAIT_FOR_OTHERS: &str = "SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0; \
     SELECT pg_advisory_xact_lock(hashtextextended('quickcart:migrate', 0)); \
     CREATE TABLE IF NOT EXISTS schema_version (only_row BIGINT PRIMARY KEY CHECK (only_row = 1), version BIGINT NOT NULL)";

/// What older servers write to first. A step that waited for it while it has locked what they write to next would never end.
const LOCK_FIRST: &str = "LOCK TABLE cart, book_session IN ACCESS EXCLUSIVE MODE";

/// Takes the steps that are missing, all or none.
pub(super) async fn migrate(connection: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::raw_sql(WAIT_FOR_OTHERS).execute(&mut *connection).await.or_store_error()?;
    let version: Option<i64> = sqlx::query_scalar("SELECT version FROM schema_version")
        .fetch_optional(&mut *connection)
        .await
        .or_store_error()?;
    let version = usize::try_from(version.unwrap_or(0)).map_err(StoreError::internal)?;
    let Some(missing) = STEPS.get(version..) else {
        return Err(StoreError::internal(format!(
            "the database has version {version}, and this program knows {} only",
            STEPS.len()
        )));
    };
    if missing.is_empty() {
        return Ok(());
    }
    if version > 0 {
        sqlx::raw_sql(LOCK_FIRST).execute(&mut *connection).await.or_store_error()?;
    }
    for step in missing {
        sqlx::raw_sql(*step).execute(&mut *connection).await.or_store_error()?;
    }
    sqlx::query("INSERT INTO schema_version VALUES (1, $1) ON CONFLICT (only_row) DO UPDATE SET version = excluded.version")
        .bind(STEPS.len() as i64)
        .execute(&mut *connection)
        .await
        .or_store_error()?;
    Ok(())
}
