//! Members in PostgreSQL.

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use super::PostgresStore;
use super::error::{OrStoreError, is_taken, store_error};
use super::row::{number, optional, optional_timestamp, parsed, timestamp, unreadable};
use crate::account::{
    Member, MemberError, MemberName, MemberRole, MemberStatus, MemberStore, NewMember, PasswordHash, UserId,
};
use crate::clock::Timestamp;
use crate::email::EmailAddress;
use crate::error::StoreError;
use crate::phone::PhoneNumber;
use crate::secret::Tag;

/// The columns that [`member`] reads, for `concat!`.
macro_rules! columns {
    () => {
        "user_id, member_name, phone, email, role, status, login_count, last_login_ms, created_at_ms, updated_at_ms"
    };
}

/// Counts a sign-in of who may come in, and finds everybody.
macro_rules! sign_in_where {
    ($condition:literal) => {
        concat!(
            "UPDATE member SET login_count = login_count + CASE status WHEN 'active' THEN 1 ELSE 0 END, \
                               last_login_ms = CASE status WHEN 'active' THEN $2 ELSE last_login_ms END WHERE ",
            $condition,
            " RETURNING ",
            columns!()
        )
    };
}

const SIGN_IN_BY_PHONE: &str = sign_in_where!("phone = $1");
const SIGN_IN_BY_ID: &str = sign_in_where!("user_id = $1");
const KEEP_PROOF: &str = "INSERT INTO member_proof (proof, until_ms) VALUES ($1, $2) \
     ON CONFLICT (proof) DO UPDATE SET until_ms = excluded.until_ms";
const TAKE_PROOF: &str = "DELETE FROM member_proof WHERE proof = $1 AND until_ms > $2";
/// Leaves old proofs that somebody else is forgetting.
const FORGET_PROOFS: &str = "WITH old AS (SELECT proof FROM member_proof WHERE until_ms <= $1 FOR UPDATE SKIP LOCKED) \
     DELETE FROM member_proof USING old WHERE member_proof.proof = old.proof";
const CREATE: &str = concat!(
    "INSERT INTO member (member_name, phone, email, role, created_at_ms, updated_at_ms) \
     VALUES ($1, $2, $3, $4, $5, $5) RETURNING ",
    columns!()
);
const PUT_ADMINISTRATOR: &str = concat!(
    "INSERT INTO member (member_name, phone, email, role, created_at_ms, updated_at_ms) \
     VALUES ($1, $2, $3, $4, $5, $5) \
     ON CONFLICT (phone) DO UPDATE SET role = excluded.role, updated_at_ms = excluded.updated_at_ms RETURNING ",
    columns!()
);
const PUT_PASSWORD: &str = "INSERT INTO administrator (user_id, username, password_hash) VALUES ($1, $2, $3) \
     ON CONFLICT (user_id) DO UPDATE SET username = excluded.username, password_hash = excluded.password_hash";
const ADMINISTRATOR: &str = "SELECT user_id, password_hash FROM administrator JOIN member USING (user_id) \
     WHERE username = $1 AND role = 'admin'";
const FIND: &str = concat!("SELECT ", columns!(), " FROM member WHERE user_id = $1");
const SET_STATUS: &str =
    concat!("UPDATE member SET status = $2, updated_at_ms = $3 WHERE user_id = $1 RETURNING ", columns!());

