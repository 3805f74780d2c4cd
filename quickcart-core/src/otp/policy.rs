//! The rules of a code: how long it is, how long it lives, how often it may be guessed and asked for.

use std::time::Duration;

use super::code::DIGITS_MAX;

/// The rules of a code. The default: six digits, 300 s, five wrong codes, the same code again on a resend after 30 s.
///
/// ```
/// use quickcart_core::otp::{Policy, Resend};
/// use std::time::Duration;
///
/// let policy = Policy::new(6, Duration::from_secs(300), 5)?.with_resend(Resend::Replace).without_cooldown();
/// assert_eq!(policy.ttl().as_secs(), 300);
/// assert!(Policy::new(5, Duration::from_secs(300), 5).is_err(), "a short code has to be asked for");
/// assert!(Policy::with_short_code(5, Duration::from_secs(300), 5).is_ok());
/// # Ok::<(), quickcart_core::otp::InvalidPolicy>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    digits: u8,
    ttl_s: u16,
    attempts_max: u8,
    resend: Resend,
    /// Before the second code, in seconds.
    cooldown_s: u16,
}

/// What a code is that is asked for while another one is pending.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Resend {
    /// The same code, as long as at least half of its life is left: the first message may only be late.
    #[default]
    Repeat,
    /// A new code; the one before it stops working.
    Replace,
}

impl Policy {
    /// A code never lives longer: [NIST SP 800-63B-4](https://pages.nist.gov/800-63-4/sp800-63b.html), 3.1.3.2.
    pub const TTL_MAX: Duration = Duration::from_secs(600);

    /// The shortest code that the same section allows, in digits.
    pub const DIGITS_MIN: u8 = 6;

    /// After so many wrong codes since the last right one, a subject is locked for [`LOCK_LAST`](Self::LOCK_LAST). NIST
    /// allows 100 at most (3.2.2).
    pub const FAILURES_MAX: u16 = 20;

    /// How long the first [`attempts_max`](Self::attempts_max) wrong codes lock a subject; it doubles with each such
    /// round. The doubling is that of Amazon Cognito, the start within NIST's 30 s to one hour (3.2.2).
    pub const LOCK_FIRST: Duration = Duration::from_secs(60);

    /// How long [`FAILURES_MAX`](Self::FAILURES_MAX) wrong codes lock a subject, and how long wrong codes are remembered
    /// at all: with the limits above, a guesser has 20 tries a day, or one chance in 50,000.
    pub const LOCK_LAST: Duration = Duration::from_secs(24 * 60 * 60);

    /// The longest waiting time before the second code: ten times as long is the hour for which codes are remembered.
    pub const COOLDOWN_MAX: Duration = Duration::from_secs(360);

    /// By default as long as old frontends count down before they offer a resend at the least, in seconds.
    const COOLDOWN_S: u16 = 30;

    /// How much longer it takes before the second, third, fourth and every further code: 30, 60, 120, 300 s by default.
    const COOLDOWN_GROWTH: [u32; 4] = [1, 2, 4, 10];

    /// Rules of your own: six to eight digits, one second to [`TTL_MAX`](Self::TTL_MAX) (whole seconds), one to ten
    /// wrong codes.
    ///
    /// # Errors
    /// [`InvalidPolicy`] when a value is out of its range.
    pub fn new(digits: u8, ttl: Duration, attempts_max: u8) -> Result<Self, InvalidPolicy> {
        if digits < Self::DIGITS_MIN {
            return Err(InvalidPolicy);
        }
        Self::with_short_code(digits, ttl, attempts_max)
    }

    /// As [`new`](Self::new), from four digits on: fewer than six are easier to guess than NIST allows.
    ///
    /// # Errors
    /// [`InvalidPolicy`] when a value is out of its range.
    pub fn with_short_code(digits: u8, ttl: Duration, attempts_max: u8) -> Result<Self, InvalidPolicy> {
        let ttl_s = u16::try_from(ttl.as_secs()).map_err(|_| InvalidPolicy)?;
        let valid = (4..=DIGITS_MAX).contains(&usize::from(digits))
            && (1..=Self::TTL_MAX.as_secs()).contains(&ttl.as_secs())
            && ttl.subsec_nanos() == 0
            && (1..=10).contains(&attempts_max);
        let policy =
            Self { digits, ttl_s, attempts_max, resend: Resend::default(), cooldown_s: Self::COOLDOWN_S };
        if valid { Ok(policy) } else { Err(InvalidPolicy) }
    }

    /// The same rules with another answer to a resend.
    #[must_use]
    pub fn with_resend(self, resend: Resend) -> Self {
        Self { resend, ..self }
    }

    /// The same rules with another life of codes, of 1 s to [`TTL_MAX`](Self::TTL_MAX) in whole seconds.
    ///
    /// # Errors
    /// [`InvalidPolicy`] when it is out of that range.
    pub fn with_ttl(self, ttl: Duration) -> Result<Self, InvalidPolicy> {
        let Self { ttl_s, .. } = Self::with_short_code(self.digits, ttl, self.attempts_max)?;
        Ok(Self { ttl_s, ..self })
    }

