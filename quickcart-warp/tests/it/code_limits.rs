//! Who gets a code, how many of them, and what the others are told.

use reqwest::header::HeaderMap;
use reqwest::{Client, Response};
use serde_json::{Value, json};
use sfv::{BareItem, List, ListEntry, Parser};

use crate::program::{Server, folder};

async fn send_with(server: &Server, phone: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = Client::new().post(server.url.clone() + "/api/send-otp");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.json(&json!({ "phoneNumber": phone })).send().await.unwrap()
}

async fn send(server: &Server, phone: &str) -> Response {
    send_with(server, phone, &[]).await
}

/// The named limits of a structured field, and one of their parameters.
fn field(headers: &HeaderMap, name: &str, parameter: &str) -> Vec<(String, i64)> {
    let text = headers[name].to_str().unwrap();
    let list: List = Parser::new(text).parse().unwrap();
    let entry = |entry: ListEntry| {
        let ListEntry::Item(item) = entry else { panic!("{text}") };
        let BareItem::String(limit) = item.bare_item else { panic!("{text}") };
        let value = item.params.iter().find(|(key, _)| key.as_str() == parameter).unwrap().1;
        let BareItem::Integer(value) = value else { panic!("{text}") };
        (limit.as_str().to_owned(), i64::from(*value))
    };
    list.into_iter().map(entry).collect()
}

#[tokio::test]
async fn every_answer_says_how_the_limits_stand() {
    let folder = folder();
    let settings = [("QUICKCART_LIMIT_PHONE", "2/day"), ("QUICKCART_LIMIT_ADDRESS", "10/hour")];
    let server = Server::start(folder.path(), &settings);
    for left in [1, 0] {
        let response = send(&server, "9876543210").await;
        assert_eq!(response.status(), 200);
        let headers = response.headers();
        let quotas = [("phone".to_owned(), 2), ("address".to_owned(), 10)];
        assert_eq!(field(headers, "ratelimit-policy", "q"), quotas);
        assert_eq!(field(headers, "ratelimit-policy", "w")[0].1, 86_400);
        assert_eq!(
            field(headers, "ratelimit", "r"),
            [("phone".to_owned(), left), ("address".to_owned(), 8 + left)]
        );
    }
    let refused = send(&server, "9876543210").await;
    assert_eq!(refused.status(), 429);
    assert_eq!(field(refused.headers(), "ratelimit", "r"), [("phone".to_owned(), 0)]);
    let retry_after: i64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((43_000..=43_200).contains(&retry_after), "{retry_after}");
    assert_eq!(refused.json::<Value>().await.unwrap()["success"], json!(false));
    assert_eq!(send(&server, "9876543211").await.status(), 200, "another phone has its own");
}

#[tokio::test]
async fn addresses_are_told_apart_behind_a_proxy() {
    let folder = folder();
    let settings = [("QUICKCART_LIMIT_ADDRESS", "1/day"), ("QUICKCART_TRUSTED_PROXIES", "127.0.0.1")];
    let server = Server::start(folder.path(), &settings);
    let from = async |phone, address: &str| {
        send_with(&server, phone, &[("X-Forwarded-For", address)]).await.status().as_u16()
    };
    assert_eq!(from("9876543210", "203.0.113.1").await, 200);
    assert_eq!(from("9876543211", "203.0.113.1").await, 429);
    assert_eq!(from("9876543212", "203.0.113.2").await, 200);
    assert_eq!(from("9876543213", "2001:db8::1").await, 200);
    assert_eq!(from("9876543214", "2001:db8::2").await, 429, "one /64 is one customer");
}

#[tokio::test]
async fn a_second_code_has_to_wait() {
    let folder = folder();
    let server = Server::start(folder.path(), &[("QUICKCART_RESEND_COOLDOWN", "45")]);
    assert_eq!(send(&server, "9876543210").await.status(), 200);
    let refused = send(&server, "9876543210").await;
    assert_eq!(refused.status(), 429);
    let retry_after: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((15..=45).contains(&retry_after), "{retry_after}");
}

#[tokio::test]
async fn a_request_under_the_same_key_sends_one_message() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    let key = [("Idempotency-Key", "\"8e03978e\"")];
    let first: Value = send_with(&server, "9876543210", &key).await.json().await.unwrap();
    let second: Value = send_with(&server, "9876543210", &key).await.json().await.unwrap();
    assert_eq!(first, second);
    let other = send_with(&server, "9876543211", &key).await;
    assert_eq!(other.status(), 422, "the key belongs to another request");
    let long = "k".repeat(256);
    assert_eq!(send_with(&server, "9876543210", &[("Idempotency-Key", &long)]).await.status(), 400);
    server.terminate();
    let (_, printed, _) = server.wait();
    assert_eq!(printed.matches("message to ").count(), 1, "{printed}");
}

