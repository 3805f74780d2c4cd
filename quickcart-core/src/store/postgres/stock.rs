//! Stock in PostgreSQL: pieces of a product lie in several rows, its buckets, so that many can buy it at once.
//!
//! Who buys what is there in plenty takes it from a bucket that nobody holds, and waits for nobody. Everything else locks all
//! buckets of all its products, by product and bucket, and shares out anew what is in them. Locks are taken in one order, the
//! cart, the own holds, the buckets; the holds of others are taken only when nobody has locked them.

use std::collections::BTreeMap;

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use super::PostgresStore;
use super::cart_state::lock_own_cart_for;
use super::error::OrStoreError;
use super::row::{number, optional_number, timestamp, unreadable};
use crate::account::UserId;
use crate::cart::CartStep;
use crate::catalog::{Page, ProductId};
use crate::clock::Timestamp;
use crate::error::StoreError;
use crate::order::{Actor, OrderId};
use crate::stock::{Hold, Movement, MovementKind, STOCK_MAX, Shortage, StockError, StockLevel, StockStore};

/// Into how many rows the pieces of a product are spread.
const BUCKETS: i64 = 32;

/// The first bucket of a `wanted` product that has as many pieces and that nobody has locked, of those from `$from` on, or, with `<`, of
/// those before. It reads buckets one after the other in the index, not all of them.
macro_rules! next_bucket {
    ($side:literal, $from:literal) => {
        concat!(
            "(SELECT * FROM (SELECT bucket FROM stock_bucket \
                             WHERE stock_bucket.product_id = wanted.product_id AND bucket ",
            $side,
            " ",
            $from,
            " % 32 AND available >= wanted.quantity \
                             ORDER BY bucket LIMIT 1 FOR UPDATE SKIP LOCKED) AS bucket)"
        )
    };
}
pub(super) use next_bucket;

/// For a `WITH` that has `seen`, whose row is the cart: `ready` has that row, too, when all products can be had from buckets that nobody
/// has locked, of which those after `$first` are looked at first, and then the pieces are taken. Without `$takes` there is nothing to take.
macro_rules! take_at_once {
    ($product_ids:literal, $quantities:literal, $first:literal, $takes:literal) => {
        concat!(
            "picked AS (SELECT wanted.product_id, wanted.quantity, picked.bucket FROM seen CROSS JOIN UNNEST((SELECT ",
            $product_ids,
            "::BIGINT[]), (SELECT ",
            $quantities,
            "::BIGINT[])) AS wanted (product_id, quantity) LEFT JOIN LATERAL (",
            super::stock::next_bucket!(">=", $first),
            " UNION ALL ",
            super::stock::next_bucket!("<", $first),
            " LIMIT 1) AS picked ON TRUE WHERE ",
            $takes,
            "), \
             ready AS (SELECT cart_id FROM seen WHERE NOT EXISTS (SELECT 1 FROM picked WHERE bucket IS NULL)), \
             taken AS (UPDATE stock_bucket SET available = available - picked.quantity FROM ready, picked \
                       WHERE stock_bucket.product_id = picked.product_id AND stock_bucket.bucket = picked.bucket)"
        )
    };
}
pub(super) use take_at_once;

const LOCK_HOLDS: &str = "DELETE FROM stock_hold WHERE user_id = $1 RETURNING product_id, quantity";
const LOCK_BUCKETS: &str = "SELECT product_id, bucket, available FROM stock_bucket WHERE product_id = ANY($1) \
     ORDER BY product_id, bucket FOR UPDATE";
const TAKE_EXPIRED: &str = "DELETE FROM stock_hold WHERE (user_id, product_id) IN \
     (SELECT user_id, product_id FROM stock_hold WHERE product_id = ANY($1) AND expires_at_ms <= $2 \
      FOR UPDATE SKIP LOCKED) RETURNING product_id, quantity";
