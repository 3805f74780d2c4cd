//! The outbox in SQLite.

use async_trait::async_trait;
use rusqlite::{Row, Transaction, params};

use super::SqliteStore;
use super::error::OrStoreError;
use super::row::{optional, parsed, timestamp};
use super::statement::run;
use crate::clock::Timestamp;
use crate::error::StoreError;
use crate::outbox::{OutboxEvent, OutboxStore};

#[async_trait]
impl OutboxStore for SqliteStore {
    async fn claim_outbox(
        &self,
        relay: &str,
        until: Timestamp,
        limit: u32,
        now: Timestamp,
    ) -> Result<Option<Vec<OutboxEvent>>, StoreError> {
        // Most of the time there is nothing, and no reason to disturb the writer.
        let is_empty = "SELECT NOT EXISTS (SELECT 1 FROM outbox WHERE published_at_ms IS NULL)";
        let is_empty = self.readers.read(move |transaction| {
            transaction
                .prepare_cached(is_empty)
                .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
                .or_store_error()
        });
        if is_empty.await? {
            return Ok(Some(Vec::new()));
        }
        let relay = relay.to_owned();
        self.writer
            .write(move |transaction| {
                let sql = "INSERT INTO outbox_relay VALUES (1, ?1, ?2) ON CONFLICT (only_row) DO UPDATE \
                           SET relay = excluded.relay, until_ms = excluded.until_ms WHERE relay = excluded.relay OR until_ms <= ?3";
                let values = params![relay, until.as_millisecond(), now.as_millisecond()];
                let is_ours = run(transaction, sql, values)? > 0;
                is_ours.then(|| unpublished(transaction, limit)).transpose()
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
        let (relay, outbox_ids) = (relay.to_owned(), outbox_ids.to_vec());
        self.writer
            .write(move |transaction| {
                let sql =
                    "UPDATE outbox SET published_at_ms = ?2 WHERE outbox_id = ?1 AND published_at_ms IS NULL";
                for outbox_id in outbox_ids {
                    run(transaction, sql, params![outbox_id, now.as_millisecond()])?;
                }
                if release {
                    run(transaction, "DELETE FROM outbox_relay WHERE relay = ?1", [relay])?;
                }
                Ok(())
            })
            .await
    }
}

fn unpublished(transaction: &Transaction<'_>, limit: u32) -> Result<Vec<OutboxEvent>, StoreError> {
    let sql = "SELECT outbox_id, order_kind, order_id, seq, event, from_status, to_status, actor, at_ms, \
                      detail_json \
               FROM outbox JOIN order_event USING (order_kind, order_id, seq) \
               WHERE published_at_ms IS NULL ORDER BY outbox_id LIMIT ?1";
    let read = |row: &Row<'_>| {
        Ok(OutboxEvent {
            outbox_id: row.get(0)?,
            order_kind: parsed(row, 1)?,
            order_id: row.get(2)?,
            seq: row.get(3)?,
            event: row.get(4)?,
            from_status: row.get(5)?,
            to_status: row.get(6)?,
            actor: row.get(7)?,
            at: timestamp(row, 8)?,
            detail: optional(row, 9)?,
        })
    };
    let mut statement = transaction.prepare_cached(sql).or_store_error()?;
    let rows = statement.query_map([limit], read).or_store_error()?;
    rows.collect::<rusqlite::Result<_>>().or_store_error()
}
