//! Somebody who orders, and looks at what they have ordered.

use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};

/// What servers are started with, so that this works and tokens outlive them.
pub(crate) const SETTINGS: [(&str, &str); 2] =
    [("FIXED_OTP", "424242"), ("JWT_SECRET_KEY", "a key that is used by nobody but this test")];

#[derive(Clone)]
pub(crate) struct Shopper {
    client: Client,
    token: String,
}

impl Shopper {
    /// Signs in at the server with this address.
    pub(crate) async fn sign_in(url: &str, index: u32) -> Self {
        let client = Client::builder().cookie_store(true).build().unwrap();
        let number = format!("98765{index:05}");
        let post = async |path: &str, body: Value| {
            client.post(format!("{url}{path}")).json(&body).send().await.unwrap()
        };
        post("/auth/verify_mobile", json!({ "mobile_number": number })).await;
        let verified = post("/auth/verify_otp", json!({"mobile_number": number, "otp": "424242"})).await;
        let token = verified.json::<Value>().await.unwrap()["token"].as_str().unwrap().to_owned();
        Self { client, token }
    }

    /// Buys one piece; answers the order.
    pub(crate) async fn buy(&self, url: &str, key: &str) -> Value {
        self.fill_cart(url).await;
        let response = self.order(url, key).await;
        assert_eq!(response.status(), 201);
        response.json().await.unwrap()
    }

    pub(crate) async fn fill_cart(&self, url: &str) {
        assert!(self.post(url, "/cart/connect").send().await.unwrap().status().is_success());
        let added = self.post(url, "/cart/item/add").json(&json!({"product_id": 1})).send().await.unwrap();
        assert_eq!(added.status(), 200);
    }

    pub(crate) async fn order(&self, url: &str, key: &str) -> Response {
        self.post(url, "/v1/orders").header("Idempotency-Key", key).send().await.unwrap()
    }

    pub(crate) async fn history(&self, url: &str) -> Vec<Value> {
        let request = self.client.get(format!("{url}/orders/history?limit=100")).bearer_auth(&self.token);
        request.send().await.unwrap().json().await.unwrap()
    }

    fn post(&self, url: &str, path: &str) -> RequestBuilder {
        self.client.post(format!("{url}{path}")).bearer_auth(&self.token)
    }
}
