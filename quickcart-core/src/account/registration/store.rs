//! Where registrations, customers and employees are kept.

use async_trait::async_trait;

use super::{
    Account, Claim, Customer, CustomerDetails, CustomerId, DetailsChange, Employee, Proof, Registration,
    RegistrationError, Role,
};
use crate::account::PasswordHash;
use crate::clock::Timestamp;
use crate::email::EmailAddress;
use crate::error::StoreError;

/// Keeps registrations that are under way, customers, employees and roles. Each method is one atomic step; an e-mail address
/// belongs to one customer or employee, and the number of an identity card to one customer.
///
/// `quickcart_core::conformance::registration_store` (feature `conformance`) checks an implementation.
#[async_trait]
pub trait RegistrationStore: Send + Sync + 'static {
    /// Whether a customer or an employee has this address.
    async fn has_account(&self, email: &EmailAddress) -> Result<bool, StoreError>;

    /// Begins a registration, in the place of one that may be under way; forgets those that have expired.
    async fn begin(&self, email: &EmailAddress, now: Timestamp) -> Result<(), RegistrationError>;

    /// The registration that is under way.
    async fn registration(
        &self,
        email: &EmailAddress,
        now: Timestamp,
    ) -> Result<Option<Registration>, StoreError>;

    /// The code was shown, as [`Registration::verify`] decides.
    async fn verify(&self, email: &EmailAddress, proof: Proof) -> Result<(), RegistrationError>;

    /// A password was chosen, as [`Registration::set_password`] decides.
    async fn set_password(
        &self,
        email: &EmailAddress,
        claim: Claim,
        hash: PasswordHash,
        now: Timestamp,
    ) -> Result<(), RegistrationError>;

    /// Makes the registration a customer, as [`Registration::complete`] decides; what is refused leaves it as it is.
    async fn complete(
        &self,
        email: &EmailAddress,
        claim: Claim,
        details: CustomerDetails,
        now: Timestamp,
    ) -> Result<Customer, RegistrationError>;

    /// Who has this address, and the hash of their password.
    async fn credentials(&self, email: &EmailAddress) -> Result<Option<(Account, PasswordHash)>, StoreError>;

    /// Takes `new` in the place of `old`; where another hash is kept by now, that stays.
    async fn replace_password(
        &self,
        email: &EmailAddress,
        old: PasswordHash,
        new: PasswordHash,
    ) -> Result<(), StoreError>;

    /// Notes that a customer signs in, and answers what was known before.
    async fn signed_in(
        &self,
        customer_id: CustomerId,
        now: Timestamp,
    ) -> Result<Option<Customer>, StoreError>;

    /// The customer of this name.
    async fn customer(&self, customer_id: CustomerId) -> Result<Option<Customer>, StoreError>;

    /// Changes what a customer told.
    async fn change_details(
        &self,
        customer_id: CustomerId,
        change: DetailsChange,
    ) -> Result<Customer, RegistrationError>;

    /// Keeps a role, over the one of the same name.
    async fn put_role(&self, role: Role) -> Result<(), StoreError>;

    /// Keeps an employee, over the one of the same name; the role is known.
    async fn put_employee(&self, employee: Employee, hash: PasswordHash) -> Result<(), RegistrationError>;

    /// Keeps a customer, over the one of the same name.
    async fn put_customer(&self, customer: Customer, hash: PasswordHash) -> Result<(), RegistrationError>;
}
