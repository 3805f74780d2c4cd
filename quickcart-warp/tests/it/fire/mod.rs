//! Proof by fire: real servers and databases, many buyers, and `kill -9`. Afterwards the books have to balance.

mod books;
mod buyer;
mod customer_numbers;
mod cut_off;
mod database;
mod fuse;
mod killed;
mod last_pieces;
mod one_address;
mod proxy;
mod seed;
mod shop;

/// Runs each of these functions, which take a database and a seed, on a fresh database of each kind for every seed.
macro_rules! on_every_database {
    ($($test:ident)*) => {
        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    for seed in super::super::seed::seeds() {
                        super::$test(super::Database::sqlite(), seed).await;
                    }
                }
            )*
        }

        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    for seed in super::super::seed::seeds() {
                        super::$test(super::Database::postgres(), seed).await;
                    }
                }
            )*
        }
    };
}
use on_every_database;
