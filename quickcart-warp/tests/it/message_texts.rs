//! What messages say: languages, lines for phones and browsers, texts of a shop's own, and what the linter has to say.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::book_orders::order;
use crate::fake_providers::FakeProviders;
use crate::program::{Server, command, folder};
use crate::providers::Shop;

const HASH: (&str, &str) = ("QUICKCART_SMS_RETRIEVER_HASH", "FA+9qCX9VSu");
const HOST: (&str, &str) = ("QUICKCART_WEBOTP_HOST", "shop.example.com");

/// The text that a number gets for this request.
async fn text(shop: &Shop, path: &str, language: Option<&str>, body: Value, to: &str) -> String {
    let request = shop.client.post(shop.server.url.clone() + path).json(&body);
    let request = match language {
        Some(language) => request.header("accept-language", language),
        None => request,
    };
    let response = request.send().await.unwrap();
    assert!(response.status().is_success(), "{path}: {}", response.text().await.unwrap());
    let sent = shop.fake.latest(to);
    sent.text.replace(&sent.code, "CODE")
}

async fn first_version(shop: &Shop, language: Option<&str>, phone: &str) -> String {
    let body = json!({ "phoneNumber": phone });
    text(shop, "/api/send-otp", language, body, &format!("+91{phone}")).await
}

#[tokio::test]
async fn each_group_writes_in_the_language_that_is_liked_best() {
    let shop = Shop::start(&[
        ("QUICKCART_LANGUAGES", "en,hi,bn"),
        ("BOOK_ORDER_CLIENT_PRICES", "1"),
        ("QUICKCART_RESEND_COOLDOWN", "0"),
    ]);
    let hindi = first_version(&shop, Some("vi, hi-IN;q=0.9, en;q=0.1"), "9876543210").await;
    assert_eq!(hindi, "आपका Blinkit कोड CODE है, 5 मिनट तक मान्य। किसी को न बताएं।");
    let body = json!({ "phoneNumber": "9876543211" });
    let second = text(&shop, "/api/auth/send-otp", Some("bn"), body, "+919876543211").await;
    assert_eq!(second, "আপনার QuickCart কোড CODE, মেয়াদ 5 মিনিট। কাউকে জানাবেন না।");
    let body = json!({ "mobile_number": "9876543212" });
    let smart_cart = text(&shop, "/auth/verify_mobile", Some("hi"), body, "+919876543212").await;
    assert!(smart_cart.starts_with("आपका QuickCart कोड CODE है"), "{smart_cart}");
    let to = "+8801712345678";
    let initiate = text(&shop, "/orders/initiate", Some("bn"), order(to), to).await;
    assert!(initiate.starts_with("আপনার BookOrder কোড CODE, মেয়াদ 10 মিনিট"), "{initiate}");
    let (_, opened) = shop.post("/orders/initiate", order(to)).await;
    assert!(shop.fake.latest(to).text.starts_with("Your BookOrder"), "{opened}");
    let resent = text(&shop, "/orders/resend-code", Some("hi"), opened, to).await;
    assert!(resent.starts_with("आपका BookOrder कोड CODE है, 10 मिनट"), "{resent}");
}

#[tokio::test]
async fn whoever_likes_none_of_them_gets_the_first() {
    let shop = Shop::start(&[("QUICKCART_LANGUAGES", "hi,en")]);
    for (language, phone) in
        [(None, "9876543210"), (Some("fr"), "9876543211"), (Some("hi;q=0, bn"), "9876543212")]
    {
        let text = first_version(&shop, language, phone).await;
        assert!(text.starts_with("आपका Blinkit"), "{language:?}: {text}");
    }
    assert!(first_version(&shop, Some("*;q=0.1, en"), "9876543213").await.starts_with("Your Blinkit"));
}

#[tokio::test]
async fn without_a_setting_every_message_is_english() {
    let shop = Shop::start(&[]);
    let text = first_version(&shop, Some("hi"), "9876543210").await;
    let expected =
        "Your Blinkit verification code is: CODE. Valid for 5 minutes. Do not share this code with anyone.";
    assert_eq!(text, expected);
}

