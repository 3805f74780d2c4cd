//! How long a code is, how long it lives, and how often it may be guessed.

use std::time::Duration;

use jiff::SignedDuration;

/// The rules of a code. The default: six digits, 300 s, five attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    digits: u8,
    ttl_s: u16,
    attempts_max: u8,
}

impl Policy {
    /// A code never lives longer: [NIST SP 800-63B-4](https://pages.nist.gov/800-63-4/sp800-63b.html), 3.1.3.2.
    pub const TTL_MAX: Duration = Duration::from_secs(600);

    /// Rules of your own: four to eight digits, one second to [`TTL_MAX`](Self::TTL_MAX) (whole seconds), one to ten
    /// attempts.
    ///
    /// # Errors
    /// [`InvalidPolicy`] when a value is out of its range.
    pub fn new(digits: u8, ttl: Duration, attempts_max: u8) -> Result<Self, InvalidPolicy> {
        let seconds = u16::try_from(ttl.as_secs()).map_err(|_| InvalidPolicy)?;
        let valid = (4..=8).contains(&digits)
            && (1..=Self::TTL_MAX.as_secs()).contains(&ttl.as_secs())
            && ttl.subsec_nanos() == 0
            && (1..=10).contains(&attempts_max);
        if valid { Ok(Self { digits, ttl_s: seconds, attempts_max }) } else { Err(InvalidPolicy) }
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

    /// How many wrong codes end a challenge.
    #[must_use]
    pub fn attempts_max(&self) -> u8 {
        self.attempts_max
    }

    pub(super) fn ttl_signed(&self) -> SignedDuration {
        SignedDuration::from_secs(self.ttl_s.into())
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self { digits: 6, ttl_s: 300, attempts_max: 5 }
    }
}

/// A value of the policy is out of its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a code has 4 to 8 digits, lives 1 to 600 whole seconds, and takes 1 to 10 attempts")]
pub struct InvalidPolicy;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_unsafe_rules() {
        let seconds = Duration::from_secs;
        assert!(Policy::new(6, seconds(600), 5).is_ok());
        for (digits, ttl, attempts) in
            [(3, 300, 5), (9, 300, 5), (6, 0, 5), (6, 601, 5), (6, 300, 0), (6, 300, 11)]
        {
            assert_eq!(Policy::new(digits, seconds(ttl), attempts), Err(InvalidPolicy));
        }
        assert_eq!(Policy::new(6, Duration::from_millis(1_500), 5), Err(InvalidPolicy));
    }
}
