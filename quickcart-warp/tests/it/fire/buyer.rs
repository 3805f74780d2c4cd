//! A shopper with an ad-hoc cart, who orders under one key and, if need be, asks until there is an answer.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::shop::Shop;

/// How often somebody asks who insists, and how long they rest in between: half a minute in all.
pub(super) const TRIES: u32 = 600;
pub(super) const REST: Duration = Duration::from_millis(50);

#[derive(Clone)]
pub(super) struct Buyer {
    pub(super) shop: Arc<Shop>,
    pub(super) user_id: i64,
    pub(super) token: String,
}

/// What becomes of an order for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The order, as it was answered.
    Sold(Value),
    OutOfStock,
}

impl Buyer {
    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.shop.request(0, method, path).bearer_auth(&self.token)
    }

    /// Makes a cart and puts one piece of each into it, in this order.
    pub(super) async fn takes(&self, products: &[i64]) {
        assert_eq!(answer(self.request(Method::POST, "/cart/connect")).await.unwrap().0, 201);
        for product_id in products {
            let request = self.request(Method::POST, "/cart/item/add");
            let (status, body) = answer(request.json(&json!({ "product_id": product_id }))).await.unwrap();
            assert_eq!(status, 200, "{body}");
        }
    }

    /// Whether all that is in the cart is held now.
    pub(super) async fn holds(&self) -> bool {
        let (status, body) = answer(self.request(Method::POST, "/v1/cart/hold")).await.unwrap();
        assert!(status == 200 || is_out_of_stock(status, &body), "{status} {body}");
        status == 200
    }

    /// Orders what is in the cart; nothing but the two outcomes is an answer.
    pub(super) async fn orders(&self) -> Outcome {
        let (status, body) = answer(self.order()).await.unwrap();
        outcome(status, &body).unwrap_or_else(|| panic!("{status} {body}"))
    }

    /// The same where servers and databases die: asks again, under the same key, after an answer that says so or none at all.
    pub(super) async fn insists(&self) -> Outcome {
        for _ in 0..TRIES {
            if let Ok((status, body)) = answer(self.order()).await {
                if let Some(outcome) = outcome(status, &body) {
                    return outcome;
                }
                let may_pass =
                    status == 503 || (status, &body["code"]) == (409, &json!("request_in_progress"));
                assert!(may_pass, "{status} {body}");
            }
            tokio::time::sleep(REST).await;
        }
        panic!("shopper {} has no answer after {TRIES} requests", self.user_id);
    }

    pub(super) fn order(&self) -> RequestBuilder {
        self.request(Method::POST, "/v1/orders").header("Idempotency-Key", self.key())
    }

    /// Calls an order off.
    pub(super) fn cancel(&self, order_id: i64) -> RequestBuilder {
        self.request(Method::POST, &format!("/v1/orders/{order_id}/cancel"))
    }

    pub(super) fn key(&self) -> String {
        format!("key-{}", self.user_id)
    }
}

fn outcome(status: u16, body: &Value) -> Option<Outcome> {
    match status {
        201 => Some(Outcome::Sold(body.clone())),
        _ => is_out_of_stock(status, body).then_some(Outcome::OutOfStock),
    }
}

fn is_out_of_stock(status: u16, body: &Value) -> bool {
    (status, &body["code"]) == (409, &json!("out_of_stock"))
}

/// Status and body; the error is that of the connection.
pub(super) async fn answer(request: RequestBuilder) -> reqwest::Result<(u16, Value)> {
    let response = request.send().await?;
    let status = response.status().as_u16();
    let text = response.text().await?;
    Ok((status, serde_json::from_str(&text).unwrap_or(Value::String(text))))
}
