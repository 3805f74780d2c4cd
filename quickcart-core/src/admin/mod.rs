//! What administrators do: products and shoppers are changed and retired, and every change is written down in the step that makes it.

mod audit;
mod audit_chain;
mod error;

use async_trait::async_trait;

pub use audit::{Action, AuditEntry, AuditFilter, Entity, cart_facts, product_facts, user_facts};
pub use audit_chain::{
    AuditCheck, AuditFault, AuditHead, AuditLink, AuditRecord, InvalidAuditHead, VerifiedAudit, link_audit,
    verify_audit,
};
pub use error::AdminError;

use crate::account::{Profile, User, UserId};
use crate::catalog::import::ProductRecord;
use crate::catalog::{Page, ProductId, ShelfPlace};
use crate::clock::Timestamp;
use crate::error::StoreError;
use crate::phone::PhoneNumber;

/// Grows with every change of a product or a shopper.
pub type Version = i64;

/// All that is known of a product: what is sold, its tax, its labels and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct ProductSheet {
    /// The product with its labels.
    pub record: ProductRecord,
    /// Where it stands.
    pub place: Option<ShelfPlace>,
}

impl ProductSheet {
    /// The same of another product.
    #[must_use]
    pub fn with_id(mut self, product_id: ProductId) -> Self {
        self.record.product.product_id = product_id;
        self.place = self.place.map(|place| ShelfPlace { product_id, ..place });
        self
    }

    /// What can be told without a store.
    ///
    /// # Errors
    /// [`AdminError::DiscountNotLower`].
    pub fn check(&self) -> Result<(), AdminError> {
        let product = &self.record.product;
        match product.discounted_price {
            Some(discounted) if discounted.minor() >= product.price.minor() => {
                Err(AdminError::DiscountNotLower)
            }
            _ => Ok(()),
        }
    }
}

/// A product as administrators see it.
#[derive(Clone, Debug, PartialEq)]
pub struct ProductEntry {
    /// What is known of it.
    pub sheet: ProductSheet,
    /// How often it was written.
    pub version: Version,
    /// Since when it is not for sale any more.
    pub retired_at: Option<Timestamp>,
}

/// A shopper as administrators see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserEntry {
    /// Who it is.
    pub user: User,
    /// How often the profile was written.
    pub version: Version,
    /// When they signed in first.
    pub created_at: Timestamp,
    /// Since when they cannot sign in any more.
    pub retired_at: Option<Timestamp>,
}

/// Changes products and shoppers. Each method is one atomic step; one that changes something also writes the audit: `who` did it,
/// and when, behind the last link of the chain. Where a version is expected and another is found, nothing is changed.
#[async_trait]
pub trait AdminStore: Send + Sync + 'static {
    /// All products, retired ones too, by id.
    async fn product_entries(&self, page: Page) -> Result<Vec<ProductEntry>, AdminError>;

    /// One product, though it be retired.
    async fn product_entry(&self, product_id: ProductId) -> Result<Option<ProductEntry>, AdminError>;

    /// Takes a new product in, under an id of the store's choice: those in `sheet` do not count. A barcode that a retired product
    /// has goes over to it.
    async fn create_product(
        &self,
        sheet: ProductSheet,
        who: &str,
        now: Timestamp,
    ) -> Result<ProductEntry, AdminError>;

    /// Writes all of a product, with its labels and its place, over what was there.
    async fn change_product(
        &self,
        sheet: ProductSheet,
        expected: Option<Version>,
        who: &str,
        now: Timestamp,
    ) -> Result<ProductEntry, AdminError>;

    /// Takes a product off sale, and from its place. A second time changes nothing.
    async fn retire_product(
        &self,
        product_id: ProductId,
        expected: Option<Version>,
        who: &str,
        now: Timestamp,
    ) -> Result<(), AdminError>;

    /// All shoppers, or the one of this phone, retired ones too, by id.
    async fn user_entries(
        &self,
        phone: Option<&PhoneNumber>,
        page: Page,
    ) -> Result<Vec<UserEntry>, AdminError>;

    /// One shopper, though they be retired.
    async fn user_entry(&self, user_id: UserId) -> Result<Option<UserEntry>, AdminError>;

    /// Takes in a shopper who has not signed in yet.
    async fn create_user(
        &self,
        phone: &PhoneNumber,
        profile: &Profile,
        who: &str,
        now: Timestamp,
    ) -> Result<UserEntry, AdminError>;

    /// Writes the whole profile of a shopper over the old one.
    async fn change_user(
        &self,
        user_id: UserId,
        profile: &Profile,
        expected: Option<Version>,
        who: &str,
        now: Timestamp,
    ) -> Result<UserEntry, AdminError>;

    /// Shuts a shopper out: no sign-in, no use of a token; the trolley they have is given back. A second time changes nothing.
    async fn retire_user(
        &self,
        user_id: UserId,
        expected: Option<Version>,
        who: &str,
        now: Timestamp,
    ) -> Result<(), AdminError>;

    /// What was done, newest first.
    async fn audit(&self, filter: AuditFilter, page: Page) -> Result<Vec<AuditEntry>, AdminError>;

    /// The links of the audit with higher numbers than `after`, in their order, up to `limit`, which may be 0; and where the chain
    /// ended at that moment.
    async fn audit_links(&self, after: i64, limit: u32) -> Result<(Vec<AuditLink>, AuditHead), StoreError>;

    /// The numbers of the rows that have no link, in their order.
    async fn unlinked_audit(&self) -> Result<Vec<i64>, StoreError>;

    /// Links those of these rows that still have no link, in the order of their numbers.
    async fn link_audit(&self, audit_ids: &[i64]) -> Result<(), StoreError>;
}
