//! A whole store, written in one transaction.

use rusqlite::{Transaction, params};

use super::error::OrStoreError;
use super::search::{learn_words, merge_index};
use super::statement::run;
use crate::catalog::import::{ProductRecord, Progress, StoreData};
use crate::catalog::{Label, ShelfPlace};
use crate::error::StoreError;
use crate::tax::TaxMode;

/// Takes a barcode from the product that has it. What that gets in its place is random, so that no other product has it already.
pub(super) const GIVE_BARCODE_AWAY: &str = "UPDATE product SET barcode = 'retired-' || hex(randomblob(16)), version = version + 1 WHERE barcode = ?1";

/// How many records pass between two reports.
const PROGRESS_STEP: usize = 50;

/// Counts records and reports now and then, and at the end.
struct Counter<'a> {
    done: usize,
    total: usize,
    progress: &'a Progress,
}

impl Counter<'_> {
    fn one_more(&mut self) {
        self.done += 1;
        if self.done.is_multiple_of(PROGRESS_STEP) || self.done == self.total {
            (self.progress)(self.done, self.total);
        }
    }
}

pub(super) fn import(
    transaction: &Transaction<'_>,
    data: &StoreData,
    progress: &Progress,
) -> Result<(), StoreError> {
    let mut counter = Counter { done: 0, total: data.record_count(), progress };
    let sql = "INSERT INTO store (only_row, store_name, map_json, map_version, prices_include_tax) VALUES (1, ?1, ?2, 1, ?3) \
               ON CONFLICT (only_row) DO UPDATE SET store_name = excluded.store_name, map_json = excluded.map_json, \
               map_version = map_version + 1, prices_include_tax = excluded.prices_include_tax";
    transaction
        .execute(sql, params![data.name, data.map_json, data.tax_mode == TaxMode::Included])
        .or_store_error()?;
    labels(transaction, "category", &data.categories, &mut counter)?;
    labels(transaction, "foodtype", &data.foodtypes, &mut counter)?;
    labels(transaction, "allergy", &data.allergies, &mut counter)?;
    transaction.execute_batch("DELETE FROM shelf_place; DELETE FROM section;").or_store_error()?;
    sections(transaction, data, &mut counter)?;
    // Products may swap their barcodes, and a barcode goes to whom the new files give it.
    let free = "UPDATE product SET barcode = 'importing-' || hex(randomblob(16)) WHERE product_id = ?1";
    for record in &data.products {
        run(transaction, free, params![record.product.product_id])?;
    }
    for record in &data.products {
        run(transaction, GIVE_BARCODE_AWAY, params![record.product.barcode.as_str()])?;
    }
    for record in &data.products {
        product(transaction, record)?;
        counter.one_more();
    }
    merge_index(transaction)?;
    shelf_places(transaction, data, &mut counter)?;
    recipes(transaction, data, &mut counter)?;
    trolleys(transaction, data, &mut counter)
}

fn labels(
    transaction: &Transaction<'_>,
    table: &str,
    labels: &[Label],
    counter: &mut Counter<'_>,
) -> Result<(), StoreError> {
    let sql = format!(
        "INSERT INTO {table} ({table}_id, {table}_name) VALUES (?1, ?2) \
         ON CONFLICT ({table}_id) DO UPDATE SET {table}_name = excluded.{table}_name"
    );
    for label in labels {
        run(transaction, &sql, params![label.id, label.name])?;
        counter.one_more();
    }
    Ok(())
}

fn sections(
    transaction: &Transaction<'_>,
    data: &StoreData,
    counter: &mut Counter<'_>,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO section (section_id, section_name, level, x1_m, y1_m, x2_m, y2_m) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    for section in &data.sections {
        let corners = (section.x1_m, section.y1_m, section.x2_m, section.y2_m);
        let (x1, y1, x2, y2) = corners;
        run(transaction, sql, params![section.section_id, section.name, section.level, x1, y1, x2, y2])?;
        counter.one_more();
    }
    Ok(())
}

