//! Codes by WhatsApp: what Twilio is asked, what it answers, and that it is the next channel of a phone.

use std::sync::Arc;
use std::time::Duration;

use quickcart_core::clock::SystemClock;
use quickcart_core::messaging::sms::{Twilio, TwilioKey, TwilioSender};
use quickcart_core::messaging::{
    Conversion, DeliveryReport, DeliveryState, Failover, FailoverPolicy, Failure, Message, MessageProvider,
    Receipt, Route,
};
use quickcart_core::phone::PhoneNumber;
use serde_json::json;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{advance, pause, resume};

use crate::providers::{ACCOUNT, CODE, KEY, TEMPLATE, TIME_MAX, mail, message, phone, whatsapp};
use crate::providers_fake::{Fake, Reaction};

const CALLBACK: &str = "https://shop.example.com/twilio";

#[tokio::test]
async fn twilio_gets_the_template_and_the_code() {
    let fake = Fake::start(|_| Reaction::json(201, &json!({ "sid": "SM1", "status": "queued" }))).await;
    let provider = whatsapp(&fake.url(), TIME_MAX);
    assert_eq!(provider.send(&message()).await.unwrap(), Receipt::new("twilio_whatsapp", Some("SM1".into())));
    assert!(provider.name() == "twilio_whatsapp" && !provider.reports() && !provider.holds_pins());
    assert!(provider.serves(&phone().into()) && !provider.serves(&mail().to));
    let request = fake.request();
    assert_eq!(request.path, format!("/2010-04-01/Accounts/{ACCOUNT}/Messages.json"));
    let expected = [
        ("Attempt", "1"),
        ("ContentSid", TEMPLATE),
        ("ContentVariables", "{\"1\":\"042137\"}"),
        ("From", "whatsapp:+15005550006"),
        ("ProvideFeedback", "true"),
        ("To", "whatsapp:+919876543210"),
        ("ValidityPeriod", "300"),
    ];
    let form = request.form();
    assert_eq!(
        form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect::<Vec<_>>(),
        expected
    );
}

#[tokio::test]
async fn the_sender_may_be_a_pool_or_written_as_twilio_does() {
    for (sender, field, expected) in [
        (TwilioSender::MessagingService("MG1".into()), "MessagingServiceSid", "MG1"),
        (TwilioSender::Number("whatsapp:+15005550006".into()), "From", "whatsapp:+15005550006"),
    ] {
        let fake = Fake::start(|_| Reaction::json(201, &json!({ "sid": "SM1" }))).await;
        let builder = Twilio::builder(ACCOUNT, TwilioKey::AuthToken(KEY.into()), sender).whatsapp(TEMPLATE);
        let provider = builder.base_url(fake.url()).status_callback(CALLBACK).build().unwrap();
        assert!(provider.reports());
        provider.send(&message()).await.unwrap();
        let form = fake.request().form();
        assert_eq!((form[field].as_str(), form["StatusCallback"].as_str()), (expected, CALLBACK));
        assert_eq!(form["To"], "whatsapp:+919876543210");
    }
}

#[tokio::test]
async fn without_a_code_or_a_template_nothing_is_sent() {
    let fake = Fake::start(|_| Reaction::json(201, &json!({ "sid": "SM1" }))).await;
    let provider = whatsapp(&fake.url(), TIME_MAX);
    for message in [Message::new(phone(), "It is on its way."), mail()] {
        let error = provider.send(&message).await.unwrap_err();
        assert_eq!((error.provider, error.failure), ("twilio_whatsapp", Failure::RequestBug));
    }
    assert!(fake.requests().is_empty());
    for template in ["", "MG00000000000000000000000000000000"] {
        let sender = TwilioSender::Number("+15005550006".into());
        let builder = Twilio::builder(ACCOUNT, TwilioKey::AuthToken(KEY.into()), sender).whatsapp(template);
        assert_eq!(builder.build().unwrap_err().provider, "twilio_whatsapp");
    }
}

