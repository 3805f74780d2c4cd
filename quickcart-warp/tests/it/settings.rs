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

#[test]
fn what_is_wrong_is_said_in_one_line() {
    for (settings, part) in [
        (vec![("QUICKCART_ENV", "staging")], "QUICKCART_ENV"),
        (vec![("FLASK_ENV", "production")], "JWT_SECRET_KEY is missing"),
        (vec![("ENVIRONMENT", "production"), ("JWT_SECRET_KEY", "short")], "JWT_SECRET_KEY has 5 bytes"),
        (vec![("QUICKCART_MAX_CONNECTIONS", "many")], "max-connections"),
        (vec![("API_PORT", "http")], "API_PORT"),
        (vec![("QUICKCART_LISTEN", "0.0.0.0:0")], "this machine only"),
        (vec![("QUICKCART_LISTEN", "nowhere")], "not an address"),
        (vec![("DATABASE_URL", "mysql://shop")], "DATABASE_URL"),
        (vec![("DATABASE_URL", "postgresql+psycopg2://user:hush@db/shop")], "SQLite only"),
        (vec![("FIXED_OTP", "12")], "FIXED_OTP"),
        (vec![("ALLOWED_ORIGINS", "*")], "ALLOWED_ORIGINS"),
        (vec![("QUICKCART_LOG", "=====")], "QUICKCART_LOG"),
        (vec![("PHONE_OTP_PROVIDERS", "pigeon")], "PHONE_OTP_PROVIDERS"),
    ] {
        let text = refused(&settings);
        assert!(text.contains(part) && !text.contains("hush"), "{text}");
    }
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
        "SQLite",
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
    let more =
        ["QUICKCART_MAX_CONNECTIONS", "QUICKCART_HEADER_TIMEOUT", "PORT", "JWT_SECRET_KEY", "FIXED_OTP"];
    let settings: Vec<(&str, &str)> = empty.into_iter().chain(more).map(|name| (name, "")).collect();
    let server = Server::start(folder.path(), &settings);
    server.line("SQLite, data/quickcart.db");
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
    let output = command(folder.path(), &[("JWT_SECRET_KEY", "hush")]).arg("--help").output().unwrap();
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
        "--env-file",
        "import",
    ] {
        assert!(text.contains(name), "{name} is missing");
    }
    assert!(!text.contains("hush"));
}
