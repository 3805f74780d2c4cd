//! Carts over HTTP: locked while somebody pays, blocked while the scale shows something else, opened again, and versions.

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::{Server, folder};

const KEY: &str = "the key of this test";
/// A trolley and two products of the demo store.
const TROLLEY: i64 = 1;
const MILK: i64 = 1;
const BREAD: i64 = 2;

struct Visit {
    server: Server,
    client: Client,
    token: String,
    _folder: TempDir,
}

/// Status and body; nothing at all is null.
type Answer = (u16, Value);

impl Visit {
    /// Somebody with a trolley, in a shop with such settings besides.
    async fn begin(settings: &[(&str, &str)]) -> Self {
        let folder = folder();
        let settings = [&[("QUICKCART_ADMIN_KEY", KEY), ("FIXED_OTP", "424242")], settings].concat();
        let server = Server::start(folder.path(), &settings);
        let client = Client::builder().cookie_store(true).build().unwrap();
        let mut visit = Self { server, client, token: String::new(), _folder: folder };
        let number = json!({"mobile_number": "9876543210", "otp": "424242"});
        visit.post("/auth/verify_mobile", number.clone()).await;
        visit.token = visit.post("/auth/verify_otp", number).await.1["token"].as_str().unwrap().to_owned();
        assert_eq!(visit.post("/cart/connect", json!({"cart_id": TROLLEY})).await.0, 200);
        visit
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, self.server.url.clone() + path).bearer_auth(&self.token)
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        answer(self.request(Method::POST, path).json(&body)).await
    }

    async fn item(&self, event: &str, product_id: i64) -> Answer {
        self.post(&format!("/cart/item/{event}"), json!({ "product_id": product_id })).await
    }

    /// A device sees a piece; the whole trolley weighs so many grams.
    async fn put(&self, product_id: i64, weight_g: i64) {
        let body = json!({"cart_id": TROLLEY, "product_id": product_id, "weight": weight_g as f64 / 1_000.0});
        assert_eq!(self.post("/cart/esp32/add_item", body).await.0, 200);
    }

    async fn rescan(&self) -> Answer {
        answer(self.request(Method::POST, "/v1/cart/rescan")).await
    }

    async fn cart(&self) -> Value {
        let (status, cart) = answer(self.request(Method::GET, "/v1/cart")).await;
        assert_eq!(status, 200, "{cart}");
        cart
    }

    async fn admin(&self, method: Method, path: &str, body: Value) -> Answer {
        answer(self.request(method, &format!("/v1/admin/{path}")).header("X-Admin-Key", KEY).json(&body))
            .await
    }

    /// What a piece weighs by the catalogue.
    async fn unit_g(&self, product_id: i64) -> i64 {
        let product = self.admin(Method::GET, &format!("products/{product_id}"), Value::Null).await.1;
        product["weight_g"].as_i64().unwrap()
    }

    /// The audit of the trolley, newest first: who did what.
    async fn audit(&self) -> Vec<(String, String)> {
        let rows = self.admin(Method::GET, "audit?entity=cart&entity_id=1", Value::Null).await.1;
        let word = |value: &Value| value.as_str().unwrap().to_owned();
        let row = |row: &Value| (word(&row["who"]), word(&row["action"]));
        rows["items"].as_array().unwrap().iter().map(row).collect()
    }
}

async fn answer(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() })
}

/// A problem of this status and code.
fn is_problem((status, problem): &Answer, expected: u16, code: &str) {
    assert_eq!((*status, &problem["code"]), (expected, &json!(code)), "{problem}");
}

#[tokio::test]
async fn a_shopper_puts_right_what_was_not_scanned() {
    let visit = Visit::begin(&[("QUICKCART_WEIGHT_TOLERANCE", "20")]).await;
    let (milk_g, bread_g) = (visit.unit_g(MILK).await, visit.unit_g(BREAD).await);
    visit.put(MILK, milk_g + 20).await;
    assert_eq!(visit.cart().await["state"], "open");
    // The scanner read milk once more, and bread went in.
    visit.put(MILK, milk_g + bread_g).await;
    assert_eq!(visit.cart().await["state"], "blocked");
    let (status, refused) = visit.post("/orders/checkout", json!({})).await;
    let text = "customer cannot place_order what is blocked; possible: change_lines, rescan";
    assert_eq!((status, &refused["detail"]), (409, &json!(text)));
    is_problem(&visit.post("/v1/cart/hold", json!({})).await, 409, "illegal_transition");
    assert_eq!(visit.post("/cart/disconnect", json!({})).await.0, 409);
    let refused = visit.rescan().await;
    is_problem(&refused, 409, "weight_differs");
    let grams = (milk_g - bread_g).abs();
    let than = if bread_g < milk_g { "less" } else { "more" };
    let text = format!("the cart weighs {grams} g {than} than its lines; put them right, or ask the staff");
    assert_eq!(refused.1["detail"], text);

    let blocked = visit.admin(Method::GET, "carts?state=blocked", Value::Null).await.1;
    let (reported_mg, expected_mg) = ((milk_g + bread_g) * 1_000, 2 * milk_g * 1_000);
    let user_id = &blocked["items"][0]["user_id"];
    let expected = json!({
        "cart_id": TROLLEY, "user_id": user_id, "reported_weight_mg": reported_mg,
        "expected_weight_mg": expected_mg, "difference_mg": reported_mg - expected_mg,
    });
    assert_eq!(blocked, json!({"items": [expected], "next": null}));

    assert_eq!(visit.item("remove", MILK).await.0, 200);
    assert_eq!(visit.item("add", BREAD).await.0, 200);
    assert_eq!(visit.cart().await["state"], "blocked");
    assert_eq!(visit.rescan().await, (204, Value::Null));
    assert_eq!(visit.cart().await["state"], "open");
    is_problem(&visit.rescan().await, 409, "illegal_transition");
    let row = |who: &str, action: &str| (who.to_owned(), action.to_owned());
    assert_eq!(visit.audit().await, [row("customer", "rescan"), row("device", "block")]);
    let (status, order) = visit.post("/orders/checkout", json!({})).await;
    assert_eq!(status, 201, "{order}");
    is_problem(&visit.rescan().await, 404, "no_active_cart");
}

