//! Revoked tokens in PostgreSQL.

use async_trait::async_trait;
use sqlx::Row;
use sqlx::postgres::PgRow;

use super::PostgresStore;
use super::error::OrStoreError;
use super::row::timestamp;
use crate::account::{Revocation, RevocationStore, Revoked};
use crate::clock::Timestamp;
use crate::error::StoreError;

/// One at a time, so that positions can be seen in their order: who reads up to one never misses a lower one.
const LOCK: &str = "SELECT pg_advisory_xact_lock(hashtextextended('revocation', 0))";
const FORGET: &str = "DELETE FROM revocation WHERE until_ms <= $1";
const REVOKE: &str = "INSERT INTO revocation (audience, token_id, subject, issued_until_ms, until_ms) \
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT (token_id) DO NOTHING";
const AFTER: &str = "SELECT position, audience, token_id, subject, issued_until_ms, until_ms \
     FROM revocation WHERE position > $1 ORDER BY position";

#[async_trait]
impl RevocationStore for PostgresStore {
    async fn revoke(&self, revocation: &Revocation, now: Timestamp) -> Result<bool, StoreError> {
        let Revocation { audience, revoked, until } = revocation;
        let (token_id, subject, issued_until) = match revoked {
            Revoked::Token(id) => (Some(&**id), None, None),
            Revoked::Holder { subject, issued_until } => (None, Some(&**subject), Some(issued_until)),
        };
        self.pool
            .write(|mut transaction| async move {
                sqlx::query(LOCK).execute(&mut *transaction).await.or_store_error()?;
                let query = sqlx::query(FORGET).bind(now.as_millisecond());
                query.execute(&mut *transaction).await.or_store_error()?;
                let query = sqlx::query(REVOKE)
                    .bind(audience.as_ref())
                    .bind(token_id)
                    .bind(subject)
                    .bind(issued_until.map(|at| at.as_millisecond()))
                    .bind(until.as_millisecond());
                let done = query.execute(&mut *transaction).await.or_store_error()?;
                Ok((done.rows_affected() > 0, transaction))
            })
            .await
    }

    async fn revocations(&self, after: i64) -> Result<(i64, Vec<Revocation>), StoreError> {
        self.pool
            .one(|mut connection| async move {
                let query = sqlx::query(AFTER).bind(after);
                let rows = query.fetch_all(&mut *connection).await.or_store_error()?;
                let rows = rows.iter().map(revocation).collect::<sqlx::Result<Vec<_>>>().or_store_error()?;
                let position = rows.last().map_or(after, |(position, _)| *position);
                Ok((position, rows.into_iter().map(|(_, revocation)| revocation).collect()))
            })
            .await
    }
}

fn revocation(row: &PgRow) -> sqlx::Result<(i64, Revocation)> {
    let revoked = match row.try_get::<Option<Box<str>>, _>(3)? {
        Some(subject) => Revoked::Holder { subject, issued_until: timestamp(row, 4)? },
        None => Revoked::Token(row.try_get(2)?),
    };
    let audience = row.try_get::<String, _>(1)?.into();
    Ok((row.try_get(0)?, Revocation { audience, revoked, until: timestamp(row, 5)? }))
}
