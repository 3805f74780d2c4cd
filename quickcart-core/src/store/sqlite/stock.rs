//! Stock in SQLite: one row a product, for there is one writer.

use async_trait::async_trait;
use rusqlite::{OptionalExtension, Params, Row, Transaction, params};

use super::SqliteStore;
use super::cart_state::own_cart_for;
use super::catalog::find_product;
use super::error::OrStoreError;
use super::row::timestamp;
use super::statement::run;
use crate::account::UserId;
use crate::cart::CartStep;
use crate::catalog::{Page, ProductId};
use crate::clock::Timestamp;
use crate::error::StoreError;
use crate::order::{Actor, OrderId};
use crate::stock::{Hold, Movement, MovementKind, STOCK_MAX, Shortage, StockError, StockLevel, StockStore};

#[async_trait]
impl StockStore for SqliteStore {
    async fn count_stock(
        &self,
        product_id: ProductId,
        on_hand: u32,
        low_at: Option<u32>,
        who: &str,
        now: Timestamp,
    ) -> Result<StockLevel, StockError> {
        let who = who.to_owned();
        self.writer
            .write(move |transaction| {
                let before = counted(transaction, product_id, now)?;
                let available =
                    on_hand.checked_sub(before.held).ok_or(StockError::Held { held: before.held })?;
                set(transaction, product_id, available, low_at)?;
                let more = i64::from(on_hand) - i64::from(before.on_hand());
                note(transaction, product_id, MovementKind::Count, more, &who, None, now)?;
                level_after(transaction, product_id, now)
            })
            .await
    }

    async fn receive_stock(
        &self,
        product_id: ProductId,
        quantity: u32,
        who: &str,
        now: Timestamp,
    ) -> Result<StockLevel, StockError> {
        let who = who.to_owned();
        self.writer
            .write(move |transaction| {
                let before = counted(transaction, product_id, now)?;
                let on_hand = before.on_hand().checked_add(quantity);
                if on_hand.is_none_or(|on_hand| on_hand > STOCK_MAX) {
                    return Err(StockError::TooMany);
                }
                set(transaction, product_id, before.available + quantity, before.low_at)?;
                note(transaction, product_id, MovementKind::Receive, quantity.into(), &who, None, now)?;
                level_after(transaction, product_id, now)
            })
            .await
    }

    async fn stock_level(
        &self,
        product_id: ProductId,
        now: Timestamp,
    ) -> Result<Option<StockLevel>, StockError> {
        self.readers.read(move |transaction| Ok(level(transaction, product_id, now)?)).await
    }

    async fn stock_levels(
        &self,
        only_low: bool,
        page: Page,
        now: Timestamp,
    ) -> Result<Vec<StockLevel>, StockError> {
        // What expired holds add makes no product lower.
        let sql = if only_low {
            format!(
                "SELECT * FROM ({SELECT_LEVEL} WHERE stock.available <= low_at) WHERE available <= low_at \
                 ORDER BY product_id LIMIT ?2 OFFSET ?3"
            )
        } else {
            format!("{SELECT_LEVEL} ORDER BY product_id LIMIT ?2 OFFSET ?3")
        };
        self.readers
            .scan(move |transaction| {
                Ok(all(
                    transaction,
                    &sql,
                    params![now.as_millisecond(), page.limit, page.offset],
                    read_level,
                )?)
            })
            .await
    }

    async fn stock_movements(
        &self,
        product_id: Option<ProductId>,
        page: Page,
    ) -> Result<Vec<Movement>, StockError> {
        let of_product = if product_id.is_some() { "WHERE product_id = ?1" } else { "WHERE ?1 IS NULL" };
        let sql = format!(
            "SELECT movement_id, product_id, at_ms, kind, quantity, who, order_id FROM stock_movement \
             {of_product} ORDER BY movement_id DESC LIMIT ?2 OFFSET ?3"
        );
        let read = |row: &Row<'_>| {
            let kind: String = row.get(3)?;
            let kind = MovementKind::from_name(&kind).ok_or(rusqlite::Error::InvalidQuery)?;
            Ok(Movement {
                movement_id: row.get(0)?,
                product_id: row.get(1)?,
                at: timestamp(row, 2)?,
                kind,
                quantity: row.get(4)?,
                who: row.get(5)?,
                order_id: row.get(6)?,
            })
        };
        self.readers
            .scan(move |transaction| {
                Ok(all(transaction, &sql, params![product_id, page.limit, page.offset], read)?)
            })
            .await
    }

    async fn hold_cart(
        &self,
        user_id: UserId,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<Hold, StockError> {
        self.writer.write(move |transaction| hold_cart(transaction, user_id, expires_at, now)).await
    }

    async fn release_hold(&self, user_id: UserId) -> Result<(), StockError> {
        self.writer
            .write(move |transaction| {
                lock_cart(transaction, user_id, None)?;
                Ok(give_back_hold(transaction, user_id)?)
            })
            .await
    }
}

