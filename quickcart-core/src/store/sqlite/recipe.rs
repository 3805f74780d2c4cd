//! Recipes in SQLite.

use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::catalog::products;
use super::error::OrStoreError;
use super::row::{PRODUCT_COLUMNS, PRODUCT_WIDTH, product};
use crate::account::UserId;
use crate::cart::{RecipeMatch, RecipeSource};
use crate::catalog::{Page, Recipe, RecipeId};
use crate::error::StoreError;

pub(super) fn recipe(
    transaction: &Transaction<'_>,
    recipe_id: RecipeId,
) -> Result<Option<Recipe>, StoreError> {
    let query = transaction.prepare_cached("SELECT recipe_name FROM recipe WHERE recipe_id = ?1");
    let name = query.and_then(|mut statement| statement.query_row([recipe_id], |row| row.get(0)).optional());
    let Some(name) = name.or_store_error()? else { return Ok(None) };
    let sql = format!(
        "SELECT {PRODUCT_COLUMNS} FROM recipe_product JOIN product USING (product_id) WHERE recipe_id = ?1 ORDER BY line_num"
    );
    Ok(Some(Recipe { recipe_id, name, products: products(transaction, &sql, [recipe_id])? }))
}

pub(super) fn matches(
    transaction: &Transaction<'_>,
    user_id: UserId,
    source: RecipeSource,
    page: Page,
) -> Result<Vec<RecipeMatch>, StoreError> {
    let wanted = match source {
        RecipeSource::Checklist => "SELECT product_id FROM checklist WHERE user_id = ?1",
        RecipeSource::Cart => "SELECT product_id FROM cart JOIN cart_item USING (cart_id) WHERE user_id = ?1",
    };
    let sql = format!(
        "SELECT {PRODUCT_COLUMNS}, recipe_id, recipe_name \
         FROM recipe_product JOIN recipe USING (recipe_id) JOIN product USING (product_id) \
         WHERE product_id IN ({wanted}) ORDER BY recipe_id, line_num LIMIT ?2 OFFSET ?3"
    );
    let read = |row: &Row<'_>| {
        let (recipe_id, name) = (row.get(PRODUCT_WIDTH)?, row.get(PRODUCT_WIDTH + 1)?);
        Ok(RecipeMatch { recipe_id, name, product: product(row, 0)? })
    };
    let mut statement = transaction.prepare_cached(&sql).or_store_error()?;
    let rows = statement.query_map(params![user_id, page.limit, page.offset], read).or_store_error()?;
    rows.collect::<rusqlite::Result<_>>().or_store_error()
}
