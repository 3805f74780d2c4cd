//! Shoppers: who they are, and the tokens that prove it.

mod error;
mod token;
mod user;

use async_trait::async_trait;

pub use error::AccountError;
pub use token::{Claims, InvalidToken, ShopperClaims, Token, TokenIssuer};
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
