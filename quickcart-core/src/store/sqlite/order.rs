//! Orders in SQLite.

use async_trait::async_trait;
use rusqlite::{OptionalExtension, Row, Transaction, params};
use serde_json::json;

use super::SqliteStore;
use super::cart::{check_user, release, view};
use super::error::OrStoreError;
use super::order_event::{OrderRef, advance, advance_with, change_payment, payment, place};
use super::row::{parsed, quantity, timestamp};
use super::statement::run;
use super::stock::{sell, write_off};
use crate::account::UserId;
use crate::cart::{CartError, CartStep, Quantity};
use crate::catalog::{Page, ProductId};
use crate::clock::Timestamp;
use crate::error::StoreError;
use crate::money::{Currency, Money};
use crate::order::{
    Actor, IdempotencyKey, Order, OrderError, OrderEvent, OrderId, OrderKind, OrderLine, OrderStatus,
    OrderStore, Payment, PaymentMethod, Totals, price,
};
use crate::tax::{TaxClass, TaxMode};

#[async_trait]
impl OrderStore for SqliteStore {
    async fn checkout(
        &self,
        user_id: UserId,
        payment: PaymentMethod,
        key: Option<&IdempotencyKey>,
        now: Timestamp,
    ) -> Result<Order, OrderError> {
        let key = key.cloned();
        self.writer.write(move |transaction| checkout(transaction, user_id, payment, key.as_ref(), now)).await
    }

