//! What a shopper means to buy.

use super::Quantity;
use crate::account::UserId;
use crate::catalog::Product;

/// One product of a shopper's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChecklistItem {
    /// The item's number.
    pub checklist_id: i64,
    /// Whose list it is on.
    pub user_id: UserId,
    /// What to buy.
    pub product: Product,
    /// How many pieces.
    pub quantity: Quantity,
}
