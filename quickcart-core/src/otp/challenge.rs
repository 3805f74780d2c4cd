//! The life of a subject's codes: issued, repeated or replaced, shown, guessed wrongly, locked, expired.
//!
//! Everything here is pure: it takes what is kept and the time, and answers what becomes of it. Stores apply it, each step
//! in one piece.

use super::keys::{Digest, KeyId, holds, knows, same};
use super::limit::{Charge, Standing};
use super::policy::{Policy, Resend};
use super::pumping::Watch;
use crate::clock::Timestamp;

/// A code that is pending, as a store keeps it: nothing of it tells the code without a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// Random; the code is derived from it.
    pub id: Digest,
    /// The key that the code is derived with.
    pub key_id: KeyId,
    /// Of the code, with all that it is bound to.
    pub answer: Digest,
    /// Of the nonce, when there is one.
    pub nonce: Option<Digest>,
    /// Of the transaction, and of what else a code to repeat has to agree in; zero when all of it is as usual.
    pub terms: Digest,
    /// When it stops working: at this instant it already does not.
    pub expires_at: Timestamp,
}

/// A request for a code, with everything that decides on it. A store decides and keeps in one step.
#[derive(Clone, Debug)]
pub struct IssueRequest {
    /// Purpose and subject, as a store knows them.
    pub subject: Digest,
    /// The challenge that becomes pending, unless an older one is repeated.
    pub challenge: Challenge,
    /// The rules of codes.
    pub policy: Policy,
    /// The limits that this takes from, all or none.
    pub charges: Vec<Charge>,
    /// What to watch for pumping; a subject that showed a code before is let through.
    pub watch: Option<Watch>,
    /// The client's key for repeating the request, as a store knows it.
    pub idempotency: Option<Digest>,
    /// The time.
    pub now: Timestamp,
}

/// What was decided on a request for a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The decision.
    pub verdict: Verdict,
    /// How each limit of the request stands now, in its order.
    pub standings: Vec<Standing>,
}

/// What was decided on a request for a code. Anything but the first two has changed nothing, except that a prefix may
/// have been closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// This challenge is pending now, and its code is to be sent.
    Issued {
        /// The new one, or the older one when it is repeated.
        challenge_id: Digest,
        /// The key of its code.
        key_id: KeyId,
        /// When it stops working.
        expires_at: Timestamp,
    },
    /// The same request was granted before under the same idempotency key: its code was sent.
    Replayed {
        /// The challenge of that request.
        challenge_id: Digest,
        /// The key of its code.
        key_id: KeyId,
        /// When it stops working.
        expires_at: Timestamp,
    },
    /// The idempotency key belongs to another request.
    KeyReused,
    /// Too many wrong codes were given.
    Locked {
        /// There is no new code before.
        until: Timestamp,
    },
    /// The last code was sent only just now.
    CoolingDown {
        /// There is no other one before.
        until: Timestamp,
    },
    /// A limit is used up.
    Limited {
        /// Which of the charges did not fit.
        charge: usize,
        /// When it does.
        until: Timestamp,
    },
    /// The prefix looks pumped.
    Suspected {
        /// Until when it is closed.
        until: Timestamp,
    },
}

/// What a client shows, as keyed digests.
#[derive(Clone, Copy, Debug)]
pub struct Guess {
    /// Of the nonce, when there is one.
    pub nonce: Option<Digest>,
    /// Of the code with all that it is bound to, under each live key.
    pub answers: [Option<(KeyId, Digest)>; 2],
}

/// A code that a client shows.
#[derive(Clone, Debug)]
pub struct AttemptRequest {
    /// Purpose and subject, as a store knows them.
    pub subject: Digest,
    /// The code.
    pub guess: Guess,
    /// The rules of codes.
    pub policy: Policy,
    /// Where to note that a code was shown.
    pub watch: Option<Watch>,
    /// The time.
    pub now: Timestamp,
}

/// A code of an authenticator, which no store knows: the caller found out which time step it is of, if any.
#[derive(Clone, Copy, Debug)]
pub struct StepRequest {
    /// Purpose and subject, as a store knows them.
    pub subject: Digest,
    /// The step; `None` when the code is wrong.
    pub step: Option<u64>,
    /// The rules of codes.
    pub policy: Policy,
    /// The time.
    pub now: Timestamp,
}

