//! Carts and checklists in PostgreSQL.
//!
//! Whoever changes a cart or what lies in it locks the cart's row first; whoever gives a shopper a cart locks the shopper first.

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{Encode, PgConnection, Postgres, Row, Type};

use super::PostgresStore;
use super::cart_state::{approve, blocked_carts, lock_own_cart_for, rescan, state, state_columns, weigh};
use super::error::OrStoreError;
use super::row::{
    PRODUCT_WIDTH, number, optional_number, optional_timestamp, point, product, product_columns, section,
    section_columns,
};
use super::stock::give_back_hold;
use crate::account::UserId;
use crate::cart::{
    BlockedCart, CartError, CartId, CartLine, CartState, CartStep, CartStore, CartView, ChecklistItem,
    Connection, Location, Quantity, RecipeMatch, RecipeSource, is_ad_hoc, quantity_of_weight,
};
use crate::catalog::{Barcode, Page, ProductId, Section};
use crate::clock::Timestamp;
use crate::device::CartEvent;
use crate::error::StoreError;
use crate::pathfinding::Point;
use crate::transition::Actor;

const CHECK_USER: &str = "SELECT FROM \"user\" WHERE user_id = $1 AND retired_at_ms IS NULL";
/// Nobody else gives this shopper a cart, or retires them, until the transaction ends.
const LOCK_USER: &str = "SELECT FROM \"user\" WHERE user_id = $1 AND retired_at_ms IS NULL FOR NO KEY UPDATE";

const LOCK_USER_FIND_PRODUCT: &str = concat!(
    "SELECT ",
    product_columns!(),
    " FROM \"user\" LEFT JOIN product ON product.product_id = $2 AND product.retired_at_ms IS NULL \
     WHERE \"user\".user_id = $1 AND \"user\".retired_at_ms IS NULL FOR NO KEY UPDATE OF \"user\""
);
const ADD_TO_CHECKLIST: &str = "INSERT INTO checklist (user_id, product_id, quantity) VALUES ($1, $2, $3) \
     ON CONFLICT (user_id, product_id) DO UPDATE SET quantity = checklist.quantity + excluded.quantity \
     RETURNING checklist_id, quantity";
const REMOVE_FROM_CHECKLIST: &str = "DELETE FROM checklist WHERE user_id = $1 AND product_id = $2";
const CHECKLIST: &str = concat!(
    "SELECT ",
    product_columns!(),
    ", checklist_id, quantity \
     FROM \"user\" LEFT JOIN LATERAL (SELECT * FROM checklist WHERE checklist.user_id = \"user\".user_id \
                                      ORDER BY checklist_id LIMIT $2 OFFSET $3) AS checklist ON TRUE \
     LEFT JOIN product USING (product_id) \
     WHERE \"user\".user_id = $1 AND \"user\".retired_at_ms IS NULL ORDER BY checklist_id"
);

const OWN_CART: &str = "SELECT cart_id FROM \"user\" LEFT JOIN cart USING (user_id) \
     WHERE \"user\".user_id = $1 AND retired_at_ms IS NULL";
const LOCK_OWN_CART_AND_TROLLEY: &str =
    "SELECT cart_id, user_id FROM cart WHERE user_id = $1 OR cart_id = $2 ORDER BY cart_id FOR UPDATE";
/// A server of an older version leaves where the cart stood.
const CONNECT: &str = "UPDATE cart SET user_id = $1, connected_at_ms = $3, locked_until_ms = NULL, blocked_weight_mg = NULL \
     WHERE cart_id = $2";
const LOCK_OR_MAKE_OWN_CART: &str = "WITH own AS (SELECT cart_id FROM cart WHERE user_id = $1 FOR UPDATE), \
     made AS (INSERT INTO cart (user_id, connected_at_ms) SELECT $1, $2 WHERE NOT EXISTS (SELECT FROM own) \
              RETURNING cart_id) \
     SELECT cart_id, FALSE FROM own UNION ALL SELECT cart_id, TRUE FROM made";

