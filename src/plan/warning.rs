//! What a plan warns of: what follows from it outside the tree.
//!
//! A service remembers the text of every migration that it applied, and refuses to start when one
//! of them reads otherwise or is gone. The databases are not here to be looked at, so this is said
//! whenever it may be so.

use super::{Action, Change};

/// Something to know before, or right after, a plan is carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The file it is about.
    pub path: String,
    /// What follows.
    pub what: &'static str,
    /// What to do about it.
    pub help: &'static str,
}

/// A warning for each migration that databases may have applied and that goes.
pub(super) fn of(changes: &[Change]) -> Vec<Warning> {
    let migrations = changes.iter().filter(|change| is_migration(change));
    let gone =
        migrations.filter(|change| matches!(change.action, Action::Delete | Action::Release));
    gone.map(|change| {
        let is_moved = changes.iter().any(|other| is_same_step(change, other));
        let (what, help) = consequence(is_moved);
        let path = change.path.clone();
        Warning { path, what, help }
    })
    .collect()
}

/// A service applies what leads up; it does not know what leads down.
fn is_migration(change: &Change) -> bool {
    change.owner == "migrations" && !change.path.ends_with(".down.sql")
}

/// Whether `new` is the step that `old` was, written for another database.
fn is_same_step(old: &Change, new: &Change) -> bool {
    let step = |path: &str| path.rsplit('/').next().map(str::to_owned);
    new.action == Action::Create && step(&new.path) == step(&old.path)
}

const fn consequence(is_moved: bool) -> (&'static str, &'static str) {
    if is_moved {
        (
            "the store is another one: operations in the old database stay there and are not taken \
             along",
            "let the old service finish what it accepted before it is replaced, and keep its database \
             as long as clients may send their keys again",
        )
    } else {
        (
            "a migration is taken out: a database that has applied it will be refused at start",
            "delete a development database; where one holds data, put the files back and take the \
             section out of orch.toml by hand: `orch-gen apply` keeps migrations",
        )
    }
}
