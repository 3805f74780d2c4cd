//! Trolleys and checklists in SQLite.

use async_trait::async_trait;
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::SqliteStore;
use super::catalog::{find_barcode, find_product};
use super::error::OrStoreError;
use super::row::{PRODUCT_COLUMNS, PRODUCT_WIDTH, SECTION_COLUMNS, point, product, section, timestamp};
use crate::account::UserId;
use crate::cart::{
    CartError, CartId, CartLine, CartStore, CartView, ChecklistItem, Connection, Location, Quantity,
    quantity_of_weight,
};
use crate::catalog::{Product, ProductId};
use crate::clock::Timestamp;
use crate::device::CartEvent;
use crate::error::StoreError;
use crate::pathfinding::Point;

#[async_trait]
impl CartStore for SqliteStore {
    async fn add_to_checklist(
        &self,
        user_id: UserId,
        product_id: ProductId,
        quantity: Quantity,
    ) -> Result<ChecklistItem, CartError> {
        self.workers
            .write(move |transaction| {
                check_user(transaction, user_id)?;
                let product =
                    find_product(transaction, product_id)?.ok_or(CartError::ProductNotFound { product_id })?;
                let sql = "INSERT INTO checklist (user_id, product_id, quantity) VALUES (?1, ?2, ?3) \
                           ON CONFLICT (user_id, product_id) DO UPDATE SET quantity = quantity + excluded.quantity \
                           RETURNING checklist_id, quantity";
                let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
                let query = transaction.prepare_cached(sql);
                let values = params![user_id, product_id, quantity.get()];
                let (checklist_id, count): (i64, i64) =
                    query.and_then(|mut statement| statement.query_row(values, read)).or_store_error()?;
                let quantity = quantity_of(count)?.ok_or(CartError::TooMany)?;
                Ok(ChecklistItem { checklist_id, user_id, product, quantity })
            })
            .await
    }

    async fn checklist(&self, user_id: UserId) -> Result<Vec<ChecklistItem>, CartError> {
        let sql = format!(
            "SELECT {PRODUCT_COLUMNS}, checklist_id, quantity FROM checklist JOIN product USING (product_id) \
             WHERE user_id = ?1 ORDER BY checklist_id"
        );
        self.workers
            .read(move |transaction| {
                let mut statement = transaction.prepare_cached(&sql).or_store_error()?;
                let read = |row: &Row<'_>| {
                    Ok((product(row, 0)?, row.get(PRODUCT_WIDTH)?, row.get::<_, i64>(PRODUCT_WIDTH + 1)?))
                };
                let rows = statement.query_map([user_id], read).or_store_error()?;
                rows.map(|row| {
                    let (product, checklist_id, count) = row.or_store_error()?;
                    let quantity = quantity_of(count)?.ok_or(CartError::TooMany)?;
                    Ok(ChecklistItem { checklist_id, user_id, product, quantity })
                })
                .collect()
            })
            .await
    }

    async fn connect(
        &self,
        user_id: UserId,
        cart_id: CartId,
        now: Timestamp,
    ) -> Result<Connection, CartError> {
        self.workers.write(move |transaction| connect(transaction, user_id, cart_id, now)).await
    }

    async fn disconnect(&self, user_id: UserId) -> Result<CartId, CartError> {
        self.workers
            .write(move |transaction| {
                let cart_id = cart_of(transaction, user_id)?.ok_or(CartError::NoActiveCart)?;
                release(transaction, cart_id)?;
                Ok(cart_id)
            })
            .await
    }

    async fn view(&self, user_id: UserId) -> Result<CartView, CartError> {
        self.workers.read(move |transaction| view(transaction, user_id)?.ok_or(CartError::NoActiveCart)).await
    }

    async fn apply(&self, event: &CartEvent) -> Result<CartLine, CartError> {
        let event = event.clone();
        self.workers.write(move |transaction| apply(transaction, &event)).await
    }

    async fn locate(&self, cart_id: CartId, point: Point, now: Timestamp) -> Result<(), CartError> {
        self.workers
            .write(move |transaction| {
                let sql =
                    "UPDATE cart SET level = ?2, x_m = ?3, y_m = ?4, located_at_ms = ?5 WHERE cart_id = ?1";
                let values = params![cart_id, point.level, point.x_m, point.y_m, now.as_millisecond()];
                match run(transaction, sql, values)? {
                    0 => Err(CartError::CartNotFound { cart_id }),
                    _ => Ok(()),
                }
            })
            .await
    }

    async fn location(&self, user_id: UserId) -> Result<Location, CartError> {
        self.workers.read(move |transaction| location(transaction, user_id)).await
    }
}

