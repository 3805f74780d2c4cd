//! Returns in PostgreSQL.

use async_trait::async_trait;
use serde_json::json;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use super::PostgresStore;
use super::cart::read_quantity;
use super::error::OrStoreError;
use super::order::{lock_order, one_order};
use super::order_event::{advance_with, change_payment};
use super::row::{parsed, timestamp, unreadable};
use super::stock::put_back;
use crate::account::UserId;
use crate::cart::CartError;
use crate::catalog::{Page, ProductId};
use crate::clock::Timestamp;
use crate::error::StoreError;
use crate::money::Money;
use crate::order::{
    Actor, Order, OrderError, OrderEvent, OrderId, OrderKind, Payment, Return, ReturnId, ReturnRequest,
    ReturnState, ReturnStep, ReturnStore,
};

const DELIVERED_AT: &str = "SELECT at_ms FROM order_event WHERE order_kind = 'cart' AND order_id = $1 \
     AND to_status = 'delivered' AND from_status <> 'delivered'";
const INSERT: &str = "WITH item AS (INSERT INTO order_return (order_id, state, reason, amount_minor, requested_at_ms) \
                   VALUES ($1, $2, $3, $4, $5) RETURNING return_id), \
     line AS (INSERT INTO return_line (return_id, product_id, quantity) \
              SELECT return_id, product_id, quantity \
              FROM item, UNNEST($6::BIGINT[], $7::BIGINT[]) AS line (product_id, quantity)) \
     SELECT return_id FROM item";
/// So many pieces more of an order are to come back.
const SET_ASIDE: &str = "UPDATE order_line SET returned_quantity = returned_quantity + line.quantity \
     FROM UNNEST($2::BIGINT[], $3::BIGINT[]) AS line (product_id, quantity) \
     WHERE order_id = $1 AND order_line.product_id = line.product_id";
const ORDER_OF_RETURN: &str = "SELECT order_id FROM order_return WHERE return_id = $1";
const SET_STATE: &str = "UPDATE order_return SET state = $2 WHERE return_id = $1";

/// A row for each line of some returns, whose numbers `$which` answers. Those of one return are together.
macro_rules! select_returns {
    ($which:literal, $order:literal) => {
        concat!(
            "SELECT item.return_id, item.order_id, orders.user_id, item.state, item.reason, item.requested_at_ms, \
                    item.amount_minor, orders.currency, line.product_id, line.quantity \
             FROM (SELECT * FROM order_return ",
            $which,
            ") AS item JOIN orders USING (order_id) JOIN return_line AS line USING (return_id) ORDER BY return_id ",
            $order,
            ", line.product_id"
        )
    };
}

const ONE: &str = select_returns!("WHERE return_id = $1", "");
const OF_ORDER: &str = select_returns!("WHERE order_id = $1", "DESC");
const ALL: &str = select_returns!("ORDER BY return_id LIMIT $1 OFFSET $2", "");
const IN_STATE: &str = select_returns!("WHERE state = $3 ORDER BY return_id LIMIT $1 OFFSET $2", "");

#[async_trait]
impl ReturnStore for PostgresStore {
    async fn request_return(
        &self,
        order_id: OrderId,
        owner: Option<UserId>,
        request: &ReturnRequest,
        by: Actor,
        delivered_since: Timestamp,
        now: Timestamp,
    ) -> Result<Return, OrderError> {
        self.pool
            .write(|mut transaction| async move {
                let connection = &mut *transaction;
                let order = lock_order(connection, order_id, owner).await?;
                let event = OrderEvent::RequestReturn;
                order.status.after(event, by)?;
                if delivered_at(connection, order_id).await? < delivered_since {
                    return Err(OrderError::ReturnTooLate);
                }
                let state = ReturnState::requested(by)?;
                let return_id = insert(connection, &order, state, request, now).await?;
                note(connection, order_id, return_id, event, by, now).await?;
                Ok((one(connection, return_id).await?, transaction))
            })
            .await
    }

    async fn advance_return(
        &self,
        return_id: ReturnId,
        step: ReturnStep,
        now: Timestamp,
    ) -> Result<Return, OrderError> {
        self.pool
            .write(|mut transaction| async move {
                let connection = &mut *transaction;
                let query = sqlx::query_scalar(ORDER_OF_RETURN).bind(return_id);
                let order_id: Option<OrderId> =
                    query.fetch_optional(&mut *connection).await.or_store_error()?;
                let order_id = order_id.ok_or(OrderError::ReturnNotFound { return_id })?;
                lock_order(connection, order_id, None).await?;
                let (event, by) = (step.event(), Actor::Staff);
                let Return { state, amount, lines, .. } = one(connection, return_id).await?;
                let state = state.after(event, by)?;
                let query = sqlx::query(SET_STATE).bind(return_id).bind(state.as_str());
                query.execute(&mut *connection).await.or_store_error()?;
                note(connection, order_id, return_id, event, by, now).await?;
                let pieces =
                    lines.iter().map(|(product_id, quantity)| (*product_id, i64::from(quantity.get())));
                match step {
                    ReturnStep::Receive => {}
                    ReturnStep::Restock => {
                        put_back(connection, order_id, pieces, by.as_str(), now).await?;
                    }
                    ReturnStep::Refund => {
                        let less = |payment: Payment| payment.less(amount);
                        change_payment::<OrderError>(connection, (OrderKind::Cart, order_id), less, now)
                            .await?;
                    }
                    ReturnStep::Reject => {
                        let pieces = pieces.map(|(product_id, quantity)| (product_id, -quantity));
                        set_aside(connection, order_id, pieces).await?;
                    }
                }
                Ok((one(connection, return_id).await?, transaction))
            })
            .await
    }

