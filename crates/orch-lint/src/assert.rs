//! The linter as a test of the package it checks.

use std::path::Path;

use crate::{Options, lint};

/// Panics with the full rendering of all findings; for `tests/architecture.rs`:
///
/// ```no_run
/// #[test]
/// fn conventions_hold() {
///     orch_lint::assert_clean(env!("CARGO_MANIFEST_DIR"));
/// }
/// ```
///
/// # Panics
///
/// With findings that are in no baseline, neither the package's own nor that of the workspace it is a member
/// of, with neither an orchestrator nor a saga, and when the package or its
/// baseline cannot be read. Exceptions that end do not end here: a test that fails because of the date
/// would fail without a change.
pub fn assert_clean(manifest_dir: &str) {
    match lint(Path::new(manifest_dir), &Options::default()) {
        Ok(report) if report.findings.is_empty() && !report.is_vacuous() => {}
        Ok(report) => panic!("\n{}", report.render_full(false)),
        Err(error) => panic!("cannot lint {manifest_dir}: {error}"),
    }
}
