//! Looking for the package that a command is meant for.

use crate::disk::{Read, refused};
use crate::error::Result;
use crate::spec;
use std::path::{Path, PathBuf};

/// What is at or above a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A package with an `orch.toml`.
    Ours(PathBuf),
    /// A package without one.
    Foreign(PathBuf),
    /// No package.
    Nothing,
}

/// The nearest package at or above `folder`.
///
/// # Errors
/// When a folder on the way cannot be looked at.
pub fn find(disk: &dyn Read, folder: &Path) -> Result<Found> {
    for folder in folder.ancestors() {
        let has = |name: &str| {
            let path = folder.join(name);
            disk.entry(&path)
                .map(|entry| entry.is_some())
                .map_err(|error| refused("look at", &path, &error))
        };
        if has(spec::FILE)? {
            return Ok(Found::Ours(folder.to_owned()));
        }
        if has("Cargo.toml")? {
            return Ok(Found::Foreign(folder.to_owned()));
        }
    }
    Ok(Found::Nothing)
}
