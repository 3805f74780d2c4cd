//! What every store does with stock, holds, and checkouts that come again.

use std::time::Duration;

use super::shop_store::{UNKNOWN, added, signs_in};
use crate::account::UserId;
use crate::cart::{CartError, CartState, GuestToken, Quantity};
use crate::catalog::import::demo_store;
use crate::catalog::{Page, ProductId};
use crate::clock::Timestamp;
use crate::device::CartEvent;
use crate::order::{
    Actor, IdempotencyKey, Order, OrderError, OrderEvent, OrderStatus, PaymentMethod, PaymentState,
};
use crate::stock::{Movement, MovementKind, Shortage, StockError, StockLevel};
use crate::store::ShopStore;

const MILK: ProductId = 1;
const BREAD: ProductId = 2;
const MINUTE: Duration = Duration::from_secs(60);

/// Checks a fresh store; it holds the demo store afterwards.
///
/// # Panics
/// When the store breaks its contract.
pub async fn stock_store(store: &dyn ShopStore) {
    let now: Timestamp = "2026-11-21T09:00:00Z".parse().expect("a timestamp");
    store
        .import(demo_store().expect("the demo store is whole"), Box::new(|_, _| ()))
        .await
        .expect("an import");
    let asha = signs_in(store, "9876543210", now).await;
    let bina = signs_in(store, "9876543211", now).await;
    counts(store, now).await;
    sells_what_there_is(store, asha, now).await;
    gives_back_what_was_cancelled(store, asha, bina, now).await;
    holds_until_the_end(store, asha, bina, now).await;
    sells_what_is_held(store, asha, now).await;
    locks_the_cart(store, asha, now).await;
    makes_one_order_of_a_key(store, asha, bina, now).await;
    adds_up(store, now).await;
}

async fn counts(store: &dyn ShopStore, now: Timestamp) {
    assert_eq!(store.stock_level(MILK, now).await.expect("an answer"), None, "nobody has counted it");
    assert_eq!(store.stock_levels(false, Page::default(), now).await.expect("an answer"), []);
    let result = store.count_stock(UNKNOWN, 1, None, "admin", now).await;
    assert!(matches!(result, Err(StockError::ProductNotFound { product_id: UNKNOWN })), "{result:?}");
    let counted = store.count_stock(MILK, 5, Some(3), "admin", now).await.expect("a level");
    assert_eq!((counted.product_id, counted.available, counted.held, counted.low_at), (MILK, 5, 0, Some(3)));
    assert!(!counted.is_low());
    let counted = store.count_stock(MILK, 3, Some(3), "admin", now).await.expect("a level");
    assert!(counted.is_low());
    assert_eq!(store.receive_stock(BREAD, 10, "admin", now).await.expect("a level").available, 10);
    let low = store.stock_levels(true, Page::default(), now).await.expect("an answer");
    assert_eq!(low, std::slice::from_ref(&counted));
    let all = store.stock_levels(false, Page::default(), now).await.expect("an answer");
    assert_eq!(all.iter().map(|level| level.product_id).collect::<Vec<_>>(), [MILK, BREAD], "by id");
    let second = store.stock_levels(false, Page { offset: 1, limit: 1 }, now).await.expect("an answer");
    assert_eq!(second, all[1..]);
    let of_milk = movements(store, Some(MILK)).await;
    let kinds: Vec<_> = of_milk.iter().map(|movement| (movement.kind, movement.quantity)).collect();
    assert_eq!(kinds, [(MovementKind::Count, -2), (MovementKind::Count, 5)], "the latest first");
    assert!(of_milk.iter().all(|movement| movement.who == "admin" && movement.at == now));
    assert_eq!(movements(store, None).await.len(), 3);
}

