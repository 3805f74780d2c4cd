//! The tables, version by version. `PRAGMA user_version` counts the steps that a file has had.

use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};

use super::error::OrStoreError;
use super::search::learn_all_words;
use crate::error::StoreError;

/// Every step, oldest first. A step that was released is never changed.
const STEPS: [&str; 12] = [
    include_str!("../../../migrations/sqlite/0001_shop.sql"),
    include_str!("../../../migrations/sqlite/0002_order_events.sql"),
    include_str!("../../../migrations/sqlite/0003_registration.sql"),
    include_str!("../../../migrations/sqlite/0004_book_order.sql"),
    include_str!("../../../migrations/sqlite/0005_smart_cart.sql"),
    include_str!("../../../migrations/sqlite/0006_members.sql"),
    include_str!("../../../migrations/sqlite/0007_catalogue.sql"),
    include_str!("../../../migrations/sqlite/0008_stock.sql"),
    include_str!("../../../migrations/sqlite/0009_book_session_key.sql"),
    include_str!("../../../migrations/sqlite/0010_cart_state.sql"),
    include_str!("../../../migrations/sqlite/0011_returns.sql"),
    include_str!("../../../migrations/sqlite/0012_audit_chain.sql"),
];

/// The step that brought the words of products' names, which SQL cannot tell apart.
const WORDS_SINCE: usize = 7;

/// How often a program that brings the tables up to date asks for its turn: once a millisecond for half a minute, because an older server
/// that writes without a pause leaves hardly a gap, which SQLite's own waits of up to 100 ms would miss.
const TRIES: i32 = 30_000;

/// Takes the steps that are missing, all or none. Of two servers that start at once, one waits for the other. The connection's busy
/// handler is another one afterwards.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    connection.busy_handler(Some(wait)).or_store_error()?;
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).or_store_error()?;
    let version: usize =
        transaction.pragma_query_value(None, "user_version", |row| row.get(0)).or_store_error()?;
    if version > STEPS.len() {
        return Err(StoreError::internal(format!(
            "the database has version {version}, and this program knows {} only",
            STEPS.len()
        )));
    }
    for step in &STEPS[version..] {
        transaction.execute_batch(step).or_store_error()?;
    }
    if version < WORDS_SINCE {
        learn_all_words(&transaction)?;
    }
    transaction.pragma_update(None, "user_version", STEPS.len()).or_store_error()?;
    transaction.commit().or_store_error()
}

