//! What is bought, by whom, and the checkouts of many clients at once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use benches::{Cost, Result, cost_of_clients, microseconds_since};
use quickcart_core::clock::{Clock, SystemClock};
use quickcart_core::order::{OrderStore, PaymentMethod};
use tokio::runtime::Runtime;

/// The products of the bench begin here; those of the demo store are below.
pub(crate) const FIRST_PRODUCT: i64 = 100_000;
pub(crate) const PRODUCTS: i64 = 3_000;
/// The shoppers begin here.
pub(crate) const FIRST_USER: i64 = 100_000;
/// A shopper's ad-hoc cart has the shopper's number and this.
pub(crate) const FIRST_CART: i64 = 1_000_000_000;

/// The three products in a shopper's cart, written in SQL and in pgbench's scripts alike. The first is the same for all when it is
/// hot, and is then in no other line.
pub(crate) fn products(user: &str, is_hot: bool) -> [String; 3] {
    let (first, others) = (FIRST_PRODUCT + 1, PRODUCTS - 1);
    let spread = |line: i64| format!("{first} + ({user} * 7 + {}) % {others}", line * 1_013);
    let hot = || FIRST_PRODUCT.to_string();
    [if is_hot { hot() } else { spread(0) }, spread(1), spread(2)]
}

/// Checks out the carts of as many shoppers as there are operations, by so many clients at once. Processor time is this process's.
pub(crate) fn checkouts(
    runtime: &Runtime,
    store: &Arc<impl OrderStore>,
    clients: i64,
    operations: i64,
) -> Result<Cost> {
    let each = operations / clients;
    let cpu = benches::process_cpu();
    let cost = runtime.block_on(async {
        let started = Instant::now();
        let tasks = (0..clients).map(|client| {
            let (store, first) = (Arc::clone(store), FIRST_USER + client * each);
            tokio::spawn(async move {
                let mut latencies_us = Vec::new();
                for user_id in first..first + each {
                    let started = Instant::now();
                    let order = store.checkout(user_id, PaymentMethod::Cash, None, SystemClock.now()).await?;
                    latencies_us.push(microseconds_since(started));
                    assert_eq!(order.lines.len(), 3);
                }
                Ok(latencies_us)
            })
        });
        cost_of_clients(started, tasks.collect()).await
    })?;
    Ok(Cost { cpu: benches::process_cpu() - cpu, ..cost })
}

/// The longest that a client waited, of so many checkouts at once.
pub(crate) fn longest(runtime: &Runtime, store: &Arc<impl OrderStore>, clients: i64) -> Result<Duration> {
    runtime.block_on(async {
        let mut tasks = Vec::new();
        for user_id in FIRST_USER..FIRST_USER + clients * 10 {
            let store = Arc::clone(store);
            tasks.push(tokio::spawn(async move {
                let started = Instant::now();
                store.checkout(user_id, PaymentMethod::Cash, None, SystemClock.now()).await?;
                Ok::<_, benches::Failure>(started.elapsed())
            }));
        }
        let mut longest = Duration::ZERO;
        for task in tasks {
            longest = longest.max(task.await??);
        }
        Ok(longest)
    })
}
