//! `/v1/receipts`: what became of messages, as providers tell it over real sockets.

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Response;
use reqwest::header::HOST;
use serde_json::{Value, json};
use sha1::Sha1;

use crate::fake_providers::{Fault, Sent};
use crate::providers::{ACCOUNT, Shop, TWILIO_TOKEN};

/// Not the address of the server: a proxy stands in between.
pub(crate) const PUBLIC_URL: &str = "https://shop.example.com";
/// Without digits, which would look like a telephone number in a path.
pub(crate) const RECEIPT_KEY: &str = "ReceiptKeyOfThisTest";
pub(crate) const TWILIO_PATH: &str = "/v1/receipts/twilio";

/// Receipts are taken, and their absence plays no part.
fn patient() -> [(&'static str, &'static str); 3] {
    [
        ("QUICKCART_PUBLIC_URL", PUBLIC_URL),
        ("QUICKCART_RECEIPT_KEY", RECEIPT_KEY),
        ("QUICKCART_RECEIPT_WAIT", "600"),
    ]
}

/// As Twilio writes whom a message by WhatsApp went to.
pub(crate) fn by_whatsapp(sent: &Sent) -> Sent {
    Sent { to: format!("whatsapp:{}", sent.to), ..sent.clone() }
}

/// What Twilio tells of a message, with fields that nobody reads.
fn fields<'a>(sent: &'a Sent, status: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let from = if sent.to.starts_with("whatsapp:") { "whatsapp:+15005550007" } else { "+15005550006" };
    let usual = [
        ("SmsSid", &*sent.id),
        ("SmsStatus", status),
        ("MessageStatus", status),
        ("To", &*sent.to),
        ("MessageSid", &*sent.id),
        ("AccountSid", ACCOUNT),
        ("From", from),
        ("ApiVersion", "2010-04-01"),
        ("RawDlrDoneDate", "2611211830"),
        ("Something new", "and & odd = ü"),
    ];
    [&usual, more].concat()
}

/// As Twilio signs an address and the fields of a form.
fn signature(token: &str, url: &str, fields: &[(&str, &str)]) -> String {
    let mut sorted = fields.to_vec();
    sorted.sort_unstable();
    let mac = Hmac::<Sha1>::new_from_slice(token.as_bytes()).unwrap().chain_update(url);
    let mac = sorted.iter().fold(mac, |mac, (name, value)| mac.chain_update(name).chain_update(value));
    BASE64.encode(&mac.finalize().into_bytes())
}

fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

impl Shop {
    async fn receipt(&self, path: &str, content_type: &str, body: impl Into<reqwest::Body>) -> Response {
        let request = self.client.post(self.server.url.clone() + path).header("Content-Type", content_type);
        request.body(body).send().await.unwrap()
    }

    /// A form at Twilio's path, with this signature.
    async fn twilio_form(&self, fields: &[(&str, &str)], signature: Option<&str>) -> Response {
        let mut request = self.client.post(self.server.url.clone() + TWILIO_PATH);
        if let Some(signature) = signature {
            request = request.header("X-Twilio-Signature", signature);
        }
        request = request.header("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8");
        request.body(form(fields)).send().await.unwrap()
    }

    /// Twilio tells how far a message got.
    pub(crate) async fn twilio_says(&self, sent: &Sent, status: &str) {
        let fields = fields(sent, status, &[]);
        let signature = signature(TWILIO_TOKEN, &format!("{PUBLIC_URL}{TWILIO_PATH}"), &fields);
        assert_taken(self.twilio_form(&fields, Some(&signature)).await, status).await;
    }

    /// A message by the first provider.
    pub(crate) async fn sent(&self, phone: &str) -> Sent {
        assert_eq!(self.send(phone).await.0, 200, "{phone}");
        self.fake.latest(&format!("+91{phone}"))
    }
}

async fn assert_taken(response: Response, what: &str) {
    assert_eq!(response.status(), 204, "{what}");
    assert_eq!(response.text().await.unwrap(), "", "{what}");
}

