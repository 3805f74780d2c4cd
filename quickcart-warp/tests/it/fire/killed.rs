//! The last pieces are sold while servers and databases are killed, and buyers insist: nothing that was acknowledged is lost, and no
//! key has two orders.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::watch;

use super::books::check_books;
use super::buyer::Outcome;
use super::database::Database;
use super::last_pieces::with_baskets;
use super::on_every_database;
use super::seed::{Chance, seeds};
use super::shop::Shop;

const PIECES: usize = 10;
/// How often something is killed.
pub(super) const KILLS: usize = 3;

on_every_database! {
    nothing_is_lost_with_the_server
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_with_postgres() {
    for seed in seeds() {
        sell(Database::postgres(), seed, |shop| shop.database.kill_and_restart()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_with_the_server_and_postgres() {
    for seed in seeds() {
        let kill = |shop: &Shop| {
            let start = shop.kill_server();
            shop.database.kill_and_restart();
            start();
        };
        sell(Database::postgres(), seed, kill).await;
    }
}

async fn nothing_is_lost_with_the_server(database: Database, seed: u64) {
    sell(database, seed, |shop| shop.kill_server()()).await;
}

async fn sell(database: Database, seed: u64, kill: fn(&Shop)) {
    let mut chance = Chance::new(seed);
    let shop = Shop::start(database, 1, &[]);
    let buyers = with_baskets(&shop, PIECES, &mut chance).await;
    let orders = buyers.iter().cloned().map(|buyer| async move { buyer.insists().await });
    let outcomes = under_fire(orders.collect(), &mut chance, || kill(&shop)).await;
    let mut acknowledged = BTreeMap::new();
    for (buyer, outcome) in buyers.iter().zip(outcomes) {
        assert_eq!(buyer.insists().await, outcome, "the same request has the same answer, seed {seed:#x}");
        if let Outcome::Sold(order) = outcome {
            acknowledged.insert(buyer.user_id, order["order_id"].as_i64().unwrap());
        }
    }
    assert_eq!(acknowledged.len(), PIECES, "seed {seed:#x}");
    let lines: Vec<_> =
        acknowledged.iter().map(|(user_id, order_id)| format!("{user_id}|{order_id}")).collect();
    for sql in [
        "SELECT user_id, order_id FROM orders ORDER BY user_id",
        "SELECT user_id, order_id FROM idempotency_key ORDER BY user_id",
    ] {
        assert_eq!(shop.database.query(sql), lines, "{sql}, seed {seed:#x}");
    }
    check_books(&shop.database);
}

/// What comes of these, all at once, while something is killed at moments that chance makes.
pub(super) async fn under_fire<F>(work: Vec<F>, chance: &mut Chance, kill: impl Fn()) -> Vec<F::Output>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    // A moment is when so many have their answer: the others are somewhere in between.
    let mut moments: Vec<_> = (0..KILLS).map(|_| chance.below(work.len() / 2)).collect();
    moments.sort_unstable();
    let answered = Arc::new(watch::Sender::new(0));
    let mut seen = answered.subscribe();
    let spawn = |work: F| {
        let answered = Arc::clone(&answered);
        tokio::spawn(async move {
            let outcome = work.await;
            answered.send_modify(|count| *count += 1);
            outcome
        })
    };
    let tasks: Vec<_> = work.into_iter().map(spawn).collect();
    for moment in moments {
        seen.wait_for(|count| *count >= moment).await.unwrap();
        tokio::task::block_in_place(&kill);
    }
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.push(task.await.unwrap());
    }
    outcomes
}