const SET_BUCKETS: &str = "UPDATE stock_bucket SET available = shared.available \
     FROM UNNEST($1::BIGINT[], $2::BIGINT[], $3::BIGINT[]) AS shared (product_id, bucket, available) \
     WHERE stock_bucket.product_id = shared.product_id AND stock_bucket.bucket = shared.bucket";
const HOLD: &str = "WITH locked AS (UPDATE cart SET locked_until_ms = $4 WHERE user_id = $1) \
     INSERT INTO stock_hold (user_id, product_id, quantity, expires_at_ms) \
     SELECT $1, product_id, quantity, $4 FROM UNNEST($2::BIGINT[], $3::BIGINT[]) AS held (product_id, quantity)";
const NOTE: &str = "INSERT INTO stock_movement (product_id, at_ms, kind, quantity, who, order_id) \
     SELECT product_id, $3, $4, quantity, $5, $6 FROM UNNEST($1::BIGINT[], $2::BIGINT[]) AS moved (product_id, quantity)";
const SOLD: &str = "SELECT product_id, (-sum(quantity))::BIGINT FROM stock_movement WHERE order_id = $1 \
     GROUP BY product_id HAVING sum(quantity) < 0 ORDER BY product_id";

const COUNTED: &str = "SELECT product_id FROM stock WHERE product_id = ANY($1)";
const WRITE_OFF: &str = "INSERT INTO stock_movement (product_id, at_ms, kind, quantity, who, order_id) \
     SELECT $2, $4, kind, quantity, $5, order_id \
     FROM (VALUES ('return', $3, $1), ('count', -$3, NULL)) AS movement (kind, quantity, order_id) \
     WHERE EXISTS (SELECT 1 FROM stock_movement WHERE order_id = $1 AND product_id = $2)";

const COUNT_FROM_NOW_ON: &str = "WITH counted AS (INSERT INTO stock (product_id) \
         SELECT product_id FROM product WHERE product_id = $1 AND retired_at_ms IS NULL ON CONFLICT DO NOTHING RETURNING product_id) \
     INSERT INTO stock_bucket (product_id, bucket, available) \
     SELECT product_id, bucket, 0 FROM counted, generate_series(0, $2 - 1) AS bucket";
const IS_FOR_SALE: &str =
    "SELECT EXISTS (SELECT 1 FROM product WHERE product_id = $1 AND retired_at_ms IS NULL)";
const SET_LOW_AT: &str = "UPDATE stock SET low_at = $2 WHERE product_id = $1";
/// Of holds, those count that have not expired at `$1`.
/// What there is of products; those whose holds have expired are available.
macro_rules! level {
    () => {
        "SELECT stock.product_id, product_name, \
         ((SELECT sum(available) FROM stock_bucket WHERE stock_bucket.product_id = stock.product_id) + expired)::BIGINT AS available, \
         held::BIGINT AS held, low_at \
         FROM stock JOIN product USING (product_id) CROSS JOIN LATERAL \
             (SELECT coalesce(sum(quantity) FILTER (WHERE expires_at_ms <= $1), 0) AS expired, \
                     coalesce(sum(quantity) FILTER (WHERE expires_at_ms > $1), 0) AS held \
              FROM stock_hold WHERE stock_hold.product_id = stock.product_id) AS hold"
    };
}

const LEVEL: &str = concat!(level!(), " WHERE stock.product_id = $2");
const LEVELS: &str = concat!(level!(), " ORDER BY stock.product_id LIMIT $2 OFFSET $3");
const LOW_LEVELS: &str = concat!(
    "SELECT * FROM (",
    level!(),
    " WHERE low_at IS NOT NULL) AS level WHERE available <= low_at ORDER BY product_id LIMIT $2 OFFSET $3"
);
const MOVEMENTS: &str = "SELECT movement_id, product_id, at_ms, kind, quantity, who, order_id FROM stock_movement \
     ORDER BY movement_id DESC LIMIT $1 OFFSET $2";
