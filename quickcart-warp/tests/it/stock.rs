//! Stock over HTTP: counts, holds, orders under a key, and many who want the last pieces.

use std::path::Path;

use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::{Server, folder};

const KEY: &str = "the key of this test";
const SETTINGS: [(&str, &str); 2] = [("QUICKCART_ADMIN_KEY", KEY), ("FIXED_OTP", "424242")];
/// Two products of the demo store.
const MILK: i64 = 1;
const BREAD: i64 = 2;

pub(crate) struct Shop {
    server: Server,
    client: Client,
    _folder: TempDir,
}

/// Status and body; nothing at all is null.
pub(crate) type Answer = (u16, Value);

impl Shop {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    pub(crate) fn start_with(more: &[(&str, &str)]) -> Self {
        let folder = folder();
        let server = Server::start(folder.path(), &[&SETTINGS[..], more].concat());
        Self { server, client: Client::new(), _folder: folder }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, self.server.url.clone() + path)
    }

    pub(crate) fn admin(&self, method: Method, path: &str) -> RequestBuilder {
        self.request(method, &format!("/v1/admin/{path}")).header("X-Admin-Key", KEY)
    }

    async fn get(&self, path: &str) -> Answer {
        answer(self.admin(Method::GET, path)).await
    }

    pub(crate) async fn count(&self, product_id: i64, body: Value) -> Answer {
        answer(self.admin(Method::PUT, &format!("products/{product_id}/stock")).json(&body)).await
    }

    /// `available` and `held`.
    pub(crate) async fn stock(&self, product_id: i64) -> (i64, i64) {
        let (status, level) = self.get(&format!("products/{product_id}/stock")).await;
        assert_eq!(status, 200, "{level}");
        assert_eq!(
            level["on_hand"].as_i64().unwrap(),
            level["available"].as_i64().unwrap() + level["held"].as_i64().unwrap()
        );
        (level["available"].as_i64().unwrap(), level["held"].as_i64().unwrap())
    }

    pub(crate) async fn advance(&self, order: &Value, event: &str) -> Answer {
        answer(self.admin(Method::POST, &format!("orders/{}/{event}", order["order_id"]))).await
    }

    /// Somebody with a cart of their own.
    pub(crate) async fn shopper(&self, index: u32) -> Shopper<'_> {
        let client = Client::builder().cookie_store(true).build().unwrap();
        let number = format!("98765{index:05}");
        let post = async |path: &str, body: Value| {
            client.post(self.server.url.clone() + path).json(&body).send().await.unwrap()
        };
        post("/auth/verify_mobile", json!({ "mobile_number": number })).await;
        let verified = post("/auth/verify_otp", json!({"mobile_number": number, "otp": "424242"})).await;
        let token = verified.json::<Value>().await.unwrap()["token"].as_str().unwrap().to_owned();
        let shopper = Shopper { shop: self, token };
        shopper.takes(&[]).await;
        shopper
    }
}

pub(crate) struct Shopper<'s> {
    shop: &'s Shop,
    token: String,
}

impl Shopper<'_> {
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.shop.request(method, path).bearer_auth(&self.token)
    }

    /// Puts pieces into the cart, which is made when there is none.
    pub(crate) async fn takes(&self, pieces: &[(i64, u32)]) {
        answer(self.request(Method::POST, "/cart/connect")).await;
        for &(product_id, count) in pieces {
            for _ in 0..count {
                let body = json!({ "product_id": product_id });
                let added = answer(self.request(Method::POST, "/cart/item/add").json(&body)).await;
                assert_eq!(added.0, 200, "{}", added.1);
            }
        }
    }

    pub(crate) async fn orders(&self, key: &str, body: &str) -> Answer {
        answer(self.order(key, body)).await
    }

    fn order(&self, key: &str, body: &str) -> RequestBuilder {
        let request = self.request(Method::POST, "/v1/orders").header("Idempotency-Key", key);
        if body.is_empty() {
            request
        } else {
            request.header("Content-Type", "application/json").body(body.to_owned())
        }
    }

    fn checkout(&self, key: &str, body: &'static str) -> RequestBuilder {
        self.request(Method::POST, "/orders/checkout").header("Idempotency-Key", key).body(body)
    }

    async fn cancels(&self, order: &Value) -> Answer {
        answer(self.request(Method::POST, &format!("/v1/orders/{}/cancel", order["order_id"]))).await
    }

    async fn holds(&self) -> Answer {
        answer(self.request(Method::POST, "/v1/cart/hold")).await
    }

    pub(crate) async fn history(&self) -> Vec<Value> {
        answer(self.request(Method::GET, "/orders/history")).await.1.as_array().unwrap().clone()
    }
}

