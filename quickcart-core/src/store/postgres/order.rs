//! Orders in PostgreSQL.

use async_trait::async_trait;
use serde_json::json;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use super::PostgresStore;
use super::cart::{
    LINE_WIDTH, check_user, is_current, line, line_columns, read_quantity, release_cart, seen_version,
};
use super::cart_state::{state, state_columns};
use super::connections::in_time;
use super::error::{OrStoreError, is_collision};
use super::order_event::{
    Placed, advance, advance_with, change_payment, join_payment, payment, payment_columns, record_placed,
};
use super::row::{PRODUCT_WIDTH, number, parsed, timestamp, unreadable};
use super::stock::{take_at_once, take_in_turn, write_off};
use crate::account::UserId;
use crate::cart::{CartError, CartId, CartLine, CartState, CartStep, Quantity, is_ad_hoc};
use crate::catalog::{Page, ProductId};
use crate::clock::Timestamp;
use crate::error::StoreError;
use crate::money::{Currency, Money};
use crate::order::{
    Actor, IdempotencyKey, Order, OrderError, OrderEvent, OrderId, OrderKind, OrderLine, OrderStore, Payment,
    PaymentMethod, Totals, price,
};
use crate::tax::{TaxClass, TaxMode};

/// Reads the cart and all that is bought, or one row without a product.
macro_rules! read_cart {
    () => {
        concat!(
            "SELECT ",
            line_columns!(),
            ", ",
            seen_version!(),
            ", product.hsn, product.gst_basis_points, (SELECT prices_include_tax FROM store), \
             EXISTS (SELECT 1 FROM stock WHERE stock.product_id = product.product_id), \
             EXISTS (SELECT 1 FROM stock_hold WHERE stock_hold.user_id = $1) OR cart.locked_until_ms IS NOT NULL, ",
            state_columns!(),
            " FROM cart LEFT JOIN cart_item ON cart_item.cart_id = cart.cart_id \
             LEFT JOIN product ON product.product_id = cart_item.product_id \
             WHERE cart.user_id = $1 ORDER BY cart_items_id"
        )
    };
}

const READ_CART: &str = read_cart!();
const LOCK_CART: &str = concat!(read_cart!(), " FOR UPDATE OF cart");

/// Whether nobody else is at a request with this key. Whoever is frees it with the end of their transaction.
macro_rules! begin_key {
    ($user_id:literal, $key:literal) => {
        concat!(
            "pg_try_advisory_xact_lock(hashtextextended('order:' || ",
            $user_id,
            " || ':' || ",
            $key,
            ", 0))"
        )
    };
}

/// Places an order for a cart that is still as it was read, if nobody is at a request with its key and none has been answered, and,
/// where stock is to be taken, if each product that is counted can be had from a bucket that nobody has locked; else writes nothing.
/// Arrays stand in queries of their own, which the planner does not look into: else it planned each statement anew, for arrays that are
/// shorter than it expects.
const PLACE: &str = concat!(
    "WITH seen AS (SELECT cart_id FROM cart \
                   WHERE cart_id = $12 AND user_id = $11 AND version = $33 AND locked_until_ms IS NOT DISTINCT FROM $34 \
                   AND blocked_weight_mg IS NOT DISTINCT FROM $35 \
                   AND ($30::TEXT IS NULL OR ",
    begin_key!("$11", "$30"),
    " AND NOT EXISTS (SELECT 1 FROM idempotency_key WHERE user_id = $11 AND key = $30 AND expires_at_ms > $2)) \
                   FOR UPDATE), ",
    take_at_once!("$28", "$29", "$12", "$36"),
    ", \
     placed AS (INSERT INTO orders (user_id, cart_id, status, version, placed_at_ms, currency, total_quantity, \
                                    total_price_minor, discounted_price_minor, tax_minor, tax_included) \
                SELECT $11, cart_id, $6, $14, $2, $9, $15, $16, $17, $18, $19 FROM ready RETURNING order_id), \
     line AS (INSERT INTO order_line (order_id, line_num, product_id, product_name, quantity, price_minor, \
                                      discounted_price_minor, hsn, gst_basis_points, tax_minor) \
              SELECT order_id, line_num, product_id, product_name, quantity, price, discounted_price, hsn, gst, tax \
              FROM placed, UNNEST((SELECT $20::BIGINT[]), (SELECT $21::TEXT[]), (SELECT $22::BIGINT[]), (SELECT $23::BIGINT[]), \
                                  (SELECT $24::BIGINT[]), (SELECT $25::TEXT[]), (SELECT $26::BIGINT[]), (SELECT $27::BIGINT[])) \
                           WITH ORDINALITY \
                           AS line (product_id, product_name, quantity, price, discounted_price, hsn, gst, tax, line_num)), ",
    record_placed!("cart"),
    ", sold AS (INSERT INTO stock_movement (product_id, at_ms, kind, quantity, who, order_id) \
                SELECT product_id, $2, 'sell', -quantity, $1, order_id \
                FROM placed, UNNEST((SELECT $28::BIGINT[]), (SELECT $29::BIGINT[])) AS sold (product_id, quantity)), \
     forgotten AS (DELETE FROM idempotency_key WHERE (user_id, key) IN \
                   (SELECT user_id, key FROM idempotency_key \
                    WHERE $30 IS NOT NULL AND expires_at_ms <= $2 AND (user_id, key) <> ($11, $30) \
                    ORDER BY expires_at_ms LIMIT 16 FOR UPDATE SKIP LOCKED)), \
     remembered AS (INSERT INTO idempotency_key (user_id, key, fingerprint, order_id, expires_at_ms) \
                    SELECT $11, $30, $31::BYTEA, order_id, $32::BIGINT FROM placed WHERE $30 IS NOT NULL \
                    ON CONFLICT (user_id, key) DO UPDATE SET fingerprint = excluded.fingerprint, \
                    order_id = excluded.order_id, expires_at_ms = excluded.expires_at_ms), ",
    release_cart!("(SELECT cart_id FROM ready)", "$13"),
    " SELECT order_id FROM placed"
);

