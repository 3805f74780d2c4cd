//! What can be cooked from the products.

use super::Product;

/// Names a recipe.
pub type RecipeId = i64;

/// A dish and the products it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipe {
    /// Its number.
    pub recipe_id: RecipeId,
    /// What it is called.
    pub name: String,
    /// What it takes, in the order it was written; at least one.
    pub products: Vec<Product>,
}
