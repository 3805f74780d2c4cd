//! A gateway that settings describe.

use std::sync::Arc;

use quickcart_core::messaging::gateway::{Gateway, GatewayConfig};
use quickcart_core::messaging::text::DltIds;
use quickcart_core::messaging::{Failure, Message, MessageProvider, Receipt};
use serde_json::{Value, json};

use crate::providers::{CODE, KEY, NATIONAL, message, phone};
use crate::providers_fake::{Fake, Reaction, Request};

fn gateway(settings: Value) -> Result<Gateway, String> {
    let config: GatewayConfig = serde_json::from_value(settings).map_err(|error| error.to_string())?;
    let shown = format!("{config:?}");
    assert!(!shown.contains(KEY), "{shown}");
    Gateway::new("local", &config).map_err(|error| error.to_string())
}

async fn ask(settings: impl Fn(&str) -> Value, message: &Message) -> Request {
    let fake = Fake::start(|_| Reaction::Answer { status: 200, headers: "", body: "OK: 77".into() }).await;
    let gateway = gateway(settings(&fake.url())).unwrap();
    assert_eq!(gateway.send(message).await.unwrap(), Receipt::new("local", None));
    fake.request()
}

#[tokio::test]
async fn values_are_encoded_for_their_place() {
    let mut message = Message::new(phone(), "a&b=\"क\"\\ {code}").with_code(CODE);
    message.id = [0xAB; 16];
    let settings = |url: &str| {
        json!({
            "name": "local", "method": "GET", "headers": { "x-key": KEY, "x-id": "{id}" },
            "url": format!("{url}/send/{{to}}?key={KEY}&n={{to_national}}&t={{text}}"),
        })
    };
    let request = ask(settings, &message).await;
    assert_eq!(request.method, "GET");
    let text = "a%26b%3D%22%E0%A4%95%22%5C%20%7Bcode%7D";
    assert_eq!(request.path, format!("/send/%2B91{NATIONAL}?key={KEY}&n={NATIONAL}&t={text}"));
    assert_eq!(
        (request.headers["x-key"].as_str(), request.headers["x-id"].as_str()),
        (KEY, "ab".repeat(16).as_str())
    );

    let form = json!({ "form": { "key": KEY, "to": "{to_digits}", "text": "{text}" } });
    let request = ask(|url| json!({ "name": "local", "url": url, "body": form.clone() }), &message).await;
    assert_eq!(request.method, "POST");
    assert_eq!(request.form()["text"], message.text);
    assert_eq!(request.form()["to"], format!("91{NATIONAL}"));

    let body = json!({ "json": { "list": [{ "msg": "{text}", "n": 5 }], "otp": "{{{code}}}" } });
    let request = ask(|url| json!({ "name": "local", "url": url, "body": body.clone() }), &message).await;
    assert_eq!(request.json(), json!({ "list": [{ "msg": message.text, "n": 5 }], "otp": "{042137}" }));

    let body = json!({ "text": "{to_digits},{code}" });
    let request =
        ask(|url| json!({ "name": "local", "method": "PUT", "url": url, "body": body.clone() }), &message)
            .await;
    assert_eq!((request.method.as_str(), request.body.as_str()), ("PUT", "919876543210,042137"));
}

#[tokio::test]
async fn answers_are_read_as_configured() {
    for (answer, expected) in [
        ("OK: 77", Ok(Some("77"))),
        ("OK: ", Err(Failure::MaybeSent)),
        ("ERR: 1002 for 9876543210", Err(Failure::RecipientInvalid)),
        ("ERR: 9999", Err(Failure::MaybeSent)),
        ("", Err(Failure::MaybeSent)),
    ] {
        let fake =
            Fake::start(move |_| Reaction::Answer { status: 200, headers: "", body: answer.into() }).await;
        let gateway = gateway(json!({
            "name": "local", "url": format!("{}/?key={KEY}", fake.url()),
            "success": { "text_starts_with": "OK" },
            "message_id": { "regex": "^OK: (\\w+)" }, "answer_code": { "regex": "^ERR: (\\d+)" },
            "failures": { "1002": "recipient_invalid" },
        }));
        let sent = gateway.unwrap().send(&message()).await;
        if let Err(error) = &sent {
            assert!(!format!("{error} {error:?}").contains(NATIONAL));
        }
        let sent = sent.as_ref().map(|receipt| receipt.message_id.as_deref()).map_err(|error| error.failure);
        assert_eq!(sent, expected, "{answer}");
    }
}

#[tokio::test]
async fn a_message_without_a_code_is_no_use_for_a_code_s_template() {
    let gateway = gateway(json!({ "name": "local", "url": "http://127.0.0.1:1/?c={code}" })).unwrap();
    let error = gateway.send(&Message::new(phone(), "hello")).await.unwrap_err();
    assert_eq!(
        (error.failure, error.code.as_deref()),
        (Failure::RequestBug, Some("the message has no code"))
    );
}

#[tokio::test]
async fn a_registered_text_is_named_as_the_register_has_it() {
    let settings = |url: &str| {
        json!({
            "name": "local", "method": "GET",
            "url": format!("{url}/?pe={{dlt_entity_id}}&te={{dlt_template_id}}"),
        })
    };
    let mut message = message();
    let not_sent = gateway(settings("http://127.0.0.1:1")).unwrap().send(&message).await.unwrap_err();
    assert_eq!(
        (not_sent.failure, not_sent.code.as_deref()),
        (Failure::RequestBug, Some("the text of the message has no DLT ids"))
    );
    let ids = DltIds { entity_id: "1101".to_owned(), template_id: "1107".to_owned() };
    message.dlt = Some(Arc::new(ids));
    assert_eq!(ask(settings, &message).await.path, "/?pe=1101&te=1107");
}

#[test]
fn settings_that_cannot_work_are_refused() {
    for (settings, problem) in [
        (json!({ "name": "other", "url": "https://sms.example.com" }), "another name"),
        (json!({ "name": "local", "url": "http://sms.example.com" }), "https"),
        (json!({ "name": "local", "url": "https://{to}.example.com" }), "host"),
        (json!({ "name": "local", "url": "https://sms.example.com{text}" }), "host"),
        (json!({ "name": "local", "url": "https://me:very-secret-key@sms.example.com" }), "password"),
        (json!({ "name": "local", "url": "https://sms.example.com/{phone}" }), "no such placeholder"),
        (json!({ "name": "local", "url": "https://sms.example.com", "body": { "json": ["{"] } }), "brace"),
        (json!({ "name": "local", "url": "https://sms.example.com", "headers": { "a b": "" } }), "header"),
        (json!({ "name": "local", "url": "https://sms.example.com", "methods": "GET" }), "unknown field"),
        (json!({ "name": "local", "url": "https://sms.example.com", "failures": { "1": "x" } }), "failure"),
    ] {
        let error = gateway(settings).map(drop).unwrap_err();
        assert!(error.contains(problem) && !error.contains(KEY), "{error}");
    }
}
