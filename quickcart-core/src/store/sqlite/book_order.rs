//! Book orders and their sessions in SQLite.

use std::time::Duration;

use async_trait::async_trait;
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::SqliteStore;
use super::error::OrStoreError;
use super::order_event::{self, OrderRef};
use super::row::{parsed, quantity, timestamp};
use super::statement::run;
use crate::book_order::{
    Book, BookOrder, BookOrderError, BookOrderId, BookOrderStore, Purchase, Session, SessionDigest,
};
use crate::catalog::Page;
use crate::clock::Timestamp;
use crate::error::StoreError;
use crate::money::{Currency, Money};
use crate::order::{Actor, IdempotencyKey, OrderEvent, OrderKind, OrderStatus, Payment};
use crate::phone::PhoneNumber;
use crate::store::book_json;

#[async_trait]
impl BookOrderStore for SqliteStore {
    async fn open_session(
        &self,
        digest: SessionDigest,
        purchase: &Purchase,
        now: Timestamp,
    ) -> Result<(), BookOrderError> {
        let purchase = purchase.clone();
        self.writer.write(move |transaction| open_session(transaction, digest, &purchase, now)).await
    }

    async fn session(&self, digest: SessionDigest) -> Result<Option<Session>, StoreError> {
        self.readers.read(move |transaction| session(transaction, digest)).await
    }

    async fn count_guess(&self, digest: SessionDigest, now: Timestamp) -> Result<Session, BookOrderError> {
        self.writer
            .write(move |transaction| {
                let open = session(transaction, digest)?.ok_or(BookOrderError::SessionNotFound)?;
                open.check_open(now)?;
                let sql = "UPDATE book_session SET guesses = guesses + 1 WHERE token_digest = ?1";
                run(transaction, sql, [digest])?;
                Ok(Session { guesses: open.guesses + 1, ..open })
            })
            .await
    }

    async fn forget_guess(&self, digest: SessionDigest) -> Result<(), StoreError> {
        let sql = "UPDATE book_session SET guesses = guesses - 1 WHERE token_digest = ?1 AND guesses > 0";
        self.writer.write(move |transaction| run(transaction, sql, [digest]).map(drop)).await
    }

    async fn extend_session(&self, digest: SessionDigest, now: Timestamp) -> Result<(), BookOrderError> {
        self.writer
            .write(move |transaction| {
                let open = session(transaction, digest)?.ok_or(BookOrderError::SessionNotFound)?;
                open.check_open(now)?;
                let sql = "UPDATE book_session SET expires_at_ms = ?2 WHERE token_digest = ?1";
                run(transaction, sql, params![digest, now.as_millisecond() + ms(Session::LIFE)])?;
                Ok(())
            })
            .await
    }

    async fn place_book_order(
        &self,
        digest: SessionDigest,
        key: Option<&IdempotencyKey>,
        now: Timestamp,
    ) -> Result<BookOrder, BookOrderError> {
        let key = key.cloned();
        self.writer.write(move |transaction| place(transaction, digest, key.as_ref(), now)).await
    }

    async fn book_orders(
        &self,
        owner: Option<&PhoneNumber>,
        page: Page,
    ) -> Result<Vec<BookOrder>, StoreError> {
        let owner = owner.map(|owner| owner.e164().to_owned());
        self.readers.scan(move |transaction| orders(transaction, owner.as_deref(), page)).await
    }

    async fn book_order(
        &self,
        order_id: BookOrderId,
        owner: Option<&PhoneNumber>,
    ) -> Result<Option<BookOrder>, StoreError> {
        let owner = owner.cloned();
        self.readers.read(move |transaction| order(transaction, order_id, owner.as_ref())).await
    }

    async fn advance_book_order(
        &self,
        order_id: BookOrderId,
        owner: Option<&PhoneNumber>,
        event: OrderEvent,
        by: Actor,
        now: Timestamp,
    ) -> Result<OrderStatus, BookOrderError> {
        let owner = owner.cloned();
        self.writer
            .write(move |transaction| {
                let seen = order(transaction, order_id, owner.as_ref())?;
                let seen = seen.ok_or(BookOrderError::OrderNotFound)?;
                let advanced = order_event::advance(transaction, reference(seen.order_id), event, by, now);
                advanced.and_then(|status| status.ok_or(BookOrderError::OrderNotFound))
            })
            .await
    }
}

