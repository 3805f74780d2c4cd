//! What happens to orders of every kind, in SQLite: the status, its event, the outbox and the payment change together.

use rusqlite::{OptionalExtension, Row, Transaction, params};
use serde_json::Value;

use super::error::OrStoreError;
use super::row::parsed;
use super::statement::run;
use super::stock::give_back;
use crate::clock::Timestamp;
use crate::error::StoreError;
use crate::money::Money;
use crate::order::{Actor, IllegalTransition, OrderEvent, OrderKind, OrderStatus, Payment};

/// An order, by its kind and number.
#[derive(Clone, Copy, Debug)]
pub(super) struct OrderRef {
    pub(super) kind: OrderKind,
    pub(super) order_id: i64,
}

/// Orders of different kinds are in tables of their own, each with the columns `order_id`, `status` and `version`.
fn table(kind: OrderKind) -> &'static str {
    match kind {
        OrderKind::Cart => "orders",
        OrderKind::Book => "book_order",
    }
}

/// Places an order whose row is there already, with status `pending` and version 0, and notes what is owed for it.
pub(super) fn place<E>(
    transaction: &Transaction<'_>,
    order: OrderRef,
    payment: &Payment,
    by: Actor,
    now: Timestamp,
) -> Result<(), E>
where
    E: From<StoreError> + From<IllegalTransition>,
{
    let status = OrderStatus::placed(by)?;
    record(transaction, order, 1, (None, OrderEvent::Place, status), None, by, now)?;
    owe(transaction, order, payment, now)?;
    Ok(())
}

/// Moves an order on, if it may be moved so; `None` when there is no such order.
pub(super) fn advance<E>(
    transaction: &Transaction<'_>,
    order: OrderRef,
    event: OrderEvent,
    by: Actor,
    now: Timestamp,
) -> Result<Option<OrderStatus>, E>
where
    E: From<StoreError> + From<IllegalTransition>,
{
    advance_with(transaction, order, event, None, by, now)
}

/// The same, with what others are to hear besides.
pub(super) fn advance_with<E>(
    transaction: &Transaction<'_>,
    order: OrderRef,
    event: OrderEvent,
    detail: Option<&Value>,
    by: Actor,
    now: Timestamp,
) -> Result<Option<OrderStatus>, E>
where
    E: From<StoreError> + From<IllegalTransition>,
{
    let sql = format!("SELECT status, version FROM {} WHERE order_id = ?1", table(order.kind));
    let read = |row: &Row<'_>| Ok((parsed(row, 0)?, row.get(1)?));
    let query = transaction.prepare_cached(&sql);
    let found: Option<(OrderStatus, i64)> = query
        .and_then(|mut statement| statement.query_row([order.order_id], read).optional())
        .or_store_error()?;
    let Some((from, version)) = found else { return Ok(None) };
    let to = from.after(event, by)?;
    record(transaction, order, version + 1, (Some(from), event, to), detail, by, now)?;
    if to != from {
        change_payment::<E>(transaction, order, |payment| payment.when(to), now)?;
    }
    if to == OrderStatus::Cancelled && order.kind == OrderKind::Cart {
        give_back(transaction, order.order_id, by.as_str(), now)?;
    }
    Ok(Some(to))
}

fn record(
    transaction: &Transaction<'_>,
    order: OrderRef,
    seq: i64,
    (from, event, to): (Option<OrderStatus>, OrderEvent, OrderStatus),
    detail: Option<&Value>,
    by: Actor,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (kind, order_id, now) = (order.kind.as_str(), order.order_id, now.as_millisecond());
    let sql = format!("UPDATE {} SET status = ?2, version = ?3 WHERE order_id = ?1", table(order.kind));
    run(transaction, &sql, params![order_id, to.as_str(), seq])?;
    let sql = "INSERT INTO order_event (order_kind, order_id, seq, event, from_status, to_status, actor, at_ms, detail_json) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    let (event, from, to, by) = (event.as_str(), from.map(OrderStatus::as_str), to.as_str(), by.as_str());
    let detail = detail.map(Value::to_string);
    run(transaction, sql, params![kind, order_id, seq, event, from, to, by, now, detail])?;
    let sql = "INSERT INTO outbox (order_kind, order_id, seq) VALUES (?1, ?2, ?3)";
    run(transaction, sql, params![kind, order_id, seq]).map(drop)
}

fn owe(
    transaction: &Transaction<'_>,
    order: OrderRef,
    payment: &Payment,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO payment (order_kind, order_id, method, state, currency, amount_minor, created_at_ms, updated_at_ms) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)";
    let currency = payment.amount.currency();
    let values = params![
        order.kind.as_str(),
        order.order_id,
        payment.method.as_str(),
        payment.state.as_str(),
        currency.code(),
        payment.amount.minor(),
        now.as_millisecond(),
    ];
    run(transaction, sql, values).map(drop)
}

/// Changes the latest attempt to pay an order.
pub(super) fn change_payment<E>(
    transaction: &Transaction<'_>,
    order: OrderRef,
    change: impl FnOnce(Payment) -> Result<Payment, IllegalTransition>,
    now: Timestamp,
) -> Result<(), E>
where
    E: From<StoreError> + From<IllegalTransition>,
{
    let Some((payment_id, before)) = find_payment(transaction, order)? else { return Ok(()) };
    let Payment { state, amount, refunded, .. } = change(before)?;
    let sql = "UPDATE payment SET state = ?2, amount_minor = ?3, refunded_minor = ?4, updated_at_ms = ?5 \
               WHERE payment_id = ?1 AND (state, amount_minor, refunded_minor) <> (?2, ?3, ?4)";
    let values = params![payment_id, state.as_str(), amount.minor(), refunded.minor(), now.as_millisecond()];
    run(transaction, sql, values)?;
    Ok(())
}

/// The latest attempt to pay an order.
pub(super) fn payment(transaction: &Transaction<'_>, order: OrderRef) -> Result<Payment, StoreError> {
    let found = find_payment(transaction, order)?;
    found.map(|(_, payment)| payment).ok_or_else(|| StoreError::internal("an order without a payment"))
}

fn find_payment(
    transaction: &Transaction<'_>,
    order: OrderRef,
) -> Result<Option<(i64, Payment)>, StoreError> {
    let sql = "SELECT payment_id, method, state, currency, amount_minor, refunded_minor FROM payment \
               WHERE order_kind = ?1 AND order_id = ?2 ORDER BY payment_id DESC LIMIT 1";
    let read = |row: &Row<'_>| {
        let currency = parsed(row, 3)?;
        let (amount, refunded) = (Money::new(row.get(4)?, currency), Money::new(row.get(5)?, currency));
        Ok((row.get(0)?, Payment { method: parsed(row, 1)?, state: parsed(row, 2)?, amount, refunded }))
    };
    let query = transaction.prepare_cached(sql);
    let values = params![order.kind.as_str(), order.order_id];
    query.and_then(|mut statement| statement.query_row(values, read).optional()).or_store_error()
}
