//! A line of a golden file: a request, and what is to come back.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

/// A request, and what is to come back. The README beside the files says what the fields mean.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Exchange {
    pub(super) name: String,
    pub(super) era: String,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) json: Option<Value>,
    pub(super) raw_body: Option<String>,
    pub(super) repeat: Option<usize>,
    pub(super) faults: Vec<Fault>,
    pub(super) expect_status: Statuses,
    pub(super) expect_headers: BTreeMap<String, String>,
    pub(super) expect_body: Value,
    #[serde(rename = "match")]
    pub(super) extent: Option<Extent>,
    pub(super) absent: Vec<String>,
    pub(super) capture: BTreeMap<String, String>,
    pub(super) capture_cookie: BTreeMap<String, String>,
    pub(super) capture_oob: BTreeMap<String, Recipient>,
    // For people: where the line comes from, and what the original answered.
    verdict: IgnoredAny,
    recorded: IgnoredAny,
    why: IgnoredAny,
    notes: IgnoredAny,
    original_status: IgnoredAny,
    original_body: IgnoredAny,
}

/// How a provider is to misbehave from now on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fault {
    pub(super) provider: String,
    pub(super) mode: String,
    /// So many requests, or all.
    pub(super) count: Option<u32>,
}

/// The answers that are right.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Statuses {
    One(u16),
    Any(Vec<u16>),
}

/// How much of a body is described.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Extent {
    /// Objects may have more keys.
    Subset,
}

/// Whose message holds a code.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Recipient {
    pub(super) to: String,
}

impl Default for Statuses {
    fn default() -> Self {
        Self::Any(Vec::new())
    }
}

impl fmt::Display for Statuses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(status) => write!(f, "{status}"),
            Self::Any(statuses) => write!(f, "one of {statuses:?}"),
        }
    }
}

impl Statuses {
    pub(super) fn contain(&self, status: u16) -> bool {
        match self {
            Self::One(right) => *right == status,
            Self::Any(right) => right.contains(&status),
        }
    }
}

/// All lines of a file.
pub(super) fn read(path: &Path) -> Vec<Exchange> {
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let exchange = |(index, line): (usize, &str)| {
        let place = || format!("{}, line {}", path.display(), index + 1);
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{}: {error}", place()))
    };
    lines.map(exchange).collect()
}
