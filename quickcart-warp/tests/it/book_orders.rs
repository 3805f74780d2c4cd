//! `/orders`: books ordered by telephone number, in production with Infobip at a fake, and as the old page needs it.

use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::fake_providers::{FakeProviders, Fault};
use crate::program::{Server, choose_cryptography, folder};
use crate::providers::ACCOUNT;

const PHONE: &str = "+8801712345678";
const OTHER: &str = "+8801700000204";
const ADMIN_KEY: &str = "the-admin-key-of-this-test-has-32-bytes";
/// What the old page needs.
const LEGACY: [(&str, &str); 2] = [("BOOK_ORDER_PUBLIC_LIST", "1"), ("BOOK_ORDER_CUSTOMER_STATUS", "1")];

struct Shop {
    server: Server,
    fake: FakeProviders,
    client: Client,
    folder: TempDir,
}

/// Whom a request comes from.
#[derive(Clone, Copy)]
enum By<'a> {
    Nobody,
    Session(&'a str),
    Admin(&'a str),
}

impl Shop {
    fn start(more: &[(&str, &str)]) -> Self {
        choose_cryptography();
        let (fake, folder) = (FakeProviders::start(), folder());
        let url = fake.url();
        let settings = [
            ("QUICKCART_ENV", "production"),
            ("JWT_SECRET_KEY", "the-jwt-key-of-this-test-has-32-bytes"),
            ("SECRET_KEY", "the-secret-key-of-this-test-has-32-bytes"),
            ("QUICKCART_ADMIN_KEY", ADMIN_KEY),
            ("QUICKCART_RESEND_COOLDOWN", "0"),
            ("PHONE_OTP_PROVIDERS", "none"),
            ("SMART_CART_PROVIDERS", "none"),
            ("BOOK_ORDER_PROVIDERS", "infobip"),
            ("BOOK_ORDER_CLIENT_PRICES", "1"),
            ("INFOBIP_API_KEY", "infobip-key-of-this-test"),
            ("INFOBIP_BASE_URL", &url),
            ("INFOBIP_APP_ID", "APP"),
            ("INFOBIP_MESSAGE_ID", "TEMPLATE"),
            ("TWILIO_ACCOUNT_SID", ACCOUNT),
            ("TWILIO_AUTH_TOKEN", "twilio-token-of-this-test"),
            ("TWILIO_PHONE_NUMBER", "+15005550006"),
            ("TWILIO_BASE_URL", &url),
        ];
        let server = Server::start(folder.path(), &[&settings, more].concat());
        Self { server, fake, client: Client::new(), folder }
    }

    fn request(&self, method: Method, path: &str, by: By<'_>) -> RequestBuilder {
        let request = self.client.request(method, self.server.url.clone() + path);
        match by {
            By::Nobody => request,
            By::Session(token) => request.bearer_auth(token),
            By::Admin(key) => request.header("X-Admin-Key", key),
        }
    }

    async fn send(&self, method: Method, path: &str, by: By<'_>) -> (u16, Value) {
        answer(self.request(method, path, by).send().await.unwrap()).await
    }

    async fn get(&self, path: &str, by: By<'_>) -> (u16, Value) {
        self.send(Method::GET, path, by).await
    }

    async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        answer(self.request(Method::POST, path, By::Nobody).json(body).send().await.unwrap()).await
    }

    async fn initiate(&self, phone: &str) -> String {
        let (status, answer) = self.post("/orders/initiate", &order(phone)).await;
        assert_eq!(status, 202, "{answer}");
        answer["session_token"].as_str().unwrap().to_owned()
    }

    async fn verify(&self, token: &str, pin: &str) -> (u16, Value) {
        self.post("/orders/verify", &json!({"session_token": token, "pin_code": pin})).await
    }

    /// A verified session and its order.
    async fn placed(&self, phone: &str) -> (String, i64) {
        let token = self.initiate(phone).await;
        let (status, order) = self.verify(&token, &self.fake.latest(phone).code).await;
        assert_eq!(status, 200, "{order}");
        (token, order["id"].as_i64().unwrap())
    }

    async fn change(&self, id: i64, status: &str, by: By<'_>) -> (u16, Value) {
        self.send(Method::PUT, &format!("/orders/{id}/status?status={status}"), by).await
    }

    async fn cancel(&self, id: i64, by: By<'_>) -> (u16, Value) {
        self.send(Method::DELETE, &format!("/orders/{id}"), by).await
    }
}

