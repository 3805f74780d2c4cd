//! A whole snapshot, written into an empty database in one transaction.

use async_trait::async_trait;
use rusqlite::{Transaction, params};

use super::SqliteStore;
use super::error::OrStoreError;
use super::registration::{put_employee, put_role};
use crate::account::PasswordHash;
use crate::catalog::import::Progress;
use crate::clock::Timestamp;
use crate::error::StoreError;
use crate::snapshot::{Snapshot, SnapshotError, SnapshotStore};

#[async_trait]
impl SnapshotStore for SqliteStore {
    async fn restore(
        &self,
        snapshot: Snapshot,
        hashes: Vec<PasswordHash>,
        now: Timestamp,
        progress: Progress,
    ) -> Result<(), SnapshotError> {
        self.writer
            .write(move |transaction| {
                if let Some(table) = table_with_rows(transaction)? {
                    return Err(SnapshotError::NotEmpty { table });
                }
                super::import::import(transaction, &snapshot.store, &progress)?;
                locations(transaction, &snapshot, now)?;
                Ok(staff(transaction, &snapshot, &hashes)?)
            })
            .await
    }
}

/// The first table of ours that holds anything; what an index keeps for itself does not count, nor does the head of the audit, which is always
/// there.
fn table_with_rows(transaction: &Transaction<'_>) -> Result<Option<String>, StoreError> {
    let sql = "SELECT name FROM pragma_table_list \
               WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name <> 'audit_head' ORDER BY name";
    let mut statement = transaction.prepare(sql).or_store_error()?;
    let names = statement.query_map([], |row| row.get::<_, String>(0)).or_store_error()?;
    for name in names {
        let name = name.or_store_error()?;
        let sql = format!("SELECT EXISTS (SELECT 1 FROM \"{name}\")");
        if transaction.query_row(&sql, [], |row| row.get(0)).or_store_error()? {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

fn locations(transaction: &Transaction<'_>, snapshot: &Snapshot, now: Timestamp) -> Result<(), StoreError> {
    let sql = "UPDATE cart SET level = ?2, x_m = ?3, y_m = ?4, located_at_ms = ?5 WHERE cart_id = ?1";
    for (cart_id, at) in &snapshot.locations {
        let values = params![cart_id, at.level, at.x_m, at.y_m, now.as_millisecond()];
        transaction.execute(sql, values).or_store_error()?;
    }
    Ok(())
}

fn staff(
    transaction: &Transaction<'_>,
    snapshot: &Snapshot,
    hashes: &[PasswordHash],
) -> Result<(), StoreError> {
    for role in &snapshot.roles {
        put_role(transaction, role)?;
    }
    for (record, hash) in snapshot.employees.iter().zip(hashes) {
        // Roles and addresses were checked, and nobody was here before.
        put_employee(transaction, &record.employee, hash).map_err(StoreError::internal)?;
    }
    Ok(())
}
