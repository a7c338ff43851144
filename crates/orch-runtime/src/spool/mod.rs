//! Contents on their way to a provider: files of a folder, each named by its SHA-256.
//!
//! ```text
//!  PUT …/contents/{sha256} ─▶ incoming/<random> ─ hash fits, fsync ─▶ contents/2c/2cf24d…
//!                                                                        │
//!  command (size, sha256) ─▶ operation ─▶ gateway reads it ◀─────────────┘
//! ```
//!
//! A command names its content and does not hold it, so that a database row stays small and a retry sends
//! the same bytes. The same content that is uploaded twice is one file.
//!
//! **Invariant:** a file below `contents/` is whole and has the hash that is its name, as far as the disk
//! keeps its word: it is written elsewhere, checked, made durable and renamed. It is checked again while
//! it is read, and its last bytes leave only when all of it was right.
//!
//! **Several machines** that run the same domain need one folder that all of them see, such as a network
//! file system: an operation may be accepted on one and run on another. What is not there is refused with
//! `CONTENT_MISSING`, and nothing is sent.
//!
//! **Whoever knows the hash may use the content.** A spool is shared by all owners; knowing a SHA-256 is
//! taken for knowing what it is the hash of.
//!
//! Contents lie there as they are: keys of `encryption` do not seal them.
//!
//! Contents are deleted some days after they were last uploaded or sent:
//! [`SpoolSweeper`](crate::scheduler::SpoolSweeper).

mod content;
mod hash;
mod sweep;
mod upload;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::Semaphore;

pub(crate) use self::content::{Content, ContentBody, Reading};
pub use self::hash::{ContentHash, InvalidHash};
pub use self::sweep::Swept;
pub(crate) use self::upload::{Stored, Upload, UploadError};

/// Uploads at the same time; each has a thread that writes and hashes.
const UPLOADS: usize = 64;

/// A folder of contents; clones are the same one.
#[derive(Debug, Clone)]
pub struct Spool {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    folder: PathBuf,
    max_bytes: u64,
    uploads: Arc<Semaphore>,
}

impl Spool {
    /// The spool in `folder`, for contents of at most `max_bytes` each. Where it is missing it is made, for
    /// this user only and ignored by git.
    ///
    /// # Errors
    /// When the folder cannot be made or written to.
    pub fn open(folder: impl Into<PathBuf>, max_bytes: u64) -> io::Result<Self> {
        let folder = folder.into();
        make_private(&folder.join("contents"))?;
        make_private(&folder.join("incoming"))?;
        let ignored = folder.join(".gitignore");
        if !ignored.exists() {
            fs::write(ignored, "*\n")?;
        }
        let probe = incoming(&folder);
        fs::File::create_new(&probe)?;
        fs::remove_file(probe)?;
        Ok(Self {
            inner: Arc::new(Inner {
                folder,
                max_bytes,
                uploads: Arc::new(Semaphore::new(UPLOADS)),
            }),
        })
    }

    /// Bytes of a content at most.
    #[must_use]
    pub fn max_bytes(&self) -> u64 {
        self.inner.max_bytes
    }

    fn path(&self, hash: &ContentHash) -> PathBuf {
        path(&self.inner.folder, hash)
    }
}

/// Folders that are there stay as they are: several machines may share them by a group.
fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

/// Two digits of the hash are a folder, so that none has too many entries.
fn path(folder: &Path, hash: &ContentHash) -> PathBuf {
    let name = hash.to_string();
    folder.join("contents").join(&name[..2]).join(&name)
}

/// A name that nobody else has.
fn incoming(folder: &Path) -> PathBuf {
    let name = uuid::Uuid::now_v7().simple().to_string();
    folder.join("incoming").join(name)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    /// Contents are what customers have uploaded.
    #[test]
    fn a_new_folder_is_nobody_elses_business() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("new/spool");
        Spool::open(&folder, 1).unwrap();
        for part in ["", "contents", "incoming"] {
            let mode = fs::metadata(folder.join(part))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o077, 0, "{part} {mode:o}");
        }
        assert_eq!(
            fs::read_to_string(folder.join(".gitignore")).unwrap(),
            "*\n"
        );
        assert_eq!(fs::read_dir(folder.join("incoming")).unwrap().count(), 0);
        let file = folder.join("file");
        fs::write(&file, "").unwrap();
        assert!(Spool::open(file, 1).is_err());
    }
}
