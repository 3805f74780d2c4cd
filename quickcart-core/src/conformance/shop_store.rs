//! What every [`ShopStore`] does.

use crate::account::{AccountError, Profile, UserId};
use crate::cart::{CartError, Connection, Quantity};
use crate::catalog::Page;
use crate::catalog::import::demo_store;
use crate::clock::Timestamp;
use crate::device::CartEvent;
use crate::order::{OrderError, OrderStatus, PaymentMethod};
use crate::pathfinding::Point;
use crate::phone::{PhoneNumber, Region};
use crate::store::ShopStore;

/// A product that every store does without.
pub(super) const UNKNOWN: i64 = 4_000_000_000;

/// Checks a fresh store; it holds the demo store afterwards.
///
/// # Panics
/// When the store breaks its contract.
pub async fn shop_store(store: &dyn ShopStore) {
    let now: Timestamp = "2026-11-21T09:00:00Z".parse().expect("a timestamp");
    imports_and_imports_again(store).await;
    finds_products(store).await;
    let asha = signs_in(store, "9876543210", now).await;
    let bina = signs_in(store, "9876543211", now).await;
    assert_ne!(asha, bina);
    keeps_profiles(store, asha, bina).await;
    adds_up_checklists(store, asha).await;
    gives_a_trolley_to_one_shopper(store, asha, bina, now).await;
    counts_what_devices_report(store, asha).await;
    knows_where_trolleys_stand(store, asha, now).await;
    makes_one_order_of_a_cart(store, asha, now).await;
    super::carts::carts(store, asha, bina, now).await;
}

async fn imports_and_imports_again(store: &dyn ShopStore) {
    assert_eq!(store.map_version().await.expect("an answer"), None, "the store must be fresh");
    for version in 1..=2 {
        let data = demo_store().expect("the demo store is whole");
        store.import(data, Box::new(|done, total| assert!(done <= total))).await.expect("an import");
        assert_eq!(store.map_version().await.expect("an answer"), Some(version));
    }
    let data = demo_store().expect("the demo store is whole");
    let map = store.map().await.expect("an answer").expect("a map").map;
    assert_eq!(*map.floor_plan(), data.floor_plan);
    assert_eq!(store.sections().await.expect("an answer").len(), data.sections.len());
    let labels = store.labels().await.expect("an answer");
    assert_eq!(
        (labels.foodtypes.len(), labels.categories.len()),
        (data.foodtypes.len(), data.categories.len())
    );
    assert!(labels.foodtypes.is_sorted_by_key(|label| &label.name), "by name");
    assert!(labels.categories.is_sorted_by_key(|label| &label.name), "by name");
    for record in &data.recipes {
        let found = store.recipe(record.recipe_id).await.expect("an answer").expect("a recipe");
        let product_ids = found.products.iter().map(|product| product.product_id);
        assert_eq!(
            (found.name.as_str(), product_ids.collect()),
            (record.name.as_str(), record.product_ids.clone())
        );
    }
    assert_eq!(store.recipe(UNKNOWN).await.expect("an answer"), None);
    for record in &data.products {
        let found = store.product(record.product.product_id).await.expect("an answer").expect("a product");
        assert_eq!(found.product, record.product);
        assert_eq!(found.foodtypes.len(), record.foodtype_ids.len());
    }
}

