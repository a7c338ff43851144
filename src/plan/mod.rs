//! The plan: what would be written, as a value.
//!
//! A plan is made from the spec, the lock and the tree as it is, by looking only. `--dry-run`
//! prints it, `apply` carries out the very same value, `check` reads drift off it. Everything that
//! can be refused is refused here, before the first write.

mod change;
mod decide;
pub mod drift;
mod json;
mod merge;
mod render;
#[cfg(test)]
mod tests;

pub use change::{Action, Change, Conflict, Step};
pub use json::SCHEMA;
pub use render::{Style, diff, summary, tree};

use crate::components::{self, Component, Owned, Phase};
use crate::disk::Tree;
use crate::error::{Error, Result};
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
    /// Whether the lock was missing and is made anew from the tree.
    pub lock_rebuilt: bool,
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
        let old = tree
            .read_text(lock::FILE)?
            .map(|text| Lock::parse(&text))
            .transpose()?;
        let place = Place {
            package: request.package.to_owned(),
            standalone: request.standalone,
            known_paths: old
                .iter()
                .flat_map(|lock| lock.files.keys().cloned())
                .collect(),
        };
        let (phases, files) = components::render(all, &PackageModel::new(&spec, &place))?;
        tree.check_folders(files.iter().map(|owned| owned.file.path()))?;
        let old_text = old.as_ref().map(Lock::to_text);
        let lock_rebuilt = old.is_none() && tree.read(spec::FILE)?.is_some();
        let known = old.unwrap_or_default();
        let adopt = lock_rebuilt;
        let mut decided = decide::Decider {
            tree,
            known: &known,
            force: request.force,
            adopt,
        }
        .all(&files)?;
        decided
            .changes
            .push(Change::spec(tree.read(spec::FILE)?, request.spec_text));
        decided.changes.sort_by(|a, b| a.path.cmp(&b.path));
        let bookkeeping = bookkeeping(tree, &decided.lock, old_text.as_deref(), &files)?;
        Ok(Self {
            phases,
            changes: decided.changes,
            bookkeeping,
            lock_rebuilt,
        })
    }

    /// Whether carrying it out changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps().is_empty()
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
            .help(kind.help()),
        )
    }

    /// The writes in the order they are to be made; the lock comes last.
    #[must_use]
    pub fn steps(&self) -> Vec<Step> {
        self.changes
            .iter()
            .filter_map(Change::step)
            .chain(self.bookkeeping.iter().cloned())
            .collect()
    }
}

/// Merge bases that are missing, those nobody needs any more, and the lock.
fn bookkeeping(
    tree: Tree<'_>,
    lock: &Lock,
    old_text: Option<&str>,
    files: &[Owned],
) -> Result<Vec<Step>> {
    let mut steps = Vec::new();
    let there = tree.list(lock::BASE)?;
    for hash in std::collections::BTreeSet::from_iter(lock.bases()) {
        let path = format!("{}/{hash}", lock::BASE);
        let text = files
            .iter()
            .find(|owned| lock::Hash::of(owned.file.contents().as_bytes()) == *hash);
        if let (false, Some(owned)) = (there.iter().any(|name| name == hash.as_str()), text) {
            steps.push(Step::create(path, owned.file.contents().to_owned()));
        }
    }
    for name in there {
        if lock::Hash::parse(&name).is_some_and(|hash| !lock.bases().any(|base| *base == hash)) {
            let path = format!("{}/{name}", lock::BASE);
            if let Some(bytes) = tree.read(&path)? {
                steps.push(Step::delete(path, &bytes));
            }
        }
    }
    let text = lock.to_text();
    if old_text != Some(text.as_str()) {
        let before = tree.read(lock::FILE)?;
        steps.push(Step::write(lock::FILE.to_owned(), before.as_deref(), text));
    }
    Ok(steps)
}
