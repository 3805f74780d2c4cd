//! Orders in PostgreSQL.

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use super::PostgresStore;
use super::cart::{
    LINE_WIDTH, check_user, is_current, line, line_columns, read_quantity, release_cart, seen_version,
};
use super::error::OrStoreError;
use super::order_event::{Placed, join_payment, payment, payment_columns, record_placed};
use super::row::{PRODUCT_WIDTH, number, parsed, timestamp, unreadable};
use crate::account::UserId;
use crate::cart::{CartError, CartId, CartLine, is_ad_hoc};
use crate::catalog::Page;
use crate::clock::Timestamp;
use crate::error::StoreError;
use crate::money::{Currency, Money};
use crate::order::{Order, OrderError, OrderLine, OrderStore, PaymentMethod, Totals, price};
use crate::tax::{TaxClass, TaxMode};

/// Locks the cart and reads all that is bought, or one row without a product.
const LOCK_CART: &str = concat!(
    "SELECT ",
    line_columns!(),
    ", ",
    seen_version!(),
    ", product.hsn, product.gst_basis_points, (SELECT prices_include_tax FROM store) \
     FROM cart LEFT JOIN cart_item ON cart_item.cart_id = cart.cart_id \
     LEFT JOIN product ON product.product_id = cart_item.product_id \
     WHERE cart.user_id = $1 ORDER BY cart_items_id FOR UPDATE OF cart"
);

const PLACE: &str = concat!(
    "WITH placed AS (INSERT INTO orders (user_id, cart_id, status, version, placed_at_ms, currency, total_quantity, \
                                         total_price_minor, discounted_price_minor, tax_minor, tax_included) \
                     VALUES ($11, $12, $6, $14, $2, $9, $15, $16, $17, $18, $19) RETURNING order_id), \
     line AS (INSERT INTO order_line (order_id, line_num, product_id, product_name, quantity, price_minor, \
                                      discounted_price_minor, hsn, gst_basis_points, tax_minor) \
              SELECT order_id, line_num, product_id, product_name, quantity, price, discounted_price, hsn, gst, tax \
              FROM placed, UNNEST($20::BIGINT[], $21::TEXT[], $22::BIGINT[], $23::BIGINT[], $24::BIGINT[], $25::TEXT[], \
                                  $26::BIGINT[], $27::BIGINT[]) WITH ORDINALITY \
                           AS line (product_id, product_name, quantity, price, discounted_price, hsn, gst, tax, line_num)), ",
    record_placed!("cart"),
    ", ",
    release_cart!("$12", "$13"),
    " SELECT order_id FROM placed"
);

/// A row for each line of an order. A shopper without orders has one row.
const ORDERS: &str = concat!(
    "SELECT placed.order_id, placed.cart_id, placed.status, placed.placed_at_ms, placed.currency, placed.total_quantity, \
            placed.total_price_minor, placed.discounted_price_minor, placed.tax_minor, placed.tax_included, ",
    payment_columns!(),
    ", line.product_id, line.product_name, line.quantity, line.price_minor, line.discounted_price_minor, line.hsn, \
       line.gst_basis_points, line.tax_minor \
     FROM \"user\" LEFT JOIN LATERAL (SELECT * FROM orders WHERE orders.user_id = \"user\".user_id \
                                      ORDER BY order_id DESC LIMIT $2 OFFSET $3) AS placed ON TRUE \
     LEFT ",
    join_payment!("cart", "placed"),
    " LEFT JOIN order_line AS line ON line.order_id = placed.order_id \
     WHERE \"user\".user_id = $1 AND \"user\".retired_at_ms IS NULL ORDER BY placed.order_id DESC, line.line_num"
);
/// The first column of a payment, and of a line, there.
const PAYMENT: usize = 10;
const LINE: usize = PAYMENT + 4;

#[async_trait]
impl OrderStore for PostgresStore {
    async fn checkout(
        &self,
        user_id: UserId,
        payment: PaymentMethod,
        now: Timestamp,
    ) -> Result<Order, OrderError> {
        self.pool
            .write(|mut transaction| async move {
                Ok((checkout(&mut transaction, user_id, payment, now).await?, transaction))
            })
            .await
    }

    async fn orders(&self, user_id: UserId, page: Page) -> Result<Vec<Order>, OrderError> {
        let rows = self
            .pool
            .one(|mut connection| async move {
                sqlx::query(ORDERS)
                    .bind(user_id)
                    .bind(i64::from(page.limit))
                    .bind(i64::from(page.offset))
                    .fetch_all(&mut *connection)
                    .await
                    .or_store_error()
            })
            .await?;
        match rows.first().map(|row| row.try_get::<Option<i64>, _>(0)).transpose().or_store_error()? {
            None => Err(OrderError::UserNotFound { user_id }),
            Some(None) => Ok(Vec::new()),
            Some(Some(_)) => Ok(orders(&rows, user_id).or_store_error()?),
        }
    }
}

