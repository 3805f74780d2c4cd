//! Shoppers, members and customers: who they are, and the passwords and tokens that prove it.

mod error;
mod member;
mod members;
mod password;
mod registration;
mod revocation;
mod session;
mod token;
mod user;

use async_trait::async_trait;

pub use error::AccountError;
pub use member::{
    InvalidMemberName, Member, MemberError, MemberName, MemberRole, MemberStatus, MemberStore, NewMember,
    UnknownWord,
};
pub use members::{Members, SignedIn};
pub use password::{InvalidPasswordHash, PasswordError, PasswordHash, Passwords};
pub use registration::{
    Account, Claim, Client, Customer, CustomerDetails, CustomerId, Detail, DetailsChange, Employee, Holder,
    InvalidCustomerId, Proof, Registration, RegistrationClaims, RegistrationError, RegistrationStore,
    Registrations, Role, Step,
};
pub use revocation::{Revocation, RevocationStore, Revocations, Revoked};
pub use session::{Holders, SessionError, Sessions};
pub use token::{Claims, InvalidToken, MemberClaims, ShopperClaims, Token, TokenIssuer};
pub use user::{InvalidName, PersonName, Profile, User, UserId};

use crate::clock::Timestamp;
use crate::phone::PhoneNumber;

/// Keeps shoppers. Each method is one atomic step.
#[async_trait]
pub trait AccountStore: Send + Sync + 'static {
    /// The shopper of this phone, made now if there was none. The phone has been verified. One who is retired is refused, and found
    /// by none of the other methods.
    async fn sign_in(&self, phone: &PhoneNumber, now: Timestamp) -> Result<User, AccountError>;

    /// The shopper with this id.
    async fn user(&self, user_id: UserId) -> Result<Option<User>, AccountError>;

    /// Writes the whole profile over the old one.
    async fn complete_profile(&self, user_id: UserId, profile: &Profile) -> Result<User, AccountError>;
}
