//! PostgreSQL: our checkout against pgbench with the same statements, and a product that everybody buys against one row that
//! everybody updates.

use std::cell::RefCell;
use std::ffi::OsStr;
use std::sync::Arc;

use benches::{Contender, Goal, Python, Result, Section, Venv, alternate};
use quickcart_core::catalog::CatalogStore;
use quickcart_core::catalog::import::demo_store;
use quickcart_core::store::PostgresStore;
use serde_json::json;
use test_servers::PostgresServer;
use tokio::runtime::Runtime;

use super::REPETITIONS;
use super::carts::{FIRST_CART, FIRST_PRODUCT, FIRST_USER, PRODUCTS, checkouts, products};
use super::pgbench::{Pgbench, READ_CART, Stock, place};

/// What we may take, as a multiple of pgbench with the same statements: 80 % of its orders a second.
const TIME_MAX: f64 = 1.25;
/// What we may take for a product that everybody buys, as a multiple of one row that everybody updates: a fifth.
const HOT_TIME_MAX: f64 = 0.2;
/// What our clients may cost, as a multiple of SQLAlchemy: a quarter.
const CLIENT_CPU_MAX: f64 = 0.25;
/// How many orders a client makes, beside SQLAlchemy.
const OF_EACH_CLIENT: i64 = 200;
/// How many were made before.
const PAST_ORDERS: i64 = 10_000;

pub(crate) fn rows() -> Result<()> {
    // As a package of PostgreSQL sets it up: every commit is on the disk.
    let server =
        PostgresServer::with(&[("fsync", "on"), ("max_connections", "100"), ("max_wal_size", "4GB")]);
    let url = server.create_database();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let store = Arc::new(runtime.block_on(PostgresStore::open(&url, 32))?);
    runtime.block_on(store.import(demo_store()?, Box::new(|_, _| ())))?;
    server.query(&url, &prepare())?;
    let query = |sql: &str| server.query(&url, sql).map(drop).map_err(benches::Failure::from);
    let carts_left =
        || server.query(&url, &format!("SELECT count(*) FROM cart WHERE cart_id > {FIRST_CART}"));
    let pgbench = RefCell::new(Pgbench::new(&url)?);
    for (is_hot, all_clients) in [(false, &[1, 8, 32][..]), (true, &[8, 32])] {
        for &clients in all_clients {
            let operations = 100 * clients;
            let fill = fill(operations, is_hot);
            let ours = || {
                query(&fill)?;
                checkouts(&runtime, &store, clients, operations)
            };
            let peer = |stock| {
                let (query, carts_left, pgbench, fill) = (&query, &carts_left, &pgbench, &fill);
                move || {
                    query(fill)?;
                    let cost = pgbench.borrow_mut().run(stock, is_hot, clients, operations)?;
                    let left = carts_left()?;
                    // Where all buckets of a product are locked, the statement places nothing, and ours then waits for its turn.
                    let is_few = left.parse::<i64>().is_ok_and(|left| left * 100 <= operations);
                    let failed = || format!("pgbench left {left} of {operations} carts as they were");
                    if is_few { Ok(cost) } else { Err(failed().into()) }
                }
            };
            let mut contenders = vec![
                Contender::new("PostgresStore", ours),
                Contender::new("pgbench, the same statements", peer(Stock::Buckets))
                    .with_goal(Goal::Time(TIME_MAX)),
            ];
            if is_hot {
                contenders.push(
                    Contender::new("pgbench, one row a product", peer(Stock::OneRow))
                        .with_goal(Goal::Time(HOT_TIME_MAX)),
                );
            }
            let what = if is_hot { "one of which everybody buys" } else { "of 3,000" };
            benches::print(&Section {
                title: format!("checkout: PostgreSQL, three counted products, {what}; {clients} clients"),
                notes: vec![
                    "fsync and synchronous_commit on. Filling the carts is not counted. CPU is the client's; pgbench does not \
                     say its own."
                        .to_owned(),
                ],
                rows: alternate(REPETITIONS, contenders)?,
            });
        }
    }
    // Last, when the server is through with looking after what was filled in.
    client_rows(&runtime, &store, &url, &query)
}

/// What clients cost besides the server: one, and eight of a program that is busy.
fn client_rows(
    runtime: &Runtime,
    store: &Arc<PostgresStore>,
    url: &str,
    query: &impl Fn(&str) -> Result<()>,
) -> Result<()> {
    let mut note = "Filling the carts is not counted.".to_owned();
    let python = match sqlalchemy(url) {
        Ok(python) => {
            note +=
                &format!(" {}, each statement a transaction of its own, a thread a client.", python.version);
            Some(RefCell::new(python))
        }
        Err(error) => {
            note += &format!(" SQLAlchemy is left out: {error}");
            None
        }
    };
    for clients in [1, 8] {
        let operations = OF_EACH_CLIENT * clients;
        let fill = fill(operations, false);
        let ours = || {
            query(&fill)?;
            checkouts(runtime, store, clients, operations)
        };
        let mut contenders = vec![Contender::new("PostgresStore", ours)];
        if let Some(python) = &python {
            let peer = || {
                query(&fill)?;
                python.borrow_mut().run(&clients.to_string(), operations.unsigned_abs())
            };
            contenders.push(
                Contender::new("SQLAlchemy, the same statements", peer).with_goal(Goal::Cpu(CLIENT_CPU_MAX)),
            );
        }
        benches::print(&Section {
            title: format!("checkout: PostgreSQL, CPU of clients; {clients} clients"),
            notes: vec![note.clone()],
            rows: alternate(REPETITIONS, contenders)?,
        });
    }
    Ok(())
}

