//! What a plan warns of: what follows from it outside the tree.
//!
//! A service remembers the text of every migration that it applied, and refuses to start when one
//! of them reads otherwise or is gone. The databases are not here to be looked at, so this is said
//! whenever it may be so.

use super::{Action, Change};
use crate::lock::{Hash, Lock};

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

/// A warning for each migration that databases may have applied and that changes.
pub(super) fn of(changes: &[Change], known: &Lock) -> Vec<Warning> {
    let migrations = changes.iter().filter(|change| is_migration(change));
    migrations
        .filter_map(|change| {
            let is_moved = changes.iter().any(|other| is_same_step(change, other));
            let (what, help) = consequence(change, is_moved, known)?;
            Some(Warning {
                path: change.path.clone(),
                what,
                help,
            })
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

fn consequence(
    change: &Change,
    is_moved: bool,
    known: &Lock,
) -> Option<(&'static str, &'static str)> {
    match change.action {
        Action::Delete | Action::Release if is_moved => Some((
            "the store is another one: operations in the old database stay there and are not taken \
             along",
            "let the old service finish what it accepted before it is replaced, and keep its database \
             as long as clients may send their keys again",
        )),
        Action::Update if !is_put_back(change, known) => Some((
            "a migration is rewritten: a database that has applied it will be refused at start",
            "delete a development database; this version cannot take along one that holds data: give \
             the changed command a domain of its own",
        )),
        Action::Delete | Action::Release => Some((
            "a migration is taken out: a database that has applied it will be refused at start",
            "delete a development database; for one that holds data, keep the domain",
        )),
        _ => None,
    }
}

/// Whether an edit is given up, and the text is the one that was written last.
fn is_put_back(change: &Change, known: &Lock) -> bool {
    let written = known.files.get(&change.path).map(|file| &file.hash);
    let wanted = change
        .after
        .as_deref()
        .map(|text| Hash::of(text.as_bytes()));
    written.is_some() && written == wanted.as_ref()
}
