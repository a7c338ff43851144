//! The linter as a whole process, and what other benches need of the command line.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::job::Job;

use super::row::{Row, Wanted};
use super::{Bench, clear};

/// Processes per round; a single one says little.
const PER_ROUND: usize = 15;

/// Linting a new package, against reading its files.
pub(super) fn lint(bench: &Bench<'_>) -> Result<Vec<Row>> {
    let orch_gen = release(bench)?;
    let model = bench.folder.join("model");
    make(&orch_gen, &model)?;
    let (mut linted, mut read) = (vec![], vec![]);
    for _ in 0..bench.rounds * PER_ROUND {
        linted.push(millis(&Job::new(&orch_gen).args(["lint"]).folder(&model))?);
        read.push(millis(
            &Job::new("grep")
                .args(["-r", "Orchestrator", "src", "tests"])
                .folder(&model),
        )?);
    }
    Ok(vec![
        Row::new("orch-gen lint", "ms", linted).wanted(Wanted::AtMost(15.0)),
        Row::new("grep -r over the same sources", "ms", read),
    ])
}

/// The release build, made if need be.
pub(super) fn release(bench: &Bench<'_>) -> Result<PathBuf> {
    bench
        .workspace
        .cargo(&["build", "--release", "--bin", "orch-gen"])
        .run()?;
    Ok(bench.workspace.orch_gen("release"))
}

/// Generates into `folder`, which is new; answers the milliseconds.
pub(super) fn make(orch_gen: &Path, folder: &Path) -> Result<f64> {
    clear(folder)?;
    millis(
        &Job::new(orch_gen)
            .args(["Payment", "PaymentRequested", "--out"])
            .args([folder]),
    )
}

fn millis(job: &Job) -> Result<f64> {
    Ok(job.timed()?.as_secs_f64() * 1e3)
}
