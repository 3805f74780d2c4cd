//! A whole visit without any server.

use std::sync::Arc;

use quickcart_core::cart::Quantity;
use quickcart_core::catalog::Page;
use quickcart_core::catalog::import::demo_store;
use quickcart_core::clock::SystemClock;
use quickcart_core::device::parse_update_item;
use quickcart_core::order::PaymentMethod;
use quickcart_core::pathfinding::Point;
use quickcart_core::phone::{PhoneNumber, Region};
use quickcart_core::shop::Shop;
use quickcart_core::store::SqliteStore;

#[tokio::test]
async fn from_the_dock_past_the_list_to_the_order() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("shop.db")).unwrap();
    let shop = Shop::new(Arc::new(store), Arc::new(SystemClock));
    assert!(shop.is_empty().await.unwrap());
    shop.import(demo_store().unwrap(), Box::new(|_, _| ())).await.unwrap();

    let phone = PhoneNumber::parse("9876543210", Region::IN).unwrap();
    let user_id = shop.sign_in(&phone).await.unwrap().user_id;
    let wanted: Vec<i64> = vec![1, 2, 60, 120, 180, 240, 280];
    for &product_id in &wanted {
        shop.add_to_checklist(user_id, product_id, Quantity::ONE).await.unwrap();
    }
    shop.connect(user_id, 4).await.unwrap();
    let walk = shop.walk(user_id, &wanted).await.unwrap();
    assert_eq!(walk.legs.len(), wanted.len());
    assert!(walk.proved_shortest);
    let dock = shop.location(user_id).await.unwrap().point;
    assert!(walk.start.straight_m(dock).unwrap() < 0.5);
    let sum: f64 = walk.legs.iter().map(|leg| leg.route.length_m).sum();
    assert!((sum - walk.length_m).abs() < 1e-6, "{sum} {}", walk.length_m);
    let mut here = walk.start;
    for leg in &walk.legs {
        assert_eq!(leg.route.points.first(), Some(&here));
        here = *leg.route.points.last().unwrap();
        assert_eq!(
            leg.last_instruction(),
            format!("You have arrived at section {}", leg.stop.section_id.unwrap())
        );
    }
    assert!(
        shop.walk(user_id, &[4_000_000_000]).await.unwrap().legs.is_empty(),
        "an unknown product is left out"
    );

    let milk = shop.product(1).await.unwrap().unwrap().product;
    let weight_kg = f64::from(milk.weight_g.unwrap()) * 2.0 / 1_000.0;
    let message = format!(r#"{{"cart_id":4,"barcode":"{}","weight":{weight_kg}}}"#, milk.barcode);
    let line = shop.apply(&parse_update_item(message.as_bytes()).unwrap()).await.unwrap();
    assert_eq!(line.quantity, Quantity::new(2));

    shop.locate(4, Point::new(0, 1.0, 1.0)).await.unwrap();
    assert!(shop.locate(4, Point::new(9, 1.0, 1.0)).await.is_err(), "there is no such floor");

    let order = shop.checkout(user_id, PaymentMethod::Cash, None).await.unwrap();
    assert_eq!(order.totals.discounted_price, milk.asked_price().times(2).unwrap());
    assert_eq!(shop.orders(user_id, Page::default()).await.unwrap(), [order]);
}
