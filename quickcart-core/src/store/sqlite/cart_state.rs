//! Where carts stand, in SQLite: what is known of it in a cart's row, and the way into a block and out of it.

use rusqlite::{OptionalExtension, Row, Transaction, params};
use serde_json::json;

use super::admin::note;
use super::cart::{no_cart, quantity_of};
use super::error::OrStoreError;
use super::row::optional_timestamp;
use super::statement::run;
use crate::account::UserId;
use crate::admin::{Action, Entity, cart_facts};
use crate::cart::{BlockedCart, CartError, CartId, CartState, CartStep, Weighing};
use crate::catalog::Page;
use crate::clock::Timestamp;
use crate::error::StoreError;
use crate::transition::Actor;

/// A cart as it stands.
#[derive(Clone, Copy)]
pub(super) struct CartRow {
    pub(super) cart_id: CartId,
    pub(super) user_id: Option<UserId>,
    pub(super) version: u64,
    pub(super) state: CartState,
    pub(super) reported_weight_mg: Option<u64>,
    blocked_weight_mg: Option<u64>,
}

/// The cart with this number.
pub(super) fn cart_row(
    transaction: &Transaction<'_>,
    cart_id: CartId,
    now: Timestamp,
) -> Result<Option<CartRow>, StoreError> {
    find(transaction, "cart_id", cart_id, now)
}

/// The cart of this shopper.
pub(super) fn own_cart_row(
    transaction: &Transaction<'_>,
    user_id: UserId,
    now: Timestamp,
) -> Result<Option<CartRow>, StoreError> {
    find(transaction, "user_id", user_id, now)
}

/// The same, if it may take this step of theirs.
pub(super) fn own_cart_for(
    transaction: &Transaction<'_>,
    user_id: UserId,
    step: CartStep,
    now: Timestamp,
) -> Result<CartRow, CartError> {
    let cart = own_cart_row(transaction, user_id, now)?.ok_or_else(|| no_cart(transaction, user_id))?;
    cart.state.after(step, Actor::Customer)?;
    Ok(cart)
}

fn find(
    transaction: &Transaction<'_>,
    column: &str,
    id: i64,
    now: Timestamp,
) -> Result<Option<CartRow>, StoreError> {
    let read = |row: &Row<'_>| {
        let blocked_weight_mg = row.get(5)?;
        Ok(CartRow {
            cart_id: row.get(0)?,
            user_id: row.get(1)?,
            version: row.get(2)?,
            state: CartState::of(optional_timestamp(row, 4)?, blocked_weight_mg, now),
            reported_weight_mg: row.get(3)?,
            blocked_weight_mg,
        })
    };
    let sql = format!(
        "SELECT cart_id, user_id, version, reported_weight_mg, locked_until_ms, blocked_weight_mg \
         FROM cart WHERE {column} = ?1"
    );
    let query = transaction.prepare_cached(&sql);
    query.and_then(|mut statement| statement.query_row([id], read).optional()).or_store_error()
}

/// Judges what the scale of a cart shows, whose lines are written already.
pub(super) fn weigh(
    transaction: &Transaction<'_>,
    (cart_id, user_id, state): (CartId, UserId, CartState),
    reported_mg: u64,
    tolerance_g: Option<u32>,
    now: Timestamp,
) -> Result<(), CartError> {
    if tolerance_g.is_none() && state == CartState::Open {
        return Ok(());
    }
    let cart = BlockedCart { cart_id, user_id, weighing: weighing(transaction, cart_id, reported_mg)? };
    let after = state.after(cart.weighing.step(tolerance_g), Actor::Device)?;
    if after == CartState::Blocked {
        let sql = "UPDATE cart SET blocked_weight_mg = ?2 WHERE cart_id = ?1";
        run(transaction, sql, params![cart_id, reported_mg])?;
    }
    if after != state {
        let change = (Action::Block, Entity::Cart, cart_id);
        let (before, after) = (cart_facts(state, &cart), cart_facts(after, &cart));
        note(transaction, change, Some(before), &after, Actor::Device.as_str(), now)?;
    }
    Ok(())
}

