//! A whole snapshot, written into an empty database in one transaction.

use async_trait::async_trait;
use sqlx::{AssertSqlSafe, PgConnection};

use super::PostgresStore;
use super::error::OrStoreError;
use super::import::be_alone;
use super::registration::{put_employee, put_role};
use crate::account::PasswordHash;
use crate::catalog::import::Progress;
use crate::clock::Timestamp;
use crate::error::StoreError;
use crate::snapshot::{Snapshot, SnapshotError, SnapshotStore};

/// Two statements over all tables of ours, made by the server: one that keeps others from writing, and one that answers the first
/// table that holds anything. The version and the head of the audit are always there.
const OVER_ALL_TABLES: &str = "SELECT \
     'LOCK TABLE ' || string_agg(format('%I', name), ', ' ORDER BY name) || ' IN SHARE ROW EXCLUSIVE MODE', \
     string_agg(format('(SELECT %L WHERE EXISTS (SELECT FROM %I))', name, name), ' UNION ALL ' ORDER BY name) || ' LIMIT 1' \
     FROM (SELECT relname::TEXT COLLATE \"C\" AS name FROM pg_class \
           WHERE relkind = 'r' AND relnamespace = current_schema()::REGNAMESPACE AND \
                 relname NOT IN ('schema_version', 'audit_head')) AS tables";

#[async_trait]
impl SnapshotStore for PostgresStore {
    async fn restore(
        &self,
        snapshot: Snapshot,
        hashes: Vec<PasswordHash>,
        now: Timestamp,
        progress: Progress,
    ) -> Result<(), SnapshotError> {
        let (snapshot, hashes, progress) = (&snapshot, &hashes, &progress);
        self.pool
            .write_long(|mut transaction| async move {
                be_alone(&mut transaction).await?;
                if let Some(table) = table_with_rows(&mut transaction).await? {
                    return Err(SnapshotError::NotEmpty { table });
                }
                super::import::import(&mut transaction, &snapshot.store, progress).await?;
                locations(&mut transaction, snapshot, now).await?;
                staff(&mut transaction, snapshot, hashes).await?;
                Ok(((), transaction))
            })
            .await
    }
}

/// The first table of ours that holds anything. Nobody else writes into any until the end of the transaction.
async fn table_with_rows(connection: &mut PgConnection) -> Result<Option<String>, StoreError> {
    let (lock, find): (String, String) =
        sqlx::query_as(OVER_ALL_TABLES).fetch_one(&mut *connection).await.or_store_error()?;
    sqlx::raw_sql(AssertSqlSafe(lock)).execute(&mut *connection).await.or_store_error()?;
    sqlx::query_scalar(AssertSqlSafe(find)).fetch_optional(connection).await.or_store_error()
}

async fn locations(
    connection: &mut PgConnection,
    snapshot: &Snapshot,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "UPDATE cart SET level = at.level, x_m = at.x_m, y_m = at.y_m, located_at_ms = $5 \
               FROM unnest($1::BIGINT[], $2::BIGINT[], $3::FLOAT8[], $4::FLOAT8[]) AS at (cart_id, level, x_m, y_m) \
               WHERE cart.cart_id = at.cart_id";
    let of = &snapshot.locations;
    let query = sqlx::query(sql)
        .bind(of.iter().map(|(cart_id, _)| *cart_id).collect::<Vec<_>>())
        .bind(of.iter().map(|(_, at)| i64::from(at.level)).collect::<Vec<_>>())
        .bind(of.iter().map(|(_, at)| at.x_m).collect::<Vec<_>>())
        .bind(of.iter().map(|(_, at)| at.y_m).collect::<Vec<_>>())
        .bind(now.as_millisecond());
    query.execute(connection).await.or_store_error().map(drop)
}

async fn staff(
    connection: &mut PgConnection,
    snapshot: &Snapshot,
    hashes: &[PasswordHash],
) -> Result<(), StoreError> {
    for role in &snapshot.roles {
        put_role(connection, role).await?;
    }
    for (record, hash) in snapshot.employees.iter().zip(hashes) {
        // Roles and addresses were checked, and nobody was here before.
        put_employee(connection, &record.employee, hash).await.map_err(StoreError::internal)?;
    }
    Ok(())
}
