//! The scripts, and the numbers they share with the rest.

use crate::otp::challenge::{SENDS_KEPT_US, STEP_KEPT_US, STEP_LIFE_US, microseconds};
use crate::otp::policy::Policy;
use crate::otp::pumping;

pub(super) const ISSUED: i64 = 1;
pub(super) const REPLAYED: i64 = 2;
pub(super) const REUSED: i64 = 3;
pub(super) const LOCKED: i64 = 4;
pub(super) const COOLING_DOWN: i64 = 5;
pub(super) const LIMITED: i64 = 6;
pub(super) const SUSPECTED: i64 = 7;
/// The marker is gone, and everything else with it.
pub(super) const FORGOTTEN: i64 = 0;
pub(super) const ACCEPTED: i64 = 1;
pub(super) const WRONG: i64 = 2;
pub(super) const NOT_FOUND: i64 = 3;
pub(super) const STEP_LOCKED: i64 = 4;
/// Redis has restarted or lost data, and steps of before still work.
pub(super) const STEP_TOO_EARLY: i64 = 5;

/// The scripts; the number of one is its place in [`Script::ALL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Script {
    Issue,
    Withdraw,
    Attempt,
    TakeStep,
    Admit,
    ExpiresAt,
    Hold,
    Held,
    AcceptHeld,
    Remember,
}

impl Script {
    pub(super) const ALL: [Self; 10] = [
        Self::Issue,
        Self::Withdraw,
        Self::Attempt,
        Self::TakeStep,
        Self::Admit,
        Self::ExpiresAt,
        Self::Hold,
        Self::Held,
        Self::AcceptHeld,
        Self::Remember,
    ];

    /// The script with all that it calls.
    pub(super) fn source(self) -> String {
        const TIMES: &str = include_str!("times.lua");
        const SUBJECT: &str = include_str!("subject.lua");
        const PREFIX: &str = include_str!("prefix.lua");
        const CHARGES: &str = include_str!("charges.lua");
        let parts: &[&str] = match self {
            Self::Issue => &[TIMES, SUBJECT, PREFIX, CHARGES, include_str!("issue.lua")],
            Self::Withdraw => &[TIMES, SUBJECT, PREFIX, include_str!("withdraw.lua")],
            Self::Attempt => &[TIMES, include_str!("attempt.lua"), PREFIX, include_str!("accept.lua")],
            Self::TakeStep => &[TIMES, SUBJECT, include_str!("take_step.lua")],
            Self::Admit => &[CHARGES, include_str!("admit.lua")],
            Self::ExpiresAt => &[TIMES, SUBJECT, include_str!("expires_at.lua")],
            Self::Hold => &[TIMES, SUBJECT, include_str!("hold.lua")],
            Self::Held => &[TIMES, SUBJECT, include_str!("held.lua")],
            Self::AcceptHeld => {
                &[TIMES, SUBJECT, include_str!("accept_held.lua"), PREFIX, include_str!("accept.lua")]
            }
            Self::Remember => &[include_str!("remember.lua")],
        };
        with_constants(&parts.concat())
    }
}

/// Numbers take the place of their names: locals of Lua would be set anew with each call.
fn with_constants(source: &str) -> String {
    let constants = constants();
    let number =
        |word: &str| constants.iter().find(|(name, _)| *name == word).map(|(_, number)| number.as_str());
    let mut text = String::with_capacity(source.len());
    let mut rest = source;
    while !rest.is_empty() {
        let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        let word = &rest[..rest.find(|letter| !is_word(letter)).unwrap_or(rest.len())];
        text.push_str(number(word).unwrap_or(word));
        rest = &rest[word.len()..];
        let between = &rest[..rest.find(is_word).unwrap_or(rest.len())];
        text.push_str(between);
        rest = &rest[between.len()..];
    }
    text
}

fn constants() -> Vec<(&'static str, String)> {
    let whole = [
        ("ISSUED", ISSUED),
        ("REPLAYED", REPLAYED),
        ("REUSED", REUSED),
        ("LOCKED", LOCKED),
        ("COOLING_DOWN", COOLING_DOWN),
        ("LIMITED", LIMITED),
        ("SUSPECTED", SUSPECTED),
        ("FORGOTTEN", FORGOTTEN),
        ("ACCEPTED", ACCEPTED),
        ("WRONG", WRONG),
        ("NOT_FOUND", NOT_FOUND),
        ("STEP_LOCKED", STEP_LOCKED),
        ("STEP_TOO_EARLY", STEP_TOO_EARLY),
        ("STEP_LIFE", STEP_LIFE_US),
        ("FAILURES_MAX", i64::from(Policy::FAILURES_MAX)),
        ("LOCK_FIRST", microseconds(Policy::LOCK_FIRST)),
        ("LOCK_LAST", microseconds(Policy::LOCK_LAST)),
        ("STEP_KEPT", STEP_KEPT_US),
        ("SENDS_KEPT", SENDS_KEPT_US),
        ("GRACE", pumping::GRACE_US),
        ("FADE_PERIOD", pumping::FADE_US),
        ("FADES_KEPT", pumping::FADES_KEPT),
        ("CLOSED", pumping::CLOSED_US),
        ("VERIFIED", pumping::VERIFIED_US),
        ("RUN_MAX", i64::from(pumping::RUN_MAX)),
        ("NEIGHBOUR_GAP", i64::from(pumping::NEIGHBOUR_GAP)),
    ];
    let broken = [
        ("UNANSWERED_MAX", pumping::UNANSWERED_MAX),
        ("JUDGED_MIN", pumping::JUDGED_MIN),
        ("CONVERSION_MIN", pumping::CONVERSION_MIN),
        ("FADE", pumping::FADE),
    ];
    let whole = whole.into_iter().map(|(name, value)| (name, value.to_string()));
    whole.chain(broken.into_iter().map(|(name, value)| (name, format!("{value:?}")))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_take_the_place_of_whole_names_only() {
        assert_eq!(with_constants("LOCKED, STEP_LOCKED,LOCKED_1\n"), "4, 4,LOCKED_1\n");
        assert_eq!(with_constants("p.run >= RUN_MAX or x >= JUDGED_MIN"), "p.run >= 15 or x >= 20.0");
    }
}