const fn reference(order_id: BookOrderId) -> OrderRef {
    OrderRef { kind: OrderKind::Book, order_id }
}

fn open_session(
    transaction: &Transaction<'_>,
    digest: SessionDigest,
    purchase: &Purchase,
    now: Timestamp,
) -> Result<(), BookOrderError> {
    let (now_ms, window_ms) = (now.as_millisecond(), ms(Session::INITIATIONS_WINDOW));
    let sql =
        "SELECT opened_at_ms FROM book_session WHERE phone = ?1 ORDER BY opened_at_ms DESC LIMIT 1 OFFSET ?2";
    let oldest = transaction
        .prepare_cached(sql)
        .and_then(|mut statement| {
            let values = params![purchase.phone.e164(), Session::INITIATIONS_MAX - 1];
            statement.query_row(values, |row| timestamp(row, 0)).optional()
        })
        .or_store_error()?;
    Session::check_initiations(oldest, now)?;
    let sql =
        "DELETE FROM book_session WHERE order_id IS NULL AND expires_at_ms <= ?1 AND opened_at_ms <= ?2";
    run(transaction, sql, [now_ms, now_ms - window_ms])?;
    let sql = "INSERT INTO book_session (token_digest, phone, phone_as_sent, address, payment_method, currency, \
                                         books_json, guesses, opened_at_ms, expires_at_ms) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ?8, ?9)";
    let currency = purchase.total()?.currency();
    let values = params![
        digest,
        purchase.phone.e164(),
        purchase.phone_as_sent,
        purchase.address,
        purchase.payment_method.as_str(),
        currency.code(),
        book_json::write(&purchase.books).map_err(StoreError::internal)?,
        now_ms,
        now_ms + ms(Session::LIFE),
    ];
    run(transaction, sql, values)?;
    Ok(())
}

fn session(transaction: &Transaction<'_>, digest: SessionDigest) -> Result<Option<Session>, StoreError> {
    let sql = "SELECT phone, phone_as_sent, address, payment_method, currency, books_json, guesses, expires_at_ms, \
                      order_id, key, fingerprint \
               FROM book_session WHERE token_digest = ?1";
    let read = |row: &Row<'_>| {
        let unreadable = |error| {
            rusqlite::Error::FromSqlConversionFailure(5, rusqlite::types::Type::Text, Box::new(error))
        };
        let purchase = Purchase {
            phone: phone(row, 0)?,
            phone_as_sent: row.get(1)?,
            address: row.get(2)?,
            payment_method: parsed(row, 3)?,
            books: book_json::read(&row.get::<_, String>(5)?, parsed(row, 4)?).map_err(unreadable)?,
        };
        let (guesses, expires_at, order_id) = (row.get(6)?, timestamp(row, 7)?, row.get(8)?);
        let (name, fingerprint): (Option<String>, Option<[u8; 32]>) = (row.get(9)?, row.get(10)?);
        let key = name.zip(fingerprint).map(|(name, fingerprint)| IdempotencyKey::kept(name, fingerprint));
        Ok(Session { purchase, guesses, expires_at, order_id, key })
    };
    let query = transaction.prepare_cached(sql);
    query.and_then(|mut statement| statement.query_row([digest], read).optional()).or_store_error()
}

