//! The outbox in PostgreSQL.

use async_trait::async_trait;
use sqlx::Row;
use sqlx::postgres::PgRow;

use super::PostgresStore;
use super::error::OrStoreError;
use super::row::{optional, parsed, timestamp};
use crate::clock::Timestamp;
use crate::error::StoreError;
use crate::outbox::{OutboxEvent, OutboxStore};

const IS_EMPTY: &str = "SELECT NOT EXISTS (SELECT 1 FROM outbox WHERE published_at_ms IS NULL)";
const CLAIM: &str = "INSERT INTO outbox_relay VALUES (1, $1, $2) ON CONFLICT (only_row) DO UPDATE \
     SET relay = excluded.relay, until_ms = excluded.until_ms \
     WHERE outbox_relay.relay = excluded.relay OR outbox_relay.until_ms <= $3";
/// An order's events are written one after the other, so that a later one is never there without those before.
const UNPUBLISHED: &str = "SELECT outbox_id, order_kind, order_id, seq, event, from_status, to_status, actor, at_ms, \
     detail_json FROM outbox JOIN order_event USING (order_kind, order_id, seq) \
     WHERE published_at_ms IS NULL ORDER BY outbox_id LIMIT $1";
const NOTE: &str =
    "UPDATE outbox SET published_at_ms = $2 WHERE outbox_id = ANY($1) AND published_at_ms IS NULL";
const RELEASE: &str = "DELETE FROM outbox_relay WHERE relay = $1";

#[async_trait]
impl OutboxStore for PostgresStore {
    async fn claim_outbox(
        &self,
        relay: &str,
        until: Timestamp,
        limit: u32,
        now: Timestamp,
    ) -> Result<Option<Vec<OutboxEvent>>, StoreError> {
        let is_empty = self.pool.one(|mut connection| async move {
            sqlx::query_scalar(IS_EMPTY).fetch_one(&mut *connection).await.or_store_error()
        });
        if is_empty.await? {
            return Ok(Some(Vec::new()));
        }
        self.pool
            .write(|mut transaction| async move {
                let query =
                    sqlx::query(CLAIM).bind(relay).bind(until.as_millisecond()).bind(now.as_millisecond());
                if query.execute(&mut *transaction).await.or_store_error()?.rows_affected() == 0 {
                    return Ok((None, transaction));
                }
                let query = sqlx::query(UNPUBLISHED).bind(i64::from(limit));
                let rows = query.fetch_all(&mut *transaction).await.or_store_error()?;
                let events = rows.iter().map(event).collect::<sqlx::Result<_>>().or_store_error()?;
                Ok((Some(events), transaction))
            })
            .await
    }

    async fn note_published(
        &self,
        relay: &str,
        outbox_ids: &[i64],
        release: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.pool
            .write(|mut transaction| async move {
                let query = sqlx::query(NOTE).bind(outbox_ids).bind(now.as_millisecond());
                query.execute(&mut *transaction).await.or_store_error()?;
                if release {
                    sqlx::query(RELEASE).bind(relay).execute(&mut *transaction).await.or_store_error()?;
                }
                Ok(((), transaction))
            })
            .await
    }
}

fn event(row: &PgRow) -> sqlx::Result<OutboxEvent> {
    Ok(OutboxEvent {
        outbox_id: row.try_get(0)?,
        order_kind: parsed(row, 1)?,
        order_id: row.try_get(2)?,
        seq: row.try_get(3)?,
        event: row.try_get(4)?,
        from_status: row.try_get(5)?,
        to_status: row.try_get(6)?,
        actor: row.try_get(7)?,
        at: timestamp(row, 8)?,
        detail: optional(row, 9)?,
    })
}
