//! Contents of files by their ids, from one `git cat-file` that runs all the time.

use super::not_started;
use crate::error::Result;
use orch_lint::sources::MAX_FILE_BYTES;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// The contents of a repository's files.
#[derive(Debug)]
pub(super) struct Blobs {
    pipe: Mutex<Pipe>,
}

#[derive(Debug)]
struct Pipe {
    child: Child,
    /// Closed before the child is waited for: that is what ends it.
    ask: Option<ChildStdin>,
    answer: BufReader<ChildStdout>,
}

impl Blobs {
    /// Starts `git`, as it is prepared, with the rest of the command.
    pub(super) fn of(git: &mut Command) -> Result<Self> {
        let child = git
            .args(["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut child = child.map_err(|error| not_started(&error))?;
        let gone = || not_started(&io::Error::from(io::ErrorKind::BrokenPipe));
        let ask = child.stdin.take().ok_or_else(gone)?;
        let answer = child.stdout.take().ok_or_else(gone)?;
        let pipe = Mutex::new(Pipe {
            child,
            ask: Some(ask),
            answer: BufReader::new(answer),
        });
        Ok(Self { pipe })
    }

    /// The bytes of a file; of one that is too large to lint, one more than that is.
    pub(super) fn read(&self, id: &str) -> io::Result<Vec<u8>> {
        let mut pipe = self.pipe.lock().unwrap_or_else(PoisonError::into_inner);
        pipe.read(id)
    }
}

impl Pipe {
    fn read(&mut self, id: &str) -> io::Result<Vec<u8>> {
        let ask = self.ask.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        writeln!(ask, "{id}")?;
        ask.flush()?;
        let mut head = String::new();
        self.answer.read_line(&mut head)?;
        let size = head.trim_end().rsplit_once(" blob ");
        let size: Option<u64> = size.and_then(|(_, size)| size.parse().ok());
        let Some(size) = size else {
            let what = format!("the repository has no such file contents: {}", head.trim());
            return Err(io::Error::new(io::ErrorKind::NotFound, what));
        };
        let mut bytes = Vec::new();
        let kept = size.min(MAX_FILE_BYTES + 1);
        self.answer.by_ref().take(kept).read_to_end(&mut bytes)?;
        // What is left of it, and the end of its line.
        let rest = size - kept + 1;
        io::copy(&mut self.answer.by_ref().take(rest), &mut io::sink())?;
        if (bytes.len() as u64) < kept {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(bytes)
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        self.ask = None;
        let _ = self.child.wait();
    }
}
