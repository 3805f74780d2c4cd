//! What providers are asked, word for word, and what their good answers come to.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use data_encoding::{BASE64, HEXLOWER};
use quickcart_core::messaging::email::SendGrid;
use quickcart_core::messaging::gateway::{Gateway, GatewayConfig};
use quickcart_core::messaging::sms::{
    Fast2Sms, Fast2SmsRoute, IndiaDlt, Infobip, InfobipTwoFactor, Twilio, TwilioKey, TwilioSender,
};
use quickcart_core::messaging::text::DltIds;
use quickcart_core::messaging::{
    Conversion, Failure, HeldPin, Message, MessageProvider, PinVerdict, Receipt, Recipient,
};
use quickcart_core::phone::PhoneNumber;
use serde_json::{Value, json};

use crate::providers_fake::{Fake, Reaction, Request};

pub(crate) const ACCOUNT: &str = "AC00000000000000000000000000000000";
pub(crate) const KEY: &str = "very-secret-key";
pub(crate) const CODE: &str = "042137";
pub(crate) const NATIONAL: &str = "9876543210";
/// Short enough to wait for; long enough for a busy machine to answer in.
pub(crate) const TIME_MAX: Duration = Duration::from_secs(5);

pub(crate) fn phone() -> PhoneNumber {
    PhoneNumber::from_e164("+919876543210").unwrap()
}

pub(crate) fn message() -> Message {
    let text = format!("Your code is {CODE}.");
    Message::new(phone(), text).with_code(CODE).with_valid_for(Duration::from_secs(300))
}

pub(crate) fn mail() -> Message {
    let to: quickcart_core::email::EmailAddress = "asha@example.com".parse().unwrap();
    Message::new(to, format!("Your code is {CODE}.")).with_subject("Your code").with_code(CODE)
}

pub(crate) fn twilio(url: &str, time_max: Duration) -> Twilio {
    let sender = TwilioSender::Number("+15005550006".into());
    let builder = Twilio::builder(ACCOUNT, TwilioKey::AuthToken(KEY.into()), sender);
    builder.base_url(url).time_max(time_max).build().unwrap()
}

pub(crate) const TEMPLATE: &str = "HX00000000000000000000000000000000";

pub(crate) fn whatsapp(url: &str, time_max: Duration) -> Twilio {
    let sender = TwilioSender::Number("+15005550006".into());
    let builder = Twilio::builder(ACCOUNT, TwilioKey::AuthToken(KEY.into()), sender).whatsapp(TEMPLATE);
    builder.base_url(url).time_max(time_max).build().unwrap()
}

pub(crate) fn fast2sms(url: &str, route: Fast2SmsRoute, time_max: Duration) -> Fast2Sms {
    Fast2Sms::builder(KEY, route).base_url(url).time_max(time_max).build().unwrap()
}

pub(crate) fn infobip(url: &str, time_max: Duration) -> Infobip {
    Infobip::builder(url, KEY).sender("QuickCart").time_max(time_max).build().unwrap()
}

pub(crate) fn two_factor(url: &str, time_max: Duration) -> InfobipTwoFactor {
    InfobipTwoFactor::builder(url, KEY, "APP", "TEMPLATE").time_max(time_max).build().unwrap()
}

pub(crate) fn sendgrid(url: &str, time_max: Duration) -> SendGrid {
    let from = "shop@example.com".parse().unwrap();
    SendGrid::builder(KEY, from).sender_name("QuickCart").base_url(url).time_max(time_max).build().unwrap()
}

pub(crate) fn gateway(url: &str, time_max: Duration) -> Gateway {
    let settings = json!({
        "name": "local", "url": format!("{url}/send?key={KEY}&to={{to_digits}}"),
        "headers": { "x-key": KEY },
        "body": { "form": { "msg": "{text}", "otp": "{code}" } },
        "success": { "json": { "pointer": "/status", "equals": "queued" } },
        "message_id": { "pointer": "/id" },
        "time_max_ms": time_max.as_millis() as u64,
    });
    let config: GatewayConfig = serde_json::from_value(settings).unwrap();
    Gateway::new("local", &config).unwrap()
}