/// A pending challenge whose code a provider made and holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldChallenge {
    /// The challenge.
    pub id: Digest,
    /// The key of the code that it would have had.
    pub key_id: KeyId,
    /// Of the nonce, when there is one.
    pub nonce: Option<Digest>,
    /// Who holds the code, in words of the caller's own.
    pub holder: String,
}

/// A held code that its holder has found right.
#[derive(Clone, Copy, Debug)]
pub struct HeldRequest {
    /// Purpose and subject, as a store knows them.
    pub subject: Digest,
    /// The challenge.
    pub challenge_id: Digest,
    /// Where to note that a code was shown.
    pub watch: Option<Watch>,
    /// The time.
    pub now: Timestamp,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// The code is right, and is used up.
    Accepted,
    /// The code is wrong, which was counted.
    Wrong,
    /// There is no challenge that could be answered like this.
    NotFound,
    /// Too many wrong codes were given: no code is looked at before this instant.
    Locked(Timestamp),
}

/// The longest time that a code of an authenticator works, in microseconds: five periods of 120 s, with a skew of two.
#[cfg(feature = "redis")]
pub(crate) const STEP_LIFE_US: i64 = 600_000_000;

/// How long a code counts for the waiting time of the next: as long as the longest of these. In microseconds.
pub(crate) const SENDS_KEPT_US: i64 = 3_600_000_000;

/// How long an accepted step is remembered: an authenticator's codes are of the last few minutes. In microseconds.
pub(crate) const STEP_KEPT_US: i64 = 3_600_000_000;

/// What is kept of a subject. The default is one that nothing is known of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Subject {
    pub(crate) pending: Option<Challenge>,
    /// Wrong codes since the last right one.
    pub(crate) failures: u16,
    pub(crate) failed_at_us: i64,
    pub(crate) locked_until_us: i64,
    /// Codes since the last right one, as long as there is less than an hour between them.
    pub(crate) sends: u16,
    pub(crate) sent_at_us: i64,
    /// The newest step of an authenticator that was accepted.
    pub(crate) step: u64,
    pub(crate) stepped_at_us: i64,
}

impl Subject {
    /// Whether a code may be issued, and which: what the verdict says is already kept.
    pub(crate) fn issue(&mut self, request: &IssueRequest) -> Verdict {
        let now_us = request.now.as_microsecond();
        self.forget(now_us);
        if now_us < self.locked_until_us {
            return Verdict::Locked { until: instant(self.locked_until_us) };
        }
        let pending = self.pending.filter(|pending| request.now < pending.expires_at);
        let is_recent = now_us < self.sent_at_us + SENDS_KEPT_US;
        let sends = if pending.is_some() || is_recent { self.sends } else { 0 };
        let cool_at_us = self.sent_at_us + microseconds(request.policy.cooldown(sends));
        if sends > 0 && now_us < cool_at_us {
            return Verdict::CoolingDown { until: instant(cool_at_us) };
        }
        let challenge =
            pending.filter(|older| repeats(older, &request.challenge, request)).unwrap_or(request.challenge);
        self.pending = Some(challenge);
        self.sends = sends.saturating_add(1);
        self.sent_at_us = now_us;
        let Challenge { id: challenge_id, key_id, expires_at, .. } = challenge;
        Verdict::Issued { challenge_id, key_id, expires_at }
    }

    /// The code never left: the next request need not wait for it.
    pub(crate) fn withdraw(&mut self, request: &IssueRequest, challenge_id: Digest) {
        let is_pending = self.pending.is_some_and(|pending| pending.id == challenge_id);
        if is_pending && self.sent_at_us == request.now.as_microsecond() {
            self.sends = self.sends.saturating_sub(1);
            self.sent_at_us = 0;
            self.pending = self.pending.filter(|_| challenge_id != request.challenge.id);
        }
    }

