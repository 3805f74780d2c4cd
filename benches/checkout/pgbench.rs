//! pgbench with the statements of our checkout, expanded.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use benches::{Cost, Result};
use tempfile::TempDir;

use super::carts::{FIRST_CART, FIRST_USER, products};

pub(crate) struct Pgbench {
    url: String,
    folder: TempDir,
    /// Counts the runs, so that no script is mistaken for another.
    runs: u32,
}

/// How pieces are taken.
#[derive(Clone, Copy)]
pub(crate) enum Stock {
    /// As our store does.
    Buckets,
    /// From one row a product, as is written first.
    OneRow,
}

pub(crate) const READ_CART: &str = "SELECT product.product_id, product.product_name, product.barcode, product.currency, product.price_minor, \
        product.discounted_price_minor, product.offer_name, product.weight_g, product.expiry, product.category_id, \
        cart.cart_id, cart.version, cart_item.cart_items_id, cart_item.quantity, cart_item.version, \
        (SELECT seen.version FROM cart AS seen WHERE seen.cart_id = cart.cart_id), product.hsn, product.gst_basis_points, \
        (SELECT prices_include_tax FROM store), \
        EXISTS (SELECT 1 FROM stock WHERE stock.product_id = product.product_id), \
        EXISTS (SELECT 1 FROM stock_hold WHERE stock_hold.user_id = :user) OR cart.locked_until_ms IS NOT NULL, \
        cart.locked_until_ms, cart.blocked_weight_mg \
     FROM cart LEFT JOIN cart_item ON cart_item.cart_id = cart.cart_id \
     LEFT JOIN product ON product.product_id = cart_item.product_id \
     WHERE cart.user_id = :user ORDER BY cart_items_id;";
/// The cart, if it is as it was read.
const SEEN: &str = "WITH seen AS (SELECT cart_id FROM cart \
         WHERE cart_id = :cart AND user_id = :user AND version = 0 AND locked_until_ms IS NULL AND blocked_weight_mg IS NULL FOR UPDATE), ";
const TAKE: &str = "picked AS (SELECT wanted.product_id, wanted.quantity, picked.bucket \
         FROM seen CROSS JOIN UNNEST((SELECT ARRAY[:p1, :p2, :p3]::BIGINT[]), (SELECT ARRAY[1, 1, 1]::BIGINT[])) AS wanted (product_id, quantity) \
         LEFT JOIN LATERAL \
             ((SELECT * FROM (SELECT bucket FROM stock_bucket \
                              WHERE stock_bucket.product_id = wanted.product_id AND bucket >= :cart % 32 AND available >= wanted.quantity \
                              ORDER BY bucket LIMIT 1 FOR UPDATE SKIP LOCKED) AS bucket) \
              UNION ALL \
              (SELECT * FROM (SELECT bucket FROM stock_bucket \
                              WHERE stock_bucket.product_id = wanted.product_id AND bucket < :cart % 32 AND available >= wanted.quantity \
                              ORDER BY bucket LIMIT 1 FOR UPDATE SKIP LOCKED) AS bucket) \
              LIMIT 1) AS picked ON TRUE), \
     ready AS (SELECT cart_id FROM seen WHERE NOT EXISTS (SELECT 1 FROM picked WHERE bucket IS NULL)), \
     taken AS (UPDATE stock_bucket SET available = available - picked.quantity FROM ready, picked \
               WHERE stock_bucket.product_id = picked.product_id AND stock_bucket.bucket = picked.bucket), ";
/// In the order of the products, so that nobody waits in a circle.
const TAKE_ONE_ROW: &str = "locked AS (SELECT product_id FROM one_row_stock WHERE product_id IN (:p1, :p2, :p3) AND available >= 1 \
                ORDER BY product_id FOR UPDATE), \
     ready AS (SELECT cart_id FROM seen WHERE (SELECT count(*) FROM locked) = 3), \
     taken AS (UPDATE one_row_stock SET available = available - 1 FROM ready, locked \
               WHERE one_row_stock.product_id = locked.product_id), ";
