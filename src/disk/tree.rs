//! A package's folder, seen by paths relative to its root.

use super::{Entry, Read, refused};
use crate::error::{Code, Error, Result};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A folder and the disk it is on.
#[derive(Clone, Copy)]
pub struct Tree<'a> {
    disk: &'a dyn Read,
    root: &'a Path,
}

impl std::fmt::Debug for Tree<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tree")
            .field("root", &self.root)
            .finish_non_exhaustive()
    }
}

impl<'a> Tree<'a> {
    /// The tree below `root`, which need not be there.
    #[must_use]
    pub const fn new(disk: &'a dyn Read, root: &'a Path) -> Self {
        Self { disk, root }
    }

    /// The disk.
    #[must_use]
    pub const fn disk(&self) -> &'a dyn Read {
        self.disk
    }

    /// The root.
    #[must_use]
    pub const fn root(&self) -> &'a Path {
        self.root
    }

    /// A path of the tree as the disk knows it.
    #[must_use]
    pub fn path(&self, relative: &str) -> PathBuf {
        seen_from(self.root, relative)
    }

    /// Whether anything is at a path of the disk.
    ///
    /// # Errors
    /// When the disk does not say.
    pub fn is_there(&self, path: &Path) -> Result<bool> {
        let entry = self.disk.entry(path);
        entry
            .map(|entry| entry.is_some())
            .map_err(|error| refused("look at", path, &error))
    }

    /// The bytes of a file; `None` when there is nothing at the path.
    ///
    /// # Errors
    /// When the path is not a file, or cannot be read.
    pub fn read(&self, relative: &str) -> Result<Option<Vec<u8>>> {
        let path = self.path(relative);
        match self
            .disk
            .entry(&path)
            .map_err(|error| refused("look at", &path, &error))?
        {
            None => Ok(None),
            Some(Entry::File) => self
                .disk
                .read(&path)
                .map(Some)
                .map_err(|error| refused("read", &path, &error)),
            Some(Entry::Folder) => Err(in_the_way(&path, "a folder")),
            Some(Entry::Link) => Err(in_the_way(&path, "a symbolic link")),
            Some(Entry::Other) => Err(in_the_way(&path, "not a file")),
        }
    }

    /// The text of a file.
    ///
    /// # Errors
    /// When the path is not a readable file, or holds something else than UTF-8.
    pub fn read_text(&self, relative: &str) -> Result<Option<String>> {
        let Some(bytes) = self.read(relative)? else {
            return Ok(None);
        };
        String::from_utf8(bytes).map(Some).map_err(|_| {
            Error::new(Code::Io, format!("{relative} is not UTF-8"))
                .at(self.path(relative).display().to_string())
                .help("save it as UTF-8")
        })
    }

    /// The names in a folder, sorted; none when it is not there.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn list(&self, relative: &str) -> Result<Vec<String>> {
        let path = self.path(relative);
        match self.disk.list(&path) {
            Ok(names) => {
                let names: BTreeSet<String> = names
                    .iter()
                    .map(|name| name.to_string_lossy().into_owned())
                    .collect();
                Ok(names.into_iter().collect())
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(refused("list", &path, &error)),
        }
    }

    /// Refuses paths whose folders lead out of the root or are no folders.
    ///
    /// # Errors
    /// Names the first such folder.
    pub fn check_folders<'p>(&self, paths: impl IntoIterator<Item = &'p str>) -> Result<()> {
        let folders: BTreeSet<&str> = paths.into_iter().flat_map(ancestors).collect();
        for folder in folders {
            let path = self.path(folder);
            match self
                .disk
                .entry(&path)
                .map_err(|error| refused("look at", &path, &error))?
            {
                None | Some(Entry::Folder) => {}
                Some(Entry::Link) => self.check_link(&path)?,
                Some(Entry::File | Entry::Other) => return Err(in_the_way(&path, "not a folder")),
            }
        }
        Ok(())
    }

    fn check_link(&self, path: &Path) -> Result<()> {
        let resolve = |path: &Path| {
            self.disk
                .resolve(path)
                .map_err(|error| refused("follow the link", path, &error))
        };
        if resolve(path)?.starts_with(resolve(self.root)?) {
            return Ok(());
        }
        Err(Error::new(
            Code::OutsidePackage,
            "a symbolic link leads out of the package",
        )
        .at(path.display().to_string())
        .help("replace the link by a folder"))
    }
}

/// A path as seen from a folder, which need not be there: `../Cargo.toml` is beside it.
#[must_use]
pub fn seen_from(folder: &Path, relative: &str) -> PathBuf {
    let (mut folder, mut relative) = (folder, relative);
    while let (Some(rest), Some(parent)) = (relative.strip_prefix("../"), folder.parent()) {
        (folder, relative) = (parent, rest);
    }
    folder.join(relative)
}

fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(index, _)| &path[..index])
}

fn in_the_way(path: &Path, what: &str) -> Error {
    Error::new(Code::Occupied, format!("{what} is where a file has to go"))
        .at(path.display().to_string())
        .help("move it away and run the command again")
}
