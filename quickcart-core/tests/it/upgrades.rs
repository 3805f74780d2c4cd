//! A server of the version before serves on while a new one brings the tables up to date, and afterwards. What it asks is what it
//! asked then: the statements of a checkout and of book orders before stock and idempotency keys.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};

use quickcart_core::admin::verify_audit;
use quickcart_core::store::{DatabaseUrl, PostgresStore, SqliteStore, open};
use rusqlite::{Connection as Sqlite, OptionalExtension, TransactionBehavior};
use sqlx::{Connection, PgConnection};

use crate::databases::POSTGRES;

/// The steps that the old version knew.
const OLD_SQLITE: [&str; 7] = [
    include_str!("../../migrations/sqlite/0001_shop.sql"),
    include_str!("../../migrations/sqlite/0002_order_events.sql"),
    include_str!("../../migrations/sqlite/0003_registration.sql"),
    include_str!("../../migrations/sqlite/0004_book_order.sql"),
    include_str!("../../migrations/sqlite/0005_smart_cart.sql"),
    include_str!("../../migrations/sqlite/0006_members.sql"),
    include_str!("../../migrations/sqlite/0007_catalogue.sql"),
];
const OLD_POSTGRES: &str = include_str!("../../migrations/postgres/0001_shop.sql");

/// How often it serves before the upgrade, and after it.
const ROUNDS: i64 = 30;

const STORE: &str =
    "INSERT INTO store (only_row, store_name, map_json, map_version) VALUES (1, 'Shop', '{}', 1)";
const USER: &str = r#"INSERT INTO "user" (phone, created_at_ms) VALUES ('+919876543210', 0)"#;

const CONNECT: &str = "INSERT INTO cart (user_id, connected_at_ms) VALUES ($1, 0) RETURNING cart_id";
const ADD: &str = "INSERT INTO cart_item (cart_id, product_id, quantity, version) VALUES ($1, 1, 2, 1)";
const OPEN_SESSION: &str = "INSERT INTO book_session (token_digest, phone, phone_as_sent, address, payment_method, currency, \
                                          books_json, guesses, opened_at_ms, expires_at_ms) \
     VALUES ($1, '+8801712345678', '+8801712345678', '123 Test Street, Dhaka', 'nagad', 'BDT', '[]', 0, $2, $3)";
const SESSION: &str = "SELECT phone, phone_as_sent, address, payment_method, currency, books_json, guesses, expires_at_ms, order_id \
     FROM book_session WHERE token_digest = $1";
const LOCK_SESSION: &str =
    "SELECT guesses, expires_at_ms, order_id FROM book_session WHERE token_digest = $1 FOR UPDATE";
const GUESS: &str = "UPDATE book_session SET guesses = guesses + 1 WHERE token_digest = $1";

/// What one after the other writes for an order, with its number.
const STEPS_OF_ORDER: [&str; 5] = [
    "INSERT INTO order_event (order_kind, order_id, seq, event, from_status, to_status, actor, at_ms) \
     VALUES ('cart', $1, 1, 'place', NULL, 'pending', 'customer', 0), \
            ('cart', $1, 2, 'verify', 'pending', 'verified', 'customer', 0)",
    "INSERT INTO outbox (order_kind, order_id, seq) VALUES ('cart', $1, 1), ('cart', $1, 2)",
    "INSERT INTO payment (order_kind, order_id, method, state, currency, amount_minor, created_at_ms, updated_at_ms) \
     VALUES ('cart', $1, 'cash', 'pending', 'INR', 200, 0, 0)",
    "INSERT INTO order_line (order_id, line_num, product_id, product_name, quantity, price_minor, discounted_price_minor, hsn, \
                             gst_basis_points, tax_minor) \
     VALUES ($1, 1, 1, 'Milk', 2, 100, 100, NULL, 0, 0)",
    "UPDATE orders SET status = 'verified', version = 2 WHERE order_id = $1",
];
const BOOK_ORDER: &str = "INSERT INTO book_order (phone, phone_as_sent, address, status, version, placed_at_ms) \
     VALUES ('+8801712345678', '+8801712345678', '123 Test Street, Dhaka', 'pending', 0, 0) RETURNING order_id";
