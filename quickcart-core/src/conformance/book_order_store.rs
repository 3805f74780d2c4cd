//! What every [`BookOrderStore`] does.

use std::time::Duration;

use crate::book_order::{Book, BookOrder, BookOrderError, BookOrderStore, Purchase, Session, SessionDigest};
use crate::cart::Quantity;
use crate::catalog::Page;
use crate::clock::Timestamp;
use crate::money::Money;
use crate::order::{Actor, IdempotencyKey, OrderEvent, OrderStatus, PaymentMethod, PaymentState};
use crate::phone::PhoneNumber;

/// Checks a fresh store; it holds orders afterwards.
///
/// # Panics
/// When the store breaks its contract.
pub async fn book_order_store(store: &dyn BookOrderStore) {
    let now: Timestamp = "2026-11-21T09:00:00Z".parse().expect("a timestamp");
    keeps_sessions(store, now).await;
    counts_guesses(store, now).await;
    counts_initiations_whatever_became_of_them(store, now).await;
    let asha = makes_one_order_of_a_session(store, now).await;
    shows_each_phone_its_own(store, &asha, now).await;
    moves_orders_by_the_table(store, &asha, now).await;
    keeps_the_key_with_the_order(store, now).await;
}

fn purchase(number: &str) -> Purchase {
    let book = |id: &str, minor, quantity| Book {
        id: id.to_owned(),
        title: format!("The book {id}"),
        price: Money::new(minor, Purchase::CURRENCY),
        quantity: Quantity::new(quantity).expect("a quantity"),
    };
    Purchase {
        phone: phone(number),
        phone_as_sent: number.trim_start_matches('+').to_owned(),
        address: "123 Test Street, Dhaka".to_owned(),
        payment_method: PaymentMethod::Bkash,
        books: vec![book("book-001", 59_900, 1), book("২", 25_050, 2)],
    }
}

fn phone(number: &str) -> PhoneNumber {
    PhoneNumber::from_e164(number).expect("a number")
}

fn digest(name: u8) -> SessionDigest {
    [name; 32]
}

fn later(now: Timestamp, time: Duration) -> Timestamp {
    now.checked_add(time).expect("a time")
}

async fn keeps_sessions(store: &dyn BookOrderStore, now: Timestamp) {
    let wanted = purchase("+8801700000001");
    store.open_session(digest(1), &wanted, now).await.expect("a session");
    let session = store.session(digest(1)).await.expect("an answer").expect("the session");
    assert_eq!(session.purchase, wanted);
    assert_eq!((session.guesses, session.order_id), (0, None));
    assert_eq!(session.expires_at, later(now, Session::LIFE));
    assert_eq!(store.session(digest(99)).await.expect("an answer"), None);

    let half = later(now, Session::LIFE / 2);
    store.extend_session(digest(1), half).await.expect("an open session");
    let over = later(half, Session::LIFE);
    let session = store.session(digest(1)).await.expect("an answer").expect("the session");
    assert_eq!(session.expires_at, over);
    for refused in [
        store.extend_session(digest(1), over).await.err(),
        store.count_guess(digest(1), over).await.err(),
        store.place_book_order(digest(1), None, over).await.err(),
        store.extend_session(digest(99), now).await.err(),
        store.count_guess(digest(99), now).await.err(),
        store.place_book_order(digest(99), None, now).await.err(),
    ] {
        assert!(matches!(refused, Some(BookOrderError::SessionNotFound)), "{refused:?}");
    }
}

async fn counts_guesses(store: &dyn BookOrderStore, now: Timestamp) {
    store.open_session(digest(2), &purchase("+8801700000002"), now).await.expect("a session");
    for guesses in 1..=Session::GUESSES_MAX {
        let session = store.count_guess(digest(2), now).await.expect("an open session");
        assert_eq!(session.guesses, guesses);
    }
    for refused in
        [store.count_guess(digest(2), now).await.err(), store.extend_session(digest(2), now).await.err()]
    {
        assert!(matches!(refused, Some(BookOrderError::SessionNotFound)), "{refused:?}");
    }
    store.forget_guess(digest(2)).await.expect("an answer");
    let session = store.count_guess(digest(2), now).await.expect("one guess was taken back");
    assert_eq!(session.guesses, Session::GUESSES_MAX);
    store.forget_guess(digest(99)).await.expect("nothing to take back");
}

async fn counts_initiations_whatever_became_of_them(store: &dyn BookOrderStore, now: Timestamp) {
    let wanted = purchase("+8801700000003");
    let minute = |minute: u64| later(now, Duration::from_secs(60 * minute));
    for name in 0..5 {
        store.open_session(digest(30 + name), &wanted, minute(name.into())).await.expect("a session");
    }
    // One became an order, one is locked, and all others are over.
    store.place_book_order(digest(30), None, minute(1)).await.expect("an order");
    for _ in 0..Session::GUESSES_MAX {
        store.count_guess(digest(31), minute(1)).await.expect("a guess");
    }
    let refused = store.open_session(digest(39), &wanted, minute(20)).await;
    let Err(BookOrderError::TooManyInitiations { retry_after }) = refused else { panic!("{refused:?}") };
    assert_eq!(retry_after, Duration::from_secs(40 * 60));
    assert_eq!(store.session(digest(39)).await.expect("an answer"), None);
    let other = purchase("+8801700000004");
    store.open_session(digest(38), &other, minute(20)).await.expect("another phone has its own count");

    store.open_session(digest(35), &wanted, minute(60)).await.expect("the first does not count any more");
    let refused = store.open_session(digest(36), &wanted, minute(60)).await;
    assert!(matches!(refused, Err(BookOrderError::TooManyInitiations { .. })), "{refused:?}");
    store.open_session(digest(36), &wanted, minute(61)).await.expect("nor does the second");
    assert_eq!(store.session(digest(31)).await.expect("an answer"), None, "it is forgotten");
    let verified = store.session(digest(30)).await.expect("an answer").expect("what is verified stays");
    assert!(verified.order_id.is_some());
}

