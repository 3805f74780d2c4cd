//! How far the preparation of a map is.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts what is done, and tells at every hundredth.
pub(in crate::pathfinding) struct Progress<'a> {
    report: &'a (dyn Fn(f64) + Sync),
    total: AtomicUsize,
    done: AtomicUsize,
}

impl<'a> Progress<'a> {
    pub(in crate::pathfinding) fn new(report: &'a (dyn Fn(f64) + Sync)) -> Self {
        Self { report, total: AtomicUsize::new(0), done: AtomicUsize::new(0) }
    }

    /// So many steps are to come.
    pub(in crate::pathfinding) fn expect(&self, steps: usize) {
        self.total.fetch_add(steps, Ordering::Relaxed);
    }

    pub(in crate::pathfinding) fn advance(&self, steps: usize) {
        let done = self.done.fetch_add(steps, Ordering::Relaxed);
        let total = self.total.load(Ordering::Relaxed).max(1);
        let percent = |done: usize| done.min(total) * 100 / total;
        if percent(done + steps) > percent(done) {
            (self.report)((done + steps).min(total) as f64 / total as f64);
        }
    }
}
