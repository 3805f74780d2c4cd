//! Every store keeps its contract.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use quickcart_core::account::AccountStore;
use quickcart_core::admin::{AdminError, AdminStore, AuditFilter};
use quickcart_core::cart::{CartError, CartStore, Connection, GuestCartStore, GuestToken, Quantity};
use quickcart_core::catalog::import::demo_store;
use quickcart_core::catalog::{CatalogStore, Page};
use quickcart_core::clock::{Clock, SystemClock, Timestamp};
use quickcart_core::conformance;
use quickcart_core::device::CartEvent;
use quickcart_core::order::{OrderStore, PaymentMethod};
use quickcart_core::otp::store::MemoryOtpStore;
use quickcart_core::phone::{PhoneNumber, Region};
use quickcart_core::store::SqliteStore;

async fn demo_shop(path: &Path) -> Arc<SqliteStore> {
    let store = SqliteStore::open(path).unwrap();
    store.import(demo_store().unwrap(), Box::new(|_, _| ())).await.unwrap();
    Arc::new(store)
}

async fn shopper(store: &SqliteStore, index: u32) -> i64 {
    let phone = PhoneNumber::parse(&format!("98765{index:05}"), Region::IN).unwrap();
    store.sign_in(&phone, Timestamp::UNIX_EPOCH).await.unwrap().user_id
}

#[tokio::test]
async fn memory_keeps_challenges() {
    conformance::otp_store(&MemoryOtpStore::with_capacity(1_000)).await;
}

#[tokio::test]
async fn sqlite_keeps_the_shop() {
    let folder = tempfile::tempdir().unwrap();
    conformance::shop_store(&SqliteStore::open(&folder.path().join("deep/shop.db")).unwrap()).await;
}

#[tokio::test]
async fn sqlite_keeps_the_outbox() {
    let folder = tempfile::tempdir().unwrap();
    conformance::outbox_store(&SqliteStore::open(&folder.path().join("shop.db")).unwrap()).await;
}

#[tokio::test]
async fn sqlite_keeps_stock() {
    let folder = tempfile::tempdir().unwrap();
    conformance::stock_store(&SqliteStore::open(&folder.path().join("shop.db")).unwrap()).await;
}

