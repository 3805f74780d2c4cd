//! Rows, as the domains know them.

use std::error::Error as StdError;
use std::str::FromStr;

use sqlx::Row;
use sqlx::postgres::PgRow;

use crate::catalog::{Product, Section};
use crate::clock::Timestamp;
use crate::money::Money;
use crate::pathfinding::Point;

/// The columns that [`product`] reads, of a table or alias `product`, for `concat!`.
macro_rules! product_columns {
    () => {
        "product.product_id, product.product_name, product.barcode, product.currency, product.price_minor, \
         product.discounted_price_minor, product.offer_name, product.weight_g, product.expiry, product.category_id"
    };
}
pub(super) use product_columns;

/// How many columns `product_columns` has.
pub(super) const PRODUCT_WIDTH: usize = 10;

/// Reads `product_columns`, the first of which is column `first`.
pub(super) fn product(row: &PgRow, first: usize) -> sqlx::Result<Product> {
    let currency = parsed(row, first + 3)?;
    let money = |minor| Money::new(minor, currency);
    Ok(Product {
        product_id: row.try_get(first)?,
        name: row.try_get(first + 1)?,
        barcode: parsed(row, first + 2)?,
        price: money(row.try_get(first + 4)?),
        discounted_price: row.try_get::<Option<i64>, _>(first + 5)?.map(money),
        offer_name: row.try_get(first + 6)?,
        weight_g: optional_number(row, first + 7)?,
        expiry: optional(row, first + 8)?,
        category_id: row.try_get(first + 9)?,
    })
}

/// The columns that [`section`] reads.
macro_rules! section_columns {
    () => {
        "section_id, section_name, level, x1_m, y1_m, x2_m, y2_m"
    };
}
pub(super) use section_columns;

pub(super) fn section(row: &PgRow) -> sqlx::Result<Section> {
    Ok(Section {
        section_id: row.try_get(0)?,
        name: row.try_get(1)?,
        level: number(row, 2)?,
        x1_m: row.try_get(3)?,
        y1_m: row.try_get(4)?,
        x2_m: row.try_get(5)?,
        y2_m: row.try_get(6)?,
    })
}

/// Reads level, x and y.
pub(super) fn point(row: &PgRow, first: usize) -> sqlx::Result<Point> {
    Ok(Point::new(number(row, first)?, row.try_get(first + 1)?, row.try_get(first + 2)?))
}

pub(super) fn timestamp(row: &PgRow, column: usize) -> sqlx::Result<Timestamp> {
    Timestamp::from_millisecond(row.try_get(column)?).map_err(|error| unreadable(column, error))
}

pub(super) fn optional_timestamp(row: &PgRow, column: usize) -> sqlx::Result<Option<Timestamp>> {
    let milliseconds: Option<i64> = row.try_get(column)?;
    milliseconds.map(Timestamp::from_millisecond).transpose().map_err(|error| unreadable(column, error))
}

/// Reads a BIGINT into a type that may be narrower.
pub(super) fn number<T>(row: &PgRow, column: usize) -> sqlx::Result<T>
where
    T: TryFrom<i64, Error: StdError + Send + Sync + 'static>,
{
    T::try_from(row.try_get(column)?).map_err(|error| unreadable(column, error))
}

pub(super) fn optional_number<T>(row: &PgRow, column: usize) -> sqlx::Result<Option<T>>
where
    T: TryFrom<i64, Error: StdError + Send + Sync + 'static>,
{
    let number: Option<i64> = row.try_get(column)?;
    number.map(T::try_from).transpose().map_err(|error| unreadable(column, error))
}

/// Reads a text through `FromStr`.
pub(super) fn parsed<T>(row: &PgRow, column: usize) -> sqlx::Result<T>
where
    T: FromStr<Err: StdError + Send + Sync + 'static>,
{
    row.try_get::<&str, _>(column)?.parse().map_err(|error| unreadable(column, error))
}

pub(super) fn optional<T>(row: &PgRow, column: usize) -> sqlx::Result<Option<T>>
where
    T: FromStr<Err: StdError + Send + Sync + 'static>,
{
    let text: Option<&str> = row.try_get(column)?;
    text.map(str::parse).transpose().map_err(|error| unreadable(column, error))
}

/// A column holds what the domain does not know.
pub(super) fn unreadable(column: usize, error: impl StdError + Send + Sync + 'static) -> sqlx::Error {
    sqlx::Error::ColumnDecode { index: column.to_string(), source: Box::new(error) }
}
