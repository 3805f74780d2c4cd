//! Returns in SQLite.

use async_trait::async_trait;
use rusqlite::{Params, Row, Transaction, params};
use serde_json::json;

use super::SqliteStore;
use super::error::OrStoreError;
use super::order::{order, reference};
use super::order_event::{advance_with, change_payment};
use super::row::{parsed, quantity, timestamp};
use super::statement::run;
use super::stock::put_back;
use crate::account::UserId;
use crate::cart::Quantity;
use crate::catalog::{Page, ProductId};
use crate::clock::Timestamp;
use crate::error::StoreError;
use crate::money::Money;
use crate::order::{
    Actor, Order, OrderError, OrderEvent, OrderId, Payment, Return, ReturnId, ReturnRequest, ReturnState,
    ReturnStep, ReturnStore,
};

#[async_trait]
impl ReturnStore for SqliteStore {
    async fn request_return(
        &self,
        order_id: OrderId,
        owner: Option<UserId>,
        request: &ReturnRequest,
        by: Actor,
        delivered_since: Timestamp,
        now: Timestamp,
    ) -> Result<Return, OrderError> {
        let request = request.clone();
        self.writer
            .write(move |transaction| {
                let (order, event) = (order(transaction, order_id, owner)?, OrderEvent::RequestReturn);
                order.status.after(event, by)?;
                if delivered_at(transaction, order_id)? < delivered_since {
                    return Err(OrderError::ReturnTooLate);
                }
                let state = ReturnState::requested(by)?;
                let return_id = insert(transaction, &order, state, &request, now)?;
                note(transaction, order_id, return_id, event, by, now)?;
                one(transaction, return_id)
            })
            .await
    }

    async fn advance_return(
        &self,
        return_id: ReturnId,
        step: ReturnStep,
        now: Timestamp,
    ) -> Result<Return, OrderError> {
        self.writer
            .write(move |transaction| {
                let (event, by) = (step.event(), Actor::Staff);
                let Return { order_id, state, amount, lines, .. } = one(transaction, return_id)?;
                let state = state.after(event, by)?;
                let sql = "UPDATE order_return SET state = ?2 WHERE return_id = ?1";
                run(transaction, sql, params![return_id, state.as_str()])?;
                note(transaction, order_id, return_id, event, by, now)?;
                match step {
                    ReturnStep::Receive => {}
                    ReturnStep::Restock => {
                        let pieces =
                            lines.iter().map(|(product_id, quantity)| (*product_id, quantity.get().into()));
                        put_back(transaction, order_id, pieces, by.as_str(), now)?;
                    }
                    ReturnStep::Refund => {
                        let less = |payment: Payment| payment.less(amount);
                        change_payment::<OrderError>(transaction, reference(order_id), less, now)?;
                    }
                    ReturnStep::Reject => {
                        for (product_id, quantity) in lines {
                            set_aside(transaction, order_id, product_id, -i64::from(quantity.get()))?;
                        }
                    }
                }
                one(transaction, return_id)
            })
            .await
    }

    async fn returns_of_order(
        &self,
        order_id: OrderId,
        owner: Option<UserId>,
    ) -> Result<Vec<Return>, OrderError> {
        self.readers
            .scan(move |transaction| {
                order(transaction, order_id, owner)?;
                let sql = format!("{SELECT} WHERE order_id = ?1 ORDER BY return_id DESC");
                Ok(all(transaction, &sql, [order_id])?)
            })
            .await
    }

    async fn returns(&self, state: Option<ReturnState>, page: Page) -> Result<Vec<Return>, OrderError> {
        let in_state = if state.is_some() { "WHERE state = ?1" } else { "WHERE ?1 IS NULL" };
        let sql = format!("{SELECT} {in_state} ORDER BY return_id LIMIT ?2 OFFSET ?3");
        let state = state.map(ReturnState::as_str);
        self.readers
            .scan(move |transaction| Ok(all(transaction, &sql, params![state, page.limit, page.offset])?))
            .await
    }
}

