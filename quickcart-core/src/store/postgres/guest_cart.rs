//! Carts of guests in PostgreSQL.

use async_trait::async_trait;
use sqlx::PgConnection;
use sqlx::postgres::PgRow;

use super::PostgresStore;
use super::cart::{lock_or_make_own_cart, lock_user, read_quantity};
use super::cart_state::lock_own_cart_for;
use super::error::OrStoreError;
use super::row::{PRODUCT_WIDTH, product, product_columns};
use crate::account::UserId;
use crate::cart::{
    CartError, CartId, CartStep, GUEST_CART_LIFETIME, GuestCartStore, GuestLine, GuestToken, Quantity,
    check_guest_step,
};
use crate::catalog::ProductId;
use crate::clock::Timestamp;
use crate::secret::Tag;
use crate::transition::Actor;

/// Leaves old carts that somebody else is forgetting, too.
const CREATE: &str = "WITH old AS (SELECT guest_cart_id FROM guest_cart WHERE changed_at_ms <= $3 FOR UPDATE SKIP LOCKED), \
     forgotten AS (DELETE FROM guest_cart USING old WHERE guest_cart.guest_cart_id = old.guest_cart_id) \
     INSERT INTO guest_cart (token_digest, changed_at_ms) VALUES ($1, $2)";
const LOCK: &str = "SELECT guest_cart_id, merged_user_id, merged_cart_id FROM guest_cart \
     WHERE token_digest = $1 AND changed_at_ms > $2 FOR UPDATE";
/// Adds nothing of a product that is not for sale.
const ADD: &str = "WITH sold AS (SELECT product_id FROM product WHERE product_id = $2 AND retired_at_ms IS NULL), \
     changed AS (UPDATE guest_cart SET changed_at_ms = $4 WHERE guest_cart_id = $1) \
     INSERT INTO guest_cart_item (guest_cart_id, product_id, quantity) SELECT $1, product_id, $3 FROM sold \
     ON CONFLICT (guest_cart_id, product_id) DO UPDATE SET quantity = guest_cart_item.quantity + excluded.quantity";
const LINES: &str = concat!(
    "SELECT ",
    product_columns!(),
    ", quantity FROM guest_cart_item JOIN product USING (product_id) WHERE guest_cart_id = $1 ORDER BY product_id"
);
/// Each line is a change of its own, with a version of its own.
const MERGE: &str = "WITH guest AS (SELECT product_id, quantity, row_number() OVER (ORDER BY product_id) AS nth \
                                    FROM guest_cart_item WHERE guest_cart_id = $1), \
     lines AS (SELECT count(*) AS count FROM guest), \
     cart_before AS (SELECT version FROM cart WHERE cart_id = $2), \
     changed AS (UPDATE cart SET version = version + count, reported_weight_mg = NULL FROM lines \
                 WHERE cart_id = $2 AND count > 0), \
     emptied AS (DELETE FROM guest_cart_item WHERE guest_cart_id = $1), \
     merged AS (UPDATE guest_cart SET changed_at_ms = $3, merged_user_id = $4, merged_cart_id = $2 \
                WHERE guest_cart_id = $1) \
     INSERT INTO cart_item (cart_id, product_id, quantity, version) \
     SELECT $2, product_id, least(quantity, $5), version + nth FROM guest, cart_before ORDER BY nth \
     ON CONFLICT (cart_id, product_id) \
     DO UPDATE SET quantity = least(cart_item.quantity + excluded.quantity, $5), version = excluded.version";

#[async_trait]
impl GuestCartStore for PostgresStore {
    async fn create_guest_cart(&self, token: &GuestToken, now: Timestamp) -> Result<(), CartError> {
        let digest = token.digest();
        self.pool
            .write(|mut transaction| async move {
                sqlx::query(CREATE)
                    .bind(digest)
                    .bind(now.as_millisecond())
                    .bind(oldest_ms(now))
                    .execute(&mut *transaction)
                    .await
                    .or_store_error()?;
                Ok(((), transaction))
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
        self.pool
            .write(|mut transaction| async move {
                let lines = add(&mut transaction, digest, product_id, quantity, now).await?;
                Ok((lines, transaction))
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
        self.pool
            .write(|mut transaction| async move {
                Ok((merge(&mut transaction, user_id, digest, now).await?, transaction))
            })
            .await
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

/// The cart stays as it is until the transaction ends.
async fn lock(connection: &mut PgConnection, digest: Tag, now: Timestamp) -> Result<GuestCart, CartError> {
    let query = sqlx::query_as(LOCK).bind(digest).bind(oldest_ms(now));
    let found: Option<(i64, Option<UserId>, Option<CartId>)> =
        query.fetch_optional(connection).await.or_store_error()?;
    let (id, user_id, cart_id) = found.ok_or(CartError::GuestCartNotFound)?;
    Ok(GuestCart { id, merged: user_id.zip(cart_id) })
}

async fn add(
    connection: &mut PgConnection,
    digest: Tag,
    product_id: ProductId,
    quantity: Quantity,
    now: Timestamp,
) -> Result<Vec<GuestLine>, CartError> {
    let cart = lock(connection, digest, now).await?;
    check_guest_step(cart.merged.is_some(), CartStep::ChangeLines, Actor::Customer)?;
    let query = sqlx::query(ADD)
        .bind(cart.id)
        .bind(product_id)
        .bind(i64::from(quantity.get()))
        .bind(now.as_millisecond());
    if query.execute(&mut *connection).await.or_store_error()?.rows_affected() == 0 {
        return Err(CartError::ProductNotFound { product_id });
    }
    let rows = sqlx::query(LINES).bind(cart.id).fetch_all(connection).await.or_store_error()?;
    rows.iter().map(|row| line(row).or_store_error()?.ok_or(CartError::TooMany)).collect()
}

/// `None` for more pieces than a cart takes.
fn line(row: &PgRow) -> sqlx::Result<Option<GuestLine>> {
    let (product, quantity) = (product(row, 0)?, read_quantity(row, PRODUCT_WIDTH)?);
    Ok(quantity.map(|quantity| GuestLine { product, quantity }))
}

async fn merge(
    connection: &mut PgConnection,
    user_id: UserId,
    digest: Tag,
    now: Timestamp,
) -> Result<CartId, CartError> {
    // Shoppers are locked before carts of guests, and what becomes of these is said first.
    let locked = lock_user(connection, user_id).await;
    let guest = lock(connection, digest, now).await?;
    if let Some((_, cart_id)) = guest.merged.filter(|(merged_by, _)| *merged_by == user_id) {
        return Ok(cart_id);
    }
    check_guest_step(guest.merged.is_some(), CartStep::Merge, Actor::System)?;
    locked?;
    lock_or_make_own_cart(connection, user_id, now).await?;
    let cart = lock_own_cart_for(connection, user_id, CartStep::ChangeLines, now).await?;
    let cart_id = cart.cart_id;
    sqlx::query(MERGE)
        .bind(guest.id)
        .bind(cart_id)
        .bind(now.as_millisecond())
        .bind(user_id)
        .bind(i64::from(Quantity::MAX))
        .execute(connection)
        .await
        .or_store_error()?;
    Ok(cart_id)
}
