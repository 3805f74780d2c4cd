//! What the log says, and what it never says.

use reqwest::Client;
use serde_json::{Value, json};
use test_servers::RedisServer;

use crate::program::{Server, folder};

#[tokio::test]
async fn no_number_code_key_or_token_is_logged() {
    let folder = folder();
    let redis = RedisServer::start();
    let redis_url = redis.url();
    let settings = [
        ("REDIS_URL", redis_url.as_str()),
        ("QUICKCART_LOG", "trace"),
        ("QUICKCART_LOG_FORMAT", "json"),
        ("JWT_SECRET_KEY", "the-jwt-key-of-this-test"),
        ("SECRET_KEY", "the-secret-key-of-this-test"),
        ("QUICKCART_DEVICE_KEY", "the-device-key-of-this-test"),
    ];
    let server = Server::start(folder.path(), &settings);
    let client = Client::builder().cookie_store(true).build().unwrap();
    let post = async |path: &str, body: Value| {
        let request = client.post(server.url.clone() + path).header("X-Request-Id", "request-42").json(&body);
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["x-request-id"], "request-42");
        response.json::<Value>().await.unwrap()
    };
    let echoed =
        post("/api/send-otp", json!({"phoneNumber": "9123456780"})).await["otp"].as_str().unwrap().to_owned();
    assert_eq!(server.code(), echoed);
    client.get(server.url.clone() + "/api/otp-status/9123456780").send().await.unwrap();
    post("/auth/verify_mobile", json!({"mobile_number": "9123456780"})).await;
    let code = server.code();
    let token = post("/auth/verify_otp", json!({"mobile_number": "9123456780", "otp": code})).await;
    let token = token["token"].as_str().unwrap().to_owned();
    post("/auth/complete_profile", json!({"user_name": "Asha Rao", "email": "asha@example.com"})).await;
    let request = client.post(server.url.clone() + "/cart/esp32/add_item").header("X-Device-Key", "wrong");
    request.json(&json!({"cart_id": 1, "product_id": 1, "weight": 1})).send().await.unwrap();

    let codes = redis.dump();
    server.terminate();
    let (_, printed, log) = server.wait();
    let database = std::fs::read(folder.path().join("data/quickcart.db")).unwrap();
    for secret in ["9123456780", &echoed, &code, &token, "of-this-test", "Asha Rao", "asha@example.com"] {
        // A code is six digits that may turn up in a time or an id: it must not stand alone.
        let stands_alone = |text: &str| {
            text.match_indices(secret).any(|(at, _)| {
                let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '.');
                !digit(text[..at].chars().next_back()) && !digit(text[at + secret.len()..].chars().next())
            })
        };
        assert!(!stands_alone(&log), "{secret} is in the log");
        assert!(secret.len() < 7 || !log.contains(secret), "{secret} is in the log");
    }
    assert!(!printed.contains("9123456780"));
    assert!(!String::from_utf8_lossy(&database).contains(&format!("\"{code}\"")));
    for secret in ["9123456780", &echoed, &code, "of-this-test"] {
        let found = codes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found && !codes.is_empty(), "{secret} is in Redis");
    }
    let requests: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let line = requests.iter().find(|line| line["path"] == "/api/send-otp").unwrap();
    assert_eq!(
        (&line["method"], &line["status"], &line["request_id"]),
        (&json!("POST"), &json!(200), &json!("request-42"))
    );
    assert_eq!(line["client"], "127.0.0.1");
}
