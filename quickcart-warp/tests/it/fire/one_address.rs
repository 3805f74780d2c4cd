//! Two servers behind one address behave as one: one PostgreSQL and one Redis, and requests to both at the same time.

use std::sync::Arc;

use reqwest::Method;
use serde_json::json;
use test_servers::RedisServer;

use super::books::check_books;
use super::buyer::answer;
use super::database::Database;
use super::shop::Shop;

const PHONE: &str = "+8801712345678";

fn two_servers(redis: &RedisServer) -> Arc<Shop> {
    let settings = [
        ("REDIS_URL", redis.url()),
        ("QUICKCART_LIMIT_PHONE", "5/hour".to_owned()),
        ("BOOK_ORDER_CLIENT_PRICES", "1".to_owned()),
    ];
    Shop::start(Database::postgres(), 2, &settings)
}

/// The statuses of so many requests, every other one to the other server, in order.
async fn statuses(count: usize, request: impl Fn(usize, usize) -> reqwest::RequestBuilder) -> Vec<u16> {
    let tasks: Vec<_> = (0..count)
        .map(|index| {
            let request = request(index, index % 2);
            tokio::spawn(async move { answer(request).await.unwrap().0 })
        })
        .collect();
    let mut statuses = Vec::new();
    for task in tasks {
        statuses.push(task.await.unwrap());
    }
    statuses.sort_unstable();
    statuses
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_32_shoppers_one_gets_the_trolley() {
    let redis = RedisServer::start();
    let shop = two_servers(&redis);
    let shoppers = shop.buyers(32);
    let connect = |index: usize, server| {
        let request = shop.request(server, Method::POST, "/cart/connect").json(&json!({ "cart_id": 1 }));
        request.bearer_auth(&shoppers[index].token)
    };
    assert_eq!(statuses(32, connect).await, [vec![200], vec![409; 31]].concat());
    let owners = shop.database.query("SELECT count(user_id) FROM cart");
    assert_eq!(owners, ["1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_is_verified_on_both_makes_one_order() {
    let redis = RedisServer::start();
    let shop = two_servers(&redis);
    let order = json!({
        "phone_number": PHONE, "address": "123 Test Street, Dhaka", "payment_method": "cash_on_delivery",
        "books": [{"id": "book-001", "title": "Rust", "price": 250.5, "quantity": 2}],
    });
    let initiate = shop.request(0, Method::POST, "/orders/initiate").json(&order);
    let (status, begun) = answer(initiate).await.unwrap();
    assert_eq!(status, 202, "{begun}");
    let code = shop.servers[0].lock().unwrap().code();
    let shown = json!({"session_token": begun["session_token"], "pin_code": code});
    let verify = |_, server| shop.request(server, Method::POST, "/orders/verify").json(&shown);
    assert_eq!(statuses(32, verify).await, [vec![200], vec![400; 31]].concat());
    assert_eq!(shop.database.query("SELECT count(*) FROM book_order"), ["1"]);
    check_books(&shop.database);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_gets_as_many_codes_from_both_as_the_limit_allows() {
    let redis = RedisServer::start();
    let shop = two_servers(&redis);
    for phone in ["9876543210", "9876543211"] {
        let send = |_, server| {
            shop.request(server, Method::POST, "/api/send-otp").json(&json!({ "phoneNumber": phone }))
        };
        assert_eq!(statuses(32, send).await, [vec![200; 5], vec![429; 27]].concat(), "{phone}");
    }
}
