//! Putting a content into the spool.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use axum::body::Bytes;
use sha2::{Digest as _, Sha256};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::task::JoinHandle;

use crate::clock::Timestamp;

use super::{ContentHash, Spool, incoming, path};

/// Parts that wait for the disk; a part is what the network delivered at once.
const PARTS: usize = 4;

/// What became of a content that arrived whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stored {
    /// It is durable now.
    New,
    /// It was there already.
    Existing,
}

/// Why a content was not stored. Nothing of it is left.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UploadError {
    /// It has another hash than its name says.
    #[error("the content has the SHA-256 {0}")]
    OtherHash(ContentHash),
    /// The disk has no room.
    #[error("the disk of the spool is full: {0}")]
    Full(io::Error),
    /// The disk fails.
    #[error("the spool cannot be written: {0}")]
    Disk(io::Error),
    /// Too many contents arrive at the same time.
    #[error("too many uploads at the same time")]
    Busy,
}

impl From<io::Error> for UploadError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full(error),
            _ => Self::Disk(error),
        }
    }
}

/// A content that arrives. Dropping it before [`finish`](Self::finish) leaves nothing behind.
#[derive(Debug)]
pub(crate) struct Upload {
    parts: mpsc::Sender<Bytes>,
    writer: JoinHandle<Result<Stored, UploadError>>,
    _permit: OwnedSemaphorePermit,
}

impl Spool {
    /// Whether the content is there; if so, it counts as used at `now`.
    pub(crate) async fn has(&self, hash: &ContentHash, now: Timestamp) -> bool {
        let path = self.path(hash);
        let used = move || File::open(path).and_then(|file| file.set_modified(now.into()));
        tokio::task::spawn_blocking(used)
            .await
            .is_ok_and(|used| used.is_ok())
    }

    /// Begins to take the content with this hash.
    ///
    /// # Errors
    /// When too many arrive already.
    pub(crate) fn upload(&self, hash: ContentHash, now: Timestamp) -> Result<Upload, UploadError> {
        let permit = self.inner.uploads.clone().try_acquire_owned();
        let permit = permit.map_err(|_| UploadError::Busy)?;
        let (parts, arriving) = mpsc::channel(PARTS);
        let folder = self.inner.folder.clone();
        let write = move || write(&folder, &hash, now, arriving);
        Ok(Upload {
            parts,
            writer: tokio::task::spawn_blocking(write),
            _permit: permit,
        })
    }
}

impl Upload {
    /// Takes the next part. Answers whether more is wanted: the disk may have failed.
    pub(crate) async fn take(&self, part: Bytes) -> bool {
        self.parts.send(part).await.is_ok()
    }

    /// There are no more parts: checks the hash and makes the content durable.
    ///
    /// # Errors
    /// See [`UploadError`].
    pub(crate) async fn finish(self) -> Result<Stored, UploadError> {
        drop(self.parts);
        let written = self.writer.await;
        written.unwrap_or_else(|error| Err(UploadError::Disk(io::Error::other(error))))
    }
}

/// A file that is removed unless it was moved away.
struct Incoming(PathBuf);

impl Drop for Incoming {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.0));
    }
}

/// An upload that is given up ends like one that is whole; what arrived of it has another hash.
fn write(
    folder: &Path,
    hash: &ContentHash,
    now: Timestamp,
    mut arriving: mpsc::Receiver<Bytes>,
) -> Result<Stored, UploadError> {
    let place = Incoming(incoming(folder));
    let mut file = File::create_new(&place.0)?;
    let mut digest = Sha256::new();
    while let Some(part) = arriving.blocking_recv() {
        digest.update(&part);
        file.write_all(&part)?;
    }
    let actual = ContentHash::new(digest.finalize().into());
    if actual != *hash {
        return Err(UploadError::OtherHash(actual));
    }
    file.set_modified(now.into())?;
    file.sync_all()?;
    let target = path(folder, hash);
    if target.exists() {
        return Ok(Stored::Existing);
    }
    let parent = target.parent().unwrap_or(folder);
    fs::create_dir_all(parent)?;
    fs::rename(&place.0, &target)?;
    // The new names are in the folders, which are files of their own.
    File::open(parent)?.sync_all()?;
    File::open(folder.join("contents"))?.sync_all()?;
    Ok(Stored::New)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELLO: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

    fn files(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    async fn put(spool: &Spool, parts: &[&'static str]) -> Result<Stored, UploadError> {
        let upload = spool.upload(HELLO.parse().unwrap(), Timestamp::default())?;
        for part in parts {
            upload.take(Bytes::from_static(part.as_bytes())).await;
        }
        upload.finish().await
    }

    #[tokio::test]
    async fn a_content_is_stored_once_and_only_under_its_own_hash() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(folder.path(), 100).unwrap();
        let hash: ContentHash = HELLO.parse().unwrap();
        let wrong = put(&spool, &["hell", "0"]).await;
        assert!(matches!(wrong, Err(UploadError::OtherHash(_))), "{wrong:?}");
        assert!(!spool.has(&hash, Timestamp::default()).await);
        assert_eq!(put(&spool, &["hel", "lo"]).await.unwrap(), Stored::New);
        assert_eq!(put(&spool, &["hello"]).await.unwrap(), Stored::Existing);
        assert!(spool.has(&hash, Timestamp::default()).await);
        assert_eq!(fs::read_to_string(spool.path(&hash)).unwrap(), "hello");
        assert_eq!(files(&folder.path().join("incoming")), 0);
    }

    /// A client that goes away in the middle would fill the disk with beginnings.
    #[tokio::test]
    async fn an_upload_that_is_given_up_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(folder.path(), 100).unwrap();
        let upload = spool.upload(HELLO.parse().unwrap(), Timestamp::default());
        let upload = upload.unwrap();
        assert!(upload.take(Bytes::from_static(b"hel")).await);
        let Upload { parts, writer, .. } = upload;
        drop(parts);
        assert!(writer.await.unwrap().is_err());
        assert_eq!(files(&folder.path().join("incoming")), 0);
        assert_eq!(files(&folder.path().join("contents")), 0);
    }

    #[test]
    fn a_disk_without_room_is_told_apart_from_a_broken_one() {
        let full = |kind: io::ErrorKind| {
            matches!(
                UploadError::from(io::Error::from(kind)),
                UploadError::Full(_)
            )
        };
        assert!(full(io::ErrorKind::StorageFull) && full(io::ErrorKind::QuotaExceeded));
        assert!(!full(io::ErrorKind::PermissionDenied));
    }
}
