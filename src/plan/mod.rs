//! The plan: what would be written, as a value.
//!
//! A plan is made from the spec, the lock and the tree as it is, by looking only. `--dry-run`
//! prints it, `apply` carries out the very same value, `check` reads drift off it. Everything that
//! can be refused is refused here, before the first write.

mod base;
mod beside;
mod bookkeeping;
mod change;
mod decide;
pub mod drift;
mod history;
mod json;
mod line_ends;
pub mod lost;
mod make;
mod merge;
mod own_templates;
mod renames;
mod render;
mod shared;
#[cfg(test)]
mod tests;
pub mod undo;
pub mod version;
mod warning;

pub use change::{Action, Change, Conflict, Conflicts, Decision, Decisions, Step};
pub use json::SCHEMA;
pub use render::{Style, diff, diff_of, summary, tree, unified};
pub use warning::Warning;

use crate::components::{self, Component, Phase};
use crate::disk::Tree;
use crate::error::{Code, Error, Exit, Result};
use crate::model::Place;
use orch_lint::Cache;

/// What to plan for.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// The text that `orch.toml` is to have.
    pub spec_text: &'a str,
    /// The package's name.
    pub package: &'a str,
    /// Whether the package is a workspace of its own.
    pub standalone: bool,
    /// Whether the package is new, and joins the workspace around it.
    pub joins: bool,
    /// Whether edits of generated files are given up.
    pub force: bool,
    /// What becomes of a conflict.
    pub conflicts: Conflicts,
    /// What becomes of the conflict of one file, where somebody was asked.
    pub decisions: Decisions,
    /// Whether a tree of another version may be brought to this one.
    pub upgrade: bool,
    /// Whether migrations that nothing needs any more go, as they do when something is taken out by
    /// its command.
    pub prune: bool,
    /// Whether vendored files are taken to be what was written last. Looking at hundreds of them takes as
    /// long as all the rest of adding to a package; one that was edited or lost is found by `check`.
    pub trusts_vendored: bool,
    /// Where what is found in the files is kept for the linter, which reads them right after.
    pub facts: Option<&'a Cache>,
    /// Built-in templates that the package is to have of its own.
    pub eject: &'a [String],
}

/// What would be written.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Which components run after which.
    pub phases: Vec<Phase>,
    /// The files by path.
    pub changes: Vec<Change>,
    /// The lock and the merge bases.
    pub bookkeeping: Vec<Step>,
    /// How the lock compares with what it has to say.
    pub lock_state: LockState,
    /// What follows from it outside the tree.
    pub warnings: Vec<Warning>,
    /// What the package's owner should know of it.
    pub notes: Vec<String>,
    /// Where it was planned for.
    pub place: Place,
    /// Whether the API is in a router of the package's own.
    has_router: bool,
    /// The version that wrote the tree, where its templates were others.
    pub from: Option<String>,
}

/// How `orch.lock` compares with what it has to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockState {
    /// It says what it has to, or there is no package yet.
    Current,
    /// It names other files or hashes.
    Changed,
    /// It was missing and is made anew from the tree.
    Rebuilt,
}

impl Plan {
    /// Makes the plan.
    ///
    /// # Errors
    /// When the spec is wrong, a template fails, or the tree cannot be read.
    pub fn new(tree: Tree<'_>, request: &Request<'_>) -> Result<Self> {
        Self::with(components::ALL, tree, request)
    }

    pub(crate) fn with(all: &[Component], tree: Tree<'_>, request: &Request<'_>) -> Result<Self> {
        make::plan(all, tree, request)
    }

    /// Whether the API is in a router of the package's own.
    #[must_use]
    pub const fn has_router(&self) -> bool {
        self.has_router
    }

    /// Whether carrying it out changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bookkeeping.is_empty() && !self.changes.iter().any(Change::is_write)
    }

    /// The files that cannot be written without losing somebody's edit.
    pub fn conflicts(&self) -> impl Iterator<Item = &Change> {
        self.changes
            .iter()
            .filter(|change| matches!(change.action, Action::Conflict(_)))
    }

    /// The files that were to stay as they are although they are in conflict.
    pub fn skipped(&self) -> impl Iterator<Item = (&Change, Conflict)> {
        self.changes
            .iter()
            .filter_map(|change| match change.action {
                Action::Skip(kind) => Some((change, kind)),
                _ => None,
            })
    }

    /// The files that are written, and that a person has to settle something in.
    pub fn left(&self) -> impl Iterator<Item = (&Change, Conflict)> {
        self.changes
            .iter()
            .filter_map(|change| Some((change, change.left?)))
    }

    /// What is said about files that a person has to settle something in.
    #[must_use]
    pub fn left_error(&self) -> Option<Error> {
        let left: Vec<_> = self.left().collect();
        let (first, _) = left.first()?;
        let files: Vec<String> = left
            .iter()
            .map(|(change, kind)| change.to_settle(*kind))
            .collect();
        let what = match files.len() {
            1 => "a conflict is left for you to settle".to_owned(),
            more => format!("{more} conflicts are left for you to settle"),
        };
        Some(
            Error::new(Code::MergeConflict, what)
                .at(&first.path)
                .help(files.join("\n  "))
                .ending(Exit::Findings),
        )
    }

    /// The error for a plan with conflicts: names the files and the way out.
    #[must_use]
    pub fn conflict_error(&self) -> Option<Error> {
        let conflicts: Vec<_> = self.conflicts().collect();
        let first = conflicts.first()?;
        let Action::Conflict(kind) = first.action else {
            return None;
        };
        let more = match conflicts.len() {
            1 => String::new(),
            more => format!(" (and {} more)", more - 1),
        };
        Some(
            Error::new(
                kind.code(),
                format!("{}{more}; nothing was written", kind.sentence()),
            )
            .at(&first.path)
            .help(kind.help())
            .ending(Exit::Findings),
        )
    }

    /// The writes in the order they are to be made; the lock comes last.
    #[must_use]
    pub fn steps(&self) -> Vec<Step> {
        self.changes
            .iter()
            .flat_map(Change::steps)
            .chain(self.bookkeeping.iter().cloned())
            .collect()
    }
}
