//! What goes wrong with providers, what it is taken for, and that nobody's secrets show in it.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use quickcart_core::clock::SystemClock;
use quickcart_core::messaging::sms::{Fast2SmsRoute, Twilio, TwilioKey, TwilioSender};
use quickcart_core::messaging::{
    Failover, FailoverPolicy, Failure, Ledger, Message, MessageProvider, Receipt, Route, SendError,
};
use quickcart_core::phone::PhoneNumber;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::log::Log;
use crate::providers::{
    ACCOUNT, CODE, KEY, NATIONAL, TIME_MAX, all, fast2sms, infobip, message, sendgrid, two_factor,
};
use crate::providers_fake::{Fake, Reaction};

/// Long enough that a request is written on a busy machine; nobody waits for an answer.
const TIME_SHORT: Duration = Duration::from_millis(300);

fn assert_no_secrets(text: &str) {
    let basic = data_encoding::BASE64.encode(format!("{ACCOUNT}:{KEY}").as_bytes());
    for secret in [KEY, CODE, NATIONAL, "asha@", "/send?", basic.as_str()] {
        assert!(!text.contains(secret), "{secret} shows in {text}");
    }
}

fn shown(error: &SendError) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut cause = error.source();
    while let Some(inner) = cause {
        text += &format!(" {inner} {inner:?}");
        cause = inner.source();
    }
    text
}

/// Sends as an application does, which logs, and answers what the provider said.
async fn fail(provider: &Arc<dyn MessageProvider>, message: &Message) -> SendError {
    let error = provider.send(message).await.unwrap_err();
    assert_eq!(error.provider, provider.name());
    assert_no_secrets(&shown(&error));
    error
}

fn html() -> Reaction {
    Reaction::Answer { status: 200, headers: "", body: "<html>9876543210 very-secret-key".into() }
}

/// `None` where it depends on the provider.
#[tokio::test]
async fn faults_are_taken_for_what_they_are() {
    let log = Log::capture();
    let error = json!({ "message": format!("not sent to +91{NATIONAL}, your key is {KEY}, code {CODE}") });
    let huge = Reaction::Answer { status: 201, headers: "", body: " ".repeat(70 * 1024) };
    let throttled = Reaction::Answer { status: 429, headers: "Retry-After: 7\r\n", body: "{}".into() };
    let until = "Date: Sat, 21 Nov 2026 09:03:10 GMT\r\nRetry-After: Sat, 21 Nov 2026 09:03:20 GMT\r\n";
    let dated = Reaction::Answer { status: 429, headers: until, body: String::new() };
    let elsewhere =
        Reaction::Answer { status: 302, headers: "Location: /elsewhere\r\n", body: String::new() };
    for (reaction, failure, retry_after_s) in [
        (Reaction::Hang, Failure::MaybeSent, None),
        (Reaction::Drip { status: 201 }, Failure::MaybeSent, None),
        (Reaction::Reset, Failure::MaybeSent, None),
        (Reaction::Half { status: 201 }, Failure::MaybeSent, None),
        (huge, Failure::MaybeSent, None),
        (Reaction::json(500, &error), Failure::MaybeSent, None),
        (Reaction::json(503, &error), Failure::MaybeSent, None),
        (Reaction::json(401, &error), Failure::AccountDown, None),
        (throttled, Failure::Throttled, Some(7)),
        (dated, Failure::Throttled, Some(10)),
        (elsewhere, Failure::MaybeSent, None),
    ] {
        let time_max =
            if matches!(reaction, Reaction::Hang | Reaction::Drip { .. }) { TIME_SHORT } else { TIME_MAX };
        let name = format!("{reaction:?}").chars().take(40).collect::<String>();
        let fake = Fake::start(move |_| reaction.clone()).await;
        for (count, (provider, message)) in (1..).zip(all(&fake.url(), time_max)) {
            let error = fail(&provider, &message).await;
            assert_eq!(error.failure, failure, "{name}: {error}");
            assert_eq!(error.retry_after.map(|time| time.as_secs()), retry_after_s, "{name}: {error}");
            assert_eq!(fake.requests().len(), count, "{name}: nothing is sent twice, nor followed");
        }
    }
    assert_no_secrets(&log.text());
}

