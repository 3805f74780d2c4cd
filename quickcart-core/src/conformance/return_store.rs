//! What every [`ReturnStore`](crate::order::ReturnStore) does, and what becomes of orders that lack something.

use std::time::Duration;

use super::shop_store::{UNKNOWN, signs_in};
use super::stock_store::{fill, level, movements};
use crate::account::UserId;
use crate::cart::Quantity;
use crate::catalog::import::demo_store;
use crate::catalog::{Page, ProductId};
use crate::clock::Timestamp;
use crate::order::{
    Actor, Order, OrderError, OrderEvent, OrderId, OrderStatus, PaymentMethod, PaymentState, Return,
    ReturnReason, ReturnRequest, ReturnState, ReturnStep,
};
use crate::store::Store;

const MILK: ProductId = 1;
const BREAD: ProductId = 2;
const CURD: ProductId = 3;
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// Checks a fresh store; it holds the demo store and some orders afterwards.
///
/// # Panics
/// When the store breaks its contract.
pub async fn return_store(store: &dyn Store) {
    let now: Timestamp = "2026-11-21T09:00:00Z".parse().expect("a timestamp");
    store
        .import(demo_store().expect("the demo store is whole"), Box::new(|_, _| ()))
        .await
        .expect("an import");
    let asha = signs_in(store, "9876543210", now).await;
    let bina = signs_in(store, "9876543211", now).await;
    store.count_stock(MILK, 10, None, "admin", now).await.expect("a level");
    let order = short_of_some(store, asha, now).await;
    nothing_left(store, asha, now).await;
    cancelled_without_what_was_short(store, asha, now).await;
    let order_id = order.order_id;
    for event in [OrderEvent::Ship, OrderEvent::Deliver] {
        let courier = store.advance_order(order_id, None, event, Actor::Courier, now + DAY).await;
        assert_ne!(
            courier.expect("an order").payment.amount,
            order.totals.payment(PaymentMethod::Cash).amount
        );
    }
    comes_back(store, (asha, bina), order_id, now + DAY).await;
    is_owed_less(store, asha, now).await;
    are_listed(store, asha, order_id).await;
}

/// Of four of milk and one of bread, two of milk are not to be had.
async fn short_of_some(store: &dyn Store, asha: UserId, now: Timestamp) -> Order {
    let placed = sold(store, asha, &[(MILK, 4), (BREAD, 1)], now).await;
    let order_id = placed.order_id;
    let pick = |product_id, missing| store.short_pick(order_id, product_id, pieces(missing), now);
    let refused = pick(MILK, 1).await;
    assert!(matches!(refused, Err(OrderError::Illegal(_))), "nobody picks it yet: {refused:?}");
    begin(store, order_id, now).await;
    let refused = pick(MILK, 5).await;
    assert!(matches!(refused, Err(OrderError::NotSoMany { product_id: MILK, left: 4 })), "{refused:?}");
    let refused = pick(CURD, 1).await;
    assert!(matches!(refused, Err(OrderError::NotSoMany { product_id: CURD, left: 0 })), "{refused:?}");
    let refused = store.short_pick(UNKNOWN, MILK, Quantity::ONE, now).await;
    assert!(matches!(refused, Err(OrderError::OrderNotFound { .. })), "{refused:?}");
    pick(MILK, 1).await.expect("an order");
    let order = pick(MILK, 1).await.expect("an order");
    let milk = &order.lines[0];
    assert_eq!((milk.quantity.get(), milk.short, milk.delivered()), (4, 2, 2));
    assert_eq!(order.totals, placed.totals, "as it was placed");
    assert_eq!(order.totals_delivered().quantity, 3);
    let cost = milk.discounted_price.times(2).expect("a price");
    assert_eq!(Some(order.payment.amount), placed.payment.amount.minus(cost));
    assert_eq!((order.status, order.payment.state), (OrderStatus::Processing, PaymentState::Pending));
    assert_eq!(level(store, MILK, now).await.available, 6, "they are not there");
    let told: Vec<_> = movements(store, Some(MILK)).await.iter().map(|movement| movement.quantity).collect();
    assert_eq!(told[..4], [-1, 1, -1, 1], "not sold, and not in stock");
    assert_eq!(order.clone().as_placed(), placed);
    let orders = store.orders(asha, Page::default()).await.expect("orders");
    assert_eq!(orders, std::slice::from_ref(&order));
    order
}

