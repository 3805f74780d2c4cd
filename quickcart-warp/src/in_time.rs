//! Work that may take so long and no longer.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep};

pin_project! {
    /// What the work answers; `None` when that takes too long. Most work is done at once, and then no timer is set at all.
    ///
    /// A type of its own and no `async fn`, which would hold the work twice: once as its argument and once pinned. The timer is boxed,
    /// because the whole is passed on several times.
    pub(crate) struct InTime<F> {
        #[pin]
        work: F,
        timer: Option<Pin<Box<Sleep>>>,
        time_max: Duration,
    }
}

impl<F: Future> InTime<F> {
    pub(crate) fn new(time_max: Duration, work: F) -> Self {
        Self { work, timer: None, time_max }
    }
}

impl<F: Future> Future for InTime<F> {
    type Output = Option<F::Output>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<F::Output>> {
        let this = self.project();
        if let Poll::Ready(done) = this.work.poll(context) {
            return Poll::Ready(Some(done));
        }
        let timer = this.timer.get_or_insert_with(|| Box::pin(sleep(*this.time_max)));
        timer.as_mut().poll(context).map(|()| None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn work_is_done_or_given_up() {
        let second = Duration::from_secs(1);
        assert_eq!(InTime::new(second, async { 1 }).await, Some(1));
        assert_eq!(InTime::new(second, async { sleep(second / 2).await }).await, Some(()));
        assert_eq!(InTime::new(second, sleep(second * 2)).await, None);
    }
}
