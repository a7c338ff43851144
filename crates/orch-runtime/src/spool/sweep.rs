//! Deleting what nobody has used for long.

use std::fs::{self, DirEntry};
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::clock::{Timestamp, earlier};

use super::Spool;

/// An upload that has not ended after this was interrupted: it ends within an hour otherwise.
const LONGEST_UPLOAD: Duration = Duration::from_secs(2 * 3_600);

/// What one batch came to.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Swept {
    /// Contents deleted.
    pub contents: usize,
    /// Beginnings of interrupted uploads deleted.
    pub interrupted: usize,
}

impl Spool {
    /// Deletes contents that were last uploaded or sent more than `retention` before `now`, and beginnings
    /// of uploads that were interrupted: at most `batch` files.
    ///
    /// # Errors
    /// When the folder cannot be read. A file that cannot be deleted stays, and the next is tried.
    pub async fn sweep(
        &self,
        now: Timestamp,
        retention: Duration,
        batch: usize,
    ) -> io::Result<Swept> {
        let folder = self.inner.folder.clone();
        let sweep = move || {
            let before = earlier(now, LONGEST_UPLOAD).into();
            let interrupted = delete(&folder.join("incoming"), before, batch)?;
            let mut swept = Swept {
                contents: 0,
                interrupted,
            };
            let before = earlier(now, retention).into();
            for part in fs::read_dir(folder.join("contents"))? {
                let room = batch - swept.contents - swept.interrupted;
                swept.contents += delete(&part?.path(), before, room)?;
            }
            Ok(swept)
        };
        let swept = tokio::task::spawn_blocking(sweep).await;
        swept.map_err(io::Error::other)?
    }
}

/// How many of the files in `folder` that were last used before `before` are gone now, at most `room`.
fn delete(folder: &Path, before: SystemTime, room: usize) -> io::Result<usize> {
    let mut deleted = 0;
    for entry in fs::read_dir(folder)? {
        if deleted == room {
            break;
        }
        let entry = entry?;
        let is_gone = is_older(&entry, before) && fs::remove_file(entry.path()).is_ok();
        deleted += usize::from(is_gone);
    }
    Ok(deleted)
}

fn is_older(entry: &DirEntry, before: SystemTime) -> bool {
    let modified = entry.metadata().and_then(|data| data.modified());
    modified.is_ok_and(|modified| modified < before)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{from_millis, later};
    use crate::spool::ContentHash;
    use axum::body::Bytes;
    use sha2::{Digest as _, Sha256};

    const DAY: Duration = Duration::from_secs(86_400);

    async fn store(spool: &Spool, text: &'static str, at: Timestamp) -> ContentHash {
        let hash = ContentHash::new(Sha256::digest(text).into());
        let upload = spool.upload(hash, at).unwrap();
        upload.take(Bytes::from_static(text.as_bytes())).await;
        upload.finish().await.unwrap();
        hash
    }

    /// A content that waits for its operation would be gone when its turn comes.
    #[tokio::test]
    async fn what_was_used_lately_stays_and_the_batch_is_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(folder.path(), 100).unwrap();
        let start = from_millis(1_700_000_000_000);
        for text in ["a", "b", "c"] {
            store(&spool, text, start).await;
        }
        let used = store(&spool, "used", start).await;
        let uploaded = store(&spool, "uploaded", start).await;
        let (sent, now) = (later(start, 6 * DAY), later(start, 8 * DAY));
        assert!(spool.content(used, sent).await.unwrap().is_some());
        assert!(spool.has(&uploaded, sent).await);
        let swept = async |batch| spool.sweep(now, 7 * DAY, batch).await.unwrap().contents;
        assert_eq!(swept(2).await, 2);
        assert_eq!(swept(2).await, 1);
        assert_eq!(swept(2).await, 0);
        assert!(spool.has(&used, now).await && spool.has(&uploaded, now).await);
    }

    #[tokio::test]
    async fn the_beginning_of_an_interrupted_upload_is_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(folder.path(), 100).unwrap();
        let left = folder.path().join("incoming/left");
        let file = fs::File::create(&left).unwrap();
        file.set_modified(from_millis(0).into()).unwrap();
        let now = |age| later(from_millis(0), Duration::from_secs(age));
        let young = spool.sweep(now(3_600), DAY, 9).await.unwrap();
        assert_eq!(young, Swept::default());
        let old = spool.sweep(now(3 * 3_600), DAY, 9).await.unwrap();
        assert_eq!(old.interrupted, 1);
        assert!(!left.exists());
    }
}
