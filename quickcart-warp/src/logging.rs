//! Structured logs on standard error, with phone numbers masked.

use std::io::IsTerminal;

use clap::ValueEnum;
use tracing::Level;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt};

use crate::message_settings::RECEIPTS;

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for programs.
    Json,
}

/// Crates that log paths and headers as they are below info: phone numbers, cookies and tokens among them.
fn shows_requests_whole(target: &str) -> bool {
    ["hyper", "lettre", "reqwest", "warp"].iter().any(|name| target.starts_with(name))
}

/// Starts the log. `filter` is in the notation of
/// [tracing](https://docs.rs/tracing-subscriber/0.3/tracing_subscriber/filter/struct.EnvFilter.html#directives).
///
/// # Errors
/// When the filter cannot be read, or a log was started before.
pub fn init(filter: &str, format: LogFormat) -> Result<(), String> {
    let filter = EnvFilter::try_new(filter).map_err(|error| format!("QUICKCART_LOG: {error}"))?;
    let cap = filter_fn(|line| *line.level() <= Level::INFO || !shows_requests_whole(line.target()));
    let log = tracing_subscriber::registry().with(filter).with(cap);
    let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    let started = match format {
        LogFormat::Text => log.with(lines).try_init(),
        LogFormat::Json => log.with(lines.json().flatten_event(true)).try_init(),
    };
    started.map_err(|error| error.to_string())
}

/// A path with every part hidden that has more digits than an id, because it may be a phone number in any notation, and with
/// the keys of receipts and the tokens of guests hidden.
pub(crate) fn masked_path(path: &str) -> String {
    const SHOWN_DIGITS_MAX: usize = 5;
    if let Some((provider, _key)) =
        path.strip_prefix(RECEIPTS).and_then(|rest| rest.strip_prefix('/')?.split_once('/'))
    {
        return format!("{RECEIPTS}/{provider}/***");
    }
    if let Some(rest) = path.strip_prefix("/v1/guest-carts/") {
        return rest.split_once('/').map_or_else(
            || "/v1/guest-carts/***".to_owned(),
            |(_token, action)| format!("/v1/guest-carts/***/{action}"),
        );
    }
    let is_shown = |part: &str| part.bytes().filter(u8::is_ascii_digit).count() <= SHOWN_DIGITS_MAX;
    let parts: Vec<&str> = path.split('/').map(|part| if is_shown(part) { part } else { "***" }).collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hides_phone_numbers_in_paths() {
        for phone in ["+919876543210", "98765-43210", "98765%2043210"] {
            assert_eq!(masked_path(&format!("/api/otp-status/{phone}")), "/api/otp-status/***");
        }
        assert_eq!(masked_path("/v1/receipts/infobip/abcdefghijklmnop"), "/v1/receipts/infobip/***");
        assert_eq!(masked_path("/v1/guest-carts/abcdef/items"), "/v1/guest-carts/***/items");
        assert_eq!(masked_path("/v1/guest-carts/abcdef"), "/v1/guest-carts/***");
        assert_eq!(masked_path("/v1/receipts"), "/v1/receipts");
        assert_eq!(masked_path("/products/12345"), "/products/12345");
        assert_eq!(masked_path("/"), "/");
    }
}