    async fn returns_of_order(
        &self,
        order_id: OrderId,
        owner: Option<UserId>,
    ) -> Result<Vec<Return>, OrderError> {
        self.pool
            .read(|mut transaction| async move {
                one_order(&mut transaction, order_id, owner).await?;
                let rows = sqlx::query(OF_ORDER).bind(order_id).fetch_all(&mut *transaction).await;
                Ok(returns(&rows.or_store_error()?).or_store_error()?)
            })
            .await
    }

    async fn returns(&self, state: Option<ReturnState>, page: Page) -> Result<Vec<Return>, OrderError> {
        let state = state.map(ReturnState::as_str);
        let rows = self.pool.one(|mut connection| async move {
            let query = sqlx::query(if state.is_some() { IN_STATE } else { ALL });
            let query = query.bind(i64::from(page.limit)).bind(i64::from(page.offset));
            let query = if state.is_some() { query.bind(state) } else { query };
            query.fetch_all(&mut *connection).await.or_store_error()
        });
        Ok(returns(&rows.await?).or_store_error()?)
    }
}

async fn insert(
    connection: &mut PgConnection,
    order: &Order,
    state: ReturnState,
    request: &ReturnRequest,
    now: Timestamp,
) -> Result<ReturnId, OrderError> {
    let amount = request.amount(order)?;
    let pieces = request.lines().map(|(product_id, quantity)| (product_id, i64::from(quantity.get())));
    set_aside(connection, order.order_id, pieces.clone()).await?;
    let (product_ids, quantities): (Vec<_>, Vec<_>) = pieces.unzip();
    let query = sqlx::query_scalar(INSERT)
        .bind(order.order_id)
        .bind(state.as_str())
        .bind(request.reason().as_str())
        .bind(amount.minor())
        .bind(now.as_millisecond())
        .bind(product_ids)
        .bind(quantities);
    Ok(query.fetch_one(connection).await.or_store_error()?)
}

async fn set_aside(
    connection: &mut PgConnection,
    order_id: OrderId,
    pieces: impl Iterator<Item = (ProductId, i64)>,
) -> Result<(), StoreError> {
    let (product_ids, quantities): (Vec<_>, Vec<_>) = pieces.unzip();
    let query = sqlx::query(SET_ASIDE).bind(order_id).bind(product_ids).bind(quantities);
    query.execute(connection).await.or_store_error().map(drop)
}

/// Writes down what happens to a return, as far as it can happen to its order.
async fn note(
    connection: &mut PgConnection,
    order_id: OrderId,
    return_id: ReturnId,
    event: OrderEvent,
    by: Actor,
    now: Timestamp,
) -> Result<(), OrderError> {
    let (order, detail) = ((OrderKind::Cart, order_id), json!({ "return_id": return_id }));
    advance_with::<OrderError>(connection, order, event, Some(&detail), by, now).await.map(drop)
}

async fn delivered_at(connection: &mut PgConnection, order_id: OrderId) -> Result<Timestamp, StoreError> {
    let row = sqlx::query(DELIVERED_AT).bind(order_id).fetch_one(connection).await.or_store_error()?;
    timestamp(&row, 0).or_store_error()
}

async fn one(connection: &mut PgConnection, return_id: ReturnId) -> Result<Return, OrderError> {
    let rows = sqlx::query(ONE).bind(return_id).fetch_all(connection).await.or_store_error()?;
    let found = returns(&rows).or_store_error()?.pop();
    found.ok_or(OrderError::ReturnNotFound { return_id })
}

fn returns(rows: &[PgRow]) -> sqlx::Result<Vec<Return>> {
    let mut returns: Vec<Return> = Vec::new();
    for row in rows {
        let return_id: ReturnId = row.try_get(0)?;
        if returns.last().is_none_or(|item| item.return_id != return_id) {
            returns.push(without_lines(row)?);
        }
        if let Some(item) = returns.last_mut() {
            let quantity = read_quantity(row, 9)?.ok_or_else(|| unreadable(9, CartError::TooMany))?;
            item.lines.push((row.try_get(8)?, quantity));
        }
    }
    Ok(returns)
}

fn without_lines(row: &PgRow) -> sqlx::Result<Return> {
    Ok(Return {
        return_id: row.try_get(0)?,
        order_id: row.try_get(1)?,
        user_id: row.try_get(2)?,
        state: parsed(row, 3)?,
        reason: parsed(row, 4)?,
        requested_at: timestamp(row, 5)?,
        amount: Money::new(row.try_get(6)?, parsed(row, 7)?),
        lines: Vec::new(),
    })
}