pub(crate) async fn answer(request: RequestBuilder) -> Answer {
    read(request.send().await.unwrap()).await
}

async fn read(response: Response) -> Answer {
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() })
}

/// A problem of this status and code.
pub(crate) fn is_problem((status, problem): &Answer, expected: u16, code: &str) {
    assert_eq!((*status, &problem["code"]), (expected, &json!(code)), "{problem}");
    assert_eq!(problem["status"], expected, "{problem}");
}

fn shortages(product_id: i64, wanted: u32, available: u32) -> Value {
    json!([{"product_id": product_id, "wanted": wanted, "available": available}])
}

#[tokio::test]
async fn administrators_count_and_see_what_changed() {
    let shop = Shop::start();
    is_problem(&shop.get("products/1/stock").await, 404, "stock_not_counted");
    is_problem(&shop.get("products/4000000000/stock").await, 404, "product_not_found");
    is_problem(&shop.count(4_000_000_000, json!({"on_hand": 1})).await, 404, "product_not_found");
    assert_eq!(shop.get("stock").await, (200, json!({"items": [], "next": null})));
    let (status, level) = shop.count(MILK, json!({"on_hand": 12, "low_at": 12})).await;
    let expected = json!({
        "product_id": MILK, "product_name": level["product_name"], "on_hand": 12, "available": 12, "held": 0,
        "low_at": 12, "is_low": true,
    });
    assert_eq!((status, &level), (200, &expected));
    let receive = async |product_id: i64, body: Value| {
        let path = format!("products/{product_id}/stock/receive");
        answer(shop.admin(Method::POST, &path).json(&body)).await
    };
    assert_eq!(receive(BREAD, json!({"quantity": 24})).await.1["on_hand"], 24);
    assert_eq!(shop.get("stock?low=true").await.1["items"], json!([level]));
    assert_eq!(receive(MILK, json!({"quantity": 1})).await.1["is_low"], false);
    assert_eq!(shop.get("stock?low=true").await.1["items"], json!([]));
    let first = shop.get("stock?limit=1").await.1;
    assert_eq!(first["next"], "/v1/admin/stock?offset=1&limit=1");
    let movements = shop.get("stock/movements?product_id=1").await.1;
    let kinds: Vec<_> = movements["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|movement| {
            (movement["kind"].as_str().unwrap(), movement["quantity"].as_i64().unwrap(), &movement["who"])
        })
        .collect();
    assert_eq!(kinds, [("receive", 1, &json!("admin")), ("count", 12, &json!("admin"))]);
    let page = shop.get("stock/movements?product_id=1&limit=1").await.1;
    assert_eq!(page["next"], "/v1/admin/stock/movements?offset=1&limit=1&product_id=1");
    assert_eq!(shop.get("stock/movements").await.1["items"].as_array().unwrap().len(), 3);

    for body in
        [json!({}), json!({"on_hand": -1}), json!({"on_hand": 1.5}), json!({"on_hand": 1, "low_at": -1})]
    {
        is_problem(&shop.count(MILK, body).await, 400, "fields_invalid");
    }
    is_problem(&shop.count(MILK, json!([])).await, 400, "malformed");
    for quantity in [json!(0), json!(1_000_000_001), json!("many"), Value::Null] {
        is_problem(&receive(MILK, json!({ "quantity": quantity })).await, 400, "fields_invalid");
    }
    is_problem(&receive(MILK, json!({"quantity": 1_000_000_000})).await, 400, "too_many");
    for query in ["stock?low=maybe", "stock?limit=0", "stock/movements?product_id=milk"] {
        is_problem(&shop.get(query).await, 400, "parameter_invalid");
    }
    assert_eq!(shop.stock(MILK).await, (13, 0), "nothing of this has changed anything");
    for (method, path) in [
        (Method::GET, "stock"),
        (Method::GET, "stock/movements"),
        (Method::PUT, "products/1/stock"),
        (Method::POST, "products/1/stock/receive"),
        (Method::POST, "orders/1/cancel"),
    ] {
        let refused = answer(shop.request(method, &format!("/v1/admin/{path}"))).await;
        is_problem(&refused, 401, "admin_key_wrong");
    }
}

