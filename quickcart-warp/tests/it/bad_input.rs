//! Whatever a client sends, it gets a clear 4xx, and the next request is answered as ever.

use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::program::{Server, folder};

struct Caller {
    server: Server,
    client: Client,
    token: String,
}

impl Caller {
    async fn start(folder: &std::path::Path) -> Self {
        let server = Server::start(folder, &[("FIXED_OTP", "424242")]);
        let client = Client::builder().cookie_store(true).build().unwrap();
        let mut caller = Self { server, client, token: String::new() };
        caller.send(Method::POST, "/auth/verify_mobile", r#"{"mobile_number":"9876543210"}"#).await;
        let body = r#"{"mobile_number":"9876543210","otp":"424242"}"#;
        let answer: Value = caller.send(Method::POST, "/auth/verify_otp", body).await.json().await.unwrap();
        caller.token = answer["token"].as_str().unwrap().to_owned();
        caller.send(Method::POST, "/cart/connect", r#"{"cart_id":1}"#).await;
        caller
    }

    async fn send(&self, method: Method, path: &str, body: impl Into<reqwest::Body>) -> Response {
        let request = self.client.request(method, self.server.url.clone() + path).bearer_auth(&self.token);
        request.header("Content-Type", "application/json").body(body).send().await.unwrap()
    }

    /// Sends what is wrong; the answer must be this status, in JSON, in the dialect of the path.
    async fn refused(
        &self,
        method: Method,
        path: &str,
        body: impl Into<reqwest::Body>,
        status: u16,
    ) -> Value {
        let response = self.send(method.clone(), path, body).await;
        let found = response.status();
        let content_type = response.headers().get("content-type").unwrap().to_str().unwrap().to_owned();
        let text = response.text().await.unwrap();
        assert_eq!(found.as_u16(), status, "{method} {path}: {text}");
        assert_eq!(content_type, "application/json");
        let answer: Value = serde_json::from_str(&text).unwrap();
        let key = if path.starts_with("/api") { "message" } else { "detail" };
        assert!(!answer[key].is_null(), "{path}: {text}");
        answer
    }
}

const POSTS: [&str; 14] = [
    "/api/send-otp",
    "/api/verify-otp",
    "/auth/verify_mobile",
    "/auth/verify_otp",
    "/auth/complete_profile",
    "/user/checklist/add",
    "/user/checklist/remove",
    "/cart/connect",
    "/cart/item/add",
    "/cart/item/remove",
    "/cart/esp32/add_item",
    "/cart/esp32/update_item",
    "/cart/shortest_path",
    "/cart/shortest_path?with=query",
];

#[tokio::test]
async fn bodies_that_are_no_json_objects_are_refused_everywhere() {
    let folder = folder();
    let caller = Caller::start(folder.path()).await;
    for path in POSTS {
        for body in ["", "{bad", "[1,2]", "null", "7", "\"text\"", "{\"a\":1,\"a\":2}", "{\"a\":nan}", "\0"] {
            // A connection without a body makes a cart.
            if (path, body) != ("/cart/connect", "") {
                caller.refused(Method::POST, path, body, 400).await;
            }
        }
        caller.refused(Method::POST, path, b"{\"mobile_number\":\"\xff\xfe\"}".to_vec(), 400).await;
        let deep = format!("{}{}", "{\"a\":".repeat(50_000), "}".repeat(50_000));
        let response = caller.send(Method::POST, path, deep).await;
        assert!(response.status().is_client_error(), "{path}: {}", response.status());
    }
    assert_eq!(caller.send(Method::GET, "/health", "").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_body_of_ten_megabytes_gets_413_and_a_wrong_type_415() {
    let folder = folder();
    let caller = Caller::start(folder.path()).await;
    for path in POSTS {
        caller.refused(Method::POST, path, vec![b' '; 10_000_000], 413).await;
        for content_type in [None, Some("text/plain"), Some("application/x-www-form-urlencoded")] {
            let mut request = caller.client.post(caller.server.url.clone() + path).bearer_auth(&caller.token);
            if let Some(content_type) = content_type {
                request = request.header("Content-Type", content_type);
            }
            let response = request.body("{}").send().await.unwrap();
            assert_eq!(response.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "{path} {content_type:?}");
        }
    }
}

#[tokio::test]
async fn wrong_values_are_named_field_by_field() {
    let folder = folder();
    let caller = Caller::start(folder.path()).await;
    let check = async |path: &str, body: Value, expected: Value| {
        let answer = caller.refused(Method::POST, path, body.to_string(), 400).await;
        let found: Vec<Value> = answer["detail"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| json!([item["type"], item["loc"]]))
            .collect();
        assert_eq!(json!(found), expected, "{path} {body}: {answer}");
    };
    check(
        "/auth/verify_mobile",
        json!({"mobile_number": "123"}),
        json!([["string_too_short", ["mobile_number"]]]),
    )
    .await;
    check("/auth/verify_mobile", json!({"mobile_number": 9}), json!([["string_type", ["mobile_number"]]]))
        .await;
    check(
        "/cart/esp32/add_item",
        json!({"cart_id": "x", "product_id": 1}),
        json!([["int_parsing", ["cart_id"]], ["missing", ["weight"]]]),
    )
    .await;
    check(
        "/cart/esp32/update_item",
        json!({"cart_id": -1, "barcode": "", "weight": 1e300}),
        json!([
            ["greater_than_equal", ["cart_id"]],
            ["string_too_short", ["barcode"]],
            ["float_type", ["weight"]]
        ]),
    )
    .await;
    check(
        "/user/checklist/add",
        json!({"product_id": 1, "quantity": 0}),
        json!([["greater_than", ["quantity"]]]),
    )
    .await;
    check(
        "/user/checklist/add",
        json!({"product_id": 1.5, "quantity": 1e9}),
        json!([["int_from_float", ["product_id"]], ["less_than_equal", ["quantity"]]]),
    )
    .await;
    check("/cart/connect", json!({}), json!([["missing", ["cart_id"]]])).await;
    check(
        "/cart/shortest_path",
        json!({"start_x": 1, "destinations": []}),
        json!([["missing", ["start_y"]]]),
    )
    .await;
    check(
        "/cart/shortest_path",
        json!({"destinations": [{"product_id": []}]}),
        json!([["int_type", ["destinations", 0, "product_id"]]]),
    )
    .await;
    check("/cart/shortest_path", json!({"destinations": 7}), json!([["list_type", ["destinations"]]])).await;
    check(
        "/cart/shortest_path",
        json!({"destinations": vec![json!({"product_id": 1}); 1_000]}),
        json!([["too_long", ["destinations"]]]),
    )
    .await;
    check(
        "/auth/complete_profile",
        json!({"user_name": " ", "email": "no address", "user_foodtype_id": "x"}),
        json!([
            ["value_error", ["user_name"]],
            ["value_error", ["email"]],
            ["int_parsing", ["user_foodtype_id"]]
        ]),
    )
    .await;
}

#[tokio::test]
async fn unknown_and_huge_ids_are_not_found_and_change_nothing() {
    let folder = folder();
    let caller = Caller::start(folder.path()).await;
    let post = async |path: &str, body: Value, status: u16| {
        caller.refused(Method::POST, path, body.to_string(), status).await;
    };
    for id in [json!(-1), json!(0), json!(999_999), json!(i64::MAX), json!(i64::MIN)] {
        post("/cart/connect", json!({ "cart_id": id }), 404).await;
        post("/user/checklist/add", json!({"product_id": id, "quantity": 1}), 404).await;
    }
    post("/user/checklist/add", json!({"product_id": 9_300_000_000_000_000_000_u64, "quantity": 1}), 400)
        .await;
    post("/cart/esp32/add_item", json!({"cart_id": 777, "product_id": 1, "weight": 1}), 404).await;
    post("/cart/esp32/add_item", json!({"cart_id": 1, "product_id": 999_999, "weight": 1}), 404).await;
    post("/cart/esp32/add_item", json!({"cart_id": 2, "product_id": 1, "weight": 1}), 409).await;
    post("/cart/esp32/update_item", json!({"cart_id": 1, "barcode": "nope", "weight": 1}), 404).await;
    post(
        "/cart/esp32/update_item",
        json!({"cart_id": 1, "barcode": "'; DROP TABLE orders; --", "weight": 1}),
        404,
    )
    .await;
    post("/auth/complete_profile", json!({"user_name": "A", "user_foodtype_id": 999}), 400).await;
    post("/cart/shortest_path", json!({"destinations": []}), 400).await;
    post(
        "/cart/shortest_path",
        json!({"start_x": 1e9, "start_y": -5, "destinations": [{"x": 1, "y": 1}]}),
        400,
    )
    .await;
    for path in [
        "/products/999999",
        "/products/-1",
        "/products/99999999999999999999",
        "/products/abc",
        "/products/%ff",
    ] {
        caller.refused(Method::GET, path, "", 404).await;
    }
    for path in ["/products/search", "/products/search?query=", "/products/search?other=1"] {
        caller.refused(Method::GET, path, "", 400).await;
    }
    for query in ["%00", "%0a", &"_".repeat(26_000), &"x".repeat(201)] {
        caller.refused(Method::GET, &format!("/products/search?query={query}"), "", 400).await;
    }
    for query in ["%25", "_", "%ff%fe", "'%22%5C", &"x".repeat(200)] {
        let found = caller.send(Method::GET, &format!("/products/search?query={query}"), "").await;
        assert_eq!(found.json::<Value>().await.unwrap()["results"], json!([]), "{query}");
    }
    let cart: Value = caller.send(Method::GET, "/cart/view", "").await.json().await.unwrap();
    assert_eq!(cart["items"], json!([]));
    let none = json!({"destinations": [{"product_id": 999_999}]}).to_string();
    let walk: Value = caller.send(Method::POST, "/cart/shortest_path", none).await.json().await.unwrap();
    assert_eq!(walk["segments"], json!([]), "an unknown product is left out");
}

#[tokio::test]
async fn the_shortest_path_says_what_is_wrong_twice() {
    let folder = folder();
    let caller = Caller::start(folder.path()).await;
    caller.send(Method::POST, "/cart/disconnect", "").await;
    let body = json!({"destinations": [{"product_id": 1}]}).to_string();
    let answer = caller.refused(Method::POST, "/cart/shortest_path", body, 404).await;
    assert_eq!(answer["error"], "No active cart location found for user.");
    assert_eq!(answer["error"], answer["detail"]);
}

#[tokio::test]
async fn unknown_paths_methods_and_tokens_are_refused_in_the_dialect_of_the_path() {
    let folder = folder();
    let caller = Caller::start(folder.path()).await;
    for path in
        ["/nothing", "/api/nothing", "/cart", "/cart/view/more", "/products", "/user/", "/orders/1/2", "//"]
    {
        caller.refused(Method::GET, path, "", 404).await;
    }
    for (path, allow) in [
        ("/api/send-otp", "POST"),
        ("/cart/connect", "POST"),
        ("/cart/view", "GET, HEAD"),
        ("/", "GET, HEAD"),
    ] {
        let response = caller.send(Method::DELETE, path, "").await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
        assert_eq!(response.headers()["allow"], allow, "{path}");
    }
    let response = caller.send(Method::DELETE, "/cart/shortest_path", "").await;
    assert!(response.json::<Value>().await.unwrap()["error"].is_string());
    for authorization in ["", "Bearer", "Bearer ", "Bearer a.b.c", "Basic abc", "bearer"] {
        let request = caller.client.get(caller.server.url.clone() + "/cart/view");
        let response = request.header("Authorization", authorization).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{authorization:?}");
        assert!(response.json::<Value>().await.unwrap()["detail"].is_string());
    }
}
