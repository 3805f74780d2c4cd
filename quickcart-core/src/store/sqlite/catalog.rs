//! The catalogue in SQLite.

use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::{OptionalExtension, Params, Transaction, params};

use super::SqliteStore;
use super::error::OrStoreError;
use super::row::{PRODUCT_COLUMNS, SECTION_COLUMNS, point, product, section};
use super::search::search;
use crate::catalog::import::{Progress, StoreData, parse_map};
use crate::catalog::{
    CatalogStore, Label, Labels, Page, Product, ProductDetails, ProductId, Recipe, RecipeId, Section,
    ShelfPlace, VersionedMap,
};
use crate::error::StoreError;

#[async_trait]
impl CatalogStore for SqliteStore {
    async fn search(&self, text: &str, page: Page) -> Result<Vec<Product>, StoreError> {
        let text = text.to_owned();
        self.readers.scan(move |transaction| search(transaction, &text, page)).await
    }

    async fn offers(&self, page: Page) -> Result<Vec<Product>, StoreError> {
        let sql = format!(
            "SELECT {PRODUCT_COLUMNS} FROM product \
             WHERE retired_at_ms IS NULL AND (offer_name IS NOT NULL OR discounted_price_minor < price_minor) \
             ORDER BY product_id LIMIT ?1 OFFSET ?2"
        );
        self.readers
            .scan(move |transaction| products(transaction, &sql, params![page.limit, page.offset]))
            .await
    }

    async fn product(&self, product_id: ProductId) -> Result<Option<ProductDetails>, StoreError> {
        self.readers.read(move |transaction| details(transaction, product_id)).await
    }

    async fn labels(&self) -> Result<Labels, StoreError> {
        self.readers
            .scan(|transaction| {
                let foodtypes =
                    "SELECT foodtype_id, foodtype_name FROM foodtype ORDER BY foodtype_name, foodtype_id";
                let categories =
                    "SELECT category_id, category_name FROM category ORDER BY category_name, category_id";
                Ok(Labels {
                    foodtypes: labels(transaction, foodtypes, [])?,
                    categories: labels(transaction, categories, [])?,
                })
            })
            .await
    }

    async fn recipe(&self, recipe_id: RecipeId) -> Result<Option<Recipe>, StoreError> {
        self.readers.read(move |transaction| super::recipe::recipe(transaction, recipe_id)).await
    }

    async fn shelf_places(&self, product_ids: &[ProductId]) -> Result<Vec<ShelfPlace>, StoreError> {
        let product_ids = product_ids.to_vec();
        self.readers
            .read(move |transaction| {
                let found = product_ids.into_iter().filter_map(|id| shelf_place(transaction, id).transpose());
                found.collect()
            })
            .await
    }

    async fn sections(&self) -> Result<Vec<Section>, StoreError> {
        let sql = format!("SELECT {SECTION_COLUMNS} FROM section ORDER BY section_name, section_id");
        self.readers
            .scan(move |transaction| {
                let mut statement = transaction.prepare_cached(&sql).or_store_error()?;
                let rows = statement.query_map([], section).or_store_error()?;
                rows.collect::<rusqlite::Result<_>>().or_store_error()
            })
            .await
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.file.check()?;
        self.writer.write(super::check::write).await
    }

    async fn map_version(&self) -> Result<Option<i64>, StoreError> {
        self.readers
            .read(|transaction| {
                let query = transaction.prepare_cached("SELECT map_version FROM store");
                query
                    .and_then(|mut statement| statement.query_row([], |row| row.get(0)).optional())
                    .or_store_error()
            })
            .await
    }

    async fn map(&self) -> Result<Option<VersionedMap>, StoreError> {
        let row: Option<(i64, String)> = self
            .readers
            .scan(|transaction| {
                let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
                transaction
                    .query_row("SELECT map_version, map_json FROM store", [], read)
                    .optional()
                    .or_store_error()
            })
            .await?;
        let map = |(version, map_json): (i64, String)| {
            let map = Arc::new(parse_map(&map_json).map_err(StoreError::internal)?);
            Ok(VersionedMap { version, map })
        };
        row.map(map).transpose()
    }

