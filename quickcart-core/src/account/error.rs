//! Why an account was not found or changed.

use std::time::Duration;

use super::UserId;
use crate::catalog::{AllergyId, FoodTypeId};
use crate::error::{DomainError, ErrorKind, StoreError};

/// Why an account was not found or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccountError {
    /// There is no such shopper.
    #[error("user {user_id} does not exist")]
    UserNotFound {
        /// Who was asked for.
        user_id: UserId,
    },
    /// The shopper was shut out.
    #[error("this account is closed")]
    Retired,
    /// Another shopper has this address.
    #[error("this e-mail address belongs to another user")]
    EmailTaken,
    /// The shop knows no such food type.
    #[error("food type {foodtype_id} does not exist")]
    FoodTypeNotFound {
        /// The id that was given.
        foodtype_id: FoodTypeId,
    },
    /// The shop knows no such allergy.
    #[error("allergy {allergy_id} does not exist")]
    AllergyNotFound {
        /// The id that was given.
        allergy_id: AllergyId,
    },
    /// The store did not do its work.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DomainError for AccountError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::UserNotFound { .. } => ErrorKind::NotFound,
            Self::Retired => ErrorKind::Forbidden,
            Self::EmailTaken => ErrorKind::Conflict,
            Self::FoodTypeNotFound { .. } | Self::AllergyNotFound { .. } => ErrorKind::InvalidInput,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::UserNotFound { .. } => "user_not_found",
            Self::Retired => "user_retired",
            Self::EmailTaken => "email_taken",
            Self::FoodTypeNotFound { .. } => "foodtype_not_found",
            Self::AllergyNotFound { .. } => "allergy_not_found",
            Self::Store(error) => error.code(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Store(error) => error.retry_after(),
            _ => None,
        }
    }
}
