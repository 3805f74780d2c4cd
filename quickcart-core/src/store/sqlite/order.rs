//! Orders in SQLite.

use async_trait::async_trait;
use rusqlite::{Row, Transaction, params};

use super::SqliteStore;
use super::cart::{release, view};
use super::error::OrStoreError;
use super::row::{parsed, timestamp};
use crate::account::UserId;
use crate::cart::Quantity;
use crate::catalog::Page;
use crate::clock::Timestamp;
use crate::error::StoreError;
use crate::money::{Currency, Money};
use crate::order::{Order, OrderError, OrderId, OrderLine, OrderStore, Totals};

#[async_trait]
impl OrderStore for SqliteStore {
    async fn checkout(&self, user_id: UserId, now: Timestamp) -> Result<Order, OrderError> {
        self.workers.write(move |transaction| checkout(transaction, user_id, now)).await
    }

    async fn orders(&self, user_id: UserId, page: Page) -> Result<Vec<Order>, OrderError> {
        self.workers.read(move |transaction| orders(transaction, user_id, page)).await
    }
}

fn checkout(transaction: &Transaction<'_>, user_id: UserId, now: Timestamp) -> Result<Order, OrderError> {
    let cart = view(transaction, user_id)?.ok_or(OrderError::NoActiveCart)?;
    let lines: Vec<OrderLine> = cart.lines.iter().filter_map(OrderLine::of).collect();
    let totals = Totals::of(&lines)?;
    let sql = "INSERT INTO orders (user_id, cart_id, placed_at_ms, currency, total_quantity, total_price_minor, \
                                   discounted_price_minor) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) RETURNING order_id";
    let currency = totals.price.currency();
    let values = params![
        user_id,
        cart.cart_id,
        now.as_millisecond(),
        currency.code(),
        totals.quantity,
        totals.price.minor(),
        totals.discounted_price.minor(),
    ];
    let query = transaction.prepare_cached(sql);
    let order_id: OrderId =
        query.and_then(|mut statement| statement.query_row(values, |row| row.get(0))).or_store_error()?;
    for (index, line) in lines.iter().enumerate() {
        insert_line(transaction, order_id, index, line)?;
    }
    release(transaction, cart.cart_id)?;
    Ok(Order { order_id, user_id, cart_id: cart.cart_id, placed_at: now, totals, lines })
}

fn insert_line(
    transaction: &Transaction<'_>,
    order_id: OrderId,
    index: usize,
    line: &OrderLine,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO order_line (order_id, line_num, product_id, product_name, quantity, price_minor, \
                                       discounted_price_minor) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let values = params![
        order_id,
        index + 1,
        line.product_id,
        line.product_name,
        line.quantity.get(),
        line.price.minor(),
        line.discounted_price.minor(),
    ];
    transaction
        .prepare_cached(sql)
        .and_then(|mut statement| statement.execute(values))
        .map(|_| ())
        .or_store_error()
}

fn orders(transaction: &Transaction<'_>, user_id: UserId, page: Page) -> Result<Vec<Order>, OrderError> {
    let sql = "SELECT order_id, cart_id, placed_at_ms, currency, total_quantity, total_price_minor, \
                      discounted_price_minor \
               FROM orders WHERE user_id = ?1 ORDER BY order_id DESC LIMIT ?2 OFFSET ?3";
    let read = |row: &Row<'_>| {
        let currency = parsed(row, 3)?;
        let money = |minor| Money::new(minor, currency);
        let totals =
            Totals { quantity: row.get(4)?, price: money(row.get(5)?), discounted_price: money(row.get(6)?) };
        let (order_id, cart_id) = (row.get(0)?, row.get(1)?);
        Ok(Order { order_id, user_id, cart_id, placed_at: timestamp(row, 2)?, totals, lines: Vec::new() })
    };
    let mut statement = transaction.prepare_cached(sql).or_store_error()?;
    let rows = statement.query_map(params![user_id, page.limit, page.offset], read).or_store_error()?;
    rows.map(|order| {
        let order = order.or_store_error()?;
        let lines = lines(transaction, order.order_id, order.totals.price.currency())?;
        Ok(Order { lines, ..order })
    })
    .collect()
}

fn lines(
    transaction: &Transaction<'_>,
    order_id: OrderId,
    currency: Currency,
) -> Result<Vec<OrderLine>, StoreError> {
    let sql = "SELECT product_id, product_name, quantity, price_minor, discounted_price_minor \
               FROM order_line WHERE order_id = ?1 ORDER BY line_num";
    let read = |row: &Row<'_>| {
        let quantity: u32 = row.get(2)?;
        Ok(OrderLine {
            product_id: row.get(0)?,
            product_name: row.get(1)?,
            quantity: Quantity::new(quantity)
                .ok_or(rusqlite::Error::IntegralValueOutOfRange(2, quantity.into()))?,
            price: Money::new(row.get(3)?, currency),
            discounted_price: Money::new(row.get(4)?, currency),
        })
    };
    let mut statement = transaction.prepare_cached(sql).or_store_error()?;
    let rows = statement.query_map([order_id], read).or_store_error()?;
    rows.collect::<rusqlite::Result<_>>().or_store_error()
}
