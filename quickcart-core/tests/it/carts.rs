//! Carts without a trolley and carts of guests, without any server.

use std::sync::Arc;

use quickcart_core::cart::{CartError, Connection, Quantity, RecipeSource, is_ad_hoc};
use quickcart_core::catalog::Page;
use quickcart_core::catalog::import::demo_store;
use quickcart_core::clock::SystemClock;
use quickcart_core::device::parse_add_item;
use quickcart_core::order::PaymentMethod;
use quickcart_core::pathfinding::Point;
use quickcart_core::phone::{PhoneNumber, Region};
use quickcart_core::shop::Shop;
use quickcart_core::store::SqliteStore;
use quickcart_core::walk::WalkError;
use tempfile::TempDir;

async fn shop(folder: &TempDir) -> (Shop, i64) {
    let store = SqliteStore::open(&folder.path().join("shop.db")).unwrap();
    let shop = Shop::new(Arc::new(store), Arc::new(SystemClock));
    shop.import(demo_store().unwrap(), Box::new(|_, _| ())).await.unwrap();
    let phone = PhoneNumber::parse("9876543210", Region::IN).unwrap();
    let user_id = shop.sign_in(&phone).await.unwrap().user_id;
    (shop, user_id)
}

#[tokio::test]
async fn a_cart_without_a_trolley_from_the_connection_to_the_order() {
    let folder = tempfile::tempdir().unwrap();
    let (shop, user_id) = shop(&folder).await;
    let (cart_id, connection) = shop.connect_ad_hoc(user_id).await.unwrap();
    assert_eq!((is_ad_hoc(cart_id), connection), (true, Connection::New));
    let result = shop.location_of(user_id, cart_id).await;
    assert!(matches!(result, Err(CartError::NotLocated { .. })), "{result:?}");
    let result = shop.location_of(user_id, 1).await;
    assert!(matches!(result, Err(CartError::NotYourCart { cart_id: 1 })), "{result:?}");
    let result = shop.walk(user_id, &[1]).await;
    assert!(matches!(result, Err(WalkError::NoActiveCart)), "it has no dock to start from: {result:?}");
    shop.locate(cart_id, Point::new(0, 1.0, 1.0)).await.unwrap();
    assert!(shop.location_of(user_id, cart_id).await.unwrap().located_at.is_some());
    assert_eq!(shop.walk(user_id, &[1]).await.unwrap().legs.len(), 1);

    let message = format!(r#"{{"cart_id":{cart_id},"product_id":1,"weight":1.05}}"#);
    shop.apply(&parse_add_item(message.as_bytes()).unwrap()).await.unwrap();
    shop.add_to_cart(user_id, 102, None).await.unwrap();
    let recipes = shop.recipes(user_id, RecipeSource::Cart, Page::default()).await.unwrap();
    let sugar = shop.product(102).await.unwrap().unwrap().product;
    assert!(recipes.iter().any(|found| found.product == sugar));
    let recipe = shop.recipe(recipes[0].recipe_id).await.unwrap().unwrap();
    assert!(recipe.products.contains(&recipes[0].product));
    let order = shop.checkout(user_id, PaymentMethod::Cash, None).await.unwrap();
    assert_eq!((order.cart_id, order.totals.quantity), (cart_id, 2));
    let result = shop.cart(user_id).await;
    assert!(matches!(result, Err(CartError::NoActiveCart)), "{result:?}");
    assert_eq!(shop.orders(user_id, Page::default()).await.unwrap(), [order]);
}

#[tokio::test]
async fn what_a_guest_puts_together_is_in_the_cart_after_signing_in() {
    let folder = tempfile::tempdir().unwrap();
    let (shop, user_id) = shop(&folder).await;
    let token = shop.guest_cart().await.unwrap();
    shop.add_to_guest_cart(&token, 1, Quantity::ONE).await.unwrap();
    shop.connect(user_id, 4).await.unwrap();
    let seen = shop.add_to_cart(user_id, 1, None).await.unwrap().version;
    assert_eq!(shop.merge_guest_cart(user_id, &token).await.unwrap(), 4);
    let cart = shop.cart(user_id).await.unwrap();
    assert_eq!(cart.lines[0].quantity, Quantity::new(2));
    let result = shop.remove_from_cart(user_id, 1, Some(seen)).await;
    assert!(
        matches!(result, Err(CartError::CartChanged { version }) if version == cart.version),
        "{result:?}"
    );
    shop.remove_from_cart(user_id, 1, Some(cart.version)).await.unwrap();
}

#[tokio::test]
async fn the_shop_tells_its_labels_and_places() {
    let folder = tempfile::tempdir().unwrap();
    let (shop, user_id) = shop(&folder).await;
    assert!(shop.labels().await.unwrap().categories.iter().any(|label| label.name == "Dairy"));
    let sections = shop.sections().await.unwrap();
    let places = shop.shelf_places(&[2, 4_000_000_000, 1]).await.unwrap();
    assert_eq!(places.iter().map(|(place, _)| place.product_id).collect::<Vec<_>>(), [2, 1]);
    assert!(
        places.iter().all(|(place, section)| section.contains(place.point) && sections.contains(section))
    );
    shop.add_to_checklist(user_id, 1, Quantity::ONE).await.unwrap();
    shop.remove_from_checklist(user_id, 1).await.unwrap();
    assert_eq!(shop.checklist(user_id, Page::default()).await.unwrap(), []);
}