const MOVEMENTS_OF_PRODUCT: &str = "SELECT movement_id, product_id, at_ms, kind, quantity, who, order_id FROM stock_movement \
     WHERE product_id = $3 ORDER BY movement_id DESC LIMIT $1 OFFSET $2";

const UNLOCK_CART: &str = "UPDATE cart SET locked_until_ms = NULL WHERE user_id = $1";
const COUNTED_LINES: &str = "SELECT product_id, quantity FROM cart_item JOIN stock USING (product_id) \
     WHERE cart_id = $1 ORDER BY product_id";

#[async_trait]
impl StockStore for PostgresStore {
    async fn count_stock(
        &self,
        product_id: ProductId,
        on_hand: u32,
        low_at: Option<u32>,
        who: &str,
        now: Timestamp,
    ) -> Result<StockLevel, StockError> {
        self.pool
            .write(|mut transaction| async move {
                let connection = &mut *transaction;
                let before = counted(connection, product_id, now).await?;
                if on_hand < before.held {
                    return Err(StockError::Held { held: before.held });
                }
                let more = i64::from(on_hand) - i64::from(before.on_hand());
                let query = sqlx::query(SET_LOW_AT).bind(product_id).bind(low_at.map(i64::from));
                query.execute(&mut *connection).await.or_store_error()?;
                add(connection, &[(product_id, more)], MovementKind::Count, who, None, now).await?;
                Ok((level_after(connection, product_id, now).await?, transaction))
            })
            .await
    }

    async fn receive_stock(
        &self,
        product_id: ProductId,
        quantity: u32,
        who: &str,
        now: Timestamp,
    ) -> Result<StockLevel, StockError> {
        self.pool
            .write(|mut transaction| async move {
                let connection = &mut *transaction;
                let before = counted(connection, product_id, now).await?;
                let on_hand = before.on_hand().checked_add(quantity);
                if on_hand.is_none_or(|on_hand| on_hand > STOCK_MAX) {
                    return Err(StockError::TooMany);
                }
                let more = [(product_id, i64::from(quantity))];
                add(connection, &more, MovementKind::Receive, who, None, now).await?;
                Ok((level_after(connection, product_id, now).await?, transaction))
            })
            .await
    }

    async fn stock_level(
        &self,
        product_id: ProductId,
        now: Timestamp,
    ) -> Result<Option<StockLevel>, StockError> {
        self.pool
            .one(|mut connection| async move { Ok(find_level(&mut connection, product_id, now).await?) })
            .await
    }

    async fn stock_levels(
        &self,
        only_low: bool,
        page: Page,
        now: Timestamp,
    ) -> Result<Vec<StockLevel>, StockError> {
        self.pool
            .one(|mut connection| async move {
                let query = sqlx::query(if only_low { LOW_LEVELS } else { LEVELS })
                    .bind(now.as_millisecond())
                    .bind(i64::from(page.limit))
                    .bind(i64::from(page.offset));
                let rows = query.fetch_all(&mut *connection).await.or_store_error()?;
                Ok(rows.iter().map(level).collect::<sqlx::Result<_>>().or_store_error()?)
            })
            .await
    }

    async fn stock_movements(
        &self,
        product_id: Option<ProductId>,
        page: Page,
    ) -> Result<Vec<Movement>, StockError> {
        self.pool
            .one(|mut connection| async move {
                let sql = if product_id.is_some() { MOVEMENTS_OF_PRODUCT } else { MOVEMENTS };
                let query = sqlx::query(sql).bind(i64::from(page.limit)).bind(i64::from(page.offset));
                let query = if let Some(product_id) = product_id { query.bind(product_id) } else { query };
                let rows = query.fetch_all(&mut *connection).await.or_store_error()?;
                Ok(rows.iter().map(movement).collect::<sqlx::Result<_>>().or_store_error()?)
            })
            .await
    }