#[tokio::test]
async fn who_has_no_whatsapp_may_have_text_messages() {
    for (code, failure) in [
        (63003, Failure::RouteUnavailable),
        (63024, Failure::RouteUnavailable),
        (63049, Failure::RouteUnavailable),
        (63007, Failure::AccountDown),
        (63016, Failure::AccountDown),
        (63018, Failure::Throttled),
        (21211, Failure::RecipientInvalid),
        (21656, Failure::RequestBug),
    ] {
        let body = json!({ "code": code, "message": "whatsapp:+919876543210", "status": 400 });
        let fake = Fake::start(move |_| Reaction::json(400, &body)).await;
        let error = whatsapp(&fake.url(), TIME_MAX).send(&message()).await.unwrap_err();
        assert_eq!((error.failure, error.code.as_deref()), (failure, Some(code.to_string().as_str())));
        assert!(!format!("{error} {error:?}").contains("9876543210"));
    }
}

/// Text messages and then WhatsApp, both by a Twilio that takes everything; it passes on what it is asked to send.
async fn two_channels() -> (Failover, Fake, UnboundedReceiver<Sent>) {
    let (sender, sent) = unbounded_channel();
    let fake = Fake::start(move |request| {
        let form = request.form();
        let Some(to) = form.get("To") else { return Reaction::json(201, &json!({})) };
        let content = form.get("Body").or(form.get("ContentVariables")).unwrap();
        // Nobody listens any more when the test is over.
        let _ = sender.send(Sent { to: to.clone(), has_code: content.contains(CODE) });
        Reaction::json(201, &json!({ "sid": format!("SM{to}") }))
    })
    .await;
    let builder = |sender: &str| {
        let builder =
            Twilio::builder(ACCOUNT, TwilioKey::AuthToken(KEY.into()), TwilioSender::Number(sender.into()));
        builder.base_url(fake.url()).status_callback(CALLBACK)
    };
    let text = builder("+15005550006").build().unwrap();
    let by_whatsapp = builder("+15005550007").whatsapp(TEMPLATE).build().unwrap();
    let routes = vec![Route::new(Arc::new(text)), Route::new(Arc::new(by_whatsapp))];
    let failover = Failover::new(routes, FailoverPolicy::default(), Arc::default(), Arc::new(SystemClock));
    (failover, fake, sent)
}

/// What Twilio was asked to send.
#[derive(Debug, PartialEq, Eq)]
struct Sent {
    to: String,
    has_code: bool,
}

fn with_code(to: &str) -> Sent {
    Sent { to: to.into(), has_code: true }
}

fn to(number: &str) -> Message {
    let mut message = message();
    message.to = PhoneNumber::from_e164(number).unwrap().into();
    message
}

/// The time to wait for receipts passes at once; requests take the time of this machine.
async fn no_receipts_come() {
    pause();
    advance(Duration::from_secs(13)).await;
    resume();
}

#[tokio::test]
async fn without_a_receipt_in_time_the_code_goes_by_whatsapp() {
    let (failover, _fake, mut sent) = two_channels().await;
    failover.send(&message()).await.unwrap();
    assert_eq!(sent.recv().await.unwrap(), with_code("+919876543210"));
    assert!(sent.is_empty());
    no_receipts_come().await;
    assert_eq!(sent.recv().await.unwrap(), with_code("whatsapp:+919876543210"));
}

#[tokio::test]
async fn a_code_that_was_shown_or_arrived_does_not_go_by_whatsapp() {
    let (failover, _fake, mut sent) = two_channels().await;
    let shown = message();
    failover.send(&shown).await.unwrap();
    failover.converted(Conversion { to: &shown.to, purpose: shown.purpose, message_id: None }).await.unwrap();
    let receipt = failover.send(&to("+919876543211")).await.unwrap();
    let (state, message_id) = (DeliveryState::Delivered, receipt.message_id.unwrap());
    let delivered = DeliveryReport { provider: "twilio", message_id, state, failure: None, code: None };
    assert_eq!(failover.record(&delivered), Some(DeliveryState::Delivered));
    for number in ["+919876543210", "+919876543211"] {
        assert_eq!(sent.recv().await.unwrap(), with_code(number));
    }
    no_receipts_come().await;
    // Whatever those two would have sent would come before what is sent of a later one.
    failover.send(&to("+919876543212")).await.unwrap();
    assert_eq!(sent.recv().await.unwrap(), with_code("+919876543212"));
    no_receipts_come().await;
    assert_eq!(sent.recv().await.unwrap(), with_code("whatsapp:+919876543212"));
}
