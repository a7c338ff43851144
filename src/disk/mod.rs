//! The disk: every call to the file system, in two traits.
//!
//! Planning gets [`Read`] and so cannot write. Only `apply` gets [`Write`]. Both are narrow enough
//! that a test can fail any single call.

mod real;
mod tree;

pub use real::Real;
pub use tree::{Tree, seen_from};

use crate::error::{Code, Error};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

/// What is at a path; a link is not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
    /// A device, a socket or a pipe.
    Other,
}

/// Looking at the disk.
pub trait Read: Sync {
    /// The bytes of a file.
    ///
    /// # Errors
    /// Whatever the operating system says.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// What is at the path, if anything.
    ///
    /// # Errors
    /// Whatever the operating system says, except that there is nothing.
    fn entry(&self, path: &Path) -> io::Result<Option<Entry>>;

    /// The names in a folder, in no order.
    ///
    /// # Errors
    /// Whatever the operating system says.
    fn list(&self, path: &Path) -> io::Result<Vec<OsString>>;

    /// The path with all links followed.
    ///
    /// # Errors
    /// Whatever the operating system says.
    fn resolve(&self, path: &Path) -> io::Result<PathBuf>;
}

/// Keeps others from writing to a folder for as long as it lives.
pub trait Hold: Send + std::fmt::Debug {}

/// Changing the disk.
pub trait Write: Read {
    /// Makes a folder; its parent has to be there.
    ///
    /// # Errors
    /// Whatever the operating system says.
    fn create_dir(&self, path: &Path) -> io::Result<()>;

    /// Makes a file that is not there yet.
    ///
    /// # Errors
    /// Whatever the operating system says.
    fn create_file(&self, path: &Path, contents: &[u8]) -> io::Result<()>;

    /// Waits until a file or the names in a folder are on the disk.
    ///
    /// # Errors
    /// Whatever the operating system says.
    fn sync(&self, path: &Path) -> io::Result<()>;

    /// Moves a file or folder; a file at the goal is replaced in the same instant.
    ///
    /// # Errors
    /// Whatever the operating system says.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Gives a file a second name.
    ///
    /// # Errors
    /// Whatever the operating system says.
    fn link(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Gives one file the permissions of another.
    ///
    /// # Errors
    /// Whatever the operating system says.
    fn copy_mode(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Takes a file away.
    ///
    /// # Errors
    /// Whatever the operating system says.
    fn remove_file(&self, path: &Path) -> io::Result<()>;

    /// Takes an empty folder away.
    ///
    /// # Errors
    /// Whatever the operating system says.
    fn remove_dir(&self, path: &Path) -> io::Result<()>;

    /// Keeps other runs out of a folder; `None` when one is at work there.
    ///
    /// # Errors
    /// Whatever the operating system says.
    fn hold(&self, folder: &Path) -> io::Result<Option<Box<dyn Hold>>>;
}

/// The error for a call that failed: what was tried, where, and what usually helps.
#[must_use]
pub fn refused(verb: &str, path: &Path, error: &io::Error) -> Error {
    use io::ErrorKind;
    let help = match error.kind() {
        ErrorKind::PermissionDenied => {
            "make it accessible for your user (`ls -ld` shows who owns it)"
        }
        ErrorKind::ReadOnlyFilesystem => {
            "the file system is read-only: choose another place with `--out`"
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "free some space and run the command again"
        }
        ErrorKind::NotADirectory => "a part of the path is a file: move it or choose another place",
        ErrorKind::IsADirectory => "a folder is where a file has to be: move it",
        ErrorKind::NotFound => "check the path",
        ErrorKind::InvalidFilename => "choose a shorter path",
        ErrorKind::AlreadyExists => "move it away and run the command again",
        _ => "check the disk and run the command again",
    };
    let reason = error.to_string();
    let reason = reason.split(" (os error").next().unwrap_or(&reason);
    Error::new(Code::Io, format!("cannot {verb}: {}", lower_first(reason)))
        .at(path.display().to_string())
        .help(help)
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| {
        c.to_lowercase().to_string() + chars.as_str()
    })
}