#[tokio::test]
async fn sqlite_keeps_administrators_changes() {
    let folder = tempfile::tempdir().unwrap();
    conformance::admin_store(&SqliteStore::open(&folder.path().join("shop.db")).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_changes_of_one_version_one_wins() {
    let folder = tempfile::tempdir().unwrap();
    let store = demo_shop(&folder.path().join("shop.db")).await;
    let entry = store.product_entry(1).await.unwrap().unwrap();
    let mut tasks = Vec::new();
    for index in 0..16 {
        let (store, mut sheet) = (Arc::clone(&store), entry.sheet.clone());
        sheet.record.product.name = format!("Milk of administrator {index}");
        let version = Some(entry.version);
        tasks.push(tokio::spawn(async move {
            store.change_product(sheet, version, "admin", SystemClock.now()).await
        }));
    }
    let mut winners = Vec::new();
    for task in tasks {
        match task.await.unwrap() {
            Ok(entry) => winners.push(entry),
            Err(AdminError::OtherVersion { found }) => assert_eq!(found, entry.version + 1),
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(winners.len(), 1);
    assert_eq!(store.product_entry(1).await.unwrap(), winners.pop());
    assert_eq!(store.audit(AuditFilter::default(), Page::default()).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_many_new_products_gets_the_barcode() {
    let folder = tempfile::tempdir().unwrap();
    let store = demo_shop(&folder.path().join("shop.db")).await;
    let mut sheet = store.product_entry(1).await.unwrap().unwrap().sheet;
    sheet.record.product.barcode = "in-store-1".parse().unwrap();
    let create = || {
        let (store, sheet) = (Arc::clone(&store), sheet.clone());
        tokio::spawn(async move { store.create_product(sheet, "admin", SystemClock.now()).await.is_ok() })
    };
    let tasks: Vec<_> = (0..16).map(|_| create()).collect();
    let mut created = 0;
    for task in tasks {
        created += usize::from(task.await.unwrap());
    }
    assert_eq!(created, 1);
}

#[tokio::test]
async fn a_barcode_goes_to_the_next_product_whatever_others_are_called() {
    let folder = tempfile::tempdir().unwrap();
    let store = demo_shop(&folder.path().join("shop.db")).await;
    let entry = store.product_entry(1).await.unwrap().unwrap();
    let mut sheet = entry.sheet.clone();
    for barcode in ["retired-1", "importing-1"] {
        sheet.record.product.barcode = barcode.parse().unwrap();
        store.create_product(sheet.clone(), "admin", SystemClock.now()).await.unwrap();
    }
    store.retire_product(1, Some(entry.version), "admin", SystemClock.now()).await.unwrap();
    let heir = store.create_product(entry.sheet.clone(), "admin", SystemClock.now()).await.unwrap();
    assert_eq!(heir.sheet.record.product.barcode, entry.sheet.record.product.barcode);
    store.import(demo_store().unwrap(), Box::new(|_, _| ())).await.unwrap();
    let back = store.product_entry(1).await.unwrap().unwrap();
    assert_eq!(back.sheet.record.product.barcode, entry.sheet.record.product.barcode);
}

#[tokio::test]
async fn an_import_brings_a_retired_product_back_and_counts_as_a_change() {
    let folder = tempfile::tempdir().unwrap();
    let store = demo_shop(&folder.path().join("shop.db")).await;
    let version = store.product_entry(1).await.unwrap().unwrap().version;
    store.retire_product(1, Some(version), "admin", SystemClock.now()).await.unwrap();
    assert_eq!(store.search("toned milk", Page::default()).await.unwrap(), []);
    store.import(demo_store().unwrap(), Box::new(|_, _| ())).await.unwrap();
    let entry = store.product_entry(1).await.unwrap().unwrap();
    assert_eq!((entry.retired_at, entry.version), (None, version + 2));
    assert_eq!(store.search("toned milk", Page::default()).await.unwrap(), [entry.sheet.record.product]);
}

#[tokio::test]
async fn sqlite_keeps_registrations() {
    let folder = tempfile::tempdir().unwrap();
    conformance::registration_store(&SqliteStore::open(&folder.path().join("shop.db")).unwrap()).await;
}

#[tokio::test]
async fn sqlite_keeps_members_and_revocations() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("shop.db")).unwrap();
    conformance::member_store(&store).await;
    conformance::revocation_store(&store).await;
}

#[tokio::test]
async fn sqlite_keeps_book_orders() {
    let folder = tempfile::tempdir().unwrap();
    conformance::book_order_store(&SqliteStore::open(&folder.path().join("shop.db")).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_many_shoppers_gets_the_trolley() {
    let folder = tempfile::tempdir().unwrap();
    let store = demo_shop(&folder.path().join("shop.db")).await;
    let mut tasks = Vec::new();
    for index in 0..32 {
        let (store, user_id) = (Arc::clone(&store), shopper(&store, index).await);
        tasks.push(tokio::spawn(async move { store.connect(user_id, 1, SystemClock.now()).await }));
    }
    let mut winners = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => winners += 1,
            Err(CartError::CartInUse { cart_id: 1 }) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(winners, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parallel_checkouts_of_one_cart_make_one_order() {
    let folder = tempfile::tempdir().unwrap();
    let store = demo_shop(&folder.path().join("shop.db")).await;
    let user_id = shopper(&store, 0).await;
    store.connect(user_id, 1, Timestamp::UNIX_EPOCH).await.unwrap();
    let event = CartEvent::ItemAdded { cart_id: 1, product_id: 1, cart_weight_mg: 1 };
    store.apply(&event).await.unwrap();
    let checkout = || {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            store.checkout(user_id, PaymentMethod::Cash, None, Timestamp::UNIX_EPOCH).await.is_ok()
        })
    };
    let tasks: Vec<_> = (0..16).map(|_| checkout()).collect();
    let mut orders = 0;
    for task in tasks {
        orders += usize::from(task.await.unwrap());
    }
    assert_eq!(orders, 1);
    assert_eq!(store.orders(user_id, Page::default()).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parallel_connects_without_a_trolley_make_one_cart() {
    let folder = tempfile::tempdir().unwrap();
    let store = demo_shop(&folder.path().join("shop.db")).await;
    let user_id = shopper(&store, 0).await;
    let connect = || {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.connect_ad_hoc(user_id, Timestamp::UNIX_EPOCH).await.unwrap() })
    };
    let tasks: Vec<_> = (0..16).map(|_| connect()).collect();
    let (mut carts, mut made) = (HashSet::new(), 0);
    for task in tasks {
        let (cart_id, connection) = task.await.unwrap();
        carts.insert(cart_id);
        made += usize::from(connection == Connection::New);
    }
    assert_eq!((carts.len(), made), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_many_writers_who_saw_the_same_cart_changes_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = demo_shop(&folder.path().join("shop.db")).await;
    let user_id = shopper(&store, 0).await;
    store.connect(user_id, 1, Timestamp::UNIX_EPOCH).await.unwrap();
    let seen = store.view(user_id).await.unwrap().version;
    let add = || {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.add_item(user_id, 1, Some(seen)).await })
    };
    let tasks: Vec<_> = (0..16).map(|_| add()).collect();
    let mut winners = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => winners += 1,
            Err(CartError::CartChanged { .. }) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(winners, 1);
    assert_eq!(store.view(user_id).await.unwrap().lines[0].quantity, Some(Quantity::ONE));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parallel_merges_of_a_guest_add_its_lines_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = demo_shop(&folder.path().join("shop.db")).await;
    let (user_id, token) = (shopper(&store, 0).await, GuestToken::random());
    store.create_guest_cart(&token, Timestamp::UNIX_EPOCH).await.unwrap();
    store.add_to_guest_cart(&token, 1, Quantity::ONE, Timestamp::UNIX_EPOCH).await.unwrap();
    let merge = || {
        let (store, token) = (Arc::clone(&store), token.clone());
        tokio::spawn(
            async move { store.merge_guest_cart(user_id, &token, Timestamp::UNIX_EPOCH).await.unwrap() },
        )
    };
    let tasks: Vec<_> = (0..16).map(|_| merge()).collect();
    let mut carts = HashSet::new();
    for task in tasks {
        carts.insert(task.await.unwrap());
    }
    assert_eq!(carts.len(), 1);
    assert_eq!(store.view(user_id).await.unwrap().lines[0].quantity, Some(Quantity::ONE));
}

#[tokio::test]
async fn an_import_is_all_or_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = demo_shop(&folder.path().join("shop.db")).await;
    let mut data = demo_store().unwrap();
    data.name = "Another Market".to_owned();
    let mut twin = data.products[0].clone();
    twin.product.product_id = 100_000;
    // The barcode is taken, so the database refuses the last of the products.
    data.products.push(twin);
    assert!(store.import(data, Box::new(|_, _| ())).await.is_err());
    assert_eq!(store.map_version().await.unwrap(), Some(1), "the map is the old one");
    assert_eq!(store.search("importing", Page::default()).await.unwrap(), [], "and so are the products");
}

#[tokio::test]
async fn barcodes_may_be_swapped_by_an_import() {
    let folder = tempfile::tempdir().unwrap();
    let store = demo_shop(&folder.path().join("shop.db")).await;
    let mut data = demo_store().unwrap();
    let first = data.products[0].product.barcode.clone();
    data.products[0].product.barcode =
        std::mem::replace(&mut data.products[1].product.barcode, first.clone());
    store.import(data, Box::new(|_, _| ())).await.unwrap();
    assert_eq!(store.product(2).await.unwrap().unwrap().product.barcode, first);
}

#[tokio::test]
async fn a_store_with_other_ids_takes_names_and_barcodes_over() {
    let folder = tempfile::tempdir().unwrap();
    let store = demo_shop(&folder.path().join("shop.db")).await;
    let mut data = demo_store().unwrap();
    data.shelf_places.clear();
    data.categories.iter_mut().for_each(|category| category.id += 100);
    for record in &mut data.products {
        record.product.product_id += 1_000;
        record.product.category_id = record.product.category_id.map(|id| id + 100);
    }
    let barcode = data.products[0].product.barcode.clone();
    store.import(data, Box::new(|_, _| ())).await.unwrap();
    let found = store.search(barcode.as_str(), Page::default()).await.unwrap();
    assert_eq!(found.iter().map(|product| product.product_id).collect::<Vec<_>>(), [1_001]);
}

#[tokio::test]
async fn what_was_written_is_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.db");
    let user_id = {
        let store = demo_shop(&path).await;
        shopper(&store, 7).await
    };
    let store = SqliteStore::open(&path).unwrap();
    assert!(store.user(user_id).await.unwrap().is_some());
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.db");
    std::fs::write(&path, "this is not a database, but it is long enough to be taken for one at first sight")
        .unwrap();
    assert!(SqliteStore::open(&path).is_err());
    assert!(SqliteStore::open(&path.join("below-a-file.db")).is_err());
}