fn sqlalchemy(url: &str) -> Result<Python> {
    let venv = Venv::ready()?;
    let plan = json!({
        "read_cart": READ_CART, "place": place(Stock::Buckets), "first_user": FIRST_USER, "first_cart": FIRST_CART,
        "first_product": FIRST_PRODUCT + 1, "products": PRODUCTS - 1,
    });
    let plan = plan.to_string();
    let arguments = [OsStr::new(url), OsStr::new(&plan)];
    let python = Python::start_with(&venv.python, "peers/sqlalchemy_checkout.py", &arguments);
    python.ok_or_else(|| "it does not start".into())
}

/// Products with plenty in stock, shoppers, and what they bought before: a connection keeps the plans of references between tables
/// for as long as it lives, and in an empty shop those are to read whole tables, until the server looks at them again by itself.
fn prepare() -> String {
    format!(
        "INSERT INTO product (product_id, product_name, folded_name, barcode, currency, price_minor, gst_basis_points)
         SELECT {FIRST_PRODUCT} + n, 'Bench product ' || n, 'bench product ' || n, 'bench-' || n, 'INR', 10000, 500
         FROM generate_series(0, {PRODUCTS} - 1) AS n;
         INSERT INTO stock (product_id) SELECT product_id FROM product WHERE product_id >= {FIRST_PRODUCT};
         INSERT INTO stock_bucket SELECT product_id, bucket, 100000 FROM stock, generate_series(0, 31) AS bucket;
         CREATE TABLE one_row_stock (product_id BIGINT PRIMARY KEY, available BIGINT NOT NULL CHECK (available >= 0));
         INSERT INTO one_row_stock SELECT product_id, 3200000 FROM stock;
         INSERT INTO \"user\" (user_id, phone, created_at_ms)
         SELECT {FIRST_USER} + n, '+99' || n, 0 FROM generate_series(0, 3199) AS n;
         INSERT INTO orders (user_id, cart_id, status, version, placed_at_ms, currency, total_quantity, total_price_minor,
                             discounted_price_minor, tax_minor, tax_included)
         SELECT {FIRST_USER} + n % 3200, {FIRST_CART} + n, 'verified', 2, 1, 'INR', 3, 30000, 30000, 1428, TRUE
         FROM generate_series(1, {PAST_ORDERS}) AS n;
         INSERT INTO order_line (order_id, line_num, product_id, product_name, quantity, price_minor, discounted_price_minor,
                                 gst_basis_points, tax_minor)
         SELECT order_id, line, {FIRST_PRODUCT} + (order_id * 3 + line) % {PRODUCTS}, 'Bench product', 1, 10000, 10000, 500, 476
         FROM orders, generate_series(1, 3) AS line;
         INSERT INTO order_event (order_kind, order_id, seq, event, from_status, to_status, actor, at_ms)
         SELECT 'cart', order_id, seq, event, from_status, to_status, 'customer', 1
         FROM orders, (VALUES (1, 'place', NULL, 'pending'), (2, 'verify', 'pending', 'verified'))
                      AS step (seq, event, from_status, to_status);
         INSERT INTO outbox (order_kind, order_id, seq) SELECT order_kind, order_id, seq FROM order_event ORDER BY order_id, seq;
         INSERT INTO payment (order_kind, order_id, method, state, currency, amount_minor, created_at_ms, updated_at_ms)
         SELECT 'cart', order_id, 'cash', 'pending', 'INR', 30000, 1, 1 FROM orders;
         INSERT INTO stock_movement (product_id, at_ms, kind, quantity, who, order_id)
         SELECT product_id, 1, 'sell', -1, 'customer', order_id FROM order_line;
         ANALYZE;"
    )
}

/// Gives as many shoppers as are needed a new cart with three products.
fn fill(shoppers: i64, is_hot: bool) -> String {
    let [first, second, third] = products("user_id", is_hot);
    format!(
        "DELETE FROM cart_item; DELETE FROM cart WHERE cart_id > {FIRST_CART};
         INSERT INTO cart (cart_id, user_id, connected_at_ms)
         SELECT {FIRST_CART} + user_id, user_id, 0 FROM \"user\"
         WHERE user_id BETWEEN {FIRST_USER} AND {FIRST_USER} + {shoppers} - 1;
         INSERT INTO cart_item (cart_id, product_id, quantity, version)
         SELECT cart_id, product_id, 1, 1 FROM cart, UNNEST(ARRAY[{first}, {second}, {third}]::BIGINT[]) AS product_id
         WHERE cart_id > {FIRST_CART};
         ANALYZE cart; ANALYZE cart_item;"
    )
}
