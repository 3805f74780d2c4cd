//! Carts and checklists in SQLite.

use async_trait::async_trait;
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::SqliteStore;
use super::cart_state::{
    CartRow, approve, blocked_carts, cart_row, own_cart_for, own_cart_row, rescan, weigh,
};
use super::catalog::{find_barcode, find_product, known_product};
use super::error::OrStoreError;
use super::row::{PRODUCT_COLUMNS, PRODUCT_WIDTH, SECTION_COLUMNS, point, product, section, timestamp};
use super::statement::run;
use super::stock::give_back_hold;
use crate::account::UserId;
use crate::cart::{
    BlockedCart, CartError, CartId, CartLine, CartState, CartStep, CartStore, CartView, ChecklistItem,
    Connection, Location, Quantity, RecipeMatch, RecipeSource, is_ad_hoc, quantity_of_weight,
};
use crate::catalog::{Page, Product, ProductId};
use crate::clock::Timestamp;
use crate::device::CartEvent;
use crate::error::StoreError;
use crate::pathfinding::Point;
use crate::transition::Actor;

#[async_trait]
impl CartStore for SqliteStore {
    async fn add_to_checklist(
        &self,
        user_id: UserId,
        product_id: ProductId,
        quantity: Quantity,
    ) -> Result<ChecklistItem, CartError> {
        self.writer
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

    async fn remove_from_checklist(&self, user_id: UserId, product_id: ProductId) -> Result<(), CartError> {
        self.writer
            .write(move |transaction| {
                let sql = "DELETE FROM checklist WHERE user_id = ?1 AND product_id = ?2";
                match run(transaction, sql, [user_id, product_id])? {
                    0 => Err(CartError::NotInChecklist { product_id }),
                    _ => Ok(()),
                }
            })
            .await
    }

    async fn checklist(&self, user_id: UserId, page: Page) -> Result<Vec<ChecklistItem>, CartError> {
        let sql = format!(
            "SELECT {PRODUCT_COLUMNS}, checklist_id, quantity FROM checklist JOIN product USING (product_id) \
             WHERE user_id = ?1 ORDER BY checklist_id LIMIT ?2 OFFSET ?3"
        );
        self.readers
            .read(move |transaction| {
                check_user(transaction, user_id)?;
                let mut statement = transaction.prepare_cached(&sql).or_store_error()?;
                let read = |row: &Row<'_>| {
                    Ok((product(row, 0)?, row.get(PRODUCT_WIDTH)?, row.get::<_, i64>(PRODUCT_WIDTH + 1)?))
                };
                let values = params![user_id, page.limit, page.offset];
                let rows = statement.query_map(values, read).or_store_error()?;
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
        self.writer.write(move |transaction| connect(transaction, user_id, cart_id, now)).await
    }

    async fn connect_ad_hoc(
        &self,
        user_id: UserId,
        now: Timestamp,
    ) -> Result<(CartId, Connection), CartError> {
        self.writer.write(move |transaction| connect_ad_hoc(transaction, user_id, now)).await
    }

    async fn disconnect(&self, user_id: UserId, now: Timestamp) -> Result<CartId, CartError> {
        self.writer
            .write(move |transaction| {
                let cart = own_cart_for(transaction, user_id, CartStep::Abandon, now)?;
                give_back_hold(transaction, user_id)?;
                release(transaction, cart.cart_id)?;
                Ok(cart.cart_id)
            })
            .await
    }

    async fn view(&self, user_id: UserId, now: Timestamp) -> Result<CartView, CartError> {
        self.readers
            .read(move |transaction| {
                view(transaction, user_id, now)?.ok_or_else(|| no_cart(transaction, user_id))
            })
            .await
    }

    async fn add_item(
        &self,
        user_id: UserId,
        product_id: ProductId,
        expected: Option<u64>,
        now: Timestamp,
    ) -> Result<CartLine, CartError> {
        self.writer
            .write(move |transaction| {
                let cart_id = expected_cart(transaction, user_id, expected, now)?;
                let product = find_product(transaction, product_id)?
                    .ok_or(CartError::ProductNotFound { product_id })?;
                let line = line(transaction, cart_id, product)?;
                let count = pieces(&line) + 1;
                set_line(transaction, line, count, None)
            })
            .await
    }

    async fn remove_item(
        &self,
        user_id: UserId,
        product_id: ProductId,
        expected: Option<u64>,
        now: Timestamp,
    ) -> Result<CartLine, CartError> {
        self.writer
            .write(move |transaction| {
                let cart_id = expected_cart(transaction, user_id, expected, now)?;
                let not_in_cart = CartError::NotInCart { product_id };
                let Some(product) = known_product(transaction, product_id)? else { return Err(not_in_cart) };
                let line = line(transaction, cart_id, product)?;
                match pieces(&line) {
                    0 => Err(not_in_cart),
                    count => set_line(transaction, line, count - 1, None),
                }
            })
            .await
    }

    async fn recipes(
        &self,
        user_id: UserId,
        source: RecipeSource,
        page: Page,
    ) -> Result<Vec<RecipeMatch>, CartError> {
        self.readers
            .scan(move |transaction| {
                check_user(transaction, user_id)?;
                if source == RecipeSource::Cart && cart_of(transaction, user_id)?.is_none() {
                    return Err(CartError::NoActiveCart);
                }
                Ok(super::recipe::matches(transaction, user_id, source, page)?)
            })
            .await
    }

    async fn apply(
        &self,
        event: &CartEvent,
        tolerance_g: Option<u32>,
        now: Timestamp,
    ) -> Result<CartLine, CartError> {
        let event = event.clone();
        self.writer.write(move |transaction| apply(transaction, &event, tolerance_g, now)).await
    }

    async fn rescan(
        &self,
        user_id: UserId,
        tolerance_g: Option<u32>,
        now: Timestamp,
    ) -> Result<(), CartError> {
        self.writer.write(move |transaction| rescan(transaction, user_id, tolerance_g, now)).await
    }

    async fn approve_cart(
        &self,
        cart_id: CartId,
        reason: &str,
        who: &str,
        now: Timestamp,
    ) -> Result<(), CartError> {
        let (reason, who) = (reason.to_owned(), who.to_owned());
        self.writer.write(move |transaction| approve(transaction, cart_id, &reason, &who, now)).await
    }

    async fn blocked_carts(&self, page: Page) -> Result<Vec<BlockedCart>, CartError> {
        self.readers.scan(move |transaction| blocked_carts(transaction, page)).await
    }

    async fn locate(&self, cart_id: CartId, point: Point, now: Timestamp) -> Result<(), CartError> {
        self.writer
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
        self.readers.read(move |transaction| location(transaction, user_id)).await
    }
}

/// The database checks that a quantity is positive; `None` is one past the limit.
pub(super) fn quantity_of(count: i64) -> Result<Option<Quantity>, StoreError> {
    let count = u32::try_from(count).map_err(StoreError::internal)?;
    Ok(Quantity::new(count))
}

/// A token may outlive its shopper, when they are retired, or a database is restored or replaced.
pub(super) fn check_user(transaction: &Transaction<'_>, user_id: UserId) -> Result<(), CartError> {
    let query = transaction.prepare_cached("SELECT 1 FROM user WHERE user_id = ?1 AND retired_at_ms IS NULL");
    let exists = query.and_then(|mut statement| statement.exists([user_id])).or_store_error()?;
    if exists { Ok(()) } else { Err(CartError::UserNotFound { user_id }) }
}

pub(super) fn cart_of(transaction: &Transaction<'_>, user_id: UserId) -> Result<Option<CartId>, StoreError> {
    let query = transaction.prepare_cached("SELECT cart_id FROM cart WHERE user_id = ?1");
    query
        .and_then(|mut statement| statement.query_row([user_id], |row| row.get(0)).optional())
        .or_store_error()
}

/// Why there is no trolley: a shopper who is retired has none, either.
pub(super) fn no_cart(transaction: &Transaction<'_>, user_id: UserId) -> CartError {
    check_user(transaction, user_id).err().unwrap_or(CartError::NoActiveCart)
}

/// The shopper's cart to be changed by them, if it has the version that they expect.
fn expected_cart(
    transaction: &Transaction<'_>,
    user_id: UserId,
    expected: Option<u64>,
    now: Timestamp,
) -> Result<CartId, CartError> {
    let CartRow { cart_id, version, .. } = own_cart_for(transaction, user_id, CartStep::ChangeLines, now)?;
    if expected.is_some_and(|expected| expected != version) {
        return Err(CartError::CartChanged { version });
    }
    Ok(cart_id)
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
    let connection = Connection::decide(cart_id, cart_of(transaction, user_id)?, holder)?;
    if connection == Connection::New {
        // A server of an older version leaves where the cart stood.
        let sql = "UPDATE cart SET user_id = ?1, connected_at_ms = ?2, locked_until_ms = NULL, blocked_weight_mg = NULL \
                   WHERE cart_id = ?3";
        run(transaction, sql, params![user_id, now.as_millisecond(), cart_id])?;
    }
    Ok(connection)
}

pub(super) fn connect_ad_hoc(
    transaction: &Transaction<'_>,
    user_id: UserId,
    now: Timestamp,
) -> Result<(CartId, Connection), CartError> {
    check_user(transaction, user_id)?;
    if let Some(cart_id) = cart_of(transaction, user_id)? {
        return Ok((cart_id, Connection::Kept));
    }
    let sql = "INSERT INTO cart (user_id, connected_at_ms) VALUES (?1, ?2) RETURNING cart_id";
    let values = params![user_id, now.as_millisecond()];
    let query = transaction.prepare_cached(sql);
    let cart_id =
        query.and_then(|mut statement| statement.query_row(values, |row| row.get(0))).or_store_error()?;
    Ok((cart_id, Connection::New))
}

/// Empties a trolley and gives it back, and where it stands stays known; an ad-hoc cart is gone.
pub(super) fn release(transaction: &Transaction<'_>, cart_id: CartId) -> Result<(), StoreError> {
    run(transaction, "DELETE FROM cart_item WHERE cart_id = ?1", [cart_id])?;
    let sql = if is_ad_hoc(cart_id) {
        "DELETE FROM cart WHERE cart_id = ?1"
    } else {
        "UPDATE cart SET user_id = NULL, connected_at_ms = NULL, reported_weight_mg = NULL, locked_until_ms = NULL, \
                         blocked_weight_mg = NULL, version = version + 1 WHERE cart_id = ?1"
    };
    run(transaction, sql, [cart_id]).map(|_| ())
}

/// The shopper's cart with its lines.
pub(super) fn view(
    transaction: &Transaction<'_>,
    user_id: UserId,
    now: Timestamp,
) -> Result<Option<CartView>, StoreError> {
    let Some(cart) = own_cart_row(transaction, user_id, now)? else { return Ok(None) };
    let CartRow { cart_id, version, state, reported_weight_mg, .. } = cart;
    let sql = format!(
        "SELECT {PRODUCT_COLUMNS}, cart_items_id, quantity, cart_item.version FROM cart_item JOIN product USING (product_id) \
         WHERE cart_id = ?1 ORDER BY cart_items_id"
    );
    let mut statement = transaction.prepare_cached(&sql).or_store_error()?;
    let read = |row: &Row<'_>| {
        let count: i64 = row.get(PRODUCT_WIDTH + 1)?;
        Ok((product(row, 0)?, row.get(PRODUCT_WIDTH)?, count, row.get(PRODUCT_WIDTH + 2)?))
    };
    let rows = statement.query_map([cart_id], read).or_store_error()?;
    let lines = rows.map(|row| {
        let (product, cart_items_id, count, version) = row.or_store_error()?;
        Ok(CartLine { cart_items_id, cart_id, product, quantity: quantity_of(count)?, version })
    });
    let lines = lines.collect::<Result<_, StoreError>>()?;
    Ok(Some(CartView { cart_id, state, lines, reported_weight_mg, version }))
}

fn apply(
    transaction: &Transaction<'_>,
    event: &CartEvent,
    tolerance_g: Option<u32>,
    now: Timestamp,
) -> Result<CartLine, CartError> {
    let cart_id = event.cart_id();
    let cart = cart_row(transaction, cart_id, now)?.ok_or(CartError::CartNotFound { cart_id })?;
    let user_id = cart.user_id.ok_or(CartError::CartNotConnected { cart_id })?;
    match event {
        CartEvent::ItemAdded { product_id, cart_weight_mg, .. } => {
            let product_id = *product_id;
            let product =
                find_product(transaction, product_id)?.ok_or(CartError::ProductNotFound { product_id })?;
            let line = line(transaction, cart_id, product)?;
            let state = end_checkout(transaction, cart.state, user_id)?;
            let count = pieces(&line) + 1;
            let line = set_line(transaction, line, count, Some(*cart_weight_mg))?;
            weigh(transaction, (cart_id, user_id, state), *cart_weight_mg, tolerance_g, now)?;
            Ok(line)
        }
        CartEvent::ItemWeighed { barcode, weight_mg, .. } => {
            let not_found = || CartError::BarcodeNotFound { barcode: barcode.clone() };
            let product = find_barcode(transaction, barcode)?.ok_or_else(not_found)?;
            let count = product.weight_g.and_then(|unit_g| quantity_of_weight(*weight_mg, unit_g));
            let count = count.ok_or_else(|| CartError::NoUnitWeight { barcode: barcode.clone() })?;
            // Devices repeat what they see; the same again changes nothing.
            let line = line(transaction, cart_id, product)?;
            if pieces(&line) == count {
                return Ok(line);
            }
            end_checkout(transaction, cart.state, user_id)?;
            set_line(transaction, line, count, None)
        }
    }
}

/// Where a cart stands in which a device has seen a change: nobody pays for what was in it before.
fn end_checkout(
    transaction: &Transaction<'_>,
    state: CartState,
    user_id: UserId,
) -> Result<CartState, CartError> {
    if state == CartState::Locked {
        give_back_hold(transaction, user_id)?;
    }
    Ok(state.after(CartStep::ChangeLines, Actor::Device)?)
}

/// The line of a product in a cart, without a quantity when there is none.
pub(super) fn line(
    transaction: &Transaction<'_>,
    cart_id: CartId,
    product: Product,
) -> Result<CartLine, StoreError> {
    let sql = "SELECT cart.version, cart_items_id, quantity, cart_item.version FROM cart \
               LEFT JOIN cart_item ON cart_item.cart_id = cart.cart_id AND product_id = ?2 WHERE cart.cart_id = ?1";
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
    let query = transaction.prepare_cached(sql);
    let values = params![cart_id, product.product_id];
    let (cart_version, id, count, version): (u64, Option<i64>, Option<i64>, Option<u64>) =
        query.and_then(|mut statement| statement.query_row(values, read)).or_store_error()?;
    let (cart_items_id, version) = (id.unwrap_or(0), version.unwrap_or(cart_version));
    Ok(CartLine { cart_items_id, cart_id, product, quantity: quantity_of(count.unwrap_or(0))?, version })
}

/// How many pieces a line has.
pub(super) fn pieces(line: &CartLine) -> u64 {
    line.quantity.map_or(0, |quantity| quantity.get().into())
}

/// Writes how many pieces a line has, and what the whole cart weighs now; what it weighed before says nothing any more. A cart that
/// changes is not locked.
pub(super) fn set_line(
    transaction: &Transaction<'_>,
    line: CartLine,
    count: u64,
    cart_weight_mg: Option<u64>,
) -> Result<CartLine, CartError> {
    let CartLine { cart_id, product, .. } = line;
    let sql = "UPDATE cart SET version = version + 1, reported_weight_mg = ?2, locked_until_ms = NULL \
               WHERE cart_id = ?1 RETURNING version";
    let query = transaction.prepare_cached(sql);
    let version: u64 = query
        .and_then(|mut statement| statement.query_row(params![cart_id, cart_weight_mg], |row| row.get(0)))
        .or_store_error()?;
    if count == 0 {
        let sql = "DELETE FROM cart_item WHERE cart_id = ?1 AND product_id = ?2";
        run(transaction, sql, [cart_id, product.product_id])?;
        return Ok(CartLine { cart_items_id: 0, cart_id, product, quantity: None, version });
    }
    let quantity = u32::try_from(count).ok().and_then(Quantity::new).ok_or(CartError::TooMany)?;
    let sql = "INSERT INTO cart_item (cart_id, product_id, quantity, version) VALUES (?1, ?2, ?3, ?4) \
               ON CONFLICT (cart_id, product_id) DO UPDATE SET quantity = excluded.quantity, version = excluded.version \
               RETURNING cart_items_id";
    let values = params![cart_id, product.product_id, quantity.get(), version];
    let query = transaction.prepare_cached(sql);
    let cart_items_id =
        query.and_then(|mut statement| statement.query_row(values, |row| row.get(0))).or_store_error()?;
    Ok(CartLine { cart_items_id, cart_id, product, quantity: Some(quantity), version })
}

fn location(transaction: &Transaction<'_>, user_id: UserId) -> Result<Location, CartError> {
    let sql = "SELECT cart_id, coalesce(level, dock_level), coalesce(x_m, dock_x_m), coalesce(y_m, dock_y_m), \
                      located_at_ms IS NOT NULL, coalesce(located_at_ms, 0) \
               FROM cart WHERE user_id = ?1";
    let read = |row: &Row<'_>| {
        let cart_id = row.get(0)?;
        if row.get::<_, Option<i32>>(1)?.is_none() {
            return Ok(Err(CartError::NotLocated { cart_id }));
        }
        let located_at = if row.get(4)? { Some(timestamp(row, 5)?) } else { None };
        Ok(Ok(Location { cart_id, point: point(row, 1)?, section_id: None, located_at }))
    };
    let query = transaction.prepare_cached(sql);
    let found =
        query.and_then(|mut statement| statement.query_row([user_id], read).optional()).or_store_error()?;
    let location = found.ok_or_else(|| no_cart(transaction, user_id))??;
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
