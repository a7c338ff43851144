//! Work that goes on when whoever waits for it goes away.
//!
//! A client hangs up, and its request's future is dropped wherever it is. Where that is between a commit and what
//! the commit calls for, what was leased would be called by nobody until its lease is over, and then be in doubt.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;

/// Work that is done to its end once it has begun: dropped before, it goes on as a task of its own.
pub(crate) fn outliving<F>(work: F) -> Outliving<F>
where
    F: Future<Output: Send> + Send + 'static,
{
    Outliving(State::New(Box::pin(work)))
}

/// See [`outliving`].
pub(crate) struct Outliving<F: Future<Output: Send> + Send + 'static>(State<F>);

enum State<F> {
    New(Pin<Box<F>>),
    Begun(Pin<Box<F>>),
    Over,
}

impl<F: Future<Output: Send> + Send + 'static> Future for Outliving<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let (State::New(mut work) | State::Begun(mut work)) =
            std::mem::replace(&mut self.0, State::Over)
        else {
            return Poll::Pending;
        };
        let polled = work.as_mut().poll(context);
        if polled.is_pending() {
            self.0 = State::Begun(work);
        }
        polled
    }
}

impl<F: Future<Output: Send> + Send + 'static> Drop for Outliving<F> {
    fn drop(&mut self) {
        let left = std::mem::replace(&mut self.0, State::Over);
        if let State::Begun(work) = left
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(work);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    async fn count(to: Arc<AtomicU32>) {
        to.fetch_add(1, Ordering::Relaxed);
        tokio::task::yield_now().await;
        to.fetch_add(1, Ordering::Relaxed);
    }

    /// Polls once.
    async fn begin(work: &mut (impl Future<Output = ()> + Unpin)) {
        tokio::select! {
            biased;
            () = work => unreachable!("it yields first"),
            () = async {} => {}
        }
    }

    #[tokio::test]
    async fn what_has_begun_goes_on_and_what_has_not_never_begins() {
        let done = Arc::new(AtomicU32::new(0));
        drop(outliving(count(Arc::clone(&done))));
        tokio::task::yield_now().await;
        assert_eq!(done.load(Ordering::Relaxed), 0);
        let mut work = outliving(count(Arc::clone(&done)));
        begin(&mut work).await;
        drop(work);
        while done.load(Ordering::Relaxed) < 2 {
            tokio::task::yield_now().await;
        }
        outliving(count(Arc::clone(&done))).await;
        assert_eq!(
            done.load(Ordering::Relaxed),
            4,
            "once, where nobody goes away"
        );
    }
}
