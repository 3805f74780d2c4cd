//! Three reads with the SQL of our store and nothing around it: rusqlite and serde.

use std::path::Path;

use benches::Result;
use jiff::civil::Date;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Params, Row, Transaction};
use serde::Serialize;

macro_rules! product_columns {
    () => {
        "product.product_id, product.product_name, product.barcode, product.currency, product.price_minor, \
         product.discounted_price_minor, product.offer_name, product.weight_g, product.expiry, product.category_id"
    };
}

pub(crate) const PRODUCT: &str =
    concat!("SELECT ", product_columns!(), " FROM product WHERE product_id = ?1 AND retired_at_ms IS NULL");
pub(crate) const FOODTYPES: &str = "SELECT foodtype_id, foodtype_name FROM product_foodtype JOIN foodtype USING (foodtype_id) \
     WHERE product_id = ?1 ORDER BY foodtype_id";
pub(crate) const ALLERGIES: &str = "SELECT allergy_id, allergy_name FROM product_allergy JOIN allergy USING (allergy_id) \
     WHERE product_id = ?1 ORDER BY allergy_id";
pub(crate) const SEARCH: &str = concat!(
    "SELECT ",
    product_columns!(),
    " FROM product_search JOIN product ON product.product_id = product_search.rowid \
     WHERE product_search MATCH ?1 ORDER BY product_search.rowid LIMIT ?2 OFFSET ?3"
);
pub(crate) const CART: &str = "SELECT cart_id, user_id, version, reported_weight_mg, locked_until_ms, blocked_weight_mg \
     FROM cart WHERE user_id = ?1";
pub(crate) const LINES: &str = concat!(
    "SELECT ",
    product_columns!(),
    ", cart_items_id, quantity, cart_item.version FROM cart_item JOIN product USING (product_id) \
     WHERE cart_id = ?1 ORDER BY cart_items_id"
);

/// How many products a search answers at most.
const PAGE: u32 = 500;

#[derive(Serialize)]
pub(crate) struct Product {
    pub(crate) product_id: i64,
    product_name: String,
    price: f64,
    discounted_price: Option<f64>,
    barcode: String,
    weight: Option<f64>,
    expiry: Option<String>,
    category_id: Option<i64>,
    offer_name: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct ProductDetails {
    #[serde(flatten)]
    pub(crate) product: Product,
    pub(crate) foodtypes: Vec<FoodType>,
    pub(crate) allergies: Vec<Allergy>,
}

#[derive(Serialize)]
pub(crate) struct FoodType {
    pub(crate) foodtype_id: i64,
    foodtype_name: String,
}

#[derive(Serialize)]
pub(crate) struct Allergy {
    pub(crate) allergy_id: i64,
    allergy_name: String,
}

#[derive(Serialize)]
pub(crate) struct Cart {
    pub(crate) cart_id: i64,
    pub(crate) items: Vec<CartItem>,
    total_weight: f64,
}

#[derive(Serialize)]
pub(crate) struct CartItem {
    cart_items_id: i64,
    cart_id: i64,
    pub(crate) product_id: i64,
    quantity: u32,
    product: Product,
}

/// A connection that is set up like those of our readers. Each read is a transaction, as ours.
pub(crate) struct Bare(Connection);

impl Bare {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(Self(connection))
    }

    pub(crate) fn product(&mut self, id: i64) -> Result<Option<ProductDetails>> {
        let transaction = self.0.transaction()?;
        let found = transaction.prepare_cached(PRODUCT)?.query_row([id], product).optional()?;
        let Some(product) = found else { return Ok(None) };
        let foodtype = |row: &Row<'_>| Ok(FoodType { foodtype_id: row.get(0)?, foodtype_name: row.get(1)? });
        let foodtypes = all(&transaction, FOODTYPES, [id], foodtype)?;
        let allergy = |row: &Row<'_>| Ok(Allergy { allergy_id: row.get(0)?, allergy_name: row.get(1)? });
        let allergies = all(&transaction, ALLERGIES, [id], allergy)?;
        transaction.commit()?;
        Ok(Some(ProductDetails { product, foodtypes, allergies }))
    }

    pub(crate) fn search(&mut self, text: &str) -> Result<Vec<Product>> {
        let transaction = self.0.transaction()?;
        let found = all(&transaction, SEARCH, (quoted(text), PAGE, 0), product)?;
        transaction.commit()?;
        Ok(found)
    }

    pub(crate) fn cart(&mut self, user_id: i64) -> Result<Option<Cart>> {
        let transaction = self.0.transaction()?;
        let read = |row: &Row<'_>| {
            let _: (i64, i64) = (row.get(1)?, row.get(2)?);
            let _: (Option<i64>, Option<i64>) = (row.get(4)?, row.get(5)?);
            Ok((row.get(0)?, row.get(3)?))
        };
        let cart: Option<(i64, Option<i64>)> =
            transaction.prepare_cached(CART)?.query_row([user_id], read).optional()?;
        let Some((cart_id, reported_mg)) = cart else { return Ok(None) };
        let mut grams = 0;
        let item = |row: &Row<'_>| {
            let (product, cart_items_id, quantity) = (product(row)?, row.get(10)?, row.get(11)?);
            let _version: i64 = row.get(12)?;
            grams += row.get::<_, Option<u32>>(7)?.unwrap_or(0) * quantity;
            Ok(CartItem { cart_items_id, cart_id, product_id: product.product_id, quantity, product })
        };
        let items = all(&transaction, LINES, [cart_id], item)?;
        transaction.commit()?;
        let total_weight = reported_mg.unwrap_or(i64::from(grams) * 1_000) as f64 / 1_000_000.0;
        Ok(Some(Cart { cart_id, items, total_weight }))
    }
}

/// A text as the index is asked for it.
pub(crate) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

fn all<T>(
    transaction: &Transaction<'_>,
    sql: &str,
    values: impl Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    transaction.prepare_cached(sql)?.query_map(values, read)?.collect()
}

fn product(row: &Row<'_>) -> rusqlite::Result<Product> {
    let _currency: String = row.get(3)?;
    let price = |minor: i64| minor as f64 / 100.0;
    let date = |text: String| {
        let date: Option<Date> = text.parse().ok();
        date.map(|date| date.strftime("%a, %d %b %Y 00:00:00 GMT").to_string())
    };
    Ok(Product {
        product_id: row.get(0)?,
        product_name: row.get(1)?,
        price: price(row.get(4)?),
        discounted_price: row.get::<_, Option<i64>>(5)?.map(price),
        barcode: row.get(2)?,
        weight: row.get::<_, Option<u32>>(7)?.map(|grams| f64::from(grams) / 1_000.0),
        expiry: row.get::<_, Option<String>>(8)?.and_then(date),
        category_id: row.get(9)?,
        offer_name: row.get(6)?,
    })
}