fn place(
    transaction: &Transaction<'_>,
    digest: SessionDigest,
    key: Option<&IdempotencyKey>,
    now: Timestamp,
) -> Result<BookOrder, BookOrderError> {
    let session = session(transaction, digest)?.ok_or(BookOrderError::SessionNotFound)?;
    session.check_placeable(now)?;
    let purchase = session.purchase;
    let total = purchase.total()?;
    let sql = "INSERT INTO book_order (phone, phone_as_sent, address, status, version, placed_at_ms) \
               VALUES (?1, ?2, ?3, ?4, 0, ?5) RETURNING order_id";
    let values = params![
        purchase.phone.e164(),
        purchase.phone_as_sent,
        purchase.address,
        OrderStatus::Pending.as_str(),
        now.as_millisecond(),
    ];
    let query = transaction.prepare_cached(sql);
    let order_id: BookOrderId =
        query.and_then(|mut statement| statement.query_row(values, |row| row.get(0))).or_store_error()?;
    for (index, book) in purchase.books.iter().enumerate() {
        insert_line(transaction, order_id, index, book)?;
    }
    let payment = Payment::pending(purchase.payment_method, total);
    let order = reference(order_id);
    order_event::place::<BookOrderError>(transaction, order, &payment, Actor::Customer, now)?;
    let verified =
        order_event::advance::<BookOrderError>(transaction, order, OrderEvent::Verify, Actor::Customer, now)?;
    let status = verified.ok_or(BookOrderError::OrderNotFound)?;
    let sql = "UPDATE book_session SET order_id = ?2, key = ?3, fingerprint = ?4 WHERE token_digest = ?1";
    let values =
        params![digest, order_id, key.map(IdempotencyKey::name), key.map(IdempotencyKey::fingerprint)];
    run(transaction, sql, values)?;
    Ok(BookOrder { order_id, purchase, total, status, payment: payment.state, placed_at: now })
}

fn insert_line(
    transaction: &Transaction<'_>,
    order_id: BookOrderId,
    index: usize,
    book: &Book,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO book_order_line (order_id, line_num, book_id, title, quantity, price_minor) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let values = params![order_id, index + 1, book.id, book.title, book.quantity.get(), book.price.minor()];
    run(transaction, sql, values).map(drop)
}

fn orders(
    transaction: &Transaction<'_>,
    owner: Option<&str>,
    page: Page,
) -> Result<Vec<BookOrder>, StoreError> {
    let all = "SELECT order_id FROM book_order ORDER BY order_id LIMIT ?1 OFFSET ?2";
    let own = "SELECT order_id FROM book_order WHERE phone = ?3 ORDER BY order_id LIMIT ?1 OFFSET ?2";
    let mut statement =
        transaction.prepare_cached(if owner.is_some() { own } else { all }).or_store_error()?;
    let read = |row: &Row<'_>| row.get(0);
    let rows = match owner {
        Some(owner) => statement.query_map(params![page.limit, page.offset, owner], read),
        None => statement.query_map([page.limit, page.offset], read),
    };
    let order_ids: Vec<BookOrderId> = rows.or_store_error()?.collect::<Result<_, _>>().or_store_error()?;
    let orders = order_ids.into_iter().map(|order_id| order(transaction, order_id, None).transpose());
    orders.flatten().collect()
}

fn order(
    transaction: &Transaction<'_>,
    order_id: BookOrderId,
    owner: Option<&PhoneNumber>,
) -> Result<Option<BookOrder>, StoreError> {
    type Head = (PhoneNumber, String, String, OrderStatus, Timestamp);
    let sql =
        "SELECT phone, phone_as_sent, address, status, placed_at_ms FROM book_order WHERE order_id = ?1";
    let read = |row: &Row<'_>| -> rusqlite::Result<Head> {
        Ok((phone(row, 0)?, row.get(1)?, row.get(2)?, parsed(row, 3)?, timestamp(row, 4)?))
    };
    let query = transaction.prepare_cached(sql);
    let head = query.and_then(|mut statement| statement.query_row([order_id], read).optional());
    let seen = head.or_store_error()?.filter(|head| owner.is_none_or(|owner| *owner == head.0));
    let Some((phone, phone_as_sent, address, status, placed_at)) = seen else { return Ok(None) };
    let payment = order_event::payment(transaction, reference(order_id))?;
    let books = lines(transaction, order_id, payment.amount.currency())?;
    let purchase = Purchase { phone, phone_as_sent, address, payment_method: payment.method, books };
    let (total, payment) = (payment.amount, payment.state);
    Ok(Some(BookOrder { order_id, purchase, total, status, payment, placed_at }))
}

fn lines(
    transaction: &Transaction<'_>,
    order_id: BookOrderId,
    currency: Currency,
) -> Result<Vec<Book>, StoreError> {
    let sql = "SELECT book_id, title, quantity, price_minor FROM book_order_line WHERE order_id = ?1 ORDER BY line_num";
    let read = |row: &Row<'_>| {
        Ok(Book {
            id: row.get(0)?,
            title: row.get(1)?,
            price: Money::new(row.get(3)?, currency),
            quantity: quantity(row, 2)?,
        })
    };
    let mut statement = transaction.prepare_cached(sql).or_store_error()?;
    let rows = statement.query_map([order_id], read).or_store_error()?;
    rows.collect::<rusqlite::Result<_>>().or_store_error()
}

