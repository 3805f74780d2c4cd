//! A whole store, written in one transaction.

use sqlx::PgConnection;

use super::error::OrStoreError;
use super::search::learn_words;
use crate::catalog::import::{ProductRecord, Progress, StoreData};
use crate::catalog::spelling::folded;
use crate::catalog::{Label, ShelfPlace};
use crate::error::StoreError;
use crate::money::Money;
use crate::tax::TaxMode;

/// How many records are one statement, and pass between two reports.
const BATCH: usize = 500;

/// Who changes the catalogue waits here for whom else does.
const BE_ALONE: &str = "SELECT pg_advisory_xact_lock(hashtextextended('quickcart:catalogue', 0))";

/// Deadlines are for those who serve a customer; a large store takes longer. Every cart is kept from shoppers before the first
/// product is: they take them in this order, too.
const BEGIN: &str = "SET LOCAL statement_timeout = 0; \
     SELECT FROM (SELECT cart_id FROM cart ORDER BY cart_id FOR UPDATE) AS locked; \
     DELETE FROM shelf_place";

const WRITE_STORE: &str = "INSERT INTO store (only_row, store_name, map_json, map_version, prices_include_tax) \
     VALUES (1, $1, $2, 1, $3) \
     ON CONFLICT (only_row) DO UPDATE SET store_name = excluded.store_name, map_json = excluded.map_json, \
     map_version = store.map_version + 1, prices_include_tax = excluded.prices_include_tax";

macro_rules! write_labels {
    ($table:literal) => {
        concat!(
            "INSERT INTO ",
            $table,
            " SELECT * FROM unnest($1::BIGINT[], $2::TEXT[]) ON CONFLICT (",
            $table,
            "_id) DO UPDATE SET ",
            $table,
            "_name = excluded.",
            $table,
            "_name"
        )
    };
}

const WRITE_SECTIONS: &str = "INSERT INTO section (section_id, section_name, level, x1_m, y1_m, x2_m, y2_m) \
     SELECT * FROM unnest($1::BIGINT[], $2::TEXT[], $3::BIGINT[], $4::FLOAT8[], $5::FLOAT8[], $6::FLOAT8[], $7::FLOAT8[])";

/// Products may swap their barcodes. A random part keeps what they have meanwhile from what others have.
const FREE_BARCODES: &str = "UPDATE product SET barcode = 'importing-' || gen_random_uuid() \
     FROM unnest($1::BIGINT[], $2::TEXT[]) AS new (product_id, barcode) \
     WHERE product.product_id = new.product_id AND product.barcode <> new.barcode";

/// Takes barcodes from the products that have them, but not from those that are to have them.
pub(super) const GIVE_BARCODES_AWAY: &str = "UPDATE product SET barcode = 'retired-' || gen_random_uuid(), version = version + 1 \
     FROM unnest($1::BIGINT[], $2::TEXT[]) AS new (product_id, barcode) \
     WHERE product.barcode = new.barcode AND product.product_id <> new.product_id";

const WRITE_PRODUCTS: &str = "INSERT INTO product (product_id, product_name, folded_name, barcode, currency, price_minor, \
                          discounted_price_minor, offer_name, weight_g, expiry, category_id, hsn, gst_basis_points) \
     SELECT * FROM unnest($1::BIGINT[], $2::TEXT[], $3::TEXT[], $4::TEXT[], $5::TEXT[], $6::BIGINT[], $7::BIGINT[], \
                          $8::TEXT[], $9::BIGINT[], $10::TEXT[], $11::BIGINT[], $12::TEXT[], $13::BIGINT[]) \
     ON CONFLICT (product_id) DO UPDATE SET product_name = excluded.product_name, folded_name = excluded.folded_name, \
     barcode = excluded.barcode, currency = excluded.currency, price_minor = excluded.price_minor, \
     discounted_price_minor = excluded.discounted_price_minor, offer_name = excluded.offer_name, \
     weight_g = excluded.weight_g, expiry = excluded.expiry, category_id = excluded.category_id, hsn = excluded.hsn, \
     gst_basis_points = excluded.gst_basis_points, version = product.version + 1, retired_at_ms = NULL";