fn numbers(sent: &[Sent]) -> Vec<&str> {
    sent.iter().map(|sent| &sent.to[3..]).collect()
}

#[tokio::test]
async fn a_message_that_failed_is_sent_by_the_next_provider_with_the_same_code() {
    let shop = Shop::with_infobip(&patient());
    let sent = shop.sent("9876543210").await;
    let callback = &shop.fake.asked("twilio")[0].form()["StatusCallback"];
    assert_eq!(*callback, format!("{PUBLIC_URL}{TWILIO_PATH}"));
    shop.twilio_says(&sent, "failed").await;
    let again = shop.fake.wait_for("fast2sms", &sent.to);
    assert_eq!(again.code, sent.code);
    // Twice, late, and of messages that nobody sent: Infobip, who would be next, is not asked.
    for status in ["failed", "queued", "undelivered", "sent", "failed"] {
        shop.twilio_says(&sent, status).await;
    }
    shop.twilio_says(&Sent { id: "SM0".into(), ..sent.clone() }, "failed").await;
    shop.twilio_says(&sent, "something new").await;
    // What was done about them comes before what is done about a later one.
    let later = shop.sent("9876543211").await;
    shop.twilio_says(&later, "undelivered").await;
    shop.fake.wait_for("fast2sms", &later.to);
    assert_eq!(numbers(&shop.fake.sent_by("fast2sms")), ["9876543210", "9876543211"]);
    assert!(shop.fake.asked("infobip").is_empty());
    shop.assert_verifies(&sent.to).await;
}

#[tokio::test]
async fn whatsapp_is_the_next_channel_of_a_phone() {
    let template = "HX00000000000000000000000000000000";
    let settings = [
        ("PHONE_OTP_PROVIDERS", "twilio,twilio_whatsapp,fast2sms"),
        ("TWILIO_WHATSAPP_CONTENT_SID", template),
        ("TWILIO_WHATSAPP_FROM", "+15005550007"),
    ];
    let shop = Shop::start(&[&patient()[..], &settings].concat());
    let sent = shop.sent("9876543210").await;
    shop.twilio_says(&sent, "failed").await;
    let again = shop.fake.wait_for("twilio_whatsapp", &sent.to);
    assert_eq!(again.code, sent.code);
    let form = shop.fake.asked("twilio_whatsapp")[0].form();
    assert_eq!((&*form["From"], &*form["ContentSid"]), ("whatsapp:+15005550007", template));
    assert_eq!(form["StatusCallback"], format!("{PUBLIC_URL}{TWILIO_PATH}"));
    // It was read, so it arrived.
    shop.twilio_says(&by_whatsapp(&again), "read").await;
    shop.twilio_says(&by_whatsapp(&again), "failed").await;

    let other = shop.sent("9876543211").await;
    shop.twilio_says(&other, "undelivered").await;
    let unread = by_whatsapp(&shop.fake.wait_for("twilio_whatsapp", &other.to));
    let fields = fields(&unread, "failed", &[("ErrorCode", "63024")]);
    let signature = signature(TWILIO_TOKEN, &format!("{PUBLIC_URL}{TWILIO_PATH}"), &fields);
    assert_taken(shop.twilio_form(&fields, Some(&signature)).await, "no WhatsApp there").await;
    assert_eq!(shop.fake.wait_for("fast2sms", &other.to).code, other.code);
    assert_eq!(numbers(&shop.fake.sent_by("fast2sms")), ["9876543211"]);
    shop.assert_verifies(&sent.to).await;

    shop.fake.set("twilio", Fault::Down);
    let (status, answer) = shop.send("9876543212").await;
    assert_eq!((status, &answer["provider"]), (200, &json!("twilio_whatsapp")));
    assert_eq!(answer["message"], "SMS sent successfully via WhatsApp");
}

