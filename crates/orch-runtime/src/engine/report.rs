//! What a running call says about itself.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::guard;
use crate::operation::view::Progress;

/// The latest reports of one running call. A total of zero means that no progress was reported.
#[derive(Debug, Default)]
pub(crate) struct Report {
    done: AtomicU64,
    total: AtomicU64,
    unaccounted: AtomicBool,
    /// Milliseconds; zero means none.
    pause: AtomicU64,
}

impl Report {
    pub(crate) fn progress(&self) -> Option<Progress> {
        let total = self.total.load(Ordering::Relaxed);
        let done = self.done.load(Ordering::Relaxed).min(total);
        (total > 0).then_some(Progress { done, total })
    }

    /// How long the provider wants to be left alone.
    pub(crate) fn pause(&self) -> Option<Duration> {
        let millis = self.pause.load(Ordering::Relaxed);
        (millis > 0).then(|| Duration::from_millis(millis))
    }

    /// Whether the provider may have acted, whatever it answered.
    pub(crate) fn is_unaccounted(&self) -> bool {
        self.unaccounted.load(Ordering::Relaxed)
    }
}

/// Says, from inside `execute`, that `done` of `total` is done. Clients see it at once; it reaches the
/// database with the next heartbeat. Outside of `execute` it does nothing.
pub fn report_progress(done: u64, total: u64) {
    guard::with_report(|report| {
        report.total.store(total, Ordering::Relaxed);
        report.done.store(done, Ordering::Relaxed);
    });
}

/// Says, from inside `execute`, that the request went out and that its answer, such as a 502 of
/// something in between, does not rule out that the provider acted. A
/// [`Retry`](crate::Outcome::Retry) of this call then counts as unaccounted for: a provider without
/// keys is asked and not called again, and the operation is never failed before the provider was
/// asked. Outside of `execute` it does nothing.
pub fn report_unaccounted() {
    guard::with_report(|report| report.unaccounted.store(true, Ordering::Relaxed));
}

/// Says, from inside `execute`, that the provider wants no call of anybody for `pause`, as with a 429 or
/// 503 and `Retry-After`: all processes leave it alone until then. Outside of `execute` it does nothing.
pub fn report_pause(pause: Duration) {
    let millis = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
    guard::with_report(|report| report.pause.store(millis, Ordering::Relaxed));
}