const FORGET_LABELS: &str = "WITH foodtypes AS (DELETE FROM product_foodtype WHERE product_id = ANY ($1)) \
     DELETE FROM product_allergy WHERE product_id = ANY ($1)";
const WRITE_FOODTYPES: &str =
    "INSERT INTO product_foodtype SELECT * FROM unnest($1::BIGINT[], $2::BIGINT[]) ON CONFLICT DO NOTHING";
const WRITE_ALLERGIES: &str =
    "INSERT INTO product_allergy SELECT * FROM unnest($1::BIGINT[], $2::BIGINT[]) ON CONFLICT DO NOTHING";

const WRITE_SHELF_PLACES: &str = "INSERT INTO shelf_place (product_id, section_id, aisle_num, shelf_num, level, x_m, y_m) \
     SELECT * FROM unnest($1::BIGINT[], $2::BIGINT[], $3::BIGINT[], $4::BIGINT[], $5::BIGINT[], $6::FLOAT8[], $7::FLOAT8[])";

const WRITE_RECIPES: &str =
    "INSERT INTO recipe (recipe_id, recipe_name) SELECT * FROM unnest($1::BIGINT[], $2::TEXT[])";
const WRITE_RECIPE_PRODUCTS: &str = "INSERT INTO recipe_product (recipe_id, line_num, product_id) \
     SELECT * FROM unnest($1::BIGINT[], $2::BIGINT[], $3::BIGINT[])";

const WRITE_TROLLEYS: &str = "INSERT INTO cart (cart_id, dock_level, dock_x_m, dock_y_m) \
     SELECT * FROM unnest($1::BIGINT[], $2::BIGINT[], $3::FLOAT8[], $4::FLOAT8[]) \
     ON CONFLICT (cart_id) DO UPDATE SET dock_level = excluded.dock_level, dock_x_m = excluded.dock_x_m, \
     dock_y_m = excluded.dock_y_m, level = NULL, x_m = NULL, y_m = NULL, located_at_ms = NULL";

/// Until the end of the transaction, nobody else changes the catalogue.
pub(super) async fn be_alone(connection: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query(BE_ALONE).execute(connection).await.or_store_error().map(drop)
}

pub(super) async fn import(
    connection: &mut PgConnection,
    data: &StoreData,
    progress: &Progress,
) -> Result<(), StoreError> {
    let (mut done, total) = (0, data.record_count());
    let mut report = |records: usize| {
        done += records;
        progress(done, total);
    };
    be_alone(connection).await?;
    sqlx::raw_sql(BEGIN).execute(&mut *connection).await.or_store_error()?;
    let store = sqlx::query(WRITE_STORE).bind(&data.name).bind(&data.map_json);
    let store = store.bind(data.tax_mode == TaxMode::Included);
    store.execute(&mut *connection).await.or_store_error()?;
    labels(connection, write_labels!("category"), &data.categories).await?;
    labels(connection, write_labels!("foodtype"), &data.foodtypes).await?;
    labels(connection, write_labels!("allergy"), &data.allergies).await?;
    report(data.categories.len() + data.foodtypes.len() + data.allergies.len());
    sections(connection, data).await?;
    report(data.sections.len());
    // A barcode goes to whom the new files give it, so all are free before the first is given.
    for sql in [FREE_BARCODES, GIVE_BARCODES_AWAY] {
        for records in data.products.chunks(BATCH) {
            take_barcodes(connection, sql, records).await?;
        }
    }
    for records in data.products.chunks(BATCH) {
        products(connection, records).await?;
        report(records.len());
    }
    for places in data.shelf_places.chunks(BATCH) {
        shelf_places(connection, places).await?;
        report(places.len());
    }
    recipes(connection, data).await?;
    report(data.recipes.len());
    trolleys(connection, data).await?;
    report(data.trolleys.len());
    // How often words are, a planner has to know before the server gets round to it.
    sqlx::raw_sql("ANALYZE product").execute(connection).await.or_store_error().map(drop)
}

