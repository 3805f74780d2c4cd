//! Structured logs on standard error, with phone numbers masked.

use std::io::IsTerminal;

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for programs.
    Json,
}

/// Crates that log paths and headers as they are below this level: phone numbers, cookies and tokens among them.
const SHOW_REQUESTS_WHOLE: [&str; 3] = ["hyper", "hyper_util", "warp"];

/// Starts the log. `filter` is in the notation of
/// [tracing](https://docs.rs/tracing-subscriber/0.3/tracing_subscriber/filter/struct.EnvFilter.html#directives).
///
/// # Errors
/// When the filter cannot be read, or a log was started before.
pub fn init(filter: &str, format: LogFormat) -> Result<(), String> {
    let mut filter = EnvFilter::try_new(filter).map_err(|error| format!("QUICKCART_LOG: {error}"))?;
    for talkative in SHOW_REQUESTS_WHOLE {
        let directive = format!("{talkative}=info")
            .parse()
            .map_err(|error: tracing_subscriber::filter::ParseError| error.to_string())?;
        filter = filter.add_directive(directive);
    }
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let log = log.with_ansi(std::io::stderr().is_terminal());
    let started = match format {
        LogFormat::Text => log.try_init(),
        LogFormat::Json => log.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| error.to_string())
}

/// A path with every long run of digits hidden: it may be a phone number.
pub(crate) fn masked_path(path: &str) -> String {
    const SHOWN_DIGITS_MAX: usize = 5;
    let mut masked = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let run = rest[start..].bytes().take_while(u8::is_ascii_digit).count();
        masked.push_str(&rest[..start]);
        masked.push_str(if run > SHOWN_DIGITS_MAX { "***" } else { &rest[start..start + run] });
        rest = &rest[start + run..];
    }
    masked.push_str(rest);
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hides_phone_numbers_in_paths() {
        assert_eq!(masked_path("/api/otp-status/+919876543210"), "/api/otp-status/+***");
        assert_eq!(masked_path("/products/12345"), "/products/12345");
        assert_eq!(masked_path("/"), "/");
    }
}