async fn answering(status: u16, body: Value) -> Fake {
    Fake::start(move |_| Reaction::json(status, &body)).await
}

fn pairs(form: &BTreeMap<String, String>) -> Vec<(&str, &str)> {
    form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", BASE64.encode(format!("{user}:{password}").as_bytes()))
}

fn conversion<'a>(to: &'a Recipient, message_id: &'a str) -> Conversion<'a> {
    Conversion { to, purpose: "", message_id: Some(message_id) }
}

#[tokio::test]
async fn twilio_gets_a_form() {
    let fake = answering(201, json!({ "sid": "SM1", "status": "queued", "error_code": null })).await;
    let twilio = twilio(&fake.url(), TIME_MAX);
    let mut message = message();
    message.attempt = 2;
    assert_eq!(twilio.send(&message).await.unwrap(), Receipt::new("twilio", Some("SM1".into())));
    assert!(!twilio.reports() && !twilio.is_idempotent());
    let request = fake.request();
    assert_eq!(request.method, "POST");
    assert_eq!(request.path, format!("/2010-04-01/Accounts/{ACCOUNT}/Messages.json"));
    assert_eq!(request.headers["authorization"], basic(ACCOUNT, KEY));
    let expected = [
        ("Attempt", "2"),
        ("Body", "Your code is 042137."),
        ("From", "+15005550006"),
        ("ProvideFeedback", "true"),
        ("SmartEncoded", "true"),
        ("To", "+919876543210"),
        ("ValidityPeriod", "300"),
    ];
    assert_eq!(pairs(&request.form()), expected);
}

#[tokio::test]
async fn twilio_gets_what_is_configured() {
    let fake = answering(201, json!({ "sid": "SM1" })).await;
    let key = TwilioKey::ApiKey { sid: "SK1".into(), secret: KEY.into() };
    let service = TwilioSender::MessagingService("MG00000000000000000000000000000000".into());
    let twilio = Twilio::builder(ACCOUNT, key, service)
        .base_url(fake.url())
        .status_callback("https://shop.example.com/twilio?token=x")
        .forget_content()
        .build()
        .unwrap();
    assert!(twilio.reports());
    twilio
        .send(&Message::new(phone(), "Namasté — ₹5 & 10%").with_valid_for(Duration::from_secs(90_000)))
        .await
        .unwrap();
    let request = fake.request();
    assert_eq!(request.headers["authorization"], basic("SK1", KEY));
    let expected = [
        ("AddressRetention", "obfuscate"),
        ("Attempt", "1"),
        ("Body", "Namasté — ₹5 & 10%"),
        ("ContentRetention", "discard"),
        ("MessagingServiceSid", "MG00000000000000000000000000000000"),
        ("SmartEncoded", "true"),
        ("StatusCallback", "https://shop.example.com/twilio?token=x"),
        ("To", "+919876543210"),
        ("ValidityPeriod", "36000"),
    ];
    assert_eq!(pairs(&request.form()), expected);
}

#[tokio::test]
async fn twilio_hears_of_codes_that_were_shown() {
    let fake = answering(201, json!({ "message_sid": "SM1", "outcome": "confirmed" })).await;
    twilio(&fake.url(), TIME_MAX).converted(conversion(&phone().into(), "SM1")).await.unwrap();
    let request = fake.request();
    assert_eq!(request.path, format!("/2010-04-01/Accounts/{ACCOUNT}/Messages/SM1/Feedback.json"));
    assert_eq!(pairs(&request.form()), [("Outcome", "confirmed")]);
}

