//! One guarded call of user code: timed, outside any transaction, and with its panics caught.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::guard;
use crate::unwind::catching;

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
        answer = call => answer.map_err(NoAnswer::Panicked),
        () = clock.sleep(limit) => Err(NoAnswer::TimedOut),
    }
}