const PLACE: &str = "placed AS (INSERT INTO orders (user_id, cart_id, status, version, placed_at_ms, currency, total_quantity, \
                                                  total_price_minor, discounted_price_minor, tax_minor, tax_included) \
                   SELECT :user, cart_id, 'verified', 2, 1, 'INR', 3, 30000, 30000, 1428, TRUE FROM ready RETURNING order_id), \
     line AS (INSERT INTO order_line (order_id, line_num, product_id, product_name, quantity, price_minor, \
                                      discounted_price_minor, hsn, gst_basis_points, tax_minor) \
              SELECT order_id, line_num, product_id, 'Bench product', 1, 10000, 10000, NULL, 500, 476 \
              FROM placed, UNNEST((SELECT ARRAY[:p1, :p2, :p3]::BIGINT[])) WITH ORDINALITY AS line (product_id, line_num)), \
     step AS (INSERT INTO order_event (order_kind, order_id, seq, event, from_status, to_status, actor, at_ms) \
              SELECT 'cart', order_id, seq, event, from_status, to_status, 'customer', 1 \
              FROM placed, (VALUES (1, 'place', NULL, 'pending'), (2, 'verify', 'pending', 'verified')) \
                           AS step (seq, event, from_status, to_status) RETURNING order_id, seq), \
     told AS (INSERT INTO outbox (order_kind, order_id, seq) SELECT 'cart', order_id, seq FROM step ORDER BY seq), \
     owed AS (INSERT INTO payment (order_kind, order_id, method, state, currency, amount_minor, created_at_ms, updated_at_ms) \
              SELECT 'cart', order_id, 'cash', 'pending', 'INR', 30000, 1, 1 FROM placed), \
     sold AS (INSERT INTO stock_movement (product_id, at_ms, kind, quantity, who, order_id) \
              SELECT product_id, 1, 'sell', -1, 'customer', order_id \
              FROM placed, UNNEST((SELECT ARRAY[:p1, :p2, :p3]::BIGINT[])) AS sold (product_id)), \
     emptied AS (DELETE FROM cart_item WHERE cart_id = (SELECT cart_id FROM ready)), \
     gone AS (DELETE FROM cart WHERE cart_id = (SELECT cart_id FROM ready)) \
     SELECT order_id FROM placed;";

/// The statement that takes pieces and places the order.
pub(crate) fn place(stock: Stock) -> String {
    let take = match stock {
        Stock::Buckets => TAKE,
        Stock::OneRow => TAKE_ONE_ROW,
    };
    [SEEN, take, PLACE].concat()
}

impl Pgbench {
    pub(crate) fn new(url: &str) -> Result<Self> {
        Ok(Self { url: url.to_owned(), folder: tempfile::tempdir()?, runs: 0 })
    }

    pub(crate) fn run(&mut self, stock: Stock, is_hot: bool, clients: i64, operations: i64) -> Result<Cost> {
        let each = operations / clients;
        let script = self.script(stock, is_hot, each)?;
        let output = Command::new(program()?)
            .args(["--no-vacuum", "--protocol=prepared", "--jobs=2", "--define=n=-1"])
            .args([format!("--client={clients}"), format!("--transactions={each}")])
            .arg("--file")
            .arg(script)
            .arg(&self.url)
            .output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let failed = || format!("pgbench: {text}{}", String::from_utf8_lossy(&output.stderr));
        if !output.status.success() || !text.contains(&format!("processed: {operations}/{operations}")) {
            return Err(failed().into());
        }
        let per_second =
            text.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse::<f64>().ok());
        let wall = Duration::from_secs_f64(operations as f64 / per_second.ok_or_else(failed)?);
        // Not known; a moment, so that nothing is divided by zero.
        Ok(Cost { operations: operations.unsigned_abs(), wall, cpu: wall, latency: None })
    }

    fn script(&mut self, stock: Stock, is_hot: bool, each: i64) -> Result<PathBuf> {
        self.runs += 1;
        let path = self.folder.path().join(format!("checkout-{}.sql", self.runs));
        let [first, second, third] = products(":user", is_hot);
        let place = place(stock);
        let script = format!(
            "\\set n :n + 1\n\\set user {FIRST_USER} + :client_id * {each} + :n\n\\set cart {FIRST_CART} + :user\n\
             \\set p1 {first}\n\\set p2 {second}\n\\set p3 {third}\n\
             {READ_CART}\n{place}\n"
        );
        std::fs::write(&path, script)?;
        Ok(path)
    }
}

/// It stands beside the server, or in PATH.
fn program() -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let folders = std::env::split_paths(&path).chain(versions.map(|version| version.path().join("bin")));
    let found = folders.map(|folder| folder.join("pgbench")).find(|program| program.is_file());
    found.ok_or_else(|| "pgbench is not installed: it comes with the package postgresql".into())
}
