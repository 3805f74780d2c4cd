//! How much work a search may do: an abstract count, so that a run gives the same answer on every machine, and a
//! question to the caller for wall time.

/// Units between two calls of `should_stop`: some tens of microseconds.
const UNITS_BETWEEN_CHECKS: u64 = 1 << 15;

/// What is left of the allowed work. A unit is about one comparison of two costs, a nanosecond or two.
pub(super) struct Budget<'a> {
    left: u64,
    unchecked: u64,
    should_stop: &'a dyn Fn() -> bool,
}

impl<'a> Budget<'a> {
    pub(super) fn new(units: u64, should_stop: &'a dyn Fn() -> bool) -> Self {
        Self { left: units, unchecked: 0, should_stop }
    }

    /// Takes `units` away; false from the moment on when nothing is left or the caller wants an end.
    pub(super) fn spend(&mut self, units: usize) -> bool {
        let units = units as u64;
        self.left = self.left.saturating_sub(units);
        self.unchecked += units;
        if self.unchecked >= UNITS_BETWEEN_CHECKS {
            self.unchecked = 0;
            if (self.should_stop)() {
                self.left = 0;
            }
        }
        self.left > 0
    }

    pub(super) fn is_spent(&self) -> bool {
        self.left == 0
    }
}
