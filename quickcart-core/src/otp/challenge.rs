//! The life of a challenge: pending, until it is accepted, exhausted or expired.

use crate::clock::Timestamp;
use crate::secret::{Tag, equal};

/// Names a challenge in a store: a keyed digest of purpose and subject, so that a store holds no phone number.
pub type ChallengeKey = Tag;

/// What a client shows, as keyed digests.
#[derive(Clone, Copy)]
pub struct Guess {
    /// Of the nonce, when there is one.
    pub nonce: Option<Tag>,
    /// Of the code with all that it is bound to.
    pub code: Tag,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// The code is right; the challenge is gone.
    Accepted,
    /// The code is wrong; one attempt is used up.
    Wrong,
    /// There is no challenge that could be answered like this.
    NotFound,
}

/// What became of a challenge that was to take the place of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replaced {
    /// It is pending.
    Done,
    /// Too many wrong codes were given: there is no new one before this instant.
    LockedUntil(Timestamp),
}

/// A pending code.
#[derive(Clone)]
pub struct Challenge {
    answer: Guess,
    attempts_left: u8,
    expires_at: Timestamp,
}

impl Challenge {
    /// A challenge that `answer` opens, in at most `attempts` tries, before `expires_at`.
    #[must_use]
    pub fn new(answer: Guess, attempts: u8, expires_at: Timestamp) -> Self {
        Self { answer, attempts_left: attempts, expires_at }
    }

    /// When it stops working: at this instant it already does not.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// Whether too many wrong codes were given.
    #[must_use]
    pub fn is_locked(&self, now: Timestamp) -> bool {
        self.attempts_left == 0 && now < self.expires_at
    }

    /// The challenge as it follows an older one: wrong codes are counted on, or asking again would buy new guesses.
    #[must_use]
    pub fn after(self, older: &Self, now: Timestamp) -> Self {
        let still_counts = now < older.expires_at;
        let left =
            if still_counts { self.attempts_left.min(older.attempts_left) } else { self.attempts_left };
        Self { attempts_left: left, ..self }
    }

    /// Whether it can still be answered.
    #[must_use]
    pub fn is_pending(&self, now: Timestamp) -> bool {
        self.attempts_left > 0 && now < self.expires_at
    }

    /// Judges a guess. A wrong nonce uses up no attempt: who does not hold it must not lock out who does.
    pub fn attempt(&mut self, guess: Guess, now: Timestamp) -> Attempt {
        let same_nonce = match (&self.answer.nonce, &guess.nonce) {
            (None, None) => true,
            (Some(wanted), Some(shown)) => equal(wanted, shown),
            _ => false,
        };
        if !self.is_pending(now) || !same_nonce {
            return Attempt::NotFound;
        }
        if equal(&self.answer.code, &guess.code) {
            self.attempts_left = 0;
            return Attempt::Accepted;
        }
        self.attempts_left -= 1;
        Attempt::Wrong
    }
}