#[tokio::test]
async fn the_staff_opens_what_it_has_looked_at() {
    let visit = Visit::begin(&[("QUICKCART_WEIGHT_TOLERANCE", "20")]).await;
    let milk_g = visit.unit_g(MILK).await;
    let approve =
        async |cart_id: i64, body| visit.admin(Method::POST, &format!("carts/{cart_id}/approve"), body).await;
    let reason = json!({"reason": "a bag of her own"});
    is_problem(&approve(TROLLEY, reason.clone()).await, 409, "illegal_transition");
    is_problem(&approve(4_000_000_000, reason.clone()).await, 404, "cart_not_found");
    visit.put(MILK, milk_g + 21).await;
    for body in
        [json!({}), json!({"reason": " "}), json!({"reason": "a\nb"}), json!({"reason": "x".repeat(201)})]
    {
        is_problem(&approve(TROLLEY, body).await, 400, "fields_invalid");
    }
    for query in ["carts", "carts?state=open", "carts?state=blocked&limit=0"] {
        is_problem(&visit.admin(Method::GET, query, Value::Null).await, 400, "parameter_invalid");
    }
    assert_eq!(visit.post("/orders/checkout", json!({})).await.0, 409);
    assert_eq!(approve(TROLLEY, reason).await, (204, Value::Null));
    assert_eq!(visit.cart().await["state"], "open");
    let rows = visit.admin(Method::GET, "audit?entity=cart", Value::Null).await.1;
    let (newest, after) = (&rows["items"][0], &rows["items"][0]["after"]);
    assert_eq!((&newest["who"], &newest["action"]), (&json!("admin"), &json!("approve")));
    assert_eq!((&after["state"], &after["reason"]), (&json!("open"), &json!("a bag of her own")));
    assert_eq!(visit.post("/orders/checkout", json!({})).await.0, 201);
    let response = visit.client.get(visit.server.url.clone() + "/v1/admin/carts?state=blocked");
    is_problem(&answer(response).await, 401, "admin_key_wrong");
}

#[tokio::test]
async fn nobody_compares_weights_unless_told_to() {
    let visit = Visit::begin(&[]).await;
    for weight_g in [0, 1, 2_000_000] {
        visit.put(MILK, weight_g).await;
        assert_eq!(visit.cart().await["state"], "open");
    }
    assert_eq!(visit.post("/orders/checkout", json!({})).await.0, 201);
    assert_eq!(visit.audit().await, []);
}

#[tokio::test]
async fn a_cart_that_is_being_paid_is_changed_by_devices_alone() {
    let visit = Visit::begin(&[]).await;
    assert_eq!(visit.item("add", MILK).await.0, 200);
    assert_eq!(visit.post("/v1/cart/hold", json!({})).await.0, 200);
    assert_eq!(visit.cart().await["state"], "locked");
    let text = "customer cannot change_lines what is locked; \
                possible: begin_checkout, cancel_checkout, place_order, abandon";
    for event in ["add", "remove"] {
        assert_eq!(visit.item(event, MILK).await, (409, json!({ "detail": text })));
    }
    let token = visit.post("/v1/guest-carts", json!({})).await.1["token"].as_str().unwrap().to_owned();
    let merged = visit.post(&format!("/v1/guest-carts/{token}/merge"), json!({})).await;
    is_problem(&merged, 409, "illegal_transition");
    assert_eq!(visit.post("/v1/cart/hold", json!({})).await.0, 200, "once more for ten minutes");
    assert_eq!(answer(visit.request(Method::DELETE, "/v1/cart/hold")).await.0, 204);
    assert_eq!(visit.item("add", MILK).await.0, 200);
    assert_eq!(visit.post("/v1/cart/hold", json!({})).await.0, 200);
    visit.put(BREAD, 1).await;
    let cart = visit.cart().await;
    assert_eq!((&cart["state"], cart["lines"].as_array().unwrap().len()), (&json!("open"), 2));
    assert_eq!(visit.post("/v1/cart/hold", json!({})).await.0, 200);
    assert_eq!(visit.post("/orders/checkout", json!({})).await.0, 201);
}

#[tokio::test]
async fn a_cart_that_has_changed_is_left_alone() {
    let visit = Visit::begin(&[]).await;
    let response = visit.request(Method::GET, "/v1/cart").send().await.unwrap();
    let tag = response.headers()["etag"].to_str().unwrap().to_owned();
    assert_eq!(tag, format!("\"{}\"", response.json::<Value>().await.unwrap()["version"]));
    let item = async |event: &str, if_match: &str| {
        let request = visit.request(Method::POST, &format!("/cart/item/{event}"));
        answer(request.header("If-Match", if_match).json(&json!({"product_id": MILK}))).await.0
    };
    assert_eq!(item("add", &tag).await, 200);
    for if_match in [&*tag, "1", "\"-1\"", &format!("W/{tag}")] {
        assert_eq!((item("add", if_match).await, item("remove", if_match).await), (412, 412), "{if_match}");
    }
    let cart = visit.cart().await;
    assert_eq!(cart["lines"][0]["quantity"], 1);
    assert_eq!(item("add", "*").await, 200);
    assert_eq!(item("remove", &format!("\"{}\"", visit.cart().await["version"])).await, 200);
}
