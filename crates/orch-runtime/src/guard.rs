//! The guard that keeps `execute` away from the database.
//!
//! A database transaction or connection held while a provider answers blocks everybody else, and a
//! rollback cannot take back the call. While the engine runs a call, [`assert_outside`] fails in
//! debug builds and in tests; release builds check nothing.

use std::future::Future;
use std::sync::Arc;

use crate::engine::report::Report;

tokio::task_local! {
    static INSIDE_EXECUTE: Arc<Report>;
}

/// Runs `future` as the inside of an `execute` or `probe`.
pub(crate) async fn scope<F: Future>(report: Arc<Report>, future: F) -> F::Output {
    INSIDE_EXECUTE.scope(report, future).await
}

/// Notes something on the call that runs in this task, if one does.
pub(crate) fn with_report(note: impl FnOnce(&Report)) {
    let _ = INSIDE_EXECUTE.try_with(|report| note(report));
}

/// Fails when called from inside `execute` or `probe`, directly or through any number of calls.
///
/// # Panics
/// In builds with debug assertions or the `testing` feature, when inside. The engine turns a panic of
/// `execute` into an unknown outcome, so a test that reaches this ends with a parked operation and
/// this message.
pub fn assert_outside(what: &str) {
    if cfg!(any(debug_assertions, feature = "testing")) {
        assert!(
            INSIDE_EXECUTE.try_with(|_| ()).is_err(),
            "{what} was called inside execute: read before submitting, write in the finalize hook"
        );
    }
}