async fn sells_what_there_is(store: &dyn ShopStore, asha: UserId, now: Timestamp) {
    fill(store, asha, &[(MILK, 4), (BREAD, 1), (3, 1)], now).await;
    let result = store.checkout(asha, PaymentMethod::Cash, None, now).await;
    let short = Shortage { product_id: MILK, wanted: 4, available: 3 };
    assert!(
        matches!(&result, Err(OrderError::OutOfStock { shortages }) if *shortages == [short]),
        "{result:?}"
    );
    assert_eq!(level(store, BREAD, now).await.available, 10, "all or nothing");
    assert_eq!(store.view(asha, now).await.expect("the cart is still there").lines.len(), 3);
    store.remove_item(asha, MILK, None, now).await.expect("a line");
    let order = store.checkout(asha, PaymentMethod::Cash, None, now).await.expect("an order");
    assert_eq!(order.lines.len(), 3, "what is not counted can always be bought");
    assert_eq!((level(store, MILK, now).await.available, level(store, BREAD, now).await.available), (0, 9));
    let sold = movements(store, Some(MILK)).await.remove(0);
    assert_eq!((sold.kind, sold.quantity, sold.order_id), (MovementKind::Sell, -3, Some(order.order_id)));
}

async fn gives_back_what_was_cancelled(store: &dyn ShopStore, asha: UserId, bina: UserId, now: Timestamp) {
    let orders = store.orders(asha, Page::default()).await.expect("orders");
    let order_id = orders[0].order_id;
    let cancel = |owner| store.advance_order(order_id, owner, OrderEvent::Cancel, Actor::Customer, now);
    let result = cancel(Some(bina)).await;
    assert!(matches!(result, Err(OrderError::OrderNotFound { .. })), "{result:?}");
    let cancelled = cancel(Some(asha)).await.expect("an order");
    assert_eq!(
        (cancelled.status, cancelled.payment.state),
        (OrderStatus::Cancelled, PaymentState::Cancelled)
    );
    assert_eq!((level(store, MILK, now).await.available, level(store, BREAD, now).await.available), (3, 10));
    let result = cancel(Some(asha)).await;
    assert!(matches!(result, Err(OrderError::Illegal(_))), "{result:?}");
    assert_eq!(level(store, MILK, now).await.available, 3, "it came back once");
    let result = store.advance_order(UNKNOWN, None, OrderEvent::Cancel, Actor::Staff, now).await;
    assert!(matches!(result, Err(OrderError::OrderNotFound { .. })), "{result:?}");
}

async fn holds_until_the_end(store: &dyn ShopStore, asha: UserId, bina: UserId, now: Timestamp) {
    let result = store.hold_cart(asha, now + MINUTE, now).await;
    assert!(matches!(result, Err(StockError::NoActiveCart)), "{result:?}");
    let result = store.hold_cart(UNKNOWN, now + MINUTE, now).await;
    assert!(matches!(result, Err(StockError::UserNotFound { user_id: UNKNOWN })), "{result:?}");
    fill(store, asha, &[(MILK, 2), (3, 1)], now).await;
    let hold = store.hold_cart(asha, now + MINUTE, now).await.expect("a hold");
    assert_eq!((hold.expires_at, hold.pieces), (now + MINUTE, vec![(MILK, 2)]));
    let again = store.hold_cart(asha, now + 2 * MINUTE, now).await.expect("the same hold, longer");
    assert_eq!(again.pieces, [(MILK, 2)]);
    let held = level(store, MILK, now).await;
    assert_eq!((held.available, held.held, held.on_hand()), (1, 2, 3));
    let result = store.count_stock(MILK, 1, None, "admin", now).await;
    assert!(matches!(result, Err(StockError::Held { held: 2 })), "{result:?}");
    fill(store, bina, &[(MILK, 2), (BREAD, 1)], now).await;
    let short = [Shortage { product_id: MILK, wanted: 2, available: 1 }];
    let result = store.hold_cart(bina, now + MINUTE, now).await;
    assert!(
        matches!(&result, Err(StockError::OutOfStock { shortages }) if *shortages == short),
        "{result:?}"
    );
    assert_eq!(level(store, BREAD, now).await.held, 0, "all or nothing");
    let result = store.checkout(bina, PaymentMethod::Cash, None, now).await;
    assert!(
        matches!(&result, Err(OrderError::OutOfStock { shortages }) if *shortages == short),
        "{result:?}"
    );
    let later = now + 2 * MINUTE;
    let expired = level(store, MILK, later).await;
    assert_eq!((expired.available, expired.held), (3, 0), "judged by the time of the question");
    store.checkout(bina, PaymentMethod::Cash, None, later).await.expect("an order of what had expired");
    assert_eq!(level(store, MILK, later).await.available, 1);
    let result = store.checkout(asha, PaymentMethod::Cash, None, later).await;
    assert!(matches!(result, Err(OrderError::OutOfStock { .. })), "{result:?}");
    store.disconnect(asha, now).await.expect("a cart");
}

