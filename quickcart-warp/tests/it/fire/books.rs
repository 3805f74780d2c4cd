//! What has to hold in the database whatever has happened, as questions in SQL that nothing answers.

use super::database::Database;
use super::on_every_database;
use super::shop::Shop;

/// A sentence, and the rows that contradict it. `{available}` is where the pieces lie that are neither sold nor held.
const RULES: [(&str, &str); 12] = [
    (
        "what is available and held is what the movements add up to",
        "SELECT product_id FROM stock WHERE \
         (SELECT coalesce(sum(available), 0) FROM {available} AS lies WHERE lies.product_id = stock.product_id) + \
         (SELECT coalesce(sum(quantity), 0) FROM stock_hold WHERE stock_hold.product_id = stock.product_id) <> \
         (SELECT coalesce(sum(quantity), 0) FROM stock_movement WHERE stock_movement.product_id = stock.product_id)",
    ),
    (
        // All products were counted before anybody bought them.
        "received less sold plus returned is on hand",
        "SELECT product_id FROM stock WHERE \
         (SELECT coalesce(sum(quantity), 0) FROM stock_movement \
          WHERE stock_movement.product_id = stock.product_id AND kind IN ('count', 'receive')) - \
         (SELECT coalesce(sum(quantity), 0) FROM order_line JOIN orders USING (order_id) \
          WHERE order_line.product_id = stock.product_id AND status <> 'cancelled') <> \
         (SELECT coalesce(sum(available), 0) FROM {available} AS lies WHERE lies.product_id = stock.product_id) + \
         (SELECT coalesce(sum(quantity), 0) FROM stock_hold WHERE stock_hold.product_id = stock.product_id)",
    ),
    (
        "the events of an order are counted from 1 without gaps",
        "SELECT order_kind, order_id FROM order_event GROUP BY order_kind, order_id \
         HAVING min(seq) <> 1 OR max(seq) <> count(*)",
    ),
    (
        "the version of an order is its last event",
        "SELECT order_kind, order_id FROM (SELECT 'cart' AS order_kind, order_id, version FROM orders \
         UNION ALL SELECT 'book', order_id, version FROM book_order) AS placed \
         WHERE version <> (SELECT coalesce(max(seq), 0) FROM order_event \
                           WHERE order_event.order_kind = placed.order_kind AND order_event.order_id = placed.order_id)",
    ),
    (
        "an order stands where its last event led",
        "SELECT order_kind, order_id FROM (SELECT 'cart' AS order_kind, order_id, version, status FROM orders \
         UNION ALL SELECT 'book', order_id, version, status FROM book_order) AS placed \
         JOIN order_event USING (order_kind, order_id) WHERE seq = version AND to_status <> status",
    ),
    (
        "the outbox has every event",
        "SELECT order_kind, order_id, seq FROM order_event EXCEPT SELECT order_kind, order_id, seq FROM outbox",
    ),
    (
        "the outbox has nothing else",
        "SELECT order_kind, order_id, seq FROM outbox EXCEPT SELECT order_kind, order_id, seq FROM order_event",
    ),
    (
        "every order has one payment of what it costs",
        "SELECT order_kind, order_id FROM (SELECT 'cart' AS order_kind, order_id, \
             discounted_price_minor + CASE WHEN tax_included THEN 0 ELSE tax_minor END AS costs_minor FROM orders \
         UNION ALL SELECT 'book', order_id, (SELECT sum(quantity * price_minor) FROM book_order_line \
             WHERE book_order_line.order_id = book_order.order_id) FROM book_order) AS placed \
         WHERE 1 <> (SELECT count(*) FROM payment WHERE payment.order_kind = placed.order_kind \
                     AND payment.order_id = placed.order_id AND amount_minor = costs_minor)",
    ),
    (
        "a key has one order, and an order one key of its shopper",
        "SELECT order_id FROM idempotency_key JOIN orders USING (order_id) GROUP BY order_id \
         HAVING count(*) > 1 OR min(idempotency_key.user_id) <> min(orders.user_id)",
    ),
    (
        "the totals of an order are the sums of its lines",
        "SELECT orders.order_id FROM orders LEFT JOIN order_line USING (order_id) GROUP BY orders.order_id \
         HAVING coalesce(sum(quantity), 0) <> min(total_quantity) \
             OR coalesce(sum(quantity * order_line.price_minor), 0) <> min(total_price_minor) \
             OR coalesce(sum(quantity * order_line.discounted_price_minor), 0) <> min(orders.discounted_price_minor) \
             OR coalesce(sum(order_line.tax_minor), 0) <> min(orders.tax_minor)",
    ),
    (
        "nobody has a cart that they have bought",
        "SELECT cart_id FROM cart JOIN orders USING (cart_id) WHERE cart_id > 1000000000",
    ),
    ("money is whole everywhere", "{broken_money}"),
];