#[tokio::test]
async fn phones_and_browsers_find_the_code() {
    let shop = Shop::start(&[HASH, HOST]);
    let text = first_version(&shop, None, "9876543210").await;
    assert!(text.ends_with("with anyone.\nFA+9qCX9VSu\n@shop.example.com #CODE"), "{text}");
    let Shop { server, .. } = shop;
    server.terminate();
    let (_, _, log) = server.wait();
    let warned = "the text of phone-otp in en could be better (two-trailers)";
    assert_eq!((log.matches(warned).count(), log.matches("two-trailers").count()), (1, 1), "{log}");
}

#[test]
fn a_text_that_does_not_work_keeps_the_server_from_starting() {
    let folder = folder();
    let settings = [HASH, ("QUICKCART_LANGUAGES", "en,hi"), ("QUICKCART_LISTEN", "127.0.0.1:0")];
    let output = command(folder.path(), &settings).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).unwrap();
    let expected = "quickcart-warp: the text of phone-otp in hi does not work (retriever-length): it has 146 bytes, and an Android \
                    app gets messages of 140 at most; shorten it in QUICKCART_TEXTS, or go without";
    assert!(text.starts_with(expected) && text.lines().count() == 1, "{text}");
    assert!(!folder.path().join("data").exists(), "nothing was made");
}

/// What `messages` prints with these settings, and how it ends.
fn shown(folder: &TempDir, settings: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let output = command(folder.path(), settings).arg("messages").output().unwrap();
    let [printed, complaint] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    (output.status.code(), printed, complaint)
}

#[test]
fn all_texts_are_shown_as_they_are_sent() {
    let folder = folder();
    let (status, printed, _) = shown(&folder, &[]);
    let expected = "phone-otp, en: GSM-7, 99 letters, 1 message\n  Your Blinkit verification code is: 042137. Valid for 5 minutes. \
                    Do not share this code with anyone.\n\nphone-otp.auth, en: ";
    assert!(printed.starts_with(expected), "{printed}");
    for part in [
        "\nsmart-cart.sign-in, en: ",
        "\nbook-order, en: ",
        "Valid for 10 minutes.",
        "\nregistration, vi: a letter\n",
    ] {
        assert!(printed.contains(part), "{part}: {printed}");
    }
    assert!(status == Some(0) && !printed.contains("warning") && !folder.path().join("data").exists());

    let (status, printed, complaint) = shown(&folder, &[HASH, HOST, ("QUICKCART_LANGUAGES", "hi")]);
    let expected = "phone-otp, hi: UCS-2, 99 letters, 2 messages\n";
    assert!(printed.starts_with(expected), "{printed}");
    assert_eq!(printed.matches("  error retriever-length: ").count(), 4, "{printed}");
    assert_eq!(printed.matches("  warning segments: it takes 2 messages").count(), 4, "{printed}");
    assert_eq!(complaint, "quickcart-warp: 4 errors, with which the server does not start\n");
    assert_eq!(status, Some(1));
}

#[test]
fn groups_that_send_nothing_are_not_shown() {
    let keys = ["JWT_SECRET_KEY", "SECRET_KEY"].map(|name| (name, "a-key-of-this-test-that-has-32-bytes"));
    let groups =
        ["PHONE_OTP_PROVIDERS", "SMART_CART_PROVIDERS", "BOOK_ORDER_PROVIDERS"].map(|name| (name, "none"));
    let settings = [&keys[..], &groups, &[("QUICKCART_ENV", "production")]].concat();
    assert_eq!(shown(&folder(), &settings), (Some(0), "no message is sent\n".to_owned(), String::new()));
}

const REGISTERED: &str = r#"{
    "en": {"text": "{code} is your {brand} code, for {minutes} min."},
    "hi": {
        "text": "{brand} कोड {code}, {minutes} मिनट",
        "dlt": {
            "entity_id": "1701000000000000001",
            "template_id": "1707000000000000002",
            "text": "{#var#} कोड {#var#}, {#var#} मिनट"
        }
    }
}"#;