async fn sells_what_is_held(store: &dyn ShopStore, asha: UserId, now: Timestamp) {
    store.count_stock(MILK, 2, None, "admin", now).await.expect("a level");
    fill(store, asha, &[(MILK, 2)], now).await;
    store.hold_cart(asha, now + MINUTE, now).await.expect("a hold");
    store.release_hold(asha).await.expect("nothing is held");
    assert_eq!(level(store, MILK, now).await.held, 0);
    store.hold_cart(asha, now + MINUTE, now).await.expect("a hold");
    store.disconnect(asha, now).await.expect("a cart");
    assert_eq!(level(store, MILK, now).await.held, 0, "who gives the cart back needs nothing");
    fill(store, asha, &[(MILK, 1)], now).await;
    store.hold_cart(asha, now + MINUTE, now).await.expect("a hold");
    let more =
        store.add_item(asha, MILK, None, now + MINUTE).await.expect("one more than was held until now");
    assert_eq!(more.quantity, Quantity::new(2));
    store.checkout(asha, PaymentMethod::Cash, None, now).await.expect("an order");
    let sold_out = level(store, MILK, now).await;
    assert_eq!((sold_out.available, sold_out.held), (0, 0));
}

async fn locks_the_cart(store: &dyn ShopStore, asha: UserId, now: Timestamp) {
    let state = async |at| store.view(asha, at).await.expect("a cart").state;
    store.count_stock(MILK, 3, None, "admin", now).await.expect("a level");
    fill(store, asha, &[(3, 1)], now).await;
    store.hold_cart(asha, now + MINUTE, now).await.expect("a hold, though nothing of it is counted");
    assert_eq!((state(now).await, state(now + MINUTE).await), (CartState::Locked, CartState::Open));
    store.hold_cart(asha, now + 2 * MINUTE, now).await.expect("the same hold, longer");
    assert_eq!(state(now + MINUTE).await, CartState::Locked);
    let guest = GuestToken::random();
    store.create_guest_cart(&guest, now).await.expect("a cart");
    for result in [
        store.add_item(asha, 3, None, now).await.err(),
        store.remove_item(asha, 3, None, now).await.err(),
        store.merge_guest_cart(asha, &guest, now).await.err(),
    ] {
        assert!(matches!(result, Some(CartError::Illegal(_))), "{result:?}");
    }
    let result = store.rescan(asha, None, now).await;
    assert!(matches!(result, Err(CartError::Illegal(_))), "{result:?}");
    store.release_hold(asha).await.expect("nothing is held");
    assert_eq!(state(now).await, CartState::Open);
    store.merge_guest_cart(asha, &guest, now).await.expect("what was refused has not become of the guest");

    fill(store, asha, &[(MILK, 2)], now).await;
    store.hold_cart(asha, now + MINUTE, now).await.expect("a hold");
    let cart = store.view(asha, now).await.expect("a cart");
    let product = &cart.lines[0].product;
    let weight_mg = 2_000 * u64::from(product.weight_g.expect("a weight"));
    let (cart_id, barcode) = (cart.cart_id, product.barcode.to_string());
    let same = CartEvent::ItemWeighed { cart_id, barcode, weight_mg };
    store.apply(&same, None, now).await.expect("a line");
    assert_eq!(store.view(asha, now).await.expect("a cart"), cart, "the same again ends no checkout");
    store.apply(&added(cart_id, MILK, 1), None, now).await.expect("what lies there lies there");
    assert_eq!(state(now).await, CartState::Open);
    assert_eq!(level(store, MILK, now).await.held, 0, "what was held is free");
    store.hold_cart(asha, now + MINUTE, now).await.expect("a hold");
    store.checkout(asha, PaymentMethod::Cash, None, now).await.expect("an order of a cart that is locked");
    assert_eq!(level(store, MILK, now).await.available, 0);
    store.connect(asha, 1, now).await.expect("a trolley");
    assert_eq!(state(now).await, CartState::Open);
    store.disconnect(asha, now).await.expect("a trolley");
}