fn run(transaction: &Transaction<'_>, sql: &str, values: impl rusqlite::Params) -> Result<usize, StoreError> {
    transaction.prepare_cached(sql).and_then(|mut statement| statement.execute(values)).or_store_error()
}

/// The database checks that a quantity is positive; `None` is one past the limit.
fn quantity_of(count: i64) -> Result<Option<Quantity>, StoreError> {
    let count = u32::try_from(count).map_err(StoreError::internal)?;
    Ok(Quantity::new(count))
}

/// A token may outlive its shopper, when a database is restored or replaced.
fn check_user(transaction: &Transaction<'_>, user_id: UserId) -> Result<(), CartError> {
    let query = transaction.prepare_cached("SELECT 1 FROM user WHERE user_id = ?1");
    let exists = query.and_then(|mut statement| statement.exists([user_id])).or_store_error()?;
    if exists { Ok(()) } else { Err(CartError::UserNotFound { user_id }) }
}

fn cart_of(transaction: &Transaction<'_>, user_id: UserId) -> Result<Option<CartId>, StoreError> {
    let query = transaction.prepare_cached("SELECT cart_id FROM cart WHERE user_id = ?1");
    query
        .and_then(|mut statement| statement.query_row([user_id], |row| row.get(0)).optional())
        .or_store_error()
}

/// Who has a trolley; the outer `None` when there is no such trolley.
fn holder(transaction: &Transaction<'_>, cart_id: CartId) -> Result<Option<Option<UserId>>, StoreError> {
    let query = transaction.prepare_cached("SELECT user_id FROM cart WHERE cart_id = ?1");
    query
        .and_then(|mut statement| statement.query_row([cart_id], |row| row.get(0)).optional())
        .or_store_error()
}

fn connect(
    transaction: &Transaction<'_>,
    user_id: UserId,
    cart_id: CartId,
    now: Timestamp,
) -> Result<Connection, CartError> {
    check_user(transaction, user_id)?;
    let holder = holder(transaction, cart_id)?.ok_or(CartError::CartNotFound { cart_id })?;
    match (cart_of(transaction, user_id)?, holder) {
        (Some(own), _) if own == cart_id => Ok(Connection::Kept),
        (Some(own), _) => Err(CartError::AnotherCart { cart_id: own }),
        (None, Some(_)) => Err(CartError::CartInUse { cart_id }),
        (None, None) => {
            let sql = "UPDATE cart SET user_id = ?1, connected_at_ms = ?2 WHERE cart_id = ?3";
            run(transaction, sql, params![user_id, now.as_millisecond(), cart_id])?;
            Ok(Connection::New)
        }
    }
}

/// Empties a trolley and gives it back; where it stands stays known.
pub(super) fn release(transaction: &Transaction<'_>, cart_id: CartId) -> Result<(), StoreError> {
    run(transaction, "DELETE FROM cart_item WHERE cart_id = ?1", [cart_id])?;
    let sql = "UPDATE cart SET user_id = NULL, connected_at_ms = NULL, reported_weight_mg = NULL WHERE cart_id = ?1";
    run(transaction, sql, [cart_id]).map(|_| ())
}

/// The shopper's trolley with its lines.
pub(super) fn view(transaction: &Transaction<'_>, user_id: UserId) -> Result<Option<CartView>, StoreError> {
    let query = transaction.prepare_cached("SELECT cart_id, reported_weight_mg FROM cart WHERE user_id = ?1");
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let cart: Option<(CartId, Option<u64>)> =
        query.and_then(|mut statement| statement.query_row([user_id], read).optional()).or_store_error()?;
    let Some((cart_id, reported_weight_mg)) = cart else { return Ok(None) };
    let sql = format!(
        "SELECT {PRODUCT_COLUMNS}, cart_items_id, quantity FROM cart_item JOIN product USING (product_id) \
         WHERE cart_id = ?1 ORDER BY cart_items_id"
    );
    let mut statement = transaction.prepare_cached(&sql).or_store_error()?;
    let read = |row: &Row<'_>| {
        Ok((product(row, 0)?, row.get(PRODUCT_WIDTH)?, row.get::<_, i64>(PRODUCT_WIDTH + 1)?))
    };
    let rows = statement.query_map([cart_id], read).or_store_error()?;
    let lines = rows.map(|row| {
        let (product, cart_items_id, count) = row.or_store_error()?;
        Ok(CartLine { cart_items_id, cart_id, product, quantity: quantity_of(count)? })
    });
    let lines = lines.collect::<Result<_, StoreError>>()?;
    Ok(Some(CartView { cart_id, lines, reported_weight_mg }))
}

