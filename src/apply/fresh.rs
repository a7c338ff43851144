//! A package that is not there yet: written beside its place, moved there by one rename.
//!
//! The rename is the whole commit: before it nothing is at the goal, after it everything is, so a
//! kill at any moment leaves no half package. Files are not synced. That would guard against a
//! power failure in the seconds after, at the price of one disk flush per file, for a folder that
//! holds nothing but what the same command writes again; `orch-gen check` names what was lost.

use super::busy;
use crate::disk::{Entry, Hold, Write, refused};
use crate::error::{Code, Error, Result};
use crate::parallel;
use crate::plan::Step;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Writes all steps as a new folder `root`.
pub(super) fn create(disk: &dyn Write, root: &Path, steps: &[Step]) -> Result<()> {
    let made = create_parents(disk, root)?;
    let done = create_in(disk, root, steps);
    if done.is_err() {
        remove_root(disk, &made);
    }
    done
}

/// Makes an empty root and the folders above it; returns those that were not there, outermost first.
pub(super) fn create_root(disk: &dyn Write, root: &Path) -> Result<Vec<PathBuf>> {
    let mut made = create_parents(disk, root)?;
    match disk.create_dir(root) {
        Ok(()) => {
            made.push(root.to_owned());
            Ok(made)
        }
        Err(error) => {
            remove_root(disk, &made);
            Err(refused("create", root, &error))
        }
    }
}

/// Takes folders away that were made for a package which is not written.
pub(super) fn remove_root(disk: &dyn Write, made: &[PathBuf]) {
    for folder in made.iter().rev() {
        let _ = disk.remove_dir(folder);
    }
}

fn create_in(disk: &dyn Write, root: &Path, steps: &[Step]) -> Result<()> {
    let workshop = workshop(root)?;
    let hold = claim(disk, &workshop)?;
    let done = fill(disk, &workshop, steps).and_then(|()| {
        disk.rename(&workshop, root)
            .map_err(|error| match disk.entry(root) {
                Ok(Some(_)) => appeared(root),
                _ => refused("move the new package to", root, &error),
            })
    });
    if done.is_err() {
        remove_all(disk, &workshop);
    }
    drop(hold);
    done
}

/// The folder's own name with a prefix, so that it is on the same file system and easy to explain.
fn workshop(root: &Path) -> Result<PathBuf> {
    let name = root.file_name().ok_or_else(|| {
        Error::new(Code::Usage, "the new package needs a folder name")
            .at(root.display().to_string())
            .help("name a folder, such as `--out payment-service`")
    })?;
    Ok(root.with_file_name(format!(".{}.orch-gen-new", name.to_string_lossy())))
}

/// Makes the workshop and locks it. One that nobody has locked was left by a run that died.
fn claim(disk: &dyn Write, workshop: &Path) -> Result<Box<dyn Hold>> {
    let look = |error| refused("create", workshop, &error);
    if disk.entry(workshop).map_err(look)?.is_some() {
        let left = disk
            .hold(workshop)
            .map_err(look)?
            .ok_or_else(|| busy(workshop))?;
        remove_all(disk, workshop);
        drop(left);
    }
    disk.create_dir(workshop).map_err(look)?;
    match disk.hold(workshop) {
        Ok(Some(hold)) => Ok(hold),
        Ok(None) => Err(busy(workshop)),
        Err(error) => {
            remove_all(disk, workshop);
            Err(look(error))
        }
    }
}

fn fill(disk: &dyn Write, workshop: &Path, steps: &[Step]) -> Result<()> {
    let mut folders = BTreeSet::new();
    for step in steps {
        folders.extend(
            step.path
                .match_indices('/')
                .map(|(index, _)| &step.path[..index]),
        );
    }
    for folder in folders {
        let path = workshop.join(folder);
        disk.create_dir(&path)
            .map_err(|error| refused("create", &path, &error))?;
    }
    let made = parallel::map(steps, |step| {
        let Some(contents) = &step.contents else {
            return Ok(());
        };
        let path = workshop.join(&step.path);
        disk.create_file(&path, contents)
            .map_err(|error| refused("write", &path, &error))
    });
    made.into_iter().collect()
}

/// Makes the folders above `root`; returns those that were not there.
fn create_parents(disk: &dyn Write, root: &Path) -> Result<Vec<PathBuf>> {
    let missing: Vec<&Path> = root
        .ancestors()
        .skip(1)
        .take_while(|path| !path.as_os_str().is_empty() && matches!(disk.entry(path), Ok(None)))
        .collect();
    let mut made: Vec<PathBuf> = Vec::new();
    for folder in missing.into_iter().rev() {
        if let Err(error) = disk.create_dir(folder) {
            remove_root(disk, &made);
            return Err(refused("create", folder, &error));
        }
        made.push(folder.to_path_buf());
    }
    Ok(made)
}

/// Takes away as much as the disk lets go of.
pub(super) fn remove_all(disk: &dyn Write, folder: &Path) {
    for name in disk.list(folder).unwrap_or_default() {
        let path = folder.join(name);
        if matches!(disk.entry(&path), Ok(Some(Entry::Folder))) {
            remove_all(disk, &path);
        } else {
            let _ = disk.remove_file(&path);
        }
    }
    let _ = disk.remove_dir(folder);
}

fn appeared(root: &Path) -> Error {
    Error::new(
        Code::TreeChanged,
        "the folder appeared while the package was written",
    )
    .at(root.display().to_string())
    .help("run the command again; nothing was changed")
}
