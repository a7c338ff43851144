//! Changing a package that is there.
//!
//! 1. Everything new is written to the staging folder; everything old gets a second name there. The
//!    journal is written there too, and what must outlive a power failure is flushed, all at once.
//! 2. The journal is renamed to its name. This is the commit.
//! 3. New files are renamed over old ones, stale files are taken away.
//! 4. The journal is taken away, then the rest of the staging folder.
//!
//! A process that dies before 2 changed nothing; one that dies after it is completed by the next
//! run. An error after 2 takes everything back, under a journal that says so, so that dying on the
//! way back is put right in the same manner. That second journal is written together with the
//! first: on a full disk a rename still works.
//!
//! **What is flushed to the disk:** the journal, and whatever replaces something that this program
//! could not write again. A death of the process loses no written byte, so flushing matters for a
//! power failure only, and a flush of each of a hundred generated files takes seconds on a busy
//! disk. Recovery compares every staged file with its hash, and goes back where one was lost. After the
//! commit nothing is flushed any more: file systems write changes of names in order, so as long as one
//! of the renames may be missing, the journal is there to make it again.

use super::fresh::remove_all;
use super::staging::{Direction, Entry, Journal, Staging};
use crate::disk::{Write, refused, seen_from};
use crate::error::{Error, Result};
use crate::lock::Hash;
use crate::parallel;
use crate::plan::Step;
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

/// Carries out the steps on a tree that was verified to be as they expect.
pub(super) fn update(disk: &dyn Write, root: &Path, steps: &[Step]) -> Result<()> {
    let staging = Staging::of(root);
    let journal = Journal::new(steps, missing_folders(disk, root, steps)?);
    let staged = stage(disk, &staging, steps)
        .and_then(|()| draft(disk, &staging, &journal))
        .and_then(|()| flush(disk, &staging, steps))
        .and_then(|()| commit(disk, &staging));
    match staged.and_then(|()| forward(disk, &staging, &journal)) {
        Ok(()) => {
            finish(disk, &staging, &journal);
            Ok(())
        }
        Err(error) if there(disk, &staging.journal()).is_ok_and(|there| !there) => {
            clear(disk, &staging);
            Err(error)
        }
        Err(error) => Err(take_back(disk, &staging, &journal, error)),
    }
}

fn missing_folders(disk: &dyn Write, root: &Path, steps: &[Step]) -> Result<Vec<String>> {
    let made = steps.iter().filter(|step| step.contents.is_some());
    let folders: BTreeSet<&str> = made.flat_map(|step| folders_above(&step.path)).collect();
    let mut missing = Vec::new();
    for folder in folders {
        if !there(disk, &seen_from(root, folder))? {
            missing.push(folder.to_owned());
        }
    }
    Ok(missing)
}

fn folders_above(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(at, _)| &path[..at])
}

/// Whether anything is at the path. An unknown answer is an error: taken for a no, it would skip a
/// step.
fn there(disk: &dyn Write, path: &Path) -> Result<bool> {
    disk.entry(path)
        .map(|entry| entry.is_some())
        .map_err(|error| refused("look at", path, &error))
}

fn stage(disk: &dyn Write, staging: &Staging, steps: &[Step]) -> Result<()> {
    for folder in [staging.orch(), staging.folder.clone()] {
        if !there(disk, &folder)? {
            create_dir(disk, &folder)?;
        }
    }
    let numbered: Vec<_> = steps.iter().enumerate().collect();
    let staged = parallel::map(&numbered, |(index, step)| {
        stage_one(disk, staging, *index, step)
            .map_err(|error| refused("write", &staging.target(&step.path), &error))
    });
    staged.into_iter().collect()
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
        disk.create_file(&new, contents)?;
        if step.expected.is_some() {
            disk.copy_mode(&target, &new)?;
        }
    }
    Ok(())
}

/// Writes the journals of both directions.
fn draft(disk: &dyn Write, staging: &Staging, journal: &Journal) -> Result<()> {
    for direction in [Direction::Back, Direction::Forward] {
        let (path, text) = (staging.draft(direction), journal.to_text(direction));
        disk.create_file(&path, text.as_bytes())
            .map_err(|error| refused("write", &path, &error))?;
    }
    Ok(())
}

/// Puts the journal and what is precious on the disk. Flushes that are asked for at the same time are
/// one wait for a file system.
fn flush(disk: &dyn Write, staging: &Staging, steps: &[Step]) -> Result<()> {
    let numbered = steps.iter().enumerate();
    let precious = numbered.filter(|(_, step)| step.precious && step.contents.is_some());
    let mut files: Vec<PathBuf> = precious.map(|(index, _)| staging.new_file(index)).collect();
    files.push(staging.draft(Direction::Forward));
    let flushed = parallel::wait(&files, |path| {
        disk.sync(path)
            .map_err(|error| refused("flush", path, &error))
    });
    flushed.into_iter().collect()
}

