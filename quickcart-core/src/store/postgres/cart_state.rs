//! Where carts stand, in PostgreSQL: what is known of it in a cart's row, and the way into a block and out of it.

use serde_json::json;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use super::admin::note;
use super::cart::{no_cart, read_quantity};
use super::error::OrStoreError;
use super::row::{number, optional_number, optional_timestamp};
use crate::account::UserId;
use crate::admin::{Action, Entity, cart_facts};
use crate::cart::{BlockedCart, CartError, CartId, CartState, CartStep, Quantity, Weighing};
use crate::catalog::Page;
use crate::clock::Timestamp;
use crate::error::StoreError;
use crate::transition::Actor;

/// The columns that [`state`] reads, of a table or alias `cart`, for `concat!`.
macro_rules! state_columns {
    () => {
        "cart.locked_until_ms, cart.blocked_weight_mg"
    };
}
pub(super) use state_columns;

const LOCK: &str =
    concat!("SELECT ", state_columns!(), ", cart_id, user_id FROM cart WHERE cart_id = $1 FOR UPDATE");
const LOCK_OWN: &str =
    concat!("SELECT ", state_columns!(), ", cart_id, user_id FROM cart WHERE user_id = $1 FOR UPDATE");
const LINES: &str =
    "SELECT weight_g, quantity FROM cart_item JOIN product USING (product_id) WHERE cart_id = $1";
const BLOCK: &str = "UPDATE cart SET blocked_weight_mg = $2 WHERE cart_id = $1";
/// A row for each line of a cart; one without lines has one row.
const BLOCKED: &str = "SELECT cart_id, user_id, blocked_weight_mg, weight_g, quantity FROM \
     (SELECT cart_id, user_id, blocked_weight_mg FROM cart WHERE blocked_weight_mg IS NOT NULL AND user_id IS NOT NULL \
      ORDER BY cart_id LIMIT $1 OFFSET $2) AS blocked \
     LEFT JOIN cart_item USING (cart_id) LEFT JOIN product USING (product_id) ORDER BY cart_id";

/// A cart as it stands.
pub(super) struct CartRow {
    pub(super) cart_id: CartId,
    pub(super) state: CartState,
    user_id: Option<UserId>,
    blocked_weight_mg: Option<u64>,
}

/// The cart of this shopper, which stays as it is until the transaction ends.
pub(super) async fn lock_own_cart(
    connection: &mut PgConnection,
    user_id: UserId,
    now: Timestamp,
) -> Result<Option<CartRow>, StoreError> {
    lock(connection, LOCK_OWN, user_id, now).await
}

/// The same, if it may take this step of theirs.
pub(super) async fn lock_own_cart_for(
    connection: &mut PgConnection,
    user_id: UserId,
    step: CartStep,
    now: Timestamp,
) -> Result<CartRow, CartError> {
    let Some(cart) = lock_own_cart(connection, user_id, now).await? else {
        return Err(no_cart(connection, user_id).await);
    };
    cart.state.after(step, Actor::Customer)?;
    Ok(cart)
}

async fn lock(
    connection: &mut PgConnection,
    sql: &'static str,
    id: i64,
    now: Timestamp,
) -> Result<Option<CartRow>, StoreError> {
    let row = sqlx::query(sql).bind(id).fetch_optional(connection).await.or_store_error()?;
    let read = |row: PgRow| {
        Ok(CartRow {
            cart_id: row.try_get(2)?,
            state: state(&row, 0, now)?,
            user_id: row.try_get(3)?,
            blocked_weight_mg: optional_number(&row, 1)?,
        })
    };
    row.map(read).transpose().or_store_error()
}

/// Reads `state_columns`, the first of which is column `first`.
pub(super) fn state(row: &PgRow, first: usize, now: Timestamp) -> sqlx::Result<CartState> {
    Ok(CartState::of(optional_timestamp(row, first)?, optional_number(row, first + 1)?, now))
}

/// Judges what the scale of a cart shows, whose lines are written already.
pub(super) async fn weigh(
    connection: &mut PgConnection,
    (cart_id, user_id, state): (CartId, UserId, CartState),
    reported_mg: u64,
    tolerance_g: Option<u32>,
    now: Timestamp,
) -> Result<(), CartError> {
    if tolerance_g.is_none() && state == CartState::Open {
        return Ok(());
    }
    let weighing = weighing(connection, cart_id, reported_mg).await?;
    let cart = BlockedCart { cart_id, user_id, weighing };
    let after = state.after(weighing.step(tolerance_g), Actor::Device)?;
    if after == CartState::Blocked {
        let weight = i64::try_from(reported_mg).map_err(StoreError::internal)?;
        sqlx::query(BLOCK).bind(cart_id).bind(weight).execute(&mut *connection).await.or_store_error()?;
    }
    if after != state {
        let change = (Action::Block, Entity::Cart, cart_id);
        let (before, after) = (cart_facts(state, &cart), cart_facts(after, &cart));
        note(connection, change, Some(before), &after, Actor::Device.as_str(), now).await?;
    }
    Ok(())
}