const VERIFY_SESSION: &str = "UPDATE book_session SET order_id = $2 WHERE token_digest = $1";
const CHANGE_PRODUCT: &str = "UPDATE product SET version = version + 1 WHERE product_id = $1";
const NOTE_CHANGE: &str = "INSERT INTO audit (at_ms, who, action, entity, entity_id, after_json) \
     VALUES (0, 'admin', 'change', 'product', $1, '{}')";
const RELEASE: [&str; 2] =
    ["DELETE FROM cart_item WHERE cart_id = $1", "DELETE FROM cart WHERE cart_id = $1"];

/// Many events, so that an index of those that wait takes its time.
fn events(series: &str) -> String {
    format!(
        "INSERT INTO order_event (order_kind, order_id, seq, event, to_status, actor, at_ms) \
         SELECT 'cart', 1000000 + n, 1, 'place', 'pending', 'customer', 0 FROM {series}; \
         INSERT INTO outbox (order_kind, order_id, seq) SELECT order_kind, order_id, seq FROM order_event;"
    )
}

/// What is left when nobody failed: each round made an order of a cart and one of books.
const MADE: &str = "SELECT (SELECT count(*) FROM orders WHERE status = 'verified') || ' ' || \
            (SELECT count(*) FROM book_order) || ' ' || \
            (SELECT count(*) FROM book_session WHERE order_id IS NOT NULL AND guesses = 1) || ' ' || (SELECT count(*) FROM cart)";

#[tokio::test]
async fn an_old_server_serves_on_while_sqlite_is_upgraded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.db");
    let connect = || {
        let connection = Sqlite::open(&path).unwrap();
        connection.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
        connection.execute_batch("PRAGMA foreign_keys = TRUE; PRAGMA synchronous = FULL").unwrap();
        connection
    };
    let mut old = connect();
    old.pragma_update(None, "journal_mode", "WAL").unwrap();
    let product = "INSERT INTO product (product_id, product_name, barcode, currency, price_minor, gst_basis_points) \
                   VALUES (1, 'Milk', '1', 'INR', 100, 0)";
    let series =
        "(WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 30000) SELECT n FROM s)";
    let shop = format!("{} {STORE}; {USER}; {product}; {}", OLD_SQLITE.concat(), events(series));
    old.execute_batch(&format!("BEGIN; {shop} PRAGMA user_version = 7; COMMIT")).unwrap();

    let (begun, is_upgraded) = (Barrier::new(2), AtomicBool::new(false));
    let rounds = std::thread::scope(|scope| {
        let server = scope.spawn(|| {
            let (mut round, mut after) = (0, 0);
            while after < ROUNDS {
                if round == ROUNDS {
                    begun.wait();
                }
                after += i64::from(is_upgraded.load(Ordering::Acquire));
                round += 1;
                serve_sqlite(&mut old, round);
            }
            round
        });
        begun.wait();
        let opened = SqliteStore::open(&path);
        // Also when it failed: the server would go on for ever.
        is_upgraded.store(true, Ordering::Release);
        let rounds = server.join().unwrap();
        opened.unwrap();
        rounds
    });
    let check = connect();
    let made: String = check.query_row(MADE, [], |row| row.get(0)).unwrap();
    assert_eq!(made, format!("{rounds} {rounds} {rounds} 0"));
    assert_eq!(check.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0)).unwrap(), 12);
    links_what_the_old_server_wrote(DatabaseUrl::Sqlite(path), rounds).await;
}