#[tokio::test]
async fn what_is_about_the_number_is_not_tried_again() {
    let shop = Shop::start(&patient());
    let unreachable = shop.sent("9876543210").await;
    let url = format!("{PUBLIC_URL}{TWILIO_PATH}");
    let fields = fields(&unreachable, "undelivered", &[("ErrorCode", "30005")]);
    let signature = signature(TWILIO_TOKEN, &url, &fields);
    assert_taken(shop.twilio_form(&fields, Some(&signature)).await, "undelivered").await;
    let later = shop.sent("9876543211").await;
    shop.twilio_says(&later, "undelivered").await;
    shop.fake.wait_for("fast2sms", &later.to);
    assert_eq!(numbers(&shop.fake.sent_by("fast2sms")), ["9876543211"]);
}

#[tokio::test]
async fn what_twilio_did_not_sign_does_nothing() {
    let shop = Shop::start(&patient());
    let sent = shop.sent("9876543210").await;
    let url = format!("{PUBLIC_URL}{TWILIO_PATH}");
    let failed = fields(&sent, "failed", &[]);
    let good = signature(TWILIO_TOKEN, &url, &failed);
    let of_a_sent_one = signature(TWILIO_TOKEN, &url, &fields(&sent, "sent", &[]));
    let by_somebody = signature("another-token", &url, &failed);
    let own_url = signature(TWILIO_TOKEN, &(shop.server.url.clone() + TWILIO_PATH), &failed);
    let with_more = [&*failed, &[("ErrorCode", "30008")]].concat();
    for (fields, signature, what) in [
        (&failed, None, "unsigned"),
        (&failed, Some(""), "an empty signature"),
        (&failed, Some("no base64"), "no signature"),
        (&failed, Some(&*by_somebody), "another key"),
        (&failed, Some(&*of_a_sent_one), "another message"),
        (&failed, Some(&*own_url), "the address that only the proxy knows"),
        (&with_more, Some(&*good), "one more field"),
    ] {
        let response = shop.twilio_form(fields, signature).await;
        assert_eq!(response.status(), 401, "{what}");
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        let problem = json!({
            "type": "about:blank", "title": "Unauthorized", "status": 401,
            "detail": "the signature is missing or wrong", "code": "webhook_unsigned",
        });
        assert_eq!(response.json::<Value>().await.unwrap(), problem);
    }
    let (path, form_type) = (format!("{TWILIO_PATH}?a=1"), "application/x-www-form-urlencoded");
    assert_eq!(shop.receipt(&path, form_type, form(&failed)).await.status(), 401);
    let as_json = json!({ "MessageSid": sent.id, "MessageStatus": "failed" }).to_string();
    assert_eq!(shop.receipt(TWILIO_PATH, "application/json", as_json).await.status(), 401);

    let later = shop.sent("9876543211").await;
    shop.twilio_says(&later, "failed").await;
    shop.fake.wait_for("fast2sms", &later.to);
    assert_eq!(numbers(&shop.fake.sent_by("fast2sms")), ["9876543211"]);
}

#[tokio::test]
async fn behind_a_proxy_the_public_address_is_what_counts() {
    let shop = Shop::start(&patient());
    let sent = shop.sent("9876543210").await;
    let failed = fields(&sent, "failed", &[]);
    let request = shop.client.post(shop.server.url.clone() + TWILIO_PATH);
    let request = request
        .header(HOST, "backend-7.internal:8080")
        .header("X-Forwarded-Host", "evil.example.com")
        .header("X-Forwarded-Proto", "http")
        .header("X-Twilio-Signature", signature(TWILIO_TOKEN, &format!("{PUBLIC_URL}{TWILIO_PATH}"), &failed))
        .header("Content-Type", "application/x-www-form-urlencoded");
    assert_taken(request.body(form(&failed)).send().await.unwrap(), "from the proxy").await;
    shop.fake.wait_for("fast2sms", &sent.to);
}

