//! An order made of a trolley with three lines, against the same statements in one transaction of one's own.

use std::path::Path;
use std::time::{Duration, Instant};

use benches::{Contender, Cost, Result, Section, alternate, process_cpu};
use quickcart_core::account::UserId;
use quickcart_core::clock::{Clock, SystemClock};
use quickcart_core::order::{OrderStore, PaymentMethod};
use rusqlite::{Connection, TransactionBehavior, params};

use super::REPETITIONS;
use super::shop::{Opened, open};

const ORDERS: u64 = 200;
const CART_ID: i64 = 1;
/// Products and pieces; no product of them has a discount.
const LINES: [(i64, i64); 3] = [(1, 2), (3, 1), (6, 3)];

pub(crate) fn rows(folder: &Path) -> Result<()> {
    let Opened { runtime, store, user_id, mut bare } = open(&folder.join("orders.db"))?;
    let mut filler = Connection::open(folder.join("orders.db"))?;
    filler.pragma_update(None, "synchronous", "OFF")?;

    fill(&mut filler, user_id)?;
    let order = runtime.block_on(store.checkout(user_id, PaymentMethod::Cash, None, SystemClock.now()))?;
    fill(&mut filler, user_id)?;
    let bare_total = checkout(&mut bare, user_id)?;
    assert_eq!((order.lines.len(), order.totals.price.minor()), (LINES.len(), bare_total));
    assert_eq!(runtime.block_on(store.orders(user_id, Default::default()))?[0].totals, order.totals);

    let filler = std::cell::RefCell::new(filler);
    let fill = || fill(&mut filler.borrow_mut(), user_id);
    let contenders = vec![
        Contender::new("SqliteStore::checkout", || {
            each(fill, || {
                runtime.block_on(store.checkout(user_id, PaymentMethod::Cash, None, SystemClock.now()))?;
                Ok(())
            })
        }),
        Contender::new("rusqlite, the same statements", || {
            each(fill, || checkout(&mut bare, user_id).map(|_| ()))
        }),
    ];
    benches::print(&Section {
        title: "store: checkout of three lines, synchronous FULL, one at a time".to_owned(),
        notes: vec!["Filling the trolley is not counted.".to_owned()],
        rows: alternate(REPETITIONS, contenders)?,
    });
    Ok(())
}

/// Counts `work` only, each time after `fill`.
fn each(mut fill: impl FnMut() -> Result<()>, mut work: impl FnMut() -> Result<()>) -> Result<Cost> {
    let (mut wall, mut cpu) = (Duration::ZERO, Duration::ZERO);
    for _ in 0..ORDERS {
        fill()?;
        let (started, cpu_before) = (Instant::now(), process_cpu());
        work()?;
        (wall, cpu) = (wall + started.elapsed(), cpu + (process_cpu() - cpu_before));
    }
    Ok(Cost { operations: ORDERS, wall, cpu, latency: None })
}

fn fill(connection: &mut Connection, user_id: UserId) -> Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let sql = "UPDATE cart SET user_id = ?1, connected_at_ms = 0 WHERE cart_id = ?2";
    transaction.prepare_cached(sql)?.execute([user_id, CART_ID])?;
    let sql = "INSERT INTO cart_item (cart_id, product_id, quantity, version) VALUES (?1, ?2, ?3, 1)";
    for (product_id, quantity) in LINES {
        transaction.prepare_cached(sql)?.execute([CART_ID, product_id, quantity])?;
    }
    Ok(transaction.commit()?)
}

/// A line of the trolley: product, name, price, discounted price, quantity.
type Line = (i64, String, i64, Option<i64>, i64);

/// Answers the sum of the prices.
fn checkout(connection: &mut Connection, user_id: UserId) -> Result<i64> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let sql = "SELECT cart_id, reported_weight_mg, version FROM cart WHERE user_id = ?1";
    let cart_id: i64 = transaction.prepare_cached(sql)?.query_row([user_id], |row| row.get(0))?;
    let sql = "SELECT product.product_id, product.product_name, product.price_minor, \
                      product.discounted_price_minor, quantity, product.barcode, product.currency, \
                      product.offer_name, product.weight_g, product.expiry, product.category_id, cart_items_id, \
                      cart_item.version \
               FROM cart_item JOIN product USING (product_id) WHERE cart_id = ?1 ORDER BY cart_items_id";
    let read =
        |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?));
    let mut statement = transaction.prepare_cached(sql)?;
    let lines: Vec<Line> = statement.query_map([cart_id], read)?.collect::<rusqlite::Result<_>>()?;
    drop(statement);
    let asked = |price: &i64, discounted: &Option<i64>| discounted.unwrap_or(*price);
    let count: i64 = lines.iter().map(|(.., quantity)| quantity).sum();
    let total: i64 = lines.iter().map(|(_, _, price, _, quantity)| price * quantity).sum();
    let to_pay: i64 = lines.iter().map(|(_, _, price, less, quantity)| asked(price, less) * quantity).sum();
    let sql = "INSERT INTO orders (user_id, cart_id, placed_at_ms, currency, total_quantity, total_price_minor, \
                                   discounted_price_minor) \
               VALUES (?1, ?2, ?3, 'INR', ?4, ?5, ?6) RETURNING order_id";
    let values = params![user_id, cart_id, SystemClock.now().as_millisecond(), count, total, to_pay];
    let order_id: i64 = transaction.prepare_cached(sql)?.query_row(values, |row| row.get(0))?;
    let sql = "INSERT INTO order_line (order_id, line_num, product_id, product_name, quantity, price_minor, \
                                       discounted_price_minor) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    for (index, (product_id, name, price, less, quantity)) in lines.iter().enumerate() {
        let values = params![order_id, index + 1, product_id, name, quantity, price, asked(price, less)];
        transaction.prepare_cached(sql)?.execute(values)?;
    }
    transaction.prepare_cached("DELETE FROM cart_item WHERE cart_id = ?1")?.execute([cart_id])?;
    let sql = "UPDATE cart SET user_id = NULL, connected_at_ms = NULL, reported_weight_mg = NULL, version = version + 1 \
               WHERE cart_id = ?1";
    transaction.prepare_cached(sql)?.execute([cart_id])?;
    transaction.commit()?;
    Ok(total)
}