const BEGIN_KEY: &str = concat!("SELECT ", begin_key!("$1::BIGINT", "$2"));
/// The order that a key has made.
const FIND_KEY: &str = "SELECT order_id, fingerprint = $3 FROM idempotency_key \
     WHERE user_id = $1 AND key = $2 AND expires_at_ms > $4";

/// The columns of an order, its payment and a line, of tables or aliases `placed`, `payment` and `line`.
macro_rules! order_columns {
    () => {
        concat!(
            "placed.order_id, placed.cart_id, placed.status, placed.placed_at_ms, placed.currency, placed.total_quantity, \
             placed.total_price_minor, placed.discounted_price_minor, placed.tax_minor, placed.tax_included, ",
            payment_columns!(),
            ", line.product_id, line.product_name, line.quantity, line.price_minor, line.discounted_price_minor, line.hsn, \
             line.gst_basis_points, line.tax_minor, line.short_quantity, line.returned_quantity, placed.user_id"
        )
    };
}

/// A row for each line of one order, which may have to be of this shopper.
const ORDER: &str = concat!(
    "SELECT ",
    order_columns!(),
    " FROM orders AS placed ",
    join_payment!("cart", "placed"),
    " JOIN order_line AS line ON line.order_id = placed.order_id \
     WHERE placed.order_id = $1 AND ($2::BIGINT IS NULL OR placed.user_id = $2) ORDER BY line.line_num"
);

const LOCK: &str =
    "SELECT 1 FROM orders WHERE order_id = $1 AND ($2::BIGINT IS NULL OR user_id = $2) FOR UPDATE";
const SHORTEN: &str =
    "UPDATE order_line SET short_quantity = short_quantity + $3 WHERE order_id = $1 AND product_id = $2";

/// A row for each line of an order. A shopper without orders has one row.
const ORDERS: &str = concat!(
    "SELECT ",
    order_columns!(),
    " FROM \"user\" LEFT JOIN LATERAL (SELECT * FROM orders WHERE orders.user_id = \"user\".user_id \
                                      ORDER BY order_id DESC LIMIT $2 OFFSET $3) AS placed ON TRUE \
     LEFT ",
    join_payment!("cart", "placed"),
    " LEFT JOIN order_line AS line ON line.order_id = placed.order_id \
     WHERE \"user\".user_id = $1 AND \"user\".retired_at_ms IS NULL ORDER BY placed.order_id DESC, line.line_num"
);
/// The first column of a payment, and of a line, there.
const PAYMENT: usize = 10;
const LINE: usize = PAYMENT + 5;
/// How many columns a line has.
const LINE_COLUMNS: usize = 10;

