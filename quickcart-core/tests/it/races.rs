//! What many do to one thing at once, on every store: as if one came after the other.

use std::sync::Arc;
use std::time::Duration;

use quickcart_core::account::{
    Claim, CustomerDetails, Employee, MemberError, MemberStore, NewMember, PasswordHash, Proof,
    RegistrationError, RegistrationStore, Revocation, Revoked, Role,
};
use quickcart_core::book_order::{Book, BookOrderError, Purchase, Session};
use quickcart_core::cart::{CartError, Quantity};
use quickcart_core::catalog::Page;
use quickcart_core::clock::Timestamp;
use quickcart_core::device::CartEvent;
use quickcart_core::email::EmailAddress;
use quickcart_core::money::Money;
use quickcart_core::order::{Actor, OrderEvent, PaymentMethod};
use quickcart_core::phone::PhoneNumber;

use crate::databases::{Database, on_every_database};
use crate::stores::{demo_shop, shopper};

on_every_database! {
    pieces_that_are_put_in_at_once_all_count
    a_checkout_takes_all_that_lies_in_the_cart_and_leaves_nothing
    a_shopper_gets_one_of_many_trolleys
    a_session_makes_one_order
    a_session_has_so_many_guesses_and_no_more
    a_phone_opens_so_many_sessions_and_no_more
    an_order_is_called_off_once
    an_address_belongs_to_a_customer_or_an_employee
    customers_are_numbered_without_repeats_or_gaps
    a_proof_makes_one_member
    a_reader_misses_no_revocation
}

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

/// What each of many answers that begin at once.
async fn at_once<F>(count: u32, work: impl Fn(u32) -> F) -> Vec<F::Output>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    let tasks: Vec<_> = (0..count).map(|index| tokio::spawn(work(index))).collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}

fn put_in(product_id: i64) -> CartEvent {
    CartEvent::ItemAdded { cart_id: 1, product_id, cart_weight_mg: 1 }
}

async fn pieces_that_are_put_in_at_once_all_count(database: Database) {
    let store = demo_shop(&database).await;
    let user_id = shopper(&*store, 0).await;
    store.connect(user_id, 1, NOW).await.unwrap();
    at_once(32, |index| {
        let store = Arc::clone(&store);
        async move {
            if index % 2 == 0 {
                store.apply(&put_in(1), None, Timestamp::UNIX_EPOCH).await.unwrap()
            } else {
                store.add_item(user_id, 1, None, Timestamp::UNIX_EPOCH).await.unwrap()
            }
        }
    })
    .await;
    let cart = store.view(user_id, Timestamp::UNIX_EPOCH).await.unwrap();
    assert_eq!((cart.lines[0].quantity, cart.version), (Quantity::new(32), 32));
    assert_eq!(cart.lines[0].version, 32);
}

async fn a_checkout_takes_all_that_lies_in_the_cart_and_leaves_nothing(database: Database) {
    let store = demo_shop(&database).await;
    let user_id = shopper(&*store, 0).await;
    for _ in 0..4 {
        store.connect(user_id, 1, NOW).await.unwrap();
        store.apply(&put_in(1), None, Timestamp::UNIX_EPOCH).await.unwrap();
        let answers = at_once(24, |index| {
            let store = Arc::clone(&store);
            async move {
                if index == 12 {
                    store.checkout(user_id, PaymentMethod::Cash, None, NOW).await.unwrap();
                    return 0;
                }
                match store.apply(&put_in(i64::from(index % 3) + 1), None, Timestamp::UNIX_EPOCH).await {
                    Ok(_) => 1,
                    Err(CartError::CartNotConnected { .. }) => 0,
                    Err(other) => panic!("{other:?}"),
                }
            }
        })
        .await;
        let order = store.orders(user_id, Page { offset: 0, limit: 1 }).await.unwrap().remove(0);
        assert_eq!(order.totals.quantity, 1 + answers.iter().sum::<u32>());
        store.connect(user_id, 1, NOW).await.unwrap();
        assert_eq!(store.view(user_id, Timestamp::UNIX_EPOCH).await.unwrap().lines, []);
        store.disconnect(user_id, Timestamp::UNIX_EPOCH).await.unwrap();
    }
}