    async fn advance_order(
        &self,
        order_id: OrderId,
        owner: Option<UserId>,
        event: OrderEvent,
        by: Actor,
        now: Timestamp,
    ) -> Result<Order, OrderError> {
        self.writer
            .write(move |transaction| {
                order(transaction, order_id, owner)?;
                advance::<OrderError>(transaction, reference(order_id), event, by, now)?;
                order(transaction, order_id, owner)
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
        self.writer
            .write(move |transaction| {
                let (before, event, by) =
                    (order(transaction, order_id, None)?, OrderEvent::ShortPick, Actor::Staff);
                let asked = before.short_pick(product_id, missing)?;
                let detail = json!({ "product_id": product_id, "quantity": missing.get() });
                advance_with::<OrderError>(transaction, reference(order_id), event, Some(&detail), by, now)?;
                let sql = "UPDATE order_line SET short_quantity = short_quantity + ?3 WHERE order_id = ?1 AND product_id = ?2";
                run(transaction, sql, params![order_id, product_id, missing.get()])?;
                write_off(transaction, order_id, product_id, missing.get(), now)?;
                let less = |payment: Payment| payment.less(asked);
                change_payment::<OrderError>(transaction, reference(order_id), less, now)?;
                order(transaction, order_id, None)
            })
            .await
    }

    async fn orders(&self, user_id: UserId, page: Page) -> Result<Vec<Order>, OrderError> {
        self.readers
            .scan(move |transaction| {
                check_shopper(transaction, user_id)?;
                orders(transaction, user_id, page)
            })
            .await
    }
}

/// A shopper who is retired has no orders to see.
fn check_shopper(transaction: &Transaction<'_>, user_id: UserId) -> Result<(), OrderError> {
    check_user(transaction, user_id).map_err(|error| match error {
        CartError::Store(error) => error.into(),
        _ => OrderError::UserNotFound { user_id },
    })
}

fn no_cart(transaction: &Transaction<'_>, user_id: UserId) -> OrderError {
    check_shopper(transaction, user_id).err().unwrap_or(OrderError::NoActiveCart)
}

fn checkout(
    transaction: &Transaction<'_>,
    user_id: UserId,
    method: PaymentMethod,
    key: Option<&IdempotencyKey>,
    now: Timestamp,
) -> Result<Order, OrderError> {
    if let Some(key) = key
        && let Some(order_id) = order_of_key(transaction, user_id, key, now)?
    {
        return order(transaction, order_id, Some(user_id)).map(Order::as_placed);
    }
    let cart = view(transaction, user_id, now)?.ok_or_else(|| no_cart(transaction, user_id))?;
    cart.state.after(CartStep::PlaceOrder, Actor::Customer)?;
    let cart_id = cart.cart_id;
    let mut taxed = Vec::with_capacity(cart.lines.len());
    for line in cart.lines {
        let tax_class = tax_class(transaction, line.product.product_id)?;
        taxed.push((line, tax_class));
    }
    let (lines, totals) = price(taxed, tax_mode(transaction)?)?;
    let order_id = insert(transaction, user_id, cart_id, &totals, now)?;
    for (index, line) in lines.iter().enumerate() {
        insert_line(transaction, order_id, index, line)?;
    }
    let wanted = lines.iter().map(|line| (line.product_id, line.quantity.get()));
    let shortages = sell(transaction, user_id, order_id, wanted, now)?;
    if !shortages.is_empty() {
        return Err(OrderError::OutOfStock { shortages });
    }
    let payment = totals.payment(method);
    let order = reference(order_id);
    place::<OrderError>(transaction, order, &payment, Actor::Customer, now)?;
    let status = advance::<OrderError>(transaction, order, OrderEvent::Verify, Actor::Customer, now)?;
    let status = status.ok_or_else(|| StoreError::internal("an order that was placed is gone"))?;
    release(transaction, cart_id)?;
    if let Some(key) = key {
        remember_key(transaction, user_id, key, order_id, now)?;
    }
    Ok(Order { order_id, user_id, cart_id, status, placed_at: now, payment, totals, lines })
}

/// The order that a request with this key has made.
fn order_of_key(
    transaction: &Transaction<'_>,
    user_id: UserId,
    key: &IdempotencyKey,
    now: Timestamp,
) -> Result<Option<OrderId>, OrderError> {
    let sql = "SELECT order_id, fingerprint = ?3 FROM idempotency_key WHERE user_id = ?1 AND key = ?2 AND expires_at_ms > ?4";
    let values = params![user_id, key.name(), key.fingerprint(), now.as_millisecond()];
    let query = transaction.prepare_cached(sql);
    let known: Option<(OrderId, bool)> = query
        .and_then(|mut statement| {
            statement.query_row(values, |row| Ok((row.get(0)?, row.get(1)?))).optional()
        })
        .or_store_error()?;
    match known {
        Some((_, false)) => Err(OrderError::KeyReused),
        known => Ok(known.map(|(order_id, _)| order_id)),
    }
}

/// Keeps the key for as long as it lives, and forgets some of those that do not any more.
fn remember_key(
    transaction: &Transaction<'_>,
    user_id: UserId,
    key: &IdempotencyKey,
    order_id: OrderId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO idempotency_key (user_id, key, fingerprint, order_id, expires_at_ms) VALUES (?1, ?2, ?3, ?4, ?5) \
               ON CONFLICT (user_id, key) DO UPDATE \
               SET fingerprint = excluded.fingerprint, order_id = excluded.order_id, expires_at_ms = excluded.expires_at_ms";
    let expires_at = now + IdempotencyKey::LIFETIME;
    let values = params![user_id, key.name(), key.fingerprint(), order_id, expires_at.as_millisecond()];
    run(transaction, sql, values)?;
    let sql = "DELETE FROM idempotency_key WHERE (user_id, key) IN \
               (SELECT user_id, key FROM idempotency_key WHERE expires_at_ms <= ?1 ORDER BY expires_at_ms LIMIT 16)";
    run(transaction, sql, [now.as_millisecond()]).map(drop)
}

pub(super) fn reference(order_id: OrderId) -> OrderRef {
    OrderRef { kind: OrderKind::Cart, order_id }
}

fn tax_mode(transaction: &Transaction<'_>) -> Result<TaxMode, StoreError> {
    let query = transaction.prepare_cached("SELECT prices_include_tax FROM store");
    let included: bool =
        query.and_then(|mut statement| statement.query_row([], |row| row.get(0))).or_store_error()?;
    Ok(if included { TaxMode::Included } else { TaxMode::Excluded })
}

fn tax_class(transaction: &Transaction<'_>, product_id: ProductId) -> Result<TaxClass, StoreError> {
    let query = transaction.prepare_cached("SELECT hsn, gst_basis_points FROM product WHERE product_id = ?1");
    let read = |row: &Row<'_>| Ok(TaxClass { hsn: row.get(0)?, gst_basis_points: row.get(1)? });
    query.and_then(|mut statement| statement.query_row([product_id], read)).or_store_error()
}

fn insert(
    transaction: &Transaction<'_>,
    user_id: UserId,
    cart_id: i64,
    totals: &Totals,
    now: Timestamp,
) -> Result<OrderId, StoreError> {
    let sql = "INSERT INTO orders (user_id, cart_id, status, version, placed_at_ms, currency, total_quantity, \
                                   total_price_minor, discounted_price_minor, tax_minor, tax_included) \
               VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6, ?7, ?8, ?9, ?10) RETURNING order_id";
    let currency = totals.price.currency();
    let values = params![
        user_id,
        cart_id,
        OrderStatus::Pending.as_str(),
        now.as_millisecond(),
        currency.code(),
        totals.quantity,
        totals.price.minor(),
        totals.discounted_price.minor(),
        totals.tax.minor(),
        totals.tax_mode == TaxMode::Included,
    ];
    let query = transaction.prepare_cached(sql);
    query.and_then(|mut statement| statement.query_row(values, |row| row.get(0))).or_store_error()
}

fn insert_line(
    transaction: &Transaction<'_>,
    order_id: OrderId,
    index: usize,
    line: &OrderLine,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO order_line (order_id, line_num, product_id, product_name, quantity, price_minor, \
                                       discounted_price_minor, hsn, gst_basis_points, tax_minor) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    let values = params![
        order_id,
        index + 1,
        line.product_id,
        line.product_name,
        line.quantity.get(),
        line.price.minor(),
        line.discounted_price.minor(),
        line.tax_class.hsn,
        line.tax_class.gst_basis_points,
        line.tax.minor(),
    ];
    transaction
        .prepare_cached(sql)
        .and_then(|mut statement| statement.execute(values))
        .map(|_| ())
        .or_store_error()
}

/// A row of `orders`, with what is in other tables still to come.
struct OrderRow {
    order_id: OrderId,
    user_id: UserId,
    cart_id: i64,
    status: OrderStatus,
    placed_at: Timestamp,
    totals: Totals,
}

/// The columns that [`order_row`] reads.
const ORDER_COLUMNS: &str = "order_id, cart_id, placed_at_ms, currency, total_quantity, total_price_minor, \
     discounted_price_minor, tax_minor, tax_included, status, user_id";

/// One order; that of another shopper than `owner` is none.
pub(super) fn order(
    transaction: &Transaction<'_>,
    order_id: OrderId,
    owner: Option<UserId>,
) -> Result<Order, OrderError> {
    let sql =
        format!("SELECT {ORDER_COLUMNS} FROM orders WHERE order_id = ?1 AND (?2 IS NULL OR user_id = ?2)");
    let query = transaction.prepare_cached(&sql);
    let row = query
        .and_then(|mut statement| statement.query_row(params![order_id, owner], order_row).optional())
        .or_store_error()?;
    complete(transaction, row.ok_or(OrderError::OrderNotFound { order_id })?)
}

fn orders(transaction: &Transaction<'_>, user_id: UserId, page: Page) -> Result<Vec<Order>, OrderError> {
    let sql = format!(
        "SELECT {ORDER_COLUMNS} FROM orders WHERE user_id = ?1 ORDER BY order_id DESC LIMIT ?2 OFFSET ?3"
    );
    let mut statement = transaction.prepare_cached(&sql).or_store_error()?;
    let rows = statement.query_map(params![user_id, page.limit, page.offset], order_row).or_store_error()?;
    rows.map(|row| complete(transaction, row.or_store_error()?)).collect()
}

fn complete(transaction: &Transaction<'_>, row: OrderRow) -> Result<Order, OrderError> {
    let OrderRow { order_id, user_id, cart_id, status, placed_at, totals } = row;
    let lines = lines(transaction, order_id, totals.price.currency())?;
    let payment = payment(transaction, reference(order_id))?;
    Ok(Order { order_id, user_id, cart_id, status, placed_at, payment, totals, lines })
}

fn order_row(row: &Row<'_>) -> rusqlite::Result<OrderRow> {
    let currency = parsed(row, 3)?;
    let money = |column| Ok::<_, rusqlite::Error>(Money::new(row.get(column)?, currency));
    let tax_mode = if row.get(8)? { TaxMode::Included } else { TaxMode::Excluded };
    let (price, discounted_price, tax) = (money(5)?, money(6)?, money(7)?);
    let totals = Totals { quantity: row.get(4)?, price, discounted_price, tax, tax_mode };
    Ok(OrderRow {
        order_id: row.get(0)?,
        user_id: row.get(10)?,
        cart_id: row.get(1)?,
        status: parsed(row, 9)?,
        placed_at: timestamp(row, 2)?,
        totals,
    })
}

fn lines(
    transaction: &Transaction<'_>,
    order_id: OrderId,
    currency: Currency,
) -> Result<Vec<OrderLine>, StoreError> {
    let sql = "SELECT product_id, product_name, quantity, price_minor, discounted_price_minor, hsn, gst_basis_points, \
                      tax_minor, short_quantity, returned_quantity \
               FROM order_line WHERE order_id = ?1 ORDER BY line_num";
    let read = |row: &Row<'_>| {
        Ok(OrderLine {
            product_id: row.get(0)?,
            product_name: row.get(1)?,
            quantity: quantity(row, 2)?,
            price: Money::new(row.get(3)?, currency),
            discounted_price: Money::new(row.get(4)?, currency),
            tax_class: TaxClass { hsn: row.get(5)?, gst_basis_points: row.get(6)? },
            tax: Money::new(row.get(7)?, currency),
            short: row.get(8)?,
            returned: row.get(9)?,
        })
    };
    let mut statement = transaction.prepare_cached(sql).or_store_error()?;
    let rows = statement.query_map([order_id], read).or_store_error()?;
    rows.collect::<rusqlite::Result<_>>().or_store_error()
}
