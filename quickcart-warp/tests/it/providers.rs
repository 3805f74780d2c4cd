//! Codes by providers of messages: a production server, and fakes of them on this machine.

use std::io::Write;
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::time::Instant;

use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::fake_http::{FakeHttp, Reaction};
use crate::fake_providers::{FakeProviders, Fault};
use crate::program::{PATIENCE, Server, folder};

pub(crate) const ACCOUNT: &str = "AC00000000000000000000000000000000";
pub(crate) const TWILIO_TOKEN: &str = "twilio-token-of-this-test";
const FAST2SMS_KEY: &str = "fast2sms-key-of-this-test";
const INFOBIP_KEY: &str = "infobip-key-of-this-test";
const PHONE: &str = "9876543210";
const TO: &str = "+919876543210";

/// A production server that sends by Twilio and then Fast2SMS, both at a fake.
pub(crate) struct Shop {
    pub(crate) server: Server,
    pub(crate) fake: FakeProviders,
    pub(crate) client: Client,
    _folder: TempDir,
}

impl Shop {
    pub(crate) fn start(more: &[(&str, &str)]) -> Self {
        Self::with(FakeProviders::start(), folder(), more)
    }

    /// `more` comes on top of the settings of Twilio and Fast2SMS.
    pub(crate) fn with(fake: FakeProviders, folder: TempDir, more: &[(&str, &str)]) -> Self {
        let url = fake.url();
        let settings = [
            ("QUICKCART_ENV", "production"),
            ("JWT_SECRET_KEY", "the-jwt-key-of-this-test-has-32-bytes"),
            ("SECRET_KEY", "the-secret-key-of-this-test-has-32-bytes"),
            ("TWILIO_ACCOUNT_SID", ACCOUNT),
            ("TWILIO_AUTH_TOKEN", TWILIO_TOKEN),
            ("TWILIO_PHONE_NUMBER", "+15005550006"),
            ("TWILIO_BASE_URL", &url),
            ("FAST2SMS_API_KEY", FAST2SMS_KEY),
            ("FAST2SMS_BASE_URL", &url),
        ];
        let server = Server::start(folder.path(), &[&settings, more].concat());
        Self { server, fake, client: Client::new(), _folder: folder }
    }