#[tokio::test]
async fn numbers_that_get_no_message_are_refused() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    for phone in ["+14155550123", "+912223456789", "+911800123456"] {
        let refused = send(&server, phone).await;
        let (status, body) = (refused.status(), refused.json::<Value>().await.unwrap());
        assert_eq!(status, 400, "{phone}");
        assert_eq!(body, json!({"success": false, "message": "This phone number cannot get a code."}));
    }
    assert_eq!(send(&server, "+8801234567890").await.status(), 200, "a range that is not assigned yet");
    let everywhere = [("QUICKCART_PHONE_COUNTRIES", "all"), ("QUICKCART_ANY_LINE", "true")];
    let server = Server::start(folder.path(), &everywhere);
    assert_eq!(send(&server, "+14155550123").await.status(), 200);
    assert_eq!(send(&server, "+912223456789").await.status(), 200);
}

#[tokio::test]
async fn a_reviewer_needs_no_message() {
    let folder = folder();
    let settings = [("QUICKCART_REVIEW_NUMBERS", "+919876500000:424242:2099-12-31:1")];
    let server = Server::start(folder.path(), &settings);
    let body: Value = send(&server, "9876500000").await.json().await.unwrap();
    assert_eq!(body["otp"], "424242");
    let body = json!({"phoneNumber": "9876500000", "otp": "424242"});
    let verified =
        Client::new().post(server.url.clone() + "/api/verify-otp").json(&body).send().await.unwrap();
    assert_eq!(verified.status(), 200);
    assert_eq!(send(&server, "9876500000").await.status(), 429, "it is used up");
    server.terminate();
    let (_, printed, log) = server.wait();
    assert!(!printed.contains("message to "), "{printed}");
    assert!(log.contains("number for reviewers used") && !log.contains("9876500000"), "{log}");
}

#[tokio::test]
async fn the_state_of_a_code_is_not_for_those_who_ask_all_day() {
    let folder = folder();
    let server = Server::start(folder.path(), &[("QUICKCART_LIMIT_STATUS", "3/day")]);
    let ask = async |phone: &str| {
        let response = reqwest::get(format!("{}/api/otp-status/{phone}", server.url)).await.unwrap();
        (response.status().as_u16(), response.json::<Value>().await.unwrap())
    };
    let nothing = json!({"success": true, "data": {"exists": false, "expires_in": 0}});
    for phone in ["9876543210", "no-number", "123"] {
        assert_eq!(ask(phone).await, (200, nothing.clone()), "{phone}");
    }
    let (status, body) = ask("9876543210").await;
    assert_eq!((status, &body["success"]), (429, &json!(false)));
}

/// A number that has signed in, one that never did, and one whose prefix is closed: the same words and fields.
#[tokio::test]
async fn a_refusal_does_not_tell_what_is_known_of_a_number() {
    let folder = folder();
    let settings = [("QUICKCART_LIMIT_PHONE", "1/day")];
    let server = Server::start(folder.path(), &settings);
    let client = Client::builder().cookie_store(true).build().unwrap();
    let post = async |path: &str, body: Value| {
        client.post(server.url.clone() + path).json(&body).send().await.unwrap().status().as_u16()
    };
    assert_eq!(post("/auth/verify_mobile", json!({"mobile_number": "9876543210"})).await, 200);
    let code = server.code();
    assert_eq!(post("/auth/verify_otp", json!({"mobile_number": "9876543210", "otp": code})).await, 200);

    let mut refusals = Vec::new();
    for phone in ["9876543210", "9876543219"] {
        assert_eq!(send(&server, phone).await.status(), 200);
        let refused = send(&server, phone).await;
        let mut names: Vec<_> = refused.headers().keys().map(|name| name.as_str().to_owned()).collect();
        names.sort();
        refusals.push((refused.status(), names, refused.text().await.unwrap()));
    }
    assert_eq!(refusals[0], refusals[1]);

    let mut last = None;
    for number in 0..30 {
        let response = send(&server, &format!("98111{number:05}")).await;
        if response.status() == 429 {
            last = Some(response.text().await.unwrap());
            break;
        }
    }
    assert_eq!(last.as_ref(), Some(&refusals[0].2), "a closed prefix is refused in the same words");
}
