//! `SqliteStore` one call at a time, against the same statements on a connection of one's own.

use std::path::Path;
use std::sync::Arc;

use benches::{Contender, Cost, Result, Section, alternate, measure};
use quickcart_core::account::{AccountStore, UserId};
use quickcart_core::cart::{CartStore, Quantity};
use quickcart_core::catalog::import::demo_store;
use quickcart_core::catalog::{CatalogStore, ProductId};
use quickcart_core::clock::{Clock, SystemClock};
use quickcart_core::phone::{PhoneNumber, Region};
use quickcart_core::store::SqliteStore;
use rusqlite::{Connection, TransactionBehavior, params};
use tokio::runtime::Runtime;

use super::REPETITIONS;

const READS: u64 = 5_000;
const WRITES: u64 = 300;
/// Calls at once, where there are several.
const IN_FLIGHT: u64 = 64;
/// Within a list's limit of 9,999 pieces of one product, however often it is added to.
const PRODUCTS: i64 = 100;

/// A new shop with the demo store, a shopper, and a second connection that is set up like the store's own.
pub(crate) struct Opened {
    pub(crate) runtime: Runtime,
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) user_id: UserId,
    pub(crate) bare: Connection,
}

pub(crate) fn open(path: &Path) -> Result<Opened> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let store = Arc::new(SqliteStore::open(path)?);
    let user_id = runtime.block_on(async {
        store.import(demo_store()?, Box::new(|_, _| ())).await?;
        let phone = PhoneNumber::parse("9876543210", Region::IN)?;
        Ok::<_, benches::Failure>(store.sign_in(&phone, SystemClock.now()).await?.user_id)
    })?;
    let bare = Connection::open(path)?;
    bare.pragma_update(None, "synchronous", "FULL")?;
    bare.pragma_update(None, "foreign_keys", true)?;
    bare.set_prepared_statement_cache_capacity(64);
    Ok(Opened { runtime, store, user_id, bare })
}

pub(crate) fn rows(folder: &Path) -> Result<()> {
    let Opened { runtime, store, user_id, mut bare } = open(&folder.join("shop.db"))?;
    let details = runtime.block_on(store.product(2))?.ok_or("the demo store has no product 2")?;
    assert_eq!(
        product(&mut bare, 2)?,
        (details.product.name, details.foodtypes.len() + details.allergies.len())
    );
    let reads = vec![
        Contender::new("SqliteStore::product", || reads_ours(&runtime, &store, 1)),
        Contender::new("the same, 64 calls in flight", || reads_ours(&runtime, &store, IN_FLIGHT)),
        Contender::new("rusqlite, the same three SELECTs", || {
            measure(READS, || ids(READS).try_for_each(|id| product(&mut bare, id).map(|_| ())))
        }),
    ];
    benches::print(&Section {
        title: "store: a product with its labels".to_owned(),
        notes: vec![
            "Ours hands each call to a reader's thread and back, so that SQLite blocks no runtime."
                .to_owned(),
        ],
        rows: alternate(REPETITIONS, reads)?,
    });
    let writes = vec![
        Contender::new("SqliteStore::add_to_checklist", || add_ours(&runtime, &store, user_id)),
        Contender::new("rusqlite, the same statements", || {
            measure(WRITES, || ids(WRITES).try_for_each(|id| add(&mut bare, user_id, id)))
        }),
    ];
    let rows = alternate(REPETITIONS, writes)?;
    let pieces: u64 = bare.query_row("SELECT sum(quantity) FROM checklist", [], |row| row.get(0))?;
    assert_eq!(pieces, 2 * WRITES * (REPETITIONS as u64 + 1));
    benches::print(&Section {
        title: "store: a product put on the shopping list, synchronous FULL, one call at a time".to_owned(),
        notes: Vec::new(),
        rows,
    });
    Ok(())
}

fn reads_ours(runtime: &Runtime, store: &Arc<SqliteStore>, in_flight: u64) -> Result<Cost> {
    let each = READS / in_flight;
    measure(each * in_flight, || {
        runtime.block_on(async {
            let reader = |store: Arc<SqliteStore>| async move {
                for id in ids(each) {
                    store.product(id).await?.ok_or("no such product")?;
                }
                Ok::<_, benches::Failure>(())
            };
            let readers: Vec<_> = (0..in_flight).map(|_| tokio::spawn(reader(Arc::clone(store)))).collect();
            for reader in readers {
                reader.await??;
            }
            Ok(())
        })
    })
}

fn ids(count: u64) -> impl Iterator<Item = ProductId> {
    (0..count).zip((1..=PRODUCTS).cycle()).map(|(_, id)| id)
}

/// The name of a product and how many labels it has.
fn product(connection: &mut Connection, id: ProductId) -> Result<(String, usize)> {
    let transaction = connection.transaction()?;
    let (name, _) = find(&transaction, id)?;
    let mut labels = 0;
    for sql in [
        "SELECT foodtype_id, foodtype_name FROM product_foodtype JOIN foodtype USING (foodtype_id) \
         WHERE product_id = ?1 ORDER BY foodtype_id",
        "SELECT allergy_id, allergy_name FROM product_allergy JOIN allergy USING (allergy_id) \
         WHERE product_id = ?1 ORDER BY allergy_id",
    ] {
        let mut statement = transaction.prepare_cached(sql)?;
        let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?));
        labels += statement.query_map([id], read)?.collect::<rusqlite::Result<Vec<_>>>()?.len();
    }
    transaction.commit()?;
    Ok((name, labels))
}

/// Reads every column that a product has, and answers name and price.
pub(crate) fn find(connection: &Connection, id: ProductId) -> Result<(String, i64)> {
    let sql = "SELECT product_id, product_name, barcode, currency, price_minor, discounted_price_minor, offer_name, \
                      weight_g, expiry, category_id \
               FROM product WHERE product_id = ?1";
    let read = |row: &rusqlite::Row<'_>| {
        let (_, _): (String, String) = (row.get(2)?, row.get(3)?);
        let (_, _): (Option<i64>, Option<String>) = (row.get(5)?, row.get(6)?);
        let (_, _, _): (Option<u32>, Option<String>, Option<i64>) = (row.get(7)?, row.get(8)?, row.get(9)?);
        Ok((row.get(1)?, row.get(4)?))
    };
    Ok(connection.prepare_cached(sql)?.query_row([id], read)?)
}

fn add_ours(runtime: &Runtime, store: &SqliteStore, user_id: UserId) -> Result<Cost> {
    measure(WRITES, || {
        runtime.block_on(async {
            for id in ids(WRITES) {
                store.add_to_checklist(user_id, id, Quantity::ONE).await?;
            }
            Ok(())
        })
    })
}

fn add(connection: &mut Connection, user_id: UserId, id: ProductId) -> Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    find(&transaction, id)?;
    let sql = "INSERT INTO checklist (user_id, product_id, quantity) VALUES (?1, ?2, ?3) \
               ON CONFLICT (user_id, product_id) DO UPDATE SET quantity = quantity + excluded.quantity \
               RETURNING checklist_id, quantity";
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let (_, _): (i64, i64) = transaction.prepare_cached(sql)?.query_row(params![user_id, id, 1], read)?;
    Ok(transaction.commit()?)
}
