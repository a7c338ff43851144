//! Linting of what changes: the index, or files that differ from a revision.
//!
//! Everything is linted, because rules look across files; what is said is what the change answers for.
//! A finding in a file that does not change is compared with how the tree was before, and only then is
//! that one linted, too.

use super::{Facts, refused};
use crate::error::Result;
use crate::git::{Changes, Repository, Tree};
use orch_lint::sources::{Disk, SourceTree};
use orch_lint::{Options, Report};
use std::path::Path;

/// Lints what is staged below `root`, whatever is on the disk.
pub(super) fn staged(
    root: &Path,
    folder: &Path,
    options: &Options,
    facts: &Facts,
) -> Result<Report> {
    let repository = Repository::around(root, folder)?;
    let changes = Changes::staged(&repository)?;
    if changes.is_empty() {
        return Ok(Report::default());
    }
    let index = Tree::index(&repository)?;
    // Such as on a branch that the package is not on.
    if !index.has_sources() {
        return Ok(Report::default());
    }
    Change {
        root,
        repository,
        changes,
        options,
        facts,
    }
    .lint(&index)
}

/// Lints what is on the disk below `root`, and differs from where the branch left `revision`.
pub(super) fn since(
    revision: &str,
    root: &Path,
    folder: &Path,
    options: &Options,
    facts: &Facts,
) -> Result<Report> {
    let repository = Repository::around(root, folder)?;
    let changes = Changes::since(&repository, revision)?;
    if changes.is_empty() {
        return Ok(Report::default());
    }
    Change {
        root,
        repository,
        changes,
        options,
        facts,
    }
    .lint(&Disk::new(root))
}

/// A change, and how to look at it.
struct Change<'c> {
    root: &'c Path,
    repository: Repository,
    changes: Changes,
    options: &'c Options,
    facts: &'c Facts,
}

impl Change<'_> {
    fn lint(&self, after: &dyn SourceTree) -> Result<Report> {
        let report = orch_lint::lint_with(after, self.options, &self.facts.cache)
            .map_err(|error| refused(&error, self.root))?;
        let changed = |path: &str| {
            let path = self.repository.from_top(path);
            path.is_some_and(|path| self.changes.has(&path))
        };
        let elsewhere = report.findings.iter().map(|of| &of.path);
        let mut elsewhere = elsewhere.chain(&report.unparsed);
        let before = if elsewhere.any(|path| !changed(path)) {
            self.before()?
        } else {
            Report::default()
        };
        Ok(report.since(changed, &before))
    }

    /// What was found before. A tree that could not be linted had nothing to find.
    fn before(&self) -> Result<Report> {
        let tree = self.changes.before(&self.repository)?;
        let linted = tree.map(|tree| orch_lint::lint_with(&tree, self.options, &self.facts.cache));
        Ok(linted.and_then(std::result::Result::ok).unwrap_or_default())
    }
}
