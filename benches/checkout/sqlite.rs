//! SQLite with synchronous FULL: 32 clients at once, whose orders are synced together, against one order a sync.

use std::path::Path;
use std::sync::Arc;

use benches::{Contender, Figure, Goal, Result, Section, alternate, print_figures};
use quickcart_core::catalog::CatalogStore;
use quickcart_core::catalog::import::demo_store;
use quickcart_core::store::SqliteStore;
use rusqlite::{Connection, params};

use super::REPETITIONS;
use super::carts::{FIRST_CART, FIRST_PRODUCT, FIRST_USER, PRODUCTS, checkouts, longest};

const TOGETHER: i64 = 3_200;
const ONE_BY_ONE: i64 = 200;
const CLIENTS: i64 = 32;
/// What 32 clients may take for an order, as a multiple of one order a sync: a tenth.
const TIME_MAX: f64 = 0.1;
/// How long a client may wait, in milliseconds.
const WAIT_MAX: f64 = 250.0;

pub(crate) fn rows() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("shop.db");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let store = Arc::new(SqliteStore::open(&path)?);
    runtime.block_on(store.import(demo_store()?, Box::new(|_, _| ())))?;
    prepare(&path)?;
    let run = |clients, operations| {
        let (path, store, runtime) = (&path, &store, &runtime);
        move || {
            fill(path)?;
            checkouts(runtime, store, clients, operations)
        }
    };
    let contenders = vec![
        Contender::new("SqliteStore, 32 clients", run(CLIENTS, TOGETHER)),
        Contender::new("SqliteStore, one client, one order a sync", run(1, ONE_BY_ONE))
            .with_goal(Goal::Time(TIME_MAX)),
    ];
    benches::print(&Section {
        title: "checkout: SQLite, synchronous FULL, three counted products".to_owned(),
        notes: vec![
            "Filling the carts is not counted. Latency is from asking to being on the disk.".to_owned(),
        ],
        rows: alternate(REPETITIONS, contenders)?,
    });
    fill(&path)?;
    let waited = longest(&runtime, &store, CLIENTS)?;
    print_figures(
        "checkout: SQLite, the longest wait",
        &[Figure {
            what: "320 checkouts asked for at once: the last answer, ms".to_owned(),
            value: waited.as_secs_f64() * 1e3,
            most: Some(WAIT_MAX),
        }],
    );
    Ok(())
}

/// Products with plenty in stock, and shoppers.
fn prepare(path: &Path) -> Result<()> {
    let connection = Connection::open(path)?;
    let numbers =
        "WITH RECURSIVE number (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n + 1 < ?1)";
    connection.execute(
        &format!(
            "{numbers} INSERT INTO product (product_id, product_name, barcode, currency, price_minor, gst_basis_points) \
             SELECT ?2 + n, 'Bench product ' || n, 'bench-' || n, 'INR', 10000, 500 FROM number"
        ),
        params![PRODUCTS, FIRST_PRODUCT],
    )?;
    connection.execute(
        "INSERT INTO stock (product_id, available) SELECT product_id, 1000000 FROM product WHERE product_id >= ?1",
        [FIRST_PRODUCT],
    )?;
    connection.execute(
        &format!("{numbers} INSERT INTO user (user_id, phone, created_at_ms) SELECT ?2 + n, '+99' || n, 0 FROM number"),
        params![TOGETHER, FIRST_USER],
    )?;
    Ok(())
}

/// Gives every shopper a new cart with three products.
fn fill(path: &Path) -> Result<()> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    connection.execute_batch(&format!(
        "BEGIN IMMEDIATE;
         DELETE FROM cart_item;
         DELETE FROM cart WHERE cart_id > {FIRST_CART};
         INSERT INTO cart (cart_id, user_id, connected_at_ms)
         SELECT {FIRST_CART} + user_id, user_id, 0 FROM user WHERE user_id >= {FIRST_USER};
         INSERT INTO cart_item (cart_id, product_id, quantity, version)
         SELECT cart_id, {FIRST_PRODUCT} + (user_id * 7 + line.n * 1013) % {PRODUCTS}, 1, 1
         FROM cart, (SELECT 0 AS n UNION SELECT 1 UNION SELECT 2) AS line WHERE cart_id > {FIRST_CART};
         COMMIT;"
    ))?;
    Ok(())
}
