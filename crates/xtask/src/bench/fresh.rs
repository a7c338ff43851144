//! What a new user feels: from nothing to a green `cargo test` of a generated project.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::job::Job;

use super::row::{Row, Wanted};
use super::{Bench, clear, commands};

/// Measures once: a cold build takes most of a minute, and the reference is the limit itself.
pub(super) fn measure(bench: &Bench<'_>) -> Result<Vec<Row>> {
    let orch_gen = commands::release(bench)?;
    let project = bench.folder.join("fresh");
    let target = bench.folder.join("fresh-target");
    clear(&target)?;
    commands::make(&orch_gen, &project)?;
    let cargo = |arguments: &[&str]| {
        Job::cargo(arguments)
            .folder(&project)
            .env("CARGO_TARGET_DIR", &target)
    };
    cargo(&["fetch"]).run()?;
    let cold = cargo(&["test", "--offline"]).timed()?.as_secs_f64();
    let again = cargo(&["test", "--offline"]).timed()?.as_secs_f64();
    let mut edited = Vec::new();
    for round in 0..bench.rounds {
        touch(&project.join("src/payment/rules.rs"), round)?;
        edited.push(cargo(&["test", "--offline"]).timed()?.as_secs_f64());
    }
    let tree = [
        "tree",
        "--offline",
        "-e",
        "normal,build,dev",
        "--prefix",
        "none",
    ];
    let mut crates: Vec<String> = cargo(&tree)
        .output()?
        .lines()
        .map(|line| line.replace(" (*)", ""))
        .collect();
    crates.sort_unstable();
    crates.dedup();
    let count = u32::try_from(crates.len()).context("a count of crates")?;
    Ok(vec![
        Row::new("cargo test, cold, crates downloaded", "s", vec![cold])
            .wanted(Wanted::AtMost(90.0)),
        Row::new("cargo test, nothing changed", "s", vec![again]),
        Row::new("cargo test after one edit", "s", edited).wanted(Wanted::AtMost(3.0)),
        Row::new("crates", "", vec![f64::from(count)]),
    ])
}

/// A change that the compiler cannot skip.
fn touch(file: &Path, round: usize) -> Result<()> {
    let text = fs::read_to_string(file)?;
    let edit = format!("\n/// Edit {round}.\npub const EDIT_{round}: usize = {round};\n");
    fs::write(file, text + &edit)?;
    Ok(())
}
