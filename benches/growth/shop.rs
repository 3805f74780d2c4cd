//! Shops of any size, written by SQL: what both databases understand is written once.

use std::path::Path;

use benches::Result;
use quickcart_core::store::DatabaseUrl;
use rusqlite::Connection;
use test_servers::PostgresServer;

use super::ROUNDS;

/// How large a shop is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) products: i64,
    pub(crate) orders: i64,
}

pub(crate) const SIZES: [Size; 4] = [
    Size { products: 1_000, orders: 10_000 },
    Size { products: 10_000, orders: 100_000 },
    Size { products: 100_000, orders: 1_000_000 },
    Size { products: 1_000_000, orders: 10_000_000 },
];

/// The products, shoppers and orders of the bench begin here; what the demo store has is below.
pub(crate) const FIRST: i64 = 1_000_000;
/// A shopper's ad-hoc cart has the shopper's number and this.
const FIRST_CART: i64 = 1_000_000_000;
const ORDERS_EACH: i64 = 10;

pub(crate) enum Database<'a> {
    Sqlite(&'a Path),
    Postgres { server: &'a PostgresServer, url: String },
}

impl Size {
    pub(crate) fn shoppers(self) -> i64 {
        self.orders / ORDERS_EACH
    }
}

impl Database<'_> {
    pub(crate) fn url(&self) -> Result<DatabaseUrl> {
        Ok(match self {
            Self::Sqlite(path) => DatabaseUrl::Sqlite(path.to_path_buf()),
            Self::Postgres { url, .. } => url.parse()?,
        })
    }

    pub(crate) fn fill(&self, size: Size) -> Result<()> {
        match self {
            Self::Sqlite(path) => {
                let connection = Connection::open(path)?;
                connection.execute_batch("PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; BEGIN;")?;
                connection.execute_batch(&products(size, "product_name", "product_name"))?;
                connection.execute_batch(
                    "INSERT INTO stock (product_id, available, low_at)
                     SELECT product_id, 1000000, CASE product_id % 1000 WHEN 0 THEN 1000000 END
                     FROM product WHERE product_id >= 1000000;
                     INSERT INTO product_search (product_search) VALUES ('optimize');",
                )?;
                connection.execute_batch(&trade(size))?;
                connection.execute_batch("COMMIT; ANALYZE; PRAGMA wal_checkpoint(TRUNCATE);")?;
            }
            Self::Postgres { server, url } => {
                // Foreign keys are not checked row by row for what is right by its making.
                let replica = "SET session_replication_role = replica;";
                server.query(
                    url,
                    &format!(
                        "{replica} {}",
                        products(size, "product_name, folded_name", "product_name, product_name")
                    ),
                )?;
                // A product's buckets lie side by side, as they do where they were made together.
                server.query(
                    url,
                    "INSERT INTO stock (product_id, low_at)
                     SELECT product_id, CASE product_id % 1000 WHEN 0 THEN 100000 END
                     FROM product WHERE product_id >= 1000000;
                     INSERT INTO stock_bucket SELECT product_id, bucket, 1000 FROM stock, generate_series(0, 31) AS bucket
                     ORDER BY product_id, bucket;",
                )?;
                server.query(url, &format!("{replica} {}", trade(size)))?;
                server.query(
                    url,
                    "SELECT setval(pg_get_serial_sequence('orders', 'order_id'), (SELECT max(order_id) FROM orders));
                     ANALYZE;",
                )?;
            }
        }
        Ok(())
    }
}

/// Names of a word that a thousand have, one that a hundredth has, and a number.
fn products(Size { products, .. }: Size, name_columns: &str, name_values: &str) -> String {
    format!(
        "WITH RECURSIVE number (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n + 1 < {products}),
              named AS (SELECT n, 'maker' || (n / 1000) || ' sort' || (n % 100) || ' item' || n || '.' AS product_name FROM number)
         INSERT INTO product (product_id, {name_columns}, barcode, currency, price_minor, discounted_price_minor, gst_basis_points)
         SELECT {FIRST} + n, {name_values}, 'bench-' || n, 'INR', 10000, CASE n % 20 WHEN 0 THEN 9000 END, 500 FROM named;"
    )
}

/// Shoppers, what they have bought, and carts for those who buy now.
fn trade(size: Size) -> String {
    let Size { products, orders } = size;
    let shoppers = size.shoppers();
    let number = |count| {
        format!(
            "WITH RECURSIVE number (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n + 1 < {count})"
        )
    };
    let line = "(SELECT 0 AS num UNION ALL SELECT 1 UNION ALL SELECT 2) AS line";
    let of_orders = format!("FROM orders WHERE order_id >= {FIRST}");
    format!(
        "{shopper_numbers} INSERT INTO \"user\" (user_id, phone, created_at_ms) SELECT {FIRST} + n, '+91' || (7000000000 + n), 0 FROM number;
         {order_numbers} INSERT INTO orders (order_id, user_id, cart_id, status, version, placed_at_ms, currency, total_quantity,
                                             total_price_minor, discounted_price_minor, tax_minor, tax_included)
         SELECT {FIRST} + n, {FIRST} + n % {shoppers}, {FIRST_CART} + n, 'verified', 2, n, 'INR', 3, 30000, 30000, 1428, 1 = 1
         FROM number;
         INSERT INTO order_line (order_id, line_num, product_id, product_name, quantity, price_minor, discounted_price_minor, hsn,
                                 gst_basis_points, tax_minor)
         SELECT order_id, line.num + 1, {FIRST} + (order_id * 7 + line.num * 13) % {products}, 'A product', 1, 10000, 10000, NULL,
                500, 476
         FROM orders, {line} WHERE order_id >= {FIRST};
         INSERT INTO order_event (order_kind, order_id, seq, event, from_status, to_status, actor, at_ms)
         SELECT 'cart', order_id, 1, 'place', NULL, 'pending', 'customer', placed_at_ms {of_orders};
         INSERT INTO order_event (order_kind, order_id, seq, event, from_status, to_status, actor, at_ms)
         SELECT 'cart', order_id, 2, 'verify', 'pending', 'verified', 'customer', placed_at_ms {of_orders};
         INSERT INTO outbox (order_kind, order_id, seq, published_at_ms) SELECT 'cart', order_id, 1, placed_at_ms {of_orders};
         INSERT INTO outbox (order_kind, order_id, seq, published_at_ms) SELECT 'cart', order_id, 2, placed_at_ms {of_orders};
         INSERT INTO payment (order_kind, order_id, method, state, currency, amount_minor, created_at_ms, updated_at_ms)
         SELECT 'cart', order_id, 'cash', 'pending', 'INR', 30000, placed_at_ms, placed_at_ms {of_orders};
         INSERT INTO stock_movement (product_id, at_ms, kind, quantity, who, order_id)
         SELECT product_id, 0, 'sell', -quantity, 'customer', order_id FROM order_line WHERE order_id >= {FIRST};
         INSERT INTO cart (cart_id, user_id, connected_at_ms)
         SELECT {FIRST_CART} + user_id, user_id, 0 FROM \"user\" WHERE user_id BETWEEN {FIRST} AND {FIRST} + {ROUNDS} - 1;
         INSERT INTO cart_item (cart_id, product_id, quantity, version)
         SELECT cart_id, {FIRST} + (cart_id * 7 + line.num * 13) % {products}, 1, 1
         FROM cart, {line} WHERE cart_id > {FIRST_CART};",
        shopper_numbers = number(shoppers),
        order_numbers = number(orders),
    )
}
