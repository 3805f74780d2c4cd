//! The statements of three reads, without HTTP: our store, its driver, and Python's `sqlite3`.

use std::cell::RefCell;
use std::sync::Arc;

use benches::{Contender, Cost, Goal, Python, Result, Section, alternate, measure};
use quickcart_core::account::UserId;
use quickcart_core::cart::CartStore;
use quickcart_core::catalog::{CatalogStore, Page};
use quickcart_core::clock::{Clock, SystemClock};
use quickcart_core::store::SqliteStore;
use serde_json::json;
use tokio::runtime::Runtime;

use super::REPETITIONS;
use super::bare::{ALLERGIES, Bare, CART, FOODTYPES, LINES, PRODUCT, SEARCH, quoted};
use super::shop::{Read, Shop};

const READS: usize = 4_000;
/// Calls at once, where there are several.
const IN_FLIGHT: usize = 64;
/// What we may cost, as a multiple of Python.
const COST_MAX: f64 = 1.0;

pub(crate) fn rows(shop: &Shop) -> Result<()> {
    let database = shop.copy("statements.db")?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let (store, bare) = (Arc::new(SqliteStore::open(&database)?), RefCell::new(Bare::open(&database)?));
    let python = RefCell::new(python(shop)?);
    let ours = Ours { runtime: &runtime, store: &store, user_id: shop.user_id };
    for (name, title, reads) in [
        ("product", "a product with its labels", Read::products()),
        ("search", "products that a text finds", Read::searches()),
        ("cart", "a cart with three lines", vec![Read::Cart]),
    ] {
        let expected = reads.iter().map(|read| by_bare(&mut bare.borrow_mut(), *read, shop.user_id));
        let expected: Vec<Vec<i64>> = expected.collect::<Result<_>>()?;
        assert!(expected.iter().all(|ids| !ids.is_empty()), "{name} finds nothing: {expected:?}");
        for (read, expected) in reads.iter().zip(&expected) {
            let answer = runtime.block_on(by_store(&store, *read, shop.user_id))?;
            assert_eq!(&answer, expected, "SqliteStore, {read:?}");
        }
        let mut contenders = vec![
            Contender::new("SqliteStore", || ours.run(&reads, 1)),
            Contender::new("the same, 64 calls in flight", || ours.run(&reads, IN_FLIGHT)),
            Contender::new("rusqlite, the same SQL", || {
                measure(READS as u64, || {
                    let mut bare = bare.borrow_mut();
                    reads
                        .iter()
                        .cycle()
                        .take(READS)
                        .try_for_each(|read| by_bare(&mut bare, *read, shop.user_id).map(drop))
                })
            }),
        ];
        let mut note =
            "There is no python3 with a sqlite3 that has FTS5 here: that peer is left out.".to_owned();
        if let Some(peer) = &mut *python.borrow_mut() {
            let answers: Vec<Vec<i64>> = serde_json::from_str(&peer.ask(&format!("answers {name}"))?)?;
            assert_eq!(answers, expected, "Python, {name}");
            note = format!("{} (its own library); ours is {}.", peer.version, rusqlite::version());
            let run = || {
                let mut python = python.borrow_mut();
                python.as_mut().ok_or("python3 has ended")?.run(name, READS as u64)
            };
            contenders.push(
                Contender::new("Python sqlite3, the same SQL", run).with_goal(Goal::CpuAndTime(COST_MAX)),
            );
        }
        benches::print(&Section {
            title: format!("reads: {title}, by statements, one at a time"),
            notes: vec![
                format!("SQLite: {note}"),
                "Ours runs a search on a thread of its own, so that it blocks no runtime. Each read is a transaction \
                 everywhere. Python answers rows as tuples; the others have structs."
                    .to_owned(),
            ],
            rows: alternate(REPETITIONS, contenders)?,
        });
    }
    Ok(())
}

#[derive(Clone, Copy)]
struct Ours<'a> {
    runtime: &'a Runtime,
    store: &'a Arc<SqliteStore>,
    user_id: UserId,
}

impl Ours<'_> {
    fn run(self, reads: &[Read], in_flight: usize) -> Result<Cost> {
        let each = READS / in_flight;
        measure((each * in_flight) as u64, || {
            self.runtime.block_on(async {
                let reader = |first: usize| {
                    let (store, reads, user_id) = (Arc::clone(self.store), reads.to_vec(), self.user_id);
                    async move {
                        for read in reads.into_iter().cycle().skip(first).take(each) {
                            by_store(&store, read, user_id).await?;
                        }
                        Ok::<_, benches::Failure>(())
                    }
                };
                let readers: Vec<_> = (0..in_flight).map(|index| tokio::spawn(reader(index))).collect();
                for reader in readers {
                    reader.await??;
                }
                Ok(())
            })
        })
    }
}

/// The ids of everything that was read, in order: the first column of every row.
async fn by_store(store: &SqliteStore, read: Read, user_id: UserId) -> Result<Vec<i64>> {
    match read {
        Read::Product(id) => {
            let details = store.product(id).await?.ok_or("no such product")?;
            let labels = details.foodtypes.iter().chain(&details.allergies).map(|label| label.id);
            Ok(std::iter::once(details.product.product_id).chain(labels).collect())
        }
        Read::Search(text) => {
            let found = store.search(text, Page::default()).await?;
            Ok(found.iter().map(|product| product.product_id).collect())
        }
        Read::Cart => {
            let cart = store.view(user_id, SystemClock.now()).await?;
            let products = cart.lines.iter().map(|line| line.product.product_id);
            Ok(std::iter::once(cart.cart_id).chain(products).collect())
        }
        other => Err(format!("{other:?} is not measured").into()),
    }
}

/// The same.
fn by_bare(bare: &mut Bare, read: Read, user_id: UserId) -> Result<Vec<i64>> {
    match read {
        Read::Product(id) => {
            let details = bare.product(id)?.ok_or("no such product")?;
            let foodtypes = details.foodtypes.iter().map(|label| label.foodtype_id);
            let allergies = details.allergies.iter().map(|label| label.allergy_id);
            Ok(std::iter::once(details.product.product_id).chain(foodtypes).chain(allergies).collect())
        }
        Read::Search(text) => Ok(bare.search(text)?.iter().map(|product| product.product_id).collect()),
        Read::Cart => {
            let cart = bare.cart(user_id)?.ok_or("no cart")?;
            let products = cart.items.iter().map(|item| item.product_id);
            Ok(std::iter::once(cart.cart_id).chain(products).collect())
        }
        other => Err(format!("{other:?} is not measured").into()),
    }
}

/// The script on a copy of its own, with the same SQL and the same questions.
fn python(shop: &Shop) -> Result<Option<Python>> {
    let database = shop.copy_for_python("python.db", "WAL")?;
    let values = |reads: Vec<Read>| -> Vec<serde_json::Value> {
        let value = |read| match read {
            Read::Product(id) => json!(id),
            Read::Search(text) => json!(quoted(text)),
            _ => json!(shop.user_id),
        };
        reads.into_iter().map(value).collect()
    };
    let questions = json!({
        "product": {"sql": [PRODUCT, FOODTYPES, ALLERGIES], "values": values(Read::products())},
        "search": {"sql": [SEARCH], "values": values(Read::searches())},
        "cart": {"sql": [CART, LINES], "values": values(vec![Read::Cart])},
    });
    let questions = questions.to_string();
    Ok(Python::start("peers/sqlite3_reads.py", &[database.as_os_str(), questions.as_ref()]))
}
