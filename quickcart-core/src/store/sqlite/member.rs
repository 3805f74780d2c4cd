//! Members in SQLite.

use async_trait::async_trait;
use rusqlite::{OptionalExtension, Row, ToSql, Transaction, ffi, params};

use super::SqliteStore;
use super::error::{OrStoreError, is_constraint, store_error};
use super::row::{optional, parsed, timestamp};
use crate::account::{
    Member, MemberError, MemberName, MemberRole, MemberStatus, MemberStore, NewMember, PasswordHash, UserId,
};
use crate::clock::Timestamp;
use crate::email::EmailAddress;
use crate::error::StoreError;
use crate::phone::PhoneNumber;
use crate::secret::Tag;

const COLUMNS: &str = "user_id, member_name, phone, email, role, status, login_count, last_login_ms, created_at_ms, \
     updated_at_ms";

#[async_trait]
impl MemberStore for SqliteStore {
    async fn sign_in(
        &self,
        phone: &PhoneNumber,
        proof: &Tag,
        proof_until: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Member>, MemberError> {
        let (phone, proof) = (phone.clone(), *proof);
        self.writer
            .write(move |transaction| {
                let sql = "UPDATE member SET login_count = login_count + 1, last_login_ms = ?2 \
                           WHERE phone = ?1 AND status = 'active'";
                execute(transaction, sql, params![phone.e164(), now.as_millisecond()]).or_store_error()?;
                let found = find(transaction, "phone = ?1", &phone.e164())?;
                if found.is_none() {
                    let sql = "INSERT INTO member_proof (proof, until_ms) VALUES (?1, ?2) \
                               ON CONFLICT (proof) DO UPDATE SET until_ms = excluded.until_ms";
                    execute(transaction, sql, params![proof, proof_until.as_millisecond()])
                        .or_store_error()?;
                }
                Ok(found)
            })
            .await
    }

    async fn create(&self, member: &NewMember, proof: &Tag, now: Timestamp) -> Result<Member, MemberError> {
        let (member, proof) = (member.clone(), *proof);
        self.writer
            .write(move |transaction| {
                let now_ms = now.as_millisecond();
                let sql = "DELETE FROM member_proof WHERE proof = ?1 AND until_ms > ?2";
                if execute(transaction, sql, params![proof, now_ms]).or_store_error()? == 0 {
                    return Err(MemberError::NotVerified);
                }
                execute(transaction, "DELETE FROM member_proof WHERE until_ms <= ?1", params![now_ms])
                    .or_store_error()?;
                insert(transaction, &member, MemberRole::Customer, now_ms)?;
                let made = find(transaction, "user_id = ?1", &transaction.last_insert_rowid())?;
                Ok(made.ok_or_else(|| StoreError::internal("a member is gone"))?)
            })
            .await
    }

    async fn put_administrator(
        &self,
        member: &NewMember,
        username: &str,
        hash: &PasswordHash,
        now: Timestamp,
    ) -> Result<Member, MemberError> {
        let (member, username, hash) = (member.clone(), username.to_owned(), hash.clone());
        self.writer
            .write(move |transaction| {
                let now_ms = now.as_millisecond();
                let user_id = match find(transaction, "phone = ?1", &member.phone.e164())? {
                    Some(known) => {
                        let sql = "UPDATE member SET role = 'admin', updated_at_ms = ?2 WHERE user_id = ?1";
                        execute(transaction, sql, params![known.user_id, now_ms]).or_store_error()?;
                        known.user_id
                    }
                    None => {
                        insert(transaction, &member, MemberRole::Admin, now_ms)?;
                        transaction.last_insert_rowid()
                    }
                };
                let sql = "INSERT INTO administrator (user_id, username, password_hash) VALUES (?1, ?2, ?3) \
                           ON CONFLICT (user_id) DO UPDATE \
                           SET username = excluded.username, password_hash = excluded.password_hash";
                execute(transaction, sql, params![user_id, username, hash.as_str()]).map_err(|error| {
                    if is_constraint(&error, ffi::SQLITE_CONSTRAINT_UNIQUE) {
                        MemberError::UsernameTaken
                    } else {
                        store_error(error).into()
                    }
                })?;
                find(transaction, "user_id = ?1", &user_id)?.ok_or(MemberError::NotFound { user_id })
            })
            .await
    }

    async fn administrator(&self, username: &str) -> Result<Option<(UserId, PasswordHash)>, StoreError> {
        let username = username.to_owned();
        self.readers
            .read(move |transaction| {
                let sql = "SELECT user_id, password_hash FROM administrator JOIN member USING (user_id) \
                           WHERE username = ?1 AND role = 'admin'";
                let found = |row: &Row<'_>| Ok((row.get(0)?, parsed(row, 1)?));
                transaction
                    .prepare_cached(sql)
                    .and_then(|mut statement| statement.query_row([username], found).optional())
                    .or_store_error()
            })
            .await
    }

    async fn signed_in(&self, user_id: UserId, now: Timestamp) -> Result<Option<Member>, StoreError> {
        self.writer
            .write(move |transaction| {
                let sql = "UPDATE member SET login_count = login_count + 1, last_login_ms = ?2 \
                           WHERE user_id = ?1 AND status = 'active'";
                execute(transaction, sql, params![user_id, now.as_millisecond()]).or_store_error()?;
                find(transaction, "user_id = ?1", &user_id)
            })
            .await
    }

    async fn member(&self, user_id: UserId) -> Result<Option<Member>, StoreError> {
        self.readers.read(move |transaction| find(transaction, "user_id = ?1", &user_id)).await
    }

    async fn set_status(
        &self,
        user_id: UserId,
        status: MemberStatus,
        now: Timestamp,
    ) -> Result<Member, MemberError> {
        self.writer
            .write(move |transaction| {
                let sql = "UPDATE member SET status = ?2, updated_at_ms = ?3 WHERE user_id = ?1";
                execute(transaction, sql, params![user_id, status.as_str(), now.as_millisecond()])
                    .or_store_error()?;
                find(transaction, "user_id = ?1", &user_id)?.ok_or(MemberError::NotFound { user_id })
            })
            .await
    }
}

fn insert(
    transaction: &Transaction<'_>,
    member: &NewMember,
    role: MemberRole,
    now_ms: i64,
) -> Result<(), MemberError> {
    let NewMember { name, phone, email } = member;
    let sql = "INSERT INTO member (member_name, phone, email, role, created_at_ms, updated_at_ms) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?5)";
    let email = email.as_ref().map(EmailAddress::as_str);
    let values = params![name.as_str(), phone.e164(), email, role.as_str(), now_ms];
    match execute(transaction, sql, values) {
        Ok(_) => Ok(()),
        Err(error) if is_constraint(&error, ffi::SQLITE_CONSTRAINT_UNIQUE) => {
            let has_phone = find(transaction, "phone = ?1", &phone.e164())?.is_some();
            Err(if has_phone { MemberError::PhoneTaken } else { MemberError::EmailTaken })
        }
        Err(error) => Err(store_error(error).into()),
    }
}

fn execute(transaction: &Transaction<'_>, sql: &str, values: &[&dyn ToSql]) -> rusqlite::Result<usize> {
    transaction.prepare_cached(sql)?.execute(values)
}

fn find(
    transaction: &Transaction<'_>,
    condition: &str,
    value: &dyn ToSql,
) -> Result<Option<Member>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM member WHERE {condition}");
    transaction
        .prepare_cached(&sql)
        .and_then(|mut statement| statement.query_row([value], member).optional())
        .or_store_error()
}

fn member(row: &Row<'_>) -> rusqlite::Result<Member> {
    let unreadable =
        |column, error| rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, error);
    let phone: String = row.get(2)?;
    let last_login = match row.get::<_, Option<i64>>(7)? {
        Some(_) => Some(timestamp(row, 7)?),
        None => None,
    };
    Ok(Member {
        user_id: row.get(0)?,
        name: parsed::<MemberName>(row, 1)?,
        phone: PhoneNumber::from_e164(&phone).map_err(|error| unreadable(2, Box::new(error)))?,
        email: optional(row, 3)?,
        role: parsed(row, 4)?,
        status: parsed(row, 5)?,
        login_count: row.get(6)?,
        last_login,
        created_at: timestamp(row, 8)?,
        updated_at: timestamp(row, 9)?,
    })
}
