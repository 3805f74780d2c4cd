//! How long single queries take, and how that is spread.

use std::time::{Duration, Instant};

/// Over all queries of a list, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// Half of them take less.
    pub median_us: f64,
    /// All together, divided by their number.
    pub mean_us: f64,
    /// 99 of 100 take no longer.
    pub p99_us: f64,
}

impl Spread {
    /// Of the time of each query, of which there is one at least.
    #[must_use]
    pub fn of(times: impl Iterator<Item = Duration>) -> Self {
        let mut us: Vec<f64> = times.map(|time| time.as_secs_f64() * 1e6).collect();
        us.sort_by(f64::total_cmp);
        // The nearest rank.
        let rank = |share: f64| us[((us.len() as f64 * share).ceil() as usize).max(1) - 1];
        Self { median_us: rank(0.5), mean_us: us.iter().sum::<f64>() / us.len() as f64, p99_us: rank(0.99) }
    }

    /// This one as a multiple of another.
    #[must_use]
    pub fn over(self, other: Self) -> Self {
        Self {
            median_us: self.median_us / other.median_us,
            mean_us: self.mean_us / other.mean_us,
            p99_us: self.p99_us / other.p99_us,
        }
    }
}

/// A clock that knows what it costs to be looked at, which is as much as a short query.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch {
    own_cost: Duration,
}

impl Stopwatch {
    /// Measures the clock itself.
    #[must_use]
    pub fn calibrated() -> Self {
        let mut looks: Vec<Duration> = (0..1_001).map(|_| Instant::now().elapsed()).collect();
        looks.sort_unstable();
        Self { own_cost: looks[looks.len() / 2] }
    }

    /// How long `work` takes, without the clock.
    pub fn time<T>(self, work: impl FnOnce() -> T) -> (T, Duration) {
        let started = Instant::now();
        let done = work();
        (done, started.elapsed().saturating_sub(self.own_cost))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_those_of_the_list() {
        let spread = Spread::of((1..=200).rev().map(Duration::from_micros));
        assert!((spread.median_us - 100.0).abs() < 1e-9 && (spread.p99_us - 198.0).abs() < 1e-9);
        assert!((spread.mean_us - 100.5).abs() < 1e-9);
        assert!((Spread::of(std::iter::once(Duration::from_micros(3))).p99_us - 3.0).abs() < 1e-9);
    }
}