fn apply(transaction: &Transaction<'_>, event: &CartEvent) -> Result<CartLine, CartError> {
    let cart_id = event.cart_id();
    match holder(transaction, cart_id)? {
        None => return Err(CartError::CartNotFound { cart_id }),
        Some(None) => return Err(CartError::CartNotConnected { cart_id }),
        Some(Some(_)) => {}
    }
    match event {
        CartEvent::ItemAdded { product_id, cart_weight_mg, .. } => {
            let product_id = *product_id;
            let product =
                find_product(transaction, product_id)?.ok_or(CartError::ProductNotFound { product_id })?;
            report_weight(transaction, cart_id, Some(*cart_weight_mg))?;
            let count = count_in_cart(transaction, cart_id, product_id)?;
            set_line(transaction, cart_id, product, count + 1)
        }
        CartEvent::ItemWeighed { barcode, weight_mg, .. } => {
            let not_found = || CartError::BarcodeNotFound { barcode: barcode.clone() };
            let product = find_barcode(transaction, barcode)?.ok_or_else(not_found)?;
            let count = product.weight_g.and_then(|unit_g| quantity_of_weight(*weight_mg, unit_g));
            let count = count.ok_or_else(|| CartError::NoUnitWeight { barcode: barcode.clone() })?;
            // What the whole trolley weighed before this product changed says nothing any more.
            report_weight(transaction, cart_id, None)?;
            set_line(transaction, cart_id, product, count)
        }
    }
}

fn report_weight(
    transaction: &Transaction<'_>,
    cart_id: CartId,
    weight_mg: Option<u64>,
) -> Result<(), StoreError> {
    let sql = "UPDATE cart SET reported_weight_mg = ?2 WHERE cart_id = ?1";
    run(transaction, sql, params![cart_id, weight_mg]).map(|_| ())
}

fn count_in_cart(
    transaction: &Transaction<'_>,
    cart_id: CartId,
    product_id: ProductId,
) -> Result<u64, StoreError> {
    let query =
        transaction.prepare_cached("SELECT quantity FROM cart_item WHERE cart_id = ?1 AND product_id = ?2");
    let count = query
        .and_then(|mut statement| statement.query_row([cart_id, product_id], |row| row.get(0)).optional());
    Ok(count.or_store_error()?.unwrap_or(0))
}

fn set_line(
    transaction: &Transaction<'_>,
    cart_id: CartId,
    product: Product,
    count: u64,
) -> Result<CartLine, CartError> {
    if count == 0 {
        let sql = "DELETE FROM cart_item WHERE cart_id = ?1 AND product_id = ?2";
        run(transaction, sql, [cart_id, product.product_id])?;
        return Ok(CartLine { cart_items_id: 0, cart_id, product, quantity: None });
    }
    let quantity = u32::try_from(count).ok().and_then(Quantity::new).ok_or(CartError::TooMany)?;
    let sql = "INSERT INTO cart_item (cart_id, product_id, quantity) VALUES (?1, ?2, ?3) \
               ON CONFLICT (cart_id, product_id) DO UPDATE SET quantity = excluded.quantity RETURNING cart_items_id";
    let values = params![cart_id, product.product_id, quantity.get()];
    let query = transaction.prepare_cached(sql);
    let cart_items_id =
        query.and_then(|mut statement| statement.query_row(values, |row| row.get(0))).or_store_error()?;
    Ok(CartLine { cart_items_id, cart_id, product, quantity: Some(quantity) })
}

fn location(transaction: &Transaction<'_>, user_id: UserId) -> Result<Location, CartError> {
    let sql = "SELECT cart_id, coalesce(level, dock_level), coalesce(x_m, dock_x_m), coalesce(y_m, dock_y_m), \
                      located_at_ms IS NOT NULL, coalesce(located_at_ms, 0) \
               FROM cart WHERE user_id = ?1";
    let read = |row: &Row<'_>| {
        let located_at = if row.get(4)? { Some(timestamp(row, 5)?) } else { None };
        Ok(Location { cart_id: row.get(0)?, point: point(row, 1)?, section_id: None, located_at })
    };
    let query = transaction.prepare_cached(sql);
    let found =
        query.and_then(|mut statement| statement.query_row([user_id], read).optional()).or_store_error()?;
    let location = found.ok_or(CartError::NoActiveCart)?;
    let sql = format!("SELECT {SECTION_COLUMNS} FROM section ORDER BY section_id");
    let mut statement = transaction.prepare_cached(&sql).or_store_error()?;
    let sections = statement.query_map([], section).or_store_error()?;
    for section in sections {
        let section = section.or_store_error()?;
        if section.contains(location.point) {
            return Ok(Location { section_id: Some(section.section_id), ..location });
        }
    }
    Ok(location)
}
