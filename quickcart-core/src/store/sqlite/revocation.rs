//! Revoked tokens in SQLite.

use async_trait::async_trait;
use rusqlite::{Row, params};

use super::SqliteStore;
use super::error::OrStoreError;
use super::row::timestamp;
use crate::account::{Revocation, RevocationStore, Revoked};
use crate::clock::Timestamp;
use crate::error::StoreError;

#[async_trait]
impl RevocationStore for SqliteStore {
    async fn revoke(&self, revocation: &Revocation, now: Timestamp) -> Result<bool, StoreError> {
        let Revocation { audience, revoked, until } = revocation.clone();
        self.writer
            .write(move |transaction| {
                transaction
                    .prepare_cached("DELETE FROM revocation WHERE until_ms <= ?1")
                    .and_then(|mut statement| statement.execute([now.as_millisecond()]))
                    .or_store_error()?;
                let (token_id, subject, issued_until) = match &revoked {
                    Revoked::Token(id) => (Some(id), None, None),
                    Revoked::Holder { subject, issued_until } => (None, Some(subject), Some(issued_until)),
                };
                let issued_until_ms = issued_until.map(|at| at.as_millisecond());
                let sql = "INSERT INTO revocation (audience, token_id, subject, issued_until_ms, until_ms) \
                           VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (token_id) DO NOTHING";
                let values = params![audience, token_id, subject, issued_until_ms, until.as_millisecond()];
                let rows = transaction
                    .prepare_cached(sql)
                    .and_then(|mut statement| statement.execute(values))
                    .or_store_error()?;
                Ok(rows > 0)
            })
            .await
    }

    async fn revocations(&self, after: i64) -> Result<(i64, Vec<Revocation>), StoreError> {
        self.readers
            .scan(move |transaction| {
                let sql = "SELECT position, audience, token_id, subject, issued_until_ms, until_ms \
                           FROM revocation WHERE position > ?1 ORDER BY position";
                let mut statement = transaction.prepare_cached(sql).or_store_error()?;
                let rows = statement.query_map([after], revocation).or_store_error()?;
                let rows = rows.collect::<rusqlite::Result<Vec<_>>>().or_store_error()?;
                let position = rows.last().map_or(after, |(position, _)| *position);
                Ok((position, rows.into_iter().map(|(_, revocation)| revocation).collect()))
            })
            .await
    }
}

fn revocation(row: &Row<'_>) -> rusqlite::Result<(i64, Revocation)> {
    let revoked = match row.get(3)? {
        Some(subject) => Revoked::Holder { subject, issued_until: timestamp(row, 4)? },
        None => Revoked::Token(row.get(2)?),
    };
    let audience = row.get::<_, String>(1)?.into();
    Ok((row.get(0)?, Revocation { audience, revoked, until: timestamp(row, 5)? }))
}
