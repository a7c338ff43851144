//! Proves the conventions of orchestrated calls, on stable Rust and without running the compiler.
//!
//! ```text
//!   sources    where files come from: a disk, an index, a test
//!   manifest   packages and targets; members, what belongs to a workspace
//!   settings   the section [lint] of orch.toml
//!   syntax     one file: items, types, bodies, comments
//!   cache      what was found in files before
//!   runs       reports of earlier runs
//!   load       all files that targets reach
//!   lock       which of them are generated, and edited since
//!   sql        what migrations build
//!   model      modules, names, types; orchestrators, commands, operations
//!   rules      one file per rule
//!   gaps       what could not be checked, as findings
//!   suppress   exceptions written as comments; exceptions, what they hold back
//!   allowance  writing these comments, and taking them out
//!   fix        edits that take a finding away
//!   mend       applying them until nothing changes
//!   baseline   findings that are known and left for later
//!   report     findings for people and programs
//!   threads    work on many things at once
//! ```
//!
//! **Invariant:** only what is proven is a finding. What cannot be decided is counted as unknown and
//! shown in the report, never passed over.
//!
//! **Deliberately absent:** a dependency on the runtime, which is known by names only (`known`); a
//! clock; anything that writes.
//!
//! ```no_run
//! let report = orch_lint::lint(std::path::Path::new("."), &orch_lint::Options::default())?;
//! assert_eq!(report.exit_code(), 0, "{}", report.render_full(false));
//! # Ok::<(), orch_lint::LintError>(())
//! ```

mod allowance;
mod assert;
pub mod baseline;
#[cfg(feature = "cache")]
mod cache;
mod date;
mod engine;
mod exceptions;
mod explain;
mod finding;
mod fix;
mod gaps;
mod known;
mod load;
mod lock;
mod manifest;
mod members;
mod mend;
mod model;
mod nearest;
mod options;
mod report;
pub mod rules;
#[cfg(feature = "cache")]
mod runs;
pub mod settings;
pub mod sources;
mod sql;
mod suppress;
mod syntax;
mod threads;
mod timing;

use std::path::Path;

pub use assert::assert_clean;
#[cfg(feature = "cache")]
pub use cache::Cache;
pub use date::{Date, NotADate};
pub use explain::explain;
pub use finding::{Finding, Link, Place, Severity, Site, Unknown};
pub use fix::{Applicability, Edit, Fix};
pub use mend::{Mended, MendedFile, mend};
pub use nearest::nearest;
pub use options::{LintError, LintErrorKind, Options, Selection};
pub use report::Report;
pub use timing::Timing;

/// Lints the package or workspace in a directory.
///
/// # Errors
///
/// When there is no readable `Cargo.toml`, an option names a rule that does not exist, or a section
/// `[lint]` is wrong.
pub fn lint(root: &Path, options: &Options) -> Result<Report, LintError> {
    lint_sources(&sources::Disk::new(root), options)
}

/// Lints sources that need not be on a disk.
///
/// # Errors
///
/// As [`lint`].
pub fn lint_sources(
    tree: &dyn sources::SourceTree,
    options: &Options,
) -> Result<Report, LintError> {
    engine::run(tree, options, &|text, _| syntax::parse(text))
}

/// Lints sources of which some were parsed before. With a clock nothing is taken from an earlier run but facts.
///
/// # Errors
///
/// As [`lint`].
#[cfg(feature = "cache")]
pub fn lint_with(
    tree: &dyn sources::SourceTree,
    options: &Options,
    cache: &Cache,
) -> Result<Report, LintError> {
    let parse = |text: &str, hash: Option<[u8; 32]>| match hash {
        Some(hash) => cache.parse_hashed(text, hash),
        None => cache.parse(text),
    };
    let run = |tree: &dyn sources::SourceTree| {
        let report = || engine::run(tree, options, &parse);
        threads::both(report, || cache.read_ahead()).0
    };
    match options.clock {
        Some(_) => run(tree),
        None => cache.runs.report(tree, options, run),
    }
}
