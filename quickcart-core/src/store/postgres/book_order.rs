//! Book orders and their sessions in PostgreSQL.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use super::PostgresStore;
use super::cart::read_quantity;
use super::error::OrStoreError;
use super::order_event::{Placed, advance, join_payment, payment, payment_columns, record_placed};
use super::row::{number, parsed, timestamp, unreadable};
use crate::book_order::{
    Book, BookOrder, BookOrderError, BookOrderId, BookOrderStore, Purchase, Session, SessionDigest,
};
use crate::cart::CartError;
use crate::catalog::Page;
use crate::clock::Timestamp;
use crate::error::StoreError;
use crate::money::{Currency, Money};
use crate::order::{Actor, IdempotencyKey, OrderEvent, OrderKind, OrderStatus, Payment};
use crate::phone::PhoneNumber;
use crate::store::book_json;

/// There may be no session yet that could be locked, so the phone is.
const LOCK_PHONE: &str = "SELECT pg_advisory_xact_lock(hashtextextended('book_session:' || $1, 0))";
const OPENED: &str =
    "SELECT opened_at_ms FROM book_session WHERE phone = $1 ORDER BY opened_at_ms DESC LIMIT 1 OFFSET $2";
/// Leaves old sessions that somebody else is at.
const OPEN: &str = "WITH old AS (SELECT token_digest FROM book_session \
                                 WHERE order_id IS NULL AND expires_at_ms <= $8 AND opened_at_ms <= $10 \
                                 FOR UPDATE SKIP LOCKED), \
     forgotten AS (DELETE FROM book_session USING old WHERE book_session.token_digest = old.token_digest) \
     INSERT INTO book_session (token_digest, phone, phone_as_sent, address, payment_method, currency, books_json, guesses, \
                               opened_at_ms, expires_at_ms) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, $9)";

macro_rules! session {
    ($lock:literal) => {
        concat!(
            "SELECT phone, phone_as_sent, address, payment_method, currency, books_json, guesses, expires_at_ms, order_id, \
                    key, fingerprint \
             FROM book_session WHERE token_digest = $1",
            $lock
        )
    };
}

const SESSION: &str = session!("");
const LOCK_SESSION: &str = session!(" FOR UPDATE");
const COUNT_GUESS: &str = "UPDATE book_session SET guesses = guesses + 1 WHERE token_digest = $1";
const FORGET_GUESS: &str =
    "UPDATE book_session SET guesses = guesses - 1 WHERE token_digest = $1 AND guesses > 0";
const EXTEND: &str = "UPDATE book_session SET expires_at_ms = $2 WHERE token_digest = $1";

const PLACE: &str = concat!(
    "WITH placed AS (INSERT INTO book_order (phone, phone_as_sent, address, status, version, placed_at_ms) \
                     VALUES ($12, $13, $14, $6, $15, $2) RETURNING order_id), \
     line AS (INSERT INTO book_order_line (order_id, line_num, book_id, title, quantity, price_minor) \
              SELECT order_id, line_num, book_id, title, quantity, price \
              FROM placed, UNNEST($16::TEXT[], $17::TEXT[], $18::BIGINT[], $19::BIGINT[]) WITH ORDINALITY \
                           AS line (book_id, title, quantity, price, line_num)), \
     verified AS (UPDATE book_session SET order_id = placed.order_id, key = $20, fingerprint = $21 \
                  FROM placed WHERE token_digest = $11), ",
    record_placed!("book"),
    " SELECT order_id FROM placed"
);

/// A row for each book of the orders that `$which` finds.
macro_rules! orders {
    ($which:literal) => {
        concat!(
            "SELECT placed.order_id, placed.phone, placed.phone_as_sent, placed.address, placed.status, placed.placed_at_ms, ",
            payment_columns!(),
            ", line.book_id, line.title, line.quantity, line.price_minor FROM (SELECT * FROM book_order ",
            $which,
            ") AS placed ",
            join_payment!("book", "placed"),
            " LEFT JOIN book_order_line AS line ON line.order_id = placed.order_id ORDER BY placed.order_id, line.line_num"
        )
    };
}

const ORDERS: &str = orders!("ORDER BY order_id LIMIT $1 OFFSET $2");
const ORDERS_OF_PHONE: &str = orders!("WHERE phone = $3 ORDER BY order_id LIMIT $1 OFFSET $2");
const ORDER: &str = orders!("WHERE order_id = $1");
const PHONE: &str = "SELECT phone FROM book_order WHERE order_id = $1";
/// The first column of a payment, and of a book, there.
const PAYMENT: usize = 6;
const BOOK: usize = PAYMENT + 5;

#[async_trait]
impl BookOrderStore for PostgresStore {
    async fn open_session(
        &self,
        digest: SessionDigest,
        purchase: &Purchase,
        now: Timestamp,
    ) -> Result<(), BookOrderError> {
        self.pool
            .write(|mut transaction| async move {
                open_session(&mut transaction, digest, purchase, now).await?;
                Ok(((), transaction))
            })
            .await
    }