#[tokio::test]
async fn an_order_takes_from_stock_and_gives_back_what_is_called_off() {
    let shop = Shop::start();
    let (asha, bina) = (shop.shopper(1).await, shop.shopper(2).await);
    shop.count(MILK, json!({"on_hand": 3})).await;
    asha.takes(&[(MILK, 4), (BREAD, 1)]).await;
    let refused = asha.orders("first", "").await;
    is_problem(&refused, 409, "out_of_stock");
    assert_eq!(refused.1["shortages"], shortages(MILK, 4, 3));
    let (status, old) = answer(asha.request(Method::POST, "/orders/checkout")).await;
    let text = "not enough in stock: 4 of product 1 are wanted and 3 are left";
    assert_eq!((status, old), (409, json!({ "detail": text })));
    assert_eq!((shop.stock(MILK).await, asha.history().await.len()), ((3, 0), 0), "nothing has changed");
    answer(asha.request(Method::POST, "/cart/item/remove").json(&json!({"product_id": MILK}))).await;

    let (status, order) = asha.orders("first", r#"{"payment_method": "bkash"}"#).await;
    assert_eq!(status, 201, "{order}");
    assert_eq!((&order["status"], &order["payment_state"]), (&json!("verified"), &json!("pending")));
    assert_eq!((&order["payment_method"], &order["currency"]), (&json!("bkash"), &json!("INR")));
    assert_eq!((&order["quantity"], &order["is_tax_included"]), (&json!(4), &json!(true)));
    assert_eq!(order["payment_minor"], order["discounted_price_minor"]);
    let lines = order["lines"].as_array().unwrap();
    let sum = |name: &str| -> i64 {
        lines.iter().map(|line| line[name].as_i64().unwrap() * line["quantity"].as_i64().unwrap()).sum()
    };
    assert_eq!(sum("price_minor"), order["price_minor"].as_i64().unwrap());
    assert_eq!(sum("discounted_price_minor"), order["discounted_price_minor"].as_i64().unwrap());
    let tax: i64 = lines.iter().map(|line| line["tax_minor"].as_i64().unwrap()).sum();
    assert_eq!(tax, order["tax_minor"].as_i64().unwrap());
    assert_eq!(shop.stock(MILK).await, (0, 0));

    is_problem(&bina.cancels(&order).await, 404, "order_not_found");
    let (status, cancelled) = asha.cancels(&order).await;
    assert_eq!(
        (status, &cancelled["status"], &cancelled["payment_state"]),
        (200, &json!("cancelled"), &json!("cancelled"))
    );
    assert_eq!(cancelled["lines"], order["lines"]);
    is_problem(&asha.cancels(&order).await, 409, "illegal_transition");
    assert_eq!(shop.stock(MILK).await, (3, 0), "it came back once");
    for wrong in ["0", "-1", "x", "99999999999999999999"] {
        let path = format!("/v1/orders/{wrong}/cancel");
        assert_eq!(answer(asha.request(Method::POST, &path)).await.0, 404, "{wrong}");
    }
    assert_eq!(answer(shop.request(Method::POST, "/v1/orders/1/cancel")).await.0, 401);
}

#[tokio::test]
async fn the_shop_moves_orders_of_carts_by_the_table() {
    let shop = Shop::start();
    let asha = shop.shopper(1).await;
    shop.count(MILK, json!({"on_hand": 2})).await;
    asha.takes(&[(MILK, 1)]).await;
    let order = asha.orders("first", "").await.1;
    is_problem(&shop.advance(&order, "ship").await, 409, "illegal_transition");
    for (event, status) in [
        ("start_processing", "processing"),
        ("ship", "shipped"),
        ("fail_delivery", "processing"),
        ("ship", "shipped"),
        ("deliver", "delivered"),
    ] {
        let (code, moved) = shop.advance(&order, event).await;
        assert_eq!((code, &moved["status"]), (200, &json!(status)), "{event}: {moved}");
    }
    is_problem(&asha.cancels(&order).await, 409, "illegal_transition");
    asha.takes(&[(MILK, 1)]).await;
    let second = asha.orders("second", "").await.1;
    for event in ["place", "verify", "expire", "take_away"] {
        is_problem(&shop.advance(&second, event).await, 409, "illegal_transition");
    }
    assert_eq!(shop.stock(MILK).await, (0, 0));
    assert_eq!(shop.advance(&second, "cancel").await.1["status"], "cancelled");
    assert_eq!(shop.stock(MILK).await, (1, 0));
    for wrong in [json!({"order_id": 4_000_000_000_i64}), json!({"order_id": "x"})] {
        assert_eq!(shop.advance(&wrong, "cancel").await.0, 404);
    }
    assert_eq!(shop.advance(&second, "lose").await.0, 404);
}

#[tokio::test]
async fn a_hold_keeps_pieces_from_others() {
    let shop = Shop::start();
    let (asha, bina) = (shop.shopper(1).await, shop.shopper(2).await);
    shop.count(MILK, json!({"on_hand": 3})).await;
    asha.takes(&[(MILK, 2), (BREAD, 1)]).await;
    bina.takes(&[(MILK, 2)]).await;
    let (status, hold) = asha.holds().await;
    let pieces = json!([{"product_id": MILK, "quantity": 2}]);
    assert_eq!((status, &hold["pieces"]), (200, &pieces), "what is not counted is not held");
    assert!(hold["expires_at"].is_string());
    assert_eq!(shop.stock(MILK).await, (1, 2));
    is_problem(&shop.count(MILK, json!({"on_hand": 1})).await, 409, "stock_held");
    let refused = bina.holds().await;
    is_problem(&refused, 409, "out_of_stock");
    assert_eq!(refused.1["shortages"], shortages(MILK, 2, 1));
    is_problem(&bina.orders("first", "").await, 409, "out_of_stock");
    let release = async || answer(asha.request(Method::DELETE, "/v1/cart/hold")).await;
    assert_eq!((release().await, release().await), ((204, Value::Null), (204, Value::Null)));
    assert_eq!(bina.orders("first", "").await.0, 201, "a request that failed has used no key up");
    is_problem(&asha.holds().await, 409, "out_of_stock");
    is_problem(&bina.holds().await, 404, "no_active_cart");
    for method in [Method::POST, Method::DELETE] {
        assert_eq!(answer(shop.request(method, "/v1/cart/hold")).await.0, 401);
    }
}

#[tokio::test]
async fn a_request_that_comes_again_is_answered_alike() {
    let shop = Shop::start();
    let (asha, bina) = (shop.shopper(1).await, shop.shopper(2).await);
    for shopper in [&asha, &bina] {
        shopper.takes(&[(MILK, 1)]).await;
    }
    let cash = r#"{"payment_method": "cash"}"#;
    let placed = asha.orders("first", cash).await;
    assert_eq!(placed.0, 201, "{}", placed.1);
    assert_eq!(asha.orders("first", cash).await, placed);
    shop.advance(&placed.1, "start_processing").await;
    asha.takes(&[(MILK, 1)]).await;
    assert_eq!(asha.orders("first", cash).await, placed, "as it was placed");
    for other in ["", "{}", r#"{"payment_method":"cash"}"#, r#"{"payment_method": "card"}"#] {
        is_problem(&asha.orders("first", other).await, 422, "idempotency_key_reused");
    }
    let other_route = answer(asha.checkout("first", "")).await;
    assert_eq!(other_route, (422, json!({"detail": "the idempotency key was used for another request"})));
    assert_eq!(asha.history().await.len(), 1);
    assert_eq!(bina.orders("first", cash).await.0, 201, "the key of another shopper is another key");

    let old = answer(asha.checkout("second", "\u{0}any body")).await;
    assert_eq!(old.0, 201, "{}", old.1);
    assert_eq!(answer(asha.checkout("second", "\u{0}any body")).await, old);
    assert_eq!(answer(asha.checkout("second", "another one")).await.0, 422);
    assert_eq!(asha.history().await.len(), 2);
    is_problem(&asha.orders("third", cash).await, 404, "no_active_cart");
}

#[tokio::test]
async fn a_key_is_required_and_bounded() {
    let shop = Shop::start();
    let asha = shop.shopper(1).await;
    asha.takes(&[(MILK, 1)]).await;
    let keyless = answer(asha.request(Method::POST, "/v1/orders")).await;
    is_problem(&keyless, 400, "idempotency_key_missing");
    let long = "k".repeat(256);
    for wrong in ["", "two words", "schlüssel", &long] {
        is_problem(&asha.orders(wrong, "").await, 400, "invalid_idempotency_key");
        let text = "an idempotency key has 1 to 255 visible ASCII characters";
        assert_eq!(answer(asha.checkout(wrong, "")).await, (400, json!({ "detail": text })));
    }
    for (body, code) in [
        (r#"{"payment_method": "gold"}"#, "fields_invalid"),
        (r#"{"payment_method": 7}"#, "fields_invalid"),
        ("[]", "malformed"),
        ("{", "malformed"),
    ] {
        is_problem(&asha.orders("first", body).await, 400, code);
    }
    assert_eq!(
        answer(shop.request(Method::POST, "/v1/orders").header("Idempotency-Key", "first")).await.0,
        401
    );
    let too_long = asha.request(Method::POST, "/orders/checkout").body(vec![b' '; 300_000]);
    assert_eq!(answer(too_long).await.0, 413);
    assert_eq!(asha.history().await.len(), 0);
    assert_eq!(asha.orders(&"k".repeat(255), "{}").await.0, 201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parallel_requests_under_one_key_make_one_order() {
    let shop = Shop::start();
    let asha = shop.shopper(1).await;
    shop.count(MILK, json!({"on_hand": 100})).await;
    for old in [false, true] {
        asha.takes(&[(MILK, 1)]).await;
        let request = || if old { asha.checkout("old", "") } else { asha.order("new", "{}") };
        let tasks: Vec<_> = (0..32)
            .map(|_| {
                let request = request();
                tokio::spawn(async move {
                    let response = request.send().await.unwrap();
                    let retry_after = response.headers().get("retry-after").cloned();
                    (retry_after, read(response).await)
                })
            })
            .collect();
        let mut placed = Vec::new();
        for task in tasks {
            let (retry_after, (status, body)) = task.await.unwrap();
            match status {
                201 => placed.push(body),
                _ => assert_eq!((status, retry_after.unwrap().to_str().unwrap()), (409, "1"), "{body}"),
            }
        }
        assert!(placed.iter().all(|order| *order == placed[0]), "{placed:?}");
        assert!(!placed.is_empty());
        assert_eq!(answer(request()).await, (201, placed.remove(0)));
    }
    assert_eq!((asha.history().await.len(), shop.stock(MILK).await), (2, (98, 0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_64_buyers_of_the_last_ten_pieces_ten_get_one() {
    let shop = Shop::start();
    shop.count(MILK, json!({"on_hand": 10})).await;
    let mut buyers = Vec::new();
    for index in 0..64 {
        let buyer = shop.shopper(index).await;
        // In opposite orders.
        let pieces = if index % 2 == 0 { [(MILK, 1), (BREAD, 1)] } else { [(BREAD, 1), (MILK, 1)] };
        buyer.takes(&pieces).await;
        buyers.push(buyer);
    }
    let tasks: Vec<_> = buyers
        .iter()
        .map(|buyer| {
            let request = buyer.order("mine", "");
            tokio::spawn(async move { answer(request).await })
        })
        .collect();
    let mut sold = 0;
    for task in tasks {
        let outcome = task.await.unwrap();
        if outcome.0 == 201 {
            sold += 1;
        } else {
            is_problem(&outcome, 409, "out_of_stock");
            assert_eq!(outcome.1["shortages"], shortages(MILK, 1, 0));
        }
    }
    assert_eq!((sold, shop.stock(MILK).await), (10, (0, 0)));
    let mut orders = 0;
    for buyer in &buyers {
        orders += buyer.history().await.len();
    }
    assert_eq!(orders, 10);
    let movements = shop.get("stock/movements?product_id=1").await.1;
    let sum: i64 =
        movements["items"].as_array().unwrap().iter().map(|item| item["quantity"].as_i64().unwrap()).sum();
    assert_eq!((movements["items"].as_array().unwrap().len(), sum), (11, 0));
}

/// Does what docs/stock.md shows, in its order.
#[tokio::test]
async fn the_examples_of_the_documentation_work() {
    let shop = Shop::start();
    let asha = shop.shopper(1).await;
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/stock.md");
    let page = std::fs::read_to_string(page).unwrap().replace("\\\n", " ");
    let mut examples = 0;
    for example in page.lines().filter_map(|line| line.strip_prefix("curl ")) {
        // What is quoted is text or a variable; nothing has quotes in it.
        let mut words = example.split('\'').enumerate().flat_map(|(index, part)| match index % 2 {
            0 => part.split([' ', '"']).filter(|word| !word.is_empty()).collect(),
            _ => vec![part],
        });
        let (mut method, mut path, mut headers, mut body) = (None, "", Vec::new(), None);
        while let Some(word) = words.next() {
            match word {
                "-H" => headers.push(words.next().unwrap()),
                "-X" => method = Some(words.next().unwrap()),
                "-d" => body = Some(words.next().unwrap()),
                url => path = url.strip_prefix("$URL").unwrap(),
            }
        }
        let default = if body.is_some() { "POST" } else { "GET" };
        let mut request = shop.request(method.unwrap_or(default).parse().unwrap(), path);
        for header in headers {
            request = match header {
                "$ADMIN" => request.header("X-Admin-Key", KEY),
                "$AUTH" => request.bearer_auth(&asha.token),
                "$JSON" => request.header("Content-Type", "application/json"),
                other => {
                    let (name, value) = other.split_once(": ").unwrap();
                    request.header(name, value)
                }
            };
        }
        let (status, answer) = answer(request.body(body.unwrap_or_default().to_owned())).await;
        assert!((200..300).contains(&status), "{example}: {status} {answer}");
        examples += 1;
    }
    assert_eq!(examples, 10);
}