async fn finds_products(store: &dyn ShopStore) {
    let data = demo_store().expect("the demo store is whole");
    let first = &data.products[0].product;
    let all = Page::default();
    let shouted = first.name.to_uppercase();
    for text in [first.name.as_str(), &shouted, first.barcode.as_str(), &first.barcode.as_str()[3..10]] {
        let found = store.search(text, all).await.expect("an answer");
        assert!(found.contains(first), "{text} finds {}", first.name);
    }
    for text in ["%", "_", "\\", "'", "no such thing"] {
        let literal = data.products.iter().filter(|record| record.product.name.contains(text)).count();
        assert_eq!(
            store.search(text, all).await.expect("an answer").len(),
            literal,
            "{text:?} is taken literally"
        );
    }
    let page = Page { offset: 2, limit: 3 };
    let everything = store.search("", all).await.expect("an answer");
    assert_eq!(store.search("", page).await.expect("an answer"), everything[2..5], "in the order of ids");
    let offers = store.offers(all).await.expect("an answer");
    let on_offer = |record: &&crate::catalog::import::ProductRecord| {
        record.product.offer_name.is_some() || record.product.discounted_price.is_some()
    };
    assert_eq!(offers.len(), data.products.iter().filter(on_offer).count());
    assert_eq!(store.product(UNKNOWN).await.expect("an answer"), None);
    let places = store.shelf_places(&[2, UNKNOWN, 1]).await.expect("an answer");
    assert_eq!(places.iter().map(|place| place.product_id).collect::<Vec<_>>(), [2, 1]);
}

pub(super) async fn signs_in(store: &dyn ShopStore, phone: &str, now: Timestamp) -> UserId {
    let phone = PhoneNumber::parse(phone, Region::IN).expect("a phone number");
    let user = store.sign_in(&phone, now).await.expect("a user");
    assert_eq!(user.profile, None);
    assert_eq!(store.sign_in(&phone, now).await.expect("a user"), user, "the second time, too");
    assert_eq!(store.user(user.user_id).await.expect("an answer"), Some(user.clone()));
    user.user_id
}

async fn keeps_profiles(store: &dyn ShopStore, asha: UserId, bina: UserId) {
    let email = || Some("asha@example.com".parse().expect("an address"));
    let full = Profile { email: email(), foodtype_id: Some(1), ..named("Asha") };
    let user = store.complete_profile(asha, &full).await.expect("a user");
    assert_eq!(user.profile.as_ref(), Some(&full));
    assert_eq!(store.complete_profile(asha, &full).await.expect("their own address is free"), user);
    let taken = Profile { email: email(), ..named("Bina") };
    let result = store.complete_profile(bina, &taken).await;
    assert!(matches!(result, Err(AccountError::EmailTaken)), "{result:?}");
    let unknown = Profile { foodtype_id: Some(UNKNOWN), ..named("Bina") };
    let result = store.complete_profile(bina, &unknown).await;
    assert!(matches!(result, Err(AccountError::FoodTypeNotFound { foodtype_id: UNKNOWN })), "{result:?}");
    let result = store.complete_profile(UNKNOWN, &named("Nobody")).await;
    assert!(matches!(result, Err(AccountError::UserNotFound { user_id: UNKNOWN })), "{result:?}");
}

fn named(name: &str) -> Profile {
    Profile::new(name.parse().expect("a name"))
}

pub(super) fn pieces(count: u32) -> Quantity {
    Quantity::new(count).expect("a quantity")
}

async fn adds_up_checklists(store: &dyn ShopStore, asha: UserId) {
    let first = store.add_to_checklist(asha, 1, pieces(2)).await.expect("an item");
    let second = store.add_to_checklist(asha, 1, pieces(3)).await.expect("an item");
    assert_eq!((second.checklist_id, second.quantity), (first.checklist_id, pieces(5)));
    let result = store.add_to_checklist(asha, 1, pieces(Quantity::MAX)).await;
    assert!(matches!(result, Err(CartError::TooMany)), "{result:?}");
    let result = store.add_to_checklist(asha, UNKNOWN, pieces(1)).await;
    assert!(matches!(result, Err(CartError::ProductNotFound { product_id: UNKNOWN })), "{result:?}");
    assert_eq!(
        store.checklist(asha, Page::default()).await.expect("a list"),
        std::slice::from_ref(&second),
        "what was refused has changed nothing"
    );
    let later = store.add_to_checklist(asha, 3, pieces(1)).await.expect("an item");
    let last = store.add_to_checklist(asha, 2, pieces(1)).await.expect("an item");
    let page = async |offset, limit| store.checklist(asha, Page { offset, limit }).await.expect("a list");
    assert_eq!(page(0, 2).await, [second, later.clone()]);
    assert_eq!(page(1, 2).await, [later, last]);
    assert_eq!(page(3, 2).await, []);
    for product_id in [3, 2] {
        store.remove_from_checklist(asha, product_id).await.expect("it is there");
    }
    store.remove_from_checklist(asha, 1).await.expect("it is there");
    let result = store.remove_from_checklist(asha, 1).await;
    assert!(matches!(result, Err(CartError::NotInChecklist { product_id: 1 })), "{result:?}");
    assert_eq!(store.checklist(asha, Page::default()).await.expect("a list"), []);
}

