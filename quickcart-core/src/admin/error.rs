//! Why an administrator's change was not made.

use std::time::Duration;

use super::{Entity, Version};
use crate::account::{AccountError, UserId};
use crate::catalog::{AllergyId, CategoryId, FoodTypeId, ProductId, SectionId};
use crate::error::{DomainError, ErrorKind, StoreError};
use crate::money::Currency;

/// Why an administrator's change was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdminError {
    /// There is no such product.
    #[error("product {product_id} does not exist")]
    ProductNotFound {
        /// What was asked for.
        product_id: ProductId,
    },
    /// It is out of use, and is not changed any more.
    #[error("{entity} {id} is retired")]
    Retired {
        /// What kind of thing.
        entity: Entity,
        /// Which one.
        id: i64,
    },
    /// Somebody else was faster.
    #[error("the version is {found} by now")]
    OtherVersion {
        /// The version there is.
        found: Version,
    },
    /// Another product for sale has this barcode.
    #[error("product {product_id} has this barcode")]
    BarcodeTaken {
        /// The other product.
        product_id: ProductId,
    },
    /// A shopper has this phone, though they be retired.
    #[error("user {user_id} has this phone number")]
    PhoneTaken {
        /// The shopper.
        user_id: UserId,
    },
    /// A discounted price is below the price.
    #[error("a discounted price is below the price")]
    DiscountNotLower,
    /// A cart of two currencies could not be added up.
    #[error("this shop's prices are in {expected}")]
    OtherCurrency {
        /// The currency of all other products.
        expected: Currency,
    },
    /// The shop knows no such category.
    #[error("category {category_id} does not exist")]
    CategoryNotFound {
        /// The id that was given.
        category_id: CategoryId,
    },
    /// The shop knows no such section.
    #[error("section {section_id} does not exist")]
    SectionNotFound {
        /// The id that was given.
        section_id: SectionId,
    },
    /// The place is not in the section.
    #[error("this place is outside of section {section_id}")]
    OutsideSection {
        /// The section that was given.
        section_id: SectionId,
    },
    /// Nobody can walk to the place.
    #[error("this place is not on the map of the store")]
    OffTheMap,
    /// What every change of an account may meet.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The store did not do its work.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl AdminError {
    /// There is no such shopper.
    #[must_use]
    pub fn user_not_found(user_id: UserId) -> Self {
        AccountError::UserNotFound { user_id }.into()
    }

    /// The shop knows no such food type.
    #[must_use]
    pub fn foodtype_not_found(foodtype_id: FoodTypeId) -> Self {
        AccountError::FoodTypeNotFound { foodtype_id }.into()
    }

    /// The shop knows no such allergy.
    #[must_use]
    pub fn allergy_not_found(allergy_id: AllergyId) -> Self {
        AccountError::AllergyNotFound { allergy_id }.into()
    }
}

impl DomainError for AdminError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::ProductNotFound { .. } => ErrorKind::NotFound,
            Self::Retired { .. }
            | Self::OtherVersion { .. }
            | Self::BarcodeTaken { .. }
            | Self::PhoneTaken { .. } => ErrorKind::Conflict,
            Self::DiscountNotLower
            | Self::OtherCurrency { .. }
            | Self::CategoryNotFound { .. }
            | Self::SectionNotFound { .. }
            | Self::OutsideSection { .. }
            | Self::OffTheMap => ErrorKind::InvalidInput,
            Self::Account(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::ProductNotFound { .. } => "product_not_found",
            Self::Retired { .. } => "retired",
            Self::OtherVersion { .. } => "other_version",
            Self::BarcodeTaken { .. } => "barcode_taken",
            Self::PhoneTaken { .. } => "phone_taken",
            Self::DiscountNotLower => "discount_not_lower",
            Self::OtherCurrency { .. } => "other_currency",
            Self::CategoryNotFound { .. } => "category_not_found",
            Self::SectionNotFound { .. } => "section_not_found",
            Self::OutsideSection { .. } => "outside_section",
            Self::OffTheMap => "off_the_map",
            Self::Account(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Account(error) => error.retry_after(),
            Self::Store(error) => error.retry_after(),
            _ => None,
        }
    }
}