async fn a_shopper_gets_one_of_many_trolleys(database: Database) {
    let store = demo_shop(&database).await;
    let user_id = shopper(&*store, 0).await;
    let answers = at_once(16, |index| {
        let store = Arc::clone(&store);
        async move { store.connect(user_id, i64::from(index % 2) + 1, NOW).await }
    })
    .await;
    let own = store.view(user_id, Timestamp::UNIX_EPOCH).await.unwrap().cart_id;
    for (index, answer) in (0_i64..).zip(answers) {
        match answer {
            Ok(_) => assert_eq!(index % 2 + 1, own),
            Err(CartError::AnotherCart { cart_id }) => assert_eq!(cart_id, own),
            Err(other) => panic!("{other:?}"),
        }
    }
}

fn purchase() -> Purchase {
    let book = Book {
        id: "book-001".to_owned(),
        title: "A book".to_owned(),
        price: Money::new(59_900, Purchase::CURRENCY),
        quantity: Quantity::ONE,
    };
    Purchase {
        phone: PhoneNumber::from_e164("+8801700000001").unwrap(),
        phone_as_sent: "8801700000001".to_owned(),
        address: "123 Test Street, Dhaka".to_owned(),
        payment_method: PaymentMethod::Cash,
        books: vec![book],
    }
}

async fn a_session_makes_one_order(database: Database) {
    let store = database.open().await;
    store.open_session([1; 32], &purchase(), NOW).await.unwrap();
    let answers = at_once(16, |_| {
        let store = Arc::clone(&store);
        async move { store.place_book_order([1; 32], None, NOW).await }
    })
    .await;
    let refused = answers.iter().filter(|answer| matches!(answer, Err(BookOrderError::AlreadyVerified)));
    assert_eq!(refused.count(), 15, "{answers:?}");
    assert_eq!(store.book_orders(None, Page::default()).await.unwrap().len(), 1);
}

async fn a_session_has_so_many_guesses_and_no_more(database: Database) {
    let store = database.open().await;
    store.open_session([1; 32], &purchase(), NOW).await.unwrap();
    let answers = at_once(16, |_| {
        let store = Arc::clone(&store);
        async move { store.count_guess([1; 32], NOW).await.ok().map(|session| session.guesses) }
    })
    .await;
    let mut guesses: Vec<u8> = answers.into_iter().flatten().collect();
    guesses.sort_unstable();
    assert_eq!(guesses, (1..=Session::GUESSES_MAX).collect::<Vec<_>>());
}

async fn a_phone_opens_so_many_sessions_and_no_more(database: Database) {
    let store = database.open().await;
    let answers = at_once(16, |index| {
        let store = Arc::clone(&store);
        async move { store.open_session([index as u8; 32], &purchase(), NOW).await }
    })
    .await;
    let refused =
        answers.iter().filter(|answer| matches!(answer, Err(BookOrderError::TooManyInitiations { .. })));
    assert_eq!(refused.count(), 16 - Session::INITIATIONS_MAX as usize, "{answers:?}");
}

async fn an_order_is_called_off_once(database: Database) {
    let store = database.open().await;
    store.open_session([1; 32], &purchase(), NOW).await.unwrap();
    let order_id = store.place_book_order([1; 32], None, NOW).await.unwrap().order_id;
    let answers = at_once(16, |_| {
        let store = Arc::clone(&store);
        async move { store.advance_book_order(order_id, None, OrderEvent::Cancel, Actor::Staff, NOW).await }
    })
    .await;
    let refused = answers.iter().filter(|answer| matches!(answer, Err(BookOrderError::IllegalTransition(_))));
    assert_eq!(refused.count(), 15, "{answers:?}");
}

/// Who has shown the code of a registration.
const CLAIM: Claim = Claim { network: None, token: Some([2; 32]) };

fn hash() -> PasswordHash {
    "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW".parse().unwrap()
}

async fn up_to_the_password(store: &dyn RegistrationStore, email: &EmailAddress) {
    let proof = Proof { network: None, token: [2; 32], proved_at: NOW };
    store.begin(email, NOW).await.unwrap();
    store.verify(email, proof).await.unwrap();
    store.set_password(email, CLAIM, hash(), NOW).await.unwrap();
}

