//! What benches need of the command line.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::job::Job;

use super::{Bench, clear};

/// The release build, made if need be.
pub(super) fn release(bench: &Bench<'_>) -> Result<PathBuf> {
    bench
        .workspace
        .cargo(&["build", "--release", "--bin", "orch-gen"])
        .run()?;
    Ok(bench.workspace.orch_gen("release"))
}

/// Generates into `folder`, which is new.
pub(super) fn make(orch_gen: &Path, folder: &Path) -> Result<()> {
    clear(folder)?;
    let job = Job::new(orch_gen)
        .args(["Payment", "PaymentRequested", "--out"])
        .args([folder]);
    job.timed().map(drop)
}