#[tokio::test]
async fn fast2sms_gets_what_its_routes_take() {
    let dlt = Fast2SmsRoute::Dlt { sender_id: "QKCART".into(), message_id: "111111".into() };
    let mut templated = message();
    templated.variables = vec![CODE.into(), "5".into()];
    let hindi = Message::new(phone(), "आपका कोड");
    for (route, message, expected) in [
        (
            Fast2SmsRoute::Otp,
            message(),
            json!({ "route": "otp", "variables_values": CODE, "numbers": NATIONAL }),
        ),
        (
            Fast2SmsRoute::Quick,
            message(),
            json!({
                "route": "q", "message": "Your code is 042137.", "language": "english", "flash": 0, "numbers": NATIONAL,
            }),
        ),
        (
            Fast2SmsRoute::Quick,
            hindi,
            json!({ "route": "q", "message": "आपका कोड", "language": "unicode", "flash": 0, "numbers": NATIONAL }),
        ),
        (
            dlt,
            templated,
            json!({
                "route": "dlt", "sender_id": "QKCART", "message": "111111", "variables_values": "042137|5", "flash": 0,
                "numbers": NATIONAL,
            }),
        ),
    ] {
        let fake = answering(200, json!({ "return": true, "request_id": "r1", "message": ["sent"] })).await;
        let receipt = fast2sms(&fake.url(), route, TIME_MAX).send(&message).await.unwrap();
        assert_eq!(receipt, Receipt::new("fast2sms", Some("r1".into())));
        let request = fake.request();
        assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/dev/bulkV2"));
        assert_eq!(request.headers["authorization"], KEY);
        assert_eq!(request.json(), expected);
    }
}

#[tokio::test]
async fn fast2sms_serves_indian_numbers() {
    let fast2sms = fast2sms("http://127.0.0.1:1", Fast2SmsRoute::Otp, TIME_MAX);
    assert!(fast2sms.serves(&phone().into()));
    assert!(!fast2sms.serves(&PhoneNumber::from_e164("+8801712345678").unwrap().into()));
    assert!(!fast2sms.serves(&mail().to));
    let error = fast2sms.send(&Message::new(phone(), "no code")).await.unwrap_err();
    assert_eq!(error.failure, Failure::RequestBug, "{error}");
}

#[tokio::test]
async fn infobip_gets_our_name_for_the_message() {
    let taken = json!({ "messages": [{ "messageId": "m1", "status": { "groupId": 1, "id": 26 }, "destination": "91" }] });
    let fake = answering(200, taken).await;
    let message = message();
    let dlt = IndiaDlt {
        principal_entity_id: "E1".into(),
        content_template_id: Some("T1".into()),
        telemarketer_id: Some("M1".into()),
    };
    let infobip = Infobip::builder(fake.url(), KEY)
        .sender("QuickCart")
        .india_dlt(dlt)
        .delivery_url("https://shop.example.com/infobip")
        .build()
        .unwrap();
    assert!(infobip.is_idempotent() && infobip.reports());
    assert_eq!(infobip.send(&message).await.unwrap(), Receipt::new("infobip", Some("m1".into())));
    let request = fake.request();
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/sms/3/messages"));
    assert_eq!(request.headers["authorization"], format!("App {KEY}"));
    let expected = json!({
        "messages": [{
            "sender": "QuickCart",
            "destinations": [{ "to": "919876543210", "messageId": HEXLOWER.encode(&message.id) }],
            "content": { "text": "Your code is 042137." },
            "options": {
                "validityPeriod": { "amount": 300, "timeUnit": "SECONDS" },
                "regional": {
                    "indiaDlt": { "principalEntityId": "E1", "contentTemplateId": "T1", "telemarketerId": "M1" },
                },
            },
            "webhooks": { "delivery": { "url": "https://shop.example.com/infobip" }, "contentType": "application/json" },
        }],
        "options": { "conversionTracking": { "useConversionTracking": true } },
    });
    assert_eq!(request.json(), expected);

    let mut registered = message;
    registered.dlt = Some(Arc::new(DltIds { entity_id: "E2".into(), template_id: "T2".into() }));
    infobip.send(&registered).await.unwrap();
    let expected = json!({ "principalEntityId": "E2", "contentTemplateId": "T2", "telemarketerId": "M1" });
    let sent = fake.requests()[1].json();
    assert_eq!(sent["messages"][0]["options"]["regional"]["indiaDlt"], expected, "the text knows better");
}

#[tokio::test]
async fn infobip_reads_the_status_of_the_message() {
    for (group, status, expected) in [
        (1, 26, Ok(())),
        (5, 23, Ok(())),
        (5, 6, Err(Failure::RouteUnavailable)),
        (5, 51, Err(Failure::RecipientInvalid)),
        (1, 9999, Err(Failure::MaybeSent)),
    ] {
        let status = json!({ "groupId": group, "id": status });
        let fake = answering(200, json!({ "messages": [{ "status": status }] })).await;
        let message = message();
        let sent = infobip(&fake.url(), TIME_MAX).send(&message).await;
        if let Ok(receipt) = &sent {
            assert_eq!(receipt.message_id, Some(HEXLOWER.encode(&message.id)));
        }
        assert_eq!(sent.map(drop).map_err(|error| error.failure), expected, "{status}");
    }
}

