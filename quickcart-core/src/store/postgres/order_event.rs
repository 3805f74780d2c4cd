//! What happens to orders of every kind, in PostgreSQL: the status, its event, the outbox and the payment change together.

use serde_json::Value;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{PgConnection, Postgres, Row};

use super::error::OrStoreError;
use super::row::parsed;
use super::stock::give_back;
use crate::clock::Timestamp;
use crate::error::StoreError;
use crate::money::Money;
use crate::order::{Actor, IllegalTransition, OrderEvent, OrderKind, OrderStatus, Payment};

/// The steps of an order that its customer places and that is verified at once, and what is owed for it. For `WITH`, after `placed`,
/// which answers the order's number; with the values that [`bind_placed`] binds.
macro_rules! record_placed {
    ($kind:literal) => {
        concat!(
            "step AS (INSERT INTO order_event (order_kind, order_id, seq, event, from_status, to_status, actor, at_ms) \
                      SELECT '",
            $kind,
            "', order_id, seq, event, from_status, to_status, $1, $2 \
                      FROM placed, (VALUES (1, $3, NULL, $4), (2, $5, $4, $6)) AS step (seq, event, from_status, to_status) \
                      RETURNING order_id, seq), \
             told AS (INSERT INTO outbox (order_kind, order_id, seq) SELECT '",
            $kind,
            "', order_id, seq FROM step ORDER BY seq), \
             owed AS (INSERT INTO payment (order_kind, order_id, method, state, currency, amount_minor, created_at_ms, \
                                           updated_at_ms) \
                      SELECT '",
            $kind,
            "', order_id, $7, $8, $9, $10, $2, $2 FROM placed)"
        )
    };
}
pub(super) use record_placed;

/// Where an order stands that its customer places and verifies at once, and its version then.
pub(super) struct Placed {
    pub(super) status: OrderStatus,
    pub(super) version: i64,
    before: OrderStatus,
}

impl Placed {
    pub(super) fn by_customer() -> Result<Self, IllegalTransition> {
        let before = OrderStatus::placed(Actor::Customer)?;
        Ok(Self { status: before.after(OrderEvent::Verify, Actor::Customer)?, version: 2, before })
    }

    /// Binds the first ten values of a statement that has `record_placed`: the second is the time, the sixth the status.
    pub(super) fn bind<'q>(&self, sql: &'static str, payment: &Payment, now: Timestamp) -> PgQuery<'q> {
        sqlx::query(sql)
            .bind(Actor::Customer.as_str())
            .bind(now.as_millisecond())
            .bind(OrderEvent::Place.as_str())
            .bind(self.before.as_str())
            .bind(OrderEvent::Verify.as_str())
            .bind(self.status.as_str())
            .bind(payment.method.as_str())
            .bind(payment.state.as_str())
            .bind(payment.amount.currency().code())
            .bind(payment.amount.minor())
    }
}

pub(super) type PgQuery<'q> = Query<'q, Postgres, PgArguments>;

/// The statements that move an order of one kind.
struct Statements {
    lock: &'static str,
    advance: &'static str,
}

/// Orders of different kinds are in tables of their own.
fn statements(kind: OrderKind) -> Statements {
    macro_rules! of {
        ($table:literal) => {
            Statements {
                lock: concat!("SELECT status, version FROM ", $table, " WHERE order_id = $1 FOR UPDATE"),
                advance: concat!(
                    "WITH moved AS (UPDATE ",
                    $table,
                    " SET status = $2, version = $3 WHERE order_id = $1), \
                     step AS (INSERT INTO order_event (order_kind, order_id, seq, event, from_status, to_status, actor, at_ms, \
                                                       detail_json) \
                              VALUES ($8, $1, $3, $4, $5, $2, $6, $7, $9)) \
                     INSERT INTO outbox (order_kind, order_id, seq) VALUES ($8, $1, $3)"
                ),
            }
        };
    }
    match kind {
        OrderKind::Cart => of!("orders"),
        OrderKind::Book => of!("book_order"),
    }
}

/// The columns that [`payment`] reads, for `concat!`.
macro_rules! payment_columns {
    () => {
        "payment.method, payment.state, payment.currency, payment.amount_minor, payment.refunded_minor"
    };
}
pub(super) use payment_columns;