    async fn session(&self, digest: SessionDigest) -> Result<Option<Session>, StoreError> {
        self.pool.one(|mut connection| async move { session(&mut connection, SESSION, digest).await }).await
    }

    async fn count_guess(&self, digest: SessionDigest, now: Timestamp) -> Result<Session, BookOrderError> {
        self.pool
            .write(|mut transaction| async move {
                let open = lock_session(&mut transaction, digest).await?;
                open.check_open(now)?;
                let query = sqlx::query(COUNT_GUESS).bind(digest);
                query.execute(&mut *transaction).await.or_store_error()?;
                Ok((Session { guesses: open.guesses + 1, ..open }, transaction))
            })
            .await
    }

    async fn forget_guess(&self, digest: SessionDigest) -> Result<(), StoreError> {
        self.pool
            .write(|mut transaction| async move {
                let query = sqlx::query(FORGET_GUESS).bind(digest);
                query.execute(&mut *transaction).await.or_store_error()?;
                Ok(((), transaction))
            })
            .await
    }

    async fn extend_session(&self, digest: SessionDigest, now: Timestamp) -> Result<(), BookOrderError> {
        self.pool
            .write(|mut transaction| async move {
                lock_session(&mut transaction, digest).await?.check_open(now)?;
                let query = sqlx::query(EXTEND).bind(digest).bind(now.as_millisecond() + ms(Session::LIFE));
                query.execute(&mut *transaction).await.or_store_error()?;
                Ok(((), transaction))
            })
            .await
    }

    async fn place_book_order(
        &self,
        digest: SessionDigest,
        key: Option<&IdempotencyKey>,
        now: Timestamp,
    ) -> Result<BookOrder, BookOrderError> {
        self.pool
            .write(|mut transaction| async move {
                Ok((place(&mut transaction, digest, key, now).await?, transaction))
            })
            .await
    }

    async fn book_orders(
        &self,
        owner: Option<&PhoneNumber>,
        page: Page,
    ) -> Result<Vec<BookOrder>, StoreError> {
        self.pool
            .one(|mut connection| async move {
                let query = sqlx::query(if owner.is_some() { ORDERS_OF_PHONE } else { ORDERS })
                    .bind(i64::from(page.limit))
                    .bind(i64::from(page.offset));
                let query = match owner {
                    Some(owner) => query.bind(owner.e164()),
                    None => query,
                };
                let rows = query.fetch_all(&mut *connection).await.or_store_error()?;
                orders(&rows).or_store_error()
            })
            .await
    }

    async fn book_order(
        &self,
        order_id: BookOrderId,
        owner: Option<&PhoneNumber>,
    ) -> Result<Option<BookOrder>, StoreError> {
        self.pool
            .one(|mut connection| async move {
                let query = sqlx::query(ORDER).bind(order_id);
                let rows = query.fetch_all(&mut *connection).await.or_store_error()?;
                let found = orders(&rows).or_store_error()?.pop();
                Ok(found.filter(|order| owner.is_none_or(|owner| *owner == order.purchase.phone)))
            })
            .await
    }

    async fn advance_book_order(
        &self,
        order_id: BookOrderId,
        owner: Option<&PhoneNumber>,
        event: OrderEvent,
        by: Actor,
        now: Timestamp,
    ) -> Result<OrderStatus, BookOrderError> {
        self.pool
            .write(|mut transaction| async move {
                // Whose order it is never changes.
                let phone = sqlx::query_scalar(PHONE).bind(order_id).fetch_optional(&mut *transaction).await;
                let phone: Option<String> = phone.or_store_error()?;
                let seen = phone.filter(|phone| owner.is_none_or(|owner| owner.e164() == phone));
                seen.ok_or(BookOrderError::OrderNotFound)?;
                let status = advance(&mut transaction, OrderKind::Book, order_id, event, by, now).await;
                let status = status.and_then(|status| status.ok_or(BookOrderError::OrderNotFound))?;
                Ok((status, transaction))
            })
            .await
    }
}

async fn open_session(
    connection: &mut PgConnection,
    digest: SessionDigest,
    purchase: &Purchase,
    now: Timestamp,
) -> Result<(), BookOrderError> {
    let phone = purchase.phone.e164();
    sqlx::query(LOCK_PHONE).bind(phone).execute(&mut *connection).await.or_store_error()?;
    let query = sqlx::query(OPENED).bind(phone).bind(i64::from(Session::INITIATIONS_MAX) - 1);
    let oldest = query.fetch_optional(&mut *connection).await.or_store_error()?;
    let oldest = oldest.map(|row| timestamp(&row, 0)).transpose().or_store_error()?;
    Session::check_initiations(oldest, now)?;
    let now_ms = now.as_millisecond();
    sqlx::query(OPEN)
        .bind(digest)
        .bind(phone)
        .bind(&purchase.phone_as_sent)
        .bind(&purchase.address)
        .bind(purchase.payment_method.as_str())
        .bind(purchase.total()?.currency().code())
        .bind(book_json::write(&purchase.books).map_err(StoreError::internal)?)
        .bind(now_ms)
        .bind(now_ms + ms(Session::LIFE))
        .bind(now_ms - ms(Session::INITIATIONS_WINDOW))
        .execute(connection)
        .await
        .or_store_error()?;
    Ok(())
}

