//! The golden files, each replayed against a server with a database of its own: see `tests/replay/README.md`.

mod exchange;
mod fakes;
mod matching;
mod outbox;
mod player;
mod providers;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use crate::program::{Server, command, folder};
use fakes::Fakes;
use player::Player;
use test_servers::PostgresServer;

/// A file and the settings it is meant for, on each database.
macro_rules! golden {
    ($($test:ident: $file:literal with $profile:literal;)*) => {
        mod sqlite {
            $(
                #[tokio::test]
                async fn $test() {
                    super::replay($file, $profile, &[("DATABASE_URL", "sqlite:replay.db")]).await;
                }
            )*
        }

        mod postgres {
            $(
                #[tokio::test]
                async fn $test() {
                    let url = super::POSTGRES.create_database();
                    super::replay($file, $profile, &[("DATABASE_URL", &url)]).await;
                }
            )*
        }
    };
}

/// One server for all files, which ends with this process.
static POSTGRES: LazyLock<PostgresServer> = LazyLock::new(PostgresServer::start);

golden! {
    phone_otp: "phone-otp.jsonl" with "legacy.env";
    phone_otp_providers: "phone-otp-providers.jsonl" with "secure.env";
    smart_cart: "smart-cart.jsonl" with "legacy.env";
    smart_cart_secured: "smart-cart-secured.jsonl" with "secure.env";
    registration: "registration.jsonl" with "legacy.env";
    book_order: "book-order.jsonl" with "legacy.env";
    book_order_secured: "book-order-secured.jsonl" with "secure.env";
}

#[tokio::test]
async fn book_order_with_pins_that_infobip_holds() {
    let settings = [("BOOK_ORDER_PROVIDERS", "infobip_2fa"), ("DATABASE_URL", "sqlite:replay.db")];
    replay("book-order.jsonl", "legacy.env", &settings).await;
}

/// The folder of the golden files.
fn files() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/replay")
}

/// Sends every line of a file, in order, to a server with the settings of a profile, and fails with all that was wrong.
/// `more` wins over the profile.
async fn replay(file: &str, profile: &str, more: &[(&str, &str)]) {
    let profile = files().join(profile);
    let setting = |name: &str| {
        let settings = dotenvy::from_path_iter(&profile).unwrap().map(Result::unwrap);
        settings.into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
    };
    let folder = folder();
    let fakes = Fakes::start(setting("SMTP_EMAIL").zip(setting("SMTP_PASSWORD")));
    let (url, port) = (fakes.url(), fakes.mail_port().to_string());
    let settings = [
        ("TWILIO_BASE_URL", &*url),
        ("FAST2SMS_BASE_URL", &url),
        ("INFOBIP_BASE_URL", &url),
        ("SMTP_PORT", &port),
        ("QUICKCART_LISTEN", "127.0.0.1:0"),
    ];
    let settings = [&settings, more].concat();
    let profile = profile.to_str().unwrap();
    let import = ["--env-file", profile, "import"];
    let imported =
        command(folder.path(), &settings).args(import).arg(files().join("fixtures.json")).output().unwrap();
    assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
    let server = Server::start_with(folder.path(), &settings, &["--env-file", profile]);
    let mut player = Player::new(&server.url, &fakes);
    if let Some(key) = setting("QUICKCART_ADMIN_KEY") {
        player.set("admin_key", key);
    }
    let (mut passed, mut failures) = (0, Vec::new());
    for exchange in exchange::read(&files().join(file)) {
        let faults = player.play(&exchange).await;
        if faults.is_empty() {
            passed += 1;
            continue;
        }
        let line = format!("{} ({}): {} {}", exchange.name, exchange.era, exchange.method, exchange.path);
        failures.push(format!("{line}\n    {}", faults.join("\n    ")));
    }
    assert!(passed + failures.len() > 0, "{file} is empty");
    let count = failures.len();
    assert!(failures.is_empty(), "{file}: {passed} passed, {count} failed\n{}", failures.join("\n"));
}