    async fn hold_cart(
        &self,
        user_id: UserId,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<Hold, StockError> {
        self.pool
            .write(|mut transaction| async move {
                let hold = hold_cart(&mut transaction, user_id, expires_at, now).await?;
                Ok((hold, transaction))
            })
            .await
    }

    async fn release_hold(&self, user_id: UserId) -> Result<(), StockError> {
        self.pool
            .write(|mut transaction| async move {
                let query = sqlx::query(UNLOCK_CART).bind(user_id);
                query.execute(&mut *transaction).await.or_store_error()?;
                give_back_hold(&mut transaction, user_id).await?;
                Ok(((), transaction))
            })
            .await
    }
}

/// Takes pieces of counted products for a shopper, those first that are held for them, and frees what else is; waits for
/// whoever takes of the same products. Answers what is short, and then the caller undoes it.
pub(super) async fn take_in_turn(
    connection: &mut PgConnection,
    user_id: UserId,
    wanted: &[(ProductId, u32)],
    now: Timestamp,
) -> Result<Vec<Shortage>, StoreError> {
    let query = sqlx::query(LOCK_HOLDS).bind(user_id);
    let rows = query.fetch_all(&mut *connection).await.or_store_error()?;
    let mut changes: BTreeMap<ProductId, i64> = quantities(&rows).or_store_error()?;
    for (product_id, quantity) in wanted {
        *changes.entry(*product_id).or_default() -= i64::from(*quantity);
    }
    let missing = share_out(connection, &changes, now).await?;
    let wanted: BTreeMap<ProductId, u32> = wanted.iter().copied().collect();
    let shortage = |(product_id, missing): (ProductId, i64)| {
        let wanted = wanted.get(&product_id).copied().unwrap_or_default();
        let available = u32::try_from(i64::from(wanted) - missing).unwrap_or_default();
        Shortage { product_id, wanted, available }
    };
    Ok(missing.into_iter().map(shortage).collect())
}

/// Gives back what an order took, once: a second time there is nothing left of it. The order is locked.
pub(super) async fn give_back(
    connection: &mut PgConnection,
    order_id: OrderId,
    who: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let rows = sqlx::query(SOLD).bind(order_id).fetch_all(&mut *connection).await.or_store_error()?;
    let sold: Vec<_> = quantities(&rows).or_store_error()?.into_iter().collect();
    add(connection, &sold, MovementKind::Return, who, Some(order_id), now).await
}

/// Puts back pieces of an order, which is locked. Products that are not counted are left out.
pub(super) async fn put_back(
    connection: &mut PgConnection,
    order_id: OrderId,
    pieces: impl IntoIterator<Item = (ProductId, i64)>,
    who: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut pieces: BTreeMap<ProductId, i64> = pieces.into_iter().collect();
    let product_ids: Vec<ProductId> = pieces.keys().copied().collect();
    let counted: Vec<ProductId> =
        sqlx::query_scalar(COUNTED).bind(product_ids).fetch_all(&mut *connection).await.or_store_error()?;
    pieces.retain(|product_id, _| counted.contains(product_id));
    let pieces: Vec<_> = pieces.into_iter().collect();
    add(connection, &pieces, MovementKind::Return, who, Some(order_id), now).await
}

/// Of pieces that an order took and that are not there: they are not sold, and not in stock either.
pub(super) async fn write_off(
    connection: &mut PgConnection,
    order_id: OrderId,
    product_id: ProductId,
    quantity: i64,
    now: Timestamp,
) -> Result<(), StoreError> {
    let query = sqlx::query(WRITE_OFF)
        .bind(order_id)
        .bind(product_id)
        .bind(quantity)
        .bind(now.as_millisecond())
        .bind(Actor::Staff.as_str());
    query.execute(connection).await.or_store_error().map(drop)
}

/// Gives back what is held for a shopper, though it have expired.
pub(super) async fn give_back_hold(connection: &mut PgConnection, user_id: UserId) -> Result<(), StoreError> {
    take_in_turn(connection, user_id, &[], Timestamp::MIN).await.map(drop)
}

async fn hold_cart(
    connection: &mut PgConnection,
    user_id: UserId,
    expires_at: Timestamp,
    now: Timestamp,
) -> Result<Hold, StockError> {
    let cart = lock_own_cart_for(connection, user_id, CartStep::BeginCheckout, now).await?;
    let query = sqlx::query(COUNTED_LINES).bind(cart.cart_id);
    let rows = query.fetch_all(&mut *connection).await.or_store_error()?;
    let piece = |row: &PgRow| Ok((row.try_get(0)?, number(row, 1)?));
    let pieces: Vec<(ProductId, u32)> =
        rows.iter().map(piece).collect::<sqlx::Result<_>>().or_store_error()?;
    let shortages = take_in_turn(connection, user_id, &pieces, now).await?;
    if !shortages.is_empty() {
        return Err(StockError::OutOfStock { shortages });
    }
    let (product_ids, quantities) = columns(pieces.iter().copied());
    let query =
        sqlx::query(HOLD).bind(user_id).bind(product_ids).bind(quantities).bind(expires_at.as_millisecond());
    query.execute(connection).await.or_store_error()?;
    Ok(Hold { expires_at, pieces })
}

/// Adds pieces to products that are counted, or takes some away that are available, and writes down why.
async fn add(
    connection: &mut PgConnection,
    more: &[(ProductId, i64)],
    kind: MovementKind,
    who: &str,
    order_id: Option<OrderId>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let missing = share_out(connection, &more.iter().copied().collect(), now).await?;
    if !missing.is_empty() {
        return Err(StoreError::unavailable("others are just buying what is to be taken away"));
    }
    let (product_ids, quantities): (Vec<i64>, Vec<i64>) = more.iter().copied().unzip();
    let query = sqlx::query(NOTE)
        .bind(product_ids)
        .bind(quantities)
        .bind(now.as_millisecond())
        .bind(kind.as_str())
        .bind(who)
        .bind(order_id);
    query.execute(connection).await.or_store_error().map(drop)
}

/// Locks all buckets of these products, adds so many pieces or takes them, together with those of holds that have expired, and shares
/// them out evenly. Answers how many pieces of which products were missing; then nothing is written.
async fn share_out(
    connection: &mut PgConnection,
    changes: &BTreeMap<ProductId, i64>,
    now: Timestamp,
) -> Result<Vec<(ProductId, i64)>, StoreError> {
    if changes.is_empty() {
        return Ok(Vec::new());
    }
    let product_ids: Vec<ProductId> = changes.keys().copied().collect();
    let rows = sqlx::query(LOCK_BUCKETS).bind(&product_ids).fetch_all(&mut *connection).await;
    let mut buckets: BTreeMap<ProductId, Vec<(i64, i64)>> = BTreeMap::new();
    for row in rows.or_store_error()? {
        let bucket = (row.try_get(1).or_store_error()?, row.try_get(2).or_store_error()?);
        buckets.entry(row.try_get(0).or_store_error()?).or_default().push(bucket);
    }
    let query = sqlx::query(TAKE_EXPIRED).bind(&product_ids).bind(now.as_millisecond());
    let expired = quantities(&query.fetch_all(&mut *connection).await.or_store_error()?).or_store_error()?;
    let (mut missing, mut shared) = (Vec::new(), (Vec::new(), Vec::new(), Vec::new()));
    for (product_id, buckets) in buckets {
        let there: i64 = buckets.iter().map(|(_, available)| available).sum();
        let change = |changes: &BTreeMap<_, i64>| changes.get(&product_id).copied().unwrap_or_default();
        let total = there + change(&expired) + change(changes);
        if total < 0 {
            missing.push((product_id, -total));
            continue;
        }
        for (index, (bucket, _)) in (0..).zip(&buckets) {
            shared.0.push(product_id);
            shared.1.push(*bucket);
            shared.2.push(share(total, buckets.len() as i64, index));
        }
    }
    if missing.is_empty() {
        let query = sqlx::query(SET_BUCKETS).bind(shared.0).bind(shared.1).bind(shared.2);
        query.execute(connection).await.or_store_error()?;
    }
    Ok(missing)
}

/// How many pieces lie in a bucket: at most one more than in another.
fn share(total: i64, buckets: i64, index: i64) -> i64 {
    total / buckets + i64::from(index < total % buckets)
}

/// The stock of a product that is for sale, counted from now on. Its buckets are locked.
async fn counted(
    connection: &mut PgConnection,
    product_id: ProductId,
    now: Timestamp,
) -> Result<StockLevel, StockError> {
    let query = sqlx::query(COUNT_FROM_NOW_ON).bind(product_id).bind(BUCKETS);
    query.execute(&mut *connection).await.or_store_error()?;
    let query = sqlx::query_scalar(IS_FOR_SALE).bind(product_id);
    if !query.fetch_one(&mut *connection).await.or_store_error()? {
        return Err(StockError::ProductNotFound { product_id });
    }
    share_out(connection, &BTreeMap::from([(product_id, 0)]), now).await?;
    level_after(connection, product_id, now).await
}

async fn level_after(
    connection: &mut PgConnection,
    product_id: ProductId,
    now: Timestamp,
) -> Result<StockLevel, StockError> {
    let level = find_level(connection, product_id, now).await?;
    Ok(level.ok_or_else(|| StoreError::internal("a stock that was written is gone"))?)
}

async fn find_level(
    connection: &mut PgConnection,
    product_id: ProductId,
    now: Timestamp,
) -> Result<Option<StockLevel>, StoreError> {
    let query = sqlx::query(LEVEL).bind(now.as_millisecond()).bind(product_id);
    let row = query.fetch_optional(connection).await.or_store_error()?;
    row.as_ref().map(level).transpose().or_store_error()
}

fn level(row: &PgRow) -> sqlx::Result<StockLevel> {
    Ok(StockLevel {
        product_id: row.try_get(0)?,
        product_name: row.try_get(1)?,
        available: number(row, 2)?,
        held: number(row, 3)?,
        low_at: optional_number(row, 4)?,
    })
}

fn movement(row: &PgRow) -> sqlx::Result<Movement> {
    let kind = MovementKind::from_name(row.try_get(3)?);
    Ok(Movement {
        movement_id: row.try_get(0)?,
        product_id: row.try_get(1)?,
        at: timestamp(row, 2)?,
        kind: kind.ok_or_else(|| unreadable(3, std::fmt::Error))?,
        quantity: row.try_get(4)?,
        who: row.try_get(5)?,
        order_id: row.try_get(6)?,
    })
}

/// Reads products and quantities, and adds up those of one product.
fn quantities(rows: &[PgRow]) -> sqlx::Result<BTreeMap<ProductId, i64>> {
    let mut quantities = BTreeMap::new();
    for row in rows {
        *quantities.entry(row.try_get(0)?).or_default() += row.try_get::<i64, _>(1)?;
    }
    Ok(quantities)
}

fn columns(pieces: impl Iterator<Item = (ProductId, u32)>) -> (Vec<ProductId>, Vec<i64>) {
    pieces.map(|(product_id, quantity)| (product_id, i64::from(quantity))).unzip()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_shared_out_evenly() {
        for total in [0, 1, 31, 32, 33, 1_000_000_007] {
            let shares: Vec<_> = (0..BUCKETS).map(|index| share(total, BUCKETS, index)).collect();
            assert_eq!(shares.iter().sum::<i64>(), total);
            assert!(shares.iter().max().unwrap() - shares.iter().min().unwrap() <= 1);
        }
    }
}