/// The session stays as it is until the transaction ends.
async fn lock_session(
    connection: &mut PgConnection,
    digest: SessionDigest,
) -> Result<Session, BookOrderError> {
    session(connection, LOCK_SESSION, digest).await?.ok_or(BookOrderError::SessionNotFound)
}

async fn session(
    connection: &mut PgConnection,
    sql: &'static str,
    digest: SessionDigest,
) -> Result<Option<Session>, StoreError> {
    let row = sqlx::query(sql).bind(digest).fetch_optional(connection).await.or_store_error()?;
    row.as_ref().map(read_session).transpose().or_store_error()
}

fn read_session(row: &PgRow) -> sqlx::Result<Session> {
    let books = book_json::read(row.try_get(5)?, parsed(row, 4)?);
    let purchase = Purchase {
        phone: phone(row, 0)?,
        phone_as_sent: row.try_get(1)?,
        address: row.try_get(2)?,
        payment_method: parsed(row, 3)?,
        books: books.map_err(|error| unreadable(5, error))?,
    };
    let (guesses, expires_at, order_id) = (number(row, 6)?, timestamp(row, 7)?, row.try_get(8)?);
    let (name, fingerprint): (Option<String>, Option<[u8; 32]>) = (row.try_get(9)?, row.try_get(10)?);
    let key = name.zip(fingerprint).map(|(name, fingerprint)| IdempotencyKey::kept(name, fingerprint));
    Ok(Session { purchase, guesses, expires_at, order_id, key })
}

async fn place(
    connection: &mut PgConnection,
    digest: SessionDigest,
    key: Option<&IdempotencyKey>,
    now: Timestamp,
) -> Result<BookOrder, BookOrderError> {
    let session = lock_session(connection, digest).await?;
    session.check_placeable(now)?;
    let purchase = session.purchase;
    let total = purchase.total()?;
    let payment = Payment::pending(purchase.payment_method, total);
    let placed = Placed::by_customer()?;
    let texts = |text: fn(&Book) -> &str| purchase.books.iter().map(text).collect::<Vec<_>>();
    let numbers = |number: fn(&Book) -> i64| purchase.books.iter().map(number).collect::<Vec<_>>();
    let row = placed
        .bind(PLACE, &payment, now)
        .bind(digest)
        .bind(purchase.phone.e164())
        .bind(&purchase.phone_as_sent)
        .bind(&purchase.address)
        .bind(placed.version)
        .bind(texts(|book| &book.id))
        .bind(texts(|book| &book.title))
        .bind(numbers(|book| book.quantity.get().into()))
        .bind(numbers(|book| book.price.minor()))
        .bind(key.map(IdempotencyKey::name))
        .bind(key.map(|key| &key.fingerprint()[..]))
        .fetch_one(connection)
        .await
        .or_store_error()?;
    let order_id = row.try_get(0).or_store_error()?;
    let (status, payment) = (placed.status, payment.state);
    Ok(BookOrder { order_id, purchase, total, status, payment, placed_at: now })
}

fn orders(rows: &[PgRow]) -> sqlx::Result<Vec<BookOrder>> {
    let mut orders: Vec<BookOrder> = Vec::new();
    for row in rows {
        let order_id: i64 = row.try_get(0)?;
        if orders.last().is_none_or(|order| order.order_id != order_id) {
            orders.push(order(row)?);
        }
        if let Some(order) = orders.last_mut() {
            order.purchase.books.extend(book(row, order.total.currency())?);
        }
    }
    Ok(orders)
}

/// An order whose books are still to come.
fn order(row: &PgRow) -> sqlx::Result<BookOrder> {
    let payment = payment(row, PAYMENT)?;
    let purchase = Purchase {
        phone: phone(row, 1)?,
        phone_as_sent: row.try_get(2)?,
        address: row.try_get(3)?,
        payment_method: payment.method,
        books: Vec::new(),
    };
    Ok(BookOrder {
        order_id: row.try_get(0)?,
        purchase,
        total: payment.amount,
        status: parsed(row, 4)?,
        payment: payment.state,
        placed_at: timestamp(row, 5)?,
    })
}

/// `None` in the row of an order without books.
fn book(row: &PgRow, currency: Currency) -> sqlx::Result<Option<Book>> {
    let Some(id) = row.try_get(BOOK)? else { return Ok(None) };
    let quantity = read_quantity(row, BOOK + 2)?;
    Ok(Some(Book {
        id,
        title: row.try_get(BOOK + 1)?,
        price: Money::new(row.try_get(BOOK + 3)?, currency),
        quantity: quantity.ok_or_else(|| unreadable(BOOK + 2, CartError::TooMany))?,
    }))
}

fn phone(row: &PgRow, column: usize) -> sqlx::Result<PhoneNumber> {
    PhoneNumber::from_e164(row.try_get(column)?).map_err(|error| unreadable(column, error))
}

fn ms(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
