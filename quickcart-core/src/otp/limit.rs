//! Rates, and the one number that each of them needs to be kept exactly.

use std::str::FromStr;
use std::time::Duration;

use super::keys::Digest;
use crate::clock::Timestamp;

/// So much in so long: `quota` at once, and then one after the other as time gives them back.
///
/// It is the generic cell rate algorithm ([ITU-T I.371](https://www.itu.int/rec/T-REC-I.371), annex A): a store keeps one
/// instant for each key, the one at which the whole quota is there again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    quota: u32,
    window_s: u32,
}

impl Rate {
    /// `quota` a `window` of one second to 400 days, in whole seconds.
    ///
    /// # Errors
    /// [`InvalidRate`] when the quota is zero or the window out of its range.
    pub const fn new(quota: u32, window: Duration) -> Result<Self, InvalidRate> {
        let seconds = window.as_secs();
        if quota == 0 || seconds == 0 || seconds > 400 * 86_400 || window.subsec_nanos() > 0 {
            return Err(InvalidRate);
        }
        Ok(Self { quota, window_s: seconds as u32 })
    }

    /// `quota` an hour; a quota of zero is taken for one.
    #[must_use]
    pub const fn hourly(quota: u32) -> Self {
        Self { quota: if quota == 0 { 1 } else { quota }, window_s: 3_600 }
    }

    /// `quota` in 24 hours; a quota of zero is taken for one.
    #[must_use]
    pub const fn daily(quota: u32) -> Self {
        Self { quota: if quota == 0 { 1 } else { quota }, window_s: 86_400 }
    }

    /// How much there is at once.
    #[must_use]
    pub const fn quota(self) -> u32 {
        self.quota
    }

    /// How long the whole quota takes to come back.
    #[must_use]
    pub const fn window(self) -> Duration {
        Duration::from_secs(self.window_s as u64)
    }

    /// How long one of the quota takes to come back, in microseconds, rounded up so that nothing comes early.
    const fn unit_us(self) -> i64 {
        (self.window_s as i64 * 1_000_000 + self.quota as i64 - 1) / self.quota as i64
    }
}

/// `20/day`, `1000/hour`, `60/minute`, `5/second`, or with seconds of one's own, `20/90s`.
impl FromStr for Rate {
    type Err = InvalidRate;

    fn from_str(text: &str) -> Result<Self, InvalidRate> {
        let (quota, window) = text.split_once('/').ok_or(InvalidRate)?;
        let seconds = match window.trim() {
            "day" => 86_400,
            "hour" => 3_600,
            "minute" => 60,
            "second" => 1,
            other => other.strip_suffix('s').and_then(|digits| digits.parse().ok()).ok_or(InvalidRate)?,
        };
        Self::new(quota.trim().parse().map_err(|_| InvalidRate)?, Duration::from_secs(seconds))
    }
}

/// A rate has a quota of one or more, and a window of 1 s to 400 days in whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a rate is written as 20/day, 1000/hour, 60/minute or 20/90s, with a quota of one or more and at most 400 days"
)]
pub struct InvalidRate;

/// What one request takes from one limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charge {
    /// The limit's name, such as `phone`.
    pub name: &'static str,
    /// Whose limit it is, as a store knows it.
    pub key: Digest,
    /// The limit.
    pub rate: Rate,
    /// How much of the quota it takes.
    pub cost: u32,
    /// From when on the quota comes back: now; or a later instant, up to which it only counts.
    pub from: Timestamp,
}

/// How a limit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// How much is left of the quota.
    pub remaining: u32,
    /// When all of it is there again.
    pub full_at: Timestamp,
}

impl Charge {
    /// One of `rate` for `key`, now.
    #[must_use]
    pub fn new(name: &'static str, key: Digest, rate: Rate, now: Timestamp) -> Self {
        Self { name, key, rate, cost: 1, from: now }
    }

    /// When the whole quota would be there again after this charge; `Err` with the instant from which the charge fits.
    ///
    /// `full_us` is what a store keeps, in microseconds; for a key it does not know, anything up to `from`.
    ///
    /// # Errors
    /// The instant, in microseconds, from which this charge fits.
    pub fn take(&self, full_us: i64) -> Result<i64, i64> {
        let after = full_us.max(self.from.as_microsecond()).saturating_add(self.cost_us());
        let fits_from = after - self.unit_us() * i64::from(self.rate.quota);
        if fits_from <= self.from.as_microsecond() { Ok(after) } else { Err(fits_from) }
    }

    /// How much of the cost time has not given back by now, in microseconds.
    #[must_use]
    pub fn still_taken_us(&self, now: Timestamp) -> i64 {
        let elapsed_us = now.as_microsecond().saturating_sub(self.from.as_microsecond()).max(0);
        self.cost_us().saturating_sub(elapsed_us).max(0)
    }