async fn gives_a_trolley_to_one_shopper(store: &dyn ShopStore, asha: UserId, bina: UserId, now: Timestamp) {
    let result = store.view(asha, now).await;
    assert!(matches!(result, Err(CartError::NoActiveCart)), "{result:?}");
    let result = store.connect(asha, UNKNOWN, now).await;
    assert!(matches!(result, Err(CartError::CartNotFound { cart_id: UNKNOWN })), "{result:?}");
    assert_eq!(store.connect(asha, 1, now).await.expect("a trolley"), Connection::New);
    assert_eq!(store.connect(asha, 1, now).await.expect("a trolley"), Connection::Kept);
    let result = store.connect(asha, 2, now).await;
    assert!(matches!(result, Err(CartError::AnotherCart { cart_id: 1 })), "{result:?}");
    let result = store.connect(bina, 1, now).await;
    assert!(matches!(result, Err(CartError::CartInUse { cart_id: 1 })), "{result:?}");
    store.apply(&added(1, 1, 1_000_000), None, now).await.expect("a line");
    assert_eq!(store.disconnect(asha, now).await.expect("a trolley"), 1);
    let result = store.apply(&added(1, 1, 1_000_000), None, now).await;
    assert!(matches!(result, Err(CartError::CartNotConnected { cart_id: 1 })), "{result:?}");
    store.connect(bina, 1, now).await.expect("a free trolley");
    let cart = store.view(bina, now).await.expect("a trolley");
    assert_eq!((cart.lines.len(), cart.total_weight_mg()), (0, 0), "the next shopper finds it empty");
    store.disconnect(bina, now).await.expect("a trolley");
}

pub(super) fn added(cart_id: i64, product_id: i64, cart_weight_mg: u64) -> CartEvent {
    CartEvent::ItemAdded { cart_id, product_id, cart_weight_mg }
}

async fn counts_what_devices_report(store: &dyn ShopStore, asha: UserId) {
    let now = Timestamp::UNIX_EPOCH;
    store.connect(asha, 1, now).await.expect("a trolley");
    let product = store.product(2).await.expect("an answer").expect("a product").product;
    let (barcode, unit_mg) =
        (product.barcode.to_string(), u64::from(product.weight_g.expect("a weight")) * 1_000);
    let weighed = |weight_mg| CartEvent::ItemWeighed { cart_id: 1, barcode: barcode.clone(), weight_mg };
    let count = |line: crate::cart::CartLine| line.quantity.map(Quantity::get);

    assert_eq!(count(store.apply(&added(1, 1, 1_500_000), None, now).await.expect("a line")), Some(1));
    assert_eq!(count(store.apply(&added(1, 1, 2_500_000), None, now).await.expect("a line")), Some(2));
    assert_eq!(
        store.view(asha, now).await.expect("a trolley").total_weight_mg(),
        2_500_000,
        "as reported last"
    );
    for _ in 0..2 {
        let line = store.apply(&weighed(unit_mg * 3), None, now).await.expect("a line");
        assert_eq!(count(line), Some(3), "a weight is absolute: reported twice, it counts once");
    }
    let by_catalogue = store.view(asha, now).await.expect("a trolley");
    let first = by_catalogue.lines[0].product.weight_g.expect("a weight");
    assert_eq!(by_catalogue.total_weight_mg(), 2 * u64::from(first) * 1_000 + unit_mg * 3);
    assert_eq!(
        count(store.apply(&weighed(0), None, now).await.expect("a line")),
        None,
        "nothing is left of it"
    );
    assert_eq!(store.view(asha, now).await.expect("a trolley").lines.len(), 1);

    let result = store.apply(&weighed(u64::MAX / 4), None, now).await;
    assert!(matches!(result, Err(CartError::TooMany)), "{result:?}");
    let result = store.apply(&added(1, UNKNOWN, 1), None, now).await;
    assert!(matches!(result, Err(CartError::ProductNotFound { .. })), "{result:?}");
    let result = store.apply(&added(UNKNOWN, 1, 1), None, now).await;
    assert!(matches!(result, Err(CartError::CartNotFound { .. })), "{result:?}");
    let unknown = CartEvent::ItemWeighed { cart_id: 1, barcode: "nope".to_owned(), weight_mg: 1 };
    let result = store.apply(&unknown, None, now).await;
    assert!(matches!(result, Err(CartError::BarcodeNotFound { .. })), "{result:?}");
    assert_eq!(
        store.view(asha, now).await.expect("a trolley").lines.len(),
        1,
        "what was refused has changed nothing"
    );
}