#[async_trait]
impl OrderStore for PostgresStore {
    async fn checkout(
        &self,
        user_id: UserId,
        payment: PaymentMethod,
        key: Option<&IdempotencyKey>,
        now: Timestamp,
    ) -> Result<Order, OrderError> {
        if let Some(order) = self.place_at_once(user_id, payment, key, now).await? {
            return Ok(order);
        }
        self.pool
            .write(|mut transaction| async move {
                let order = place_in_turn(&mut transaction, user_id, payment, key, now).await?;
                Ok((order, transaction))
            })
            .await
    }

    async fn advance_order(
        &self,
        order_id: OrderId,
        owner: Option<UserId>,
        event: OrderEvent,
        by: Actor,
        now: Timestamp,
    ) -> Result<Order, OrderError> {
        self.pool
            .write(|mut transaction| async move {
                one_order(&mut transaction, order_id, owner).await?;
                let kind = OrderKind::Cart;
                advance::<OrderError>(&mut transaction, kind, order_id, event, by, now).await?;
                Ok((one_order(&mut transaction, order_id, owner).await?, transaction))
            })
            .await
    }

    async fn short_pick(
        &self,
        order_id: OrderId,
        product_id: ProductId,
        missing: Quantity,
        now: Timestamp,
    ) -> Result<Order, OrderError> {
        self.pool
            .write(|mut transaction| async move {
                let connection = &mut *transaction;
                let before = lock_order(connection, order_id, None).await?;
                let (order, event, by) = ((OrderKind::Cart, order_id), OrderEvent::ShortPick, Actor::Staff);
                let asked = before.short_pick(product_id, missing)?;
                let detail = json!({ "product_id": product_id, "quantity": missing.get() });
                advance_with::<OrderError>(connection, order, event, Some(&detail), by, now).await?;
                let missing = i64::from(missing.get());
                let query = sqlx::query(SHORTEN).bind(order_id).bind(product_id).bind(missing);
                query.execute(&mut *connection).await.or_store_error()?;
                write_off(connection, order_id, product_id, missing, now).await?;
                let less = |payment: Payment| payment.less(asked);
                change_payment::<OrderError>(connection, order, less, now).await?;
                Ok((one_order(connection, order_id, None).await?, transaction))
            })
            .await
    }

    async fn orders(&self, user_id: UserId, page: Page) -> Result<Vec<Order>, OrderError> {
        let rows = self
            .pool
            .one(|mut connection| async move {
                sqlx::query(ORDERS)
                    .bind(user_id)
                    .bind(i64::from(page.limit))
                    .bind(i64::from(page.offset))
                    .fetch_all(&mut *connection)
                    .await
                    .or_store_error()
            })
            .await?;
        match rows.first().map(|row| row.try_get::<Option<i64>, _>(0)).transpose().or_store_error()? {
            None => Err(OrderError::UserNotFound { user_id }),
            Some(None) => Ok(Vec::new()),
            Some(Some(_)) => Ok(orders(&rows).or_store_error()?),
        }
    }
}

impl PostgresStore {
    /// Places an order as nearly every one can be: of a cart that nobody else is at, with pieces that nobody else is taking. That is
    /// one statement, which is a transaction of its own. `None` when it is not so, or not allowed; then nothing is written.
    async fn place_at_once(
        &self,
        user_id: UserId,
        payment: PaymentMethod,
        key: Option<&IdempotencyKey>,
        now: Timestamp,
    ) -> Result<Option<Order>, OrderError> {
        let (cart, mut connection) = self
            .pool
            .one(|mut connection| async move {
                let rows = sqlx::query(READ_CART)
                    .bind(user_id)
                    .fetch_all(&mut *connection)
                    .await
                    .or_store_error()?;
                let cart = rows.first().map(|first| cart(first, &rows, now)).transpose().or_store_error()?;
                Ok::<_, OrderError>((cart, connection))
            })
            .await?;
        let is_free =
            |cart: &Cart| !cart.has_hold && cart.state.after(CartStep::PlaceOrder, Actor::Customer).is_ok();
        let placed = match cart.filter(is_free) {
            Some(cart) => {
                in_time(place(&mut connection, (user_id, cart), payment, key, Stock::Take, now)).await
            }
            None => Ok(None),
        };
        match placed {
            Err(OrderError::Store(error)) if !is_collision(&error) => Err(error.into()),
            placed => {
                connection.give_back();
                Ok(placed.unwrap_or_default())
            }
        }
    }
}

