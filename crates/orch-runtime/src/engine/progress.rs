//! How far a long call has come.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::guard;
use crate::operation::view::Progress;

/// The latest report of one running call. A total of zero means that nothing was reported.
#[derive(Debug, Default)]
pub(crate) struct ProgressCell {
    done: AtomicU64,
    total: AtomicU64,
}

impl ProgressCell {
    pub(crate) fn get(&self) -> Option<Progress> {
        let total = self.total.load(Ordering::Relaxed);
        let done = self.done.load(Ordering::Relaxed).min(total);
        (total > 0).then_some(Progress { done, total })
    }
}

/// Says, from inside `execute`, that `done` of `total` is done. Clients see it at once; it reaches the
/// database with the next heartbeat. Outside of `execute` it does nothing.
pub fn report_progress(done: u64, total: u64) {
    guard::with_progress(|cell| {
        cell.total.store(total, Ordering::Relaxed);
        cell.done.store(done, Ordering::Relaxed);
    });
}