fn details(card: u32) -> CustomerDetails {
    CustomerDetails {
        name: "An".to_owned(),
        phone: "0900000001".to_owned(),
        citizen_id: format!("{card:012}"),
        address: "Hà Nội".to_owned(),
    }
}

async fn an_address_belongs_to_a_customer_or_an_employee(database: Database) {
    let store = database.open().await;
    let role = Role { role_id: "CV001".to_owned(), name: "Till".to_owned() };
    store.put_role(role.clone()).await.unwrap();
    for round in 0..4 {
        let email: EmailAddress = format!("an{round}@example.com").parse().unwrap();
        up_to_the_password(&*store, &email).await;
        let answers = at_once(8, |index| {
            let (store, email, role) = (Arc::clone(&store), email.clone(), role.clone());
            async move {
                if index % 2 == 0 {
                    store.complete(&email, CLAIM, details(round), NOW).await.map(drop)
                } else {
                    let employee_id = format!("NV{round}{index}");
                    let (name, phone) = ("An".to_owned(), "0900000001".to_owned());
                    store.put_employee(Employee { employee_id, email, name, phone, role }, hash()).await
                }
            }
        })
        .await;
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{answers:?}");
        let refused =
            |answer: &_| matches!(answer, Err(RegistrationError::EmailTaken | RegistrationError::OutOfStep));
        assert_eq!(answers.iter().filter(|answer| refused(answer)).count(), 7, "{answers:?}");
    }
}

/// Gaps come only of what breaks off, and of two who want one card at the same moment.
async fn customers_are_numbered_without_repeats_or_gaps(database: Database) {
    let store = database.open().await;
    let email = |index: u32| format!("k{index}@example.com").parse::<EmailAddress>().unwrap();
    for index in 0..16 {
        up_to_the_password(&*store, &email(index)).await;
    }
    // Twice each, of which one is late.
    let answers = at_once(32, |index| {
        let (store, email) = (Arc::clone(&store), email(index / 2));
        async move { store.complete(&email, CLAIM, details(index / 2), NOW).await }
    })
    .await;
    let mut numbers: Vec<_> =
        answers.into_iter().flatten().map(|customer| customer.customer_id.number()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=16).collect::<Vec<_>>());
}

async fn a_proof_makes_one_member(database: Database) {
    let store = database.open().await;
    let member = NewMember {
        name: "Asha Rao".parse().unwrap(),
        phone: PhoneNumber::from_e164("+919876543210").unwrap(),
        email: None,
    };
    let until = Timestamp::from_second(600).unwrap();
    for proof in [[1; 32], [2; 32]] {
        let known = MemberStore::sign_in(&*store, &member.phone, &proof, until, NOW).await;
        assert_eq!(known.unwrap(), None);
    }
    let answers = at_once(16, |index| {
        let (store, member) = (Arc::clone(&store), member.clone());
        async move { store.create(&member, &[index as u8 % 2 + 1; 32], NOW).await }
    })
    .await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{answers:?}");
    let refused = |answer: &_| matches!(answer, Err(MemberError::NotVerified | MemberError::PhoneTaken));
    assert_eq!(answers.iter().filter(|answer| refused(answer)).count(), 15, "{answers:?}");
}

async fn a_reader_misses_no_revocation(database: Database) {
    let store = database.open().await;
    let until = Timestamp::from_second(600).unwrap();
    let writers = at_once(4, |writer| {
        let store = Arc::clone(&store);
        async move {
            for number in 0..16 {
                let revoked = Revoked::Token(format!("{writer}-{number}").into());
                let revocation = Revocation { audience: "x".into(), revoked, until };
                assert!(store.revoke(&revocation, NOW).await.unwrap());
            }
        }
    });
    let reader = async {
        let (mut position, mut seen) = (0, Vec::new());
        while seen.len() < 4 * 16 {
            let (next, news) = store.revocations(position).await.unwrap();
            assert!(next >= position);
            position = next;
            seen.extend(news);
        }
        seen
    };
    let together = async { tokio::join!(writers, reader).1 };
    let seen = tokio::time::timeout(Duration::from_secs(60), together);
    assert_eq!(seen.await.expect("a revocation was missed").len(), 64);
}