pub(super) fn rescan(
    transaction: &Transaction<'_>,
    user_id: UserId,
    tolerance_g: Option<u32>,
    now: Timestamp,
) -> Result<(), CartError> {
    let row = own_cart_for(transaction, user_id, CartStep::Rescan, now)?;
    let cart = blocked(transaction, &row)?;
    cart.weighing.check(tolerance_g)?;
    open(transaction, &cart, (Action::Rescan, Actor::Customer.as_str(), None), now)
}

pub(super) fn approve(
    transaction: &Transaction<'_>,
    cart_id: CartId,
    reason: &str,
    who: &str,
    now: Timestamp,
) -> Result<(), CartError> {
    let row = cart_row(transaction, cart_id, now)?.ok_or(CartError::CartNotFound { cart_id })?;
    row.state.after(CartStep::Approve, Actor::Staff)?;
    let cart = blocked(transaction, &row)?;
    open(transaction, &cart, (Action::Approve, who, Some(reason)), now)
}

pub(super) fn blocked_carts(
    transaction: &Transaction<'_>,
    page: Page,
) -> Result<Vec<BlockedCart>, CartError> {
    let sql = "SELECT cart_id, user_id, blocked_weight_mg FROM cart \
               WHERE blocked_weight_mg IS NOT NULL AND user_id IS NOT NULL ORDER BY cart_id LIMIT ?1 OFFSET ?2";
    let mut statement = transaction.prepare_cached(sql).or_store_error()?;
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let rows = statement.query_map([page.limit, page.offset], read).or_store_error()?;
    rows.map(|row| {
        let (cart_id, user_id, reported_mg) = row.or_store_error()?;
        Ok(BlockedCart { cart_id, user_id, weighing: weighing(transaction, cart_id, reported_mg)? })
    })
    .collect()
}

/// A cart that is blocked, with what its lines weigh.
fn blocked(transaction: &Transaction<'_>, row: &CartRow) -> Result<BlockedCart, CartError> {
    let cart_id = row.cart_id;
    let (user_id, reported_mg) =
        row.user_id.zip(row.blocked_weight_mg).ok_or(CartError::CartNotConnected { cart_id })?;
    Ok(BlockedCart { cart_id, user_id, weighing: weighing(transaction, cart_id, reported_mg)? })
}

fn weighing(transaction: &Transaction<'_>, cart_id: CartId, reported_mg: u64) -> Result<Weighing, CartError> {
    let sql = "SELECT weight_g, quantity FROM cart_item JOIN product USING (product_id) WHERE cart_id = ?1";
    let mut statement = transaction.prepare_cached(sql).or_store_error()?;
    let rows = statement.query_map([cart_id], |row| Ok((row.get(0)?, row.get(1)?))).or_store_error()?;
    let lines = rows.map(|row| {
        let (unit_g, count) = row.or_store_error()?;
        Ok((unit_g, quantity_of(count)?.ok_or(CartError::TooMany)?))
    });
    Ok(Weighing::new(reported_mg, lines.collect::<Result<Vec<_>, CartError>>()?))
}

/// Ends a block, and writes down who did it.
fn open(
    transaction: &Transaction<'_>,
    cart: &BlockedCart,
    (action, who, reason): (Action, &str, Option<&str>),
    now: Timestamp,
) -> Result<(), CartError> {
    run(transaction, "UPDATE cart SET blocked_weight_mg = NULL WHERE cart_id = ?1", [cart.cart_id])?;
    let (before, mut after) = (cart_facts(CartState::Blocked, cart), cart_facts(CartState::Open, cart));
    if let Some(reason) = reason {
        after["reason"] = json!(reason);
    }
    Ok(note(transaction, (action, Entity::Cart, cart.cart_id), Some(before), &after, who, now)?)
}