#[async_trait]
impl MemberStore for PostgresStore {
    async fn sign_in(
        &self,
        phone: &PhoneNumber,
        proof: &Tag,
        proof_until: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Member>, MemberError> {
        self.pool
            .write(|mut transaction| async move {
                let query = sqlx::query(SIGN_IN_BY_PHONE).bind(phone.e164()).bind(now.as_millisecond());
                let row = query.fetch_optional(&mut *transaction).await.or_store_error()?;
                if row.is_none() {
                    let query = sqlx::query(KEEP_PROOF).bind(*proof).bind(proof_until.as_millisecond());
                    query.execute(&mut *transaction).await.or_store_error()?;
                }
                Ok((row.as_ref().map(member).transpose().or_store_error()?, transaction))
            })
            .await
    }

    async fn create(&self, member: &NewMember, proof: &Tag, now: Timestamp) -> Result<Member, MemberError> {
        self.pool
            .write(|mut transaction| async move {
                let query = sqlx::query(TAKE_PROOF).bind(*proof).bind(now.as_millisecond());
                if query.execute(&mut *transaction).await.or_store_error()?.rows_affected() == 0 {
                    return Err(MemberError::NotVerified);
                }
                let query = sqlx::query(FORGET_PROOFS).bind(now.as_millisecond());
                query.execute(&mut *transaction).await.or_store_error()?;
                let made = put(&mut transaction, CREATE, member, MemberRole::Customer, now).await?;
                Ok((made, transaction))
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
        self.pool
            .write(|mut transaction| async move {
                let known = put(&mut transaction, PUT_ADMINISTRATOR, member, MemberRole::Admin, now).await?;
                let query = sqlx::query(PUT_PASSWORD).bind(known.user_id).bind(username).bind(hash.as_str());
                query.execute(&mut *transaction).await.map_err(|error| {
                    if is_taken(&error, "administrator_username_key") {
                        MemberError::UsernameTaken
                    } else {
                        store_error(error).into()
                    }
                })?;
                Ok((known, transaction))
            })
            .await
    }

    async fn administrator(&self, username: &str) -> Result<Option<(UserId, PasswordHash)>, StoreError> {
        // PostgreSQL does not take this character, and nobody is called so.
        if username.contains('\0') {
            return Ok(None);
        }
        self.pool
            .one(|mut connection| async move {
                let query = sqlx::query(ADMINISTRATOR).bind(username);
                let row = query.fetch_optional(&mut *connection).await.or_store_error()?;
                let read = |row: PgRow| Ok::<_, sqlx::Error>((row.try_get(0)?, parsed(&row, 1)?));
                row.map(read).transpose().or_store_error()
            })
            .await
    }

    async fn signed_in(&self, user_id: UserId, now: Timestamp) -> Result<Option<Member>, StoreError> {
        self.pool
            .write(|mut transaction| async move {
                let query = sqlx::query(SIGN_IN_BY_ID).bind(user_id).bind(now.as_millisecond());
                let row = query.fetch_optional(&mut *transaction).await.or_store_error()?;
                Ok((row.as_ref().map(member).transpose().or_store_error()?, transaction))
            })
            .await
    }

    async fn member(&self, user_id: UserId) -> Result<Option<Member>, StoreError> {
        self.pool
            .one(|mut connection| async move {
                let query = sqlx::query(FIND).bind(user_id);
                let row = query.fetch_optional(&mut *connection).await.or_store_error()?;
                row.as_ref().map(member).transpose().or_store_error()
            })
            .await
    }

    async fn set_status(
        &self,
        user_id: UserId,
        status: MemberStatus,
        now: Timestamp,
    ) -> Result<Member, MemberError> {
        self.pool
            .write(|mut transaction| async move {
                let query =
                    sqlx::query(SET_STATUS).bind(user_id).bind(status.as_str()).bind(now.as_millisecond());
                let row = query.fetch_optional(&mut *transaction).await.or_store_error()?;
                let row = row.ok_or(MemberError::NotFound { user_id })?;
                Ok((member(&row).or_store_error()?, transaction))
            })
            .await
    }
}

async fn put(
    connection: &mut PgConnection,
    sql: &'static str,
    new: &NewMember,
    role: MemberRole,
    now: Timestamp,
) -> Result<Member, MemberError> {
    let NewMember { name, phone, email } = new;
    let query = sqlx::query(sql)
        .bind(name.as_str())
        .bind(phone.e164())
        .bind(email.as_ref().map(EmailAddress::as_str))
        .bind(role.as_str())
        .bind(now.as_millisecond());
    let row = query.fetch_one(connection).await.map_err(|error| {
        if is_taken(&error, "member_phone_key") {
            MemberError::PhoneTaken
        } else if is_taken(&error, "member_email_key") {
            MemberError::EmailTaken
        } else {
            store_error(error).into()
        }
    })?;
    Ok(member(&row).or_store_error()?)
}

fn member(row: &PgRow) -> sqlx::Result<Member> {
    Ok(Member {
        user_id: row.try_get(0)?,
        name: parsed::<MemberName>(row, 1)?,
        phone: PhoneNumber::from_e164(row.try_get(2)?).map_err(|error| unreadable(2, error))?,
        email: optional(row, 3)?,
        role: parsed(row, 4)?,
        status: parsed(row, 5)?,
        login_count: number(row, 6)?,
        last_login: optional_timestamp(row, 7)?,
        created_at: timestamp(row, 8)?,
        updated_at: timestamp(row, 9)?,
    })
}
