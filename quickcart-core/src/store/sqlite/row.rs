//! Rows, as the domains know them.

use rusqlite::Row;
use rusqlite::types::{FromSql, Type};

use crate::cart::Quantity;
use crate::catalog::{Product, Section};
use crate::clock::Timestamp;
use crate::money::Money;
use crate::pathfinding::Point;

/// The columns that [`product`] reads, of a table or alias `product`.
pub(super) const PRODUCT_COLUMNS: &str = "product.product_id, product.product_name, product.barcode, product.currency, \
     product.price_minor, product.discounted_price_minor, product.offer_name, product.weight_g, product.expiry, \
     product.category_id";

/// How many columns [`PRODUCT_COLUMNS`] has.
pub(super) const PRODUCT_WIDTH: usize = 10;

/// Reads the columns of [`PRODUCT_COLUMNS`], the first of which is column `first`.
pub(super) fn product(row: &Row<'_>, first: usize) -> rusqlite::Result<Product> {
    let currency = parsed(row, first + 3)?;
    let money = |minor| Money::new(minor, currency);
    Ok(Product {
        product_id: row.get(first)?,
        name: row.get(first + 1)?,
        barcode: parsed(row, first + 2)?,
        price: money(row.get(first + 4)?),
        discounted_price: row.get::<_, Option<i64>>(first + 5)?.map(money),
        offer_name: row.get(first + 6)?,
        weight_g: row.get(first + 7)?,
        expiry: optional(row, first + 8)?,
        category_id: row.get(first + 9)?,
    })
}

/// At least one piece.
pub(super) fn quantity(row: &Row<'_>, column: usize) -> rusqlite::Result<Quantity> {
    let count: u32 = row.get(column)?;
    Quantity::new(count).ok_or(rusqlite::Error::IntegralValueOutOfRange(column, count.into()))
}

/// The columns that [`section`] reads.
pub(super) const SECTION_COLUMNS: &str = "section_id, section_name, level, x1_m, y1_m, x2_m, y2_m";

pub(super) fn section(row: &Row<'_>) -> rusqlite::Result<Section> {
    Ok(Section {
        section_id: row.get(0)?,
        name: row.get(1)?,
        level: row.get(2)?,
        x1_m: row.get(3)?,
        y1_m: row.get(4)?,
        x2_m: row.get(5)?,
        y2_m: row.get(6)?,
    })
}

/// Reads level, x and y.
pub(super) fn point(row: &Row<'_>, first: usize) -> rusqlite::Result<Point> {
    Ok(Point::new(row.get(first)?, row.get(first + 1)?, row.get(first + 2)?))
}

pub(super) fn timestamp(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    let milliseconds: i64 = row.get(column)?;
    Timestamp::from_millisecond(milliseconds)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Integer, Box::new(error)))
}

pub(super) fn optional_timestamp(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    if row.get_ref(column)?.data_type() == Type::Null { Ok(None) } else { timestamp(row, column).map(Some) }
}

/// Reads a text through `FromStr`.
pub(super) fn parsed<T>(row: &Row<'_>, column: usize) -> rusqlite::Result<T>
where
    T: std::str::FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let text = String::column_result(row.get_ref(column)?)?;
    text.parse()
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

pub(super) fn optional<T>(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<T>>
where
    T: std::str::FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    if row.get_ref(column)?.data_type() == Type::Null { Ok(None) } else { parsed(row, column).map(Some) }
}
