//! What the smart-cart group says about the shop itself: labels, sections, recipes.

use quickcart_core::cart::RecipeMatch;
use quickcart_core::catalog;
use serde::Serialize;
use utoipa::ToSchema;

use super::smart_cart::{FoodType, Product, products};

/// What people choose from, by name.
#[derive(Serialize, ToSchema)]
pub(crate) struct Labels {
    foodtypes: Vec<FoodType>,
    categories: Vec<Category>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Category {
    category_id: i64,
    category_name: String,
}

impl From<catalog::Labels> for Labels {
    fn from(labels: catalog::Labels) -> Self {
        let category = |label: catalog::Label| Category { category_id: label.id, category_name: label.name };
        Self {
            foodtypes: labels.foodtypes.into_iter().map(FoodType::from).collect(),
            categories: labels.categories.into_iter().map(category).collect(),
        }
    }
}

/// A part of the shop: a rectangle in metres.
#[derive(Serialize, ToSchema)]
pub(crate) struct Section {
    section_id: i64,
    section_name: String,
    x1: f64,
    y1: f64,
    x2: f64,
    y2: f64,
    floor_level: i32,
}

impl From<catalog::Section> for Section {
    fn from(section: catalog::Section) -> Self {
        Self {
            section_id: section.section_id,
            section_name: section.name,
            x1: section.x1_m,
            y1: section.y1_m,
            x2: section.x2_m,
            y2: section.y2_m,
            floor_level: section.level,
        }
    }
}

/// Recipes for what is on the list or in the cart, once for each such product.
#[derive(Serialize, ToSchema)]
pub(crate) struct Recipes {
    recipes: Vec<RecipeEntry>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct RecipeEntry {
    recipe_id: i64,
    recipe_name: String,
    product_id: i64,
    product: Product,
}

impl From<Vec<RecipeMatch>> for Recipes {
    fn from(matches: Vec<RecipeMatch>) -> Self {
        let entry = |found: RecipeMatch| RecipeEntry {
            recipe_id: found.recipe_id,
            recipe_name: found.name,
            product_id: found.product.product_id,
            product: found.product.into(),
        };
        Self { recipes: matches.into_iter().map(entry).collect() }
    }
}

/// A recipe: with all its products, and the first of them as older clients read it.
#[derive(Serialize, ToSchema)]
pub(crate) struct Recipe {
    recipe_id: i64,
    recipe_name: String,
    product_id: Option<i64>,
    product: Option<Product>,
    products: Vec<Product>,
}

impl From<catalog::Recipe> for Recipe {
    fn from(recipe: catalog::Recipe) -> Self {
        let first = recipe.products.first().cloned();
        Self {
            recipe_id: recipe.recipe_id,
            recipe_name: recipe.name,
            product_id: first.as_ref().map(|product| product.product_id),
            product: first.map(Product::from),
            products: products(recipe.products),
        }
    }
}