/// Empties a trolley and gives it back, and where it stands stays known; an ad-hoc cart is gone. For `WITH`, with the number of the
/// cart and whether it is an ad-hoc cart.
macro_rules! release_cart {
    ($cart_id:literal, $is_ad_hoc:literal) => {
        concat!(
            "emptied AS (DELETE FROM cart_item WHERE cart_id = ",
            $cart_id,
            "), given_back AS (UPDATE cart SET user_id = NULL, connected_at_ms = NULL, reported_weight_mg = NULL, \
                                               locked_until_ms = NULL, blocked_weight_mg = NULL, \
                                               version = version + 1 WHERE cart_id = ",
            $cart_id,
            " AND NOT ",
            $is_ad_hoc,
            "), gone AS (DELETE FROM cart WHERE cart_id = ",
            $cart_id,
            " AND ",
            $is_ad_hoc,
            ")"
        )
    };
}
pub(super) use release_cart;

const RELEASE: &str = concat!("WITH ", release_cart!("$1", "$2"), " SELECT");

/// The columns that [`line`] reads, of a product, a cart and the product's line in it, for `concat!`.
macro_rules! line_columns {
    () => {
        concat!(
            super::row::product_columns!(),
            ", cart.cart_id, cart.version, cart_item.cart_items_id, cart_item.quantity, cart_item.version"
        )
    };
}
pub(super) use line_columns;

/// How many columns `line_columns` has.
pub(super) const LINE_WIDTH: usize = PRODUCT_WIDTH + 5;

/// The version of a cart in the statement's own snapshot. What a statement locks it reads as it is by then, and what it joins as it
/// was when it began: where both versions differ, lines are old, and the statement has to be run again.
macro_rules! seen_version {
    () => {
        "(SELECT seen.version FROM cart AS seen WHERE seen.cart_id = cart.cart_id)"
    };
}
pub(super) use seen_version;

/// Locks a cart and reads one line of it.
macro_rules! lock_line {
    ($cart:literal, $product:literal) => {
        concat!(
            "SELECT ",
            line_columns!(),
            ", ",
            seen_version!(),
            ", cart.user_id, ",
            state_columns!(),
            " FROM cart LEFT JOIN product ON ",
            $product,
            " LEFT JOIN cart_item ON cart_item.cart_id = cart.cart_id AND cart_item.product_id = product.product_id WHERE ",
            $cart,
            " FOR UPDATE OF cart"
        )
    };
}

const LOCK_OWN_LINE: &str = lock_line!("cart.user_id = $1", "product.product_id = $2");
const LOCK_OWN_LINE_FOR_SALE: &str =
    lock_line!("cart.user_id = $1", "product.product_id = $2 AND product.retired_at_ms IS NULL");
const LOCK_LINE_BY_ID: &str =
    lock_line!("cart.cart_id = $1", "product.product_id = $2 AND product.retired_at_ms IS NULL");
const LOCK_LINE_BY_BARCODE: &str =
    lock_line!("cart.cart_id = $1", "product.barcode = $2 AND product.retired_at_ms IS NULL");

/// What the whole cart weighed before says nothing any more, and a cart that changes is not locked.
const SET_LINE: &str = "WITH changed AS (UPDATE cart SET version = version + 1, reported_weight_mg = $3, locked_until_ms = NULL \
                                         WHERE cart_id = $1 RETURNING version) \
     INSERT INTO cart_item (cart_id, product_id, quantity, version) SELECT $1, $2, $4, version FROM changed \
     ON CONFLICT (cart_id, product_id) DO UPDATE SET quantity = excluded.quantity, version = excluded.version \
     RETURNING cart_items_id, version";
const DELETE_LINE: &str = "WITH emptied AS (DELETE FROM cart_item WHERE cart_id = $1 AND product_id = $2) \
     UPDATE cart SET version = version + 1, reported_weight_mg = $3, locked_until_ms = NULL WHERE cart_id = $1 \
     RETURNING version";

const VIEW: &str = concat!(
    "SELECT ",
    line_columns!(),
    ", reported_weight_mg, ",
    state_columns!(),
    " FROM \"user\" LEFT JOIN cart ON cart.user_id = \"user\".user_id \
     LEFT JOIN cart_item ON cart_item.cart_id = cart.cart_id \
     LEFT JOIN product ON product.product_id = cart_item.product_id \
     WHERE \"user\".user_id = $1 AND \"user\".retired_at_ms IS NULL ORDER BY cart_items_id"
);