#[tokio::test]
async fn infobip_hears_of_codes_that_were_shown() {
    let fake = answering(200, json!({ "processKey": "x" })).await;
    infobip(&fake.url(), TIME_MAX).converted(conversion(&phone().into(), "a/b")).await.unwrap();
    let request = fake.request();
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/ct/1/log/end/a%2Fb"));
}

#[tokio::test]
async fn infobip_sends_codes_of_its_own() {
    let fake = answering(200, json!({ "pinId": "P1", "smsStatus": "MESSAGE_SENT" })).await;
    let provider = two_factor(&fake.url(), TIME_MAX);
    assert!(provider.holds_pins());
    let receipt = provider.send(&message()).await.unwrap();
    assert_eq!(receipt, Receipt { holds_pin: true, ..Receipt::new("infobip_2fa", Some("P1".into())) });
    let request = fake.request();
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/2fa/2/pin"));
    assert_eq!(
        request.json(),
        json!({ "applicationId": "APP", "messageId": "TEMPLATE", "to": "919876543210" })
    );
}

#[tokio::test]
async fn infobip_judges_its_codes() {
    let error =
        |error: &str| json!({ "pinId": "P/1", "verified": false, "attemptsRemaining": 1, "pinError": error });
    let held = HeldPin { provider: "infobip_2fa", id: "P/1" };
    for (status, body, expected) in [
        (200, json!({ "pinId": "P/1", "verified": true, "attemptsRemaining": 0 }), Ok(PinVerdict::Right)),
        (200, error("WRONG_PIN"), Ok(PinVerdict::Wrong)),
        (200, error("TTL_EXPIRED"), Ok(PinVerdict::Gone)),
        (200, error("NO_MORE_PIN_ATTEMPTS"), Ok(PinVerdict::Gone)),
        (200, error("SOMETHING_NEW"), Ok(PinVerdict::Gone)),
        (200, json!({ "verified": true, "pinError": "SOMETHING_NEW" }), Ok(PinVerdict::Gone)),
        (404, json!({}), Ok(PinVerdict::Gone)),
        (200, json!({}), Err(Failure::MaybeSent)),
        (200, json!({ "verified": "true" }), Err(Failure::MaybeSent)),
        (429, json!({}), Err(Failure::Throttled)),
        (401, json!({}), Err(Failure::AccountDown)),
    ] {
        let fake = answering(status, body.clone()).await;
        let verdict = two_factor(&fake.url(), TIME_MAX).check_pin(held, CODE).await;
        assert_eq!(verdict.map_err(|error| error.failure), expected, "{status} {body}");
        let request = fake.request();
        assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/2fa/2/pin/P%2F1/verify"));
        assert_eq!(request.json(), json!({ "pin": CODE }));
    }
}

/// An application of Infobip's that takes what is put there, but for what it forgets.
async fn application(pin_length: u64, attempts_kept: bool) -> Fake {
    Fake::start(move |request: &Request| {
        let settings = |attempts, time: &str, again| {
            json!({
                "pinAttempts": attempts, "pinTimeToLive": time, "allowMultiplePinVerifications": again,
                "verifyPinLimit": "1/3s",
            })
        };
        let application = |configuration| {
            json!({ "applicationId": "APP", "name": "Shop", "enabled": true, "configuration": configuration })
        };
        let body = match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/2fa/2/applications/APP/messages/TEMPLATE") => json!({ "pinLength": pin_length }),
            ("GET", "/2fa/2/applications/APP") => application(settings(10, "15m", true)),
            ("PUT", "/2fa/2/applications/APP") => {
                application(settings(if attempts_kept { 10 } else { 5 }, "5m", false))
            }
            _ => return Reaction::json(404, &json!({})),
        };
        Reaction::json(200, &body)
    })
    .await
}

