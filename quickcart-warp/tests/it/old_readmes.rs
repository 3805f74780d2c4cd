//! What the READMEs of the old backends tell people to set and to try still works: their names, values of our own.

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use crate::program::{Server, folder};

const SECRETS: [(&str, &str); 2] = [
    ("SECRET_KEY", "a-secret-key-of-more-than-32-bytes-0001"),
    ("JWT_SECRET_KEY", "another-secret-key-of-more-than-32-bytes"),
];

async fn get(server: &Server, path: &str) -> (StatusCode, Value) {
    let response = reqwest::get(server.url.clone() + path).await.unwrap();
    (response.status(), response.json().await.unwrap())
}

async fn post(server: &Server, path: &str, body: Value) -> (StatusCode, Value) {
    let response = Client::new().post(server.url.clone() + path).json(&body).send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}

#[test]
fn the_settings_of_blinkit_name_its_two_providers() {
    let folder = folder();
    let settings = [
        ("TWILIO_ACCOUNT_SID", "AC00000000000000000000000000000000"),
        ("TWILIO_AUTH_TOKEN", "token"),
        ("TWILIO_PHONE_NUMBER", "+15005550006"),
        ("REACT_APP_FAST2SMS_API_KEY", "key"),
        ("FLASK_ENV", "development"),
        ("SECRET_KEY", "your_secret_key"),
        ("API_HOST", "127.0.0.1"),
        ("API_PORT", "0"),
    ];
    let server = Server::start(folder.path(), &settings);
    server.line("phone-otp: twilio, then fast2sms");
}

#[tokio::test]
async fn the_routes_of_blinkit_sign_a_phone_in() {
    let folder = folder();
    let server =
        Server::start(folder.path(), &[("FLASK_ENV", "development"), ("SECRET_KEY", "your_secret_key")]);
    assert_eq!(get(&server, "/api/health").await.1["success"], true);
    assert_eq!(get(&server, "/api").await.1["endpoints"]["auth"]["send_otp"], "/api/send-otp");
    let phone = "9876543210";
    let (status, sent) = post(&server, "/api/send-otp", json!({ "phoneNumber": phone })).await;
    assert_eq!((status, &sent["development_mode"]), (StatusCode::OK, &json!(true)));
    assert_eq!(get(&server, "/api/otp-status/9876543210").await.1["data"]["exists"], true);
    let body = json!({ "phoneNumber": phone, "otp": sent["otp"] });
    assert_eq!(post(&server, "/api/verify-otp", body).await.1["success"], true);
}

#[tokio::test]
async fn the_settings_of_the_smart_cart_fix_its_code() {
    let folder = folder();
    let settings = [
        ("DATABASE_URL", "sqlite:///./smart_cart.db"),
        ("FIXED_OTP", "123456"),
        ("FLASK_ENV", "development"),
    ];
    let server = Server::start(folder.path(), &[&settings[..], &SECRETS].concat());
    let client = Client::builder().cookie_store(true).build().unwrap();
    let ask = async |path: &str, body: Value| {
        client
            .post(server.url.clone() + path)
            .json(&body)
            .send()
            .await
            .unwrap()
            .json::<Value>()
            .await
            .unwrap()
    };
    ask("/auth/verify_mobile", json!({"mobile_number": "9876543210"})).await;
    let answer = ask("/auth/verify_otp", json!({"mobile_number": "9876543210", "otp": "123456"})).await;
    assert_eq!(answer["is_profile_complete"], false, "{answer}");
    assert!(folder.path().join("smart_cart.db").is_file());
}

#[test]
fn the_settings_of_the_registration_name_its_mail_server() {
    let folder = folder();
    let settings = [
        ("MONGO_URL", "mongodb://127.0.0.1:27017"),
        ("JWT_SECRET_KEY", "your_secret_key"),
        ("SMTP_EMAIL", "your_email@gmail.com"),
        ("SMTP_PASSWORD", "your_app_password"),
    ];
    let server = Server::start(folder.path(), &settings);
    server.line("registration: smtp");
    server.terminate();
    let (_, printed, log) = server.wait();
    assert!(log.contains("MONGO_URL") || printed.contains("MONGO_URL"), "{printed}{log}");
    assert!(!log.contains("your_app_password") && !printed.contains("your_app_password"), "{printed}{log}");
}

#[test]
fn the_settings_of_book_order_name_infobip_in_production() {
    let folder = folder();
    let settings = [
        ("DATABASE_URL", "sqlite:///./orders.db"),
        ("INFOBIP_API_KEY", "your-api-key-here"),
        ("INFOBIP_BASE_URL", "your-base-url.api.infobip.com"),
        ("INFOBIP_APP_ID", "your-application-id"),
        ("INFOBIP_MESSAGE_ID", "your-message-template-id"),
        ("ALLOWED_ORIGINS", "http://localhost:3000,https://yourdomain.com"),
        ("ENVIRONMENT", "production"),
    ];
    let server = Server::start(folder.path(), &[&settings[..], &SECRETS].concat());
    server.line("production");
    server.line("book-order: infobip");
    assert!(folder.path().join("orders.db").is_file());
}

/// The two requests that its README makes with curl.
#[tokio::test]
async fn the_requests_of_book_order_order_a_book() {
    let folder = folder();
    let server = Server::start(folder.path(), &[("BOOK_ORDER_CLIENT_PRICES", "1")]);
    let order = json!({
        "phone_number": "+8801234567890",
        "address": "123 Test Street, Dhaka, Bangladesh",
        "payment_method": "cash_on_delivery",
        "books": [{"id": "book-001", "title": "Python Programming", "price": 599, "quantity": 1}],
    });
    let (status, begun) = post(&server, "/orders/initiate", order).await;
    assert_eq!((status, &begun["total_amount"]), (StatusCode::ACCEPTED, &json!(599.0)), "{begun}");
    let pin = json!({ "session_token": begun["session_token"], "pin_code": server.code() });
    let (status, ordered) = post(&server, "/orders/verify", pin).await;
    assert_eq!((status, &ordered["order_status"]), (StatusCode::OK, &json!("verified")), "{ordered}");
}