fn insert(
    transaction: &Transaction<'_>,
    order: &Order,
    state: ReturnState,
    request: &ReturnRequest,
    now: Timestamp,
) -> Result<ReturnId, OrderError> {
    let (amount, reason) = (request.amount(order)?.minor(), request.reason().as_str());
    let sql = "INSERT INTO order_return (order_id, state, reason, amount_minor, requested_at_ms) \
               VALUES (?1, ?2, ?3, ?4, ?5)";
    run(transaction, sql, params![order.order_id, state.as_str(), reason, amount, now.as_millisecond()])?;
    let return_id = transaction.last_insert_rowid();
    for (product_id, quantity) in request.lines() {
        let sql = "INSERT INTO return_line (return_id, product_id, quantity) VALUES (?1, ?2, ?3)";
        run(transaction, sql, params![return_id, product_id, quantity.get()])?;
        set_aside(transaction, order.order_id, product_id, quantity.get().into())?;
    }
    Ok(return_id)
}

/// Writes down what happens to a return, as far as it can happen to its order.
fn note(
    transaction: &Transaction<'_>,
    order_id: OrderId,
    return_id: ReturnId,
    event: OrderEvent,
    by: Actor,
    now: Timestamp,
) -> Result<(), OrderError> {
    let detail = json!({ "return_id": return_id });
    advance_with::<OrderError>(transaction, reference(order_id), event, Some(&detail), by, now).map(drop)
}

fn delivered_at(transaction: &Transaction<'_>, order_id: OrderId) -> Result<Timestamp, StoreError> {
    let sql = "SELECT at_ms FROM order_event WHERE order_kind = 'cart' AND order_id = ?1 \
               AND to_status = 'delivered' AND from_status <> 'delivered'";
    let query = transaction.prepare_cached(sql);
    query.and_then(|mut statement| statement.query_row([order_id], |row| timestamp(row, 0))).or_store_error()
}

/// Notes that so many pieces more of an order are to come back.
fn set_aside(
    transaction: &Transaction<'_>,
    order_id: OrderId,
    product_id: ProductId,
    more: i64,
) -> Result<(), StoreError> {
    let sql = "UPDATE order_line SET returned_quantity = returned_quantity + ?3 \
               WHERE order_id = ?1 AND product_id = ?2";
    run(transaction, sql, params![order_id, product_id, more]).map(drop)
}

/// The columns that [`all`] reads.
const SELECT: &str = "SELECT return_id, order_id, user_id, state, reason, requested_at_ms, amount_minor, currency \
                      FROM order_return JOIN orders USING (order_id)";

fn one(transaction: &Transaction<'_>, return_id: ReturnId) -> Result<Return, OrderError> {
    let found = all(transaction, &format!("{SELECT} WHERE return_id = ?1"), [return_id])?;
    found.into_iter().next().ok_or(OrderError::ReturnNotFound { return_id })
}

fn all(transaction: &Transaction<'_>, sql: &str, values: impl Params) -> Result<Vec<Return>, StoreError> {
    let read = |row: &Row<'_>| {
        Ok(Return {
            return_id: row.get(0)?,
            order_id: row.get(1)?,
            user_id: row.get(2)?,
            state: parsed(row, 3)?,
            reason: parsed(row, 4)?,
            requested_at: timestamp(row, 5)?,
            amount: Money::new(row.get(6)?, parsed(row, 7)?),
            lines: Vec::new(),
        })
    };
    let mut statement = transaction.prepare_cached(sql).or_store_error()?;
    let found = statement.query_map(values, read).or_store_error()?;
    let mut returns = found.collect::<rusqlite::Result<Vec<Return>>>().or_store_error()?;
    for item in &mut returns {
        item.lines = lines(transaction, item.return_id)?;
    }
    Ok(returns)
}

fn lines(
    transaction: &Transaction<'_>,
    return_id: ReturnId,
) -> Result<Vec<(ProductId, Quantity)>, StoreError> {
    let sql = "SELECT product_id, quantity FROM return_line WHERE return_id = ?1 ORDER BY product_id";
    let read = |row: &Row<'_>| Ok((row.get(0)?, quantity(row, 1)?));
    let mut statement = transaction.prepare_cached(sql).or_store_error()?;
    let rows = statement.query_map([return_id], read).or_store_error()?;
    rows.collect::<rusqlite::Result<_>>().or_store_error()
}