#[tokio::test]
async fn infobip_and_fast2sms_show_the_key_in_the_address() {
    let shop = Shop::with_infobip(
        &[&patient()[..], &[("PHONE_OTP_PROVIDERS", "infobip,fast2sms,twilio"), ("FAST2SMS_RECEIPTS", "1")]]
            .concat(),
    );
    let sent = shop.sent("9876543210").await;
    let webhooks = shop.fake.asked("infobip")[0].json()["messages"][0]["webhooks"].take();
    let infobip = format!("/v1/receipts/infobip/{RECEIPT_KEY}");
    assert_eq!(webhooks["delivery"]["url"], format!("{PUBLIC_URL}{infobip}"));

    let status = json!({ "groupId": 2, "groupName": "UNDELIVERABLE", "id": 9, "somethingNew": [1] });
    let lost = json!({ "results": [{ "messageId": sent.id, "status": status, "extra": {} }] }).to_string();
    let unknown = shop.receipt("/v1/nothing", "application/json", lost.clone()).await;
    let unknown = (unknown.status(), unknown.text().await.unwrap());
    assert_eq!(unknown.0, 404);
    for key in ["wrong", "ReceiptKeyOfThisTes", "ReceiptKeyOfThisTestX", "receiptkeyofthistest", "%00"] {
        for provider in ["infobip", "fast2sms"] {
            let response = shop
                .receipt(&format!("/v1/receipts/{provider}/{key}"), "application/json", lost.clone())
                .await;
            assert_eq!((response.status(), response.text().await.unwrap()), unknown, "{provider} {key}");
        }
    }
    for _ in 0..2 {
        assert_taken(shop.receipt(&infobip, "application/json", lost.clone()).await, "infobip").await;
    }
    let second = shop.fake.wait_for("fast2sms", &sent.to);
    assert_eq!(second.code, sent.code);

    let fast2sms = format!("/v1/receipts/fast2sms/{RECEIPT_KEY}");
    let get = format!("{}{fast2sms}?request_id={}&status=failed&new=1", shop.server.url, second.id);
    // The server may still be reading the answer that names the message: what comes early counts all the same.
    assert_taken(shop.client.get(&get).send().await.unwrap(), "fast2sms by GET").await;
    let third = shop.fake.wait_for("twilio", &sent.to);
    assert_eq!(third.code, sent.code, "the same code through all of them");
    for (content_type, body) in [
        ("application/json", json!({ "request_id": second.id, "status": "Delivered" }).to_string()),
        ("application/x-www-form-urlencoded", format!("request_id={}&status=failed", second.id)),
        ("application/json", json!({ "request_id": "of a stranger", "status": "failed" }).to_string()),
        ("application/json", json!({ "request_id": second.id, "status": "by pigeon" }).to_string()),
    ] {
        assert_taken(shop.receipt(&fast2sms, content_type, body.clone()).await, &body).await;
    }
    shop.assert_verifies(&sent.to).await;
}

#[tokio::test]
async fn what_cannot_be_read_is_said() {
    let shop = Shop::start(&patient());
    let paths = ["infobip", "fast2sms"].map(|provider| format!("/v1/receipts/{provider}/{RECEIPT_KEY}"));
    for path in &paths {
        for body in ["", "{", "[[[[", "garbage", "\u{0}\u{1}", "{\"results\": 7}", "status=failed"] {
            let response = shop.receipt(path, "application/json", body).await;
            assert_eq!(response.status(), 400, "{path} {body}");
            let body: Value = response.json().await.unwrap();
            assert!(body["detail"].as_str().unwrap().starts_with("the report cannot be read"), "{body}");
        }
        let deep = shop.receipt(path, "application/json", "[".repeat(200_000)).await;
        assert_eq!(deep.status(), 400, "{path}");
    }
    let signed = signature(TWILIO_TOKEN, &format!("{PUBLIC_URL}{TWILIO_PATH}"), &[("MessageSid", "SM1")]);
    let response = shop.twilio_form(&[("MessageSid", "SM1")], Some(&signed)).await;
    assert_eq!(response.status(), 400, "signed, and still no report");
    let get = shop.client.get(shop.server.url.clone() + &paths[1]).send().await.unwrap();
    assert_eq!(get.status(), 400, "no query");

    for path in paths.iter().map(String::as_str).chain([TWILIO_PATH]) {
        let huge = shop.receipt(path, "application/x-www-form-urlencoded", vec![b'a'; 10_000_000]).await;
        assert_eq!(huge.status(), 413, "{path}");
    }
    assert_eq!(shop.send("9876543210").await.0, 200, "the server goes on");
}