async fn labels(
    connection: &mut PgConnection,
    sql: &'static str,
    labels: &[Label],
) -> Result<(), StoreError> {
    let (ids, names): (Vec<_>, Vec<_>) = labels.iter().map(|label| (label.id, label.name.as_str())).unzip();
    sqlx::query(sql).bind(ids).bind(names).execute(connection).await.or_store_error().map(drop)
}

async fn sections(connection: &mut PgConnection, data: &StoreData) -> Result<(), StoreError> {
    sqlx::raw_sql("DELETE FROM section").execute(&mut *connection).await.or_store_error()?;
    let of = &data.sections;
    let query = sqlx::query(WRITE_SECTIONS)
        .bind(of.iter().map(|section| section.section_id).collect::<Vec<_>>())
        .bind(of.iter().map(|section| section.name.as_str()).collect::<Vec<_>>())
        .bind(of.iter().map(|section| i64::from(section.level)).collect::<Vec<_>>())
        .bind(of.iter().map(|section| section.x1_m).collect::<Vec<_>>())
        .bind(of.iter().map(|section| section.y1_m).collect::<Vec<_>>())
        .bind(of.iter().map(|section| section.x2_m).collect::<Vec<_>>())
        .bind(of.iter().map(|section| section.y2_m).collect::<Vec<_>>());
    query.execute(connection).await.or_store_error().map(drop)
}

pub(super) async fn take_barcodes(
    connection: &mut PgConnection,
    sql: &'static str,
    records: &[ProductRecord],
) -> Result<(), StoreError> {
    let new = records.iter().map(|record| (record.product.product_id, record.product.barcode.as_str()));
    let (ids, barcodes): (Vec<_>, Vec<_>) = new.unzip();
    sqlx::query(sql).bind(ids).bind(barcodes).execute(connection).await.or_store_error().map(drop)
}

/// Writes products with their labels, once their barcodes are free; those that were there are for sale again.
pub(super) async fn products(
    connection: &mut PgConnection,
    records: &[ProductRecord],
) -> Result<(), StoreError> {
    let products = || records.iter().map(|record| &record.product);
    let ids: Vec<_> = products().map(|product| product.product_id).collect();
    let query = sqlx::query(WRITE_PRODUCTS)
        .bind(&ids)
        .bind(products().map(|product| product.name.as_str()).collect::<Vec<_>>())
        .bind(products().map(|product| folded(&product.name)).collect::<Vec<_>>())
        .bind(products().map(|product| product.barcode.as_str()).collect::<Vec<_>>())
        .bind(products().map(|product| product.price.currency().code().to_owned()).collect::<Vec<_>>())
        .bind(products().map(|product| product.price.minor()).collect::<Vec<_>>())
        .bind(products().map(|product| product.discounted_price.map(Money::minor)).collect::<Vec<_>>())
        .bind(products().map(|product| product.offer_name.as_deref()).collect::<Vec<_>>())
        .bind(products().map(|product| product.weight_g.map(i64::from)).collect::<Vec<_>>())
        .bind(products().map(|product| product.expiry.map(|date| date.to_string())).collect::<Vec<_>>())
        .bind(products().map(|product| product.category_id).collect::<Vec<_>>())
        .bind(records.iter().map(|record| record.hsn.as_deref()).collect::<Vec<_>>())
        .bind(records.iter().map(|record| i64::from(record.gst_basis_points)).collect::<Vec<_>>());
    query.execute(&mut *connection).await.or_store_error()?;
    learn_words(connection, products().map(|product| product.name.as_str())).await?;
    sqlx::query(FORGET_LABELS).bind(&ids).execute(&mut *connection).await.or_store_error()?;
    let of_product = |record: &ProductRecord, label_ids: &[i64]| {
        let product_id = record.product.product_id;
        label_ids.iter().map(move |&label_id| (product_id, label_id)).collect::<Vec<_>>()
    };
    let foodtypes = records.iter().flat_map(|record| of_product(record, &record.foodtype_ids));
    pairs(connection, WRITE_FOODTYPES, foodtypes.unzip()).await?;
    let allergies = records.iter().flat_map(|record| of_product(record, &record.allergy_ids));
    pairs(connection, WRITE_ALLERGIES, allergies.unzip()).await
}

