//! Reports of earlier runs, so that nothing is worked out again where nothing changed.
//!
//! A report follows from the options and from what the run read: texts, and the entries of folders. A run is
//! kept with all of that ([`Trace`]), by content and never by time, and its report is given again when
//! everything is as it was. That a file was *not* there belongs to it, too.
//!
//! **Invariant:** a kept run changes how long the next one takes, never what it finds. What another build of
//! the program wrote, or what is damaged, is as good as none.

mod kept;
mod recorded;

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::options::Options;
use crate::report::Report;
use crate::sources::SourceTree;
use kept::Kept;
use recorded::{Recorded, Trace};

/// How many are kept: a package is linted as it is, as it is staged, and as it was.
const MOST: usize = 4;

/// Length of the hash before the runs in their file.
const CHECK: usize = 32;

/// Earlier runs, the latest first.
#[derive(Debug, Default)]
pub(crate) struct Runs(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    runs: VecDeque<Arc<Run>>,
    is_new: bool,
}

/// One run.
#[derive(Debug, Serialize, Deserialize)]
struct Run {
    options: String,
    read: Trace,
    report: Kept,
}

impl Runs {
    /// What [`save`](Self::save) wrote to a file; nothing when that cannot be read.
    pub(crate) fn open(file: &Path, program: &str) -> Self {
        let bytes = std::fs::read(file).unwrap_or_default();
        let runs = decoded(&bytes, program).unwrap_or_default();
        Runs(Mutex::new(Known {
            runs: runs.into_iter().map(Arc::new).collect(),
            is_new: false,
        }))
    }

    /// Keeps them in a file, unless they are in it already.
    pub(crate) fn save(&self, file: &Path, program: &str) -> io::Result<()> {
        let known = self.known();
        if !known.is_new {
            return Ok(());
        }
        let runs: Vec<&Run> = known.runs.iter().map(AsRef::as_ref).collect();
        let runs = postcard::to_stdvec(&runs).map_err(io::Error::other)?;
        let mut bytes = check(&runs, program).to_vec();
        bytes.extend(runs);
        crate::cache::replace(file, &bytes)
    }

    /// The report of an earlier run with these options that read the same, else that of `work`, which is
    /// kept.
    pub(crate) fn report<E>(
        &self,
        tree: &dyn SourceTree,
        options: &Options,
        work: impl FnOnce(&dyn SourceTree) -> Result<Report, E>,
    ) -> Result<Report, E> {
        let options = key(options);
        let tree = Recorded::new(tree);
        let earlier = self.known().runs.clone();
        for run in earlier {
            if run.options == options
                && tree.is_as_it_was(&run.read)
                && let Some(report) = run.report.report()
            {
                return Ok(report);
            }
        }
        let report = work(&tree)?;
        if let Some(read) = tree.into_trace() {
            let report = Kept::new(&report);
            self.keep(Run {
                options,
                read,
                report,
            });
        }
        Ok(report)
    }

    fn keep(&self, run: Run) {
        let mut known = self.known();
        known.runs.push_front(Arc::new(run));
        known.runs.truncate(MOST);
        known.is_new = true;
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // The list is whole whenever its lock is free.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Everything in the options that a report depends on.
fn key(options: &Options) -> String {
    let Options {
        today,
        rules,
        allow_empty,
        ignore_baseline,
        clock: _,
    } = options;
    format!("{today:?} {rules:?} {allow_empty} {ignore_baseline}")
}

fn decoded(bytes: &[u8], program: &str) -> Option<Vec<Run>> {
    let (found, runs) = bytes.split_at_checked(CHECK)?;
    let is_whole = found == check(runs, program);
    is_whole.then(|| postcard::from_bytes(runs).ok())?
}

/// Tells runs of this build that are whole from all other bytes.
fn check(runs: &[u8], program: &str) -> [u8; CHECK] {
    let mut hash = Sha256::new();
    hash.update(program);
    hash.update([0]);
    hash.update(runs);
    hash.finalize().into()
}
