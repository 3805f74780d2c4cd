//! Every store keeps its contract.

use std::collections::HashSet;
use std::sync::Arc;

use quickcart_core::account::AccountStore;
use quickcart_core::admin::{AdminError, AuditFilter};
use quickcart_core::cart::{CartError, Connection, GuestToken, Quantity};
use quickcart_core::catalog::import::demo_store;
use quickcart_core::catalog::{Page, SEARCH_LENGTH_MAX};
use quickcart_core::clock::{Clock, SystemClock, Timestamp};
use quickcart_core::conformance;
use quickcart_core::device::CartEvent;
use quickcart_core::order::PaymentMethod;
use quickcart_core::otp::store::MemoryOtpStore;
use quickcart_core::phone::{PhoneNumber, Region};
use quickcart_core::store::{SqliteStore, Store};

use crate::databases::{Database, on_every_database};

on_every_database! {
    keeps_the_shop
    keeps_administrators_changes
    keeps_stock
    keeps_returns
    keeps_the_outbox
    keeps_registrations
    keeps_members_and_revocations
    keeps_book_orders
    of_two_changes_of_one_version_one_wins
    one_of_many_new_products_gets_the_barcode
    a_barcode_goes_to_the_next_product_whatever_others_are_called
    an_import_brings_a_retired_product_back_and_counts_as_a_change
    one_of_many_shoppers_gets_the_trolley
    parallel_checkouts_of_one_cart_make_one_order
    parallel_connects_without_a_trolley_make_one_cart
    one_of_many_writers_who_saw_the_same_cart_changes_it
    parallel_merges_of_a_guest_add_its_lines_once
    marks_and_case_make_no_difference
    a_hostile_query_finds_nothing
    a_character_that_is_in_no_text_finds_nothing
    an_import_is_all_or_nothing
    barcodes_may_be_swapped_by_an_import
    a_store_with_other_ids_takes_names_and_barcodes_over
    what_was_written_is_there_after_reopening
    imports_among_shoppers_disturb_nobody
}

pub(crate) async fn demo_shop(database: &Database) -> Arc<dyn Store> {
    let store = database.open().await;
    store.import(demo_store().unwrap(), Box::new(|_, _| ())).await.unwrap();
    store
}

pub(crate) async fn shopper(store: &dyn AccountStore, index: u32) -> i64 {
    let phone = PhoneNumber::parse(&format!("98765{index:05}"), Region::IN).unwrap();
    AccountStore::sign_in(store, &phone, Timestamp::UNIX_EPOCH).await.unwrap().user_id
}

async fn keeps_the_shop(database: Database) {
    conformance::shop_store(&*database.open().await).await;
}

async fn keeps_administrators_changes(database: Database) {
    conformance::admin_store(&*database.open().await).await;
}

async fn keeps_registrations(database: Database) {
    conformance::registration_store(&*database.open().await).await;
}

async fn keeps_stock(database: Database) {
    conformance::stock_store(&*database.open().await).await;
}

async fn keeps_returns(database: Database) {
    conformance::return_store(&*database.open().await).await;
}

async fn keeps_the_outbox(database: Database) {
    conformance::outbox_store(&*database.open().await).await;
}

async fn keeps_members_and_revocations(database: Database) {
    let store = database.open().await;
    conformance::member_store(&*store).await;
    conformance::revocation_store(&*store).await;
}

async fn keeps_book_orders(database: Database) {
    conformance::book_order_store(&*database.open().await).await;
}

