//! What the log says, and what it never says.

use reqwest::Client;
use serde_json::{Value, json};
use test_servers::RedisServer;

use crate::fake_providers::{FakeProviders, Fault};
use crate::program::{Server, folder};
use crate::providers::Shop;
use crate::receipts::{PUBLIC_URL, RECEIPT_KEY, by_whatsapp};

/// A code is six digits that may turn up in a time or an id: it must not stand alone. What is longer must not be there at all.
fn shows(text: &str, secret: &str) -> bool {
    let part = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '.');
    let mut found = text.match_indices(secret).map(|(at, _)| (&text[..at], &text[at + secret.len()..]));
    found.any(|(before, after)| {
        secret.len() >= 7 || (!part(before.chars().next_back()) && !part(after.chars().next()))
    })
}

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
        assert!(!shows(&log, secret), "{secret} is in the log");
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

/// Messages that are taken, refused, lost and shown, by all providers, and what is told of them.
#[tokio::test]
async fn messages_and_receipts_leave_no_number_code_or_key() {
    let (fake, folder) = (FakeProviders::start(), folder());
    let url = fake.url();
    let gateway = format!("{url}/gateway?key=gateway-key-of-this-test&to={{to}}&text={{text}}");
    let gateways =
        json!([{ "name": "local", "url": gateway, "headers": { "x-key": "header-of-this-test" } }]);
    std::fs::write(folder.path().join("gateways.json"), gateways.to_string()).unwrap();
    let settings = [
        ("QUICKCART_LOG", "debug"),
        ("QUICKCART_GATEWAYS", "gateways.json"),
        ("INFOBIP_API_KEY", "infobip-key-of-this-test"),
        ("INFOBIP_BASE_URL", &*url),
        ("INFOBIP_APP_ID", "APP"),
        ("INFOBIP_MESSAGE_ID", "TEMPLATE"),
        ("TWILIO_WHATSAPP_CONTENT_SID", "HX00000000000000000000000000000000"),
        ("TWILIO_WHATSAPP_FROM", "+15005550007"),
        ("PHONE_OTP_PROVIDERS", "twilio@IN,twilio_whatsapp,fast2sms,infobip,local,infobip_2fa@BD"),
        ("SMART_CART_PROVIDERS", "infobip_2fa"),
        ("QUICKCART_PUBLIC_URL", PUBLIC_URL),
        ("QUICKCART_RECEIPT_KEY", RECEIPT_KEY),
        ("QUICKCART_RECEIPT_WAIT", "600"),
        ("QUICKCART_PROVIDER_TIMEOUT", "1000"),
    ];
    let shop = Shop::with(fake, folder, &settings);
    let all = ["twilio", "twilio_whatsapp", "fast2sms", "infobip", "local", "gateway", "infobip_2fa"];
    let faults =
        [Fault::Down, Fault::Throttled, Fault::Auth, Fault::InvalidNumber, Fault::Hang, Fault::Reset];
    for (provider, number) in all.iter().zip(9_123_456_780_u64..) {
        let sent = shop.send(&number.to_string()).await;
        assert!(sent.0 == 200 || *provider == "infobip_2fa", "{sent:?}");
        shop.fake.set(provider, faults[0]);
    }
    for (fault, number) in faults.into_iter().zip(9_123_456_790_u64..) {
        all.iter().for_each(|provider| shop.fake.set(provider, fault));
        assert_ne!(shop.send(&number.to_string()).await.0, 200, "{fault:?}");
    }
    all.iter().for_each(|provider| shop.fake.set(provider, None));
    let (status, _) = shop.post("/auth/verify_mobile", json!({ "mobile_number": "9123456780" })).await;
    assert_eq!(status, 200);
    shop.verify("9123456780", "000000").await;
    let first = shop.fake.outbox().remove(0);
    shop.twilio_says(&first, "failed").await;
    shop.twilio_says(&by_whatsapp(&shop.fake.sent_by("twilio_whatsapp")[0]), "failed").await;
    let report =
        json!({ "results": [{ "messageId": first.id, "to": "919123456780", "status": { "groupId": 3 } }] });
    for path in ["infobip", "fast2sms"] {
        for key in [RECEIPT_KEY, "AnotherKeyOfThisTest"] {
            let path = format!(
                "{}/v1/receipts/{path}/{key}?mobile=919123456780&request_id=1&status=sent",
                shop.server.url
            );
            shop.client.get(&path).send().await.unwrap();
            shop.client.post(&path).json(&report).send().await.unwrap();
        }
    }
    shop.verify("9123456780", &first.code).await;

    let (requests, outbox) = (shop.fake.requests(), shop.fake.outbox());
    let Shop { server, .. } = shop;
    server.terminate();
    let (_, printed, log) = server.wait();
    assert!(log.contains("quickcart::messaging") && log.contains("quickcart::http"), "{log}");
    let numbers: Vec<_> = (9_123_456_780_u64..9_123_456_796).map(|number| number.to_string()).collect();
    let codes = outbox.iter().map(|sent| sent.code.as_str());
    let keys = ["of-this-test", "OfThisTest"];
    for secret in numbers.iter().map(String::as_str).chain(codes).chain(keys) {
        assert!(!shows(&log, secret) && !shows(&printed, secret), "{secret} is in the log: {log}");
        for request in requests.iter().filter(|request| !request.path.starts_with("/gateway")) {
            assert!(!shows(&request.path, secret), "{secret} is in {}", request.path);
        }
    }
}