    /// The same with Infobip at the fake, and codes that Infobip makes.
    pub(crate) fn with_infobip(more: &[(&str, &str)]) -> Self {
        let fake = FakeProviders::start();
        let url = fake.url();
        let infobip = [
            ("INFOBIP_API_KEY", INFOBIP_KEY),
            ("INFOBIP_BASE_URL", &*url),
            ("INFOBIP_APP_ID", "APP"),
            ("INFOBIP_MESSAGE_ID", "TEMPLATE"),
        ];
        Self::with(fake, folder(), &[&infobip, more].concat())
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        let response = self.client.post(self.server.url.clone() + path).json(&body).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    pub(crate) async fn send(&self, phone: &str) -> (u16, Value) {
        self.post("/api/send-otp", json!({ "phoneNumber": phone })).await
    }

    pub(crate) async fn verify(&self, phone: &str, code: &str) -> (u16, Value) {
        self.post("/api/verify-otp", json!({ "phoneNumber": phone, "otp": code })).await
    }

    /// The code in the newest message to a number is the right one.
    pub(crate) async fn assert_verifies(&self, to: &str) {
        let code = self.fake.latest(to).code;
        let expected = json!({ "success": true, "message": "OTP verified successfully" });
        assert_eq!(self.verify(to, &code).await, (200, expected));
    }
}

fn by_fast2sms() -> (u16, Value) {
    let message = "SMS sent successfully via Fast2SMS";
    (200, json!({ "success": true, "message": message, "provider": "fast2sms" }))
}

#[tokio::test]
async fn twilio_sends_and_the_code_is_in_its_message_only() {
    let shop = Shop::start(&[]);
    let answer = shop.send(PHONE).await;
    let sent = shop.fake.latest(TO);
    let message = "SMS sent successfully via Twilio";
    let expected = json!({ "success": true, "message": message, "provider": "twilio", "sid": sent.id });
    assert_eq!(answer, (200, expected));
    let text = format!("Your Blinkit verification code is: {}. Valid for 5 minutes.", sent.code);
    assert!(sent.text.starts_with(&text), "{}", sent.text);
    assert_eq!(shop.fake.asked("twilio")[0].form()["From"], "+15005550006");
    assert!(shop.fake.asked("fast2sms").is_empty());
    shop.assert_verifies(TO).await;
    assert_eq!(shop.verify(PHONE, &sent.code).await.0, 400, "it works once");

    let (status, answer) = shop.post("/api/auth/send-otp", json!({ "phoneNumber": PHONE })).await;
    let sent = shop.fake.latest(TO);
    let expected = json!({
        "success": true, "message": message, "provider": "twilio", "sid": sent.id, "remaining_attempts": 19,
    });
    assert_eq!((status, answer), (200, expected));
    let (status, _) =
        shop.post("/api/auth/verify-otp", json!({ "phoneNumber": PHONE, "otp": sent.code })).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn ten_digits_are_indian_though_they_begin_with_91() {
    let shop = Shop::start(&[]);
    assert_eq!(shop.send("9198765432").await.0, 200);
    assert_eq!(shop.fake.asked("twilio")[0].form()["To"], "+919198765432");
    shop.assert_verifies("+919198765432").await;
}

#[tokio::test]
async fn whatever_befalls_twilio_fast2sms_sends_the_code() {
    for fault in
        [Fault::Down, Fault::DownAfterSending, Fault::Throttled, Fault::Auth, Fault::Hang, Fault::Reset]
    {
        let shop = Shop::start(&[("QUICKCART_PROVIDER_TIMEOUT", "1000")]);
        shop.fake.set("twilio", fault);
        assert_eq!(shop.send(PHONE).await, by_fast2sms(), "{fault:?}");
        assert_eq!((shop.fake.asked("twilio").len(), shop.fake.asked("fast2sms").len()), (1, 1), "{fault:?}");
        let codes: Vec<_> = shop.fake.outbox().into_iter().map(|sent| sent.code).collect();
        assert!(codes.iter().all(|code| *code == codes[0]), "whoever sent it sent the same code");
        shop.assert_verifies(TO).await;
    }
}

#[tokio::test]
async fn when_nobody_sends_nothing_is_told_of_it() {
    for fault in [Fault::Down, Fault::Throttled, Fault::Auth, Fault::Reset] {
        let shop = Shop::start(&[]);
        shop.fake.set("twilio", fault);
        shop.fake.set("fast2sms", fault);
        let message = "The verification code could not be sent. Please try again later.";
        let expected = (503, json!({ "success": false, "message": message }));
        assert_eq!(shop.send(PHONE).await, expected, "{fault:?}");
        let of_second = shop.post("/api/auth/send-otp", json!({ "phoneNumber": "9876543211" })).await;
        assert_eq!(of_second, expected, "{fault:?}");
        let (status, body) = shop.post("/auth/verify_mobile", json!({ "mobile_number": PHONE })).await;
        assert_eq!(status, 503, "{fault:?}");
        let text = body.to_string().to_lowercase();
        let told = ["twilio", "fast2sms", "failover", PHONE].iter().any(|part| text.contains(part));
        assert!(!told && body["detail"].is_string(), "{text}");
    }
}

#[tokio::test]
async fn a_number_that_does_not_exist_is_refused_by_one_provider_for_all() {
    // The time to wait between two codes is that of production.
    let shop = Shop::start(&[]);
    shop.fake.set("twilio", Fault::InvalidNumber);
    let refused = (400, json!({ "success": false, "message": "This phone number cannot get a code." }));
    assert_eq!(shop.send(PHONE).await, refused);
    assert_eq!((shop.fake.asked("twilio").len(), shop.fake.asked("fast2sms").len()), (1, 0));
    assert_eq!(shop.send(PHONE).await.0, 429, "what told something of a number is counted");
    assert_eq!(shop.fake.asked("twilio").len(), 1);
}

#[tokio::test]
async fn a_code_that_did_arrive_works_though_nobody_took_it() {
    let shop = Shop::start(&[]);
    shop.fake.set("twilio", Fault::DownAfterSending);
    shop.fake.set("fast2sms", Fault::Down);
    assert_eq!(shop.send(PHONE).await.0, 503);
    assert_eq!(shop.fake.outbox().len(), 1);
    shop.assert_verifies(TO).await;
}

/// One provider uses the whole budget up, so that there is nothing left for the other one.
#[tokio::test]
async fn the_budget_is_that_of_all_providers_together() {
    let settings = [("QUICKCART_SEND_BUDGET", "500"), ("QUICKCART_PROVIDER_TIMEOUT", "500")];
    let shop = Shop::start(&settings);
    shop.fake.set("twilio", Fault::Hang);
    assert_eq!(shop.send(PHONE).await.0, 503);
    assert_eq!((shop.fake.asked("twilio").len(), shop.fake.asked("fast2sms").len()), (1, 0));
}

#[tokio::test]
async fn a_provider_that_fails_is_left_alone() {
    let shop = Shop::start(&[]);
    shop.fake.set("twilio", Fault::Auth);
    for phone in ["9876543210", "9876543211", "9876543212"] {
        assert_eq!(shop.send(phone).await, by_fast2sms());
    }
    assert_eq!(shop.fake.asked("twilio").len(), 1, "a wrong key does not become right");
}

#[tokio::test]
async fn a_message_that_may_have_been_sent_can_be_the_last_one() {
    let shop = Shop::start(&[("QUICKCART_AFTER_MAYBE_SENT", "stop")]);
    shop.fake.set("twilio", Fault::DownAfterSending);
    assert_eq!(shop.send(PHONE).await.0, 503);
    assert!(shop.fake.asked("fast2sms").is_empty());
    shop.assert_verifies(TO).await;
    shop.fake.set("twilio", Fault::Throttled);
    assert_eq!(shop.send("9876543211").await, by_fast2sms(), "that one was surely not sent");
}

#[tokio::test]
async fn a_day_costs_no_more_than_it_may() {
    let settings = [("QUICKCART_PROVIDER_PRICES", "twilio=0.42"), ("QUICKCART_DAILY_SPEND", "0.84")];
    let shop =
        Shop::start(&[("PHONE_OTP_PROVIDERS", "twilio")].into_iter().chain(settings).collect::<Vec<_>>());
    assert_eq!(shop.send("9876543210").await.0, 200);
    assert_eq!(shop.send("9876543211").await.0, 200);
    assert_eq!(shop.send("9876543212").await.0, 503);
    assert_eq!(shop.fake.asked("twilio").len(), 2);
}

#[tokio::test]
async fn countries_have_their_own_providers() {
    let shop = Shop::start(&[("PHONE_OTP_PROVIDERS", "twilio@BD,fast2sms@IN")]);
    assert_eq!(shop.send(PHONE).await, by_fast2sms());
    assert_eq!(shop.send("+8801712345678").await.1["provider"], "twilio");
    assert_eq!(shop.send("+84912345678").await.0, 503, "nobody sends there");
    let routes: Vec<_> = shop.fake.outbox().into_iter().map(|sent| (sent.provider, sent.to)).collect();
    assert_eq!(routes, [("fast2sms", TO.to_owned()), ("twilio", "+8801712345678".to_owned())]);
    shop.fake.set("fast2sms", Fault::Down);
    assert_eq!(shop.send("9876543211").await.0, 503, "Twilio is for Bangladesh only");
    assert_eq!(shop.fake.asked("twilio").len(), 1);
    shop.assert_verifies("+8801712345678").await;
}

#[tokio::test]
async fn the_smart_cart_sends_by_its_own_list() {
    let shop = Shop::start(&[("PHONE_OTP_PROVIDERS", "twilio"), ("SMART_CART_PROVIDERS", "fast2sms")]);
    let url = shop.server.url.clone() + "/auth/verify_mobile";
    let response = shop.client.post(url).json(&json!({ "mobile_number": PHONE })).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let cookie = response.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.contains("; Secure"), "{cookie}");
    assert_eq!(response.json::<Value>().await.unwrap(), json!({ "message": format!("OTP sent to {PHONE}") }));
    assert!(shop.fake.asked("twilio").is_empty());
    let request = shop.fake.asked("fast2sms").remove(0);
    let code = shop.fake.latest(TO).code;
    assert_eq!(request.json(), json!({ "route": "otp", "variables_values": code, "numbers": PHONE }));
    assert_eq!(request.headers["authorization"], FAST2SMS_KEY);

    let verify = shop.client.post(shop.server.url.clone() + "/auth/verify_otp");
    let verify = verify.header("Cookie", cookie.split(';').next().unwrap());
    let body = json!({ "mobile_number": PHONE, "otp": code });
    assert_eq!(verify.json(&body).send().await.unwrap().status(), 200);

    assert_eq!(shop.send(PHONE).await.1["provider"], "twilio");
    shop.fake.set("twilio", Fault::Down);
    assert_eq!(shop.send("9876543211").await.0, 503, "Fast2SMS is not in this list");
    assert_eq!(shop.fake.asked("fast2sms").len(), 1);
}

#[tokio::test]
async fn a_gateway_is_described_by_a_file() {
    let (fake, folder) = (FakeProviders::start(), folder());
    let gateway = json!([{
        "name": "local", "method": "GET",
        "url": format!("{}/gateway?key=gateway-key-of-this-test&to={{to_digits}}&text={{text}}", fake.url()),
        "headers": { "x-key": "header-key-of-this-test" },
        "success": { "text_starts_with": "OK" },
        "message_id": { "regex": "^OK: (\\w+)" },
        "answer_code": { "regex": "^ERR: (\\w+)" },
        "failures": { "InvalidNumber": "recipient_invalid" },
    }]);
    std::fs::write(folder.path().join("gateways.json"), gateway.to_string()).unwrap();
    let settings = [("QUICKCART_GATEWAYS", "gateways.json"), ("PHONE_OTP_PROVIDERS", "local,twilio")];
    let shop = Shop::with(fake, folder, &settings);
    let expected =
        json!({ "success": true, "message": "SMS sent successfully via local", "provider": "local" });
    assert_eq!(shop.send(PHONE).await, (200, expected));
    assert_eq!(shop.fake.asked("gateway")[0].headers["x-key"], "header-key-of-this-test");
    shop.assert_verifies(TO).await;

    shop.fake.set("gateway", Fault::InvalidNumber);
    assert_eq!(shop.send("9876543211").await.0, 400);
    assert!(shop.fake.asked("twilio").is_empty());
    shop.fake.set("gateway", Fault::Down);
    assert_eq!(shop.send("9876543212").await.1["provider"], "twilio");
}

#[tokio::test]
async fn infobip_gets_our_name_for_a_message_and_sends_it_once() {
    let shop = Shop::with_infobip(&[("PHONE_OTP_PROVIDERS", "infobip,twilio")]);
    let expected =
        json!({ "success": true, "message": "SMS sent successfully via Infobip", "provider": "infobip" });
    assert_eq!(shop.send(PHONE).await, (200, expected));
    assert_eq!(shop.fake.asked("infobip")[0].headers["authorization"], format!("App {INFOBIP_KEY}"));
    shop.assert_verifies(TO).await;

    shop.fake.set("infobip", Fault::Down);
    assert_eq!(shop.send("9876543211").await.1["provider"], "twilio");
    let ids: Vec<_> = shop
        .fake
        .asked("infobip")
        .iter()
        .skip(1)
        .map(|request| request.json()["messages"][0]["destinations"][0]["messageId"].clone())
        .collect();
    assert_eq!(ids.len(), 2, "it is asked again, for the name keeps it from sending twice");
    assert_eq!(ids[0], ids[1]);
}

#[tokio::test]
async fn a_code_that_infobip_makes_is_judged_by_infobip() {
    let shop = Shop::with_infobip(&[("PHONE_OTP_PROVIDERS", "infobip_2fa")]);
    let safe = json!({ "pinAttempts": 5, "pinTimeToLive": "5m", "allowMultiplePinVerifications": false });
    assert_eq!(shop.fake.application()["configuration"], safe, "before the first code");
    let expected = json!({
        "success": true, "message": "SMS sent successfully via Infobip", "provider": "infobip_2fa",
    });
    assert_eq!(shop.send(PHONE).await, (200, expected));
    let refused = |message: &str| (400, json!({ "success": false, "message": message }));
    assert_eq!(shop.verify(PHONE, "000000").await, refused("Invalid OTP"));
    shop.fake.set("infobip_2fa_verify", Fault::Down);
    let code = shop.fake.latest(TO).code;
    let (status, body) = shop.verify(PHONE, &code).await;
    assert_eq!((status, &body["success"]), (503, &json!(false)), "nobody knows whether it is right");
    assert!(!body.to_string().contains("infobip"), "{body}");
    shop.fake.set("infobip_2fa_verify", None);
    shop.assert_verifies(TO).await;
    assert_eq!(shop.verify(PHONE, &code).await, refused("OTP not found or expired"), "it is used up");
    assert_eq!(shop.verify("9876543211", &code).await, refused("OTP not found or expired"));
}

#[tokio::test]
async fn five_wrong_guesses_lock_a_code_that_infobip_holds() {
    let shop = Shop::with_infobip(&[("PHONE_OTP_PROVIDERS", "infobip_2fa")]);
    assert_eq!(shop.send(PHONE).await.0, 200);
    let guesses = || {
        let requests = shop.fake.requests().into_iter();
        requests.filter(|request| request.path.ends_with("/verify")).count()
    };
    for guess in 1..=5 {
        assert_eq!(shop.verify(PHONE, "000000").await.1["message"], "Invalid OTP", "{guess}");
        assert_eq!(guesses(), guess);
    }
    let code = shop.fake.latest(TO).code;
    let (status, _) = shop.verify(PHONE, &code).await;
    assert!((400..=429).contains(&status), "{status}");
    assert_eq!(guesses(), 5, "Infobip is not asked any more");
    let (status, body) = shop.send(PHONE).await;
    assert_eq!((status, &body["success"]), (429, &json!(false)), "nor for a new one");
    assert_eq!(shop.fake.asked("infobip_2fa").len(), 1);
}

/// Infobip's code may be on its way when another provider takes over with ours: ours is the one that counts.
#[tokio::test]
async fn after_infobip_s_own_codes_come_ours() {
    let settings = [("PHONE_OTP_PROVIDERS", "infobip_2fa,twilio"), ("QUICKCART_RESEND_COOLDOWN", "0")];
    let shop = Shop::with_infobip(&settings);
    shop.fake.set("infobip_2fa", Fault::Throttled);
    assert_eq!(shop.send(PHONE).await.1["provider"], "twilio");
    shop.assert_verifies(TO).await;
    let shop = Shop::with_infobip(&settings);
    assert_eq!(shop.send(PHONE).await.1["provider"], "infobip_2fa");
    let held = shop.fake.latest(TO).code;
    shop.fake.set("infobip_2fa", Fault::Down);
    assert_eq!(shop.send(PHONE).await.1["provider"], "twilio");
    assert_eq!(shop.verify(PHONE, &held).await.0, 400, "it was replaced");
    shop.assert_verifies(TO).await;
}

#[tokio::test]
async fn a_code_is_brought_to_the_phone_though_its_caller_hangs_up() {
    let (asked, is_asked) = channel();
    let (go_on, may_go_on) = channel();
    let both = Mutex::new((asked, may_go_on));
    let twilio = FakeHttp::start(move |_| {
        let (asked, may_go_on) = &*both.lock().unwrap();
        asked.send(()).unwrap();
        may_go_on.recv_timeout(PATIENCE).unwrap();
        Reaction::json(401, &json!({ "code": 20003, "message": "Authenticate", "status": 401 }))
    });
    let shop = Shop::start(&[
        ("TWILIO_BASE_URL", &twilio.url()),
        ("QUICKCART_PROVIDER_TIMEOUT", "30000"),
        ("QUICKCART_SEND_BUDGET", "30000"),
    ]);
    let mut caller = TcpStream::connect(shop.server.address()).unwrap();
    let body = json!({ "phoneNumber": PHONE }).to_string();
    let head = format!(
        "POST /api/send-otp HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    caller.write_all((head + &body).as_bytes()).unwrap();
    is_asked.recv_timeout(PATIENCE).unwrap();
    drop(caller);
    let is_ready =
        async || shop.client.get(shop.server.url.clone() + "/ready").send().await.unwrap().status();
    assert_eq!(is_ready().await, 200);
    go_on.send(()).unwrap();
    let started = Instant::now();
    while shop.fake.asked("fast2sms").is_empty() {
        assert!(started.elapsed() < PATIENCE, "nobody brought it");
        assert_eq!(is_ready().await, 200);
    }
    shop.assert_verifies(TO).await;
}
