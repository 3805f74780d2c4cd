//! Stock: how many pieces of a product there are, who holds some of them for a while, and what became of the others.
//!
//! A product whose stock nobody has counted is not counted: it can always be bought. Of the others no more pieces are ever sold or
//! held than there are. A hold keeps pieces for one shopper until it expires; whoever wants them later takes them, so that nothing
//! has to run in time for that.

mod error;

use async_trait::async_trait;

pub(crate) use error::describe;
pub use error::{Shortage, StockError};

use crate::account::UserId;
use crate::catalog::{Page, ProductId};
use crate::clock::Timestamp;

/// The most pieces of a product that are counted.
pub const STOCK_MAX: u32 = 1_000_000_000;

/// How many pieces of a product there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockLevel {
    /// The product.
    pub product_id: ProductId,
    /// Its name.
    pub product_name: String,
    /// Pieces that anybody may buy.
    pub available: u32,
    /// Pieces that are held for shoppers.
    pub held: u32,
    /// With so many available or fewer, the shop wants to order more.
    pub low_at: Option<u32>,
}

impl StockLevel {
    /// All pieces in the shop that are not sold.
    #[must_use]
    pub fn on_hand(&self) -> u32 {
        self.available + self.held
    }

    /// Whether the shop wants to order more.
    #[must_use]
    pub fn is_low(&self) -> bool {
        self.low_at.is_some_and(|low_at| self.available <= low_at)
    }
}

/// What a shopper is promised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Until when the pieces are theirs alone.
    pub expires_at: Timestamp,
    /// Each product of the cart whose stock is counted, and how many pieces of it are held, by id.
    pub pieces: Vec<(ProductId, u32)>,
}

/// Why there are more or fewer pieces than before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MovementKind {
    /// Somebody counted them.
    Count,
    /// New ones came.
    Receive,
    /// An order took them.
    Sell,
    /// An order that was called off gave them back.
    Return,
}

impl MovementKind {
    /// Its name in databases and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Receive => "receive",
            Self::Sell => "sell",
            Self::Return => "return",
        }
    }

    /// The kind with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Count, Self::Receive, Self::Sell, Self::Return].into_iter().find(|kind| kind.as_str() == name)
    }
}

/// A change of what is on hand. Of each product, all changes add up to what is on hand now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    /// Its number; later changes have higher ones.
    pub movement_id: i64,
    /// The product.
    pub product_id: ProductId,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub kind: MovementKind,
    /// How many pieces more, or fewer when it is negative.
    pub quantity: i64,
    /// Who did it.
    pub who: String,
    /// The cart's order that did it, for sales and returns.
    pub order_id: Option<i64>,
}

/// Keeps stock. Each method is one atomic step; [`checkout`](crate::order::OrderStore::checkout) takes from it in its own.
#[async_trait]
pub trait StockStore: Send + Sync + 'static {
    /// Says how many pieces of a product are on hand, and when that is low; from then on its stock is counted.
    async fn count_stock(
        &self,
        product_id: ProductId,
        on_hand: u32,
        low_at: Option<u32>,
        who: &str,
        now: Timestamp,
    ) -> Result<StockLevel, StockError>;

    /// Adds pieces to those that are on hand; from then on its stock is counted.
    async fn receive_stock(
        &self,
        product_id: ProductId,
        quantity: u32,
        who: &str,
        now: Timestamp,
    ) -> Result<StockLevel, StockError>;

    /// The stock of a product; `None` when it is not counted. Pieces of holds that have expired are available.
    async fn stock_level(
        &self,
        product_id: ProductId,
        now: Timestamp,
    ) -> Result<Option<StockLevel>, StockError>;

    /// The stock of all products that are counted, by id, or of those alone that are low.
    async fn stock_levels(
        &self,
        only_low: bool,
        page: Page,
        now: Timestamp,
    ) -> Result<Vec<StockLevel>, StockError>;

    /// What changed the stock of a product or of all, the latest first.
    async fn stock_movements(
        &self,
        product_id: Option<ProductId>,
        page: Page,
    ) -> Result<Vec<Movement>, StockError>;

    /// Holds all that is in the shopper's cart, or nothing, in the place of what was held for them before. The cart is
    /// [locked](crate::cart::CartState::Locked) for so long.
    async fn hold_cart(
        &self,
        user_id: UserId,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<Hold, StockError>;

    /// Gives back what is held for a shopper, and unlocks their cart.
    async fn release_hold(&self, user_id: UserId) -> Result<(), StockError>;
}
