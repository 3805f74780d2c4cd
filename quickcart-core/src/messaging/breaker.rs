//! When a provider is left alone, and when it is tried again.

use std::time::Duration;

use super::Failure;

/// How many failures in a row open a breaker.
const FAILURES_MAX: u8 = 3;
/// How long a breaker stays open at first, in microseconds; each probe that fails doubles it.
const OPEN_FIRST_US: i64 = 15_000_000;
/// How long it stays open at most, in microseconds.
const OPEN_MAX_US: i64 = 300_000_000;
/// How long a provider is left alone at least that asks for it, in microseconds.
const RETRY_MIN_US: i64 = 1_000_000;
/// How long a probe may be under way before another one is let through, in microseconds.
const PROBE_US: i64 = 5_000_000;

/// The breaker of one provider, or of one provider in one country. Times are in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Breaker {
    /// Messages pass; so many failures in a row, counted in halves.
    Closed { half_failures: u8 },
    /// Nothing passes before `until_us`, but for a probe when there is nobody else.
    Open { until_us: i64, open_us: i64 },
    /// One message is under way to find out; another one may pass at `next_us`.
    HalfOpen { next_us: i64, open_us: i64 },
}

impl Default for Breaker {
    fn default() -> Self {
        Self::Closed { half_failures: 0 }
    }
}

impl Breaker {
    /// When the next message may pass: at once, for a closed one.
    pub(super) fn passes_at_us(&self) -> i64 {
        match *self {
            Self::Closed { .. } => i64::MIN,
            Self::Open { until_us, .. } => until_us,
            Self::HalfOpen { next_us, .. } => next_us,
        }
    }

    /// A message is on its way.
    pub(super) fn begin(&mut self, now_us: i64) {
        if let Self::Open { open_us, .. } | Self::HalfOpen { open_us, .. } = *self {
            *self = Self::HalfOpen { next_us: now_us + PROBE_US, open_us };
        }
    }

    /// The provider took one.
    pub(super) fn succeed(&mut self) {
        *self = Self::default();
    }

    /// The provider failed, in a way that counts here.
    pub(super) fn fail(&mut self, weight: Weight, retry_after: Option<Duration>, now_us: i64) {
        let microseconds = |time: Duration| i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
        let wanted_us = retry_after.map(|time| microseconds(time).clamp(RETRY_MIN_US, OPEN_MAX_US));
        let open = |open_us: i64, least_us: i64| {
            let open_us = open_us.clamp(OPEN_FIRST_US, OPEN_MAX_US);
            Self::Open { until_us: now_us.saturating_add(least_us), open_us }
        };
        *self = match *self {
            Self::Closed { half_failures } => {
                let half_failures = half_failures.saturating_add(weight.halves());
                match wanted_us {
                    // It says itself for how long.
                    Some(wanted_us) => open(OPEN_FIRST_US, wanted_us),
                    None if half_failures >= 2 * FAILURES_MAX => open(OPEN_FIRST_US, OPEN_FIRST_US),
                    None => Self::Closed { half_failures },
                }
            }
            Self::HalfOpen { open_us, .. } => {
                let open_us = open_us.saturating_mul(2).min(OPEN_MAX_US);
                open(open_us, open_us.max(wanted_us.unwrap_or(0)))
            }
            // It was under way already, or is old news.
            Self::Open { .. } => *self,
        };
    }

    /// The probe told nothing about the provider, such as of a number that does not exist: it answers, at least.
    pub(super) fn pass(&mut self) {
        if let Self::HalfOpen { .. } = self {
            *self = Self::default();
        }
    }
}

/// How much a failure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    Half,
    Full,
    /// It opens at once.
    AtOnce,
}

impl Weight {
    fn halves(self) -> u8 {
        match self {
            Self::Half => 1,
            Self::Full => 2,
            Self::AtOnce => u8::MAX,
        }
    }
}

/// What a failure says about the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing: the request was never right.
    Nothing,
    /// That it answers: it is the recipient.
    Innocent,
    /// It counts for the country of the recipient.
    Country(Weight),
    /// It counts for the provider, wherever it sends.
    Provider(Weight),
}

impl Verdict {
    pub(super) fn of(failure: Failure) -> Self {
        match failure {
            Failure::RequestBug => Self::Nothing,
            Failure::RecipientInvalid | Failure::RecipientBlocked => Self::Innocent,
            Failure::RouteUnavailable | Failure::NotSent | Failure::MaybeSent => Self::Country(Weight::Full),
            Failure::Throttled => Self::Country(Weight::Half),
            Failure::AccountDown => Self::Provider(Weight::AtOnce),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND_US: i64 = 1_000_000;

    #[test]
    fn opens_after_three_failures_in_a_row_and_probes_later() {
        let mut breaker = Breaker::default();
        for _ in 0..2 {
            breaker.fail(Weight::Full, None, 0);
        }
        breaker.succeed();
        for _ in 0..2 {
            breaker.fail(Weight::Full, None, 0);
            assert_eq!(breaker.passes_at_us(), i64::MIN, "they have to be in a row");
        }
        breaker.fail(Weight::Full, None, 0);
        assert_eq!(breaker.passes_at_us(), OPEN_FIRST_US);
        breaker.begin(OPEN_FIRST_US);
        assert_eq!(breaker.passes_at_us(), OPEN_FIRST_US + PROBE_US, "one probe at a time");
        breaker.fail(Weight::Full, None, OPEN_FIRST_US);
        assert_eq!(breaker.passes_at_us(), 3 * OPEN_FIRST_US, "twice as long");
        breaker.begin(3 * OPEN_FIRST_US);
        breaker.succeed();
        assert_eq!(breaker, Breaker::default());
    }

    #[test]
    fn throttling_counts_half_and_says_for_how_long() {
        let mut breaker = Breaker::default();
        for _ in 0..5 {
            breaker.fail(Weight::Half, None, 0);
        }
        assert_eq!(breaker.passes_at_us(), i64::MIN);
        breaker.fail(Weight::Half, Some(Duration::from_secs(60)), 0);
        assert_eq!(breaker.passes_at_us(), 60 * SECOND_US);
        breaker.fail(Weight::Full, None, 0);
        assert_eq!(breaker.passes_at_us(), 60 * SECOND_US, "one that was under way lengthens nothing");
        breaker.begin(i64::MAX - 1 - PROBE_US);
        breaker.fail(Weight::AtOnce, Some(Duration::MAX), i64::MAX - 1);
        assert_eq!(breaker.passes_at_us(), i64::MAX, "nothing wraps around");
    }

    #[test]
    fn a_bad_number_says_nothing_about_the_provider() {
        for failure in [Failure::RecipientInvalid, Failure::RecipientBlocked] {
            assert_eq!(Verdict::of(failure), Verdict::Innocent);
        }
        assert_eq!(Verdict::of(Failure::AccountDown), Verdict::Provider(Weight::AtOnce));
        let mut breaker = Breaker::default();
        breaker.fail(Weight::AtOnce, None, 0);
        breaker.begin(OPEN_FIRST_US);
        breaker.pass();
        assert_eq!(breaker, Breaker::default(), "it answered the probe");
    }
}