/// Writes a product with its labels; one that was there is for sale again.
pub(super) fn product(transaction: &Transaction<'_>, record: &ProductRecord) -> Result<(), StoreError> {
    let ProductRecord { product, hsn, gst_basis_points, foodtype_ids, allergy_ids } = record;
    let sql = "INSERT INTO product (product_id, product_name, barcode, currency, price_minor, discounted_price_minor, \
                                    offer_name, weight_g, expiry, category_id, hsn, gst_basis_points) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) \
               ON CONFLICT (product_id) DO UPDATE SET product_name = excluded.product_name, barcode = excluded.barcode, \
               currency = excluded.currency, price_minor = excluded.price_minor, \
               discounted_price_minor = excluded.discounted_price_minor, offer_name = excluded.offer_name, \
               weight_g = excluded.weight_g, expiry = excluded.expiry, category_id = excluded.category_id, \
               hsn = excluded.hsn, gst_basis_points = excluded.gst_basis_points, version = version + 1, retired_at_ms = NULL";
    let id = product.product_id;
    let currency = product.price.currency();
    let expiry = product.expiry.map(|date| date.to_string());
    let values = params![
        id,
        product.name,
        product.barcode.as_str(),
        currency.code(),
        product.price.minor(),
        product.discounted_price.map(crate::money::Money::minor),
        product.offer_name,
        product.weight_g,
        expiry,
        product.category_id,
        hsn,
        gst_basis_points,
    ];
    run(transaction, sql, values)?;
    learn_words(transaction, &product.name)?;
    run(transaction, "DELETE FROM product_foodtype WHERE product_id = ?1", [id])?;
    run(transaction, "DELETE FROM product_allergy WHERE product_id = ?1", [id])?;
    for foodtype_id in foodtype_ids {
        let sql = "INSERT OR IGNORE INTO product_foodtype (product_id, foodtype_id) VALUES (?1, ?2)";
        run(transaction, sql, [id, *foodtype_id])?;
    }
    for allergy_id in allergy_ids {
        let sql = "INSERT OR IGNORE INTO product_allergy (product_id, allergy_id) VALUES (?1, ?2)";
        run(transaction, sql, [id, *allergy_id])?;
    }
    Ok(())
}

fn shelf_places(
    transaction: &Transaction<'_>,
    data: &StoreData,
    counter: &mut Counter<'_>,
) -> Result<(), StoreError> {
    for place in &data.shelf_places {
        insert_shelf_place(transaction, place)?;
        counter.one_more();
    }
    Ok(())
}

pub(super) fn insert_shelf_place(
    transaction: &Transaction<'_>,
    place: &ShelfPlace,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO shelf_place (product_id, section_id, aisle_num, shelf_num, level, x_m, y_m) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let ShelfPlace { product_id, section_id, aisle_num, shelf_num, point } = place;
    let values = params![product_id, section_id, aisle_num, shelf_num, point.level, point.x_m, point.y_m];
    run(transaction, sql, values).map(drop)
}

fn recipes(
    transaction: &Transaction<'_>,
    data: &StoreData,
    counter: &mut Counter<'_>,
) -> Result<(), StoreError> {
    transaction.execute_batch("DELETE FROM recipe_product; DELETE FROM recipe;").or_store_error()?;
    for recipe in &data.recipes {
        let sql = "INSERT INTO recipe (recipe_id, recipe_name) VALUES (?1, ?2)";
        run(transaction, sql, params![recipe.recipe_id, recipe.name])?;
        for (index, product_id) in recipe.product_ids.iter().enumerate() {
            let sql = "INSERT INTO recipe_product (recipe_id, line_num, product_id) VALUES (?1, ?2, ?3)";
            run(transaction, sql, params![recipe.recipe_id, index + 1, product_id])?;
        }
        counter.one_more();
    }
    Ok(())
}

fn trolleys(
    transaction: &Transaction<'_>,
    data: &StoreData,
    counter: &mut Counter<'_>,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO cart (cart_id, dock_level, dock_x_m, dock_y_m) VALUES (?1, ?2, ?3, ?4) \
               ON CONFLICT (cart_id) DO UPDATE SET dock_level = excluded.dock_level, dock_x_m = excluded.dock_x_m, \
               dock_y_m = excluded.dock_y_m, level = NULL, x_m = NULL, y_m = NULL, located_at_ms = NULL";
    for trolley in &data.trolleys {
        let dock = trolley.dock;
        run(transaction, sql, params![trolley.cart_id, dock.level, dock.x_m, dock.y_m])?;
        counter.one_more();
    }
    Ok(())
}