    /// How the limit stands when `full_us` is kept.
    #[must_use]
    pub fn standing(&self, full_us: i64) -> Standing {
        let from_us = self.from.as_microsecond();
        let taken = (full_us.max(from_us) - from_us + self.unit_us() - 1) / self.unit_us();
        let taken = u32::try_from(taken).unwrap_or(u32::MAX);
        Standing {
            remaining: self.rate.quota.saturating_sub(taken),
            full_at: Timestamp::from_microsecond(full_us).unwrap_or(Timestamp::MAX),
        }
    }

    /// How long one of the quota takes to come back, in microseconds.
    #[must_use]
    pub fn unit_us(&self) -> i64 {
        self.rate.unit_us()
    }

    /// How long the cost takes to come back, in microseconds. What costs more than the quota never fits.
    #[must_use]
    pub fn cost_us(&self) -> i64 {
        self.unit_us().saturating_mul(i64::from(self.cost))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    fn charge(rate: Rate, cost: u32, now: Timestamp) -> Charge {
        Charge { cost, ..Charge::new("phone", [0; 16], rate, now) }
    }

    #[test]
    fn gives_the_quota_at_once_and_then_one_by_one() {
        let rate = Rate::hourly(3);
        let start = Timestamp::from_second(1_000_000).unwrap();
        let mut full_us = 0;
        for left in [2, 1, 0] {
            full_us = charge(rate, 1, start).take(full_us).unwrap();
            assert_eq!(charge(rate, 1, start).standing(full_us).remaining, left);
        }
        let next = charge(rate, 1, start).take(full_us).unwrap_err();
        assert_eq!(Timestamp::from_microsecond(next).unwrap(), start + SignedDuration::from_secs(1_200));
        let almost = start + SignedDuration::from_micros(1_199_999_999);
        assert_eq!(charge(rate, 1, almost).take(full_us), Err(next));
        assert!(charge(rate, 1, start + SignedDuration::from_secs(1_200)).take(full_us).is_ok());
    }

    #[test]
    fn is_read_as_people_write_it() {
        for (text, quota, seconds) in [("20/day", 20, 86_400), ("1 / hour", 1, 3_600), ("5/90s", 5, 90)] {
            assert_eq!(text.parse(), Rate::new(quota, Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "20", "0/day", "20/0s", "20/week", "-1/day", "20/34560001s", "x/day"] {
            assert_eq!(text.parse::<Rate>(), Err(InvalidRate), "{text}");
        }
    }

    #[test]
    fn counts_only_until_the_quota_comes_back() {
        let end = Timestamp::from_second(2_000_000).unwrap();
        let use_once = charge(Rate::daily(2), 1, end);
        let twice = use_once.take(use_once.take(0).unwrap()).unwrap();
        assert!(use_once.take(twice).is_err(), "whatever the time is, as long as it is before the end");
    }

    #[test]
    fn a_cost_above_the_quota_never_fits() {
        assert!(charge(Rate::daily(10), 11, Timestamp::UNIX_EPOCH).take(0).is_err());
        assert!(charge(Rate::daily(10), 10, Timestamp::UNIX_EPOCH).take(0).is_ok());
        assert!(charge(Rate::daily(u32::MAX), u32::MAX, Timestamp::UNIX_EPOCH).take(0).is_ok());
        let slow = Rate::new(1, Duration::from_secs(400 * 86_400)).unwrap();
        assert!(charge(slow, u32::MAX, Timestamp::UNIX_EPOCH).take(0).is_err(), "nothing wraps around");
        assert!(Rate::new(0, Duration::from_secs(1)).is_err() && Rate::new(1, Duration::ZERO).is_err());
    }

    proptest::proptest! {
        /// Against the definition: no window ever holds more than the quota, plus what came back within it.
        #[test]
        fn no_stretch_of_time_grants_more(
            quota in 1_u32..20,
            window in 1_u64..5_000,
            steps in proptest::collection::vec(0_i64..2_000_000, 1..200),
        ) {
            let rate = Rate::new(quota, Duration::from_secs(window)).unwrap();
            let (mut now_us, mut full_us, mut granted) = (0_i64, 0_i64, Vec::new());
            for step in steps {
                now_us += step;
                let now = Timestamp::from_microsecond(now_us).unwrap();
                if let Ok(full) = charge(rate, 1, now).take(full_us) {
                    full_us = full;
                    granted.push(now_us);
                }
            }
            for (first, &from) in granted.iter().enumerate() {
                for (last, &to) in granted.iter().enumerate().skip(first) {
                    let came_back = (to - from) / rate.unit_us();
                    let count = (last - first + 1) as i64;
                    proptest::prop_assert!(count <= i64::from(quota) + came_back);
                }
            }
        }
    }
}