    /// The same rules with another waiting time before the second code, of at most [`COOLDOWN_MAX`](Self::COOLDOWN_MAX) in
    /// whole seconds; the third, fourth and every further one take twice, four and ten times as long.
    ///
    /// # Errors
    /// [`InvalidPolicy`] when it is longer than that, or not of whole seconds.
    pub fn with_cooldown(self, first: Duration) -> Result<Self, InvalidPolicy> {
        if first > Self::COOLDOWN_MAX || first.subsec_nanos() > 0 {
            return Err(InvalidPolicy);
        }
        let first_s = u16::try_from(first.as_secs()).map_err(|_| InvalidPolicy)?;
        Ok(Self { cooldown_s: first_s, ..self })
    }

    /// The same rules without waiting times; limits still hold.
    #[must_use]
    pub fn without_cooldown(self) -> Self {
        Self { cooldown_s: 0, ..self }
    }

    /// How many digits a code has.
    #[must_use]
    pub fn digits(&self) -> u8 {
        self.digits
    }

    /// How long a code works.
    #[must_use]
    pub fn ttl(&self) -> Duration {
        Duration::from_secs(self.ttl_s.into())
    }

    /// How many wrong codes end a challenge and lock its subject.
    #[must_use]
    pub fn attempts_max(&self) -> u8 {
        self.attempts_max
    }

    /// What a resend brings.
    #[must_use]
    pub fn resend(&self) -> Resend {
        self.resend
    }

    /// How long to wait after `sends` codes, of which none was right yet.
    #[must_use]
    pub fn cooldown(&self, sends: u16) -> Duration {
        let last = Self::COOLDOWN_GROWTH.len() - 1;
        let growth =
            sends.checked_sub(1).map_or(0, |index| Self::COOLDOWN_GROWTH[usize::from(index).min(last)]);
        Duration::from_secs(self.cooldown_s.into()) * growth
    }

    /// How long `failures` wrong codes since the last right one lock their subject; zero within a round.
    #[must_use]
    pub fn lock(&self, failures: u16) -> Duration {
        let attempts_max = u16::from(self.attempts_max);
        if failures >= Self::FAILURES_MAX {
            Self::LOCK_LAST
        } else if failures.is_multiple_of(attempts_max) && failures > 0 {
            // Fewer than twenty rounds, so the doubling stays small.
            Self::LOCK_FIRST * (1 << (failures / attempts_max - 1)).min(60)
        } else {
            Duration::ZERO
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            digits: 6,
            ttl_s: 300,
            attempts_max: 5,
            resend: Resend::default(),
            cooldown_s: Self::COOLDOWN_S,
        }
    }
}

/// A value of the policy is out of its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a code has 6 to 8 digits (4 or 5 only when asked for), lives 1 to 600 whole seconds, takes 1 to 10 wrong codes, and is asked for again after 0 to 360 whole seconds"
)]
pub struct InvalidPolicy;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_unsafe_rules() {
        let seconds = Duration::from_secs;
        assert!(Policy::new(6, seconds(600), 5).is_ok());
        assert!(Policy::with_short_code(4, seconds(300), 5).is_ok());
        for (digits, ttl, attempts) in
            [(3, 300, 5), (9, 300, 5), (6, 0, 5), (6, 601, 5), (6, 300, 0), (6, 300, 11)]
        {
            assert_eq!(Policy::with_short_code(digits, seconds(ttl), attempts), Err(InvalidPolicy));
        }
        assert_eq!(Policy::new(5, seconds(300), 5), Err(InvalidPolicy));
        assert_eq!(Policy::new(6, Duration::from_millis(1_500), 5), Err(InvalidPolicy));
        let slower = Policy::default().without_cooldown().with_ttl(seconds(600)).unwrap();
        assert_eq!((slower.ttl(), slower.cooldown(1)), (seconds(600), Duration::ZERO));
        assert_eq!(slower.with_ttl(seconds(601)), Err(InvalidPolicy));
    }

    #[test]
    fn waiting_times_grow() {
        let policy = Policy::default();
        let cooldowns: Vec<_> = (0..6).map(|sends| policy.cooldown(sends).as_secs()).collect();
        assert_eq!(cooldowns, [0, 30, 60, 120, 300, 300]);
        let most = Policy::COOLDOWN_MAX;
        assert_eq!(policy.with_cooldown(most).map(|policy| policy.cooldown(9)), Ok(most * 10));
        assert!(policy.with_cooldown(most * 2).is_err() && policy.with_cooldown(most / 7_000).is_err());
        assert_eq!(policy.without_cooldown().cooldown(4), Duration::ZERO);
        let locks: Vec<_> = [0, 1, 4, 5, 6, 10, 15, 19, 20, 25].map(|n| policy.lock(n).as_secs()).into();
        assert_eq!(locks, [0, 0, 0, 60, 0, 120, 240, 0, 86_400, 86_400]);
    }
}
