//! Changing a package that is there.
//!
//! 1. Everything new is written to the staging folder and synced; everything old gets a second
//!    name there.
//! 2. The journal is written, synced and renamed to its name. This is the commit.
//! 3. New files are renamed over old ones, stale files are taken away, folders are synced.
//! 4. The journal is taken away, then the rest of the staging folder.
//!
//! A process that dies before 2 changed nothing; one that dies after it is completed by the next
//! run. An error after 2 takes everything back, under a journal that says so, so that dying on the
//! way back is put right in the same manner.

use super::fresh::remove_all;
use super::staging::{Direction, Journal, Staging};
use crate::disk::{Write, refused};
use crate::error::Result;
use crate::plan::Step;
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

/// Carries out the steps on a tree that was verified to be as they expect.
pub(super) fn update(disk: &dyn Write, root: &Path, steps: &[Step]) -> Result<()> {
    let staging = Staging::of(root);
    let journal = Journal::new(steps, missing_folders(disk, root, steps));
    if let Err(error) = stage(disk, &staging, steps).and_then(|()| commit(disk, &staging, &journal))
    {
        if disk
            .entry(&staging.journal())
            .is_ok_and(|entry| entry.is_none())
        {
            clear(disk, &staging);
            return Err(error);
        }
        return Err(take_back(disk, &staging, journal, error));
    }
    match forward(disk, &staging, &journal) {
        Ok(()) => {
            finish(disk, &staging, &journal);
            Ok(())
        }
        Err(error) => Err(take_back(disk, &staging, journal, error)),
    }
}

fn missing_folders(disk: &dyn Write, root: &Path, steps: &[Step]) -> Vec<String> {
    let made = steps.iter().filter(|step| step.contents.is_some());
    let folders: BTreeSet<&str> = made
        .flat_map(|step| step.path.match_indices('/').map(|(at, _)| &step.path[..at]))
        .collect();
    folders
        .into_iter()
        .filter(|folder| matches!(disk.entry(&root.join(folder)), Ok(None)))
        .map(str::to_owned)
        .collect()
}

fn stage(disk: &dyn Write, staging: &Staging, steps: &[Step]) -> Result<()> {
    for folder in [staging.orch(), staging.folder.clone()] {
        let there = disk
            .entry(&folder)
            .map_err(|error| refused("look at", &folder, &error))?;
        if there.is_none() {
            disk.create_dir(&folder)
                .map_err(|error| refused("create", &folder, &error))?;
        }
    }
    for (index, step) in steps.iter().enumerate() {
        stage_one(disk, staging, index, step)
            .map_err(|error| refused("write", &staging.target(&step.path), &error))?;
    }
    Ok(())
}

fn stage_one(disk: &dyn Write, staging: &Staging, index: usize, step: &Step) -> io::Result<()> {
    let (target, old, new) = (
        staging.target(&step.path),
        staging.old_file(index),
        staging.new_file(index),
    );
    if step.expected.is_some() && disk.link(&target, &old).is_err() {
        disk.create_file(&old, &disk.read(&target)?)?;
    }
    if let Some(contents) = &step.contents {
        disk.create_file(&new, contents.as_bytes())?;
        if step.expected.is_some() {
            disk.copy_mode(&target, &new)?;
        }
        disk.sync(&new)?;
    }
    Ok(())
}

fn commit(disk: &dyn Write, staging: &Staging, journal: &Journal) -> Result<()> {
    let draft = staging.draft(journal.direction);
    let written = || -> io::Result<()> {
        disk.create_file(&draft, journal.to_text().as_bytes())?;
        disk.sync(&draft)?;
        disk.rename(&draft, &staging.journal())?;
        disk.sync(&staging.folder)?;
        disk.sync(&staging.orch())
    };
    written().map_err(|error| refused("write", &staging.journal(), &error))
}

