//! What every [`OutboxStore`](crate::outbox::OutboxStore) does.

use std::time::Duration;

use super::shop_store::signs_in;
use crate::catalog::import::demo_store;
use crate::clock::Timestamp;
use crate::order::{Actor, OrderEvent, OrderKind, PaymentMethod};
use crate::store::Store;

/// Checks a fresh store; it holds the demo store and two orders afterwards.
///
/// # Panics
/// When the store breaks its contract.
pub async fn outbox_store(store: &dyn Store) {
    let now: Timestamp = "2026-11-21T09:00:00Z".parse().expect("a timestamp");
    let until = now + Duration::from_secs(60);
    let claim = |relay, now: Timestamp| store.claim_outbox(relay, now + Duration::from_secs(60), 3, now);
    assert_eq!(claim("first", now).await.expect("an answer"), Some(Vec::new()), "nothing has happened");
    store
        .import(demo_store().expect("the demo store is whole"), Box::new(|_, _| ()))
        .await
        .expect("an import");
    let asha = signs_in(store, "9876543210", now).await;
    let mut orders = Vec::new();
    for _ in 0..2 {
        store.connect_ad_hoc(asha, now).await.expect("a cart");
        store.add_item(asha, 1, None, now).await.expect("a line");
        let order = store.checkout(asha, PaymentMethod::Cash, None, now).await.expect("an order");
        orders.push(order.order_id);
    }
    store.advance_order(orders[0], None, OrderEvent::Cancel, Actor::Staff, now).await.expect("an order");

    let events = claim("first", now).await.expect("an answer").expect("it is the only one");
    let told: Vec<_> = events.iter().map(|event| (event.order_id, event.seq, event.event.as_str())).collect();
    assert_eq!(told, [(orders[0], 1, "place"), (orders[0], 2, "verify"), (orders[1], 1, "place")]);
    let verify = &events[1];
    assert_eq!((verify.order_kind, verify.at, verify.actor.as_str()), (OrderKind::Cart, now, "customer"));
    assert_eq!((verify.from_status.as_deref(), verify.to_status.as_str()), (Some("pending"), "verified"));
    assert_eq!(claim("second", now).await.expect("an answer"), None, "one relay at a time");
    assert_eq!(
        claim("first", now).await.expect("an answer"),
        Some(events.clone()),
        "until they are published"
    );
    let ids: Vec<_> = events.iter().map(|event| event.outbox_id).collect();
    store.note_published("first", &[ids[0], ids[2]], false, now).await.expect("an answer");
    let left = claim("first", now).await.expect("an answer").expect("still the one");
    let told: Vec<_> = left.iter().map(|event| event.id()).collect();
    let [first, second] = [orders[0], orders[1]];
    assert_eq!(told, [format!("cart-{first}-2"), format!("cart-{second}-2"), format!("cart-{first}-3")]);
    store
        .note_published("second", &[left[0].outbox_id], true, now)
        .await
        .expect("who comes late harms nobody");
    assert_eq!(claim("second", now).await.expect("an answer"), None, "and takes nothing away");
    let taken_over =
        claim("second", until).await.expect("an answer").expect("the first one has not come again");
    assert_eq!(taken_over, left[1..]);
    let ids: Vec<_> = taken_over.iter().map(|event| event.outbox_id).collect();
    store.note_published("second", &ids, true, until).await.expect("an answer");
    assert_eq!(claim("third", until).await.expect("an answer"), Some(Vec::new()), "all are published");
}
