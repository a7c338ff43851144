//! The plan: what would be written, as a value.
//!
//! A plan is made from the spec, the lock and the tree as it is, by looking only. `--dry-run`
//! prints it, `apply` carries out the very same value, `check` reads drift off it. Everything that
//! can be refused is refused here, before the first write.

mod base;
mod bookkeeping;
mod change;
mod decide;
pub mod drift;
mod history;
mod json;
mod line_ends;
mod merge;
mod render;
#[cfg(test)]
mod tests;
mod warning;

pub use change::{Action, Change, Conflict, Step};
pub use json::SCHEMA;
pub use render::{Style, diff, summary, tree};
pub use warning::Warning;

use crate::components::{self, Component, Phase};
use crate::disk::Tree;
use crate::error::{Error, Exit, Result};
use crate::lock::{self, Lock};
use crate::model::{PackageModel, Place};
use crate::spec::{self, Spec};

/// What to plan for.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// The text that `orch.toml` is to have.
    pub spec_text: &'a str,
    /// The package's name.
    pub package: &'a str,
    /// Whether the package is a workspace of its own.
    pub standalone: bool,
    /// Whether edits of generated files are given up.
    pub force: bool,
    /// Whether migrations that nothing needs any more go, as they do when something is taken out by
    /// its command.
    pub prune: bool,
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
        let spec = Spec::parse(request.spec_text)?;
        let old_text = tree.read_text(lock::FILE)?;
        let old = old_text.as_deref().map(Lock::parse).transpose()?;
        let spec_before = tree.read(spec::FILE)?;
        let adopt = old.is_none() && spec_before.is_some();
        let known = old.unwrap_or_default();
        let place = Place {
            package: request.package.to_owned(),
            standalone: request.standalone,
            history: history::read(tree, &known, adopt, spec.store)?,
            prune: request.prune,
        };
        let (phases, files) = components::render(all, &PackageModel::new(&spec, &place))?;
        tree.check_folders(files.iter().map(|owned| owned.file.path()))?;
        let decider = decide::Decider {
            tree,
            known: &known,
            force: request.force,
            adopt,
        };
        let decide::Decided { mut changes, lock } = decider.all(&files)?;
        changes.push(Change::spec(spec_before, request.spec_text));
        changes.sort_by(|a, b| a.path.cmp(&b.path));
        let bookkeeping = bookkeeping::steps(tree, &lock, old_text.as_deref(), &files)?;
        let lock_state = match (adopt, lock.files == known.files) {
            (true, _) => LockState::Rebuilt,
            (false, true) => LockState::Current,
            (false, false) => LockState::Changed,
        };
        let warnings = warning::of(&changes);
        Ok(Self {
            phases,
            changes,
            bookkeeping,
            lock_state,
            warnings,
        })
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