async fn knows_where_trolleys_stand(store: &dyn ShopStore, asha: UserId, now: Timestamp) {
    let dock = demo_store().expect("the demo store is whole").trolleys[0].dock;
    let location = store.location(asha).await.expect("a place");
    assert_eq!((location.point, location.located_at), (dock, None), "at its dock");
    let section = store.sections().await.expect("an answer").swap_remove(0);
    let inside = Point::new(section.level, section.x1_m, section.y1_m);
    store.locate(1, inside, now).await.expect("a trolley");
    let location = store.location(asha).await.expect("a place");
    assert_eq!((location.point, location.located_at), (inside, Some(now)));
    assert!(location.section_id.is_some());
    let result = store.locate(UNKNOWN, inside, now).await;
    assert!(matches!(result, Err(CartError::CartNotFound { cart_id: UNKNOWN })), "{result:?}");
}

async fn makes_one_order_of_a_cart(store: &dyn ShopStore, asha: UserId, now: Timestamp) {
    store.apply(&added(1, 3, 3_000_000), None, now).await.expect("a line");
    store.apply(&added(1, 6, 3_500_000), None, now).await.expect("a line");
    let cart = store.view(asha, now).await.expect("a trolley");
    let order = store.checkout(asha, PaymentMethod::Cash, None, now).await.expect("an order");
    assert_eq!(order.lines.len(), cart.lines.len());
    let sum: i64 = cart
        .lines
        .iter()
        .map(|line| line.product.price.minor() * i64::from(line.quantity.map_or(0, Quantity::get)))
        .sum();
    assert_eq!(order.totals.price.minor(), sum);
    let tax: i64 = order.lines.iter().map(|line| line.tax.minor()).sum();
    assert_eq!((order.totals.tax.minor(), tax > 0), (tax, true), "there is tax on curd");
    assert_eq!(order.status, OrderStatus::Verified, "its shopper has proved a phone");
    assert_eq!(order.payment, order.totals.payment(PaymentMethod::Cash));
    let result = store.checkout(asha, PaymentMethod::Cash, None, now).await;
    assert!(matches!(result, Err(OrderError::NoActiveCart)), "{result:?}");
    store.connect(asha, 1, now).await.expect("the trolley was given back");
    let result = store.checkout(asha, PaymentMethod::Cash, None, now).await;
    assert!(matches!(result, Err(OrderError::CartEmpty)), "{result:?}");
    store.apply(&added(1, 2, 1), None, now).await.expect("a line");
    let newer = store.checkout(asha, PaymentMethod::Cash, None, now).await.expect("an order");
    let orders = store.orders(asha, Page::default()).await.expect("orders");
    assert_eq!(orders, [newer, order], "newest first, with all their lines");
    assert_eq!(store.orders(asha, Page { offset: 1, limit: 1 }).await.expect("orders"), orders[1..]);
}