async fn makes_one_order_of_a_session(store: &dyn BookOrderStore, now: Timestamp) -> BookOrder {
    let wanted = purchase("+8801700000005");
    store.open_session(digest(5), &wanted, now).await.expect("a session");
    for _ in 0..Session::GUESSES_MAX {
        store.count_guess(digest(5), now).await.expect("a guess");
    }
    let order =
        store.place_book_order(digest(5), None, now).await.expect("the last guess may be the right one");
    assert_eq!(order.purchase, wanted);
    assert_eq!(order.total, Money::new(110_000, Purchase::CURRENCY));
    assert_eq!((order.status, order.payment), (OrderStatus::Verified, PaymentState::Pending));
    assert_eq!(order.placed_at, now);
    let session = store.session(digest(5)).await.expect("an answer").expect("the session");
    assert_eq!(session.order_id, Some(order.order_id));
    for refused in [
        store.place_book_order(digest(5), None, now).await.err(),
        store.count_guess(digest(5), now).await.err(),
        store.extend_session(digest(5), now).await.err(),
    ] {
        assert!(matches!(refused, Some(BookOrderError::AlreadyVerified)), "{refused:?}");
    }
    assert_eq!(store.book_order(order.order_id, None).await.expect("an answer"), Some(order.clone()));
    order
}

async fn shows_each_phone_its_own(store: &dyn BookOrderStore, asha: &BookOrder, now: Timestamp) {
    let (owner, bina) = (&asha.purchase.phone, phone("+8801700000006"));
    store.open_session(digest(6), &purchase(bina.e164()), now).await.expect("a session");
    let second = store.place_book_order(digest(6), None, now).await.expect("an order");
    assert_eq!(store.book_order(asha.order_id, Some(owner)).await.expect("an answer").as_ref(), Some(asha));
    assert_eq!(store.book_order(asha.order_id, Some(&bina)).await.expect("an answer"), None);
    assert_eq!(store.book_order(i64::MAX, None).await.expect("an answer"), None);
    let all = Page::default();
    let ids = |orders: Vec<BookOrder>| orders.iter().map(|order| order.order_id).collect::<Vec<_>>();
    assert_eq!(store.book_orders(Some(owner), all).await.expect("an answer"), std::slice::from_ref(asha));
    let everybody = ids(store.book_orders(None, all).await.expect("an answer"));
    assert!(everybody.is_sorted() && everybody.ends_with(&[asha.order_id, second.order_id]));
    let page = Page { offset: 1, limit: 1 };
    assert_eq!(ids(store.book_orders(None, page).await.expect("an answer")), everybody[1..2]);
    let nothing = Page { offset: 0, limit: 0 };
    assert_eq!(store.book_orders(None, nothing).await.expect("an answer"), []);
}

async fn moves_orders_by_the_table(store: &dyn BookOrderStore, asha: &BookOrder, now: Timestamp) {
    let (order_id, owner) = (asha.order_id, &asha.purchase.phone);
    let advance = |owner, event, by| store.advance_book_order(order_id, owner, event, by, now);
    let stranger = phone("+8801700000006");
    let refused = advance(Some(&stranger), OrderEvent::Cancel, Actor::Customer).await;
    assert!(matches!(refused, Err(BookOrderError::OrderNotFound)), "{refused:?}");
    let refused = advance(Some(owner), OrderEvent::StartProcessing, Actor::Customer).await;
    let Err(BookOrderError::IllegalTransition(refused)) = refused else { panic!("{refused:?}") };
    assert_eq!(refused.from, OrderStatus::Verified.as_str());
    let status = advance(None, OrderEvent::StartProcessing, Actor::Staff).await.expect("a step");
    assert_eq!(status, OrderStatus::Processing);
    let status = advance(None, OrderEvent::Cancel, Actor::Staff).await.expect("a step");
    assert_eq!(status, OrderStatus::Cancelled);
    let order = store.book_order(order_id, None).await.expect("an answer").expect("the order");
    assert_eq!((order.status, order.payment), (OrderStatus::Cancelled, PaymentState::Cancelled));
    assert_eq!(order.purchase, asha.purchase, "nothing else has changed");
}

async fn keeps_the_key_with_the_order(store: &dyn BookOrderStore, now: Timestamp) {
    let key = |name| IdempotencyKey::new(name, b"the request").expect("a key");
    let kept = async || store.session(digest(7)).await.expect("an answer").expect("the session").key;
    store.open_session(digest(7), &purchase("+8801700000007"), now).await.expect("a session");
    let over = later(now, Session::LIFE);
    store.place_book_order(digest(7), Some(&key("late")), over).await.expect_err("its time is over");
    assert_eq!(kept().await, None, "a request that failed has used no key up");
    store.place_book_order(digest(7), Some(&key("first")), now).await.expect("an order");
    assert_eq!(kept().await, Some(key("first")));
    let refused = store.place_book_order(digest(7), Some(&key("second")), now).await;
    assert!(matches!(refused, Err(BookOrderError::AlreadyVerified)), "{refused:?}");
    assert_eq!(kept().await, Some(key("first")));
    let without = store.session(digest(5)).await.expect("an answer").expect("the session");
    assert_eq!(without.key, None);
}