pub(super) async fn rescan(
    connection: &mut PgConnection,
    user_id: UserId,
    tolerance_g: Option<u32>,
    now: Timestamp,
) -> Result<(), CartError> {
    let row = lock_own_cart_for(connection, user_id, CartStep::Rescan, now).await?;
    let cart = blocked(connection, &row).await?;
    cart.weighing.check(tolerance_g)?;
    open(connection, &cart, (Action::Rescan, Actor::Customer.as_str(), None), now).await
}

pub(super) async fn approve(
    connection: &mut PgConnection,
    cart_id: CartId,
    reason: &str,
    who: &str,
    now: Timestamp,
) -> Result<(), CartError> {
    let row = lock(connection, LOCK, cart_id, now).await?.ok_or(CartError::CartNotFound { cart_id })?;
    row.state.after(CartStep::Approve, Actor::Staff)?;
    let cart = blocked(connection, &row).await?;
    open(connection, &cart, (Action::Approve, who, Some(reason)), now).await
}

pub(super) async fn blocked_carts(
    connection: &mut PgConnection,
    page: Page,
) -> Result<Vec<BlockedCart>, CartError> {
    let query = sqlx::query(BLOCKED).bind(i64::from(page.limit)).bind(i64::from(page.offset));
    let rows = query.fetch_all(connection).await.or_store_error()?;
    let line = |row: &PgRow| {
        let quantity = optional_number(row, 4)?.and_then(Quantity::new);
        Ok(((row.try_get(0)?, row.try_get(1)?, number(row, 2)?), (optional_number(row, 3)?, quantity)))
    };
    let lines: Vec<((CartId, UserId, u64), _)> =
        rows.iter().map(line).collect::<sqlx::Result<_>>().or_store_error()?;
    let carts = lines.chunk_by(|(cart, _), (next, _)| cart == next).map(|lines| {
        let (cart_id, user_id, reported_mg) = lines[0].0;
        let lines = lines.iter().filter_map(|(_, (unit_g, quantity))| Some((*unit_g, (*quantity)?)));
        BlockedCart { cart_id, user_id, weighing: Weighing::new(reported_mg, lines) }
    });
    Ok(carts.collect())
}

/// A cart that is blocked, with what its lines weigh.
async fn blocked(connection: &mut PgConnection, row: &CartRow) -> Result<BlockedCart, CartError> {
    let cart_id = row.cart_id;
    let (user_id, reported_mg) =
        row.user_id.zip(row.blocked_weight_mg).ok_or(CartError::CartNotConnected { cart_id })?;
    Ok(BlockedCart { cart_id, user_id, weighing: weighing(connection, cart_id, reported_mg).await? })
}

async fn weighing(
    connection: &mut PgConnection,
    cart_id: CartId,
    reported_mg: u64,
) -> Result<Weighing, StoreError> {
    let rows = sqlx::query(LINES).bind(cart_id).fetch_all(connection).await.or_store_error()?;
    let line = |row: &PgRow| Ok((optional_number(row, 0)?, read_quantity(row, 1)?));
    let lines: Vec<_> = rows.iter().map(line).collect::<sqlx::Result<_>>().or_store_error()?;
    let lines = lines.into_iter().filter_map(|(unit_g, quantity)| Some((unit_g, quantity?)));
    Ok(Weighing::new(reported_mg, lines))
}

/// Ends a block, and writes down who did it.
async fn open(
    connection: &mut PgConnection,
    cart: &BlockedCart,
    (action, who, reason): (Action, &str, Option<&str>),
    now: Timestamp,
) -> Result<(), CartError> {
    let query = sqlx::query(BLOCK).bind(cart.cart_id).bind(None::<i64>);
    query.execute(&mut *connection).await.or_store_error()?;
    let (before, mut after) = (cart_facts(CartState::Blocked, cart), cart_facts(CartState::Open, cart));
    if let Some(reason) = reason {
        after["reason"] = json!(reason);
    }
    let change = (action, Entity::Cart, cart.cart_id);
    Ok(note(connection, change, Some(before), &after, who, now).await?)
}