/// Status and body, which is JSON.
async fn answer(response: Response) -> (u16, Value) {
    let content_type = response.headers()["content-type"].to_str().unwrap().to_owned();
    assert_eq!(content_type, "application/json");
    (response.status().as_u16(), response.json().await.unwrap())
}

pub(crate) fn order(phone: &str) -> Value {
    json!({
        "phone_number": phone, "address": "123 Test Street, Dhaka", "payment_method": "cash_on_delivery",
        "books": [
            {"id": "book-001", "title": "Python Programming", "price": 599, "quantity": 1},
            {"id": "2", "title": "Rust", "price": 250.5, "quantity": 2},
        ],
    })
}

fn detail(text: &str) -> Value {
    json!({ "detail": text })
}

fn wrong_code(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

/// Types and places of the faults of a 422.
fn faults((status, answer): (u16, Value)) -> Value {
    assert_eq!(status, 422, "{answer}");
    let items = answer["detail"].as_array().unwrap();
    assert!(items.iter().all(|item| !item["msg"].as_str().unwrap().is_empty()), "{answer}");
    items.iter().map(|item| json!([item["type"], item["loc"]])).collect()
}

#[tokio::test]
async fn the_old_page_orders_and_lists() {
    let shop = Shop::start(&LEGACY);
    let (status, begun) = shop.post("/orders/initiate", &order("01712345678")).await;
    let token = begun["session_token"].as_str().unwrap().to_owned();
    let expected = json!({
        "message": "Verification code sent to your phone", "session_token": token,
        "expires_in_seconds": 600, "total_amount": 1100.0,
    });
    assert_eq!((status, begun), (202, expected));
    assert_eq!(token.len(), 43);

    let resent = shop.post("/orders/resend-code", &json!({ "session_token": token })).await;
    let sent = json!({"message": "New verification code sent", "expires_in_seconds": 600});
    assert_eq!(resent, (200, sent.clone()));
    let by_query = format!("/orders/resend-code?session_token={token}");
    assert_eq!(shop.send(Method::POST, &by_query, By::Nobody).await, (200, sent));

    let (status, placed) = shop.verify(&token, &shop.fake.latest(PHONE).code).await;
    let created_at = placed["created_at"].as_str().unwrap();
    assert!(created_at.len() == 32 && created_at.ends_with("+00:00"), "{created_at}");
    let expected = json!({
        "id": placed["id"], "phone_number": "01712345678", "address": "123 Test Street, Dhaka",
        "payment_method": "cash_on_delivery", "payment_status": "pending",
        "books": [
            {"id": "book-001", "title": "Python Programming", "price": 599.0, "quantity": 1},
            {"id": "2", "title": "Rust", "price": 250.5, "quantity": 2},
        ],
        "total_amount": 1100.0, "order_status": "verified", "created_at": created_at, "verified": true,
    });
    assert_eq!((status, &placed), (200, &expected));
    for path in ["/orders/", "/orders/?phone_number=+8801712345678", "/orders/?limit=1000000&skip=0"] {
        assert_eq!(shop.get(path, By::Nobody).await, (200, json!([placed])), "{path}");
    }
    assert_eq!(shop.get(&format!("/orders/{}", placed["id"]), By::Nobody).await, (200, placed));
    assert_eq!(shop.get("/orders/?phone_number=000", By::Nobody).await, (200, json!([])));
    assert_eq!(shop.get("/orders/?skip=1", By::Nobody).await, (200, json!([])));
}

#[tokio::test]
async fn infobip_may_make_the_codes() {
    let shop = Shop::start(&[("BOOK_ORDER_PROVIDERS", "infobip_2fa")]);
    let token = shop.initiate(PHONE).await;
    let code = shop.fake.latest(PHONE).code;
    let first = detail("Invalid code. 2 attempts remaining.");
    assert_eq!(shop.verify(&token, &wrong_code(&code)).await, (400, first));
    shop.fake.set("infobip_2fa_verify", Fault::Down);
    let unavailable = detail("Verification service temporarily unavailable");
    assert_eq!(shop.verify(&token, &code).await, (503, unavailable));
    shop.fake.set("infobip_2fa_verify", None);
    assert_eq!(shop.verify(&token, &code).await.0, 200);
    assert_eq!(shop.verify(&token, &code).await, (400, detail("Order already verified")));
}

#[tokio::test]
async fn defect_1_orders_are_private() {
    let shop = Shop::start(&[]);
    let (asha, first) = shop.placed(PHONE).await;
    let (_, second) = shop.placed(OTHER).await;
    let not_authenticated = (403, detail("Not authenticated"));
    let (one, of_other) = (format!("/orders/{first}"), format!("/orders/{second}"));
    for path in ["/orders/", "/orders/?phone_number=%2B8801712345678", &one, "/orders/999999"] {
        assert_eq!(shop.get(path, By::Nobody).await, not_authenticated, "{path}");
        let (status, _) = shop.get(path, By::Session("unknown")).await;
        assert_eq!(status, 401, "{path}");
        let (status, _) = shop.get(path, By::Admin("wrong")).await;
        assert_eq!(status, 401, "{path}");
    }
    let ids = |(status, list): (u16, Value)| {
        assert_eq!(status, 200, "{list}");
        list.as_array().unwrap().iter().map(|order| order["id"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(ids(shop.get("/orders/", By::Session(&asha)).await), [first]);
    let other = "/orders/?phone_number=%2B8801700000204";
    assert_eq!(ids(shop.get(other, By::Session(&asha)).await), Vec::<i64>::new());
    assert_eq!(shop.get(&of_other, By::Session(&asha)).await, (404, detail("Order not found")));
    assert_eq!(ids(shop.get("/orders/", By::Admin(ADMIN_KEY)).await), [first, second]);
    assert_eq!(ids(shop.get(other, By::Admin(ADMIN_KEY)).await), [second]);
    assert_eq!(shop.get(&of_other, By::Admin(ADMIN_KEY)).await.1["id"], second);
}

#[tokio::test]
async fn defect_2_only_a_verified_session_manages_the_orders_of_its_phone() {
    for more in [&[][..], &LEGACY] {
        let shop = Shop::start(more);
        let (asha, first) = shop.placed(PHONE).await;
        let attacker = shop.initiate(PHONE).await;
        let (bina, _) = shop.placed(OTHER).await;
        for (by, expected) in [
            (By::Nobody, (403, detail("Not authenticated"))),
            (By::Session("unknown"), (401, detail("Invalid or expired session"))),
            (By::Session(&attacker), (403, detail("Session is not verified"))),
            (By::Session(&bina), (404, detail("Order not found or unauthorized"))),
        ] {
            assert_eq!(shop.cancel(first, by).await, expected);
        }
        assert_eq!(shop.change(first, "processing", By::Session(&attacker)).await.0, 403);
        let done = (200, json!({"message": "Order cancelled successfully"}));
        for _ in 0..2 {
            assert_eq!(shop.cancel(first, By::Session(&asha)).await, done);
        }
        assert_eq!(shop.cancel(999_999, By::Session(&asha)).await.0, 404);
    }
}

#[tokio::test]
async fn orders_move_by_the_table_and_by_whom_it_allows() {
    let shop = Shop::start(&[]);
    let (asha, id) = shop.placed(PHONE).await;
    let (customer, admin) = (By::Session(&asha), By::Admin(ADMIN_KEY));
    assert_eq!(shop.change(id, "processing", customer).await.0, 403);
    let updated = |status| (200, json!({"message": format!("Order status updated to {status}")}));
    assert_eq!(shop.change(id, "processing", admin).await, updated("processing"));
    let (status, refused) = shop.cancel(id, customer).await;
    assert_eq!((status, refused["detail"].is_string()), (400, true), "{refused}");
    let refused = (400, detail("Cannot transition from processing to delivered"));
    assert_eq!(shop.change(id, "delivered", admin).await, refused);
    let too_late = (400, detail("Cannot cancel shipped or delivered orders"));
    for status in ["shipped", "delivered"] {
        assert_eq!(shop.change(id, status, admin).await, updated(status));
        for by in [customer, admin] {
            assert_eq!(shop.cancel(id, by).await, too_late);
        }
    }
    for status in ["pending", "verified", "processing", "shipped", "delivered", "cancelled"] {
        let refused = (400, detail(&format!("Cannot transition from delivered to {status}")));
        assert_eq!(shop.change(id, status, admin).await, refused);
    }
    let missing = (404, detail("Order not found or unauthorized"));
    assert_eq!(shop.change(999_999, "cancelled", admin).await, missing);
    let huge = "/orders/99999999999999999999/status?status=cancelled";
    assert_eq!(shop.send(Method::PUT, huge, admin).await, missing);

    let shop = Shop::start(&LEGACY);
    let (asha, id) = shop.placed(PHONE).await;
    assert_eq!(shop.change(id, "processing", By::Session(&asha)).await, updated("processing"));
    assert_eq!(shop.cancel(id, By::Session(&asha)).await.0, 200);
}

#[tokio::test]
async fn defect_3_prices_are_decimals_and_never_negative() {
    let shop = Shop::start(&[]);
    let with = |book: Value| {
        let mut order = order(PHONE);
        order["books"] = json!([book]);
        order
    };
    for (book, expected) in [
        (
            json!({"id": "b", "title": "t", "price": -1}),
            json!([["greater_than_equal", ["body", "books", 0, "price"]]]),
        ),
        (
            json!({"id": "b", "title": "t", "price": 1, "quantity": 0}),
            json!([["greater_than_equal", ["body", "books", 0, "quantity"]]]),
        ),
        (
            json!({"id": "b", "title": "t", "price": 1, "quantity": -2}),
            json!([["greater_than_equal", ["body", "books", 0, "quantity"]]]),
        ),
        (
            json!({"id": "b", "title": "t", "price": 1e12}),
            json!([["less_than_equal", ["body", "books", 0, "price"]]]),
        ),
        (
            json!({"id": 5, "title": "t", "price": "x"}),
            json!([
                ["string_type", ["body", "books", 0, "id"]],
                ["float_parsing", ["body", "books", 0, "price"]]
            ]),
        ),
        (json!(7), json!([["dict_type", ["body", "books", 0]]])),
    ] {
        assert_eq!(faults(shop.post("/orders/initiate", &with(book)).await), expected);
    }
    // In floats 3 * 0.1 is 0.30000000000000004.
    let (_, begun) = shop
        .post("/orders/initiate", &with(json!({"id": "b", "title": "t", "price": 0.1, "quantity": 3})))
        .await;
    assert_eq!(begun["total_amount"].to_string(), "0.3");

    let shop = Shop::start(&[("BOOK_ORDER_CLIENT_PRICES", "0")]);
    let refused = faults(shop.post("/orders/initiate", &order(PHONE)).await);
    assert_eq!(refused, json!([["value_error", ["body", "books", 0, "id"]]]));
}

#[tokio::test]
async fn defect_4_parallel_verifies_make_one_order_and_parallel_initiations_are_five() {
    let shop = Shop::start(&[]);
    let token = shop.initiate(PHONE).await;
    let body = json!({"session_token": token, "pin_code": shop.fake.latest(PHONE).code});
    let mut statuses = parallel(&shop, "/orders/verify", 16, |_| body.clone()).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [vec![200], vec![400; 15]].concat());
    let (_, list) = shop.get("/orders/", By::Admin(ADMIN_KEY)).await;
    assert_eq!(list.as_array().unwrap().len(), 1);

    // The session that was verified counts, too.
    let notations = [PHONE, "8801712345678", "01712345678"];
    let mut statuses = parallel(&shop, "/orders/initiate", 16, |index| order(notations[index % 3])).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [vec![202; 4], vec![429; 12]].concat());
    let limited = shop.request(Method::POST, "/orders/initiate", By::Nobody).json(&order(PHONE));
    let limited = limited.send().await.unwrap();
    let wait: u64 = limited.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((3_500..=3_600).contains(&wait), "{wait}");
    let text = detail("Too many verification attempts. Please try again later.");
    assert_eq!(answer(limited).await, (429, text));
    shop.initiate(OTHER).await;
}

async fn parallel(shop: &Shop, path: &str, count: usize, body: impl Fn(usize) -> Value) -> Vec<u16> {
    let send = |index| {
        let request = shop.request(Method::POST, path, By::Nobody).json(&body(index));
        tokio::spawn(async move { request.send().await.unwrap().status().as_u16() })
    };
    let tasks: Vec<_> = (0..count).map(send).collect();
    let mut statuses = Vec::new();
    for task in tasks {
        statuses.push(task.await.unwrap());
    }
    statuses
}

#[tokio::test]
async fn defect_5_guesses_count_across_resends() {
    let shop = Shop::start(&[]);
    let token = shop.initiate(PHONE).await;
    let wrong = async || shop.verify(&token, &wrong_code(&shop.fake.latest(PHONE).code)).await;
    let resend = async || shop.post("/orders/resend-code", &json!({ "session_token": token })).await;
    assert_eq!(wrong().await, (400, detail("Invalid code. 2 attempts remaining.")));
    assert_eq!(resend().await.0, 200);
    assert_eq!(wrong().await, (400, detail("Invalid code. 1 attempts remaining.")));
    assert_eq!(resend().await.0, 200);
    assert_eq!(wrong().await, (403, detail("Maximum verification attempts exceeded")));
    let dead = (401, detail("Invalid or expired session"));
    assert_eq!(shop.verify(&token, &shop.fake.latest(PHONE).code).await, dead);
    assert_eq!(resend().await, (404, detail("Session not found or expired")));
    assert_eq!(shop.get("/orders/", By::Session(&token)).await, dead);
}

#[tokio::test]
async fn defect_6_failures_are_json_with_a_text_of_our_own() {
    let shop = Shop::start(&[("QUICKCART_PROVIDER_TIMEOUT", "300"), ("QUICKCART_SEND_BUDGET", "600")]);
    let unavailable = (503, detail("SMS service temporarily unavailable"));
    for fault in [Fault::Down, Fault::Reset, Fault::Hang] {
        shop.fake.set("infobip", fault);
        assert_eq!(shop.post("/orders/initiate", &order(PHONE)).await, unavailable, "{fault:?}");
    }
    shop.fake.set("infobip", None);
    let token = shop.initiate(PHONE).await;
    shop.fake.set("infobip", Fault::Down);
    let resent = shop.post("/orders/resend-code", &json!({ "session_token": token })).await;
    assert_eq!(resent, (503, detail("Failed to send verification code")));
    let unknown = shop.post("/orders/resend-code", &json!({"session_token": "unknown"})).await;
    assert_eq!(unknown, (404, detail("Session not found or expired")));

    let shop = Shop::start(&[("BOOK_ORDER_PROVIDERS", "twilio")]);
    shop.fake.set("twilio", Fault::InvalidNumber);
    let refused = shop.post("/orders/initiate", &order(PHONE)).await;
    assert_eq!(
        faults(refused),
        json!([["value_error", ["body", "phone_number"]]]),
        "it is the client's fault"
    );
}

#[tokio::test]
async fn defect_7_a_session_outlives_the_process_and_its_code_is_asked_for_again() {
    let mut shop = Shop::start(&[]);
    let token = shop.initiate(PHONE).await;
    let code = shop.fake.latest(PHONE).code;
    let (asha, id) = shop.placed(OTHER).await;
    shop.server.kill();
    let url = shop.fake.url();
    let settings = [
        ("SECRET_KEY", "the-secret-key-of-this-test-has-32-bytes"),
        ("BOOK_ORDER_PROVIDERS", "infobip"),
        ("INFOBIP_API_KEY", "infobip-key-of-this-test"),
        ("INFOBIP_BASE_URL", &url),
    ];
    shop.server = Server::start(shop.folder.path(), &settings);
    assert_eq!(shop.cancel(id, By::Session(&asha)).await.0, 200, "a verified session stays so");
    let lost = shop.verify(&token, &code).await;
    assert_eq!(lost, (401, detail("Invalid or expired session")), "codes in memory ended with the process");
    assert_eq!(shop.post("/orders/resend-code", &json!({ "session_token": token })).await.0, 200);
    assert_eq!(shop.verify(&token, &shop.fake.latest(PHONE).code).await.0, 200);
}

#[tokio::test]
async fn defect_8_origins_pages_and_tokens() {
    let shop = Shop::start(&[("ALLOWED_ORIGINS", "http://localhost:5173")]);
    let (token, _) = shop.placed(PHONE).await;
    for (origin, allowed) in [("http://localhost:5173", true), ("https://evil.example", false)] {
        let request = shop.request(Method::GET, "/orders/", By::Session(&token)).header("Origin", origin);
        let response = request.send().await.unwrap();
        let header = response.headers().get("access-control-allow-origin");
        assert_eq!(header.map(|value| value.to_str().unwrap()), allowed.then_some(origin));
    }
    let files = std::fs::read_dir(shop.folder.path().join("data")).unwrap();
    let kept: Vec<u8> = files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect();
    let holds = |text: &str| kept.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(holds("123 Test Street, Dhaka") && !holds(&token), "the token is not kept");
    for by in [By::Nobody, By::Admin(ADMIN_KEY)] {
        assert_eq!(shop.get("/admin/sessions", by).await, (404, detail("Not Found")));
    }
}

#[tokio::test]
async fn what_is_wrong_is_said_as_fastapi_does() {
    let shop = Shop::start(&LEGACY);
    let initiate = async |body: Value| faults(shop.post("/orders/initiate", &body).await);
    let missing: Vec<_> = ["phone_number", "address", "payment_method", "books"]
        .map(|field| json!(["missing", ["body", field]]))
        .into();
    assert_eq!(initiate(json!({})).await, json!(missing));
    let with = |field: &str, value: Value| {
        let mut order = order(PHONE);
        order[field] = value;
        order
    };
    for (field, value, kind) in [
        ("phone_number", json!("abc"), "string_pattern_mismatch"),
        ("phone_number", json!("+880 1712345678"), "string_pattern_mismatch"),
        ("phone_number", json!(8_801_712_345_678_u64), "string_type"),
        ("phone_number", json!("+999999"), "value_error"),
        ("phone_number", json!("+447400123456"), "value_error"),
        ("address", json!("Home"), "string_too_short"),
        ("address", json!("x".repeat(2_000)), "string_too_long"),
        ("payment_method", json!("cod"), "enum"),
        ("payment_method", json!(null), "enum"),
        ("books", json!([]), "too_short"),
        ("books", json!("book-001"), "list_type"),
        ("books", json!(vec![json!({"id": "b", "title": "t", "price": 1}); 101]), "too_long"),
    ] {
        assert_eq!(initiate(with(field, value)).await, json!([[kind, ["body", field]]]));
    }
    let token = shop.initiate(PHONE).await;
    for pin in ["12", "123456789", "12a456", "１２３４５６"] {
        let refused = faults(shop.verify(&token, pin).await);
        assert_eq!(refused, json!([["string_pattern_mismatch", ["body", "pin_code"]]]), "{pin}");
    }
    let raw = async |path: &str, content_type: Option<&str>, body: &'static str| {
        let request = shop.request(Method::POST, path, By::Nobody).body(body);
        let request = match content_type {
            Some(content_type) => request.header("Content-Type", content_type),
            None => request,
        };
        faults(answer(request.send().await.unwrap()).await)
    };
    for path in ["/orders/initiate", "/orders/verify"] {
        let json = Some("application/json");
        assert_eq!(raw(path, json, "{bad").await, json!([["json_invalid", ["body", 1]]]));
        assert_eq!(raw(path, json, "[1]").await, json!([["model_attributes_type", ["body"]]]));
        assert_eq!(raw(path, Some("text/plain"), "{}").await, json!([["model_attributes_type", ["body"]]]));
        assert_eq!(raw(path, json, "").await, json!([["missing", ["body"]]]));
        assert_eq!(raw(path, None, "{").await, json!([["json_invalid", ["body", 1]]]), "JSON without a type");
    }
    let resend = "/orders/resend-code";
    assert_eq!(raw(resend, None, "").await, json!([["missing", ["query", "session_token"]]]));
    assert_eq!(raw(resend, None, "{}").await, json!([["missing", ["body", "session_token"]]]));

    for (path, expected) in [
        ("/orders/initiate", json!([["int_parsing", ["path", "order_id"]]])),
        ("/orders/1.5", json!([["int_parsing", ["path", "order_id"]]])),
        ("/orders/?limit=-1", json!([["greater_than_equal", ["query", "limit"]]])),
        (
            "/orders/?skip=x&limit=y",
            json!([["int_parsing", ["query", "skip"]], ["int_parsing", ["query", "limit"]]]),
        ),
    ] {
        assert_eq!(faults(shop.get(path, By::Nobody).await), expected, "{path}");
    }
    assert_eq!(shop.get("/orders/999999", By::Nobody).await, (404, detail("Order not found")));
    assert_eq!(shop.get("/orders/9999999999999999999999", By::Nobody).await.0, 404);
    let (session, id) = shop.placed(OTHER).await;
    for (query, kind) in [("", "missing"), ("?status=lost", "enum")] {
        let path = format!("/orders/{id}/status{query}");
        let refused = faults(shop.send(Method::PUT, &path, By::Session(&session)).await);
        assert_eq!(refused, json!([[kind, ["query", "status"]]]));
    }
}

#[tokio::test]
async fn methods_and_redirects() {
    let shop = Shop::start(&LEGACY);
    for (method, path, allow) in [
        (Method::PUT, "/orders/initiate", "POST"),
        (Method::PATCH, "/orders/verify", "POST"),
        (Method::PUT, "/orders/resend-code", "POST"),
        (Method::PATCH, "/orders/1", "GET, HEAD, DELETE"),
        (Method::GET, "/orders/1/status", "PUT"),
        (Method::DELETE, "/orders/", "GET, HEAD"),
        // The smart cart's own paths are no numbers of orders.
        (Method::GET, "/orders/checkout", "POST"),
        (Method::DELETE, "/orders/history", "GET, HEAD"),
    ] {
        let response = shop.request(method.clone(), path, By::Nobody).send().await.unwrap();
        assert_eq!(response.headers()["allow"], allow, "{method} {path}");
        assert_eq!(answer(response).await, (405, detail("Method Not Allowed")), "{method} {path}");
    }
    let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    for (path, location) in [("/orders", "/orders/"), ("/orders?limit=1", "/orders/?limit=1")] {
        let response = client.get(shop.server.url.clone() + path).send().await.unwrap();
        assert_eq!(
            (response.status().as_u16(), &response.headers()["location"]),
            (307, &location.parse().unwrap())
        );
    }
    assert_eq!(shop.get("/orders?limit=1", By::Nobody).await, (200, json!([])));
}

/// A verify that names itself.
fn keyed(shop: &Shop, key: &str, token: &str, pin: &str) -> RequestBuilder {
    let request = shop.request(Method::POST, "/orders/verify", By::Nobody).header("Idempotency-Key", key);
    request.json(&json!({"session_token": token, "pin_code": pin}))
}

#[tokio::test]
async fn a_verify_that_comes_again_under_its_key_is_answered_alike() {
    let shop = Shop::start(&[]);
    let token = shop.initiate(PHONE).await;
    let code = shop.fake.latest(PHONE).code;
    let wrong = wrong_code(&code);
    let verify =
        async |key: &str, pin: &str| answer(keyed(&shop, key, &token, pin).send().await.unwrap()).await;
    assert_eq!(verify("first", &wrong).await, (400, detail("Invalid code. 2 attempts remaining.")));
    let placed = verify("first", &code).await;
    assert_eq!(placed.0, 200, "{}", placed.1);
    assert_eq!(verify("first", &code).await, placed);
    let id = placed.1["id"].as_i64().unwrap();
    assert_eq!(shop.change(id, "processing", By::Admin(ADMIN_KEY)).await.0, 200);
    assert_eq!(verify("first", &code).await, placed, "as it was placed");
    let reused = (422, detail("the idempotency key was used for another request"));
    assert_eq!(verify("first", &wrong).await, reused);
    let verified = (400, detail("Order already verified"));
    assert_eq!(verify("second", &code).await, verified);
    assert_eq!(shop.verify(&token, &code).await, verified);
    for none in ["", "two words", &"k".repeat(256)] {
        let text = "an idempotency key has 1 to 255 visible ASCII characters";
        assert_eq!(verify(none, &code).await, (400, detail(text)));
    }
    let orders = shop.get("/orders/", By::Admin(ADMIN_KEY)).await.1;
    assert_eq!(orders.as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parallel_verifies_under_one_key_make_one_order() {
    let shop = Shop::start(&[]);
    let token = shop.initiate(PHONE).await;
    let code = shop.fake.latest(PHONE).code;
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let request = keyed(&shop, "first", &token, &code);
            tokio::spawn(async move {
                let response = request.send().await.unwrap();
                (response.headers().contains_key("retry-after"), answer(response).await)
            })
        })
        .collect();
    let mut placed = Vec::new();
    for task in tasks {
        let (has_retry_after, (status, body)) = task.await.unwrap();
        match status {
            200 => placed.push(body),
            _ => assert_eq!((status, has_retry_after), (409, true), "{body}"),
        }
    }
    assert!(!placed.is_empty() && placed.iter().all(|order| *order == placed[0]), "{placed:?}");
    let orders = shop.get("/orders/", By::Admin(ADMIN_KEY)).await.1;
    assert_eq!(orders, json!([placed[0]]));
}