const LOCATE: &str = "UPDATE cart SET level = $2, x_m = $3, y_m = $4, located_at_ms = $5 WHERE cart_id = $1";
/// A row for each section of the level.
const LOCATION: &str = concat!(
    "SELECT ",
    section_columns!(),
    ", cart_id, place_level, place_x_m, place_y_m, located_at_ms FROM \"user\" LEFT JOIN \
     (SELECT user_id, cart_id, coalesce(level, dock_level) AS place_level, coalesce(x_m, dock_x_m) AS place_x_m, \
             coalesce(y_m, dock_y_m) AS place_y_m, located_at_ms FROM cart) AS cart USING (user_id) \
     LEFT JOIN section ON section.level = place_level \
     WHERE user_id = $1 AND retired_at_ms IS NULL ORDER BY section_id"
);
/// How many columns `section_columns` has.
const SECTION_WIDTH: usize = 7;

#[async_trait]
impl CartStore for PostgresStore {
    async fn add_to_checklist(
        &self,
        user_id: UserId,
        product_id: ProductId,
        quantity: Quantity,
    ) -> Result<ChecklistItem, CartError> {
        self.pool
            .write(|mut transaction| async move {
                let item = add_to_checklist(&mut transaction, user_id, product_id, quantity).await?;
                Ok((item, transaction))
            })
            .await
    }

    async fn remove_from_checklist(&self, user_id: UserId, product_id: ProductId) -> Result<(), CartError> {
        self.pool
            .write(|mut transaction| async move {
                let query = sqlx::query(REMOVE_FROM_CHECKLIST).bind(user_id).bind(product_id);
                match query.execute(&mut *transaction).await.or_store_error()?.rows_affected() {
                    0 => Err(CartError::NotInChecklist { product_id }),
                    _ => Ok(((), transaction)),
                }
            })
            .await
    }

    async fn checklist(&self, user_id: UserId, page: Page) -> Result<Vec<ChecklistItem>, CartError> {
        let rows = self
            .pool
            .one(|mut connection| async move {
                let query = sqlx::query(CHECKLIST)
                    .bind(user_id)
                    .bind(i64::from(page.limit))
                    .bind(i64::from(page.offset));
                query.fetch_all(&mut *connection).await.or_store_error()
            })
            .await?;
        if rows.is_empty() {
            return Err(CartError::UserNotFound { user_id });
        }
        let items = rows.iter().filter_map(|row| checklist_item(row, user_id).or_store_error().transpose());
        items.map(|item| item?.ok_or(CartError::TooMany)).collect()
    }

    async fn connect(
        &self,
        user_id: UserId,
        cart_id: CartId,
        now: Timestamp,
    ) -> Result<Connection, CartError> {
        self.pool
            .write(|mut transaction| async move {
                let connection = connect(&mut transaction, user_id, cart_id, now).await?;
                Ok((connection, transaction))
            })
            .await
    }

    async fn connect_ad_hoc(
        &self,
        user_id: UserId,
        now: Timestamp,
    ) -> Result<(CartId, Connection), CartError> {
        self.pool
            .write(|mut transaction| async move {
                lock_user(&mut transaction, user_id).await?;
                Ok((lock_or_make_own_cart(&mut transaction, user_id, now).await?, transaction))
            })
            .await
    }

    async fn disconnect(&self, user_id: UserId, now: Timestamp) -> Result<CartId, CartError> {
        self.pool
            .write(|mut transaction| async move {
                let cart = lock_own_cart_for(&mut transaction, user_id, CartStep::Abandon, now).await?;
                give_back(&mut transaction, cart.cart_id, user_id).await?;
                Ok((cart.cart_id, transaction))
            })
            .await
    }

    async fn view(&self, user_id: UserId, now: Timestamp) -> Result<CartView, CartError> {
        let rows = self
            .pool
            .one(|mut connection| async move {
                sqlx::query(VIEW).bind(user_id).fetch_all(&mut *connection).await.or_store_error()
            })
            .await?;
        let first = rows.first().ok_or(CartError::UserNotFound { user_id })?;
        Ok(view(first, &rows, now).or_store_error()?.ok_or(CartError::NoActiveCart)?)
    }

