//! `/api/auth`: codes for the second version of the phone-otp frontends.

use reqwest::{Client, Response};
use serde_json::{Value, json};

use crate::program::{Server, folder};

async fn post(server: &Server, path: &str, body: Value) -> Response {
    Client::new().post(server.url.clone() + path).json(&body).send().await.unwrap()
}

async fn answer(response: Response) -> (u16, Value) {
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test]
async fn a_code_is_sent_and_verified_for_somebody_new() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    let (status, sent) =
        answer(post(&server, "/api/auth/send-otp", json!({"phoneNumber": "+91 98765 43210"})).await).await;
    let code = server.code();
    let expected = json!({
        "success": true, "message": format!("Development Mode: OTP is {code}"), "provider": "development",
        "development_mode": true, "otp": code, "remaining_attempts": 19,
    });
    assert_eq!((status, sent), (200, expected));

    let (_, pending) =
        answer(reqwest::get(server.url.clone() + "/api/auth/otp-status/9876543210").await.unwrap()).await;
    assert_eq!(pending["data"]["exists"], json!(true));
    let (_, of_first) =
        answer(reqwest::get(server.url.clone() + "/api/otp-status/9876543210").await.unwrap()).await;
    assert_eq!(of_first["data"]["exists"], json!(false), "the versions do not share codes");
    let with = |path: &'static str, code: &str| {
        let body = json!({"phoneNumber": "9876543210", "otp": code});
        let server = &server;
        async move { answer(post(server, path, body).await).await }
    };
    assert_eq!(with("/api/verify-otp", &code).await.0, 400, "a code opens its own version only");
    let expected = json!({
        "success": true, "message": "OTP verified successfully", "user": null, "token": null, "isNewUser": true,
        "phone": "9876543210",
    });
    assert_eq!(with("/api/auth/verify-otp", &code).await, (200, expected));
    assert_eq!(with("/api/auth/verify-otp", &code).await.1["message"], "OTP not found or expired");
}

#[tokio::test]
async fn what_is_wrong_is_said_as_before() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    for (number, message) in [
        (json!("123"), "Phone number must be 10 digits"),
        (json!("5876543210"), "Invalid phone number format"),
        (json!(""), "Phone number is required"),
        (json!(9_876_543_210_u64), "Invalid phone number format"),
    ] {
        let answer = answer(post(&server, "/api/auth/send-otp", json!({"phoneNumber": number})).await).await;
        assert_eq!(answer, (400, json!({"success": false, "message": message})));
    }
    let (status, body) = answer(reqwest::get(server.url.clone() + "/api/auth/nothing").await.unwrap()).await;
    assert_eq!((status, &body["message"]), (404, &json!("Endpoint not found")));
}

#[tokio::test]
async fn the_limit_of_a_day_says_when_it_ends() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    let send = || post(&server, "/api/auth/send-otp", json!({"phoneNumber": "9876511111"}));
    for left in (0..20).rev() {
        let (status, body) = answer(send().await).await;
        assert_eq!((status, &body["remaining_attempts"]), (200, &json!(left)));
    }
    let refused = send().await;
    assert!(refused.headers()["retry-after"].to_str().unwrap().parse::<u32>().unwrap() > 4_000);
    let (status, body) = answer(refused).await;
    let message = body["message"].as_str().unwrap();
    assert_eq!((status, &body["rate_limit_exceeded"]), (429, &json!(true)));
    assert!(message.starts_with("Daily OTP limit exceeded. Try again after "), "{message}");
    assert!(body["reset_time"].as_str().unwrap().ends_with('Z'), "{body}");
}