/// Takes pieces for an order of a shopper, first those that are held for them; answers what was short, by product, and then the caller undoes it.
/// Products that are not counted are left out.
pub(super) fn sell(
    transaction: &Transaction<'_>,
    user_id: UserId,
    order_id: OrderId,
    wanted: impl IntoIterator<Item = (ProductId, u32)>,
    now: Timestamp,
) -> Result<Vec<Shortage>, StoreError> {
    give_back_hold(transaction, user_id)?;
    let mut shortages = Vec::new();
    for (product_id, wanted) in wanted {
        match take(transaction, product_id, wanted, now)? {
            Taken::All => {
                let (fewer, who) = (-i64::from(wanted), "customer");
                note(transaction, product_id, MovementKind::Sell, fewer, who, Some(order_id), now)?;
            }
            Taken::NotCounted => {}
            Taken::None { available } => shortages.push(Shortage { product_id, wanted, available }),
        }
    }
    shortages.sort_unstable_by_key(|short: &Shortage| short.product_id);
    Ok(shortages)
}

/// Gives back what an order took, once: a second time there is nothing left of it.
pub(super) fn give_back(
    transaction: &Transaction<'_>,
    order_id: OrderId,
    who: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "SELECT product_id, -sum(quantity) FROM stock_movement WHERE order_id = ?1 \
               GROUP BY product_id HAVING sum(quantity) < 0";
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let sold: Vec<(ProductId, i64)> = all(transaction, sql, [order_id], read)?;
    put_back(transaction, order_id, sold, who, now)
}

/// Puts back pieces of an order. Products that are not counted are left out.
pub(super) fn put_back(
    transaction: &Transaction<'_>,
    order_id: OrderId,
    pieces: impl IntoIterator<Item = (ProductId, i64)>,
    who: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    for (product_id, quantity) in pieces {
        let sql = "UPDATE stock SET available = available + ?2 WHERE product_id = ?1";
        if run(transaction, sql, params![product_id, quantity])? > 0 {
            note(transaction, product_id, MovementKind::Return, quantity, who, Some(order_id), now)?;
        }
    }
    Ok(())
}

/// Of pieces that an order took and that are not there: they are not sold, and not in stock either.
pub(super) fn write_off(
    transaction: &Transaction<'_>,
    order_id: OrderId,
    product_id: ProductId,
    quantity: u32,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "SELECT 1 FROM stock_movement WHERE order_id = ?1 AND product_id = ?2";
    let was_counted = transaction
        .prepare_cached(sql)
        .and_then(|mut statement| statement.exists(params![order_id, product_id]))
        .or_store_error()?;
    if was_counted {
        let (quantity, who) = (i64::from(quantity), Actor::Staff.as_str());
        note(transaction, product_id, MovementKind::Return, quantity, who, Some(order_id), now)?;
        note(transaction, product_id, MovementKind::Count, -quantity, who, None, now)?;
    }
    Ok(())
}

/// Gives back what is held for a shopper, though it have expired.
pub(super) fn give_back_hold(transaction: &Transaction<'_>, user_id: UserId) -> Result<(), StoreError> {
    let sql = "UPDATE stock SET available = available + held.quantity \
               FROM (SELECT product_id, quantity FROM stock_hold WHERE user_id = ?1) AS held \
               WHERE stock.product_id = held.product_id";
    if run(transaction, sql, [user_id])? > 0 {
        run(transaction, "DELETE FROM stock_hold WHERE user_id = ?1", [user_id])?;
    }
    Ok(())
}

