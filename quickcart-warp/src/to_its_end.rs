//! Work that is done whatever becomes of the request.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;

/// Does the work whatever becomes of the request: a code that is issued is also sent, though the caller hangs up or the
/// request takes too long. Only then a task goes on with it.
pub(crate) fn to_its_end<T: 'static>(work: impl Future<Output = T> + Send + 'static) -> ToItsEnd<T> {
    ToItsEnd(Some(Box::pin(work)))
}

/// See [`to_its_end`].
pub(crate) struct ToItsEnd<T: 'static>(Option<Pin<Box<dyn Future<Output = T> + Send>>>);

impl<T> Future for ToItsEnd<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let Some(work) = &mut self.0 else { return Poll::Pending };
        let polled = work.as_mut().poll(context);
        if polled.is_ready() {
            self.0 = None;
        }
        polled
    }
}

impl<T> Drop for ToItsEnd<T> {
    fn drop(&mut self) {
        // Work that panics is not asked again.
        let left = self.0.take().filter(|_| !std::thread::panicking());
        if let (Some(work), Ok(runtime)) = (left, Handle::try_current()) {
            runtime.spawn(async move { drop(work.await) });
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::poll_immediate;
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn work_is_answered() {
        assert_eq!(to_its_end(async { 1 }).await, 1);
        let (sender, receiver) = oneshot::channel();
        let mut work = to_its_end(receiver);
        assert_eq!(poll_immediate(&mut work).await, None);
        sender.send(2).unwrap();
        assert_eq!(work.await, Ok(2));
    }

    #[tokio::test]
    async fn work_that_nobody_waits_for_any_more_goes_on() {
        for polls in [0, 1] {
            let (allow, allowed) = oneshot::channel();
            let (done, is_done) = oneshot::channel();
            let mut work = to_its_end(async move {
                allowed.await.unwrap();
                done.send(()).unwrap();
            });
            for _ in 0..polls {
                assert_eq!(poll_immediate(&mut work).await, None);
            }
            drop(work);
            allow.send(()).unwrap();
            is_done.await.unwrap();
        }
    }
}
