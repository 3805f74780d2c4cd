//! What every store does with carts besides trolleys: ad-hoc carts, versions, recipes, carts of guests.

use std::time::Duration;

use super::blocked_carts::blocked_carts;
use super::shop_store::{UNKNOWN, added, pieces};
use crate::account::UserId;
use crate::cart::{
    CartError, CartId, Connection, GUEST_CART_LIFETIME, GuestToken, Quantity, RecipeSource, is_ad_hoc,
};
use crate::catalog::Page;
use crate::clock::Timestamp;
use crate::device::CartEvent;
use crate::order::PaymentMethod;
use crate::pathfinding::Point;
use crate::store::ShopStore;

/// Checks a store that holds the demo store, with two shoppers who have no carts.
pub(super) async fn carts(store: &dyn ShopStore, asha: UserId, bina: UserId, now: Timestamp) {
    makes_ad_hoc_carts(store, asha, bina, now).await;
    adds_and_removes_pieces(store, asha, now).await;
    counts_versions(store, asha, now).await;
    finds_recipes(store, asha, now).await;
    merges_carts_of_guests(store, asha, bina, now).await;
    forgets_old_carts_of_guests(store, asha, now).await;
    blocked_carts(store, asha, bina, now).await;
}

async fn makes_ad_hoc_carts(store: &dyn ShopStore, asha: UserId, bina: UserId, now: Timestamp) {
    let (first, connection) = store.connect_ad_hoc(asha, now).await.expect("a cart");
    assert_eq!((is_ad_hoc(first), connection), (true, Connection::New));
    assert_eq!(store.connect_ad_hoc(asha, now).await.expect("a cart"), (first, Connection::Kept));
    assert_eq!(store.connect(asha, first, now).await.expect("their own cart"), Connection::Kept);
    let result = store.connect(bina, first, now).await;
    assert!(matches!(result, Err(CartError::CartInUse { cart_id }) if cart_id == first), "{result:?}");
    let result = store.connect(asha, 1, now).await;
    assert!(matches!(result, Err(CartError::AnotherCart { cart_id }) if cart_id == first), "{result:?}");
    let result = store.location(asha).await;
    assert!(matches!(result, Err(CartError::NotLocated { cart_id }) if cart_id == first), "{result:?}");
    let here = Point::new(0, 1.0, 1.0);
    store.locate(first, here, now).await.expect("a cart");
    assert_eq!(store.location(asha).await.expect("a place").point, here);
    store.apply(&added(first, 1, 1_500_000), None, now).await.expect("a line");
    assert_eq!(store.disconnect(asha, now).await.expect("a cart"), first);
    is_gone(store, first, asha, now).await;

    let (second, _) = store.connect_ad_hoc(asha, now).await.expect("a cart");
    assert!(second > first, "no number is given twice");
    assert_eq!(store.view(asha, now).await.expect("a cart").lines, []);
    store.apply(&added(second, 1, 1), None, now).await.expect("a line");
    let order = store.checkout(asha, PaymentMethod::Cash, None, now).await.expect("an order");
    assert_eq!(order.cart_id, second);
    is_gone(store, second, asha, now).await;
    let newest = Page { offset: 0, limit: 1 };
    assert_eq!(store.orders(asha, newest).await.expect("orders"), [order], "the order stays");
    let result = store.connect_ad_hoc(UNKNOWN, now).await;
    assert!(matches!(result, Err(CartError::UserNotFound { user_id: UNKNOWN })), "{result:?}");
}

async fn is_gone(store: &dyn ShopStore, cart_id: CartId, user_id: UserId, now: Timestamp) {
    let gone =
        |error: CartError| matches!(error, CartError::CartNotFound { cart_id: gone } if gone == cart_id);
    assert!(gone(store.connect(user_id, cart_id, now).await.expect_err("it is gone")));
    assert!(gone(store.apply(&added(cart_id, 1, 1), None, now).await.expect_err("it is gone")));
    assert!(gone(store.locate(cart_id, Point::new(0, 1.0, 1.0), now).await.expect_err("it is gone")));
}

