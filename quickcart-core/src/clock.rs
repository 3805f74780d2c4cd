//! The present, as an input: the real clock, or one that a test moves by hand.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

pub use jiff::Timestamp;

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// The present, in UTC.
    fn now(&self) -> Timestamp;
}

/// The clock of the machine, to the millisecond, as the stores keep time.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one home of the machine's clock")]
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }
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