    /// Judges a code. A wrong nonce is not counted: who does not hold it must not lock out who does.
    pub(crate) fn attempt(&mut self, request: &AttemptRequest) -> Attempt {
        let now_us = request.now.as_microsecond();
        self.forget(now_us);
        let Some(pending) = self.pending.filter(|pending| request.now < pending.expires_at) else {
            return Attempt::NotFound;
        };
        let same_nonce = match (&pending.nonce, &request.guess.nonce) {
            (None, None) => true,
            (Some(wanted), Some(shown)) => same(wanted, shown),
            _ => false,
        };
        // A key that this server does not have (yet, or any more) makes no guess wrong.
        if !same_nonce || !knows(&request.guess.answers, pending.key_id) {
            return Attempt::NotFound;
        }
        if holds(&request.guess.answers, pending.key_id, &pending.answer) {
            self.accept();
            return Attempt::Accepted;
        }
        self.fail(request.policy, now_us);
        Attempt::Wrong
    }

    /// A right code: all but the steps of authenticators is forgotten.
    pub(crate) fn accept(&mut self) {
        *self = Self { step: self.step, stepped_at_us: self.stepped_at_us, ..Self::default() };
    }

    /// Judges a code of an authenticator: each step is accepted once, and none before one that was
    /// ([RFC 6238](https://www.rfc-editor.org/rfc/rfc6238#section-5.2), section 5.2).
    pub(crate) fn take_step(&mut self, request: &StepRequest) -> Attempt {
        let now_us = request.now.as_microsecond();
        self.forget(now_us);
        if now_us < self.locked_until_us {
            return Attempt::Locked(instant(self.locked_until_us));
        }
        match request.step {
            Some(step) if step > self.step => {
                *self = Self { step, stepped_at_us: now_us, ..Self::default() };
                Attempt::Accepted
            }
            // It was right once, so it is no guess.
            Some(_) => Attempt::NotFound,
            None => {
                self.fail(request.policy, now_us);
                Attempt::Wrong
            }
        }
    }

    fn fail(&mut self, policy: Policy, now_us: i64) {
        self.failures = self.failures.saturating_add(1);
        self.failed_at_us = now_us;
        let lock = policy.lock(self.failures);
        if !lock.is_zero() {
            self.locked_until_us = now_us + microseconds(lock);
            self.pending = None;
        }
    }

    /// Wrong codes are remembered for as long as the longest lock.
    fn forget(&mut self, now_us: i64) {
        if now_us >= self.failed_at_us + microseconds(Policy::LOCK_LAST) {
            self.failures = 0;
        }
    }

    /// When nothing is left to remember, in microseconds.
    pub(crate) fn forget_at_us(&self) -> i64 {
        let failures =
            if self.failures > 0 { self.failed_at_us + microseconds(Policy::LOCK_LAST) } else { 0 };
        let pending = self.pending.map_or(0, |pending| pending.expires_at.as_microsecond());
        let step = if self.step > 0 { self.stepped_at_us + STEP_KEPT_US } else { 0 };
        let sends = if self.sends > 0 { self.sent_at_us + SENDS_KEPT_US } else { 0 };
        failures.max(pending).max(sends).max(self.locked_until_us).max(step)
    }
}

/// What was granted under an idempotency key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Replay {
    pub(crate) subject: Digest,
    pub(crate) challenge: Challenge,
}

impl Replay {
    /// What a request gets that comes under this key again; `None` once the challenge has ended.
    pub(crate) fn verdict(&self, request: &IssueRequest) -> Option<Verdict> {
        let Challenge { id: challenge_id, key_id, expires_at, nonce, terms, .. } = self.challenge;
        let same = self.subject == request.subject
            && nonce == request.challenge.nonce
            && terms == request.challenge.terms;
        let verdict =
            if same { Verdict::Replayed { challenge_id, key_id, expires_at } } else { Verdict::KeyReused };
        (request.now < expires_at).then_some(verdict)
    }
}

/// Whether a resend brings the older code once more.
fn repeats(older: &Challenge, newer: &Challenge, request: &IssueRequest) -> bool {
    let half = microseconds(request.policy.ttl()) / 2;
    request.policy.resend() == Resend::Repeat
        && older.key_id == newer.key_id
        && older.nonce == newer.nonce
        && older.terms == newer.terms
        && older.expires_at.as_microsecond() - request.now.as_microsecond() >= half
}

pub(crate) fn instant(us: i64) -> Timestamp {
    Timestamp::from_microsecond(us).unwrap_or(Timestamp::MAX)
}

pub(crate) fn microseconds(time: std::time::Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}