/// Puts the journal that leads forward into force.
fn commit(disk: &dyn Write, staging: &Staging) -> Result<()> {
    disk.rename(&staging.draft(Direction::Forward), &staging.journal())
        .and_then(|()| disk.sync(&staging.folder))
        .map_err(|error| refused("write", &staging.journal(), &error))
}

/// Makes the tree what the journal says. What is done already is left alone.
pub(super) fn forward(disk: &dyn Write, staging: &Staging, journal: &Journal) -> Result<()> {
    for folder in &journal.folders {
        let path = staging.target(folder);
        if !there(disk, &path)? {
            create_dir(disk, &path)?;
        }
    }
    for (index, entry) in journal.entries.iter().enumerate() {
        let target = staging.target(&entry.path);
        put(disk, &staging.new_file(index), &target, entry)
            .map_err(|error| refused("write", &target, &error))?;
    }
    Ok(())
}

fn create_dir(disk: &dyn Write, path: &Path) -> Result<()> {
    disk.create_dir(path)
        .map_err(|error| refused("create", path, &error))
}

fn put(disk: &dyn Write, new: &Path, target: &Path, entry: &Entry) -> io::Result<()> {
    match (&entry.new, &entry.old) {
        (Some(_), _) if disk.entry(new)?.is_some() => disk.rename(new, target),
        (None, Some(old)) if holds(disk, target, old)? => disk.remove_file(target),
        _ => Ok(()),
    }
}

/// Whether there is a file with this content.
pub(super) fn holds(disk: &dyn Write, path: &Path, content: &Hash) -> io::Result<bool> {
    match disk.entry(path)? {
        Some(_) => Ok(Hash::of(&disk.read(path)?) == *content),
        None => Ok(false),
    }
}

/// Ends a run whose tree is as it should be. Nothing here can fail the run any more: what is left
/// over is taken away by the next one.
pub(super) fn finish(disk: &dyn Write, staging: &Staging, journal: &Journal) {
    for entry in journal.entries.iter().filter(|entry| entry.new.is_none()) {
        let mut folders: Vec<&str> = folders_above(&entry.path).collect();
        while let Some(folder) = folders.pop() {
            if disk.remove_dir(&staging.target(folder)).is_err() {
                break;
            }
        }
    }
    if disk.remove_file(&staging.journal()).is_ok() {
        clear(disk, staging);
    }
}

/// Takes away the staging folder, and the folder around it when nothing else is in it.
pub(super) fn clear(disk: &dyn Write, staging: &Staging) {
    remove_all(disk, &staging.folder);
    let _ = disk.remove_dir(&staging.orch());
}

/// Undoes a committed run after an error. When even that fails, the journal stays for the next run.
fn take_back(disk: &dyn Write, staging: &Staging, journal: &Journal, error: Error) -> Error {
    let draft = staging.draft(Direction::Back);
    let back = disk
        .rename(&draft, &staging.journal())
        .map_err(|error| refused("write", &staging.journal(), &error))
        .and_then(|()| backward(disk, staging, journal));
    match back {
        Ok(()) => error,
        Err(_) => error.help("free the cause, then run `orch-gen apply`: it puts the tree right"),
    }
}

/// Makes the tree what it was.
pub(super) fn backward(disk: &dyn Write, staging: &Staging, journal: &Journal) -> Result<()> {
    for (index, entry) in journal.entries.iter().enumerate().rev() {
        let target = staging.target(&entry.path);
        restore(disk, staging, index, entry)
            .map_err(|error| refused("restore", &target, &error))?;
    }
    for folder in journal.folders.iter().rev() {
        let _ = disk.remove_dir(&staging.target(folder));
    }
    disk.remove_file(&staging.journal())
        .map_err(|error| refused("delete", &staging.journal(), &error))?;
    clear(disk, staging);
    Ok(())
}

fn restore(disk: &dyn Write, staging: &Staging, index: usize, entry: &Entry) -> io::Result<()> {
    let (old, target) = (staging.old_file(index), staging.target(&entry.path));
    match (&entry.old, &entry.new) {
        (Some(_), _) if disk.entry(&old)?.is_some() => disk.rename(&old, &target),
        (None, Some(new)) if ours(disk, &target, new)? => disk.remove_file(&target),
        _ => Ok(()),
    }
}

/// Whether a new file is what was written, or what a power failure leaves of it.
fn ours(disk: &dyn Write, path: &Path, new: &Hash) -> io::Result<bool> {
    Ok(holds(disk, path, new)? || holds(disk, path, &Hash::of(b""))?)
}
