//! Shoppers in PostgreSQL.

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use super::PostgresStore;
use super::error::{OrStoreError, is_taken, store_error};
use super::row::{optional, unreadable};
use crate::account::{AccountError, AccountStore, Profile, User, UserId};
use crate::clock::Timestamp;
use crate::phone::PhoneNumber;

/// The columns that [`user`] reads, for `concat!`.
macro_rules! user_columns {
    () => {
        "user_id, phone, user_name, email, foodtype_id, allergy_id"
    };
}
pub(super) use user_columns;

/// How many columns `user_columns` has.
pub(super) const USER_WIDTH: usize = 6;

/// A shopper who is there takes no number of the sequence. Nobody is found or made when two sign in for the first time at once,
/// and this one was slower.
const FIND_OR_MAKE: &str = concat!(
    "WITH found AS (SELECT ",
    user_columns!(),
    ", retired_at_ms IS NOT NULL FROM \"user\" WHERE phone = $1), \
     made AS (INSERT INTO \"user\" (phone, created_at_ms) SELECT $1, $2 WHERE NOT EXISTS (SELECT FROM found) \
              ON CONFLICT (phone) DO NOTHING RETURNING ",
    user_columns!(),
    ", FALSE) SELECT * FROM found UNION ALL SELECT * FROM made"
);

const FIND: &str =
    concat!("SELECT ", user_columns!(), " FROM \"user\" WHERE user_id = $1 AND retired_at_ms IS NULL");

/// Labels are looked at first; what does not fit leaves everything as it was.
const WRITE_PROFILE: &str = concat!(
    "WITH known AS (SELECT $4::BIGINT IS NULL OR EXISTS (SELECT FROM foodtype WHERE foodtype_id = $4) AS foodtype, \
                           $5::BIGINT IS NULL OR EXISTS (SELECT FROM allergy WHERE allergy_id = $5) AS allergy), \
     written AS (UPDATE \"user\" SET user_name = $2, email = $3, foodtype_id = $4, allergy_id = $5, version = version + 1 \
                 FROM known WHERE user_id = $1 AND retired_at_ms IS NULL AND known.foodtype AND known.allergy RETURNING ",
    user_columns!(),
    ") SELECT written.*, known.foodtype, known.allergy FROM known LEFT JOIN written ON TRUE"
);

#[async_trait]
impl AccountStore for PostgresStore {
    async fn sign_in(&self, phone: &PhoneNumber, now: Timestamp) -> Result<User, AccountError> {
        loop {
            let row = self
                .pool
                .one(|mut connection| async move {
                    sqlx::query(FIND_OR_MAKE)
                        .bind(phone.e164())
                        .bind(now.as_millisecond())
                        .fetch_optional(&mut *connection)
                        .await
                        .or_store_error()
                })
                .await?;
            let Some(row) = row else { continue };
            let is_retired = row.try_get(USER_WIDTH).or_store_error()?;
            return if is_retired { Err(AccountError::Retired) } else { Ok(user(&row).or_store_error()?) };
        }
    }

    async fn user(&self, user_id: UserId) -> Result<Option<User>, AccountError> {
        let row = self
            .pool
            .one(|mut connection| async move {
                sqlx::query(FIND).bind(user_id).fetch_optional(&mut *connection).await.or_store_error()
            })
            .await?;
        Ok(row.as_ref().map(user).transpose().or_store_error()?)
    }

    async fn complete_profile(&self, user_id: UserId, profile: &Profile) -> Result<User, AccountError> {
        self.pool
            .write(|mut transaction| async move {
                Ok((write_profile(&mut transaction, user_id, profile).await?, transaction))
            })
            .await
    }
}

/// Writes the whole profile of a shopper who is not retired.
pub(super) async fn write_profile(
    connection: &mut PgConnection,
    user_id: UserId,
    profile: &Profile,
) -> Result<User, AccountError> {
    let Profile { name, email, foodtype_id, allergy_id } = profile;
    let written = sqlx::query(WRITE_PROFILE)
        .bind(user_id)
        .bind(name.as_str())
        .bind(email.as_ref().map(crate::email::EmailAddress::as_str))
        .bind(foodtype_id)
        .bind(allergy_id)
        .fetch_one(connection)
        .await;
    let row = written.map_err(|error| {
        if is_taken(&error, "user_email_key") { AccountError::EmailTaken } else { store_error(error).into() }
    })?;
    let is_known = |column| row.try_get::<bool, _>(column).or_store_error();
    if let (Some(foodtype_id), false) = (*foodtype_id, is_known(USER_WIDTH)?) {
        return Err(AccountError::FoodTypeNotFound { foodtype_id });
    }
    if let (Some(allergy_id), false) = (*allergy_id, is_known(USER_WIDTH + 1)?) {
        return Err(AccountError::AllergyNotFound { allergy_id });
    }
    match row.try_get::<Option<UserId>, _>(0).or_store_error()? {
        None => Err(AccountError::UserNotFound { user_id }),
        Some(_) => Ok(user(&row).or_store_error()?),
    }
}

/// Reads `user_columns`.
pub(super) fn user(row: &PgRow) -> sqlx::Result<User> {
    let phone = PhoneNumber::from_e164(row.try_get(1)?).map_err(|error| unreadable(1, error))?;
    let (email, foodtype_id, allergy_id) = (optional(row, 3)?, row.try_get(4)?, row.try_get(5)?);
    let profile = optional(row, 2)?.map(|name| Profile { name, email, foodtype_id, allergy_id });
    Ok(User { user_id: row.try_get(0)?, phone, profile })
}