async fn nothing_left(store: &dyn Store, asha: UserId, now: Timestamp) {
    let order_id = sold(store, asha, &[(BREAD, 2)], now).await.order_id;
    begin(store, order_id, now).await;
    let refused = store.short_pick(order_id, BREAD, pieces(2), now).await;
    assert!(matches!(refused, Err(OrderError::NothingLeft)), "{refused:?}");
    assert_eq!(store.orders(asha, Page::default()).await.expect("orders")[0].lines[0].short, 0);
}

async fn cancelled_without_what_was_short(store: &dyn Store, asha: UserId, now: Timestamp) {
    let before = level(store, MILK, now).await.available;
    let order_id = sold(store, asha, &[(MILK, 3)], now).await.order_id;
    begin(store, order_id, now).await;
    store.short_pick(order_id, MILK, Quantity::ONE, now).await.expect("an order");
    store.advance_order(order_id, None, OrderEvent::Cancel, Actor::Staff, now).await.expect("an order");
    assert_eq!(level(store, MILK, now).await.available, before - 1, "what is not there does not come back");
}

/// The order was delivered at `now` with two of milk and one of bread, and paid in cash.
async fn comes_back(store: &dyn Store, (asha, bina): (UserId, UserId), order_id: OrderId, now: Timestamp) {
    let milk = |count| request(&[(MILK, count)]);
    let ask = async |owner, lines: ReturnRequest, since| {
        store.request_return(order_id, Some(owner), &lines, Actor::Customer, since, now).await
    };
    let refused = ask(bina, milk(1), now).await;
    assert!(matches!(refused, Err(OrderError::OrderNotFound { .. })), "{refused:?}");
    let refused = ask(asha, milk(1), now + Duration::from_millis(1)).await;
    assert!(matches!(refused, Err(OrderError::ReturnTooLate)), "{refused:?}");
    let refused = ask(asha, milk(3), now).await;
    assert!(matches!(refused, Err(OrderError::NotSoMany { product_id: MILK, left: 2 })), "{refused:?}");
    let first = ask(asha, milk(2), now).await.expect("a return");
    assert_eq!((first.order_id, first.user_id, first.state), (order_id, asha, ReturnState::Requested));
    assert_eq!((first.reason, first.requested_at), (ReturnReason::Damaged, now));
    assert_eq!(first.lines, [(MILK, pieces(2))]);
    let refused = ask(asha, milk(1), now).await;
    assert!(matches!(refused, Err(OrderError::NotSoMany { left: 0, .. })), "{refused:?}");

    let step = |return_id, step| store.advance_return(return_id, step, now);
    let refused = step(first.return_id, ReturnStep::Refund).await;
    assert!(matches!(refused, Err(OrderError::Illegal(_))), "it is not here yet: {refused:?}");
    let rejected = step(first.return_id, ReturnStep::Reject).await.expect("a return");
    assert_eq!(rejected, Return { state: ReturnState::Rejected, ..first.clone() });
    let refused = step(first.return_id, ReturnStep::Restock).await;
    assert!(matches!(refused, Err(OrderError::Illegal(_))), "{refused:?}");
    let refused = step(UNKNOWN, ReturnStep::Reject).await;
    assert!(matches!(refused, Err(OrderError::ReturnNotFound { return_id: UNKNOWN })), "{refused:?}");

    let second = ask(asha, milk(1), now).await.expect("what was rejected can be returned");
    let before = level(store, MILK, now).await.available;
    step(second.return_id, ReturnStep::Restock).await.expect("a return");
    assert_eq!(level(store, MILK, now).await.available, before + 1);
    step(second.return_id, ReturnStep::Refund).await.expect("a return");
    let order = shown(store, asha, order_id).await;
    assert_eq!(
        (order.payment.state, order.payment.refunded),
        (PaymentState::PartiallyRefunded, second.amount)
    );
    assert_eq!(order.lines[0].returned, 1);

    let rest = request(&[(BREAD, 1), (MILK, 1)]);
    let third = store.request_return(order_id, None, &rest, Actor::Staff, Timestamp::MIN, now).await;
    let third = third.expect("staff take anything back");
    step(third.return_id, ReturnStep::Receive).await.expect("a return");
    assert_eq!(level(store, MILK, now).await.available, before + 1, "not to be sold again");
    step(third.return_id, ReturnStep::Refund).await.expect("a return");
    let order = shown(store, asha, order_id).await;
    assert_eq!((order.payment.state, order.payment.refunded), (PaymentState::Refunded, order.payment.amount));
    assert_eq!(order.status, OrderStatus::Delivered, "it stays so");
}

