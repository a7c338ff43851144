//! Drift: how the tree differs from the spec, file by file, read off a plan.

use super::{Action, Change, Conflict, LockState, Plan, Step};
use crate::lock;

/// How a file differs from what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A generated file was edited by hand.
    Edited,
    /// The spec or the templates are ahead of the file.
    Stale,
    /// Nothing in the spec needs the file any more.
    Orphan,
    /// The file is not there.
    Missing,
    /// A file that this program did not write is in its place.
    Foreign,
    /// Marks of a conflict are left in it.
    Unsettled,
    /// Another version of this program wrote the tree.
    Outdated,
}

impl Kind {
    /// The word in the output.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Edited => "edited",
            Self::Stale => "stale",
            Self::Orphan => "orphan",
            Self::Missing => "missing",
            Self::Foreign => "foreign",
            Self::Unsettled => "unsettled",
            Self::Outdated => "outdated",
        }
    }
}

/// One file that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift<'a> {
    /// Where it is.
    pub path: &'a str,
    /// How it differs.
    pub kind: Kind,
}

/// Every file that is not as it should be. The lock and the merge bases differ anyway when files
/// do, so they are named only when nothing else is.
#[must_use]
pub fn drift(plan: &Plan) -> Vec<Drift<'_>> {
    if plan.from.is_some() {
        return vec![Drift {
            path: lock::FILE,
            kind: Kind::Outdated,
        }];
    }
    let files: Vec<_> = plan.changes.iter().filter_map(of).collect();
    if !files.is_empty() {
        return files;
    }
    plan.bookkeeping
        .iter()
        .filter_map(|step| kept(plan.lock_state, step))
        .collect()
}

/// A lock that another version of this program wrote, and that says the same, is no drift.
fn kept(lock: LockState, step: &Step) -> Option<Drift<'_>> {
    let kind = match (lock, &step.expected, &step.contents) {
        (_, None, Some(_)) => Kind::Missing,
        (_, Some(_), None) => Kind::Orphan,
        (LockState::Changed, Some(_), Some(_)) => Kind::Stale,
        _ => return None,
    };
    Some(Drift {
        path: &step.path,
        kind,
    })
}

/// What puts drift right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fix {
    /// Applying.
    Apply,
    /// Applying, and giving up edits of generated files.
    Force,
    /// Bringing the tree to this version.
    Upgrade,
    /// A person settles conflicts and looks again.
    Settle,
}

impl Fix {
    /// The one command.
    #[must_use]
    pub const fn command(self) -> &'static str {
        match self {
            Self::Apply => "orch-gen apply",
            Self::Force => "orch-gen apply --force",
            Self::Upgrade => "orch-gen upgrade",
            Self::Settle => "orch-gen check",
        }
    }

    /// What to do before it. `--force` gives edits of generated files up, so it is not the first thing.
    #[must_use]
    pub fn advice(self) -> String {
        let command = self.command();
        match self {
            Self::Apply | Self::Upgrade => format!("run `{command}`"),
            Self::Force => {
                format!("move what was edited to files of yours, then run `{command}`")
            }
            Self::Settle => {
                format!(
                    "settle what is between `<<<<<<<` and `>>>>>>>`, then run `{command}` again"
                )
            }
        }
    }
}

/// What puts it right.
#[must_use]
pub fn fix(drift: &[Drift<'_>]) -> Fix {
    let has = |wanted: &[Kind]| drift.iter().any(|drift| wanted.contains(&drift.kind));
    if has(&[Kind::Outdated]) {
        Fix::Upgrade
    } else if has(&[Kind::Unsettled]) {
        Fix::Settle
    } else if has(&[Kind::Edited, Kind::Foreign]) {
        Fix::Force
    } else {
        Fix::Apply
    }
}

fn of(change: &Change) -> Option<Drift<'_>> {
    let kind = match change.action {
        Action::Create => Kind::Missing,
        Action::Update | Action::Merge => Kind::Stale,
        Action::Delete => Kind::Orphan,
        Action::Conflict(kind) | Action::Skip(kind) => of_conflict(kind),
        Action::Unchanged | Action::Absent | Action::Release => return None,
    };
    Some(Drift {
        path: &change.path,
        kind,
    })
}

const fn of_conflict(kind: Conflict) -> Kind {
    match kind {
        Conflict::Edited => Kind::Edited,
        Conflict::Occupied => Kind::Foreign,
        Conflict::Overlap | Conflict::NoBase => Kind::Stale,
        Conflict::Unsettled => Kind::Unsettled,
    }
}
