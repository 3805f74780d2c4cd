//! Settings that are wrong end the program with one line and code 2; those that are right are shown.

use std::net::TcpListener;

use crate::program::{Server, command, folder};

fn refused(settings: &[(&str, &str)]) -> String {
    let folder = folder();
    let output = command(folder.path(), settings).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{settings:?}");
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(!folder.path().join("data").exists(), "nothing was made");
    text
}

fn production_with(setting: (&'static str, &'static str)) -> Vec<(&'static str, &'static str)> {
    let keys = ["JWT_SECRET_KEY", "SECRET_KEY"].map(|name| (name, "a-key-of-this-test-that-has-32-bytes"));
    [&keys[..], &[("QUICKCART_ENV", "production"), setting]].concat()
}

#[test]
fn what_is_wrong_is_said_in_one_line() {
    for (settings, part) in [
        (vec![("QUICKCART_ENV", "staging")], "QUICKCART_ENV"),
        (vec![("FLASK_ENV", "production")], "JWT_SECRET_KEY is missing"),
        (vec![("ENVIRONMENT", "production"), ("JWT_SECRET_KEY", "short")], "JWT_SECRET_KEY has 5 bytes"),
        (production_with(("QUICKCART_ADMIN_KEY", "hush")), "QUICKCART_ADMIN_KEY has 4 bytes"),
        (vec![("QUICKCART_MAX_CONNECTIONS", "many")], "max-connections"),
        (vec![("API_PORT", "http")], "API_PORT"),
        (vec![("QUICKCART_LISTEN", "0.0.0.0:0")], "this machine only"),
        (vec![("QUICKCART_LISTEN", "nowhere")], "not an address"),
        (vec![("DATABASE_URL", "mysql://shop")], "DATABASE_URL"),
        (vec![("DATABASE_URL", "mysql://user:hush@db/shop")], "postgresql://user:password@host/name"),
        (vec![("FIXED_OTP", "12")], "FIXED_OTP"),
        (vec![("ALLOWED_ORIGINS", "*")], "ALLOWED_ORIGINS"),
        (vec![("QUICKCART_LOG", "=====")], "QUICKCART_LOG"),
        (vec![("QUICKCART_IMAGES", "no-such-folder")], "QUICKCART_IMAGES"),
        (vec![("PHONE_OTP_PROVIDERS", "pigeon")], "PHONE_OTP_PROVIDERS"),
        (vec![("OTEL_EXPORTER_OTLP_ENDPOINT", "hush:4317")], "OTEL_EXPORTER_OTLP_ENDPOINT"),
        (vec![("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "grpc://hush")], "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"),
    ] {
        let text = refused(&settings);
        assert!(text.contains(part) && !text.contains("hush"), "{text}");
    }
}

/// Credentials of two providers, which are no mistake by themselves.
const PROVIDERS: [(&str, &str); 4] = [
    ("TWILIO_ACCOUNT_SID", "AC0"),
    ("TWILIO_AUTH_TOKEN", "hush"),
    ("TWILIO_PHONE_NUMBER", "+15005550006"),
    ("FAST2SMS_API_KEY", "hush"),
];

#[test]
fn what_is_wrong_with_messages_is_said_in_one_line() {
    for (setting, part) in [
        (
            ("PHONE_OTP_PROVIDERS", "twilio,pigeon"),
            "\"pigeon\" is not a provider; those with credentials are: twilio, fast2sms",
        ),
        (("PHONE_OTP_PROVIDERS", "infobip"), "infobip needs INFOBIP_API_KEY"),
        (
            ("PHONE_OTP_PROVIDERS", "twilio,twilio_whatsapp"),
            "twilio_whatsapp needs TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_WHATSAPP_CONTENT_SID",
        ),
        (("TWILIO_WHATSAPP_FROM", "+15005550007"), "Twilio: TWILIO_WHATSAPP_CONTENT_SID is missing"),
        (("SMART_CART_PROVIDERS", "infobip_2fa"), "SMART_CART_PROVIDERS: infobip_2fa needs"),
        (("SMART_CART_PROVIDERS", "twilio,none"), "none stands alone"),
        (("PHONE_OTP_PROVIDERS", "twilio@Narnia"), "PHONE_OTP_PROVIDERS: twilio@Narnia"),
        (("TWILIO_BASE_URL", "http://twilio.example"), "TWILIO: the URL must begin with https://"),
        (
            ("TWILIO_BASE_URL", "https://user:hush@twilio.example"),
            "TWILIO: the base URL holds a user or a password",
        ),
        (("FAST2SMS_BASE_URL", "nowhere"), "FAST2SMS: the base URL is not a URL"),
        (("FAST2SMS_ROUTE", "pigeon"), "fast2sms-route"),
        (("FAST2SMS_ROUTE", "dlt"), "dlt needs FAST2SMS_SENDER_ID and FAST2SMS_MESSAGE_ID"),
        (("INFOBIP_API_KEY", "hush"), "Infobip: INFOBIP_BASE_URL is missing"),
        (("INFOBIP_BASE_URL", "xyz.api.infobip.com"), "Infobip: INFOBIP_API_KEY is missing"),
        (("QUICKCART_SEND_BUDGET", "99"), "send-budget"),
        (("QUICKCART_PROVIDER_TIMEOUT", "1.5s"), "provider-timeout"),
        (("QUICKCART_RECEIPT_WAIT", "601"), "receipt-wait"),
        (("QUICKCART_PROVIDER_ORDER", "random"), "provider-order"),
        (("QUICKCART_AFTER_MAYBE_SENT", "perhaps"), "after-maybe-sent"),
        (
            ("QUICKCART_PROVIDER_PRICES", "twilio"),
            "QUICKCART_PROVIDER_PRICES: \"twilio\" is not like twilio=0.42",
        ),
        (("QUICKCART_DAILY_SPEND", "1,50"), "QUICKCART_DAILY_SPEND: \"1,50\" is not an amount"),
        (("QUICKCART_PUBLIC_URL", "shop.example"), "QUICKCART_PUBLIC_URL"),
        (("QUICKCART_PUBLIC_URL", "https://"), "QUICKCART_PUBLIC_URL"),
        (("QUICKCART_PUBLIC_URL", "https:///path"), "QUICKCART_PUBLIC_URL"),
        (("QUICKCART_PUBLIC_URL", "https://user:hush@shop.example"), "QUICKCART_PUBLIC_URL"),
        (("QUICKCART_RECEIPT_KEY", "hush"), "QUICKCART_RECEIPT_KEY needs 16 letters and digits"),
        (
            ("QUICKCART_RECEIPT_KEY", "hush/hush/hush/hush"),
            "QUICKCART_RECEIPT_KEY needs 16 letters and digits",
        ),
        (("QUICKCART_GATEWAYS", "missing.json"), "QUICKCART_GATEWAYS: missing.json"),
        (
            ("QUICKCART_LANGUAGES", "en,fr"),
            "QUICKCART_LANGUAGES: \"fr\": no message is written in this language: en, hi, bn and vi are there",
        ),
        (("QUICKCART_LANGUAGES", "en,hi,en-IN"), "QUICKCART_LANGUAGES: en comes twice"),
        (("QUICKCART_LANGUAGES", ","), "QUICKCART_LANGUAGES names no language"),
        (("QUICKCART_TEXTS", "missing.json"), "QUICKCART_TEXTS: missing.json"),
        (("QUICKCART_SMS_RETRIEVER_HASH", "short"), "QUICKCART_SMS_RETRIEVER_HASH: \"short\" is no app hash"),
        (
            ("QUICKCART_WEBOTP_HOST", "https://shop.example.com"),
            "QUICKCART_WEBOTP_HOST: \"https://shop.example.com\" is no host",
        ),
    ] {
        let text = refused(&[&PROVIDERS[..], &[setting]].concat());
        assert!(text.contains(part) && !text.contains("hush"), "{setting:?}: {text}");
    }
    let twilio = [("TWILIO_ACCOUNT_SID", "AC0"), ("TWILIO_AUTH_TOKEN", "hush")];
    let text = refused(&twilio);
    assert!(text.contains("TWILIO_PHONE_NUMBER or TWILIO_MESSAGING_SERVICE_SID is missing"), "{text}");
    let crowd = vec!["twilio"; 65].join(",");
    let text = refused(&[&PROVIDERS[..], &[("PHONE_OTP_PROVIDERS", crowd.as_str())]].concat());
    assert!(text.contains("PHONE_OTP_PROVIDERS"), "{text}");
}

#[test]
fn what_is_wrong_with_events_is_said_in_one_line() {
    let url = ("QUICKCART_EVENTS_WEBHOOK_URL", "https://example.com/hook");
    let secret = ("QUICKCART_EVENTS_WEBHOOK_SECRET", "whsec_aHVzaGh1c2hodXNoaHVzaGh1c2hodXNo");
    let webhook = |more: &[(&'static str, &'static str)]| {
        let mut settings = vec![("QUICKCART_EVENTS", "webhook")];
        settings.extend_from_slice(more);
        settings
    };
    for (settings, part) in [
        (vec![("QUICKCART_EVENTS", "pigeon")], "'--events <TARGET>'"),
        (webhook(&[]), "QUICKCART_EVENTS=webhook needs QUICKCART_EVENTS_WEBHOOK_URL"),
        (webhook(&[url]), "QUICKCART_EVENTS=webhook needs QUICKCART_EVENTS_WEBHOOK_SECRET"),
        (
            webhook(&[url, ("QUICKCART_EVENTS_WEBHOOK_SECRET", "hush")]),
            "the secret is not whsec_ and 24 bytes or more in Base64",
        ),
        (webhook(&[("QUICKCART_EVENTS_WEBHOOK_URL", "nowhere"), secret]), "QUICKCART_EVENTS=webhook: "),
        (
            webhook(&[("QUICKCART_EVENTS_WEBHOOK_URL", "http://example.com/hook"), secret]),
            "must begin with https://",
        ),
        (vec![("QUICKCART_EVENTS", "redis")], "QUICKCART_EVENTS=redis needs REDIS_URL"),
        (
            vec![("QUICKCART_EVENTS", "redis"), ("REDIS_URL", "redis+sentinel://:hush@db/shop")],
            "QUICKCART_EVENTS=redis: the URL is not redis://host:port",
        ),
    ] {
        let text = refused(&settings);
        assert!(
            text.contains(part) && !text.contains("hush") && !text.contains("aHVza"),
            "{settings:?}: {text}"
        );
    }
}

#[test]
fn what_is_wrong_with_gateways_is_said_in_one_line() {
    for (gateways, part) in [
        ("", "EOF"),
        ("{}", "expected a sequence"),
        (r#"[{"name": "local"}]"#, "missing field `url`"),
        (r#"[{"name": "local", "url": "https://a.example", "keys": "hush"}]"#, "unknown field `keys`"),
        (r#"[{"name": "local", "url": "https://a.example", "headers": "hush"}]"#, "line 1"),
        (r#"[{"name": "local", "url": "https://a.example", "time_max_ms": "hush"}]"#, "line 1"),
        (
            r#"[{"name": "local", "url": "http://a.example?key=hush"}]"#,
            "local: the URL must begin with https://",
        ),
        (r#"[{"name": "local", "url": "https://a.example/{hush}"}]"#, "local: there is no such placeholder"),
        (r#"[{"name": "twilio", "url": "https://a.example?key=hush"}]"#, "twilio"),
        (r#"[{"name": "infobip_2fa", "url": "https://a.example?key=hush"}]"#, "infobip_2fa"),
        (r#"[{"name": "none", "url": "https://a.example?key=hush"}]"#, "none"),
        (r#"[{"name": "a,b@IN", "url": "https://a.example?key=hush"}]"#, "a,b@IN"),
        (r#"[{"name": "", "url": "https://a.example?key=hush"}]"#, "name"),
        (r#"[{"name": "a", "url": "https://a.example"}, {"name": "a", "url": "https://b.example"}]"#, "a"),
    ] {
        let folder = folder();
        let path = folder.path().join("gateways.json");
        std::fs::write(&path, gateways).unwrap();
        let text = refused(&[("QUICKCART_GATEWAYS", path.to_str().unwrap())]);
        assert!(
            text.contains("QUICKCART_GATEWAYS: ") && text.contains(part) && !text.contains("hush"),
            "{text}"
        );
    }
}

#[test]
fn the_greeting_names_providers_and_no_key() {
    let folder = folder();
    let settings = [("PHONE_OTP_PROVIDERS", "fast2sms@IN,twilio"), ("SMART_CART_PROVIDERS", "twilio")];
    let server = Server::start(folder.path(), &[&PROVIDERS[..], &settings].concat());
    server.line("phone-otp: fast2sms, then twilio");
    server.line("smart-cart: twilio");
    server.terminate();
    let (_, printed, log) = server.wait();
    assert!(!printed.contains("hush") && !log.contains("hush"), "{printed}{log}");
}

#[test]
fn a_port_that_is_taken_is_said_and_nothing_is_touched() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let text = refused(&[("QUICKCART_LISTEN", &address)]);
    assert!(text.contains(&address) && text.contains("in use"), "{text}");
}

#[test]
fn a_folder_that_cannot_be_written_is_said() {
    let folder = folder();
    std::fs::write(folder.path().join("file"), "").unwrap();
    let settings = [("QUICKCART_LISTEN", "127.0.0.1:0"), ("DATABASE_URL", "sqlite:file/below/shop.db")];
    let output = command(folder.path(), &settings).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("file/below/shop.db cannot be used") && text.lines().count() == 1, "{text}");
}

#[test]
fn the_greeting_says_what_runs_and_what_to_try() {
    let folder = folder();
    let settings = [("QUICKCART_LISTEN", "127.0.0.1:0,127.0.0.1:0"), ("MONGO_URL", "mongodb://user:hush@db")];
    let server = Server::start(folder.path(), &settings);
    server.line("curl -i");
    server.terminate();
    let (status, printed, _) = server.wait();
    assert!(status.success());
    for part in [
        "development",
        "sqlite:data/quickcart.db",
        "in memory (embedded)",
        "demo store of",
        "MONGO_URL",
        "curl 'http://127.0.0.1:",
    ] {
        assert!(printed.contains(part), "{part} is missing in {printed}");
    }
    assert!(!printed.contains("hush"));
}

#[test]
fn empty_variables_count_as_unset() {
    let folder = folder();
    let empty = [
        "QUICKCART_ENV",
        "DATABASE_URL",
        "QUICKCART_ALLOW_INSECURE",
        "QUICKCART_LEGACY_DEVICES",
        "QUICKCART_LOG_FORMAT",
    ];
    let more = [
        "QUICKCART_WEIGHT_TOLERANCE",
        "QUICKCART_RETURN_DAYS",
        "QUICKCART_MAX_CONNECTIONS",
        "QUICKCART_HEADER_TIMEOUT",
        "PORT",
        "JWT_SECRET_KEY",
        "FIXED_OTP",
    ];
    let settings: Vec<(&str, &str)> = empty.into_iter().chain(more).map(|name| (name, "")).collect();
    let server = Server::start(folder.path(), &settings);
    server.line("sqlite:data/quickcart.db");
}

#[test]
fn several_addresses_are_served() {
    let folder = folder();
    let server = Server::start(folder.path(), &[("QUICKCART_LISTEN", "127.0.0.1:0,[::1]:0")]);
    let first = server.url.clone();
    assert!(first.starts_with("http://127.0.0.1:"), "{first}");
}

#[test]
fn a_file_of_settings_gives_way_to_the_environment() {
    let folder = folder();
    std::fs::write(
        folder.path().join("shop.env"),
        "# a comment\nDATABASE_URL=sqlite:///./from-file.db\nFIXED_OTP=12\n",
    )
    .unwrap();
    let mut command = command(folder.path(), &[("FIXED_OTP", "1234567890")]);
    let output = command.args(["--env-file", "shop.env"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("FIXED_OTP"), "{text}");
    let output =
        crate::program::command(folder.path(), &[]).args(["--env-file", "missing.env"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn help_lists_every_setting_and_shows_no_secret() {
    let folder = folder();
    let secrets = [
        "JWT_SECRET_KEY",
        "SECRET_KEY",
        "QUICKCART_DEVICE_KEY",
        "QUICKCART_ADMIN_KEY",
        "TWILIO_AUTH_TOKEN",
        "FAST2SMS_API_KEY",
        "REACT_APP_FAST2SMS_API_KEY",
        "INFOBIP_API_KEY",
        "QUICKCART_RECEIPT_KEY",
        "QUICKCART_EVENTS_WEBHOOK_SECRET",
    ];
    let output = command(folder.path(), &secrets.map(|name| (name, "hush"))).arg("--help").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    for name in [
        "QUICKCART_ENV",
        "QUICKCART_LISTEN",
        "QUICKCART_ALLOW_INSECURE",
        "DATABASE_URL",
        "REDIS_URL",
        "JWT_SECRET_KEY",
        "SECRET_KEY",
        "FIXED_OTP",
        "ALLOWED_ORIGINS",
        "QUICKCART_TRUSTED_PROXIES",
        "QUICKCART_DEVICE_KEY",
        "QUICKCART_WEIGHT_TOLERANCE",
        "QUICKCART_RETURN_DAYS",
        "PHONE_OTP_PROVIDERS",
        "SMART_CART_PROVIDERS",
        "BOOK_ORDER_PROVIDERS",
        "BOOK_ORDER_PUBLIC_LIST",
        "BOOK_ORDER_CUSTOMER_STATUS",
        "BOOK_ORDER_CLIENT_PRICES",
        "QUICKCART_ADMIN_KEY",
        "TWILIO_ACCOUNT_SID",
        "TWILIO_AUTH_TOKEN",
        "TWILIO_PHONE_NUMBER",
        "TWILIO_MESSAGING_SERVICE_SID",
        "TWILIO_WHATSAPP_CONTENT_SID",
        "TWILIO_WHATSAPP_FROM",
        "TWILIO_BASE_URL",
        "FAST2SMS_API_KEY",
        "REACT_APP_FAST2SMS_API_KEY",
        "FAST2SMS_ROUTE",
        "FAST2SMS_SENDER_ID",
        "FAST2SMS_MESSAGE_ID",
        "FAST2SMS_BASE_URL",
        "INFOBIP_API_KEY",
        "INFOBIP_BASE_URL",
        "INFOBIP_SENDER",
        "INFOBIP_APP_ID",
        "INFOBIP_MESSAGE_ID",
        "INFOBIP_DLT_ENTITY_ID",
        "INFOBIP_DLT_TEMPLATE_ID",
        "QUICKCART_GATEWAYS",
        "QUICKCART_LANGUAGES",
        "QUICKCART_TEXTS",
        "QUICKCART_SMS_RETRIEVER_HASH",
        "QUICKCART_WEBOTP_HOST",
        "QUICKCART_SEND_BUDGET",
        "QUICKCART_PROVIDER_TIMEOUT",
        "QUICKCART_RECEIPT_WAIT",
        "QUICKCART_PROVIDER_ORDER",
        "QUICKCART_AFTER_MAYBE_SENT",
        "QUICKCART_PROVIDER_PRICES",
        "QUICKCART_DAILY_SPEND",
        "QUICKCART_PUBLIC_URL",
        "QUICKCART_RECEIPT_KEY",
        "QUICKCART_EVENTS",
        "QUICKCART_EVENTS_WEBHOOK_URL",
        "QUICKCART_EVENTS_WEBHOOK_SECRET",
        "QUICKCART_EVENTS_STREAM",
        "--env-file",
        "import",
        "backup",
        "quickcart-warp messages",
    ] {
        assert!(text.contains(name), "{name} is missing");
    }
    assert!(!text.contains("hush"));
}
