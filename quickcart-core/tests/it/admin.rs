//! Administrators' changes without any server: what shoppers notice of them.

use std::sync::Arc;

use quickcart_core::account::AccountError;
use quickcart_core::admin::{AdminError, AuditFilter};
use quickcart_core::catalog::import::demo_store;
use quickcart_core::catalog::{Page, Product};
use quickcart_core::clock::{Clock, SystemClock};
use quickcart_core::phone::{PhoneNumber, Region};
use quickcart_core::shop::Shop;
use quickcart_core::store::SqliteStore;
use quickcart_core::walk::WalkError;

async fn shop(folder: &tempfile::TempDir) -> Shop {
    let store = SqliteStore::open(&folder.path().join("shop.db")).unwrap();
    let shop = Shop::new(Arc::new(store), Arc::new(SystemClock));
    shop.import(demo_store().unwrap(), Box::new(|_, _| ())).await.unwrap();
    shop
}

fn names(products: &[Product]) -> Vec<&str> {
    products.iter().map(|product| product.name.as_str()).collect()
}

#[tokio::test]
async fn what_shoppers_mistype_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let shop = shop(&folder).await;
    for (query, first) in [
        ("mlik", "Toned Milk 1 L"),
        ("bascmati rise", "Basmati Rice 5 kg"),
        ("potatoe chip", "Salted Potato Chips 90 g"),
    ] {
        let found = shop.search(query, Page::default()).await.unwrap();
        let best = names(&found).first().copied().unwrap_or_default();
        assert!(best.starts_with(first), "{query}: {:?}", names(&found));
    }
    assert_eq!(names(&shop.search("zzzz", Page::default()).await.unwrap()), [""; 0]);
}

#[tokio::test]
async fn what_contains_the_query_hides_what_only_resembles_it() {
    let folder = tempfile::tempdir().unwrap();
    let shop = shop(&folder).await;
    let found = shop.search("rice", Page::default()).await.unwrap();
    assert!(found.iter().all(|product| product.name.to_lowercase().contains("rice")), "{:?}", names(&found));
    assert!(found.is_sorted_by_key(|product| product.product_id));
    let past_the_end = Page { offset: 400, limit: 5 };
    assert_eq!(
        shop.search("rice", past_the_end).await.unwrap(),
        [],
        "the end of a list is no reason to guess"
    );
    let guessed = shop.search("basmti", Page::default()).await.unwrap();
    let page = Page { offset: 1, limit: 1 };
    assert_eq!(shop.search("basmti", page).await.unwrap(), guessed[1..2], "guesses have pages, too");
}

#[tokio::test]
async fn a_walk_leaves_a_retired_product_out() {
    let folder = tempfile::tempdir().unwrap();
    let shop = shop(&folder).await;
    let phone = PhoneNumber::parse("9876543210", Region::IN).unwrap();
    let user_id = shop.sign_in(&phone).await.unwrap().user_id;
    shop.connect(user_id, 1).await.unwrap();
    assert_eq!(shop.walk(user_id, &[1, 2]).await.unwrap().legs.len(), 2);
    shop.retire_product(1, None, "admin").await.unwrap();
    assert_eq!(shop.walk(user_id, &[1, 2]).await.unwrap().legs.len(), 1);
    shop.retire_user(user_id, None, "admin").await.unwrap();
    let result = shop.walk(user_id, &[2]).await;
    assert!(matches!(result, Err(WalkError::UserNotFound { .. })), "{result:?}");
    assert!(matches!(shop.sign_in(&phone).await, Err(AccountError::Retired)));
    let audit = shop.audit(AuditFilter::default(), Page::default()).await.unwrap();
    assert_eq!(audit.len(), 2);
    assert!(audit.iter().all(|entry| entry.at <= SystemClock.now() && entry.who == "admin"));
}

#[tokio::test]
async fn a_product_stands_where_somebody_can_walk_to() {
    let folder = tempfile::tempdir().unwrap();
    let shop = shop(&folder).await;
    let mut sheet = shop.product_entry(1).await.unwrap().sheet;
    sheet.place.as_mut().unwrap().point.level = 7;
    let result = shop.change_product(sheet.clone(), None, "admin").await;
    assert!(matches!(result, Err(AdminError::OffTheMap)), "{result:?}");
    sheet.record.product.barcode = "in-store-1".parse().unwrap();
    let result = shop.create_product(sheet, "admin").await;
    assert!(matches!(result, Err(AdminError::OffTheMap)), "{result:?}");
}
