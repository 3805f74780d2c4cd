//! Trolleys and what lies in them, and the list a shopper came with.

mod checklist;
mod error;
mod line;
mod trolley;

use async_trait::async_trait;

pub use checklist::ChecklistItem;
pub use error::CartError;
pub use line::{CartLine, Quantity, quantity_of_weight};
pub use trolley::{CartId, CartView, Connection, Location};

use crate::account::UserId;
use crate::catalog::ProductId;
use crate::clock::Timestamp;
use crate::device::CartEvent;
use crate::pathfinding::Point;

/// Keeps trolleys and checklists. Each method is one atomic step.
#[async_trait]
pub trait CartStore: Send + Sync + 'static {
    /// Adds pieces to what the shopper's list already asks for.
    async fn add_to_checklist(
        &self,
        user_id: UserId,
        product_id: ProductId,
        quantity: Quantity,
    ) -> Result<ChecklistItem, CartError>;

    /// The shopper's list, in the order it was written.
    async fn checklist(&self, user_id: UserId) -> Result<Vec<ChecklistItem>, CartError>;

    /// Takes a free trolley for a shopper who has none. It is empty then.
    async fn connect(
        &self,
        user_id: UserId,
        cart_id: CartId,
        now: Timestamp,
    ) -> Result<Connection, CartError>;

    /// Gives the shopper's trolley back, without its contents.
    async fn disconnect(&self, user_id: UserId) -> Result<CartId, CartError>;

    /// The shopper's trolley and all its lines, in the order they came.
    async fn view(&self, user_id: UserId) -> Result<CartView, CartError>;

    /// What the trolley's device says has happened; answers the line as it is now.
    async fn apply(&self, event: &CartEvent) -> Result<CartLine, CartError>;

    /// Notes where a trolley stands.
    async fn locate(&self, cart_id: CartId, point: Point, now: Timestamp) -> Result<(), CartError>;

    /// Where the shopper's trolley stands: at its dock, until it is located.
    async fn location(&self, user_id: UserId) -> Result<Location, CartError>;
}
