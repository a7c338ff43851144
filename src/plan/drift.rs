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

/// The one command that puts it right.
#[must_use]
pub fn fix(drift: &[Drift<'_>]) -> &'static str {
    if drift.iter().any(|drift| drift.kind == Kind::Outdated) {
        return "orch-gen upgrade";
    }
    if drift.iter().any(|drift| drift.kind == Kind::Unsettled) {
        return "orch-gen check";
    }
    let by_force = drift
        .iter()
        .any(|drift| matches!(drift.kind, Kind::Edited | Kind::Foreign));
    if by_force {
        "orch-gen apply --force"
    } else {
        "orch-gen apply"
    }
}

fn of(change: &Change) -> Option<Drift<'_>> {
    let kind = match change.action {
        Action::Create => Kind::Missing,
        Action::Update | Action::Merge => Kind::Stale,
        Action::Delete => Kind::Orphan,
        Action::Conflict(Conflict::Edited) => Kind::Edited,
        Action::Conflict(Conflict::Occupied) => Kind::Foreign,
        Action::Conflict(Conflict::Overlap | Conflict::NoBase) => Kind::Stale,
        Action::Conflict(Conflict::Unsettled) => Kind::Unsettled,
        Action::Unchanged | Action::Absent | Action::Release => return None,
    };
    Some(Drift {
        path: &change.path,
        kind,
    })
}
