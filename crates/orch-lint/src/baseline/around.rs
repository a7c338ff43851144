//! The workspace that a package is a member of, and what it left for later.
//!
//! A workspace is linted from its root, and its baseline lies there. Who lints a member alone, as the
//! member's own test does, must not be told of what the workspace left for later.
//!
//! **Invariant:** a package belongs to the workspace that cargo gives it: the nearest one above, when that
//! counts it among its members.

use super::Baseline;
use crate::finding::Finding;
use crate::members;
use crate::options::LintError;
use crate::sources::{Content, Entry, SourceTree, join};

/// The tree of a workspace, seen from one of its members.
pub(crate) struct Around<'t> {
    member: &'t dyn SourceTree,
    /// The way to the workspace: `../../`.
    up: String,
    /// The way back: `services/pay`.
    folder: String,
}

impl<'t> Around<'t> {
    /// The workspace around a package.
    fn of(member: &'t dyn SourceTree) -> Option<Self> {
        if members::of_root(member).is_some() {
            return None;
        }
        let names = member.above();
        for steps in 1..=names.len() {
            let around = Around {
                member,
                up: "../".repeat(steps),
                folder: names[names.len() - steps..].join("/"),
            };
            if let Some(members) = members::of_root(&around) {
                return members.contains(&around.folder).then_some(around);
            }
        }
        None
    }

    /// The workspace around a package that has a baseline, and that.
    pub(crate) fn with_baseline(
        member: &'t dyn SourceTree,
    ) -> Result<Option<(Self, Baseline)>, LintError> {
        let Some(around) = Self::of(member) else {
            return Ok(None);
        };
        let shown = join(&around.up, Baseline::FILE);
        let baseline = Baseline::read(&around, &shown)?;
        Ok(baseline.map(|baseline| (around, baseline)))
    }

    /// Findings in the member as a run over the workspace has them.
    pub(crate) fn seen(&self, findings: &[Finding]) -> Vec<Finding> {
        let findings = findings.iter();
        findings.map(|of| of.clone().below(&self.folder)).collect()
    }

    /// A path in the workspace, if it is one in the member.
    fn in_member<'p>(&self, path: &'p str) -> Option<&'p str> {
        let rest = path.strip_prefix(self.folder.as_str())?;
        match rest {
            "" => Some(rest),
            rest => rest.strip_prefix('/'),
        }
    }
}

impl SourceTree for Around<'_> {
    fn read(&self, path: &str) -> Option<Content> {
        match self.in_member(path) {
            Some(path) => self.member.read(path),
            None => self.member.read(&join(&self.up, path)),
        }
    }

    fn entries(&self, dir: &str) -> Vec<Entry> {
        match self.in_member(dir) {
            Some(dir) => self.member.entries(dir),
            None => self.member.entries(&join(&self.up, dir)),
        }
    }
}