    async fn import(&self, data: StoreData, progress: Progress) -> Result<(), StoreError> {
        self.writer.write(move |transaction| super::import::import(transaction, &data, &progress)).await
    }
}

pub(super) fn products(
    transaction: &Transaction<'_>,
    sql: &str,
    values: impl Params,
) -> Result<Vec<Product>, StoreError> {
    let mut statement = transaction.prepare_cached(sql).or_store_error()?;
    let rows = statement.query_map(values, |row| product(row, 0)).or_store_error()?;
    rows.collect::<rusqlite::Result<_>>().or_store_error()
}

/// A product that is for sale.
pub(super) fn find_product(
    transaction: &Transaction<'_>,
    product_id: ProductId,
) -> Result<Option<Product>, StoreError> {
    let sql =
        format!("SELECT {PRODUCT_COLUMNS} FROM product WHERE product_id = ?1 AND retired_at_ms IS NULL");
    let query = transaction.prepare_cached(&sql);
    query
        .and_then(|mut statement| statement.query_row([product_id], |row| product(row, 0)).optional())
        .or_store_error()
}

/// A product, though it be retired.
pub(super) fn known_product(
    transaction: &Transaction<'_>,
    product_id: ProductId,
) -> Result<Option<Product>, StoreError> {
    let sql = format!("SELECT {PRODUCT_COLUMNS} FROM product WHERE product_id = ?1");
    Ok(products(transaction, &sql, [product_id])?.pop())
}

/// The product for sale with this barcode.
pub(super) fn find_barcode(
    transaction: &Transaction<'_>,
    barcode: &str,
) -> Result<Option<Product>, StoreError> {
    let sql = format!("SELECT {PRODUCT_COLUMNS} FROM product WHERE barcode = ?1 AND retired_at_ms IS NULL");
    let query = transaction.prepare_cached(&sql);
    query
        .and_then(|mut statement| statement.query_row([barcode], |row| product(row, 0)).optional())
        .or_store_error()
}

fn details(
    transaction: &Transaction<'_>,
    product_id: ProductId,
) -> Result<Option<ProductDetails>, StoreError> {
    let Some(product) = find_product(transaction, product_id)? else { return Ok(None) };
    let foodtypes = labels(
        transaction,
        "SELECT foodtype_id, foodtype_name FROM product_foodtype JOIN foodtype USING (foodtype_id) \
         WHERE product_id = ?1 ORDER BY foodtype_id",
        [product_id],
    )?;
    let allergies = labels(
        transaction,
        "SELECT allergy_id, allergy_name FROM product_allergy JOIN allergy USING (allergy_id) \
         WHERE product_id = ?1 ORDER BY allergy_id",
        [product_id],
    )?;
    Ok(Some(ProductDetails { product, foodtypes, allergies }))
}

fn labels(transaction: &Transaction<'_>, sql: &str, values: impl Params) -> Result<Vec<Label>, StoreError> {
    let mut statement = transaction.prepare_cached(sql).or_store_error()?;
    let label = |row: &rusqlite::Row<'_>| Ok(Label { id: row.get(0)?, name: row.get(1)? });
    let rows = statement.query_map(values, label).or_store_error()?;
    rows.collect::<rusqlite::Result<_>>().or_store_error()
}

fn shelf_place(
    transaction: &Transaction<'_>,
    product_id: ProductId,
) -> Result<Option<ShelfPlace>, StoreError> {
    let sql =
        "SELECT section_id, aisle_num, shelf_num, level, x_m, y_m FROM shelf_place WHERE product_id = ?1";
    let place = |row: &rusqlite::Row<'_>| {
        Ok(ShelfPlace {
            product_id,
            section_id: row.get(0)?,
            aisle_num: row.get(1)?,
            shelf_num: row.get(2)?,
            point: point(row, 3)?,
        })
    };
    let query = transaction.prepare_cached(sql);
    query.and_then(|mut statement| statement.query_row([product_id], place).optional()).or_store_error()
}