async fn adds_and_removes_pieces(store: &dyn ShopStore, asha: UserId, now: Timestamp) {
    for result in [store.add_item(asha, 1, None, now).await, store.remove_item(asha, 1, None, now).await] {
        assert!(matches!(result, Err(CartError::NoActiveCart)), "{result:?}");
    }
    store.connect(asha, 1, now).await.expect("a trolley");
    for count in 1..=2 {
        let line = store.add_item(asha, 2, None, now).await.expect("a line");
        assert_eq!((line.cart_id, line.quantity), (1, Quantity::new(count)));
    }
    assert_eq!(store.remove_item(asha, 2, None, now).await.expect("a line").quantity, Quantity::new(1));
    assert_eq!(store.remove_item(asha, 2, None, now).await.expect("a line").quantity, None);
    let result = store.remove_item(asha, 2, None, now).await;
    assert!(matches!(result, Err(CartError::NotInCart { product_id: 2 })), "{result:?}");
    let result = store.remove_item(asha, UNKNOWN, None, now).await;
    assert!(matches!(result, Err(CartError::NotInCart { product_id: UNKNOWN })), "{result:?}");
    let result = store.add_item(asha, UNKNOWN, None, now).await;
    assert!(matches!(result, Err(CartError::ProductNotFound { product_id: UNKNOWN })), "{result:?}");

    store.apply(&added(1, 1, 9_000_000), None, now).await.expect("a line");
    store.add_item(asha, 1, None, now).await.expect("a line");
    let cart = store.view(asha, now).await.expect("a trolley");
    let unit_g = cart.lines[0].product.weight_g.expect("a weight");
    assert_eq!(
        cart.total_weight_mg(),
        u64::from(unit_g) * 2_000,
        "what was weighed before says nothing any more"
    );
    store.disconnect(asha, now).await.expect("a trolley");
}

async fn counts_versions(store: &dyn ShopStore, asha: UserId, now: Timestamp) {
    store.connect(asha, 1, now).await.expect("a trolley");
    let start = store.view(asha, now).await.expect("a trolley").version;
    let first = store.add_item(asha, 1, Some(start), now).await.expect("nothing has changed");
    let second = store.add_item(asha, 2, Some(first.version), now).await.expect("nothing has changed");
    assert!(start < first.version && first.version < second.version);
    let cart = store.view(asha, now).await.expect("a trolley");
    assert_eq!(cart.version, second.version);
    assert_eq!(
        cart.lines.iter().map(|line| line.version).collect::<Vec<_>>(),
        [first.version, second.version]
    );
    for result in [
        store.add_item(asha, 1, Some(first.version), now).await,
        store.remove_item(asha, 1, Some(start), now).await,
    ] {
        let is_stale = matches!(result, Err(CartError::CartChanged { version }) if version == second.version);
        assert!(is_stale, "{result:?}");
    }
    let product = &cart.lines[1].product;
    let weight_mg = u64::from(product.weight_g.expect("a weight")) * 1_000;
    let same = CartEvent::ItemWeighed { cart_id: 1, barcode: product.barcode.to_string(), weight_mg };
    assert_eq!(store.apply(&same, None, now).await.expect("a line"), cart.lines[1]);
    let absent = store.product(3).await.expect("an answer").expect("a product").product.barcode.to_string();
    let nothing = CartEvent::ItemWeighed { cart_id: 1, barcode: absent, weight_mg: 0 };
    assert_eq!(store.apply(&nothing, None, now).await.expect("a line").quantity, None);
    assert_eq!(store.view(asha, now).await.expect("a trolley"), cart, "the same again changes nothing");
    store.disconnect(asha, now).await.expect("a trolley");
    store.connect(asha, 1, now).await.expect("a trolley");
    let emptied = store.view(asha, now).await.expect("a trolley").version;
    assert!(emptied > second.version, "what was seen of a cart does not hold for the next visit");
    store.disconnect(asha, now).await.expect("a trolley");
}

async fn finds_recipes(store: &dyn ShopStore, asha: UserId, now: Timestamp) {
    let (all, data) =
        (Page::default(), crate::catalog::import::demo_store().expect("the demo store is whole"));
    assert_eq!(store.recipes(asha, RecipeSource::Checklist, all).await.expect("an answer"), []);
    let result = store.recipes(asha, RecipeSource::Cart, all).await;
    assert!(matches!(result, Err(CartError::NoActiveCart)), "{result:?}");
    let [first, second] = [&data.recipes[0].product_ids, &data.recipes[1].product_ids];
    let wanted = [first[2], first[0], second[1]];
    store.connect_ad_hoc(asha, now).await.expect("a cart");
    for product_id in wanted {
        store.add_to_checklist(asha, product_id, pieces(1)).await.expect("an item");
        store.add_item(asha, product_id, None, now).await.expect("a line");
    }
    let expected: Vec<_> = data
        .recipes
        .iter()
        .flat_map(|recipe| recipe.product_ids.iter().map(|product_id| (recipe.recipe_id, *product_id)))
        .filter(|(_, product_id)| wanted.contains(product_id))
        .collect();
    assert!(expected.len() >= 3);
    for source in [RecipeSource::Checklist, RecipeSource::Cart] {
        let found = store.recipes(asha, source, all).await.expect("an answer");
        let pairs: Vec<_> = found.iter().map(|entry| (entry.recipe_id, entry.product.product_id)).collect();
        assert_eq!(pairs, expected, "{source:?}: once for each product, by recipe");
        let page = Page { offset: 1, limit: 1 };
        assert_eq!(store.recipes(asha, source, page).await.expect("an answer"), found[1..2]);
    }
    for product_id in wanted {
        store.remove_from_checklist(asha, product_id).await.expect("an item");
    }
    store.disconnect(asha, now).await.expect("a cart");
}

