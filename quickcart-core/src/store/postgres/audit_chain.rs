//! The chain of the audit in PostgreSQL. Whoever adds to it locks its head until the transaction ends, and so locks nothing else afterwards:
//! those who wait for the head keep what others may want.

use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use super::error::OrStoreError;
use crate::admin::{AuditHead, AuditLink, AuditRecord};
use crate::error::StoreError;

/// The columns that [`record`] reads, of a table or alias `audit`, for `concat!`.
macro_rules! record_columns {
    () => {
        "at_ms, who, action, entity, entity_id, before_json, after_json"
    };
}

const ADD: &str = concat!(
    "INSERT INTO audit (",
    record_columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING audit_id"
);
const LINKS: &str = concat!(
    "SELECT link_id, digest, audit_link.audit_id, audit.audit_id IS NOT NULL, ",
    record_columns!(),
    " FROM audit_link LEFT JOIN audit ON audit.audit_id = audit_link.audit_id \
     WHERE link_id > $1 ORDER BY link_id LIMIT $2"
);
const HEAD: &str = "SELECT link_id, digest FROM audit_head";
const LOCK_HEAD: &str = "SELECT link_id, digest FROM audit_head FOR UPDATE";
const UNLINKED: &str = "SELECT audit_id FROM audit \
     WHERE NOT EXISTS (SELECT FROM audit_link WHERE audit_link.audit_id = audit.audit_id) ORDER BY audit_id";
const UNLINKED_OF: &str = concat!(
    "SELECT ",
    record_columns!(),
    ", audit_id FROM audit WHERE audit_id = ANY ($1) \
     AND NOT EXISTS (SELECT FROM audit_link WHERE audit_link.audit_id = audit.audit_id) ORDER BY audit_id"
);
const LINK: &str = "WITH linked AS (INSERT INTO audit_link (link_id, audit_id, digest) \
                     SELECT * FROM unnest($1::BIGINT[], $2::BIGINT[], $3::BYTEA[])) \
     UPDATE audit_head SET link_id = $4, digest = $5";

/// Adds a row of the audit, and its link. Nothing is locked after this in the same transaction.
pub(super) async fn add(connection: &mut PgConnection, record: AuditRecord) -> Result<(), StoreError> {
    let query = sqlx::query_scalar(ADD).bind(record.at_ms).bind(&record.who).bind(&record.action);
    let query = query.bind(&record.entity).bind(record.entity_id);
    let query = query.bind(&record.before_json).bind(&record.after_json);
    let audit_id = query.fetch_one(&mut *connection).await.or_store_error()?;
    let head = end(connection, LOCK_HEAD).await?;
    link(connection, head, &[(audit_id, record)]).await
}

/// Only whole when both are read in one snapshot.
pub(super) async fn links(
    connection: &mut PgConnection,
    after: i64,
    limit: u32,
) -> Result<(Vec<AuditLink>, AuditHead), StoreError> {
    let query = sqlx::query(LINKS).bind(after).bind(i64::from(limit));
    let rows = query.fetch_all(&mut *connection).await.or_store_error()?;
    let read = |row: &PgRow| {
        let record = if row.try_get(3)? { Some(record(row, 4)?) } else { None };
        Ok(AuditLink { head: audit_head(row)?, audit_id: row.try_get(2)?, record })
    };
    let links = rows.iter().map(read).collect::<sqlx::Result<_>>().or_store_error()?;
    Ok((links, end(connection, HEAD).await?))
}

/// A long audit takes longer than a customer would wait.
pub(super) async fn unlinked(connection: &mut PgConnection) -> Result<Vec<i64>, StoreError> {
    let patience = "SET LOCAL statement_timeout = 0";
    sqlx::raw_sql(patience).execute(&mut *connection).await.or_store_error()?;
    sqlx::query_scalar(UNLINKED).fetch_all(connection).await.or_store_error()
}

pub(super) async fn link_all(connection: &mut PgConnection, audit_ids: &[i64]) -> Result<(), StoreError> {
    // What another server has linked meanwhile is seen behind its lock.
    let head = end(connection, LOCK_HEAD).await?;
    let rows = sqlx::query(UNLINKED_OF).bind(audit_ids).fetch_all(&mut *connection).await.or_store_error()?;
    let read = |row: &PgRow| Ok((row.try_get(7)?, record(row, 0)?));
    let records: Vec<_> = rows.iter().map(read).collect::<sqlx::Result<_>>().or_store_error()?;
    link(connection, head, &records).await
}

/// Links rows behind the head, which is locked.
async fn link(
    connection: &mut PgConnection,
    mut head: AuditHead,
    records: &[(i64, AuditRecord)],
) -> Result<(), StoreError> {
    let heads = records.iter().map(|(audit_id, record)| {
        head = head.next(*audit_id, record);
        head
    });
    let heads: Vec<AuditHead> = heads.collect();
    let query = sqlx::query(LINK)
        .bind(heads.iter().map(|head| head.link_id).collect::<Vec<_>>())
        .bind(records.iter().map(|(audit_id, _)| *audit_id).collect::<Vec<_>>())
        .bind(heads.iter().map(|head| head.digest).collect::<Vec<_>>())
        .bind(head.link_id)
        .bind(head.digest);
    query.execute(connection).await.or_store_error().map(drop)
}

/// Where the chain ends.
async fn end(connection: &mut PgConnection, sql: &'static str) -> Result<AuditHead, StoreError> {
    let row = sqlx::query(sql).fetch_one(connection).await.or_store_error()?;
    audit_head(&row).or_store_error()
}

fn audit_head(row: &PgRow) -> sqlx::Result<AuditHead> {
    Ok(AuditHead { link_id: row.try_get(0)?, digest: row.try_get(1)? })
}

/// Reads `record_columns`, the first of which is column `first`.
fn record(row: &PgRow, first: usize) -> sqlx::Result<AuditRecord> {
    Ok(AuditRecord {
        at_ms: row.try_get(first)?,
        who: row.try_get(first + 1)?,
        action: row.try_get(first + 2)?,
        entity: row.try_get(first + 3)?,
        entity_id: row.try_get(first + 4)?,
        before_json: row.try_get(first + 5)?,
        after_json: row.try_get(first + 6)?,
    })
}
