//! One guarded call of user code: timed, outside any transaction, and with its panics caught.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use crate::clock::Clock;
use crate::guard;

use super::report::Report;

/// Why a call gave no answer.
pub(super) enum NoAnswer {
    TimedOut,
    Panicked(String),
}

impl NoAnswer {
    /// For the log and for people.
    pub(super) fn reason(&self, limit: Duration) -> String {
        match self {
            Self::TimedOut => format!("no answer within {} ms", limit.as_millis()),
            Self::Panicked(message) => format!("the call panicked: {message}"),
        }
    }
}

/// Runs `future` for at most `limit`.
pub(super) async fn guarded<F: Future>(
    clock: &dyn Clock,
    limit: Duration,
    report: Arc<Report>,
    future: F,
) -> Result<F::Output, NoAnswer> {
    let call = catching(guard::scope(report, future));
    tokio::select! {
        biased;
        answer = call => answer,
        () = clock.sleep(limit) => Err(NoAnswer::TimedOut),
    }
}

async fn catching<F: Future>(future: F) -> Result<F::Output, NoAnswer> {
    let mut future = pin!(future);
    poll_fn(
        |context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(answer)) => Poll::Ready(Ok(answer)),
            Err(panic) => Poll::Ready(Err(NoAnswer::Panicked(message(panic.as_ref())))),
        },
    )
    .await
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}
