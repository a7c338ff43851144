//! A disk on which any single call can go wrong.

use crate::disk::{Entry, Hold, Read, Real, Write};
use std::ffi::OsString;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

/// What goes wrong, and at which call; calls are counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Nothing.
    None,
    /// One call fails.
    Once(usize),
    /// The process dies: no call from this one on has any effect.
    Death(usize),
    /// The disk is full from this call on: nothing new can be written.
    Full(usize),
    /// The process says so and stands still at this call.
    Stall(usize),
    /// The first call fails, and the process dies at the second while it cleans up.
    OnceThenDeath(usize, usize),
}

/// The real disk with a fault.
#[derive(Debug)]
pub(super) struct Faulty {
    fault: Fault,
    calls: AtomicUsize,
}

/// What a call may do.
enum Fate {
    Done,
    Fails(ErrorKind),
}

impl Faulty {
    pub(super) const fn new(fault: Fault) -> Self {
        Self {
            fault,
            calls: AtomicUsize::new(0),
        }
    }

    pub(super) fn calls(&self) -> usize {
        self.calls.load(SeqCst)
    }

    fn fate(&self, makes_something: bool) -> Fate {
        let call = self.calls.fetch_add(1, SeqCst);
        let fails = match self.fault {
            Fault::None => false,
            Fault::Stall(at) if call == at => stall(),
            Fault::Stall(_) => false,
            Fault::Once(at) => call == at,
            Fault::Death(at) => call >= at,
            Fault::Full(at) => call >= at && makes_something,
            Fault::OnceThenDeath(at, death) => call == at || call >= death,
        };
        match (fails, self.fault) {
            (false, _) => Fate::Done,
            (true, Fault::Full(_)) => Fate::Fails(ErrorKind::StorageFull),
            (true, _) => Fate::Fails(ErrorKind::PermissionDenied),
        }
    }

    fn call<T>(&self, makes: bool, real: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        match self.fate(makes) {
            Fate::Done => real(),
            Fate::Fails(kind) => Err(kind.into()),
        }
    }
}

/// For somebody who waits to kill the process.
fn stall() -> bool {
    let _ = writeln!(io::stdout(), "stalled");
    loop {
        std::thread::park();
    }
}

impl Read for Faulty {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.call(false, || Real.read(path))
    }

    fn entry(&self, path: &Path) -> io::Result<Option<Entry>> {
        self.call(false, || Real.entry(path))
    }

    fn list(&self, path: &Path) -> io::Result<Vec<OsString>> {
        self.call(false, || Real.list(path))
    }

    fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        self.call(false, || Real.resolve(path))
    }
}

impl Write for Faulty {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.call(true, || Real.create_dir(path))
    }

    /// A write that fails has written half.
    fn create_file(&self, path: &Path, contents: &[u8]) -> io::Result<()> {
        match self.fate(true) {
            Fate::Done => Real.create_file(path, contents),
            Fate::Fails(kind) => {
                let _ = Real.create_file(path, &contents[..contents.len() / 2]);
                Err(kind.into())
            }
        }
    }

    /// Counted, but not done: only a power failure would show the difference.
    fn sync(&self, path: &Path) -> io::Result<()> {
        self.call(true, || Real.entry(path).map(|_| ()))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.call(false, || Real.rename(from, to))
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.call(true, || Real.link(from, to))
    }

    fn copy_mode(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.call(false, || Real.copy_mode(from, to))
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.call(false, || Real.remove_file(path))
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        self.call(false, || Real.remove_dir(path))
    }

    /// A process that is being started has copies of all open files for a moment, locks included,
    /// and other tests start some. So a held folder is tried again.
    fn hold(&self, folder: &Path) -> io::Result<Option<Box<dyn Hold>>> {
        self.call(false, || {
            for _ in 0..10_000 {
                if let Some(hold) = Real.hold(folder)? {
                    return Ok(Some(hold));
                }
                std::thread::yield_now();
            }
            Ok(None)
        })
    }
}