/// Places an order after whoever is at the same cart or takes the same products.
async fn place_in_turn(
    connection: &mut PgConnection,
    user_id: UserId,
    payment: PaymentMethod,
    key: Option<&IdempotencyKey>,
    now: Timestamp,
) -> Result<Order, OrderError> {
    if let Some(key) = key
        && let Some(order_id) = order_of_key(connection, user_id, key, now).await?
    {
        return one_order(connection, order_id, Some(user_id)).await.map(Order::as_placed);
    }
    let Some(cart) = lock_cart(connection, user_id, now).await? else {
        return Err(no_cart(connection, user_id).await);
    };
    cart.state.after(CartStep::PlaceOrder, Actor::Customer)?;
    let shortages = take_in_turn(connection, user_id, &cart.counted, now).await?;
    if !shortages.is_empty() {
        return Err(OrderError::OutOfStock { shortages });
    }
    let order = place(connection, (user_id, cart), payment, key, Stock::IsTaken, now).await?;
    order.ok_or_else(|| StoreError::internal("a cart changed that was locked").into())
}

/// Whether pieces are still to be taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stock {
    Take,
    IsTaken,
}

/// `None` when the cart is not as it was any more, its pieces cannot be had at once, or the key is in use.
async fn place(
    connection: &mut PgConnection,
    (user_id, cart): (UserId, Cart),
    method: PaymentMethod,
    key: Option<&IdempotencyKey>,
    stock: Stock,
    now: Timestamp,
) -> Result<Option<Order>, OrderError> {
    let Cart { cart_id, lines, tax_mode, counted, version, locked_until_ms, blocked_weight_mg, .. } = cart;
    let (lines, totals) = price(lines, tax_mode)?;
    let payment = totals.payment(method);
    let placed = Placed::by_customer()?;
    let minors = |amount: fn(&OrderLine) -> Money| lines.iter().map(|line| amount(line).minor()).collect();
    let numbers = |number: fn(&OrderLine) -> i64| lines.iter().map(number).collect();
    let (prices, discounted_prices, taxes): (Vec<i64>, Vec<i64>, Vec<i64>) =
        (minors(|line| line.price), minors(|line| line.discounted_price), minors(|line| line.tax));
    let (product_ids, quantities, gst): (Vec<i64>, Vec<i64>, Vec<i64>) = (
        numbers(|line| line.product_id),
        numbers(|line| line.quantity.get().into()),
        numbers(|line| line.tax_class.gst_basis_points.into()),
    );
    let names: Vec<&str> = lines.iter().map(|line| line.product_name.as_str()).collect();
    let hsn: Vec<Option<&str>> = lines.iter().map(|line| line.tax_class.hsn.as_deref()).collect();
    let (sold_ids, sold_quantities): (Vec<i64>, Vec<i64>) =
        counted.into_iter().map(|(product_id, quantity)| (product_id, i64::from(quantity))).unzip();
    let key_ends = key.map(|_| (now + IdempotencyKey::LIFETIME).as_millisecond());
    let row = placed
        .bind(PLACE, &payment, now)
        .bind(user_id)
        .bind(cart_id)
        .bind(is_ad_hoc(cart_id))
        .bind(placed.version)
        .bind(i64::from(totals.quantity))
        .bind(totals.price.minor())
        .bind(totals.discounted_price.minor())
        .bind(totals.tax.minor())
        .bind(totals.tax_mode == TaxMode::Included)
        .bind(product_ids)
        .bind(names)
        .bind(quantities)
        .bind(prices)
        .bind(discounted_prices)
        .bind(hsn)
        .bind(gst)
        .bind(taxes)
        .bind(sold_ids)
        .bind(sold_quantities)
        .bind(key.map(IdempotencyKey::name))
        .bind(key.map(|key| &key.fingerprint()[..]))
        .bind(key_ends)
        .bind(version)
        .bind(locked_until_ms)
        .bind(blocked_weight_mg)
        .bind(stock == Stock::Take)
        .fetch_optional(connection)
        .await
        .or_store_error()?;
    let Some(row) = row else { return Ok(None) };
    let order_id = row.try_get(0).or_store_error()?;
    let status = placed.status;
    Ok(Some(Order { order_id, user_id, cart_id, status, placed_at: now, payment, totals, lines }))
}