    async fn add_item(
        &self,
        user_id: UserId,
        product_id: ProductId,
        expected: Option<u64>,
        now: Timestamp,
    ) -> Result<CartLine, CartError> {
        self.pool
            .write(|mut transaction| async move {
                let wanted = (user_id, product_id, expected);
                let held = own_line(&mut transaction, LOCK_OWN_LINE_FOR_SALE, wanted, now).await?;
                let line = held.ok_or(CartError::ProductNotFound { product_id })?;
                let count = pieces(&line) + 1;
                Ok((set_line(&mut transaction, line, count, None).await?, transaction))
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
        self.pool
            .write(|mut transaction| async move {
                let wanted = (user_id, product_id, expected);
                let held = own_line(&mut transaction, LOCK_OWN_LINE, wanted, now).await?;
                let line = held.filter(|line| pieces(line) > 0);
                let line = line.ok_or(CartError::NotInCart { product_id })?;
                let count = pieces(&line) - 1;
                Ok((set_line(&mut transaction, line, count, None).await?, transaction))
            })
            .await
    }

    async fn recipes(
        &self,
        user_id: UserId,
        source: RecipeSource,
        page: Page,
    ) -> Result<Vec<RecipeMatch>, CartError> {
        self.pool
            .read(|mut transaction| async move {
                let own = sqlx::query_scalar(OWN_CART).bind(user_id).fetch_optional(&mut *transaction).await;
                let own: Option<Option<CartId>> = own.or_store_error()?;
                if own.ok_or(CartError::UserNotFound { user_id })?.is_none() && source == RecipeSource::Cart {
                    return Err(CartError::NoActiveCart);
                }
                Ok(super::recipe::matches(&mut transaction, user_id, source, page).await?)
            })
            .await
    }

    async fn apply(
        &self,
        event: &CartEvent,
        tolerance_g: Option<u32>,
        now: Timestamp,
    ) -> Result<CartLine, CartError> {
        self.pool
            .write(|mut transaction| async move {
                Ok((apply(&mut transaction, event, tolerance_g, now).await?, transaction))
            })
            .await
    }

    async fn rescan(
        &self,
        user_id: UserId,
        tolerance_g: Option<u32>,
        now: Timestamp,
    ) -> Result<(), CartError> {
        self.pool
            .write(|mut transaction| async move {
                rescan(&mut transaction, user_id, tolerance_g, now).await?;
                Ok(((), transaction))
            })
            .await
    }

    async fn approve_cart(
        &self,
        cart_id: CartId,
        reason: &str,
        who: &str,
        now: Timestamp,
    ) -> Result<(), CartError> {
        self.pool
            .write(|mut transaction| async move {
                approve(&mut transaction, cart_id, reason, who, now).await?;
                Ok(((), transaction))
            })
            .await
    }

    async fn blocked_carts(&self, page: Page) -> Result<Vec<BlockedCart>, CartError> {
        self.pool.one(|mut connection| async move { blocked_carts(&mut connection, page).await }).await
    }

    async fn locate(&self, cart_id: CartId, point: Point, now: Timestamp) -> Result<(), CartError> {
        self.pool
            .write(|mut transaction| async move {
                let query = sqlx::query(LOCATE)
                    .bind(cart_id)
                    .bind(i64::from(point.level))
                    .bind(point.x_m)
                    .bind(point.y_m)
                    .bind(now.as_millisecond());
                match query.execute(&mut *transaction).await.or_store_error()?.rows_affected() {
                    0 => Err(CartError::CartNotFound { cart_id }),
                    _ => Ok(((), transaction)),
                }
            })
            .await
    }

    async fn location(&self, user_id: UserId) -> Result<Location, CartError> {
        let rows = self
            .pool
            .one(|mut connection| async move {
                sqlx::query(LOCATION).bind(user_id).fetch_all(&mut *connection).await.or_store_error()
            })
            .await?;
        location(&rows, user_id)
    }
}

/// A token may outlive its shopper, when they are retired, or a database is restored or replaced.
pub(super) async fn check_user(connection: &mut PgConnection, user_id: UserId) -> Result<(), CartError> {
    let found = sqlx::query(CHECK_USER).bind(user_id).fetch_optional(connection).await.or_store_error()?;
    found.map(drop).ok_or(CartError::UserNotFound { user_id })
}

/// The same, and the shopper stays as they are until the transaction ends.
pub(super) async fn lock_user(connection: &mut PgConnection, user_id: UserId) -> Result<(), CartError> {
    let found = sqlx::query(LOCK_USER).bind(user_id).fetch_optional(connection).await.or_store_error()?;
    found.map(drop).ok_or(CartError::UserNotFound { user_id })
}

/// Why there is no trolley: a shopper who is retired has none, either.
pub(super) async fn no_cart(connection: &mut PgConnection, user_id: UserId) -> CartError {
    check_user(connection, user_id).await.err().unwrap_or(CartError::NoActiveCart)
}

async fn add_to_checklist(
    connection: &mut PgConnection,
    user_id: UserId,
    product_id: ProductId,
    quantity: Quantity,
) -> Result<ChecklistItem, CartError> {
    let query = sqlx::query(LOCK_USER_FIND_PRODUCT).bind(user_id).bind(product_id);
    let row = query.fetch_optional(&mut *connection).await.or_store_error()?;
    let product = found_product(&row.ok_or(CartError::UserNotFound { user_id })?).or_store_error()?;
    let product = product.ok_or(CartError::ProductNotFound { product_id })?;
    let query = sqlx::query(ADD_TO_CHECKLIST).bind(user_id).bind(product_id).bind(i64::from(quantity.get()));
    let row = query.fetch_one(connection).await.or_store_error()?;
    let quantity = read_quantity(&row, 1).or_store_error()?.ok_or(CartError::TooMany)?;
    Ok(ChecklistItem { checklist_id: row.try_get(0).or_store_error()?, user_id, product, quantity })
}

/// The outer `None` for no item, the inner one for more pieces than a list takes.
fn checklist_item(row: &PgRow, user_id: UserId) -> sqlx::Result<Option<Option<ChecklistItem>>> {
    let Some(product) = found_product(row)? else { return Ok(None) };
    let checklist_id = row.try_get(PRODUCT_WIDTH)?;
    let quantity = read_quantity(row, PRODUCT_WIDTH + 1)?;
    Ok(Some(quantity.map(|quantity| ChecklistItem { checklist_id, user_id, product, quantity })))
}

async fn connect(
    connection: &mut PgConnection,
    user_id: UserId,
    cart_id: CartId,
    now: Timestamp,
) -> Result<Connection, CartError> {
    lock_user(connection, user_id).await?;
    let query = sqlx::query_as(LOCK_OWN_CART_AND_TROLLEY).bind(user_id).bind(cart_id);
    let carts: Vec<(CartId, Option<UserId>)> = query.fetch_all(&mut *connection).await.or_store_error()?;
    let trolley = carts.iter().find(|(id, _)| *id == cart_id);
    let (_, holder) = *trolley.ok_or(CartError::CartNotFound { cart_id })?;
    let own = carts.iter().find(|(_, holder)| *holder == Some(user_id)).map(|(id, _)| *id);
    let connected = Connection::decide(cart_id, own, holder)?;
    if connected == Connection::New {
        let query = sqlx::query(CONNECT).bind(user_id).bind(cart_id).bind(now.as_millisecond());
        query.execute(connection).await.or_store_error()?;
    }
    Ok(connected)
}

/// The cart of a shopper who is locked; it stays as it is until the transaction ends.
pub(super) async fn lock_or_make_own_cart(
    connection: &mut PgConnection,
    user_id: UserId,
    now: Timestamp,
) -> Result<(CartId, Connection), StoreError> {
    let query = sqlx::query_as(LOCK_OR_MAKE_OWN_CART).bind(user_id).bind(now.as_millisecond());
    let (cart_id, is_new) = query.fetch_one(connection).await.or_store_error()?;
    Ok((cart_id, if is_new { Connection::New } else { Connection::Kept }))
}

/// Takes a cart away from its shopper, which is locked.
pub(super) async fn give_back(
    connection: &mut PgConnection,
    cart_id: CartId,
    user_id: UserId,
) -> Result<(), StoreError> {
    let query = sqlx::query(RELEASE).bind(cart_id).bind(is_ad_hoc(cart_id));
    query.execute(&mut *connection).await.or_store_error()?;
    give_back_hold(connection, user_id).await
}

/// `None` for a shopper without a cart.
fn view(first: &PgRow, rows: &[PgRow], now: Timestamp) -> sqlx::Result<Option<CartView>> {
    let Some(cart_id) = first.try_get(PRODUCT_WIDTH)? else { return Ok(None) };
    let lines = rows.iter().filter_map(|row| line(row).transpose()).collect::<Result<_, _>>()?;
    let (version, reported_weight_mg) =
        (number(first, PRODUCT_WIDTH + 1)?, optional_number(first, LINE_WIDTH)?);
    let state = state(first, LINE_WIDTH + 1, now)?;
    Ok(Some(CartView { cart_id, state, lines, reported_weight_mg, version }))
}

/// Reads `line_columns`; `None` when there is no such product. A product that is not in the cart has a line without a quantity.
pub(super) fn line(row: &PgRow) -> sqlx::Result<Option<CartLine>> {
    let Some(product) = found_product(row)? else { return Ok(None) };
    let cart_items_id: Option<i64> = row.try_get(PRODUCT_WIDTH + 2)?;
    let (quantity, version) = match cart_items_id {
        Some(_) => (read_quantity(row, PRODUCT_WIDTH + 3)?, number(row, PRODUCT_WIDTH + 4)?),
        None => (None, number(row, PRODUCT_WIDTH + 1)?),
    };
    let (cart_items_id, cart_id) = (cart_items_id.unwrap_or(0), row.try_get(PRODUCT_WIDTH)?);
    Ok(Some(CartLine { cart_items_id, cart_id, product, quantity, version }))
}

/// The product of an outer join.
fn found_product(row: &PgRow) -> sqlx::Result<Option<crate::catalog::Product>> {
    let product_id: Option<ProductId> = row.try_get(0)?;
    product_id.map(|_| product(row, 0)).transpose()
}

/// The database checks that a quantity is positive; `None` is one past the limit.
pub(super) fn read_quantity(row: &PgRow, column: usize) -> sqlx::Result<Option<Quantity>> {
    Ok(Quantity::new(number(row, column)?))
}

/// How many pieces a line has.
fn pieces(line: &CartLine) -> u64 {
    line.quantity.map_or(0, |quantity| quantity.get().into())
}

/// Runs one of the statements that lock a cart and read a line of it.
async fn lock_line<'q, P>(
    connection: &mut PgConnection,
    sql: &'static str,
    cart: i64,
    product: P,
) -> Result<Option<PgRow>, StoreError>
where
    P: Encode<'q, Postgres> + Type<Postgres> + Copy + Send + 'q,
{
    loop {
        let query = sqlx::query(sql).bind(cart).bind(product);
        let Some(row) = query.fetch_optional(&mut *connection).await.or_store_error()? else {
            return Ok(None);
        };
        if is_current(&row, PRODUCT_WIDTH + 1, LINE_WIDTH).or_store_error()? {
            return Ok(Some(row));
        }
    }
}

/// Whether what was read beside a cart is as old as the cart: compares its version with `seen_version`.
pub(super) fn is_current(row: &PgRow, version: usize, seen: usize) -> sqlx::Result<bool> {
    Ok(row.try_get::<i64, _>(version)? == row.try_get::<i64, _>(seen)?)
}

/// A line of the shopper's cart, if they may change that and it has the version that they expect; `None` when there is no such product.
async fn own_line(
    connection: &mut PgConnection,
    sql: &'static str,
    (user_id, product_id, expected): (UserId, ProductId, Option<u64>),
    now: Timestamp,
) -> Result<Option<CartLine>, CartError> {
    let Some(row) = lock_line(connection, sql, user_id, product_id).await? else {
        return Err(no_cart(connection, user_id).await);
    };
    state(&row, LINE_WIDTH + 2, now).or_store_error()?.after(CartStep::ChangeLines, Actor::Customer)?;
    let version = number(&row, PRODUCT_WIDTH + 1).or_store_error()?;
    if expected.is_some_and(|expected| expected != version) {
        return Err(CartError::CartChanged { version });
    }
    Ok(line(&row).or_store_error()?)
}

/// Writes how many pieces a line has, and what the whole cart weighs now.
async fn set_line(
    connection: &mut PgConnection,
    line: CartLine,
    count: u64,
    cart_weight_mg: Option<u64>,
) -> Result<CartLine, CartError> {
    let weight = cart_weight_mg.map(i64::try_from).transpose().map_err(StoreError::internal)?;
    let CartLine { cart_id, product, .. } = line;
    let query = |sql| sqlx::query(sql).bind(cart_id).bind(product.product_id).bind(weight);
    if count == 0 {
        let row = query(DELETE_LINE).fetch_one(connection).await.or_store_error()?;
        let version = number(&row, 0).or_store_error()?;
        return Ok(CartLine { cart_items_id: 0, cart_id, product, quantity: None, version });
    }
    let quantity = u32::try_from(count).ok().and_then(Quantity::new).ok_or(CartError::TooMany)?;
    let query = query(SET_LINE).bind(i64::from(quantity.get()));
    let row = query.fetch_one(connection).await.or_store_error()?;
    let (cart_items_id, version) = (row.try_get(0).or_store_error()?, number(&row, 1).or_store_error()?);
    Ok(CartLine { cart_items_id, cart_id, product, quantity: Some(quantity), version })
}

async fn apply(
    connection: &mut PgConnection,
    event: &CartEvent,
    tolerance_g: Option<u32>,
    now: Timestamp,
) -> Result<CartLine, CartError> {
    let cart_id = event.cart_id();
    let held = match event {
        CartEvent::ItemAdded { product_id, .. } => {
            lock_line(connection, LOCK_LINE_BY_ID, cart_id, *product_id).await?
        }
        CartEvent::ItemWeighed { barcode, .. } => {
            // PostgreSQL does not take every text, and no product has what is no barcode.
            let barcode = barcode.parse::<Barcode>();
            let barcode = barcode.as_ref().map_or("", Barcode::as_str);
            lock_line(connection, LOCK_LINE_BY_BARCODE, cart_id, barcode).await?
        }
    };
    let row = held.ok_or(CartError::CartNotFound { cart_id })?;
    let holder: Option<UserId> = row.try_get(LINE_WIDTH + 1).or_store_error()?;
    let user_id = holder.ok_or(CartError::CartNotConnected { cart_id })?;
    let state = state(&row, LINE_WIDTH + 2, now).or_store_error()?;
    let line = line(&row).or_store_error()?;
    match event {
        CartEvent::ItemAdded { product_id, cart_weight_mg, .. } => {
            let line = line.ok_or(CartError::ProductNotFound { product_id: *product_id })?;
            let state = end_checkout(connection, state, user_id).await?;
            let count = pieces(&line) + 1;
            let line = set_line(connection, line, count, Some(*cart_weight_mg)).await?;
            weigh(connection, (cart_id, user_id, state), *cart_weight_mg, tolerance_g, now).await?;
            Ok(line)
        }
        CartEvent::ItemWeighed { barcode, weight_mg, .. } => {
            let line = line.ok_or_else(|| CartError::BarcodeNotFound { barcode: barcode.clone() })?;
            let count = line.product.weight_g.and_then(|unit_g| quantity_of_weight(*weight_mg, unit_g));
            let count = count.ok_or_else(|| CartError::NoUnitWeight { barcode: barcode.clone() })?;
            // Devices repeat what they see; the same again changes nothing.
            if pieces(&line) == count {
                return Ok(line);
            }
            end_checkout(connection, state, user_id).await?;
            set_line(connection, line, count, None).await
        }
    }
}

/// Where a cart stands in which a device has seen a change: nobody pays for what was in it before.
async fn end_checkout(
    connection: &mut PgConnection,
    state: CartState,
    user_id: UserId,
) -> Result<CartState, CartError> {
    if state == CartState::Locked {
        give_back_hold(connection, user_id).await?;
    }
    Ok(state.after(CartStep::ChangeLines, Actor::Device)?)
}

fn location(rows: &[PgRow], user_id: UserId) -> Result<Location, CartError> {
    let first = rows.first().ok_or(CartError::UserNotFound { user_id })?;
    let cart_id: Option<CartId> = first.try_get(SECTION_WIDTH).or_store_error()?;
    let cart_id = cart_id.ok_or(CartError::NoActiveCart)?;
    let level: Option<i64> = first.try_get(SECTION_WIDTH + 1).or_store_error()?;
    level.ok_or(CartError::NotLocated { cart_id })?;
    let point = point(first, SECTION_WIDTH + 1).or_store_error()?;
    let located_at = optional_timestamp(first, SECTION_WIDTH + 4).or_store_error()?;
    let sections = rows.iter().filter_map(|row| found_section(row).transpose());
    let sections: Vec<Section> = sections.collect::<sqlx::Result<_>>().or_store_error()?;
    let section_id =
        sections.iter().find(|section| section.contains(point)).map(|section| section.section_id);
    Ok(Location { cart_id, point, section_id, located_at })
}

fn found_section(row: &PgRow) -> sqlx::Result<Option<Section>> {
    let section_id: Option<i64> = row.try_get(0)?;
    section_id.map(|_| section(row)).transpose()
}
