//! What an interrupted run left behind, and putting it right.

use super::journal::{backward, clear, finish, forward, holds};
use super::staging::{Direction, Journal, Staging};
use crate::disk::{Read, Tree, Write, refused};
use crate::error::{Code, Error, Result};
use crate::lock::Hash;
use std::path::Path;

/// What was put right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recovery {
    /// There was nothing to do.
    Nothing,
    /// An interrupted run was completed.
    Completed,
    /// An interrupted run was taken back.
    TakenBack,
}

/// Refuses when an interrupted run is not put right yet; for commands that only look.
///
/// # Errors
/// When there is a journal.
pub fn pending(disk: &dyn Read, root: &Path) -> Result<()> {
    let staging = Staging::of(root);
    match disk.entry(&staging.journal()) {
        Ok(Some(_)) => Err(
            Error::new(Code::Interrupted, "an earlier run was interrupted")
                .at(staging.journal().display().to_string())
                .help("run `orch-gen apply`: it completes that run first"),
        ),
        _ => Ok(()),
    }
}

/// Completes or takes back what an interrupted run left.
pub(super) fn recover(disk: &dyn Write, root: &Path) -> Result<Recovery> {
    let staging = Staging::of(root);
    let look = |error| refused("look at", &staging.folder, &error);
    let path = staging.journal();
    if disk.entry(&path).map_err(look)?.is_none() {
        if disk.entry(&staging.orch()).map_err(look)?.is_some() {
            clear_left_over(disk, &staging);
        }
        return Ok(Recovery::Nothing);
    }
    let (mut direction, journal) = read_journal(disk, &path)?;
    if direction == Direction::Forward && !whole(disk, &staging, &journal)? {
        direction = Direction::Back;
    }
    unchanged_since(Tree::new(disk, root), &staging, direction, &journal)?;
    match direction {
        Direction::Forward => {
            forward(disk, &staging, &journal)?;
            finish(disk, &staging, &journal);
            Ok(Recovery::Completed)
        }
        Direction::Back => {
            backward(disk, &staging, &journal)?;
            Ok(Recovery::TakenBack)
        }
    }
}

/// A run that died before its journal was in force left files that mean nothing.
fn clear_left_over(disk: &dyn Write, staging: &Staging) {
    let staged = disk
        .entry(&staging.folder)
        .is_ok_and(|entry| entry.is_some());
    if staged
        || disk
            .list(&staging.orch())
            .is_ok_and(|names| names.is_empty())
    {
        clear(disk, staging);
    }
}

fn read_journal(disk: &dyn Write, path: &Path) -> Result<(Direction, Journal)> {
    let bytes = disk
        .read(path)
        .map_err(|error| refused("read", path, &error))?;
    let journal = String::from_utf8(bytes)
        .ok()
        .and_then(|text| Journal::parse(&text));
    journal.ok_or_else(|| {
        Error::new(
            Code::Interrupted,
            "the journal of an interrupted run is damaged",
        )
        .at(path.display().to_string())
        .help("compare the tree with version control, then delete .orch/staging")
    })
}

/// Whether every new file is what was written, wherever it is by now. After a power failure it may
/// not be.
fn whole(disk: &dyn Write, staging: &Staging, journal: &Journal) -> Result<bool> {
    for (index, entry) in journal.entries.iter().enumerate() {
        let (Some(new), path) = (&entry.new, staging.new_file(index)) else {
            continue;
        };
        let look = |error| refused("read", &path, &error);
        let staged = disk.entry(&path).map_err(look)?.is_some();
        let lost = || holds(disk, &staging.target(&entry.path), &Hash::of(b"")).map_err(look);
        let whole = if staged {
            holds(disk, &path, new).map_err(look)?
        } else {
            *new == Hash::of(b"") || !lost()?
        };
        if !whole {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A file that somebody changed after the interruption must not be overwritten.
fn unchanged_since(
    tree: Tree<'_>,
    staging: &Staging,
    direction: Direction,
    journal: &Journal,
) -> Result<()> {
    for (index, entry) in journal.entries.iter().enumerate() {
        let pending = match direction {
            Direction::Forward => staging.new_file(index),
            Direction::Back => staging.old_file(index),
        };
        if !tree.is_there(&pending)? {
            continue;
        }
        let now = tree.read(&entry.path)?.map(|bytes| Hash::of(&bytes));
        if now.is_some() && now != entry.old && now != entry.new {
            return Err(Error::new(
                Code::Interrupted,
                "the file changed after a run was interrupted",
            )
            .at(&entry.path)
            .help("move it away and run the command again"));
        }
    }
    Ok(())
}
