//! A spool for tests.

use std::path::Path;

use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::clock::{Clock as _, SystemClock};
use crate::spool::{ContentHash, Spool};

/// A spool in a folder of its own, which is removed when it is dropped.
#[derive(Debug)]
pub struct TestSpool {
    folder: TempDir,
    spool: Spool,
}

impl Default for TestSpool {
    fn default() -> Self {
        Self::new()
    }
}

impl TestSpool {
    /// An empty one, for contents of any size.
    ///
    /// # Panics
    /// When there is no room for temporary files.
    #[must_use]
    pub fn new() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let spool = Spool::open(folder.path(), u64::MAX).expect("a spool");
        Self { folder, spool }
    }

    /// What gateways read from.
    #[must_use]
    pub fn spool(&self) -> &Spool {
        &self.spool
    }

    /// Where it is.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Puts `content` into it; answers its SHA-256, as commands name it.
    ///
    /// # Panics
    /// When it cannot be written.
    pub async fn store(&self, content: Vec<u8>) -> String {
        let hash = ContentHash::new(Sha256::digest(&content).into());
        let upload = self.spool.upload(hash, SystemClock.now());
        let upload = upload.expect("room for an upload");
        upload.take(content.into()).await;
        upload.finish().await.expect("a content");
        hash.to_string()
    }
}