/// Paid by card, which nobody has taken yet.
async fn is_owed_less(store: &dyn Store, asha: UserId, now: Timestamp) {
    fill(store, asha, &[(BREAD, 2)], now).await;
    let order = store.checkout(asha, PaymentMethod::Card, None, now).await.expect("an order");
    let ask = || {
        let bread = request(&[(BREAD, 1)]);
        async move { store.request_return(order.order_id, None, &bread, Actor::Staff, Timestamp::MIN, now).await }
    };
    let refused = ask().await;
    assert!(matches!(refused, Err(OrderError::Illegal(_))), "it is not delivered: {refused:?}");
    begin(store, order.order_id, now).await;
    for event in [OrderEvent::Ship, OrderEvent::Deliver] {
        store.advance_order(order.order_id, None, event, Actor::Courier, now).await.expect("an order");
    }
    let item = ask().await.expect("a return");
    for step in [ReturnStep::Receive, ReturnStep::Refund] {
        store.advance_return(item.return_id, step, now).await.expect("a return");
    }
    let payment = shown(store, asha, order.order_id).await.payment;
    assert_eq!(
        (payment.state, Some(payment.amount)),
        (PaymentState::Pending, order.payment.amount.minus(item.amount))
    );
}

async fn are_listed(store: &dyn Store, asha: UserId, order_id: OrderId) {
    let of_order = store.returns_of_order(order_id, Some(asha)).await.expect("returns");
    let states: Vec<_> = of_order.iter().map(|item| item.state).collect();
    assert_eq!(states, [ReturnState::Refunded, ReturnState::Refunded, ReturnState::Rejected], "newest first");
    assert_eq!(of_order[0].lines, [(MILK, Quantity::ONE), (BREAD, Quantity::ONE)], "by product");
    let refused = store.returns_of_order(order_id, Some(UNKNOWN)).await;
    assert!(matches!(refused, Err(OrderError::OrderNotFound { .. })), "{refused:?}");
    let page = |offset, limit| Page { offset, limit };
    let all = store.returns(None, page(0, 10)).await.expect("returns");
    assert_eq!(all.len(), 4);
    assert!(all.is_sorted_by_key(|item| item.return_id), "oldest first");
    let refunded = store.returns(Some(ReturnState::Refunded), page(1, 1)).await.expect("returns");
    assert_eq!(refunded, all[2..3]);
    assert_eq!(store.returns(Some(ReturnState::Received), page(0, 10)).await.expect("returns"), []);

    let mut told = Vec::new();
    let now = Timestamp::UNIX_EPOCH;
    for event in
        store.claim_outbox("relay", now, 1_000, now).await.expect("an answer").expect("nobody else is at it")
    {
        if event.order_id == order_id
            && let Some(detail) = event.detail
        {
            told.push((event.event, detail.to_string()));
        }
    }
    let names: Vec<_> = told.iter().map(|(event, _)| event.as_str()).collect();
    let of_return = ["request_return", "receive_return", "refund_return"];
    let expected =
        [&["short_pick", "short_pick", "request_return", "reject_return"], &of_return[..], &of_return];
    assert_eq!(names, expected.concat());
    assert_eq!(told[0].1, r#"{"product_id":1,"quantity":1}"#);
    assert_eq!(told[2].1, format!(r#"{{"return_id":{}}}"#, of_order[2].return_id));
}

fn pieces(count: u32) -> Quantity {
    Quantity::new(count).expect("at least one")
}

fn request(lines: &[(ProductId, u32)]) -> ReturnRequest {
    let lines = lines.iter().map(|(product_id, count)| (*product_id, pieces(*count)));
    ReturnRequest::new(ReturnReason::Damaged, lines).expect("at least one line")
}

async fn sold(store: &dyn Store, user_id: UserId, lines: &[(ProductId, u32)], now: Timestamp) -> Order {
    fill(store, user_id, lines, now).await;
    store.checkout(user_id, PaymentMethod::Cash, None, now).await.expect("an order")
}

async fn begin(store: &dyn Store, order_id: OrderId, now: Timestamp) {
    let begun = store.advance_order(order_id, None, OrderEvent::StartProcessing, Actor::Staff, now).await;
    begun.expect("an order");
}

async fn shown(store: &dyn Store, user_id: UserId, order_id: OrderId) -> Order {
    let orders = store.orders(user_id, Page::default()).await.expect("orders");
    orders.into_iter().find(|order| order.order_id == order_id).expect("it is there")
}