async fn pairs(
    connection: &mut PgConnection,
    sql: &'static str,
    (product_ids, label_ids): (Vec<i64>, Vec<i64>),
) -> Result<(), StoreError> {
    let query = sqlx::query(sql).bind(product_ids).bind(label_ids);
    query.execute(connection).await.or_store_error().map(drop)
}

pub(super) async fn shelf_places(
    connection: &mut PgConnection,
    places: &[ShelfPlace],
) -> Result<(), StoreError> {
    let query = sqlx::query(WRITE_SHELF_PLACES)
        .bind(places.iter().map(|place| place.product_id).collect::<Vec<_>>())
        .bind(places.iter().map(|place| place.section_id).collect::<Vec<_>>())
        .bind(places.iter().map(|place| i64::from(place.aisle_num)).collect::<Vec<_>>())
        .bind(places.iter().map(|place| i64::from(place.shelf_num)).collect::<Vec<_>>())
        .bind(places.iter().map(|place| i64::from(place.point.level)).collect::<Vec<_>>())
        .bind(places.iter().map(|place| place.point.x_m).collect::<Vec<_>>())
        .bind(places.iter().map(|place| place.point.y_m).collect::<Vec<_>>());
    query.execute(connection).await.or_store_error().map(drop)
}

async fn recipes(connection: &mut PgConnection, data: &StoreData) -> Result<(), StoreError> {
    let sql = "DELETE FROM recipe_product; DELETE FROM recipe";
    sqlx::raw_sql(sql).execute(&mut *connection).await.or_store_error()?;
    let of = &data.recipes;
    let query = sqlx::query(WRITE_RECIPES)
        .bind(of.iter().map(|recipe| recipe.recipe_id).collect::<Vec<_>>())
        .bind(of.iter().map(|recipe| recipe.name.as_str()).collect::<Vec<_>>());
    query.execute(&mut *connection).await.or_store_error()?;
    let lines =
        || of.iter().flat_map(|recipe| (1..).zip(&recipe.product_ids).map(|line| (recipe.recipe_id, line)));
    let query = sqlx::query(WRITE_RECIPE_PRODUCTS)
        .bind(lines().map(|(recipe_id, _)| recipe_id).collect::<Vec<i64>>())
        .bind(lines().map(|(_, (line_num, _))| line_num).collect::<Vec<i64>>())
        .bind(lines().map(|(_, (_, product_id))| *product_id).collect::<Vec<i64>>());
    query.execute(connection).await.or_store_error().map(drop)
}

async fn trolleys(connection: &mut PgConnection, data: &StoreData) -> Result<(), StoreError> {
    let of = &data.trolleys;
    let query = sqlx::query(WRITE_TROLLEYS)
        .bind(of.iter().map(|trolley| trolley.cart_id).collect::<Vec<_>>())
        .bind(of.iter().map(|trolley| i64::from(trolley.dock.level)).collect::<Vec<_>>())
        .bind(of.iter().map(|trolley| trolley.dock.x_m).collect::<Vec<_>>())
        .bind(of.iter().map(|trolley| trolley.dock.y_m).collect::<Vec<_>>());
    query.execute(connection).await.or_store_error().map(drop)
}
