//! Why a request was limited or refused, in words for whoever has to answer a customer.

use std::fmt;

use super::limit::{Charge, Standing};
use super::{Decision, OtpError, Verdict};
use crate::clock::Timestamp;
use crate::error::DomainError;
use crate::phone::PhoneNumber;

/// How one limit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitStanding {
    /// The limit's name, such as `phone`.
    pub limit: &'static str,
    /// How much there is at once.
    pub quota: u32,
    /// How long the whole quota takes to come back, in seconds.
    pub window_s: u64,
    /// How much is left of it.
    pub remaining: u32,
    /// When all of it is there again.
    pub full_at: Timestamp,
}

impl LimitStanding {
    pub(super) fn new(charge: &Charge, standing: Standing) -> Self {
        Self {
            limit: charge.name,
            quota: charge.rate.quota(),
            window_s: charge.rate.window().as_secs(),
            remaining: standing.remaining,
            full_at: standing.full_at,
        }
    }
}

/// Why a request is granted or refused. `Display` writes it as a few lines.
///
/// ```text
/// +91********10: otp_limited by phone, until 2026-11-21T10:12:00Z
///   phone: 0 of 20 in 86400 s left
///   address: 996 of 1000 in 3600 s left
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The number, masked.
    pub phone: String,
    /// `granted`, or the stable name of the refusal, as in [`DomainError::code`].
    pub decision: &'static str,
    /// The limit that decided, if one did.
    pub limit: Option<&'static str>,
    /// Until when a refusal holds, where that is known.
    pub until: Option<Timestamp>,
    /// How all limits stand.
    pub limits: Vec<LimitStanding>,
}

impl Explanation {
    pub(super) fn refused(phone: &PhoneNumber, error: &OtpError) -> Self {
        let decision = error.code();
        Self { phone: phone.masked(), decision, limit: None, until: None, limits: Vec::new() }
    }

    pub(super) fn of(phone: &PhoneNumber, decision: &Decision, charges: &[Charge]) -> Self {
        let (name, limit, until) = match decision.verdict {
            Verdict::Issued { .. } => ("granted", None, None),
            Verdict::Replayed { expires_at, .. } => ("replayed", None, Some(expires_at)),
            Verdict::KeyReused => ("idempotency_key_reused", None, None),
            Verdict::Locked { until } => ("otp_locked", None, Some(until)),
            Verdict::CoolingDown { until } => ("otp_cooling_down", None, Some(until)),
            Verdict::Suspected { until } => ("otp_suspected", None, Some(until)),
            Verdict::Limited { charge, until } => ("otp_limited", Some(charges[charge].name), Some(until)),
        };
        let standings = charges.iter().zip(&decision.standings);
        let limits = standings.map(|(charge, standing)| LimitStanding::new(charge, *standing)).collect();
        Self { phone: phone.masked(), decision: name, limit, until, limits }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.phone, self.decision)?;
        if let Some(limit) = self.limit {
            write!(f, " by {limit}")?;
        }
        if let Some(until) = self.until {
            write!(f, ", until {until}")?;
        }
        for LimitStanding { limit, quota, window_s, remaining, .. } in &self.limits {
            write!(f, "\n  {limit}: {remaining} of {quota} in {window_s} s left")?;
        }
        Ok(())
    }
}