fn serve_sqlite(connection: &mut Sqlite, round: i64) {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
    // SQLite numbers its values with `?`.
    let prepare = |sql: &str| transaction.prepare_cached(&sql.replace('$', "?")).unwrap();
    let number = |sql: &str, values: &[i64]| -> i64 {
        let mut statement = prepare(sql);
        statement.query_row(rusqlite::params_from_iter(values), |row| row.get(0)).unwrap()
    };
    let run = |sql: &str, value: i64| prepare(sql).execute([value]).unwrap();
    let cart_id = number(CONNECT, &[1]);
    run(ADD, cart_id);
    assert_eq!(number("SELECT prices_include_tax FROM store", &[]), 1);
    let order = "INSERT INTO orders (user_id, cart_id, status, version, placed_at_ms, currency, total_quantity, \
                                     total_price_minor, discounted_price_minor, tax_minor, tax_included) \
                 VALUES ($1, $2, 'pending', 0, 0, 'INR', 2, 200, 200, 0, 1) RETURNING order_id";
    let order_id = number(order, &[1, cart_id]);
    for sql in STEPS_OF_ORDER {
        run(sql, order_id);
    }
    for sql in RELEASE {
        run(sql, cart_id);
    }
    let digest = digest(round);
    prepare(OPEN_SESSION).execute((digest, round, round)).unwrap();
    prepare(GUESS).execute((digest,)).unwrap();
    let book_order = number(BOOK_ORDER, &[]);
    prepare(VERIFY_SESSION).execute((digest, book_order)).unwrap();
    run(CHANGE_PRODUCT, 1);
    run(NOTE_CHANGE, 1);
    transaction.commit().unwrap();
    let transaction = connection.transaction().unwrap();
    let mut statement = transaction.prepare_cached(&SESSION.replace('$', "?")).unwrap();
    let known = statement.query_row((digest,), |row| row.get::<_, i64>(8)).optional().unwrap();
    assert_eq!(known, Some(book_order));
    let latest = "SELECT order_id FROM orders WHERE user_id = ?1 ORDER BY order_id DESC LIMIT 100";
    let mut orders = transaction.prepare_cached(latest).unwrap();
    let orders = orders.query_map([1], |row| row.get::<_, i64>(0)).unwrap().map(Result::unwrap).count();
    assert_eq!(orders, usize::try_from(round.min(100)).unwrap());
}

/// Also what it wrote when the tables were new already.
async fn links_what_the_old_server_wrote(url: DatabaseUrl, rounds: i64) {
    let verified = verify_audit(&*open(&url).await.unwrap(), None, |_, _| ()).await.unwrap();
    assert_eq!((verified.head.link_id, verified.unlinked), (rounds, 0));
}

