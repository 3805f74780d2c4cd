//! A shopper and what they tell about themselves.

use std::fmt;
use std::str::FromStr;

use crate::catalog::{AllergyId, FoodTypeId};
use crate::email::EmailAddress;
use crate::error::{DomainError, ErrorKind};
use crate::phone::PhoneNumber;

/// Names a shopper.
pub type UserId = i64;

/// A shopper, who has proved a phone number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The shopper's number in this shop.
    pub user_id: UserId,
    /// The phone that was proved.
    pub phone: PhoneNumber,
    /// What the shopper told, once they did.
    pub profile: Option<Profile>,
}

/// What a shopper tells about themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// What they are called.
    pub name: PersonName,
    /// Unique within the shop.
    pub email: Option<EmailAddress>,
    /// What they eat.
    pub foodtype_id: Option<FoodTypeId>,
    /// What they must not eat.
    pub allergy_id: Option<AllergyId>,
}

impl Profile {
    /// A profile with a name and nothing else.
    #[must_use]
    pub fn new(name: PersonName) -> Self {
        Self { name, email: None, foodtype_id: None, allergy_id: None }
    }
}

/// A name of 1 to [`PersonName::LENGTH_MAX`] characters. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonName(String);

impl PersonName {
    /// The longest name, in characters: as wide as the column of the old backends.
    pub const LENGTH_MAX: usize = 100;

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PersonName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let name = text.trim();
        let valid =
            (1..=Self::LENGTH_MAX).contains(&name.chars().count()) && !name.chars().any(char::is_control);
        if valid { Ok(Self(name.to_owned())) } else { Err(InvalidName) }
    }
}

impl fmt::Debug for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The text cannot be a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a name has 1 to 100 characters and no control characters")]
pub struct InvalidName;

impl DomainError for InvalidName {
    fn kind(&self) -> ErrorKind {
        ErrorKind::InvalidInput
    }

    fn code(&self) -> &'static str {
        "name_invalid"
    }
}