async fn merges_carts_of_guests(store: &dyn ShopStore, asha: UserId, bina: UserId, now: Timestamp) {
    let token = GuestToken::random();
    let result = store.add_to_guest_cart(&token, 1, pieces(1), now).await;
    assert!(matches!(result, Err(CartError::GuestCartNotFound)), "{result:?}");
    store.create_guest_cart(&token, now).await.expect("a cart");
    store.add_to_guest_cart(&token, 2, pieces(1), now).await.expect("a line");
    store.add_to_guest_cart(&token, 1, pieces(2), now).await.expect("a line");
    let lines = store.add_to_guest_cart(&token, 1, pieces(3), now).await.expect("a line");
    let counts = lines.iter().map(|line| (line.product.product_id, line.quantity.get()));
    assert_eq!(counts.collect::<Vec<_>>(), [(1, 5), (2, 1)]);
    let result = store.add_to_guest_cart(&token, 1, pieces(Quantity::MAX), now).await;
    assert!(matches!(result, Err(CartError::TooMany)), "{result:?}");
    let result = store.add_to_guest_cart(&token, UNKNOWN, pieces(1), now).await;
    assert!(matches!(result, Err(CartError::ProductNotFound { product_id: UNKNOWN })), "{result:?}");
    let result = store.merge_guest_cart(UNKNOWN, &token, now).await;
    assert!(matches!(result, Err(CartError::UserNotFound { user_id: UNKNOWN })), "{result:?}");

    store.connect(asha, 1, now).await.expect("a trolley");
    for _ in 0..2 {
        store.apply(&added(1, 1, 3_000_000), None, now).await.expect("a line");
    }
    let before = store.view(asha, now).await.expect("a trolley");
    for _ in 0..2 {
        assert_eq!(store.merge_guest_cart(asha, &token, now).await.expect("a cart"), 1);
        let cart = store.view(asha, now).await.expect("a trolley");
        let counts =
            cart.lines.iter().map(|line| (line.product.product_id, line.quantity.map(Quantity::get)));
        assert_eq!(counts.collect::<Vec<_>>(), [(1, Some(7)), (2, Some(1))], "added, and only once");
        assert!(cart.version > before.version && cart.reported_weight_mg.is_none());
    }
    for result in [
        store.merge_guest_cart(bina, &token, now).await.err(),
        store.add_to_guest_cart(&token, 1, pieces(1), now).await.err(),
    ] {
        assert!(matches!(result, Some(CartError::GuestCartMerged)), "{result:?}");
    }

    let token = GuestToken::random();
    store.create_guest_cart(&token, now).await.expect("a cart");
    store.add_to_guest_cart(&token, 1, pieces(Quantity::MAX - 1), now).await.expect("a line");
    store.merge_guest_cart(asha, &token, now).await.expect("a cart");
    let line = store.view(asha, now).await.expect("a trolley").lines.swap_remove(0);
    assert_eq!(line.quantity, Some(pieces(Quantity::MAX)), "up to the limit");
    store.disconnect(asha, now).await.expect("a trolley");

    let token = GuestToken::random();
    store.create_guest_cart(&token, now).await.expect("a cart");
    store.add_to_guest_cart(&token, 3, pieces(2), now).await.expect("a line");
    let made = store.merge_guest_cart(bina, &token, now).await.expect("a cart");
    assert!(is_ad_hoc(made), "a shopper without a cart gets one");
    assert_eq!(store.disconnect(bina, now).await.expect("a cart"), made);
    assert_eq!(store.merge_guest_cart(bina, &token, now).await.expect("a cart"), made);
    let result = store.view(bina, now).await;
    assert!(
        matches!(result, Err(CartError::NoActiveCart)),
        "what was merged once does not come back: {result:?}"
    );
}

async fn forgets_old_carts_of_guests(store: &dyn ShopStore, asha: UserId, now: Timestamp) {
    let (token, moment) = (GuestToken::random(), Duration::from_millis(1));
    store.create_guest_cart(&token, now).await.expect("a cart");
    let changed = now + (GUEST_CART_LIFETIME - moment);
    store.add_to_guest_cart(&token, 1, pieces(1), changed).await.expect("each change keeps it");
    let end = changed + GUEST_CART_LIFETIME;
    store.add_to_guest_cart(&token, 1, pieces(1), end - moment).await.expect("the last moment");
    let end = end - moment + GUEST_CART_LIFETIME;
    let result = store.merge_guest_cart(asha, &token, end).await;
    assert!(matches!(result, Err(CartError::GuestCartNotFound)), "{result:?}");
    store.create_guest_cart(&GuestToken::random(), end).await.expect("a cart");
    let result = store.merge_guest_cart(asha, &token, now).await;
    assert!(matches!(result, Err(CartError::GuestCartNotFound)), "it is swept away: {result:?}");
}
