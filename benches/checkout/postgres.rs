//! PostgreSQL: our checkout against pgbench with the same statements, and a product that everybody buys against one row that
//! everybody updates.

use std::cell::RefCell;
use std::sync::Arc;

use benches::{Contender, Goal, Result, Section, alternate};
use quickcart_core::catalog::CatalogStore;
use quickcart_core::catalog::import::demo_store;
use quickcart_core::store::PostgresStore;
use test_servers::PostgresServer;

use super::REPETITIONS;
use super::carts::{FIRST_CART, FIRST_PRODUCT, FIRST_USER, PRODUCTS, checkouts, products};
use super::pgbench::{Pgbench, Stock};

/// What we may take, as a multiple of pgbench with the same statements: 80 % of its orders a second.
const TIME_MAX: f64 = 1.25;
/// What we may take for a product that everybody buys, as a multiple of one row that everybody updates: a fifth.
const HOT_TIME_MAX: f64 = 0.2;

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
                let (query, pgbench, fill) = (&query, &pgbench, &fill);
                move || {
                    query(fill)?;
                    pgbench.borrow_mut().run(stock, is_hot, clients, operations)
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
    Ok(())
}

/// Products with plenty in stock, and shoppers.
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
