//! Running the cases of a seed on all processors.

use crate::generate::input;
use crate::judge::format::Batch;
use crate::judge::{Program, Verdict, judge};
use crate::options::Options;
use crate::panics;
use crate::random::Random;
use crate::sample::{self, Candidates};
use crate::tally::Tally;
use anyhow::{Context, Result};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Of so many accepted cases, rustfmt looks at one.
const FORMATTED: usize = 20;

/// The sample is chosen from the first cases only: these have everything.
const SAMPLED: u64 = 20_000;

/// The most broken cases that are told of.
const TOLD: usize = 10;

/// Runs them; answers whether every promise was kept.
///
/// # Errors
/// When a folder cannot be made or the output cannot be written.
pub(crate) fn run(options: &Options, out: &mut dyn Write) -> Result<bool> {
    panics::keep();
    if let Some(case) = options.case {
        return one(options.seed, case, out);
    }
    let (mut tally, candidates) = all(options)?;
    writeln!(
        out,
        "{} cases of seed {}\n{tally}",
        options.cases, options.seed
    )?;
    tally.broken.sort();
    for (case, why) in tally.broken.iter().take(TOLD) {
        writeln!(
            out,
            "case {case}: {why}\nagain: {}\n",
            again(options.seed, *case)
        )?;
    }
    let lacks = tally.lacks();
    for lack in &lacks {
        writeln!(out, "this run proves too little: {lack}")?;
    }
    if let Some(folder) = &options.sample {
        let specs = candidates.packages();
        sample::write(&specs, folder, &crates())?;
        writeln!(
            out,
            "{} domains are in {}",
            specs.iter().map(|spec| spec.domains.len()).sum::<usize>(),
            folder.display()
        )?;
    }
    Ok(tally.broken.is_empty() && lacks.is_empty())
}

/// The command that repeats a case.
fn again(seed: u64, case: u64) -> String {
    format!("cargo run --profile hostile -p hostile -- --seed {seed} --case {case}")
}

/// The folder of the repository's crates.
fn crates() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

fn one(seed: u64, case: u64, out: &mut dyn Write) -> Result<bool> {
    match input(seed, case) {
        crate::generate::Input::Document(bytes) => {
            writeln!(out, "orch.toml:\n{}", String::from_utf8_lossy(&bytes))?;
        }
        lines => writeln!(out, "{lines:#?}")?,
    }
    let mut wrong = Vec::new();
    match judge(seed, case, &mut Program::new(&crates())?) {
        Verdict::Refused(code) => writeln!(out, "refused with {code}")?,
        Verdict::Accepted(accepted) => {
            writeln!(out, "accepted: {} files", accepted.rendered.files.len())?;
            let mut batch = Batch::default();
            wrong = batch.add(case, accepted.rendered);
            wrong.extend(batch.ask());
        }
        Verdict::Broken(why) => wrong.push((case, why)),
    }
    for (_, why) in &wrong {
        writeln!(out, "BROKEN: {why}")?;
    }
    Ok(wrong.is_empty())
}

fn all(options: &Options) -> Result<(Tally, Candidates)> {
    let next = AtomicU64::new(0);
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let (mut tally, mut candidates) = (Tally::default(), Candidates::default());
    let done: Vec<Result<(Tally, Candidates)>> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..processors)
            .map(|_| scope.spawn(|| work(options, &next)))
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().map_err(|_| anyhow::anyhow!(panics::last()))?)
            .collect()
    });
    for done in done {
        let (some, domains) = done?;
        tally.add(some);
        candidates.extend(domains);
    }
    Ok((tally, candidates))
}

/// One worker's share of the cases.
fn work(options: &Options, next: &AtomicU64) -> Result<(Tally, Candidates)> {
    let (mut tally, mut candidates) = (Tally::default(), Candidates::default());
    let mut program = Program::new(&crates()).context("no temporary folder")?;
    let mut batch = Batch::default();
    loop {
        let case = next.fetch_add(1, Ordering::Relaxed);
        if case >= options.cases {
            break;
        }
        match judge(options.seed, case, &mut program) {
            Verdict::Refused(code) => tally.refused(code),
            Verdict::Broken(why) => {
                tally.broken.push((case, why));
                program = Program::new(&crates()).context("no temporary folder")?;
            }
            Verdict::Accepted(accepted) => {
                tally.accepted(&accepted.facts);
                if options.sample.is_some() && case < SAMPLED {
                    candidates.add(case, &accepted.spec);
                }
                if Random::of_case(options.seed + 1, case).below(FORMATTED) == 0 {
                    tally.broken.extend(batch.add(case, accepted.rendered));
                }
            }
        }
    }
    tally.broken.extend(batch.ask());
    tally.formatted = batch.clean;
    Ok((tally, candidates))
}
