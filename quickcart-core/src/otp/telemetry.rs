//! What happens to codes, as events for the log and counts for metrics.
//!
//! Events go to `tracing` under the target `quickcart::otp`, with numbers masked: refusals as `info`, suspicion and
//! failures as `warn`, everything else as `debug`. Counts go to the `metrics` facade: `quickcart_otp_issue_total` and
//! `quickcart_otp_verify_total`, with the labels `purpose` and `outcome`. Both have few values, whatever clients send.

use std::sync::Arc;

use metrics::{Counter, counter};

use super::{OtpError, Started};
use crate::error::DomainError;
use crate::phone::PhoneNumber;

/// Outcomes of a request for a code: what was issued, then the refusals by their [codes](DomainError::code).
const ISSUE: [&str; 13] = [
    "issued",
    "replayed",
    "otp_locked",
    "otp_cooling_down",
    "otp_limited",
    "otp_suspected",
    "otp_not_sent",
    "idempotency_key_reused",
    "phone_country_not_allowed",
    "phone_line_not_allowed",
    "store_unavailable",
    "store_failed",
    "other",
];
/// Outcomes of a code that was shown.
const VERIFY: [&str; 7] = [
    "accepted",
    "otp_wrong",
    "otp_not_found",
    "otp_not_checked",
    "store_unavailable",
    "store_failed",
    "other",
];

/// The counters and events of one purpose. Clones share them.
#[derive(Clone)]
pub(super) struct Telemetry {
    purpose: &'static str,
    issue: Arc<[Counter; ISSUE.len()]>,
    verify: Arc<[Counter; VERIFY.len()]>,
}

impl Telemetry {
    pub(super) fn new(purpose: &'static str) -> Self {
        let issue =
            |outcome| counter!("quickcart_otp_issue_total", "purpose" => purpose, "outcome" => outcome);
        let verify =
            |outcome| counter!("quickcart_otp_verify_total", "purpose" => purpose, "outcome" => outcome);
        Self { purpose, issue: Arc::new(ISSUE.map(issue)), verify: Arc::new(VERIFY.map(verify)) }
    }

    pub(super) fn started(&self, phone: &PhoneNumber, started: &Result<Started, OtpError>) {
        let outcome =
            started.as_ref().map_or_else(DomainError::code, |started| ISSUE[usize::from(started.is_replay)]);
        self.issue[position(&ISSUE, outcome)].increment(1);
        match started {
            Ok(started) => {
                let (purpose, provider) = (self.purpose, started.provider);
                tracing::debug!(target: "quickcart::otp", purpose, ?phone, provider, "code issued");
            }
            Err(error) => self.refused(phone, error),
        }
    }

    /// A number for reviewers got its code: always worth a line.
    pub(super) fn reviewed(&self, phone: &PhoneNumber) {
        tracing::warn!(target: "quickcart::otp", purpose = self.purpose, ?phone, "number for reviewers used");
    }

    pub(super) fn checked(&self, phone: &PhoneNumber, checked: &Result<(), OtpError>) {
        let outcome = checked.as_ref().map_or_else(DomainError::code, |()| VERIFY[0]);
        self.verify[position(&VERIFY, outcome)].increment(1);
        match checked {
            Ok(()) => {
                tracing::debug!(target: "quickcart::otp", purpose = self.purpose, ?phone, "code accepted");
            }
            Err(error) => self.refused(phone, error),
        }
    }

    fn refused(&self, phone: &PhoneNumber, error: &OtpError) {
        let (purpose, code) = (self.purpose, error.code());
        match error {
            OtpError::Suspected { .. }
            | OtpError::NotSent(_)
            | OtpError::NotChecked(_)
            | OtpError::Store(_) => {
                tracing::warn!(target: "quickcart::otp", purpose, ?phone, code, "{error}");
            }
            _ => tracing::info!(target: "quickcart::otp", purpose, ?phone, code, "{error}"),
        }
    }
}

fn position(outcomes: &[&str], outcome: &str) -> usize {
    outcomes.iter().position(|known| *known == outcome).unwrap_or(outcomes.len() - 1)
}
