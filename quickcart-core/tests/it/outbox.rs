//! Events leave the database: at least once, those of an order in their order, whoever fails in between.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use quickcart_core::account::AccountStore;
use quickcart_core::cart::CartStore;
use quickcart_core::catalog::CatalogStore;
use quickcart_core::catalog::import::demo_store;
use quickcart_core::clock::{Clock, ManualClock, SystemClock, Timestamp};
use quickcart_core::order::{OrderStore, PaymentMethod};
use quickcart_core::outbox::{
    OutboxEvent, PublishError, Publisher, RedisStreamPublisher, Relay, Round, WebhookPublisher,
};
use quickcart_core::phone::{PhoneNumber, Region};
use quickcart_core::secret::SecretKey;
use quickcart_core::store::SqliteStore;
use tempfile::TempDir;
use test_servers::RedisServer;

use crate::providers_fake::{Fake, Reaction};

/// A shop where this many orders were made, with two events each.
async fn shop_with_orders(count: usize) -> (TempDir, Arc<SqliteStore>) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("shop.db")).unwrap();
    store.import(demo_store().unwrap(), Box::new(|_, _| ())).await.unwrap();
    let phone = PhoneNumber::parse("9876543210", Region::IN).unwrap();
    let user_id = store.sign_in(&phone, Timestamp::UNIX_EPOCH).await.unwrap().user_id;
    for _ in 0..count {
        store.connect_ad_hoc(user_id, Timestamp::UNIX_EPOCH).await.unwrap();
        store.add_item(user_id, 1, None, Timestamp::UNIX_EPOCH).await.unwrap();
        store.checkout(user_id, PaymentMethod::Cash, None, Timestamp::UNIX_EPOCH).await.unwrap();
    }
    (folder, Arc::new(store))
}

fn relay(store: &Arc<SqliteStore>, publisher: &Arc<impl Publisher>) -> Relay {
    Relay::new(Arc::clone(store) as _, Arc::clone(publisher) as _, Arc::new(SystemClock))
}

/// Takes every event but each n-th.
#[derive(Debug)]
struct Unreliable {
    fails_each: usize,
    asked: AtomicUsize,
    taken: Mutex<Vec<OutboxEvent>>,
}

impl Unreliable {
    fn new(fails_each: usize) -> Arc<Self> {
        Arc::new(Self { fails_each, asked: AtomicUsize::new(0), taken: Mutex::default() })
    }

    /// Of each order, the events in the order in which they came.
    fn by_order(&self) -> BTreeMap<i64, Vec<i64>> {
        let mut orders: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for event in self.taken.lock().unwrap().iter() {
            orders.entry(event.order_id).or_default().push(event.seq);
        }
        orders
    }
}

#[async_trait]
impl Publisher for Unreliable {
    async fn publish(&self, event: &OutboxEvent) -> Result<(), PublishError> {
        tokio::task::yield_now().await;
        if (self.asked.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(self.fails_each) {
            return Err(PublishError("no".to_owned()));
        }
        self.taken.lock().unwrap().push(event.clone());
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_event_arrives_once_and_in_order_when_the_publisher_fails_now_and_then() {
    let (_folder, store) = shop_with_orders(40).await;
    let publisher = Unreliable::new(3);
    let relay = relay(&store, &publisher);
    let mut failures = 0;
    loop {
        match relay.round().await.unwrap() {
            Round::Idle => break,
            Round::Published(_) => {}
            Round::Failed(_) => failures += 1,
        }
    }
    assert!(failures > 0);
    let orders = publisher.by_order();
    assert_eq!(orders.len(), 40);
    assert!(orders.values().all(|seqs| *seqs == [1, 2]), "{orders:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_relays_publish_one_at_a_time() {
    let (_folder, store) = shop_with_orders(40).await;
    let publisher = Unreliable::new(usize::MAX);
    let relays: Vec<_> = (0..8).map(|_| relay(&store, &publisher)).collect();
    let rounds = relays.into_iter().map(|relay| tokio::spawn(async move { relay.round().await.unwrap() }));
    let rounds: Vec<_> = rounds.collect();
    for round in rounds {
        assert!(matches!(round.await.unwrap(), Round::Idle | Round::Published(80)));
    }
    assert!(publisher.by_order().values().all(|seqs| *seqs == [1, 2]));
}

#[tokio::test]
async fn a_webhook_gets_signed_events_until_it_takes_them() {
    let (_folder, store) = shop_with_orders(1).await;
    let answers = AtomicUsize::new(0);
    let fake = Fake::start(move |_| {
        let status = if answers.fetch_add(1, Ordering::Relaxed) == 0 { 500 } else { 204 };
        Reaction::Answer { status, headers: "", body: String::new() }
    });
    let fake = fake.await;
    let now: Timestamp = "2026-11-22T08:00:00Z".parse().unwrap();
    let secret = BASE64_STANDARD.encode([7; 32]);
    let clock = Arc::new(ManualClock::at(now)) as Arc<dyn Clock>;
    let publisher = WebhookPublisher::new(&format!("{}/hook", fake.url()), &format!("whsec_{secret}"), clock);
    let relay = relay(&store, &Arc::new(publisher.unwrap()));
    assert_eq!(relay.round().await.unwrap(), Round::Failed(0), "the second waits for the first");
    assert_eq!(relay.round().await.unwrap(), Round::Published(2));
    assert_eq!(relay.round().await.unwrap(), Round::Idle);
    let requests = fake.requests();
    let ids: Vec<_> = requests.iter().map(|request| request.headers["webhook-id"].as_str()).collect();
    assert_eq!(ids, ["cart-1-1", "cart-1-1", "cart-1-2"], "the same again has the same id");
    for request in &requests {
        assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/hook"));
        let at = now.as_second().to_string();
        assert_eq!(request.headers["webhook-timestamp"], at);
        let signed = format!("{}.{at}.{}", request.headers["webhook-id"], request.body);
        let tag = BASE64_STANDARD.encode(SecretKey::new(&[7; 32]).hmac(signed.as_bytes()));
        assert_eq!(request.headers["webhook-signature"], format!("v1,{tag}"));
    }
    assert_eq!(requests[2].json()["data"]["to_status"], "verified");
    assert!(!requests[2].body.contains("98765"), "nobody's phone is told");
}

#[tokio::test]
async fn a_redis_stream_gets_events_and_a_server_that_was_away_gets_them_later() {
    let (_folder, store) = shop_with_orders(2).await;
    let redis = RedisServer::with(&[]);
    let publisher = RedisStreamPublisher::new(&redis.url(), "orders", 1_000).unwrap();
    let relay = relay(&store, &Arc::new(publisher));
    assert_eq!(relay.round().await.unwrap(), Round::Published(4));
    assert_eq!(redis.command(&["XLEN", "orders"]).unwrap(), "4");
    let away = Arc::new(RedisStreamPublisher::new("redis://127.0.0.1:1", "orders", 1_000).unwrap());
    let (_folder, store) = shop_with_orders(1).await;
    let relay = Relay::new(Arc::clone(&store) as _, away, Arc::new(SystemClock));
    assert_eq!(relay.round().await.unwrap(), Round::Failed(0));
    let there = Arc::new(RedisStreamPublisher::new(&redis.url(), "orders", 1_000).unwrap());
    let relay = Relay::new(store, there, Arc::new(SystemClock));
    assert_eq!(
        relay.round().await.unwrap(),
        Round::Published(2),
        "a relay that failed lets another one begin"
    );
    assert_eq!(redis.command(&["XLEN", "orders"]).unwrap(), "6");
}