fn digest(round: i64) -> [u8; 32] {
    let mut digest = [0; 32];
    digest[..8].copy_from_slice(&round.to_le_bytes());
    digest
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_server_serves_on_while_postgresql_is_upgraded() {
    let url = POSTGRES.create_database();
    let version = "CREATE TABLE schema_version (only_row BIGINT PRIMARY KEY CHECK (only_row = 1), version BIGINT NOT NULL); \
                   INSERT INTO schema_version VALUES (1, 1)";
    let product = "INSERT INTO product (product_id, product_name, folded_name, barcode, currency, price_minor, gst_basis_points) \
                   VALUES (1, 'Milk', 'milk', '1', 'INR', 100, 0)";
    let events = events("generate_series(1, 30000) AS s (n)");
    POSTGRES
        .query(&url, &format!("{OLD_POSTGRES}; {version}; {STORE}; {USER}; {product}; {events}"))
        .unwrap();

    let (begin, begun) = tokio::sync::oneshot::channel();
    let is_upgraded = std::sync::Arc::new(AtomicBool::new(false));
    let server = tokio::spawn({
        let (url, is_upgraded) = (url.clone(), std::sync::Arc::clone(&is_upgraded));
        async move {
            let mut connection = PgConnection::connect(&url).await.unwrap();
            let limits = "SET lock_timeout = '2s'; SET statement_timeout = '5s'";
            sqlx::raw_sql(limits).execute(&mut connection).await.unwrap();
            let (mut begin, mut round, mut after) = (Some(begin), 0, 0);
            while after < ROUNDS {
                if round == ROUNDS {
                    begin.take().unwrap().send(()).unwrap();
                }
                after += i64::from(is_upgraded.load(Ordering::Acquire));
                round += 1;
                serve_postgres(&mut connection, round).await.unwrap();
            }
            round
        }
    });
    begun.await.unwrap();
    drop(PostgresStore::open(&url, 2).await.unwrap());
    is_upgraded.store(true, Ordering::Release);
    let rounds = server.await.unwrap();
    assert_eq!(POSTGRES.query(&url, MADE).unwrap(), format!("{rounds} {rounds} {rounds} 0"));
    assert_eq!(POSTGRES.query(&url, "SELECT version FROM schema_version").unwrap(), "6");
    links_what_the_old_server_wrote(url.parse().unwrap(), rounds).await;
}

async fn serve_postgres(connection: &mut PgConnection, round: i64) -> sqlx::Result<()> {
    let digest = digest(round);
    let mut transaction = connection.begin().await?;
    let cart_id: i64 = sqlx::query_scalar(CONNECT).bind(1_i64).fetch_one(&mut *transaction).await?;
    sqlx::query(ADD).bind(cart_id).execute(&mut *transaction).await?;
    let lock = "SELECT cart.cart_id, product.hsn, product.gst_basis_points, (SELECT prices_include_tax FROM store) \
                FROM cart LEFT JOIN cart_item ON cart_item.cart_id = cart.cart_id \
                LEFT JOIN product ON product.product_id = cart_item.product_id \
                WHERE cart.user_id = $1 ORDER BY cart_items_id FOR UPDATE OF cart";
    sqlx::query(lock).bind(1_i64).fetch_one(&mut *transaction).await?;
    let order = "INSERT INTO orders (user_id, cart_id, status, version, placed_at_ms, currency, total_quantity, \
                                     total_price_minor, discounted_price_minor, tax_minor, tax_included) \
                 VALUES (1, $1, 'pending', 0, 0, 'INR', 2, 200, 200, 0, TRUE) RETURNING order_id";
    let order_id: i64 = sqlx::query_scalar(order).bind(cart_id).fetch_one(&mut *transaction).await?;
    for sql in STEPS_OF_ORDER {
        sqlx::query(sql).bind(order_id).execute(&mut *transaction).await?;
    }
    for sql in RELEASE {
        sqlx::query(sql).bind(cart_id).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    let mut transaction = connection.begin().await?;
    let open = sqlx::query(OPEN_SESSION).bind(digest).bind(round).bind(round);
    open.execute(&mut *transaction).await?;
    sqlx::query(GUESS).bind(digest).execute(&mut *transaction).await?;
    sqlx::query(LOCK_SESSION).bind(digest).fetch_one(&mut *transaction).await?;
    let book_order: i64 = sqlx::query_scalar(BOOK_ORDER).fetch_one(&mut *transaction).await?;
    sqlx::query(VERIFY_SESSION).bind(digest).bind(book_order).execute(&mut *transaction).await?;
    transaction.commit().await?;
    let mut transaction = connection.begin().await?;
    for sql in [CHANGE_PRODUCT, NOTE_CHANGE] {
        sqlx::query(sql).bind(1_i64).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    sqlx::query(SESSION).bind(digest).fetch_one(&mut *connection).await?;
    let orders = "SELECT placed.order_id, placed.status \
                  FROM \"user\" LEFT JOIN LATERAL (SELECT * FROM orders WHERE orders.user_id = \"user\".user_id \
                                                   ORDER BY order_id DESC LIMIT 100) AS placed ON TRUE \
                  WHERE \"user\".user_id = $1";
    let orders = sqlx::query(orders).bind(1_i64).fetch_all(connection).await?;
    assert_eq!(orders.len(), usize::try_from(round.min(100)).unwrap());
    Ok(())
}