/// The order that a request with this key has made.
async fn order_of_key(
    connection: &mut PgConnection,
    user_id: UserId,
    key: &IdempotencyKey,
    now: Timestamp,
) -> Result<Option<OrderId>, OrderError> {
    let query = sqlx::query_scalar(BEGIN_KEY).bind(user_id).bind(key.name());
    if !query.fetch_one(&mut *connection).await.or_store_error()? {
        return Err(OrderError::InProgress);
    }
    let query = sqlx::query(FIND_KEY)
        .bind(user_id)
        .bind(key.name())
        .bind(&key.fingerprint()[..])
        .bind(now.as_millisecond());
    let Some(row) = query.fetch_optional(connection).await.or_store_error()? else { return Ok(None) };
    if row.try_get(1).or_store_error()? {
        Ok(Some(row.try_get(0).or_store_error()?))
    } else {
        Err(OrderError::KeyReused)
    }
}

/// One order, which stays as it is until the transaction ends; that of another shopper than `owner` is none.
pub(super) async fn lock_order(
    connection: &mut PgConnection,
    order_id: OrderId,
    owner: Option<UserId>,
) -> Result<Order, OrderError> {
    sqlx::query(LOCK).bind(order_id).bind(owner).execute(&mut *connection).await.or_store_error()?;
    one_order(connection, order_id, owner).await
}

/// One order; that of another shopper than `owner` is none.
pub(super) async fn one_order(
    connection: &mut PgConnection,
    order_id: OrderId,
    owner: Option<UserId>,
) -> Result<Order, OrderError> {
    let query = sqlx::query(ORDER).bind(order_id).bind(owner);
    let rows = query.fetch_all(connection).await.or_store_error()?;
    let order = orders(&rows).or_store_error()?.pop();
    order.ok_or(OrderError::OrderNotFound { order_id })
}

/// What is to be bought.
struct Cart {
    cart_id: CartId,
    state: CartState,
    lines: Vec<(CartLine, TaxClass)>,
    tax_mode: TaxMode,
    /// The products whose stock is counted, and how many pieces are wanted.
    counted: Vec<(ProductId, u32)>,
    /// Whether something is held for the shopper.
    has_hold: bool,
    /// What tells whether it is still the same.
    version: i64,
    locked_until_ms: Option<i64>,
    blocked_weight_mg: Option<i64>,
}

/// The shopper's cart, which stays as it is until the transaction ends.
async fn lock_cart(
    connection: &mut PgConnection,
    user_id: UserId,
    now: Timestamp,
) -> Result<Option<Cart>, StoreError> {
    loop {
        let rows = sqlx::query(LOCK_CART).bind(user_id).fetch_all(&mut *connection).await.or_store_error()?;
        let Some(first) = rows.first() else { return Ok(None) };
        if is_current(first, PRODUCT_WIDTH + 1, LINE_WIDTH).or_store_error()? {
            return cart(first, &rows, now).map(Some).or_store_error();
        }
    }
}

fn cart(first: &PgRow, rows: &[PgRow], now: Timestamp) -> sqlx::Result<Cart> {
    let taxed = |row| {
        let tax_class = |line| Ok::<_, sqlx::Error>((line, tax_class(row, LINE_WIDTH + 1)?));
        line(row)?.map(tax_class).transpose()
    };
    let (mut lines, mut counted) = (Vec::new(), Vec::new());
    for row in rows {
        let Some((line, tax_class)) = taxed(row)? else { continue };
        if let Some(quantity) = line.quantity
            && row.try_get(LINE_WIDTH + 4)?
        {
            counted.push((line.product.product_id, quantity.get()));
        }
        lines.push((line, tax_class));
    }
    counted.sort_unstable();
    Ok(Cart {
        cart_id: first.try_get(PRODUCT_WIDTH)?,
        state: state(first, LINE_WIDTH + 6, now)?,
        lines,
        tax_mode: tax_mode(first, LINE_WIDTH + 3)?,
        counted,
        has_hold: first.try_get(LINE_WIDTH + 5)?,
        version: first.try_get(PRODUCT_WIDTH + 1)?,
        locked_until_ms: first.try_get(LINE_WIDTH + 6)?,
        blocked_weight_mg: first.try_get(LINE_WIDTH + 7)?,
    })
}

fn tax_class(row: &PgRow, first: usize) -> sqlx::Result<TaxClass> {
    Ok(TaxClass { hsn: row.try_get(first)?, gst_basis_points: number(row, first + 1)? })
}

