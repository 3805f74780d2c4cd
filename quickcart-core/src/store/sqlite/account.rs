//! Shoppers in SQLite.

use async_trait::async_trait;
use rusqlite::{OptionalExtension, Row, Transaction, ffi, params};

use super::SqliteStore;
use super::error::{OrStoreError, is_constraint, store_error};
use super::row::optional;
use crate::account::{AccountError, AccountStore, Profile, User, UserId};
use crate::clock::Timestamp;
use crate::phone::PhoneNumber;

/// The columns that [`user`] reads.
pub(super) const USER_COLUMNS: &str = "user_id, phone, user_name, email, foodtype_id, allergy_id";

/// How many columns [`USER_COLUMNS`] has.
pub(super) const USER_WIDTH: usize = 6;

#[async_trait]
impl AccountStore for SqliteStore {
    async fn sign_in(&self, phone: &PhoneNumber, now: Timestamp) -> Result<User, AccountError> {
        let phone = phone.clone();
        self.writer
            .write(move |transaction| {
                transaction
                    .prepare_cached("INSERT INTO user (phone, created_at_ms) VALUES (?1, ?2) ON CONFLICT (phone) DO NOTHING")
                    .and_then(|mut statement| statement.execute(params![phone.e164(), now.as_millisecond()]))
                    .or_store_error()?;
                let sql = format!("SELECT {USER_COLUMNS}, retired_at_ms IS NOT NULL FROM user WHERE phone = ?1");
                let read = |row: &Row<'_>| Ok((user(row)?, row.get(USER_WIDTH)?));
                let (user, is_retired) = transaction
                    .prepare_cached(&sql)
                    .and_then(|mut statement| statement.query_row([phone.e164()], read))
                    .or_store_error()?;
                if is_retired { Err(AccountError::Retired) } else { Ok(user) }
            })
            .await
    }

    async fn user(&self, user_id: UserId) -> Result<Option<User>, AccountError> {
        self.readers.read(move |transaction| find(transaction, user_id)).await
    }

    async fn complete_profile(&self, user_id: UserId, profile: &Profile) -> Result<User, AccountError> {
        let profile = profile.clone();
        self.writer
            .write(move |transaction| {
                write_profile(transaction, user_id, &profile)?;
                find(transaction, user_id)?.ok_or(AccountError::UserNotFound { user_id })
            })
            .await
    }
}

/// Writes the whole profile of a shopper who is not retired, if there is such a one.
pub(super) fn write_profile(
    transaction: &Transaction<'_>,
    user_id: UserId,
    profile: &Profile,
) -> Result<(), AccountError> {
    check_labels(transaction, profile)?;
    let sql = "UPDATE user SET user_name = ?2, email = ?3, foodtype_id = ?4, allergy_id = ?5, version = version + 1 \
               WHERE user_id = ?1 AND retired_at_ms IS NULL";
    let email = profile.email.as_ref().map(crate::email::EmailAddress::as_str);
    let values = params![user_id, profile.name.as_str(), email, profile.foodtype_id, profile.allergy_id];
    let written = transaction.prepare_cached(sql).and_then(|mut statement| statement.execute(values));
    written.map(|_| ()).map_err(|error| {
        if is_constraint(&error, ffi::SQLITE_CONSTRAINT_UNIQUE) {
            AccountError::EmailTaken
        } else {
            store_error(error).into()
        }
    })
}

fn check_labels(transaction: &Transaction<'_>, profile: &Profile) -> Result<(), AccountError> {
    let exists = |sql: &str, id: i64| {
        transaction.prepare_cached(sql).and_then(|mut statement| statement.exists([id])).or_store_error()
    };
    if let Some(foodtype_id) = profile.foodtype_id
        && !exists("SELECT 1 FROM foodtype WHERE foodtype_id = ?1", foodtype_id)?
    {
        return Err(AccountError::FoodTypeNotFound { foodtype_id });
    }
    if let Some(allergy_id) = profile.allergy_id
        && !exists("SELECT 1 FROM allergy WHERE allergy_id = ?1", allergy_id)?
    {
        return Err(AccountError::AllergyNotFound { allergy_id });
    }
    Ok(())
}

fn find(transaction: &Transaction<'_>, user_id: UserId) -> Result<Option<User>, AccountError> {
    let sql = format!("SELECT {USER_COLUMNS} FROM user WHERE user_id = ?1 AND retired_at_ms IS NULL");
    let row = transaction
        .prepare_cached(&sql)
        .and_then(|mut statement| statement.query_row([user_id], user).optional())
        .or_store_error()?;
    Ok(row)
}

/// Reads [`USER_COLUMNS`].
pub(super) fn user(row: &Row<'_>) -> rusqlite::Result<User> {
    let phone: String = row.get(1)?;
    let unreadable =
        |error| rusqlite::Error::FromSqlConversionFailure(1, rusqlite::types::Type::Text, Box::new(error));
    let phone = PhoneNumber::from_e164(&phone).map_err(unreadable)?;
    let (email, foodtype_id, allergy_id) = (optional(row, 3)?, row.get(4)?, row.get(5)?);
    let profile = optional(row, 2)?.map(|name| Profile { name, email, foodtype_id, allergy_id });
    Ok(User { user_id: row.get(0)?, phone, profile })
}
