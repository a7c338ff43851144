//! Reading a content on its way out: never whole in memory, hashed while it is read, its last bytes held
//! back until the hash is known to be right.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::body::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use sha2::{Digest as _, Sha256};
use tokio::sync::{mpsc, watch};

use crate::clock::Timestamp;

use super::{ContentHash, Spool};

/// Bytes that are read at once.
const CHUNK: usize = 256 * 1024;
/// Chunks that wait for the network.
const CHUNKS: usize = 2;

/// A content that is there.
#[derive(Debug)]
pub(crate) struct Content {
    file: File,
    path: PathBuf,
    hash: ContentHash,
    size: u64,
}

/// What is seen of a content while it is sent.
#[derive(Debug)]
pub(crate) struct Reading {
    /// Bytes that were handed over so far.
    pub(crate) passed: watch::Receiver<u64>,
    is_corrupt: Arc<AtomicBool>,
}

/// The content as the body of a request.
#[derive(Debug)]
pub(crate) struct ContentBody {
    chunks: mpsc::Receiver<io::Result<Bytes>>,
    size: u64,
    passed: watch::Sender<u64>,
}

impl Spool {
    /// The content with this hash, if it is there. It counts as used at `now`.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) async fn content(
        &self,
        hash: ContentHash,
        now: Timestamp,
    ) -> io::Result<Option<Content>> {
        let path = self.path(&hash);
        let open = move || {
            let file = match File::open(&path) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error),
            };
            file.set_modified(now.into())?;
            let size = file.metadata()?.len();
            Ok(Some(Content {
                file,
                path,
                hash,
                size,
            }))
        };
        let opened = tokio::task::spawn_blocking(open).await;
        opened.map_err(io::Error::other)?
    }
}

impl Content {
    /// Bytes of it.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Begins to read it.
    pub(crate) fn read(self) -> (ContentBody, Reading) {
        let (chunks, waiting) = mpsc::channel(CHUNKS);
        let (passed, watched) = watch::channel(0);
        let is_corrupt = Arc::new(AtomicBool::new(false));
        let reading = Reading {
            passed: watched,
            is_corrupt: Arc::clone(&is_corrupt),
        };
        let body = ContentBody {
            chunks: waiting,
            size: self.size,
            passed,
        };
        tokio::task::spawn_blocking(move || self.send(&chunks, &is_corrupt));
        (body, reading)
    }

    /// Nobody takes the chunks any more when the request is over.
    fn send(mut self, chunks: &mpsc::Sender<io::Result<Bytes>>, is_corrupt: &AtomicBool) {
        let last = self.send_all_but_last(chunks, is_corrupt).transpose();
        if let Some(last) = last {
            drop(chunks.blocking_send(last));
        }
    }

    fn send_all_but_last(
        &mut self,
        chunks: &mpsc::Sender<io::Result<Bytes>>,
        is_corrupt: &AtomicBool,
    ) -> io::Result<Option<Bytes>> {
        let mut digest = Sha256::new();
        let mut held = None;
        loop {
            let mut chunk = Vec::with_capacity(CHUNK);
            (&mut self.file)
                .take(CHUNK as u64)
                .read_to_end(&mut chunk)?;
            if chunk.is_empty() {
                break;
            }
            digest.update(&chunk);
            let before = held.replace(Bytes::from(chunk));
            if let Some(before) = before
                && chunks.blocking_send(Ok(before)).is_err()
            {
                return Ok(None);
            }
        }
        if ContentHash::new(digest.finalize().into()) == self.hash {
            return Ok(held);
        }
        is_corrupt.store(true, Ordering::SeqCst);
        // Without it, the right content can be uploaded again.
        drop(fs::remove_file(&self.path));
        Err(io::Error::other("the content has changed on the disk"))
    }
}

impl Reading {
    /// Whether the file was found not to be what its name says. It is gone from the spool then, and its
    /// last bytes were never sent.
    pub(crate) fn is_corrupt(&self) -> bool {
        self.is_corrupt.load(Ordering::SeqCst)
    }
}

impl Body for ContentBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let chunk = std::task::ready!(self.chunks.poll_recv(context));
        if let Some(Ok(chunk)) = &chunk {
            let more = chunk.len() as u64;
            self.passed.send_modify(|passed| *passed += more);
        }
        Poll::Ready(chunk.map(|chunk| chunk.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        *self.passed.borrow() == self.size
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.size - *self.passed.borrow())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt as _;

    /// A content of `chunks` chunks and a bit, and where it lies.
    async fn stored(spool: &Spool, chunks: usize) -> (ContentHash, Vec<u8>) {
        let bytes: Vec<u8> = (0..CHUNK * chunks + 7)
            .map(|at| u8::try_from(at % 251).unwrap())
            .collect();
        let hash = ContentHash::new(Sha256::digest(&bytes).into());
        let upload = spool.upload(hash, Timestamp::default()).unwrap();
        assert!(upload.take(bytes.clone().into()).await);
        upload.finish().await.unwrap();
        (hash, bytes)
    }

    #[tokio::test]
    async fn what_is_read_is_what_was_stored() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(folder.path(), u64::MAX).unwrap();
        let (hash, bytes) = stored(&spool, 3).await;
        let content = spool.content(hash, Timestamp::default()).await.unwrap();
        let (body, reading) = content.unwrap().read();
        assert_eq!(body.size_hint().exact(), Some(bytes.len() as u64));
        assert_eq!(body.collect().await.unwrap().to_bytes(), bytes);
        assert_eq!(*reading.passed.borrow(), bytes.len() as u64);
        assert!(!reading.is_corrupt());
    }

    /// With its last byte the provider would take the wrong object for whole.
    #[tokio::test]
    async fn the_last_bytes_of_a_spoilt_content_are_never_handed_over() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(folder.path(), u64::MAX).unwrap();
        for chunks in [0, 3] {
            let (hash, mut bytes) = stored(&spool, chunks).await;
            bytes[3] ^= 1;
            fs::write(spool.path(&hash), &bytes).unwrap();
            let content = spool.content(hash, Timestamp::default()).await.unwrap();
            let (body, reading) = content.unwrap().read();
            assert!(body.collect().await.is_err());
            assert!(reading.is_corrupt());
            assert!(*reading.passed.borrow() < bytes.len() as u64);
            let again = spool.content(hash, Timestamp::default()).await.unwrap();
            assert!(again.is_none(), "it can be uploaded anew");
        }
    }
}