#[tokio::test]
async fn a_taken_message_without_a_name_may_have_been_sent() {
    for status in [200, 201] {
        let empty = Fake::start(move |_| Reaction::json(status, &json!({}))).await;
        let garbage = Fake::start(|_| html()).await;
        for fake in [empty, garbage] {
            // SendGrid answers nothing but the status.
            for (provider, message) in all(&fake.url(), TIME_MAX) {
                if provider.name() != "sendgrid" {
                    assert_eq!(fail(&provider, &message).await.failure, Failure::MaybeSent, "{status}");
                }
            }
        }
    }
}

#[tokio::test]
async fn without_a_connection_nothing_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    for url in [format!("http://127.0.0.1:{port}"), "https://nobody.invalid".into()] {
        for (provider, message) in all(&url, TIME_MAX) {
            let error = fail(&provider, &message).await;
            assert_eq!(
                (error.failure, error.code.as_deref()),
                (Failure::NotSent, Some("no connection")),
                "{url}"
            );
        }
    }
}

/// One speaks no TLS, the other one says nothing.
#[tokio::test]
async fn without_tls_nothing_was_sent() {
    let plain = Fake::start(|_| html()).await;
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent_url = format!("https://{}", silent.local_addr().unwrap());
    for url in [plain.url().replace("http:", "https:"), silent_url] {
        let (provider, message) = all(&url, TIME_MAX).remove(0);
        assert_eq!(fail(&provider, &message).await.failure, Failure::NotSent, "{url}");
    }
    assert!(plain.requests().is_empty());
}

/// Twilio's own test numbers (<https://www.twilio.com/docs/iam/test-credentials>).
#[tokio::test]
async fn twilio_s_codes_are_known() {
    for (http_status, code, failure) in [
        (400, 21211, Failure::RecipientInvalid),
        (400, 21614, Failure::RecipientInvalid),
        (400, 21610, Failure::RecipientBlocked),
        (400, 21408, Failure::RouteUnavailable),
        (400, 21612, Failure::RouteUnavailable),
        (400, 21606, Failure::AccountDown),
        (401, 20003, Failure::AccountDown),
        (400, 21611, Failure::Throttled),
        (429, 20429, Failure::Throttled),
        (400, 21602, Failure::RequestBug),
        (500, 20500, Failure::MaybeSent),
    ] {
        let body =
            json!({ "code": code, "message": format!("+91{NATIONAL} is wrong"), "status": http_status });
        let fake = Fake::start(move |_| Reaction::json(http_status, &body)).await;
        let (provider, message) = all(&fake.url(), TIME_MAX).remove(0);
        let error = fail(&provider, &message).await;
        assert_eq!((error.failure, error.code.as_deref()), (failure, Some(code.to_string().as_str())));
    }
}

#[tokio::test]
async fn fast2sms_s_answers_are_read_whatever_their_status() {
    let refused = |code: Value| json!({ "return": false, "status_code": code, "message": "no" });
    for (status, body, expected) in [
        (200, json!({ "return": "true", "request_id": "r1", "message": "sent" }), Ok(())),
        (200, json!({ "return": true, "request_id": "", "message": ["sent"] }), Err(Failure::MaybeSent)),
        (200, json!({ "return": true, "message": ["sent"] }), Err(Failure::MaybeSent)),
        (200, json!({ "return": 1, "request_id": "r1" }), Err(Failure::MaybeSent)),
        (200, refused(json!(411)), Err(Failure::RecipientInvalid)),
        (200, refused(json!("411")), Err(Failure::RecipientInvalid)),
        (400, refused(json!(995)), Err(Failure::Throttled)),
        (401, refused(json!(412)), Err(Failure::AccountDown)),
        (400, refused(json!(997)), Err(Failure::RequestBug)),
        (200, json!({ "return": false, "request_id": "r1" }), Err(Failure::NotSent)),
        (500, json!({ "message": "Server Error" }), Err(Failure::MaybeSent)),
    ] {
        let shown = body.to_string();
        let fake = Fake::start(move |_| Reaction::json(status, &body)).await;
        let sent = fast2sms(&fake.url(), Fast2SmsRoute::Otp, TIME_MAX).send(&message()).await;
        assert_eq!(sent.map(drop).map_err(|error| error.failure), expected, "{status} {shown}");
    }
}