fn hold_cart(
    transaction: &Transaction<'_>,
    user_id: UserId,
    expires_at: Timestamp,
    now: Timestamp,
) -> Result<Hold, StockError> {
    let cart = own_cart_for(transaction, user_id, CartStep::BeginCheckout, now)?;
    give_back_hold(transaction, user_id)?;
    let sql = "SELECT product_id, quantity FROM cart_item WHERE cart_id = ?1 ORDER BY product_id";
    let wanted = all(transaction, sql, [cart.cart_id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let (mut pieces, mut shortages) = (Vec::new(), Vec::new());
    for (product_id, quantity) in wanted {
        match take(transaction, product_id, quantity, now)? {
            Taken::All => pieces.push((product_id, quantity)),
            Taken::NotCounted => {}
            Taken::None { available } => {
                shortages.push(Shortage { product_id, wanted: quantity, available });
            }
        }
    }
    if !shortages.is_empty() {
        return Err(StockError::OutOfStock { shortages });
    }
    let sql = "INSERT INTO stock_hold (user_id, product_id, quantity, expires_at_ms) VALUES (?1, ?2, ?3, ?4)";
    for (product_id, quantity) in &pieces {
        run(transaction, sql, params![user_id, product_id, quantity, expires_at.as_millisecond()])?;
    }
    lock_cart(transaction, user_id, Some(expires_at))?;
    Ok(Hold { expires_at, pieces })
}

/// Locks the shopper's cart until then, or unlocks it.
fn lock_cart(
    transaction: &Transaction<'_>,
    user_id: UserId,
    until: Option<Timestamp>,
) -> Result<(), StoreError> {
    let sql = "UPDATE cart SET locked_until_ms = ?2 WHERE user_id = ?1";
    run(transaction, sql, params![user_id, until.map(Timestamp::as_millisecond)]).map(drop)
}

enum Taken {
    All,
    NotCounted,
    None { available: u32 },
}

fn take(
    transaction: &Transaction<'_>,
    product_id: ProductId,
    quantity: u32,
    now: Timestamp,
) -> Result<Taken, StoreError> {
    let sql = "UPDATE stock SET available = available - ?2 WHERE product_id = ?1 AND available >= ?2";
    let taken = || run(transaction, sql, params![product_id, quantity]);
    if taken()? > 0 {
        return Ok(Taken::All);
    }
    take_expired(transaction, product_id, now)?;
    if taken()? > 0 {
        return Ok(Taken::All);
    }
    let sql = "SELECT available FROM stock WHERE product_id = ?1";
    let query = transaction.prepare_cached(sql);
    let left = query
        .and_then(|mut statement| statement.query_row([product_id], |row| row.get(0)).optional())
        .or_store_error()?;
    Ok(left.map_or(Taken::NotCounted, |available| Taken::None { available }))
}

/// What holds that have expired keep of a product is available again.
fn take_expired(
    transaction: &Transaction<'_>,
    product_id: ProductId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let values = params![product_id, now.as_millisecond()];
    let sql = "UPDATE stock SET available = available + \
                   (SELECT sum(quantity) FROM stock_hold WHERE product_id = ?1 AND expires_at_ms <= ?2) \
               WHERE product_id = ?1 \
                 AND EXISTS (SELECT 1 FROM stock_hold WHERE product_id = ?1 AND expires_at_ms <= ?2)";
    if run(transaction, sql, values)? > 0 {
        run(transaction, "DELETE FROM stock_hold WHERE product_id = ?1 AND expires_at_ms <= ?2", values)?;
    }
    Ok(())
}

/// The columns that [`read_level`] reads. Of holds, those count that have not expired at `?1`.
const SELECT_LEVEL: &str = "SELECT product_id, product_name, \
        available + coalesce((SELECT sum(quantity) FROM stock_hold \
                              WHERE stock_hold.product_id = stock.product_id AND expires_at_ms <= ?1), 0) AS available, \
        coalesce((SELECT sum(quantity) FROM stock_hold \
                  WHERE stock_hold.product_id = stock.product_id AND expires_at_ms > ?1), 0) AS held, low_at \
    FROM stock JOIN product USING (product_id)";

fn level(
    transaction: &Transaction<'_>,
    product_id: ProductId,
    now: Timestamp,
) -> Result<Option<StockLevel>, StoreError> {
    let sql = format!("{SELECT_LEVEL} WHERE product_id = ?2");
    let query = transaction.prepare_cached(&sql);
    let values = params![now.as_millisecond(), product_id];
    query.and_then(|mut statement| statement.query_row(values, read_level).optional()).or_store_error()
}

fn read_level(row: &Row<'_>) -> rusqlite::Result<StockLevel> {
    Ok(StockLevel {
        product_id: row.get(0)?,
        product_name: row.get(1)?,
        available: row.get(2)?,
        held: row.get(3)?,
        low_at: row.get(4)?,
    })
}

/// The stock of a product that is for sale, counted from now on; what holds that have expired kept is available.
fn counted(
    transaction: &Transaction<'_>,
    product_id: ProductId,
    now: Timestamp,
) -> Result<StockLevel, StockError> {
    find_product(transaction, product_id)?.ok_or(StockError::ProductNotFound { product_id })?;
    let sql = "INSERT INTO stock (product_id, available) VALUES (?1, 0) ON CONFLICT DO NOTHING";
    run(transaction, sql, [product_id])?;
    take_expired(transaction, product_id, now)?;
    level_after(transaction, product_id, now)
}

fn level_after(
    transaction: &Transaction<'_>,
    product_id: ProductId,
    now: Timestamp,
) -> Result<StockLevel, StockError> {
    let level = level(transaction, product_id, now)?;
    Ok(level.ok_or_else(|| StoreError::internal("a stock that was written is gone"))?)
}

fn set(
    transaction: &Transaction<'_>,
    product_id: ProductId,
    available: u32,
    low_at: Option<u32>,
) -> Result<(), StoreError> {
    let sql = "UPDATE stock SET available = ?2, low_at = ?3 WHERE product_id = ?1";
    run(transaction, sql, params![product_id, available, low_at]).map(drop)
}

fn note(
    transaction: &Transaction<'_>,
    product_id: ProductId,
    kind: MovementKind,
    quantity: i64,
    who: &str,
    order_id: Option<OrderId>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO stock_movement (product_id, at_ms, kind, quantity, who, order_id) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let values = params![product_id, now.as_millisecond(), kind.as_str(), quantity, who, order_id];
    run(transaction, sql, values).map(drop)
}

fn all<T>(
    transaction: &Transaction<'_>,
    sql: &str,
    values: impl Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, StoreError> {
    let mut statement = transaction.prepare_cached(sql).or_store_error()?;
    let rows = statement.query_map(values, read).or_store_error()?;
    rows.collect::<rusqlite::Result<_>>().or_store_error()
}