#[tokio::test]
async fn without_their_settings_there_are_no_such_paths() {
    let shop = Shop::start(&[]);
    let sent = shop.sent("9876543210").await;
    let request = &shop.fake.asked("twilio")[0];
    assert!(!request.form().contains_key("StatusCallback"), "{}", request.body);
    let failed = fields(&sent, "failed", &[]);
    let signed = signature(TWILIO_TOKEN, &format!("{PUBLIC_URL}{TWILIO_PATH}"), &failed);
    let not_found =
        json!({ "type": "about:blank", "title": "Not Found", "status": 404, "detail": "Not Found" });
    let response = shop.twilio_form(&failed, Some(&signed)).await;
    assert_eq!((response.status().as_u16(), response.json().await.unwrap()), (404, not_found.clone()));
    for path in ["infobip/", "infobip", "fast2sms/", "infobip/key", "fast2sms/key", ""] {
        let response = shop.receipt(&format!("/v1/receipts/{path}"), "application/json", "{}").await;
        assert_eq!(
            (response.status().as_u16(), response.json().await.unwrap()),
            (404, not_found.clone()),
            "{path}"
        );
    }
    let get = shop.client.get(shop.server.url.clone() + "/v1/receipts/fast2sms/key").send().await.unwrap();
    assert_eq!(get.status(), 404);
}

/// A message whose own fallback did fire shows that those before it had their time: their alarms were set earlier, and a
/// second such message leaves room for requests that overtake each other.
#[tokio::test]
async fn good_news_keep_the_next_provider_from_sending() {
    let settings = [
        ("QUICKCART_PUBLIC_URL", PUBLIC_URL),
        ("QUICKCART_RECEIPT_KEY", RECEIPT_KEY),
        ("QUICKCART_RECEIPT_WAIT", "1"),
    ];
    let shop = Shop::start(&settings);
    let delivered = shop.sent("9876543210").await;
    shop.twilio_says(&delivered, "delivered").await;
    shop.twilio_says(&delivered, "failed").await;
    let shown = shop.sent("9876543211").await;
    shop.assert_verifies(&shown.to).await;
    for phone in ["9876543212", "9876543213"] {
        let silent = shop.sent(phone).await;
        shop.twilio_says(&silent, "sent").await;
        assert_eq!(shop.fake.wait_for("fast2sms", &silent.to).code, silent.code);
    }
    assert_eq!(numbers(&shop.fake.sent_by("fast2sms")), ["9876543212", "9876543213"]);
    shop.assert_verifies("+919876543212").await;
}

#[tokio::test]
async fn a_code_that_was_replaced_is_not_sent_again() {
    let shop = Shop::start(&[&patient()[..], &[("QUICKCART_RESEND_COOLDOWN", "0")]].concat());
    let replaced = shop.sent("9876543210").await;
    let newer = shop.sent("9876543210").await;
    assert_ne!(replaced.code, newer.code);
    shop.twilio_says(&replaced, "failed").await;
    let later = shop.sent("9876543211").await;
    shop.twilio_says(&later, "failed").await;
    shop.fake.wait_for("fast2sms", &later.to);
    assert_eq!(numbers(&shop.fake.sent_by("fast2sms")), ["9876543211"], "that code would open nothing");
    shop.twilio_says(&newer, "failed").await;
    assert_eq!(shop.fake.wait_for("fast2sms", &newer.to).code, newer.code);
}
