//! Which recipes go with what a shopper wants, or has.

use crate::catalog::{Product, RecipeId};

/// Where the products are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecipeSource {
    /// The shopper's list.
    Checklist,
    /// The shopper's cart.
    Cart,
}

/// A recipe and one of the products that speak for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipeMatch {
    /// The recipe.
    pub recipe_id: RecipeId,
    /// What it is called.
    pub name: String,
    /// What it takes and the shopper wants, or has.
    pub product: Product,
}
