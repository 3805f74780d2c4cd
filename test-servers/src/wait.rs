//! Waiting for another process, a bounded number of times.

use std::thread::sleep;
use std::time::Duration;

const STEP: Duration = Duration::from_millis(10);
/// Half a minute in all: longer than anything here takes, so only a test that fails waits for it.
const STEPS: usize = 3_000;

/// Returns once `condition` holds.
///
/// # Panics
/// It does not hold within half a minute; `what` is the sentence that has not come true.
#[track_caller]
pub fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let has_come_true = poll(|| condition().then_some(())).is_some();
    assert!(has_come_true, "waited in vain until {what}");
}

/// What `attempt` answers first, `None` when it never does.
pub(crate) fn poll<T>(mut attempt: impl FnMut() -> Option<T>) -> Option<T> {
    attempt().or_else(|| (0..STEPS).find_map(|_| after_a_step(&mut attempt)))
}

#[expect(
    clippy::disallowed_methods,
    reason = "it is another process that is waited for, whose time no test can pause"
)]
fn after_a_step<T>(attempt: impl FnOnce() -> T) -> T {
    sleep(STEP);
    attempt()
}
