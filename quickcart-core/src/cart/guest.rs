//! What somebody puts together before they sign in.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::{CartError, CartId, CartState, CartStep, Quantity};
use crate::account::UserId;
use crate::catalog::{Product, ProductId};
use crate::clock::Timestamp;
use crate::transition::Actor;

/// How long a guest's cart is kept after it was last changed: 30 days.
pub const GUEST_CART_LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Opens the cart of a guest: 128 random bits as text. Whoever shows it is the guest, so `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct GuestToken(String);

/// One product in the cart of a guest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestLine {
    /// The product.
    pub product: Product,
    /// How many pieces.
    pub quantity: Quantity,
}

/// Keeps the carts of guests. Each method is one atomic step. Carts that nobody has changed for [`GUEST_CART_LIFETIME`] are not
/// there any more.
#[async_trait]
pub trait GuestCartStore: Send + Sync + 'static {
    /// Makes an empty cart for a new token.
    async fn create_guest_cart(&self, token: &GuestToken, now: Timestamp) -> Result<(), CartError>;

    /// Puts pieces into a guest's cart; answers all of it, by product.
    async fn add_to_guest_cart(
        &self,
        token: &GuestToken,
        product_id: ProductId,
        quantity: Quantity,
        now: Timestamp,
    ) -> Result<Vec<GuestLine>, CartError>;

    /// Adds all lines of a guest's cart to the cart of a shopper, each up to [`Quantity::MAX`] pieces, and makes an ad-hoc cart
    /// for a shopper who has none. The guest's cart is empty then and takes nothing more; a second merge for the same shopper
    /// changes nothing. Answers where the lines went.
    async fn merge_guest_cart(
        &self,
        user_id: UserId,
        token: &GuestToken,
        now: Timestamp,
    ) -> Result<CartId, CartError>;
}

/// Whether the cart of a guest may take a step that changes it: one that was merged takes none. One that was abandoned is not there.
///
/// # Errors
/// [`CartError::GuestCartMerged`].
pub fn check_guest_step(is_merged: bool, step: CartStep, by: Actor) -> Result<(), CartError> {
    let state = if is_merged { CartState::Merged } else { CartState::Open };
    state.after(step, by).map(drop).map_err(|_| CartError::GuestCartMerged)
}

impl GuestToken {
    /// A new one.
    #[must_use]
    pub fn random() -> Self {
        Self(BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 16]>()))
    }

    /// The text, of letters, digits, `-` and `_`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What a store keeps in its place.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

impl FromStr for GuestToken {
    type Err = CartError;

    /// What is no token opens no cart.
    fn from_str(text: &str) -> Result<Self, CartError> {
        let is_token = text.len() == 22 && BASE64_URL_SAFE_NO_PAD.decode(text).is_ok();
        if is_token { Ok(Self(text.to_owned())) } else { Err(CartError::GuestCartNotFound) }
    }
}

impl fmt::Debug for GuestToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GuestToken(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_again_and_does_not_show_itself() {
        let token = GuestToken::random();
        assert_eq!(token.as_str().parse::<GuestToken>().unwrap(), token);
        assert_ne!(GuestToken::random().digest(), token.digest());
        assert_eq!(format!("{token:?}"), "GuestToken(***)");
        for text in
            ["", "short", "AAAAAAAAAAAAAAAAAAAA%3D", &"A".repeat(23), &"A".repeat(5_000), "ÄÄÄÄÄÄÄÄÄÄÄ"]
        {
            assert!(text.parse::<GuestToken>().is_err(), "{text}");
        }
    }
}
