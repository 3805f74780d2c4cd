//! What the shop sells, and where it stands.

mod images;
pub mod import;
mod product;
mod recipe;
mod section;
pub mod spelling;

use std::sync::Arc;

use async_trait::async_trait;

pub use images::{Image, ImageFolder};
pub use product::{
    AllergyId, Barcode, CategoryId, FoodTypeId, InvalidBarcode, Label, Labels, Product, ProductDetails,
    ProductId,
};
pub use recipe::{Recipe, RecipeId};
pub use section::{Section, SectionId, ShelfPlace};

use crate::error::StoreError;
use crate::pathfinding::StoreMap;
use import::{Progress, StoreData};

/// The longest text that is searched for, in characters: as long as a product's name.
pub const SEARCH_LENGTH_MAX: usize = 200;

/// A part of a long list: `limit` items after the first `offset`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// How many items to skip.
    pub offset: u32,
    /// How many items to answer at most.
    pub limit: u32,
}

impl Page {
    /// The longest page.
    pub const LIMIT_MAX: u32 = 500;
}

impl Default for Page {
    /// The first page, as long as it may be.
    fn default() -> Self {
        Self { offset: 0, limit: Self::LIMIT_MAX }
    }
}

/// The store's map, with a number that grows with each import.
#[derive(Clone, Debug)]
pub struct VersionedMap {
    /// Grows with each import.
    pub version: i64,
    /// The map, ready to be walked.
    pub map: Arc<StoreMap>,
}

/// Keeps the catalogue. Each method is one atomic step.
#[async_trait]
pub trait CatalogStore: Send + Sync + 'static {
    /// Products for sale whose name or barcode contains `text`, by id; when there are none, those whose names have all its words
    /// with a few slips ([`spelling`]), the fewest slips first, then by id.
    ///
    /// Case makes no difference, nor do marks of Latin letters, unless `text` has less than three characters. What is longer than
    /// [`SEARCH_LENGTH_MAX`] or has control characters is found nowhere.
    async fn search(&self, text: &str, page: Page) -> Result<Vec<Product>, StoreError>;

    /// Products for sale on offer: with an offer's name, or with a discounted price below the price; by id.
    async fn offers(&self, page: Page) -> Result<Vec<Product>, StoreError>;

    /// One product for sale, with its labels.
    async fn product(&self, product_id: ProductId) -> Result<Option<ProductDetails>, StoreError>;

    /// The food types and the categories, by name.
    async fn labels(&self) -> Result<Labels, StoreError>;

    /// One recipe with its products.
    async fn recipe(&self, recipe_id: RecipeId) -> Result<Option<Recipe>, StoreError>;

    /// Where these products stand, in the order of the ids; products without a place are left out.
    async fn shelf_places(&self, product_ids: &[ProductId]) -> Result<Vec<ShelfPlace>, StoreError>;

    /// All sections, by name.
    async fn sections(&self) -> Result<Vec<Section>, StoreError>;

    /// Whether everything that is asked of the store can be done now; by default, whether it can be read.
    async fn check(&self) -> Result<(), StoreError> {
        self.map_version().await.map(drop)
    }

    /// The version of the map; `None` when no store was imported yet.
    async fn map_version(&self) -> Result<Option<i64>, StoreError>;

    /// The map; `None` when no store was imported yet.
    async fn map(&self) -> Result<Option<VersionedMap>, StoreError>;

    /// Takes a whole store, all of it or nothing: what has an id that is known is changed, the rest is added, and
    /// map, sections, shelf places and recipes take the place of the old ones. Reports progress now and then.
    async fn import(&self, data: StoreData, progress: Progress) -> Result<(), StoreError>;
}