#[tokio::test]
async fn a_shop_has_its_own_words_and_registers_them() {
    let (folder, fake) = (folder(), FakeProviders::start());
    std::fs::write(folder.path().join("texts.json"), REGISTERED).unwrap();
    let url = fake.url();
    let settings = [
        ("QUICKCART_LANGUAGES", "en,hi"),
        ("QUICKCART_TEXTS", "texts.json"),
        ("PHONE_OTP_PROVIDERS", "infobip"),
        ("INFOBIP_API_KEY", "infobip-key-of-this-test"),
        ("INFOBIP_BASE_URL", &*url),
        ("INFOBIP_DLT_ENTITY_ID", "1701000000000000001"),
        ("INFOBIP_DLT_TEMPLATE_ID", "1707000000000000001"),
    ];
    let shop = Shop::with(fake, folder, &settings);
    assert_eq!(first_version(&shop, None, "9876543210").await, "CODE is your Blinkit code, for 5 min.");
    assert_eq!(first_version(&shop, Some("hi"), "9876543211").await, "Blinkit कोड CODE, 5 मिनट");
    let ids: Vec<Value> = shop
        .fake
        .asked("infobip")
        .iter()
        .map(|request| {
            request.json()["messages"][0]["options"]["regional"]["indiaDlt"]["contentTemplateId"].clone()
        })
        .collect();
    assert_eq!(ids, ["1707000000000000001", "1707000000000000002"]);
}

#[test]
fn what_is_wrong_with_own_texts_is_said_in_one_line() {
    let dlt = |entity: &str, text: &str| {
        let dlt = json!({"entity_id": entity, "template_id": "1707000000000000002", "text": text});
        json!({"en": {"text": "{code}, {brand}", "dlt": dlt}})
    };
    for (texts, part) in [
        (json!({"en": {"text": "Hello {name}"}}), "QUICKCART_TEXTS: texts.json: en: {name} is not known"),
        (json!({"en": {"text": "Hello"}}), "QUICKCART_TEXTS: texts.json: en: {code} is missing"),
        (json!({"hi": {"text": "{code}"}}), "QUICKCART_TEXTS: texts.json: hi is not in QUICKCART_LANGUAGES"),
        (json!({"fr": {"text": "{code}"}}), "QUICKCART_TEXTS: texts.json: fr is not in QUICKCART_LANGUAGES"),
        (json!({"en": {"txt": "{code}"}}), "QUICKCART_TEXTS: texts.json: unknown field `txt`"),
        (json!([]), "QUICKCART_TEXTS: texts.json"),
        (json!({"en": {"text": "{code}\n@shop #{code}"}}), "{code} is there more than once"),
        (
            json!({"en": {"text": "{code} {brand}\n@shop"}}),
            "the text of phone-otp in en does not work (site-host)",
        ),
        (
            dlt("17", "{#var#}, {#var#}"),
            "(dlt-id): the DLT entity id is 19 digits, and not \"17\"; QUICKCART_TEXTS",
        ),
        (dlt("1701000000000000001", "{#var#}; {#var#}"), "(dlt-text): networks drop it: at letter 7"),
    ] {
        let folder = folder();
        std::fs::write(folder.path().join("texts.json"), texts.to_string()).unwrap();
        let settings = [("QUICKCART_TEXTS", "texts.json"), ("QUICKCART_LISTEN", "127.0.0.1:0")];
        let output = command(folder.path(), &settings).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains(part) && text.lines().count() == 1, "{part}: {text}");
    }
}

#[test]
fn a_provider_with_words_of_its_own_is_named() {
    let folder = folder();
    let fast2sms = [("FAST2SMS_API_KEY", "hush"), ("QUICKCART_LANGUAGES", "en,hi"), HOST];
    let server = Server::start(folder.path(), &fast2sms);
    let note = server.line("  note ");
    assert!(
        note.contains(
            "fast2sms has words of its own, whatever QUICKCART_LANGUAGES or QUICKCART_WEBOTP_HOST says"
        ),
        "{note}"
    );
}
