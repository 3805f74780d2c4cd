//! 64 buyers want the last pieces: so many are sold as there are, and everybody else hears that there are none.

use super::books::check_books;
use super::buyer::{Buyer, Outcome};
use super::database::Database;
use super::on_every_database;
use super::seed::{Chance, is_soak};
use super::shop::{BREAD, MILK, Shop};

const BUYERS: usize = 64;

on_every_database! {
    as_many_are_sold_as_there_are
    as_many_are_sold_as_there_are_when_some_hold_them_first
}

async fn as_many_are_sold_as_there_are(database: Database, seed: u64) {
    sell(database, seed, false).await;
}

async fn as_many_are_sold_as_there_are_when_some_hold_them_first(database: Database, seed: u64) {
    sell(database, seed, true).await;
}

/// In the soak, how many there are goes by the seed, too.
async fn sell(database: Database, seed: u64, some_hold: bool) {
    let mut chance = Chance::new(seed);
    let pieces = if is_soak() { [1, 10, 50][chance.below(3)] } else { 10 };
    let shop = Shop::start(database, 1, &[]);
    let buyers = with_baskets(&shop, pieces, &mut chance).await;
    let tasks: Vec<_> = buyers
        .into_iter()
        .map(|buyer| {
            let holds = some_hold && chance.below(3) == 0;
            tokio::spawn(async move {
                let is_held = holds && buyer.holds().await;
                let outcome = buyer.orders().await;
                assert!(
                    !is_held || outcome != Outcome::OutOfStock,
                    "what was held was sold to somebody else"
                );
                outcome
            })
        })
        .collect();
    let mut sold = 0;
    for task in tasks {
        sold += usize::from(task.await.unwrap() != Outcome::OutOfStock);
    }
    assert_eq!(sold, pieces, "seed {seed:#x}");
    check_books(&shop.database);
    if let Database::Postgres(..) = shop.database {
        let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
        assert_eq!(shop.database.query(deadlocks), ["0"], "locks are taken in one order");
    }
}

/// Buyers in an order that chance made, with one piece of both products each, put in in either order; of both there are so many.
pub(super) async fn with_baskets(
    shop: &std::sync::Arc<Shop>,
    pieces: usize,
    chance: &mut Chance,
) -> Vec<Buyer> {
    for product_id in [MILK, BREAD] {
        shop.count(product_id, pieces).await;
    }
    let mut buyers = shop.buyers(BUYERS);
    for index in 1..buyers.len() {
        buyers.swap(index, chance.below(index + 1));
    }
    let tasks: Vec<_> = buyers
        .iter()
        .cloned()
        .map(|buyer| {
            let products = if chance.below(2) == 0 { [MILK, BREAD] } else { [BREAD, MILK] };
            tokio::spawn(async move { buyer.takes(&products).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    buyers
}