async fn makes_one_order_of_a_key(store: &dyn ShopStore, asha: UserId, bina: UserId, now: Timestamp) {
    let key = |name: &str, request: &[u8]| IdempotencyKey::new(name, request).expect("a key");
    let cash = key("first", b"cash");
    fill(store, asha, &[(BREAD, 1)], now).await;
    let order = keyed(store, asha, &cash, now).await.expect("an order");
    let before = level(store, BREAD, now).await;
    assert_eq!(keyed(store, asha, &cash, now).await.expect("the same order"), order);
    store.advance_order(order.order_id, None, OrderEvent::Cancel, Actor::Staff, now).await.expect("an order");
    fill(store, asha, &[(BREAD, 1)], now).await;
    assert_eq!(keyed(store, asha, &cash, now).await.expect("the order as it was placed"), order);
    let result = keyed(store, asha, &key("first", b"card"), now).await;
    assert!(matches!(result, Err(OrderError::KeyReused)), "{result:?}");
    assert_eq!(store.view(asha, now).await.expect("the cart is still there").lines.len(), 1);
    fill(store, bina, &[(BREAD, 1)], now).await;
    let other = keyed(store, bina, &cash, now).await.expect("the key of another shopper is another key");
    assert_ne!(other.order_id, order.order_id);
    let tomorrow = now + IdempotencyKey::LIFETIME;
    let next = keyed(store, asha, &cash, tomorrow).await.expect("a key that was forgotten is a new one");
    assert_ne!(next.order_id, order.order_id);
    let result = keyed(store, asha, &key("second", b"cash"), now).await;
    assert!(matches!(result, Err(OrderError::NoActiveCart)), "{result:?}");
    fill(store, asha, &[(3, 1)], now).await;
    keyed(store, asha, &key("second", b"cash"), now).await.expect("a request that failed has used no key up");
    assert_eq!(
        level(store, BREAD, now).await.available,
        before.available - 1,
        "one piece for two orders, one came back"
    );
}

/// Of each product, what is on hand is what all movements make.
async fn adds_up(store: &dyn ShopStore, now: Timestamp) {
    for product_id in [MILK, BREAD] {
        let sum: i64 =
            movements(store, Some(product_id)).await.iter().map(|movement| movement.quantity).sum();
        assert_eq!(sum, i64::from(level(store, product_id, now).await.on_hand()), "of product {product_id}");
    }
}

async fn keyed(
    store: &dyn ShopStore,
    user_id: UserId,
    key: &IdempotencyKey,
    now: Timestamp,
) -> Result<Order, OrderError> {
    store.checkout(user_id, PaymentMethod::Cash, Some(key), now).await
}

pub(super) async fn level(store: &dyn ShopStore, product_id: ProductId, now: Timestamp) -> StockLevel {
    store.stock_level(product_id, now).await.expect("an answer").expect("it is counted")
}

pub(super) async fn movements(store: &dyn ShopStore, product_id: Option<ProductId>) -> Vec<Movement> {
    store.stock_movements(product_id, Page::default()).await.expect("movements")
}

/// Puts just these into a shopper's cart.
pub(super) async fn fill(
    store: &dyn ShopStore,
    user_id: UserId,
    pieces: &[(ProductId, u32)],
    now: Timestamp,
) {
    match store.disconnect(user_id, now).await {
        Ok(_) | Err(CartError::NoActiveCart) => {}
        Err(error) => panic!("{error:?}"),
    }
    store.connect_ad_hoc(user_id, now).await.expect("a cart");
    for (product_id, count) in pieces {
        for _ in 0..*count {
            store.add_item(user_id, *product_id, None, now).await.expect("a line");
        }
    }
}
