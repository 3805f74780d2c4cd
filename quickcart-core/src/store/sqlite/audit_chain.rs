//! The chain of the audit in SQLite.

use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::error::OrStoreError;
use super::statement::run;
use crate::admin::{AuditHead, AuditLink, AuditRecord};
use crate::error::StoreError;

/// What [`record`] reads, of a table or alias `audit`.
const RECORD_COLUMNS: &str = "at_ms, who, action, entity, entity_id, before_json, after_json";

/// Adds a row of the audit, and its link.
pub(super) fn add(transaction: &Transaction<'_>, record: &AuditRecord) -> Result<(), StoreError> {
    let AuditRecord { at_ms, who, action, entity, entity_id, before_json, after_json } = record;
    let sql = "INSERT INTO audit (at_ms, who, action, entity, entity_id, before_json, after_json) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    run(transaction, sql, params![at_ms, who, action, entity, entity_id, before_json, after_json])?;
    link(transaction, transaction.last_insert_rowid(), record)
}

pub(super) fn links(
    transaction: &Transaction<'_>,
    after: i64,
    limit: u32,
) -> Result<(Vec<AuditLink>, AuditHead), StoreError> {
    let sql = format!(
        "SELECT link_id, digest, audit_link.audit_id, audit.audit_id IS NOT NULL, {RECORD_COLUMNS} \
         FROM audit_link LEFT JOIN audit ON audit.audit_id = audit_link.audit_id \
         WHERE link_id > ?1 ORDER BY link_id LIMIT ?2"
    );
    let mut statement = transaction.prepare_cached(&sql).or_store_error()?;
    let read = |row: &Row<'_>| {
        let record = if row.get(3)? { Some(record(row, 4)?) } else { None };
        Ok(AuditLink { head: audit_head(row)?, audit_id: row.get(2)?, record })
    };
    let links = statement.query_map(params![after, limit], read).or_store_error()?;
    let links = links.collect::<rusqlite::Result<_>>().or_store_error()?;
    Ok((links, end(transaction)?))
}

pub(super) fn unlinked(transaction: &Transaction<'_>) -> Result<Vec<i64>, StoreError> {
    let sql = "SELECT audit_id FROM audit \
               WHERE NOT EXISTS (SELECT 1 FROM audit_link WHERE audit_link.audit_id = audit.audit_id) ORDER BY audit_id";
    let mut statement = transaction.prepare_cached(sql).or_store_error()?;
    let audit_ids = statement.query_map([], |row| row.get(0)).or_store_error()?;
    audit_ids.collect::<rusqlite::Result<_>>().or_store_error()
}

pub(super) fn link_all(transaction: &Transaction<'_>, audit_ids: &[i64]) -> Result<(), StoreError> {
    let sql = format!(
        "SELECT {RECORD_COLUMNS} FROM audit WHERE audit_id = ?1 \
         AND NOT EXISTS (SELECT 1 FROM audit_link WHERE audit_link.audit_id = audit.audit_id)"
    );
    for &audit_id in audit_ids {
        let mut statement = transaction.prepare_cached(&sql).or_store_error()?;
        let unlinked = statement.query_row([audit_id], |row| record(row, 0)).optional().or_store_error()?;
        if let Some(record) = unlinked {
            link(transaction, audit_id, &record)?;
        }
    }
    Ok(())
}

fn link(transaction: &Transaction<'_>, audit_id: i64, record: &AuditRecord) -> Result<(), StoreError> {
    let AuditHead { link_id, digest } = end(transaction)?.next(audit_id, record);
    let sql = "INSERT INTO audit_link (link_id, audit_id, digest) VALUES (?1, ?2, ?3)";
    run(transaction, sql, params![link_id, audit_id, digest])?;
    run(transaction, "UPDATE audit_head SET link_id = ?1, digest = ?2", params![link_id, digest])?;
    Ok(())
}

/// Where the chain ends.
fn end(transaction: &Transaction<'_>) -> Result<AuditHead, StoreError> {
    let query = transaction.prepare_cached("SELECT link_id, digest FROM audit_head");
    query.and_then(|mut statement| statement.query_row([], audit_head)).or_store_error()
}

fn audit_head(row: &Row<'_>) -> rusqlite::Result<AuditHead> {
    Ok(AuditHead { link_id: row.get(0)?, digest: row.get(1)? })
}

/// Reads [`RECORD_COLUMNS`], the first of which is column `first`.
fn record(row: &Row<'_>, first: usize) -> rusqlite::Result<AuditRecord> {
    Ok(AuditRecord {
        at_ms: row.get(first)?,
        who: row.get(first + 1)?,
        action: row.get(first + 2)?,
        entity: row.get(first + 3)?,
        entity_id: row.get(first + 4)?,
        before_json: row.get(first + 5)?,
        after_json: row.get(first + 6)?,
    })
}