async fn of_two_changes_of_one_version_one_wins(database: Database) {
    let store = demo_shop(&database).await;
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

async fn one_of_many_new_products_gets_the_barcode(database: Database) {
    let store = demo_shop(&database).await;
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

async fn a_barcode_goes_to_the_next_product_whatever_others_are_called(database: Database) {
    let store = demo_shop(&database).await;
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

async fn an_import_brings_a_retired_product_back_and_counts_as_a_change(database: Database) {
    let store = demo_shop(&database).await;
    let version = store.product_entry(1).await.unwrap().unwrap().version;
    store.retire_product(1, Some(version), "admin", SystemClock.now()).await.unwrap();
    assert_eq!(store.search("toned milk", Page::default()).await.unwrap(), []);
    store.import(demo_store().unwrap(), Box::new(|_, _| ())).await.unwrap();
    let entry = store.product_entry(1).await.unwrap().unwrap();
    assert_eq!((entry.retired_at, entry.version), (None, version + 2));
    assert_eq!(store.search("toned milk", Page::default()).await.unwrap(), [entry.sheet.record.product]);
}

async fn one_of_many_shoppers_gets_the_trolley(database: Database) {
    let store = demo_shop(&database).await;
    let mut tasks = Vec::new();
    for index in 0..32 {
        let (store, user_id) = (Arc::clone(&store), shopper(&*store, index).await);
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

async fn parallel_checkouts_of_one_cart_make_one_order(database: Database) {
    let store = demo_shop(&database).await;
    let user_id = shopper(&*store, 0).await;
    store.connect(user_id, 1, Timestamp::UNIX_EPOCH).await.unwrap();
    let event = CartEvent::ItemAdded { cart_id: 1, product_id: 1, cart_weight_mg: 1 };
    store.apply(&event, None, Timestamp::UNIX_EPOCH).await.unwrap();
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

async fn parallel_connects_without_a_trolley_make_one_cart(database: Database) {
    let store = demo_shop(&database).await;
    let user_id = shopper(&*store, 0).await;
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

async fn one_of_many_writers_who_saw_the_same_cart_changes_it(database: Database) {
    let store = demo_shop(&database).await;
    let user_id = shopper(&*store, 0).await;
    store.connect(user_id, 1, Timestamp::UNIX_EPOCH).await.unwrap();
    let seen = store.view(user_id, Timestamp::UNIX_EPOCH).await.unwrap().version;
    let add = || {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.add_item(user_id, 1, Some(seen), Timestamp::UNIX_EPOCH).await })
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
    assert_eq!(
        store.view(user_id, Timestamp::UNIX_EPOCH).await.unwrap().lines[0].quantity,
        Some(Quantity::ONE)
    );
}

async fn parallel_merges_of_a_guest_add_its_lines_once(database: Database) {
    let store = demo_shop(&database).await;
    let (user_id, token) = (shopper(&*store, 0).await, GuestToken::random());
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
    assert_eq!(
        store.view(user_id, Timestamp::UNIX_EPOCH).await.unwrap().lines[0].quantity,
        Some(Quantity::ONE)
    );
}

async fn a_character_that_is_in_no_text_finds_nothing(database: Database) {
    let store = demo_shop(&database).await;
    store.connect(shopper(&*store, 0).await, 1, Timestamp::UNIX_EPOCH).await.unwrap();
    let barcode = "8901\0".to_owned();
    let result = store
        .apply(&CartEvent::ItemWeighed { cart_id: 1, barcode, weight_mg: 1 }, None, Timestamp::UNIX_EPOCH)
        .await;
    assert!(matches!(result, Err(CartError::BarcodeNotFound { .. })), "{result:?}");
    assert!(store.administrator("root\0").await.unwrap().is_none());
}

async fn an_import_is_all_or_nothing(database: Database) {
    let store = demo_shop(&database).await;
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

async fn barcodes_may_be_swapped_by_an_import(database: Database) {
    let store = demo_shop(&database).await;
    let mut data = demo_store().unwrap();
    let first = data.products[0].product.barcode.clone();
    data.products[0].product.barcode =
        std::mem::replace(&mut data.products[1].product.barcode, first.clone());
    store.import(data, Box::new(|_, _| ())).await.unwrap();
    assert_eq!(store.product(2).await.unwrap().unwrap().product.barcode, first);
}

async fn a_store_with_other_ids_takes_names_and_barcodes_over(database: Database) {
    let store = demo_shop(&database).await;
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
async fn memory_keeps_challenges() {
    conformance::otp_store(&MemoryOtpStore::with_capacity(1_000)).await;
}

async fn imports_among_shoppers_disturb_nobody(database: Database) {
    let store = demo_shop(&database).await;
    let demo = demo_store().unwrap();
    let mut swapped = demo.clone();
    // Of products that shoppers buy, so that rows that lines refer to change their key.
    for (record, other) in swapped.products.iter_mut().zip(demo.products[..12].iter().rev()) {
        record.product.barcode = other.product.barcode.clone();
    }
    let mut tasks = Vec::new();
    for index in 0..4_i64 {
        let store = Arc::clone(&store);
        tasks.push(tokio::spawn(async move {
            let user_id = shopper(&*store, u32::try_from(index).unwrap()).await;
            for product_id in 1..=10 {
                store.connect(user_id, index + 1, Timestamp::UNIX_EPOCH).await.unwrap();
                let cart_id = index + 1;
                store
                    .apply(
                        &CartEvent::ItemAdded { cart_id, product_id, cart_weight_mg: 1 },
                        None,
                        Timestamp::UNIX_EPOCH,
                    )
                    .await
                    .unwrap();
                store.checkout(user_id, PaymentMethod::Cash, None, Timestamp::UNIX_EPOCH).await.unwrap();
            }
        }));
    }
    for data in [&swapped, &demo, &swapped, &demo] {
        let (store, data) = (Arc::clone(&store), data.clone());
        let import = async move { store.import(data, Box::new(|_, _| ())).await.unwrap() };
        tasks.push(tokio::spawn(import));
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(store.map_version().await.unwrap(), Some(5));
}

/// A shop of these four products.
async fn shop_of(database: &Database, names: [&str; 4]) -> Arc<dyn Store> {
    let mut data = demo_store().unwrap();
    data.products.truncate(4);
    data.shelf_places.clear();
    data.recipes.clear();
    for (record, name) in data.products.iter_mut().zip(names) {
        record.product.name = name.to_owned();
    }
    let store = database.open().await;
    store.import(data, Box::new(|_, _| ())).await.unwrap();
    store
}

async fn marks_and_case_make_no_difference(database: Database) {
    let names = ["Sữa Tươi", "Crème Fraîche", "बासमती चावल", "50% _off_ \"Deal\""];
    let store = shop_of(&database, names).await;
    for (text, found) in [
        ("sua tuoi", &[1][..]),
        ("SỮA", &[1]),
        ("ữa", &[1]),
        ("ỮA", &[1]),
        ("ua", &[]),
        ("creme", &[2]),
        ("CREM", &[2]),
        ("RÈME F", &[2]),
        ("cremme fraiche", &[2]),
        ("बासमती", &[3]),
        ("चा", &[3]),
        ("%", &[4]),
        ("50%", &[4]),
        ("0% _", &[4]),
        ("_", &[4]),
        ("_off_", &[4]),
        ("\"", &[4]),
        ("\"Deal\"", &[4]),
        ("\\", &[]),
        ("*", &[]),
        ("NEAR(a b)", &[]),
        ("a\0b", &[]),
        ("\u{301}\u{301}\u{301}", &[]),
    ] {
        let products = store.search(text, Page::default()).await.unwrap();
        let ids: Vec<_> = products.iter().map(|product| product.product_id).collect();
        assert_eq!(ids, found, "{text}");
    }
}

async fn a_hostile_query_finds_nothing(database: Database) {
    let store = shop_of(&database, ["Biscuit", "Biscuit", "Biscuits", "Brisket"]).await;
    let most = "biscuit ".repeat(SEARCH_LENGTH_MAX / 8);
    let signs = ".*|(?:)[[:alpha:]]+".repeat(5);
    for text in ["x".repeat(100_000), most, "ab ".repeat(66), "\"".repeat(200), "%".repeat(200), signs] {
        assert_eq!(store.search(&text, Page::default()).await.unwrap(), [], "{}", &text[..8]);
    }
}

async fn what_was_written_is_there_after_reopening(database: Database) {
    let user_id = shopper(&*database.open().await, 7).await;
    assert!(database.open().await.user(user_id).await.unwrap().is_some());
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
