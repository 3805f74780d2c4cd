//! What orders leave in the tables of PostgreSQL: for each step its event and its row of the outbox, and one payment.

use quickcart_core::book_order::{Book, BookOrderError, BookOrderStore, Purchase};
use quickcart_core::cart::Quantity;
use quickcart_core::clock::Timestamp;
use quickcart_core::money::Money;
use quickcart_core::order::{Actor, OrderError, OrderEvent, PaymentMethod};
use quickcart_core::phone::PhoneNumber;
use quickcart_core::store::PostgresStore;
use quickcart_core::store::Store;

use crate::databases::{Database, POSTGRES};
use crate::stores::{demo_shop, shopper};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

const EVENTS: &str = "SELECT string_agg(seq || event || coalesce(from_status, '-') || to_status || actor, ',' ORDER BY seq) \
     FROM order_event";
/// Events that nobody will be told of, and what will be told twice or without an event.
const OUTBOX_DIFFERS: &str = "SELECT count(*) FROM order_event \
     FULL JOIN outbox USING (order_kind, order_id, seq) WHERE event IS NULL OR outbox_id IS NULL";
const OUTBOX: &str = "SELECT string_agg(seq::TEXT, ',' ORDER BY outbox_id) FROM outbox";
const PAID: &str =
    "SELECT string_agg(concat_ws(' ', order_kind, method, state, currency, amount_minor), ',') FROM payment";

struct Shop {
    url: String,
    database: Database,
}

impl Shop {
    fn new() -> Self {
        let url = POSTGRES.create_database();
        Self { database: Database::Postgres(url.clone()), url }
    }

    async fn open(&self) -> PostgresStore {
        PostgresStore::open(&self.url, 4).await.unwrap()
    }

    #[track_caller]
    fn check(&self, sql: &str, expected: &str) {
        assert_eq!(POSTGRES.query(&self.url, sql).unwrap(), expected, "{sql}");
    }

    fn refuse_payments(&self) {
        let sql = "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS \
                       $$ BEGIN RAISE EXCEPTION 'no payments today'; END $$; \
                   CREATE TRIGGER refuse BEFORE INSERT ON payment FOR EACH ROW EXECUTE FUNCTION refuse()";
        POSTGRES.query(&self.url, sql).unwrap();
    }

    fn take_payments(&self) {
        POSTGRES.query(&self.url, "DROP TRIGGER refuse ON payment").unwrap();
    }
}

fn purchase() -> Purchase {
    let book = Book {
        id: "b".to_owned(),
        title: "t".to_owned(),
        price: Money::new(500, Purchase::CURRENCY),
        quantity: Quantity::ONE,
    };
    Purchase {
        phone: PhoneNumber::from_e164("+8801712345678").unwrap(),
        phone_as_sent: "+8801712345678".to_owned(),
        address: "123 Test Street, Dhaka".to_owned(),
        payment_method: PaymentMethod::Nagad,
        books: vec![book],
    }
}

#[tokio::test]
async fn a_book_order_has_every_step_and_a_payment() {
    let shop = Shop::new();
    let store = shop.open().await;
    store.open_session([7; 32], &purchase(), NOW).await.unwrap();
    let order_id = store.place_book_order([7; 32], None, NOW).await.unwrap().order_id;
    shop.check(PAID, "book nagad pending BDT 500");
    for (event, by) in [(OrderEvent::StartProcessing, Actor::Staff), (OrderEvent::Cancel, Actor::Staff)] {
        store.advance_book_order(order_id, None, event, by, NOW).await.unwrap();
    }
    let refused = store.advance_book_order(order_id, None, OrderEvent::Ship, Actor::Staff, NOW).await;
    assert!(matches!(refused, Err(BookOrderError::IllegalTransition(_))), "{refused:?}");
    shop.check(
        EVENTS,
        "1place-pendingcustomer,2verifypendingverifiedcustomer,3start_processingverifiedprocessingstaff,\
         4cancelprocessingcancelledstaff",
    );
    shop.check(OUTBOX, "1,2,3,4");
    shop.check(OUTBOX_DIFFERS, "0");
    shop.check(PAID, "book nagad cancelled BDT 500");
    shop.check("SELECT status || version FROM book_order", "cancelled4");
}

#[tokio::test]
async fn an_order_of_a_cart_has_both_its_steps_and_a_payment() {
    let shop = Shop::new();
    let store = demo_shop(&shop.database).await;
    let user_id = with_a_cart(&*store).await;
    let order = store.checkout(user_id, PaymentMethod::Card, None, NOW).await.unwrap();
    shop.check(EVENTS, "1place-pendingcustomer,2verifypendingverifiedcustomer");
    shop.check(OUTBOX, "1,2");
    shop.check(OUTBOX_DIFFERS, "0");
    shop.check(PAID, &format!("cart card pending INR {}", order.payment.amount.minor()));
    shop.check("SELECT status || version FROM orders", "verified2");
    shop.check("SELECT string_agg(line_num || ':' || product_id, ',') FROM order_line", "1:3,2:1,3:2");
    shop.check("SELECT count(*) FROM cart_item", "0");
    shop.check("SELECT concat_ws(' ', user_id, connected_at_ms, version) FROM cart WHERE cart_id = 1", "4");
}

/// Three products, and not by number.
async fn with_a_cart(store: &dyn Store) -> i64 {
    let user_id = shopper(store, 0).await;
    store.connect(user_id, 1, NOW).await.unwrap();
    for product_id in [3, 1, 2] {
        store.add_item(user_id, product_id, None, Timestamp::UNIX_EPOCH).await.unwrap();
    }
    user_id
}

#[tokio::test]
async fn an_order_is_made_with_everything_or_not_at_all() {
    let shop = Shop::new();
    let store = demo_shop(&shop.database).await;
    let user_id = with_a_cart(&*store).await;
    let cart = store.view(user_id, Timestamp::UNIX_EPOCH).await.unwrap();
    store.open_session([7; 32], &purchase(), NOW).await.unwrap();
    let left = "SELECT concat_ws(' ', (SELECT count(*) FROM orders), (SELECT count(*) FROM book_order), \
                                      (SELECT count(*) FROM order_line), (SELECT count(*) FROM order_event), \
                                      (SELECT count(*) FROM outbox), \
                                      (SELECT count(*) FROM book_session WHERE order_id IS NOT NULL))";

    shop.refuse_payments();
    let refused = store.checkout(user_id, PaymentMethod::Cash, None, NOW).await;
    assert!(matches!(refused, Err(OrderError::Store(_))), "{refused:?}");
    let refused = store.place_book_order([7; 32], None, NOW).await;
    assert!(matches!(refused, Err(BookOrderError::Store(_))), "{refused:?}");
    shop.check(left, "0 0 0 0 0 0");
    assert_eq!(store.view(user_id, Timestamp::UNIX_EPOCH).await.unwrap(), cart);

    shop.take_payments();
    store.checkout(user_id, PaymentMethod::Cash, None, NOW).await.unwrap();
    store.place_book_order([7; 32], None, NOW).await.unwrap();
    shop.check(left, "1 1 3 4 4 1");
}
