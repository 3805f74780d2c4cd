//! Carts and what lies in them, and the list a shopper came with.

mod checklist;
mod error;
mod guest;
mod line;
mod recipe;
mod state;
mod trolley;
mod weighing;

use async_trait::async_trait;

pub use checklist::ChecklistItem;
pub use error::CartError;
pub use guest::{GUEST_CART_LIFETIME, GuestCartStore, GuestLine, GuestToken, check_guest_step};
pub use line::{CartLine, Quantity, quantity_of_weight};
pub use recipe::{RecipeMatch, RecipeSource};
pub use state::{CartState, CartStep};
pub use trolley::{BlockedCart, CartId, CartView, Connection, Location, is_ad_hoc};
pub use weighing::Weighing;

use crate::account::UserId;
use crate::catalog::{Page, ProductId};
use crate::clock::Timestamp;
use crate::device::CartEvent;
use crate::pathfinding::Point;

/// Keeps carts and checklists. Each method is one atomic step. What the [table](CartState::TRANSITIONS) does not allow where a cart
/// stands is refused with [`CartError::Illegal`].
#[async_trait]
pub trait CartStore: Send + Sync + 'static {
    /// Adds pieces to what the shopper's list already asks for.
    async fn add_to_checklist(
        &self,
        user_id: UserId,
        product_id: ProductId,
        quantity: Quantity,
    ) -> Result<ChecklistItem, CartError>;

    /// Takes a product off the shopper's list.
    async fn remove_from_checklist(&self, user_id: UserId, product_id: ProductId) -> Result<(), CartError>;

    /// The shopper's list, in the order it was written.
    async fn checklist(&self, user_id: UserId, page: Page) -> Result<Vec<ChecklistItem>, CartError>;

    /// Takes a free trolley for a shopper who has none. It is empty then.
    async fn connect(
        &self,
        user_id: UserId,
        cart_id: CartId,
        now: Timestamp,
    ) -> Result<Connection, CartError>;

    /// Makes an ad-hoc cart for a shopper who has no cart; keeps the one that they have.
    async fn connect_ad_hoc(
        &self,
        user_id: UserId,
        now: Timestamp,
    ) -> Result<(CartId, Connection), CartError>;

    /// Gives the shopper's cart back, without its contents; an ad-hoc cart is gone then.
    async fn disconnect(&self, user_id: UserId, now: Timestamp) -> Result<CartId, CartError>;

    /// The shopper's cart and all its lines, in the order they came.
    async fn view(&self, user_id: UserId, now: Timestamp) -> Result<CartView, CartError>;

    /// Puts one piece into the shopper's cart, which must have the `expected` version, if one is given; answers the line as it is
    /// now.
    async fn add_item(
        &self,
        user_id: UserId,
        product_id: ProductId,
        expected: Option<u64>,
        now: Timestamp,
    ) -> Result<CartLine, CartError>;

    /// Takes one piece out of the shopper's cart, likewise.
    async fn remove_item(
        &self,
        user_id: UserId,
        product_id: ProductId,
        expected: Option<u64>,
        now: Timestamp,
    ) -> Result<CartLine, CartError>;

    /// Recipes that take what is on the shopper's list or in their cart, once for each such product, by recipe.
    async fn recipes(
        &self,
        user_id: UserId,
        source: RecipeSource,
        page: Page,
    ) -> Result<Vec<RecipeMatch>, CartError>;

    /// What the trolley's device says has happened; answers the line as it is now. What has happened ends a checkout that has begun,
    /// and what was held is free. A cart whose weight is then off by more than the tolerance, in grams, is blocked, with a row of the
    /// audit.
    async fn apply(
        &self,
        event: &CartEvent,
        tolerance_g: Option<u32>,
        now: Timestamp,
    ) -> Result<CartLine, CartError>;

    /// Opens the shopper's cart again that is blocked, once its lines weigh what its scale showed last, within the tolerance; with a
    /// row of the audit.
    async fn rescan(
        &self,
        user_id: UserId,
        tolerance_g: Option<u32>,
        now: Timestamp,
    ) -> Result<(), CartError>;

    /// Opens a cart again that is blocked, because `who` says so, with a row of the audit that has the reason.
    async fn approve_cart(
        &self,
        cart_id: CartId,
        reason: &str,
        who: &str,
        now: Timestamp,
    ) -> Result<(), CartError>;

    /// The carts that are blocked, by number.
    async fn blocked_carts(&self, page: Page) -> Result<Vec<BlockedCart>, CartError>;

    /// Notes where a trolley stands.
    async fn locate(&self, cart_id: CartId, point: Point, now: Timestamp) -> Result<(), CartError>;

    /// Where the shopper's cart stands; a trolley stands at its dock until it is located.
    async fn location(&self, user_id: UserId) -> Result<Location, CartError>;
}
