//! `/api`: codes for the old phone-otp frontends.

use reqwest::Client;
use serde_json::{Value, json};

use crate::program::{Server, folder};

struct Caller {
    server: Server,
    client: Client,
}

impl Caller {
    async fn post(&self, path: &str, json: Value) -> (u16, Value) {
        let response = self.client.post(self.server.url.clone() + path).json(&json).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        let response = self.client.get(self.server.url.clone() + path).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    async fn send(&self, phone: &str) -> String {
        let (status, body) = self.post("/api/send-otp", json!({ "phoneNumber": phone })).await;
        let code = body["otp"].as_str().unwrap().to_owned();
        let message = format!("Development Mode: OTP is {code}");
        let expected = json!({
            "success": true, "message": message, "development_mode": true, "otp": code, "provider": "development",
        });
        assert_eq!((status, body), (200, expected));
        assert_eq!(self.server.code(), code, "what is echoed is what was sent");
        code
    }

    async fn verify(&self, phone: &str, code: &str) -> (u16, Value) {
        self.post("/api/verify-otp", json!({"phoneNumber": phone, "otp": code})).await
    }
}

fn refusal(message: &str) -> (u16, Value) {
    (400, json!({"success": false, "message": message}))
}

fn wrong(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

#[tokio::test]
async fn a_code_is_sent_verified_once_and_known_in_every_notation() {
    let folder = folder();
    let caller = Caller { server: Server::start(folder.path(), &[]), client: Client::new() };
    let status = "/api/otp-status/9876543210";
    assert_eq!(
        caller.get(status).await,
        (200, json!({"success": true, "data": {"exists": false, "expires_in": 0}}))
    );
    let code = caller.send("9876543210").await;
    let (_, pending) = caller.get(status).await;
    let left = pending["data"]["expires_in"].as_u64().unwrap();
    assert!(pending["data"]["exists"].as_bool().unwrap() && (200..=300).contains(&left), "{pending}");
    assert_eq!(caller.verify("919876543210", &wrong(&code)).await, refusal("Invalid OTP"));
    let accepted = json!({"success": true, "message": "OTP verified successfully"});
    assert_eq!(caller.verify("09876543210", &code).await, (200, accepted));
    assert_eq!(caller.verify("+919876543210", &code).await, refusal("OTP not found or expired"));
}

#[tokio::test]
async fn a_new_code_replaces_the_old_one_and_five_wrong_ones_end_it() {
    let folder = folder();
    let caller = Caller { server: Server::start(folder.path(), &[]), client: Client::new() };
    let old = caller.send("9876500002").await;
    let mut new = caller.send("9876500002").await;
    while new == old {
        new = caller.send("9876500002").await;
    }
    assert_eq!(caller.verify("9876500002", &old).await, refusal("Invalid OTP"));
    for _ in 0..4 {
        assert_eq!(caller.verify("9876500002", &wrong(&new)).await, refusal("Invalid OTP"));
    }
    assert_eq!(caller.verify("9876500002", &new).await, refusal("OTP not found or expired"));
    let (status, body) = caller.post("/api/send-otp", json!({"phoneNumber": "9876500002"})).await;
    assert_eq!((status, &body["success"]), (429, &json!(false)), "a new code buys no new guesses: {body}");
    let (_, status) = caller.get("/api/otp-status/%2B919876500002").await;
    assert_eq!(status["data"]["exists"], json!(false));
}

#[tokio::test]
async fn what_is_wrong_is_said_in_the_words_the_frontends_know() {
    let folder = folder();
    let caller = Caller { server: Server::start(folder.path(), &[]), client: Client::new() };
    for body in [json!({}), json!({"phoneNumber": ""}), json!({"phoneNumber": null})] {
        assert_eq!(caller.post("/api/send-otp", body).await, refusal("Phone number is required"));
    }
    for body in [
        json!({"phoneNumber": "abc"}),
        json!({"phoneNumber": 9_876_543_210_u64}),
        json!({"phoneNumber": "12"}),
    ] {
        assert_eq!(caller.post("/api/send-otp", body).await, refusal("Invalid phone number format"));
    }
    for body in [json!({}), json!({"phoneNumber": "9876543210"}), json!({"otp": "123456"})] {
        assert_eq!(caller.post("/api/verify-otp", body).await, refusal("Phone number and OTP are required"));
    }
    caller.send("9876543210").await;
    let number = json!({"phoneNumber": "9876543210", "otp": 123_456});
    assert_eq!(caller.post("/api/verify-otp", number).await, refusal("Invalid OTP"));
    let expected = json!({"success": false, "message": "Endpoint not found", "error": "Not Found"});
    assert_eq!(caller.get("/api/nothing").await, (404, expected));
}

#[tokio::test]
async fn without_a_provider_nobody_gets_a_code_and_nobody_sees_one() {
    let folder = folder();
    let secret = "0123456789abcdef0123456789abcdef";
    let settings = [
        ("QUICKCART_ENV", "production"),
        ("JWT_SECRET_KEY", secret),
        ("SECRET_KEY", secret),
        ("PHONE_OTP_PROVIDERS", "none"),
        ("SMART_CART_PROVIDERS", "none"),
        ("BOOK_ORDER_PROVIDERS", "none"),
    ];
    let caller = Caller { server: Server::start(folder.path(), &settings), client: Client::new() };
    let (status, body) = caller.post("/api/send-otp", json!({"phoneNumber": "9876543210"})).await;
    assert_eq!((status, &body["success"]), (503, &json!(false)));
    assert!(body.get("otp").is_none());
    let (status, _) = caller.post("/auth/verify_mobile", json!({"mobile_number": "9876543210"})).await;
    assert_eq!(status, 503);
    let (_, found) = caller.get("/products/search?query=milk").await;
    assert_eq!(found["results"], json!([]), "the demo store is for development");
    let message = json!({"cart_id": 1, "product_id": 1, "weight": 1});
    assert_eq!(caller.post("/cart/esp32/add_item", message).await.0, 401, "unsigned devices are not heard");
    let (_, health) = caller.get("/api/health").await;
    assert_eq!(health["services"]["database"], json!(true));
    assert_eq!(caller.get("/health").await.1["status"], "healthy");
    assert_eq!(caller.get("/").await.1["status"], "success");
    assert_eq!(caller.get("/api").await.1["endpoints"]["health"], "/api/health");
}
