//! The state of a whole server as one JSON file: what each of the four groups begins with.

mod aisles;
mod staff;
mod store;
mod values;

use std::time::Duration;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::value::RawValue;

pub use staff::EmployeeRecord;

use crate::account::{PasswordError, PasswordHash, Role};
use crate::cart::CartId;
use crate::catalog::import::{ImportError, Located, Progress, StoreData};
use crate::clock::Timestamp;
use crate::error::{DomainError, ErrorKind, StoreError};
use crate::pathfinding::Point;
use values::Values;

/// What a server begins with, checked.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The store, with a map made from its sections.
    pub store: StoreData,
    /// Where trolleys were seen last.
    pub locations: Vec<(CartId, Point)>,
    /// What employees may be.
    pub roles: Vec<Role>,
    /// Who works here.
    pub employees: Vec<EmployeeRecord>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SnapshotJson<'a> {
    #[serde(default, rename = "about")]
    _about: String,
    #[serde(borrow, default, deserialize_with = "values::given")]
    phone_otp: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "values::given")]
    smart_cart: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "values::given")]
    registration: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "values::given")]
    book_order: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct PhoneOtpJson<'a> {
    #[serde(borrow)]
    users: Vec<&'a RawValue>,
    #[serde(borrow)]
    challenges: Vec<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct BookOrderJson<'a> {
    #[serde(borrow)]
    orders: Vec<&'a RawValue>,
    #[serde(borrow)]
    sessions: Vec<&'a RawValue>,
}

impl Snapshot {
    /// Reads and checks a file; `name` is what errors call it. Money is in decimal texts, without a currency, and taken as
    /// rupees; store units are metres.
    ///
    /// ```
    /// use quickcart_core::snapshot::Snapshot;
    ///
    /// let text = r#"{"smart_cart": {"categories": [{"category_id": 1, "category_name": ""}]}}"#;
    /// let error = Snapshot::parse("shop.json", text).unwrap_err();
    /// assert_eq!(error.to_string(), "shop.json, line 1, column 68: a text of 1 to 200 characters is due here");
    /// ```
    ///
    /// # Errors
    /// [`ImportError`], for the first thing that is wrong.
    pub fn parse(name: &str, text: &str) -> Result<Self, ImportError> {
        let values = Values(Located::new(name, text));
        let json: SnapshotJson<'_> = values.object(text)?;
        let phone_otp: PhoneOtpJson<'_> = values.object(json.phone_otp.map_or("{}", RawValue::get))?;
        values.none_of(&phone_otp.users, "users")?;
        values.none_of(&phone_otp.challenges, "codes")?;
        let book_order: BookOrderJson<'_> = values.object(json.book_order.map_or("{}", RawValue::get))?;
        values.none_of(&book_order.orders, "orders")?;
        values.none_of(&book_order.sessions, "sessions")?;
        let (roles, employees) = staff::read(&values, json.registration.map_or("{}", RawValue::get))?;
        let store::Contents { store, locations } =
            store::read(&values, json.smart_cart.map_or("{}", RawValue::get))?;
        Ok(Self { store, locations, roles, employees })
    }
}

/// Takes whole snapshots.
#[async_trait]
pub trait SnapshotStore: Send + Sync + 'static {
    /// Takes a snapshot into a database that holds nothing yet, all of it or nothing, with the hashes of its employees'
    /// passwords in their order. Reports progress now and then.
    async fn restore(
        &self,
        snapshot: Snapshot,
        hashes: Vec<PasswordHash>,
        now: Timestamp,
        progress: Progress,
    ) -> Result<(), SnapshotError>;
}

/// Why a snapshot was not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The database holds something.
    #[error("the database is not empty: there are rows in its table {table}")]
    NotEmpty {
        /// Where it holds something.
        table: String,
    },
    /// A password of an employee could not be hashed.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The store did not do its work.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DomainError for SnapshotError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotEmpty { .. } => ErrorKind::Conflict,
            Self::Password(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotEmpty { .. } => "database_not_empty",
            Self::Password(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::NotEmpty { .. } => None,
            Self::Password(error) => error.retry_after(),
            Self::Store(error) => error.retry_after(),
        }
    }
}
