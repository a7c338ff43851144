//! What an interrupted run left behind, and putting it right.

use super::journal::{backward, clear, finish, forward};
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
    if disk.entry(&staging.folder).map_err(look)?.is_none() {
        return Ok(Recovery::Nothing);
    }
    let path = staging.journal();
    if disk.entry(&path).map_err(look)?.is_none() {
        clear(disk, &staging);
        return Ok(Recovery::Nothing);
    }
    let bytes = disk
        .read(&path)
        .map_err(|error| refused("read", &path, &error))?;
    let journal = String::from_utf8(bytes)
        .ok()
        .and_then(|text| Journal::parse(&text));
    let Some(journal) = journal else {
        return Err(Error::new(
            Code::Interrupted,
            "the journal of an interrupted run is damaged",
        )
        .at(path.display().to_string())
        .help("compare the tree with version control, then delete .orch/staging"));
    };
    match journal.direction {
        Direction::Forward => {
            unchanged_since(Tree::new(disk, root), &journal)?;
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

/// A file that somebody changed after the interruption must not be overwritten.
fn unchanged_since(tree: Tree<'_>, journal: &Journal) -> Result<()> {
    for entry in &journal.entries {
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
