//! Recipes in PostgreSQL.

use sqlx::{PgConnection, Row};

use super::error::OrStoreError;
use super::row::{PRODUCT_WIDTH, product, product_columns};
use crate::account::UserId;
use crate::cart::{RecipeMatch, RecipeSource};
use crate::catalog::{Page, Recipe, RecipeId};
use crate::error::StoreError;

const FIND: &str = concat!(
    "SELECT ",
    product_columns!(),
    ", recipe_name FROM recipe LEFT JOIN recipe_product USING (recipe_id) LEFT JOIN product USING (product_id) \
     WHERE recipe_id = $1 ORDER BY line_num"
);

macro_rules! matches_with {
    ($wanted:literal) => {
        concat!(
            "SELECT ",
            product_columns!(),
            ", recipe_id, recipe_name \
             FROM recipe_product JOIN recipe USING (recipe_id) JOIN product USING (product_id) \
             WHERE product_id IN (",
            $wanted,
            ") ORDER BY recipe_id, line_num LIMIT $2 OFFSET $3"
        )
    };
}

const MATCHES_WITH_CHECKLIST: &str = matches_with!("SELECT product_id FROM checklist WHERE user_id = $1");
const MATCHES_WITH_CART: &str =
    matches_with!("SELECT product_id FROM cart JOIN cart_item USING (cart_id) WHERE user_id = $1");

pub(super) async fn recipe(
    connection: &mut PgConnection,
    recipe_id: RecipeId,
) -> Result<Option<Recipe>, StoreError> {
    let rows = sqlx::query(FIND).bind(recipe_id).fetch_all(connection).await.or_store_error()?;
    let Some(first) = rows.first() else { return Ok(None) };
    let name = first.try_get(PRODUCT_WIDTH).or_store_error()?;
    // A recipe that takes nothing is one row without a product.
    let takes_nothing = first.try_get::<Option<i64>, _>(0).or_store_error()?.is_none();
    let rows = if takes_nothing { &[][..] } else { &rows };
    Ok(Some(Recipe { recipe_id, name, products: super::catalog::products(rows)? }))
}

pub(super) async fn matches(
    connection: &mut PgConnection,
    user_id: UserId,
    source: RecipeSource,
    page: Page,
) -> Result<Vec<RecipeMatch>, StoreError> {
    let sql = match source {
        RecipeSource::Checklist => MATCHES_WITH_CHECKLIST,
        RecipeSource::Cart => MATCHES_WITH_CART,
    };
    let query = sqlx::query(sql).bind(user_id).bind(i64::from(page.limit)).bind(i64::from(page.offset));
    let rows = query.fetch_all(connection).await.or_store_error()?;
    let matches = rows.iter().map(|row| {
        let (recipe_id, name) = (row.try_get(PRODUCT_WIDTH)?, row.try_get(PRODUCT_WIDTH + 1)?);
        Ok(RecipeMatch { recipe_id, name, product: product(row, 0)? })
    });
    matches.collect::<sqlx::Result<_>>().or_store_error()
}
