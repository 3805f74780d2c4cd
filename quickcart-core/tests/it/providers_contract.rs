//! Good requests against the providers' own descriptions of their APIs, which Prism checks.
//!
//! The descriptions lie beside the workspace, in `../shared/providers/specs`, because not all of them may be copied; Prism is
//! where the variable `QUICKCART_PRISM` says, which `cargo xtask test` sets.

use std::env;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};

use quickcart_core::messaging::sms::{IndiaDlt, Infobip, Twilio, TwilioKey, TwilioSender};
use quickcart_core::messaging::{Conversion, Failure, HeldPin, MessageProvider, PinVerdict, Recipient};
use serde_json::json;
use test_servers::Prism;

use crate::providers::{ACCOUNT, CODE, KEY, TIME_MAX, mail, message, phone, sendgrid, two_factor, whatsapp};
use crate::providers_fake::{Fake, Reaction, Request};

/// A Prism, and a server in front of it that keeps requests.
struct Contract {
    prism: Prism,
    front: Fake,
}

impl Contract {
    async fn of(spec: &str) -> Option<Self> {
        Self::with(spec, |_| None).await
    }

    /// `None`, with a word about it, where the description or Prism is not at hand. Some requests are answered here.
    async fn with(
        spec: &str,
        answer: impl Fn(&Request) -> Option<Reaction> + Send + Sync + 'static,
    ) -> Option<Self> {
        let spec = specs()?.join(format!("{spec}.openapi.json"));
        let Some(program) = env::var_os("QUICKCART_PRISM") else {
            say("QUICKCART_PRISM is not set (`cargo xtask test` sets it)");
            return None;
        };
        let prism = Prism::start(Path::new(&program), &spec);
        let port = prism.port();
        let front = Fake::start(move |request| answer(request).unwrap_or(Reaction::Forward { port })).await;
        Some(Self { prism, front })
    }

    fn url(&self) -> String {
        self.front.url()
    }

    /// Every request so far was as the description says, and there were so many.
    fn assert_kept(&self, requests: usize) {
        let answers = self.front.answers();
        assert_eq!(answers.len(), requests);
        for answer in answers {
            let broken = answer.to_ascii_lowercase().contains("sl-violations");
            assert!(!broken, "{answer}\n{}", self.prism.log());
        }
    }
}

/// The workspace is two folders above this package's manifest, by its path as it is written.
fn specs() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2)?;
    let specs = beside.join("shared/providers/specs");
    if specs.is_dir() {
        return Some(specs);
    }
    say(&format!("there is no folder {}", specs.display()));
    None
}

/// Not by a macro: what macros print is hidden while tests pass.
fn say(why: &str) {
    let line = format!("providers' requests are NOT compared with the providers' descriptions: {why}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

fn shown<'a>(to: &'a Recipient, message_id: &'a str) -> Conversion<'a> {
    Conversion { to, purpose: "", message_id: Some(message_id) }
}

#[tokio::test]
async fn twilio_is_asked_as_it_says() {
    let Some(contract) = Contract::of("twilio_messages").await else { return };
    let key = || TwilioKey::AuthToken(KEY.into());
    let number = Twilio::builder(ACCOUNT, key(), TwilioSender::Number("+15005550006".into()));
    let number = number.base_url(contract.url()).time_max(TIME_MAX).build().unwrap();
    let service = TwilioSender::MessagingService("MG00000000000000000000000000000000".into());
    let service = Twilio::builder(ACCOUNT, key(), service)
        .base_url(contract.url())
        .time_max(TIME_MAX)
        .status_callback("https://shop.example.com/twilio")
        .forget_content()
        .build()
        .unwrap();
    let by_whatsapp = whatsapp(&contract.url(), TIME_MAX);
    for twilio in [&number, &service, &by_whatsapp] {
        let receipt = twilio.send(&message()).await.unwrap();
        assert!(receipt.message_id.is_some_and(|sid| sid.starts_with("SM")));
    }
    let sid = "SM00000000000000000000000000000000";
    number.converted(shown(&phone().into(), sid)).await.unwrap();
    contract.assert_kept(4);
}

#[tokio::test]
async fn infobip_is_asked_as_it_says() {
    let Some(contract) = Contract::of("infobip_sms").await else { return };
    let dlt = IndiaDlt {
        principal_entity_id: "E1".into(),
        content_template_id: Some("T1".into()),
        telemarketer_id: Some("M1".into()),
    };
    let infobip = Infobip::builder(contract.url(), KEY)
        .sender("QuickCart")
        .india_dlt(dlt)
        .delivery_url("https://shop.example.com/infobip")
        .time_max(TIME_MAX)
        .build()
        .unwrap();
    infobip.send(&message()).await.unwrap();
    infobip.converted(shown(&phone().into(), "m1")).await.unwrap();
    contract.assert_kept(2);
}

#[tokio::test]
async fn infobip_s_codes_are_asked_for_as_it_says() {
    let Some(contract) = Contract::of("infobip_2fa").await else { return };
    let provider = two_factor(&contract.url(), TIME_MAX);
    let receipt = provider.send(&message()).await.unwrap();
    let held = HeldPin { provider: receipt.provider, id: receipt.message_id.as_deref().unwrap() };
    assert_eq!(provider.check_pin(held, CODE).await.unwrap(), PinVerdict::Right);
    let held = HeldPin { provider: receipt.provider, id: "P 1" };
    provider.check_pin(held, CODE).await.unwrap();
    contract.assert_kept(3);
}

/// The description's own example makes codes of four digits, and stays as it is.
#[tokio::test]
async fn infobip_s_application_is_changed_as_it_says() {
    let six_digits = |request: &Request| {
        let is_template = request.path.ends_with("/messages/TEMPLATE");
        is_template.then(|| Reaction::json(200, &json!({ "pinLength": 6 })))
    };
    let Some(contract) = Contract::with("infobip_2fa", six_digits).await else { return };
    let problem = two_factor(&contract.url(), TIME_MAX).ensure_safe().await.unwrap_err();
    assert!(problem.to_string().contains("keeps unsafe limits"), "{problem}");
    contract.assert_kept(2);
    let Some(contract) = Contract::of("infobip_2fa").await else { return };
    let problem = two_factor(&contract.url(), TIME_MAX).ensure_safe().await.unwrap_err();
    assert_eq!(problem.failure, Failure::RequestBug);
    contract.assert_kept(1);
}

#[tokio::test]
async fn sendgrid_is_asked_as_it_says() {
    let Some(contract) = Contract::of("sendgrid_mail_send").await else { return };
    sendgrid(&contract.url(), TIME_MAX).send(&mail()).await.unwrap();
    contract.assert_kept(1);
}

/// Otherwise the tests above prove nothing.
#[tokio::test]
async fn prism_notices_what_is_missing() {
    let Some(specs) = specs() else { return };
    let Some(program) = env::var_os("QUICKCART_PRISM") else { return };
    let prism = Prism::start(Path::new(&program), &specs.join("infobip_sms.openapi.json"));
    let mut stream = TcpStream::connect(("127.0.0.1", prism.port())).unwrap();
    let body = r#"{"messages":[{"from":"QuickCart","text":"hello"}]}"#;
    let head = "POST /sms/3/messages HTTP/1.1\r\nhost: a\r\nconnection: close\r\nauthorization: App x";
    let request =
        format!("{head}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.to_ascii_lowercase().contains("sl-violations"), "{answer}");
}