#[tokio::test]
async fn infobip_s_application_is_made_safe() {
    let fake = application(6, false).await;
    two_factor(&fake.url(), TIME_MAX).ensure_safe().await.unwrap();
    let requests = fake.requests();
    let expected = json!({
        "name": "Shop", "enabled": true,
        "configuration": {
            "pinAttempts": 5, "pinTimeToLive": "5m", "allowMultiplePinVerifications": false, "verifyPinLimit": "1/3s",
        },
    });
    assert_eq!((requests.len(), requests[2].method.as_str(), requests[2].json()), (3, "PUT", expected));
    for (fake, what) in [
        (application(4, false).await, "fewer than 6 digits"),
        (application(6, true).await, "keeps unsafe limits"),
    ] {
        let error = two_factor(&fake.url(), TIME_MAX).ensure_safe().await.unwrap_err();
        assert!(error.to_string().contains(what), "{error}");
        let puts = fake.requests().iter().filter(|request| request.method == "PUT").count();
        assert_eq!(puts, usize::from(what.contains("keeps")));
    }
}

#[tokio::test]
async fn sendgrid_gets_a_plain_text() {
    let fake = Fake::start(|_| Reaction::Answer {
        status: 202,
        headers: "X-Message-Id: x1\r\n",
        body: String::new(),
    })
    .await;
    let sendgrid = sendgrid(&fake.url(), TIME_MAX);
    assert!(sendgrid.serves(&mail().to) && !sendgrid.serves(&phone().into()));
    let mail = mail();
    assert_eq!(sendgrid.send(&mail).await.unwrap(), Receipt::new("sendgrid", Some("x1".into())));
    let request = fake.request();
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/v3/mail/send"));
    assert_eq!(request.headers["authorization"], format!("Bearer {KEY}"));
    let expected = json!({
        "personalizations": [{
            "to": [{ "email": "asha@example.com" }], "custom_args": { "quickcart_id": HEXLOWER.encode(&mail.id) },
        }],
        "from": { "email": "shop@example.com", "name": "QuickCart" },
        "subject": "Your code",
        "content": [{ "type": "text/plain", "value": "Your code is 042137." }],
        "headers": { "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All" },
        "tracking_settings": { "click_tracking": { "enable": false, "enable_text": false } },
    });
    assert_eq!(request.json(), expected);
}

#[test]
fn settings_that_cannot_work_are_refused() {
    let url = "http://127.0.0.1:1";
    let sender = || TwilioSender::Number("+15005550006".into());
    let token = |token: &str| TwilioKey::AuthToken(token.into());
    let problems = [
        Twilio::builder(ACCOUNT, token(""), sender()).base_url(url).build().map(drop),
        Twilio::builder("", token(KEY), sender()).base_url(url).build().map(drop),
        Twilio::builder(ACCOUNT, token(KEY), sender()).base_url("http://api.twilio.com").build().map(drop),
        Fast2Sms::builder("line\nbreak", Fast2SmsRoute::Otp).base_url(url).build().map(drop),
        Infobip::builder("xyz.api.infobip.com", KEY).build().map(drop),
        Infobip::builder(url, "").build().map(drop),
        InfobipTwoFactor::builder(url, KEY, "", "TEMPLATE").build().map(drop),
        SendGrid::builder("", "shop@example.com".parse().unwrap()).base_url(url).build().map(drop),
    ];
    for problem in problems {
        let shown = format!("{:?} {}", problem, problem.unwrap_err());
        assert!(!shown.contains(KEY), "{shown}");
    }
}

/// Each provider with a message that it takes.
pub(crate) fn all(url: &str, time_max: Duration) -> Vec<(Arc<dyn MessageProvider>, Message)> {
    vec![
        (Arc::new(twilio(url, time_max)), message()),
        (Arc::new(whatsapp(url, time_max)), message()),
        (Arc::new(fast2sms(url, Fast2SmsRoute::Otp, time_max)), message()),
        (Arc::new(infobip(url, time_max)), message()),
        (Arc::new(two_factor(url, time_max)), message()),
        (Arc::new(sendgrid(url, time_max)), mail()),
        (Arc::new(gateway(url, time_max)), message()),
    ]
}