#[tokio::test]
async fn infobip_s_errors_have_two_shapes() {
    let old = json!({ "requestError": { "serviceException": { "messageId": "UNAUTHORIZED", "text": KEY } } });
    let new = json!({ "errorCode": "E401", "description": KEY, "violations": [], "resources": [] });
    let told = json!({ "errorCode": NATIONAL });
    for (body, code) in
        [(old, "UNAUTHORIZED"), (new, "E401"), (told, "HTTP 401"), (json!("oops"), "HTTP 401")]
    {
        let fake = Fake::start(move |_| Reaction::json(401, &body)).await;
        let providers: [Arc<dyn MessageProvider>; 2] =
            [Arc::new(infobip(&fake.url(), TIME_MAX)), Arc::new(two_factor(&fake.url(), TIME_MAX))];
        for provider in &providers {
            let error = fail(provider, &message()).await;
            assert_eq!((error.failure, error.code.as_deref()), (Failure::AccountDown, Some(code)));
        }
    }
}

#[tokio::test]
async fn infobip_says_with_200_that_a_code_was_not_sent() {
    let body = json!({ "to": "91", "ncStatus": "NC_NOT_REACHABLE", "smsStatus": "MESSAGE_NOT_SENT" });
    let fake = Fake::start(move |_| Reaction::json(200, &body)).await;
    let error = two_factor(&fake.url(), TIME_MAX).send(&message()).await.unwrap_err();
    assert_eq!(error.failure, Failure::NotSent);
}

#[tokio::test]
async fn sendgrid_says_which_field_is_wrong() {
    for (field, failure) in
        [("personalizations.0.to.0.email", Failure::RecipientInvalid), ("from.email", Failure::RequestBug)]
    {
        let body = json!({ "errors": [{ "message": "asha@example.com", "field": field, "help": null }] });
        let fake = Fake::start(move |_| Reaction::json(400, &body)).await;
        let provider: Arc<dyn MessageProvider> = Arc::new(sendgrid(&fake.url(), TIME_MAX));
        assert_eq!(fail(&provider, &crate::providers::mail()).await.failure, failure);
    }
}

/// The way an application sends: it logs each failure.
#[tokio::test]
async fn logs_hold_no_secrets() {
    let log = Log::capture();
    let failing = Fake::start(|_| html()).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let refusing = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    for url in [failing.url(), refusing] {
        for (provider, message) in all(&url, TIME_MAX) {
            let routes = vec![Route::new(provider)];
            let failover = Failover::new(
                routes,
                FailoverPolicy::default(),
                Ledger::default().into(),
                Arc::new(SystemClock),
            );
            let _ = failover.send(&message).await;
        }
    }
    let text = log.text();
    assert!(text.contains("twilio") && text.contains("nobody took the message"), "{text}");
    assert_no_secrets(&text);
}

#[tokio::test]
async fn a_number_of_another_country_is_sent_whole() {
    let fake = Fake::start(|_| Reaction::json(201, &json!({ "sid": "SM1" }))).await;
    let sender = TwilioSender::Number("QuickCart".into());
    let twilio = Twilio::builder(ACCOUNT, TwilioKey::AuthToken(KEY.into()), sender).base_url(fake.url());
    let phone = PhoneNumber::from_e164("+8801712345678").unwrap();
    let receipt = twilio.build().unwrap().send(&Message::new(phone, "hello")).await.unwrap();
    assert_eq!(receipt, Receipt::new("twilio", Some("SM1".into())));
    assert_eq!(fake.request().form()["To"], "+8801712345678");
}
