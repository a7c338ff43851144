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
mod shared;
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
use crate::lock::{self, Hash, Lock};
use crate::model::{PackageModel, Place};
use crate::package::Host;
use crate::spec::{self, PackageKind, Spec};

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
    /// What the package's owner should know of it.
    pub notes: Vec<String>,
    /// Where it was planned for.
    pub place: Place,
    /// Whether the API is in a router of the package's own.
    has_router: bool,
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

/// Whether the last domain was taken out of a package that was there before, so that nothing of ours
/// is left in it.
fn is_gone(spec: &Spec, request: &Request<'_>) -> bool {
    let is_guest = spec.package != PackageKind::Service;
    is_guest
        && spec.domains.is_empty()
        && request.prune
        && request.spec_text == spec::new_document(spec)
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
        let host = match spec.package {
            PackageKind::Service => Host::of_service(tree.disk(), tree, request.joins)?,
            PackageKind::Existing { .. } => Host::look(tree.disk(), tree)?,
        };
        let place = Place {
            package: request.package.to_owned(),
            library: host.library.clone(),
            style: host.style,
            vendor: host.vendor(),
            owns_library: !host.has_library || known.files.contains_key("src/lib.rs"),
            standalone: request.standalone && !host.joins,
            history: history::read(tree, &known, adopt, spec.store)?,
            prune: request.prune,
        };
        let package = PackageModel::new(&spec, &place);
        let (phases, files) = components::render(all, &package)?;
        tree.check_folders(files.iter().map(|owned| owned.file.path()))?;
        let decider = decide::Decider {
            tree,
            known: &known,
            force: request.force,
            adopt,
            shares_vendor: host.shares_vendor,
        };
        let decide::Decided {
            mut changes,
            mut lock,
        } = decider.all(&files)?;
        let wanted = shared::wanted(&package, &host, &known)?;
        let (edits, injected) = shared::changes(tree, &known, &wanted)?;
        changes.extend(edits);
        let has_router = shared::has_router(&injected);
        lock.injected = injected;
        let spec_text = Some(request.spec_text).filter(|_| !is_gone(&spec, request));
        lock.spec = spec_text.map(|text| Hash::of(text.as_bytes()));
        changes.push(match spec_text {
            Some(text) => Change::spec(spec_before, text),
            None => Change::spec_goes(spec_before),
        });
        changes.sort_by(|a, b| a.path.cmp(&b.path));
        let bookkeeping = bookkeeping::steps(tree, &lock, old_text.as_deref(), &files, spec_text)?;
        let is_same = lock.files == known.files && lock.injected == known.injected;
        let lock_state = match (adopt, is_same) {
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
            notes: host.notes,
            place,
            has_router,
        })
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
