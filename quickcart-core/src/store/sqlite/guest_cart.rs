//! Carts of guests in SQLite.

use async_trait::async_trait;
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::SqliteStore;
use super::cart::{connect_ad_hoc, line, pieces, quantity_of, set_line};
use super::cart_state::own_cart_for;
use super::catalog::find_product;
use super::error::OrStoreError;
use super::row::{PRODUCT_COLUMNS, PRODUCT_WIDTH, product};
use super::statement::run;
use crate::account::UserId;
use crate::cart::{
    CartError, CartId, CartStep, GUEST_CART_LIFETIME, GuestCartStore, GuestLine, GuestToken, Quantity,
    check_guest_step,
};
use crate::catalog::ProductId;
use crate::clock::Timestamp;
use crate::transition::Actor;

#[async_trait]
impl GuestCartStore for SqliteStore {
    async fn create_guest_cart(&self, token: &GuestToken, now: Timestamp) -> Result<(), CartError> {
        let digest = token.digest();
        self.writer
            .write(move |transaction| {
                run(transaction, "DELETE FROM guest_cart WHERE changed_at_ms <= ?1", [oldest_ms(now)])?;
                let sql = "INSERT INTO guest_cart (token_digest, changed_at_ms) VALUES (?1, ?2)";
                run(transaction, sql, params![digest, now.as_millisecond()])?;
                Ok(())
            })
            .await
    }

    async fn add_to_guest_cart(
        &self,
        token: &GuestToken,
        product_id: ProductId,
        quantity: Quantity,
        now: Timestamp,
    ) -> Result<Vec<GuestLine>, CartError> {
        let digest = token.digest();
        self.writer
            .write(move |transaction| {
                let cart = find(transaction, digest, now)?;
                check_guest_step(cart.merged.is_some(), CartStep::ChangeLines, Actor::Customer)?;
                find_product(transaction, product_id)?.ok_or(CartError::ProductNotFound { product_id })?;
                let sql = "INSERT INTO guest_cart_item (guest_cart_id, product_id, quantity) VALUES (?1, ?2, ?3) \
                           ON CONFLICT (guest_cart_id, product_id) DO UPDATE SET quantity = quantity + excluded.quantity";
                run(transaction, sql, params![cart.id, product_id, quantity.get()])?;
                let sql = "UPDATE guest_cart SET changed_at_ms = ?2 WHERE guest_cart_id = ?1";
                run(transaction, sql, params![cart.id, now.as_millisecond()])?;
                lines(transaction, cart.id)
            })
            .await
    }

    async fn merge_guest_cart(
        &self,
        user_id: UserId,
        token: &GuestToken,
        now: Timestamp,
    ) -> Result<CartId, CartError> {
        let digest = token.digest();
        self.writer.write(move |transaction| merge(transaction, user_id, digest, now)).await
    }
}

struct GuestCart {
    id: i64,
    /// Whose cart its lines went into, and which.
    merged: Option<(UserId, CartId)>,
}

/// What was changed by then, or before, is not there any more.
fn oldest_ms(now: Timestamp) -> i64 {
    now.saturating_sub(GUEST_CART_LIFETIME).map_or(i64::MIN, Timestamp::as_millisecond)
}

fn find(transaction: &Transaction<'_>, digest: [u8; 32], now: Timestamp) -> Result<GuestCart, CartError> {
    let sql = "SELECT guest_cart_id, merged_user_id, merged_cart_id FROM guest_cart \
               WHERE token_digest = ?1 AND changed_at_ms > ?2";
    let read = |row: &Row<'_>| {
        let (user_id, cart_id): (Option<UserId>, Option<CartId>) = (row.get(1)?, row.get(2)?);
        Ok(GuestCart { id: row.get(0)?, merged: user_id.zip(cart_id) })
    };
    let query = transaction.prepare_cached(sql);
    let values = params![digest, oldest_ms(now)];
    let found = query.and_then(|mut statement| statement.query_row(values, read).optional());
    found.or_store_error()?.ok_or(CartError::GuestCartNotFound)
}

fn lines(transaction: &Transaction<'_>, guest_cart_id: i64) -> Result<Vec<GuestLine>, CartError> {
    let sql = format!(
        "SELECT {PRODUCT_COLUMNS}, quantity FROM guest_cart_item JOIN product USING (product_id) \
         WHERE guest_cart_id = ?1 ORDER BY product_id"
    );
    let mut statement = transaction.prepare_cached(&sql).or_store_error()?;
    let read = |row: &Row<'_>| Ok((product(row, 0)?, row.get(PRODUCT_WIDTH)?));
    let rows = statement.query_map([guest_cart_id], read).or_store_error()?;
    rows.map(|row| {
        let (product, count) = row.or_store_error()?;
        let quantity = quantity_of(count)?.ok_or(CartError::TooMany)?;
        Ok(GuestLine { product, quantity })
    })
    .collect()
}

fn merge(
    transaction: &Transaction<'_>,
    user_id: UserId,
    digest: [u8; 32],
    now: Timestamp,
) -> Result<CartId, CartError> {
    let guest = find(transaction, digest, now)?;
    if let Some((_, cart_id)) = guest.merged.filter(|(merged_by, _)| *merged_by == user_id) {
        return Ok(cart_id);
    }
    check_guest_step(guest.merged.is_some(), CartStep::Merge, Actor::System)?;
    connect_ad_hoc(transaction, user_id, now)?;
    let cart_id = own_cart_for(transaction, user_id, CartStep::ChangeLines, now)?.cart_id;
    for GuestLine { product, quantity } in lines(transaction, guest.id)? {
        let line = line(transaction, cart_id, product)?;
        let sum = (pieces(&line) + u64::from(quantity.get())).min(Quantity::MAX.into());
        set_line(transaction, line, sum, None)?;
    }
    run(transaction, "DELETE FROM guest_cart_item WHERE guest_cart_id = ?1", [guest.id])?;
    let sql = "UPDATE guest_cart SET changed_at_ms = ?2, merged_user_id = ?3, merged_cart_id = ?4 WHERE guest_cart_id = ?1";
    run(transaction, sql, params![guest.id, now.as_millisecond(), user_id, cart_id])?;
    Ok(cart_id)
}