#[expect(clippy::disallowed_methods, reason = "opening a file blocks, as its documentation says")]
fn wait(tries: i32) -> bool {
    std::thread::sleep(Duration::from_millis(1));
    tries < TRIES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_of_the_first_version_keep_all_they_had() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.pragma_update(None, "foreign_keys", true).unwrap();
        connection.execute_batch(STEPS[0]).unwrap();
        connection.pragma_update(None, "user_version", 1).unwrap();
        let old = "INSERT INTO user (user_id, phone, created_at_ms) VALUES (7, '+919876543210', 0);
                   INSERT INTO cart (cart_id, dock_level, dock_x_m, dock_y_m) VALUES (1, 0, 0, 0);
                   INSERT INTO product (product_id, product_name, barcode, currency, price_minor, gst_basis_points)
                   VALUES (2, 'Rice', '8901002', 'INR', 65000, 500);
                   INSERT INTO orders VALUES (41, 7, 1, 1000, 'INR', 3, 195000, 195000);
                   INSERT INTO order_line VALUES (41, 1, 2, 'Rice', 3, 65000, 65000);";
        connection.execute_batch(old).unwrap();
        migrate(&mut connection).unwrap();
        let text = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
        assert_eq!(
            text("SELECT user_id || status || version || placed_at_ms FROM orders WHERE order_id = 41"),
            "7verified21000"
        );
        assert_eq!(text("SELECT product_name || quantity FROM order_line WHERE order_id = 41"), "Rice3");
        assert_eq!(
            text("SELECT group_concat(event || seq) FROM (SELECT * FROM order_event ORDER BY seq)"),
            "place1,verify2"
        );
        assert_eq!(text("SELECT state || amount_minor FROM payment WHERE order_id = 41"), "pending195000");
        let unpublished = "SELECT count(*) FROM outbox WHERE published_at_ms IS NULL";
        assert_eq!(connection.query_row(unpublished, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
        connection.execute_batch("INSERT INTO orders SELECT NULL, user_id, cart_id, status, 0, 0, currency, 1, 1, 1, 0, 1 FROM orders").unwrap();
        assert_eq!(text("SELECT max(order_id) || '' FROM orders"), "42", "numbers go on");
        assert!(
            connection.execute_batch("DELETE FROM orders WHERE order_id = 41").is_err(),
            "lines still refer to their order"
        );
    }

    #[test]
    fn carts_and_orders_of_the_first_version_are_kept() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.pragma_update(None, "foreign_keys", true).unwrap();
        let old = "INSERT INTO user (user_id, phone, created_at_ms) VALUES (1, '+919876543210', 0);
                   INSERT INTO product (product_id, product_name, barcode, currency, price_minor, gst_basis_points)
                   VALUES (1, 'Milk', '1', 'INR', 100, 0);
                   INSERT INTO cart (cart_id, dock_level, dock_x_m, dock_y_m, user_id) VALUES (7, 0, 1.0, 2.0, 1);
                   INSERT INTO cart_item (cart_items_id, cart_id, product_id, quantity) VALUES (5, 7, 1, 3);
                   INSERT INTO orders VALUES (9, 1, 7, 0, 'INR', 1, 100, 100);
                   INSERT INTO order_line VALUES (9, 1, 1, 'Milk', 1, 100, 100);";
        connection.execute_batch(&format!("{}{old} PRAGMA user_version = 1;", STEPS[0])).unwrap();
        migrate(&mut connection).unwrap();
        let one = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(one("SELECT cart_id FROM cart WHERE user_id = 1 AND dock_y_m = 2.0 AND version = 0"), 7);
        assert_eq!(one("SELECT quantity FROM cart_item WHERE cart_items_id = 5 AND cart_id = 7"), 3);
        assert_eq!(one("SELECT cart_id FROM orders JOIN order_line USING (order_id) WHERE order_id = 9"), 7);
        assert_eq!(one("SELECT count(*) FROM pragma_foreign_key_check"), 0);
        connection.execute_batch("DELETE FROM cart_item; DELETE FROM cart;").unwrap();
        assert_eq!(one("INSERT INTO cart (user_id) VALUES (1) RETURNING cart_id"), 1_000_000_001);
    }

    #[test]
    fn comes_up_to_date_once_and_refuses_the_future() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        migrate(&mut connection).unwrap();
        let count = "SELECT count(*) FROM sqlite_master WHERE name = 'orders'";
        assert_eq!(connection.query_row(count, [], |row| row.get::<_, i64>(0)).unwrap(), 1);
        connection.pragma_update(None, "user_version", 99).unwrap();
        assert!(migrate(&mut connection).is_err());
    }

    #[test]
    fn an_older_shop_can_be_searched() {
        let mut connection = Connection::open_in_memory().unwrap();
        let older = WORDS_SINCE - 1;
        for step in &STEPS[..older] {
            connection.execute_batch(step).unwrap();
        }
        connection.pragma_update(None, "user_version", older).unwrap();
        let goods = "INSERT INTO product (product_id, product_name, barcode, currency, price_minor, gst_basis_points) \
                     VALUES (7, 'Saffron Rice', 'a', 'INR', 100, 0)";
        connection.execute(goods, []).unwrap();
        migrate(&mut connection).unwrap();
        let count = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(count("SELECT rowid FROM product_search WHERE product_search MATCH 'fro'"), 7);
        assert_eq!(count("SELECT count(*) FROM product_word WHERE word IN ('saffron', 'rice')"), 2);
    }
}