fn phone(row: &Row<'_>, column: usize) -> rusqlite::Result<PhoneNumber> {
    let text: String = row.get(column)?;
    PhoneNumber::from_e164(&text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(error))
    })
}

fn ms(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cart::Quantity;
    use crate::order::PaymentMethod;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;
    const DIGEST: SessionDigest = [7; 32];

    async fn with_session() -> (SqliteStore, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("shop.db")).unwrap();
        let phone = PhoneNumber::from_e164("+8801712345678").unwrap();
        let purchase = Purchase {
            phone_as_sent: phone.e164().to_owned(),
            phone,
            address: "123 Test Street, Dhaka".to_owned(),
            payment_method: PaymentMethod::Nagad,
            books: vec![Book {
                id: "b".to_owned(),
                title: "t".to_owned(),
                price: Money::new(500, Currency::BDT),
                quantity: Quantity::ONE,
            }],
        };
        store.open_session(DIGEST, &purchase, NOW).await.unwrap();
        (store, folder)
    }

    async fn text(store: &SqliteStore, sql: &'static str) -> String {
        let read = move |transaction: &Transaction<'_>| {
            transaction.query_row(sql, [], |row| row.get(0)).or_store_error()
        };
        store.readers.read::<String, StoreError>(read).await.unwrap()
    }

    #[tokio::test]
    async fn every_step_has_its_event_its_outbox_row_and_its_payment() {
        let (store, _folder) = with_session().await;
        let order_id = store.place_book_order(DIGEST, None, NOW).await.unwrap().order_id;
        let paid = "SELECT method || ' ' || state || ' ' || currency || ' ' || amount_minor FROM payment";
        assert_eq!(text(&store, paid).await, "nagad pending BDT 500");
        for (event, by) in [(OrderEvent::StartProcessing, Actor::Staff), (OrderEvent::Cancel, Actor::Staff)] {
            store.advance_book_order(order_id, None, event, by, NOW).await.unwrap();
        }
        let refused = store.advance_book_order(order_id, None, OrderEvent::Ship, Actor::Staff, NOW).await;
        assert!(matches!(refused, Err(BookOrderError::IllegalTransition(_))), "{refused:?}");
        let events = "SELECT group_concat(seq || event || to_status || actor) FROM \
                      (SELECT * FROM order_event WHERE order_kind = 'book' ORDER BY seq)";
        let expected = "1placependingcustomer,2verifyverifiedcustomer,3start_processingprocessingstaff,\
                        4cancelcancelledstaff";
        assert_eq!(text(&store, events).await, expected);
        let outbox =
            "SELECT group_concat(seq) FROM (SELECT * FROM outbox WHERE order_kind = 'book' ORDER BY seq)";
        assert_eq!(text(&store, outbox).await, "1,2,3,4");
        assert_eq!(text(&store, "SELECT state FROM payment").await, "cancelled");
    }

    #[tokio::test]
    async fn an_order_is_made_with_everything_or_not_at_all() {
        let (store, _folder) = with_session().await;
        let write = |sql: &'static str| {
            let run = move |transaction: &Transaction<'_>| transaction.execute_batch(sql).or_store_error();
            store.writer.write::<(), StoreError>(run)
        };
        write("CREATE TRIGGER full BEFORE INSERT ON payment BEGIN SELECT RAISE(ABORT, 'full'); END")
            .await
            .unwrap();
        assert!(matches!(store.place_book_order(DIGEST, None, NOW).await, Err(BookOrderError::Store(_))));
        let left = "SELECT (SELECT count(*) FROM book_order) || (SELECT count(*) FROM order_event) || \
                    (SELECT count(*) FROM book_session WHERE order_id IS NOT NULL)";
        assert_eq!(text(&store, left).await, "000");
        write("DROP TRIGGER full").await.unwrap();
        store.place_book_order(DIGEST, None, NOW).await.unwrap();
        assert_eq!(text(&store, left).await, "121");
    }
}
