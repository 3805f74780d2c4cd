//! A word now and then on long runs.

use std::time::{Duration, Instant};

const EVERY: Duration = Duration::from_secs(2);

/// Counts steps, and says on standard error how many there were when the last word was a while ago.
pub(crate) struct Progress {
    what: &'static str,
    done: usize,
    of: usize,
    said: Instant,
}

impl Progress {
    pub(crate) fn new(what: &'static str, of: usize) -> Self {
        Self { what, done: 0, of, said: Instant::now() }
    }

    pub(crate) fn step(&mut self) {
        self.done += 1;
        if self.said.elapsed() >= EVERY {
            self.said = Instant::now();
            eprintln!("{}: {} of {}", self.what, self.done, self.of);
        }
    }
}
