//! The catalogue in PostgreSQL.

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::Row;
use sqlx::postgres::PgRow;

use super::PostgresStore;
use super::error::OrStoreError;
use super::row::{PRODUCT_WIDTH, number, point, product, product_columns, section, section_columns};
use crate::catalog::import::{Progress, StoreData, parse_map};
use crate::catalog::{
    CatalogStore, Label, Labels, Page, Product, ProductDetails, ProductId, Recipe, RecipeId, Section,
    ShelfPlace, VersionedMap,
};
use crate::error::StoreError;

const OFFERS: &str = concat!(
    "SELECT ",
    product_columns!(),
    " FROM product WHERE retired_at_ms IS NULL AND (offer_name IS NOT NULL OR discounted_price_minor < price_minor) \
     ORDER BY product_id LIMIT $1 OFFSET $2"
);

const DETAILS: &str = concat!(
    "SELECT ",
    product_columns!(),
    ", ARRAY(SELECT foodtype_id FROM product_foodtype AS of WHERE of.product_id = $1 ORDER BY foodtype_id), \
       ARRAY(SELECT foodtype_name FROM product_foodtype AS of JOIN foodtype USING (foodtype_id) \
             WHERE of.product_id = $1 ORDER BY foodtype_id), \
       ARRAY(SELECT allergy_id FROM product_allergy AS of WHERE of.product_id = $1 ORDER BY allergy_id), \
       ARRAY(SELECT allergy_name FROM product_allergy AS of JOIN allergy USING (allergy_id) \
             WHERE of.product_id = $1 ORDER BY allergy_id) \
     FROM product WHERE product_id = $1 AND retired_at_ms IS NULL"
);

const LABELS: &str = "SELECT TRUE, foodtype_id, foodtype_name FROM foodtype \
     UNION ALL SELECT FALSE, category_id, category_name FROM category ORDER BY 3, 2";

const SHELF_PLACES: &str = "SELECT product_id, section_id, aisle_num, shelf_num, level, x_m, y_m \
     FROM unnest($1::BIGINT[]) WITH ORDINALITY AS wanted (product_id, line_num) JOIN shelf_place USING (product_id) \
     ORDER BY line_num";

#[async_trait]
impl CatalogStore for PostgresStore {
    async fn search(&self, text: &str, page: Page) -> Result<Vec<Product>, StoreError> {
        super::search::search(&self.pool, text, page).await
    }

    async fn offers(&self, page: Page) -> Result<Vec<Product>, StoreError> {
        self.pool
            .one(|mut connection| async move {
                let query = sqlx::query(OFFERS).bind(i64::from(page.limit)).bind(i64::from(page.offset));
                products(&query.fetch_all(&mut *connection).await.or_store_error()?)
            })
            .await
    }

    async fn product(&self, product_id: ProductId) -> Result<Option<ProductDetails>, StoreError> {
        self.pool
            .one(|mut connection| async move {
                let query = sqlx::query(DETAILS).bind(product_id);
                let row = query.fetch_optional(&mut *connection).await.or_store_error()?;
                row.as_ref().map(details).transpose().or_store_error()
            })
            .await
    }

    async fn labels(&self) -> Result<Labels, StoreError> {
        self.pool
            .one(|mut connection| async move {
                let rows = sqlx::query(LABELS).fetch_all(&mut *connection).await.or_store_error()?;
                let (mut foodtypes, mut categories) = (Vec::new(), Vec::new());
                for row in &rows {
                    let label = Label {
                        id: row.try_get(1).or_store_error()?,
                        name: row.try_get(2).or_store_error()?,
                    };
                    if row.try_get(0).or_store_error()? { &mut foodtypes } else { &mut categories }
                        .push(label);
                }
                Ok(Labels { foodtypes, categories })
            })
            .await
    }

    async fn recipe(&self, recipe_id: RecipeId) -> Result<Option<Recipe>, StoreError> {
        self.pool
            .one(|mut connection| async move { super::recipe::recipe(&mut connection, recipe_id).await })
            .await
    }

    async fn shelf_places(&self, product_ids: &[ProductId]) -> Result<Vec<ShelfPlace>, StoreError> {
        self.pool
            .one(|mut connection| async move {
                let query = sqlx::query(SHELF_PLACES).bind(product_ids);
                let rows = query.fetch_all(&mut *connection).await.or_store_error()?;
                rows.iter().map(|row| shelf_place(row, 0)).collect::<sqlx::Result<_>>().or_store_error()
            })
            .await
    }

    async fn sections(&self) -> Result<Vec<Section>, StoreError> {
        const SQL: &str =
            concat!("SELECT ", section_columns!(), " FROM section ORDER BY section_name, section_id");
        self.pool
            .one(|mut connection| async move {
                let rows = sqlx::query(SQL).fetch_all(&mut *connection).await.or_store_error()?;
                rows.iter().map(section).collect::<sqlx::Result<_>>().or_store_error()
            })
            .await
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.pool
            .write(|mut transaction| async move {
                let query = sqlx::query("UPDATE schema_version SET version = version");
                query.execute(&mut *transaction).await.or_store_error()?;
                Ok(((), transaction))
            })
            .await
    }

    async fn map_version(&self) -> Result<Option<i64>, StoreError> {
        self.pool
            .one(|mut connection| async move {
                let query = sqlx::query_scalar("SELECT map_version FROM store");
                query.fetch_optional(&mut *connection).await.or_store_error()
            })
            .await
    }

    async fn map(&self) -> Result<Option<VersionedMap>, StoreError> {
        let row: Option<(i64, String)> = self
            .pool
            .one(|mut connection| async move {
                let query = sqlx::query_as("SELECT map_version, map_json FROM store");
                query.fetch_optional(&mut *connection).await.or_store_error()
            })
            .await?;
        let map = |(version, map_json): (i64, String)| {
            let map = Arc::new(parse_map(&map_json).map_err(StoreError::internal)?);
            Ok(VersionedMap { version, map })
        };
        row.map(map).transpose()
    }

    async fn import(&self, data: StoreData, progress: Progress) -> Result<(), StoreError> {
        let (data, progress) = (&data, &progress);
        self.pool
            .write_long(|mut transaction| async move {
                super::import::import(&mut transaction, data, progress).await?;
                Ok(((), transaction))
            })
            .await
    }
}

/// Reads rows of `product_columns`.
pub(super) fn products(rows: &[PgRow]) -> Result<Vec<Product>, StoreError> {
    rows.iter().map(|row| product(row, 0)).collect::<sqlx::Result<_>>().or_store_error()
}

fn details(row: &PgRow) -> sqlx::Result<ProductDetails> {
    let labels = |first| -> sqlx::Result<Vec<Label>> {
        let (ids, names): (Vec<i64>, Vec<String>) = (row.try_get(first)?, row.try_get(first + 1)?);
        Ok(ids.into_iter().zip(names).map(|(id, name)| Label { id, name }).collect())
    };
    Ok(ProductDetails {
        product: product(row, 0)?,
        foodtypes: labels(PRODUCT_WIDTH)?,
        allergies: labels(PRODUCT_WIDTH + 2)?,
    })
}

/// Reads product, section, aisle, board, level, x and y.
pub(super) fn shelf_place(row: &PgRow, first: usize) -> sqlx::Result<ShelfPlace> {
    Ok(ShelfPlace {
        product_id: row.try_get(first)?,
        section_id: row.try_get(first + 1)?,
        aisle_num: number(row, first + 2)?,
        shelf_num: number(row, first + 3)?,
        point: point(row, first + 4)?,
    })
}