/// Makes the tree what the journal says. What is done already is left alone.
pub(super) fn forward(disk: &dyn Write, staging: &Staging, journal: &Journal) -> Result<()> {
    for folder in &journal.folders {
        let path = staging.target(folder);
        if matches!(disk.entry(&path), Ok(None)) {
            disk.create_dir(&path)
                .map_err(|error| refused("create", &path, &error))?;
        }
    }
    for (index, entry) in journal.entries.iter().enumerate() {
        let (new, target) = (staging.new_file(index), staging.target(&entry.path));
        if entry.new.is_some() && matches!(disk.entry(&new), Ok(Some(_))) {
            disk.rename(&new, &target)
                .map_err(|error| refused("write", &target, &error))?;
        } else if entry.new.is_none() && matches!(disk.entry(&target), Ok(Some(_))) {
            disk.remove_file(&target)
                .map_err(|error| refused("delete", &target, &error))?;
        }
    }
    sync_folders(disk, staging, journal)
}

/// The renames have to be on the disk before the journal may go.
fn sync_folders(disk: &dyn Write, staging: &Staging, journal: &Journal) -> Result<()> {
    let parent = |path: &str| staging.target(path).parent().map(Path::to_path_buf);
    let made = journal.folders.iter().filter_map(|folder| parent(folder));
    let folders: BTreeSet<PathBuf> = journal
        .entries
        .iter()
        .filter_map(|entry| parent(&entry.path))
        .chain(made)
        .collect();
    for folder in folders {
        if matches!(disk.entry(&folder), Ok(Some(_))) {
            disk.sync(&folder)
                .map_err(|error| refused("sync", &folder, &error))?;
        }
    }
    Ok(())
}

/// Ends a run whose tree is as it should be. Nothing here can fail the run any more: what is left
/// over is taken away by the next one.
pub(super) fn finish(disk: &dyn Write, staging: &Staging, journal: &Journal) {
    if disk.remove_file(&staging.journal()).is_ok() {
        let _ = disk.sync(&staging.folder);
        clear(disk, staging);
    }
    for entry in journal.entries.iter().filter(|entry| entry.new.is_none()) {
        let target = staging.target(&entry.path);
        let inside = target
            .ancestors()
            .skip(1)
            .take_while(|folder| *folder != staging.target(""));
        for folder in inside {
            if disk.remove_dir(folder).is_err() {
                break;
            }
        }
    }
}

/// Takes away the staging folder, and the folder around it when nothing else is in it.
pub(super) fn clear(disk: &dyn Write, staging: &Staging) {
    remove_all(disk, &staging.folder);
    let _ = disk.remove_dir(&staging.orch());
}

/// Undoes a committed run after an error. When even that fails, the journal stays for the next run.
fn take_back(
    disk: &dyn Write,
    staging: &Staging,
    mut journal: Journal,
    error: crate::error::Error,
) -> crate::error::Error {
    journal.direction = Direction::Back;
    let back = commit(disk, staging, &journal).and_then(|()| backward(disk, staging, &journal));
    match back {
        Ok(()) => error,
        Err(_) => error.help("free the cause, then run `orch-gen apply`: it puts the tree right"),
    }
}

/// Makes the tree what it was.
pub(super) fn backward(disk: &dyn Write, staging: &Staging, journal: &Journal) -> Result<()> {
    for (index, entry) in journal.entries.iter().enumerate().rev() {
        let (old, new) = (staging.old_file(index), staging.new_file(index));
        let target = staging.target(&entry.path);
        let done = if entry.old.is_some() {
            match disk.entry(&old) {
                Ok(Some(_)) => disk.rename(&old, &target),
                _ => Ok(()),
            }
        } else if matches!(disk.entry(&new), Ok(None)) && matches!(disk.entry(&target), Ok(Some(_)))
        {
            disk.remove_file(&target)
        } else {
            Ok(())
        };
        done.map_err(|error| refused("restore", &target, &error))?;
    }
    for folder in journal.folders.iter().rev() {
        let _ = disk.remove_dir(&staging.target(folder));
    }
    disk.remove_file(&staging.journal())
        .map_err(|error| refused("delete", &staging.journal(), &error))?;
    clear(disk, staging);
    Ok(())
}
