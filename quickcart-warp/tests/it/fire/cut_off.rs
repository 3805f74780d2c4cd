//! Orders are made and called off, cut off between every two steps and in the middle of what is written: the process ends there.
//! Afterwards the books balance, there is no half an order, and the same request does it once.

use std::sync::Arc;

use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::books::check_books;
use super::buyer::{Buyer, Outcome, answer};
use super::database::Database;
use super::fuse;
use super::proxy::{Cut, Proxy};
use super::shop::{BREAD, CREAM, MILK, Shop};

/// All are counted.
const BASKET: [i64; 3] = [MILK, BREAD, CREAM];
/// More than anything here has.
const STEPS_MAX: usize = 64;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkout_on_sqlite_after_every_row() {
    // Order and where it stands, twice; lines, two events and their rows of the outbox, payment; of each product what is held, and what
    // there is, given back and taken; movements, cart and its lines, key.
    check_out(Scene::on_sqlite(Knife::Row), true, 3 + 3 + 2 + 2 + 1 + 3 * 3 + 3 + 4 + 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkout_on_sqlite_within_every_page() {
    // Rows lie in tables and indexes, most of them in pages of their own.
    check_out(Scene::on_sqlite(Knife::Page), true, 20).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkout_on_postgres_before_every_statement() {
    check_out(Scene::on_postgres(Cut::Statement), true, CHECKOUT_STATEMENTS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkout_on_postgres_before_every_answer() {
    check_out(Scene::on_postgres(Cut::Answer), true, CHECKOUT_STATEMENTS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkout_at_once_on_postgres_before_its_statement() {
    check_out(Scene::on_postgres(Cut::Statement), false, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkout_at_once_on_postgres_before_its_answer() {
    check_out(Scene::on_postgres(Cut::Answer), false, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancellation_on_sqlite_after_every_row() {
    // Order, event and its row of the outbox, payment, what there is of each product, movements.
    call_off(Scene::on_sqlite(Knife::Row), 1 + 1 + 1 + 1 + 3 + 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancellation_on_postgres_before_every_statement() {
    call_off(Scene::on_postgres(Cut::Statement), CANCELLATION_STATEMENTS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancellation_on_postgres_before_every_answer() {
    call_off(Scene::on_postgres(Cut::Answer), CANCELLATION_STATEMENTS).await;
}

/// In turn, as something is held: the key twice, the cart, the hold, the buckets, holds that have expired, what is shared out, the
/// order, and the end. What is ordered at once is one statement.
const CHECKOUT_STATEMENTS: usize = 3 + 4 + 2;
/// The order, its lock and its step, its payment twice, what it took, the buckets, holds that have expired, what is shared out, the
/// movements, the order as it is then, and the end.
const CANCELLATION_STATEMENTS: usize = 3 + 2 + 5 + 2;

/// One buyer after the other orders, each cut off a step later, until one is answered.
async fn check_out(scene: Scene, holds: bool, steps_min: usize) {
    let mut left = Vec::new();
    for (buyer, step) in scene.buyers().await.iter().zip(1..) {
        buyer.takes(&BASKET).await;
        assert!(!holds || buyer.holds().await);
        let answered = scene.cut(step, buyer.key().as_bytes(), buyer.order()).await;
        let sql = format!("SELECT order_id FROM orders WHERE user_id = {}", buyer.user_id);
        let orders = || scene.shop.database.query(&sql);
        left.push(orders().len());
        let outcome = buyer.insists().await;
        let Outcome::Sold(order) = &outcome else { panic!("there is plenty") };
        assert_eq!(orders(), [order["order_id"].to_string()]);
        assert_eq!(buyer.insists().await, outcome, "the same request has the same answer");
        if let Some(answered) = answered {
            assert_eq!(answered, (201, order.clone()));
            return scene.check(&left, steps_min);
        }
    }
    panic!("it has more than {STEPS_MAX} steps");
}

/// The same with orders that are called off.
async fn call_off(scene: Scene, steps_min: usize) {
    let mut left = Vec::new();
    for (buyer, step) in scene.buyers().await.iter().zip(1..) {
        buyer.takes(&BASKET).await;
        let Outcome::Sold(order) = buyer.orders().await else { panic!("there is plenty") };
        let order_id = order["order_id"].as_i64().unwrap();
        // The two values of the first statement.
        let values =
            [order_id, buyer.user_id].map(|value| [&8_u32.to_be_bytes()[..], &value.to_be_bytes()].concat());
        let answered = scene.cut(step, &values.concat(), buyer.cancel(order_id)).await;
        let sql = format!("SELECT order_id FROM orders WHERE order_id = {order_id} AND status = 'cancelled'");
        let is_cancelled = || !scene.shop.database.query(&sql).is_empty();
        let was_cancelled = is_cancelled();
        left.push(usize::from(was_cancelled));
        let (status, body) = answer(buyer.cancel(order_id)).await.unwrap();
        assert_eq!(status, if was_cancelled { 409 } else { 200 }, "{body}");
        assert!(is_cancelled());
        if let Some((status, body)) = answered {
            assert_eq!((status, &body["status"]), (200, &json!("cancelled")), "{body}");
            return scene.check(&left, steps_min);
        }
    }
    panic!("it has more than {STEPS_MAX} steps");
}

/// A shop, and what ends its server at a step.
struct Scene {
    shop: Arc<Shop>,
    knife: Knife,
}

enum Knife {
    Row,
    Page,
    Postgres(Proxy, Cut),
}

impl Scene {
    fn on_sqlite(knife: Knife) -> Self {
        let shop = Shop::start(Database::sqlite(), 1, &[]);
        if let Knife::Row = knife {
            fuse::lay(&shop.database);
        }
        Self { shop, knife }
    }

    fn on_postgres(cut: Cut) -> Self {
        let database = Database::postgres();
        let proxy = Proxy::to(&database.url());
        let shop = Shop::start(database, 1, &[("DATABASE_URL", proxy.url().to_owned())]);
        Self { shop, knife: Knife::Postgres(proxy, cut) }
    }

    async fn buyers(&self) -> Vec<Buyer> {
        for product_id in BASKET {
            self.shop.count(product_id, STEPS_MAX).await;
        }
        self.shop.buyers(STEPS_MAX)
    }

    /// Sends a request, and ends the server at this step of it, or after all of them; then it starts again. Steps in PostgreSQL count
    /// from the statement on that has these bytes.
    async fn cut(&self, step: usize, begins: &[u8], request: RequestBuilder) -> Option<(u16, Value)> {
        match &self.knife {
            Knife::Row => fuse::light(&self.shop, step),
            Knife::Page => fuse::limit_pages(&self.shop, step),
            Knife::Postgres(proxy, cut) => {
                let process_id = self.shop.servers[0].lock().unwrap().process_id();
                proxy.arm(process_id, begins, *cut, step);
            }
        }
        let answered = answer(request).await.ok();
        let start = self.shop.kill_server();
        match &self.knife {
            Knife::Row => fuse::put_out(&self.shop.database),
            Knife::Page => {}
            Knife::Postgres(proxy, _) => proxy.disarm(),
        }
        check_books(&self.shop.database);
        start();
        answered
    }

    /// # Panics
    /// There were fewer steps, or these requests did not leave nothing each. Only the last one was answered; the one before was cut off at
    /// its last step, the commit, and whose answer was cut off then has left something, too.
    fn check(&self, left: &[usize], steps_min: usize) {
        let steps = left.len() - 1;
        assert!(steps >= steps_min, "{steps} steps");
        let kept = usize::from(matches!(self.knife, Knife::Postgres(_, Cut::Answer)));
        let expected = [vec![0; steps - kept], vec![1; kept + 1]].concat();
        assert_eq!(left, expected);
        check_books(&self.shop.database);
    }
}
