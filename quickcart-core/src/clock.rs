//! The present, as an input: the real clock, or one that a test moves by hand.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

pub use jiff::Timestamp;

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// The present, in UTC.
    fn now(&self) -> Timestamp;
}

/// The clock of the machine, to the millisecond, as the stores keep time. It never goes back: when somebody sets the
/// machine's clock back, this one goes on from where it was at its own pace, so that nothing lives longer than it should.
/// What is set forward, or slept through, counts at once.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

/// How far the machine's clock is ahead of [`STARTED`], at most so far, in microseconds since 1970.
static AHEAD_US: AtomicI64 = AtomicI64::new(i64::MIN);
static STARTED: LazyLock<Instant> = LazyLock::new(Instant::now);

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one home of the machine's clock")]
    fn now(&self) -> Timestamp {
        let started = *STARTED;
        let now = Timestamp::now();
        // In this order: an interruption in between makes the clock seem less far ahead, which the next look corrects.
        let elapsed_us = i64::try_from(started.elapsed().as_micros()).unwrap_or(i64::MAX);
        let now_us = steady(&AHEAD_US, now.as_microsecond(), elapsed_us);
        Timestamp::from_millisecond(now_us.div_euclid(1_000)).unwrap_or(now)
    }
}

/// The latest of what the clock shows, and of what it ever showed plus the time since.
fn steady(ahead_us: &AtomicI64, shown_us: i64, elapsed_us: i64) -> i64 {
    let ahead = shown_us.saturating_sub(elapsed_us);
    let known = ahead_us.load(Ordering::Relaxed);
    // Seldom, so that processors that ask for the time at once do not wait for each other.
    let furthest =
        if ahead > known { ahead_us.fetch_max(ahead, Ordering::Relaxed).max(ahead) } else { known };
    elapsed_us.saturating_add(furthest)
}

/// A clock that stands still until it is moved.
///
/// ```
/// use quickcart_core::clock::{Clock, ManualClock, Timestamp};
/// use std::time::Duration;
///
/// let clock = ManualClock::at("2026-11-21T09:00:00Z".parse::<Timestamp>()?);
/// clock.advance(Duration::from_secs(300));
/// assert_eq!(clock.now().to_string(), "2026-11-21T09:05:00Z");
/// # Ok::<(), jiff::Error>(())
/// ```
#[derive(Debug)]
pub struct ManualClock {
    microsecond: AtomicI64,
}

impl ManualClock {
    /// A clock that shows `now`, to the microsecond.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self { microsecond: AtomicI64::new(now.as_microsecond()) }
    }

    /// Moves the clock forward by `time`; at the end of jiff's range it stays there.
    pub fn advance(&self, time: Duration) {
        let step = i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
        self.microsecond.fetch_add(step, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(self.microsecond.load(Ordering::SeqCst)).unwrap_or(Timestamp::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_back_goes_on_at_its_own_pace() {
        let ahead = AtomicI64::new(i64::MIN);
        // (what the clock shows, time since the start) -> the time
        for (shown, elapsed, expected) in [
            (1_000_000, 0, 1_000_000),
            (1_000_010, 10, 1_000_010),
            (400_020, 20, 1_000_020), // set back
            (700_020, 300_020, 1_300_020),
            (2_000_000, 300_030, 2_000_000), // set forward
            (2_000_010, 300_040, 2_000_010),
        ] {
            assert_eq!(steady(&ahead, shown, elapsed), expected);
        }
    }
}
