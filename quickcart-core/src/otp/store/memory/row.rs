//! What is kept of a subject, packed.

use super::table::Ends;
use crate::otp::challenge::{Challenge, Subject, instant};
use crate::otp::keys::{Digest, KeyId};

/// A [`Subject`] in 120 bytes instead of 136: a table has room for twice its entries, so that counts double.
#[derive(Clone, Copy)]
pub(super) struct Row {
    id: Digest,
    answer: Digest,
    nonce: Digest,
    terms: Digest,
    expires_at_us: i64,
    failed_at_us: i64,
    locked_until_us: i64,
    sent_at_us: i64,
    step: u64,
    stepped_at_us: i64,
    failures: u16,
    sends: u16,
    key_id: KeyId,
    holds: Holds,
}

/// Which parts of a [`Row`] there are.
#[derive(Clone, Copy)]
enum Holds {
    NoChallenge,
    Challenge,
    ChallengeAndNonce,
}

impl Row {
    pub(super) fn of(subject: &Subject) -> Self {
        let Subject { pending, failures, failed_at_us, locked_until_us, sends, sent_at_us, .. } = *subject;
        let Subject { step, stepped_at_us, .. } = *subject;
        let holds = match pending {
            None => Holds::NoChallenge,
            Some(Challenge { nonce: None, .. }) => Holds::Challenge,
            Some(_) => Holds::ChallengeAndNonce,
        };
        let nothing = [0; 16];
        let part = |of: fn(&Challenge) -> Digest| pending.as_ref().map_or(nothing, of);
        Self {
            id: part(|challenge| challenge.id),
            answer: part(|challenge| challenge.answer),
            nonce: pending.and_then(|challenge| challenge.nonce).unwrap_or(nothing),
            terms: part(|challenge| challenge.terms),
            expires_at_us: pending.map_or(0, |challenge| challenge.expires_at.as_microsecond()),
            failed_at_us,
            locked_until_us,
            sent_at_us,
            step,
            stepped_at_us,
            failures,
            sends,
            key_id: pending.map_or(0, |challenge| challenge.key_id),
            holds,
        }
    }

    pub(super) fn subject(&self) -> Subject {
        let Self { failures, failed_at_us, locked_until_us, sends, sent_at_us, step, stepped_at_us, .. } =
            *self;
        let nonce = matches!(self.holds, Holds::ChallengeAndNonce).then_some(self.nonce);
        let challenge = || Challenge {
            id: self.id,
            key_id: self.key_id,
            answer: self.answer,
            nonce,
            terms: self.terms,
            expires_at: instant(self.expires_at_us),
        };
        let pending = (!matches!(self.holds, Holds::NoChallenge)).then(challenge);
        Subject { pending, failures, failed_at_us, locked_until_us, sends, sent_at_us, step, stepped_at_us }
    }
}

impl Ends for Row {
    fn ends_at_us(&self, _now_us: i64) -> i64 {
        self.subject().forget_at_us()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_gives_back_what_it_was_made_of() {
        let challenge = Challenge {
            id: [1; 16],
            key_id: 2,
            answer: [3; 16],
            nonce: Some([4; 16]),
            terms: [5; 16],
            expires_at: instant(6_000_001),
        };
        let subject = |pending| Subject {
            pending,
            failures: 7,
            failed_at_us: 8,
            locked_until_us: 9,
            sends: 10,
            sent_at_us: 11,
            step: 12,
            stepped_at_us: 13,
        };
        for pending in [None, Some(challenge), Some(Challenge { nonce: None, ..challenge })] {
            assert_eq!(Row::of(&subject(pending)).subject(), subject(pending));
        }
        assert_eq!(size_of::<Row>(), 120);
    }
}