/// # Panics
/// Some rule does not hold; all that do not are named, with the rows that say so.
pub(super) fn check_books(database: &Database) {
    let broken = broken_rules(database, "");
    assert!(broken.is_empty(), "{broken:#?}");
}

/// The rules that would be broken if this was done, and the rows that say so.
fn broken_rules(database: &Database, statements: &str) -> Vec<(&'static str, Vec<String>)> {
    let (available, money) = match database {
        Database::Sqlite(_) => (
            "stock",
            "SELECT broken.name, broken.type FROM sqlite_schema JOIN pragma_table_info(sqlite_schema.name) AS broken \
             WHERE sqlite_schema.type = 'table' AND broken.name LIKE '%\\_minor' ESCAPE '\\' AND broken.type <> 'INTEGER'",
        ),
        Database::Postgres(..) => (
            "stock_bucket",
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema() \
             AND column_name LIKE '%\\_minor' AND data_type <> 'bigint'",
        ),
    };
    let sql = |(_, sql): &(_, &str)| sql.replace("{available}", available).replace("{broken_money}", money);
    // All of them in one question, as most of the time the answer is none.
    let which =
        RULES.iter().zip(0..).map(|(rule, index)| format!("SELECT {index} WHERE EXISTS ({})", sql(rule)));
    let which = which.collect::<Vec<_>>().join(" UNION ALL ") + " ORDER BY 1";
    let which = database.query_after(statements, &which);
    let broken = which.iter().map(|index| &RULES[index.parse::<usize>().unwrap()]);
    broken.map(|rule| (rule.0, database.query_after(statements, &sql(rule)))).collect()
}

on_every_database! {
    every_rule_can_be_broken
}

async fn every_rule_can_be_broken(database: Database, _seed: u64) {
    let shop = Shop::start(database, 1, &[]);
    let buyers = super::last_pieces::with_baskets(&shop, 3, &mut super::seed::Chance::new(1)).await;
    for buyer in &buyers[..2] {
        buyer.orders().await;
    }
    check_books(&shop.database);
    let one = "(SELECT min(order_id) FROM orders)";
    let (bucket, money) = match shop.database {
        Database::Sqlite(_) => ("stock", "ALTER TABLE orders ADD COLUMN tip_minor REAL"),
        Database::Postgres(..) => {
            ("stock_bucket", "ALTER TABLE orders ALTER COLUMN tax_minor TYPE DOUBLE PRECISION")
        }
    };
    let movement = "INSERT INTO stock_movement (product_id, at_ms, kind, quantity, who, order_id)";
    for (statements, rules) in [
        (format!("UPDATE {bucket} SET available = available + 1 WHERE available > 0"), &[0, 1][..]),
        (format!("{movement} SELECT product_id, 0, 'return', 1, 'shop', {one} FROM stock"), &[0]),
        (format!("UPDATE orders SET status = 'cancelled' WHERE order_id = {one}"), &[1, 4]),
        (format!("DELETE FROM outbox; DELETE FROM order_event WHERE order_id = {one} AND seq = 1"), &[2, 5]),
        (format!("UPDATE orders SET version = 9 WHERE order_id = {one}"), &[3]),
        (format!("DELETE FROM outbox WHERE order_id = {one}"), &[5]),
        (format!("DELETE FROM payment WHERE order_id = {one}"), &[7]),
        (format!("UPDATE payment SET amount_minor = amount_minor + 1 WHERE order_id = {one}"), &[7]),
        (format!("UPDATE idempotency_key SET order_id = {one}"), &[8]),
        (format!("UPDATE orders SET total_price_minor = total_price_minor + 1 WHERE order_id = {one}"), &[9]),
        (
            format!("UPDATE orders SET cart_id = (SELECT max(cart_id) FROM cart) WHERE order_id = {one}"),
            &[10],
        ),
        (money.to_owned(), &[11]),
    ] {
        let broken: Vec<_> =
            broken_rules(&shop.database, &statements).iter().map(|(rule, _)| *rule).collect();
        let expected: Vec<_> = rules.iter().map(|index| RULES[*index].0).collect();
        assert_eq!(broken, expected, "{statements}");
    }
}