/// The latest attempt to pay.
const LOCK_PAYMENT: &str = concat!(
    "SELECT payment_id, ",
    payment_columns!(),
    " FROM payment WHERE order_kind = $2 AND order_id = $1 ORDER BY payment_id DESC LIMIT 1 FOR UPDATE"
);
const CHANGE_PAYMENT: &str = "UPDATE payment SET state = $2, amount_minor = $3, refunded_minor = $4, updated_at_ms = $5 \
     WHERE payment_id = $1 AND (state, amount_minor, refunded_minor) <> ($2, $3, $4)";

/// Moves an order on, if it may be moved so; `None` when there is no such order.
pub(super) async fn advance<E>(
    connection: &mut PgConnection,
    kind: OrderKind,
    order_id: i64,
    event: OrderEvent,
    by: Actor,
    now: Timestamp,
) -> Result<Option<OrderStatus>, E>
where
    E: From<StoreError> + From<IllegalTransition>,
{
    advance_with(connection, (kind, order_id), event, None, by, now).await
}

/// The same, with what others are to hear besides.
pub(super) async fn advance_with<E>(
    connection: &mut PgConnection,
    (kind, order_id): (OrderKind, i64),
    event: OrderEvent,
    detail: Option<&Value>,
    by: Actor,
    now: Timestamp,
) -> Result<Option<OrderStatus>, E>
where
    E: From<StoreError> + From<IllegalTransition>,
{
    let statements = statements(kind);
    let row = sqlx::query(statements.lock).bind(order_id).fetch_optional(&mut *connection).await;
    let Some(row) = row.or_store_error()? else { return Ok(None) };
    let from: OrderStatus = parsed(&row, 0).or_store_error()?;
    let version: i64 = row.try_get(1).or_store_error()?;
    let to = from.after(event, by)?;
    sqlx::query(statements.advance)
        .bind(order_id)
        .bind(to.as_str())
        .bind(version + 1)
        .bind(event.as_str())
        .bind(from.as_str())
        .bind(by.as_str())
        .bind(now.as_millisecond())
        .bind(kind.as_str())
        .bind(detail.map(Value::to_string))
        .execute(&mut *connection)
        .await
        .or_store_error()?;
    if to != from {
        change_payment::<E>(connection, (kind, order_id), |payment| payment.when(to), now).await?;
    }
    if to == OrderStatus::Cancelled && kind == OrderKind::Cart {
        give_back(connection, order_id, by.as_str(), now).await?;
    }
    Ok(Some(to))
}

/// Changes the latest attempt to pay an order.
pub(super) async fn change_payment<E>(
    connection: &mut PgConnection,
    (kind, order_id): (OrderKind, i64),
    change: impl FnOnce(Payment) -> Result<Payment, IllegalTransition>,
    now: Timestamp,
) -> Result<(), E>
where
    E: From<StoreError> + From<IllegalTransition>,
{
    let row =
        sqlx::query(LOCK_PAYMENT).bind(order_id).bind(kind.as_str()).fetch_optional(&mut *connection).await;
    let Some(row) = row.or_store_error()? else { return Ok(()) };
    let Payment { state, amount, refunded, .. } = change(payment(&row, 1).or_store_error()?)?;
    sqlx::query(CHANGE_PAYMENT)
        .bind(row.try_get::<i64, _>(0).or_store_error()?)
        .bind(state.as_str())
        .bind(amount.minor())
        .bind(refunded.minor())
        .bind(now.as_millisecond())
        .execute(connection)
        .await
        .or_store_error()?;
    Ok(())
}

/// Joins the latest attempt to pay an order.
macro_rules! join_payment {
    ($kind:literal, $order:literal) => {
        concat!(
            "JOIN LATERAL (SELECT method, state, currency, amount_minor, refunded_minor FROM payment WHERE order_kind = '",
            $kind,
            "' AND payment.order_id = ",
            $order,
            ".order_id ORDER BY payment_id DESC LIMIT 1) AS payment ON TRUE"
        )
    };
}
pub(super) use join_payment;

/// Reads `payment_columns`, the first of which is column `first`.
pub(super) fn payment(row: &PgRow, first: usize) -> sqlx::Result<Payment> {
    let currency = parsed(row, first + 2)?;
    let money = |column| Ok::<_, sqlx::Error>(Money::new(row.try_get(column)?, currency));
    let (amount, refunded) = (money(first + 3)?, money(first + 4)?);
    Ok(Payment { method: parsed(row, first)?, state: parsed(row, first + 1)?, amount, refunded })
}