fn tax_mode(row: &PgRow, column: usize) -> sqlx::Result<TaxMode> {
    Ok(if row.try_get(column)? { TaxMode::Included } else { TaxMode::Excluded })
}

/// A shopper who is retired has no orders to make.
async fn no_cart(connection: &mut PgConnection, user_id: UserId) -> OrderError {
    match check_user(connection, user_id).await {
        Ok(()) => OrderError::NoActiveCart,
        Err(CartError::Store(error)) => error.into(),
        Err(_) => OrderError::UserNotFound { user_id },
    }
}

fn orders(rows: &[PgRow]) -> sqlx::Result<Vec<Order>> {
    let mut orders: Vec<Order> = Vec::new();
    for row in rows {
        let order_id: i64 = row.try_get(0)?;
        if orders.last().is_none_or(|order| order.order_id != order_id) {
            orders.push(order(row)?);
        }
        if let Some(order) = orders.last_mut() {
            order.lines.push(order_line(row, order.totals.price.currency())?);
        }
    }
    Ok(orders)
}

/// An order whose lines are still to come.
fn order(row: &PgRow) -> sqlx::Result<Order> {
    let currency = parsed(row, 4)?;
    let money = |column| Ok::<_, sqlx::Error>(Money::new(row.try_get(column)?, currency));
    let totals = Totals {
        quantity: number(row, 5)?,
        price: money(6)?,
        discounted_price: money(7)?,
        tax: money(8)?,
        tax_mode: tax_mode(row, 9)?,
    };
    Ok(Order {
        order_id: row.try_get(0)?,
        user_id: row.try_get(LINE + LINE_COLUMNS)?,
        cart_id: row.try_get(1)?,
        status: parsed(row, 2)?,
        placed_at: timestamp(row, 3)?,
        payment: payment(row, PAYMENT)?,
        totals,
        lines: Vec::new(),
    })
}

fn order_line(row: &PgRow, currency: Currency) -> sqlx::Result<OrderLine> {
    let money = |column| Ok::<_, sqlx::Error>(Money::new(row.try_get(column)?, currency));
    let quantity = read_quantity(row, LINE + 2)?;
    Ok(OrderLine {
        product_id: row.try_get(LINE)?,
        product_name: row.try_get(LINE + 1)?,
        quantity: quantity.ok_or_else(|| unreadable(LINE + 2, CartError::TooMany))?,
        price: money(LINE + 3)?,
        discounted_price: money(LINE + 4)?,
        tax_class: tax_class(row, LINE + 5)?,
        tax: money(LINE + 7)?,
        short: number(row, LINE + 8)?,
        returned: number(row, LINE + 9)?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::TEST_SERVER;
    use super::super::connections::Lent;
    use super::*;
    use crate::catalog::CatalogStore;
    use crate::catalog::import::demo_store;

    #[tokio::test]
    async fn a_connection_plans_orders_a_few_times_and_then_never_again() {
        let url = TEST_SERVER.create_database();
        let store = PostgresStore::open(&url, 1).await.unwrap();
        store.import(demo_store().unwrap(), Box::new(|_, _| ())).await.unwrap();
        let user = "INSERT INTO \"user\" (user_id, phone, created_at_ms) VALUES (1, '+990', 0)";
        TEST_SERVER.query(&url, user).unwrap();
        for orders in 1..=12_i64 {
            let fill = format!(
                "INSERT INTO cart (cart_id, user_id, connected_at_ms) VALUES (2000000000 + {orders}, 1, 0); \
                 INSERT INTO cart_item (cart_id, product_id, quantity, version) \
                 SELECT 2000000000 + {orders}, product_id, 1, 0 FROM product ORDER BY product_id LIMIT 3"
            );
            TEST_SERVER.query(&url, &fill).unwrap();
            let order = store.checkout(1, PaymentMethod::Cash, None, Timestamp::UNIX_EPOCH).await.unwrap();
            assert_eq!(order.lines.len(), 3);
        }
        let plans = "SELECT custom_plans, generic_plans FROM pg_prepared_statements WHERE statement = $1";
        let plans = async |statement| {
            let read = |mut connection: Lent| async move {
                let query = sqlx::query_as::<_, (i64, i64)>(plans).bind(statement);
                query.fetch_one(&mut *connection).await.or_store_error()
            };
            store.pool.one::<_, StoreError, _>(read).await.unwrap()
        };
        assert_eq!((plans(READ_CART).await, plans(PLACE).await), ((5, 7), (5, 7)));
    }
}