async fn checkout(
    connection: &mut PgConnection,
    user_id: UserId,
    method: PaymentMethod,
    now: Timestamp,
) -> Result<Order, OrderError> {
    let Some(Cart { cart_id, lines, tax_mode }) = lock_cart(connection, user_id).await? else {
        return Err(no_cart(connection, user_id).await);
    };
    let (lines, totals) = price(lines, tax_mode)?;
    let payment = totals.payment(method);
    let placed = Placed::by_customer()?;
    let minors = |amount: fn(&OrderLine) -> Money| lines.iter().map(|line| amount(line).minor()).collect();
    let numbers = |number: fn(&OrderLine) -> i64| lines.iter().map(number).collect();
    let (prices, discounted_prices, taxes): (Vec<i64>, Vec<i64>, Vec<i64>) =
        (minors(|line| line.price), minors(|line| line.discounted_price), minors(|line| line.tax));
    let (product_ids, quantities, gst): (Vec<i64>, Vec<i64>, Vec<i64>) = (
        numbers(|line| line.product_id),
        numbers(|line| line.quantity.get().into()),
        numbers(|line| line.tax_class.gst_basis_points.into()),
    );
    let names: Vec<&str> = lines.iter().map(|line| line.product_name.as_str()).collect();
    let hsn: Vec<Option<&str>> = lines.iter().map(|line| line.tax_class.hsn.as_deref()).collect();
    let row = placed
        .bind(PLACE, &payment, now)
        .bind(user_id)
        .bind(cart_id)
        .bind(is_ad_hoc(cart_id))
        .bind(placed.version)
        .bind(i64::from(totals.quantity))
        .bind(totals.price.minor())
        .bind(totals.discounted_price.minor())
        .bind(totals.tax.minor())
        .bind(totals.tax_mode == TaxMode::Included)
        .bind(product_ids)
        .bind(names)
        .bind(quantities)
        .bind(prices)
        .bind(discounted_prices)
        .bind(hsn)
        .bind(gst)
        .bind(taxes)
        .fetch_one(connection)
        .await
        .or_store_error()?;
    let order_id = row.try_get(0).or_store_error()?;
    Ok(Order { order_id, user_id, cart_id, status: placed.status, placed_at: now, payment, totals, lines })
}

/// What is to be bought.
struct Cart {
    cart_id: CartId,
    lines: Vec<(CartLine, TaxClass)>,
    tax_mode: TaxMode,
}

/// The shopper's cart, which stays as it is until the transaction ends.
async fn lock_cart(connection: &mut PgConnection, user_id: UserId) -> Result<Option<Cart>, StoreError> {
    loop {
        let rows = sqlx::query(LOCK_CART).bind(user_id).fetch_all(&mut *connection).await.or_store_error()?;
        let Some(first) = rows.first() else { return Ok(None) };
        if is_current(first, PRODUCT_WIDTH + 1, LINE_WIDTH).or_store_error()? {
            return cart(first, &rows).map(Some).or_store_error();
        }
    }
}

fn cart(first: &PgRow, rows: &[PgRow]) -> sqlx::Result<Cart> {
    let taxed = |row| {
        let tax_class = |line| Ok((line, tax_class(row, LINE_WIDTH + 1)?));
        line(row)?.map(tax_class).transpose()
    };
    let lines = rows.iter().filter_map(|row| taxed(row).transpose()).collect::<sqlx::Result<_>>()?;
    Ok(Cart { cart_id: first.try_get(PRODUCT_WIDTH)?, lines, tax_mode: tax_mode(first, LINE_WIDTH + 3)? })
}

fn tax_class(row: &PgRow, first: usize) -> sqlx::Result<TaxClass> {
    Ok(TaxClass { hsn: row.try_get(first)?, gst_basis_points: number(row, first + 1)? })
}

fn tax_mode(row: &PgRow, column: usize) -> sqlx::Result<TaxMode> {
    Ok(if row.try_get(column)? { TaxMode::Included } else { TaxMode::Excluded })
}

/// A shopper who is retired has no orders to make.
async fn no_cart(connection: &mut PgConnection, user_id: UserId) -> OrderError {
    match check_user(connection, user_id).await {
        Ok(()) => OrderError::NoActiveCart,
        Err(CartError::Store(error)) => error.into(),
        Err(_) => OrderError::UserNotFound { user_id },
    }
}

fn orders(rows: &[PgRow], user_id: UserId) -> sqlx::Result<Vec<Order>> {
    let mut orders: Vec<Order> = Vec::new();
    for row in rows {
        let order_id: i64 = row.try_get(0)?;
        if orders.last().is_none_or(|order| order.order_id != order_id) {
            orders.push(order(row, user_id)?);
        }
        if let Some(order) = orders.last_mut() {
            order.lines.push(order_line(row, order.totals.price.currency())?);
        }
    }
    Ok(orders)
}

/// An order whose lines are still to come.
fn order(row: &PgRow, user_id: UserId) -> sqlx::Result<Order> {
    let currency = parsed(row, 4)?;
    let money = |column| Ok::<_, sqlx::Error>(Money::new(row.try_get(column)?, currency));
    let totals = Totals {
        quantity: number(row, 5)?,
        price: money(6)?,
        discounted_price: money(7)?,
        tax: money(8)?,
        tax_mode: tax_mode(row, 9)?,
    };
    Ok(Order {
        order_id: row.try_get(0)?,
        user_id,
        cart_id: row.try_get(1)?,
        status: parsed(row, 2)?,
        placed_at: timestamp(row, 3)?,
        payment: payment(row, PAYMENT)?,
        totals,
        lines: Vec::new(),
    })
}

fn order_line(row: &PgRow, currency: Currency) -> sqlx::Result<OrderLine> {
    let money = |column| Ok::<_, sqlx::Error>(Money::new(row.try_get(column)?, currency));
    let quantity = read_quantity(row, LINE + 2)?;
    Ok(OrderLine {
        product_id: row.try_get(LINE)?,
        product_name: row.try_get(LINE + 1)?,
        quantity: quantity.ok_or_else(|| unreadable(LINE + 2, CartError::TooMany))?,
        price: money(LINE + 3)?,
        discounted_price: money(LINE + 4)?,
        tax_class: tax_class(row, LINE + 5)?,
        tax: money(LINE + 7)?,
    })
}
