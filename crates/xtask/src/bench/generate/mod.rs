//! The generator: whole processes, against copying what they write and against generators of others.
//!
//! | module | holds |
//! |---|---|
//! | [`hundred`] | a package with a hundred orchestrations |
//! | [`older`] | that package as an older version left it |
//! | [`others`] | generators of others |

mod hundred;
mod older;
mod others;

use std::path::Path;

use anyhow::Result;

use crate::job::Job;

use super::row::{Row, Wanted};
use super::turns::{Case, Scratch, copy, files, take_turns};
use super::{Bench, commands};

use self::hundred::Hundred;
use self::others::Others;

/// Turns per round of what takes a few milliseconds; a single one says little.
const OFTEN: usize = 15;
/// Turns per round of what takes longer.
const SELDOM: usize = 3;

/// Everything is made ready first; then all take turns; everything is deleted last.
pub(super) fn measure(bench: &Bench<'_>) -> Result<Vec<Row>> {
    let orch_gen = commands::release(bench)?;
    let scratch = Scratch::new(&bench.folder, "generate")?;
    let (often, seldom) = (bench.rounds * OFTEN, bench.rounds * SELDOM);
    let model = scratch.place("model")?;
    package(&orch_gen, &model).output()?;
    let others = Others {
        workspace: bench.workspace,
        scratch: &scratch,
        turns: seldom,
    };
    let others = others.cases(&model);
    let hundred = Hundred::prepare(&orch_gen, &scratch, seldom)?;

    let mut cases = vec![start(&orch_gen, often)];
    cases.extend(one(&orch_gen, &scratch, &model, often)?);
    cases.extend(hundred.cases(&orch_gen)?);
    cases.extend(others);
    let mut rows = take_turns(cases)?;
    hundred.verify(&orch_gen)?;
    if let [_, _, made, copied, ..] = &rows[..] {
        let pairs = made.samples.iter().zip(&copied.samples);
        let shares = pairs.map(|(made, copied)| made / copied).collect();
        let share = Row::new("new package / cp -r", "x", shares);
        rows.insert(4, share.wanted(Wanted::AtMost(3.0)));
    }
    Ok(rows)
}

fn start(orch_gen: &Path, turns: usize) -> Case {
    let job = Job::new(orch_gen).args(["--version"]);
    Case::new("orch-gen --version", vec![job; turns]).at_most(5.0)
}

/// One more orchestration, and a new package beside a copy of the same files.
fn one(orch_gen: &Path, scratch: &Scratch, model: &Path, turns: usize) -> Result<[Case; 3]> {
    let add = |package: &Path| {
        Job::new(orch_gen)
            .args(["Payment", "RefundRequested", "id:uuid", "--out"])
            .args([package])
    };
    let trial = scratch.place("add/trial")?;
    copy(model, &trial).output()?;
    add(&trial).output()?;
    let all = files(model)?;
    let added = files(&trial)? - all;
    let places = scratch.copies(model, "add", turns)?;
    let add = places.iter().map(|place| add(place)).collect();
    let places = scratch.places("new", turns)?;
    let new = places.iter().map(|place| package(orch_gen, place));
    let new = new.collect();
    let places = scratch.places("new-copy", turns)?;
    let copies = places.iter().map(|place| copy(model, place)).collect();
    Ok([
        Case::new(format!("one more orchestration ({added} files)"), add).at_most(15.0),
        Case::new(format!("a new package, vendored ({all} files)"), new).at_most(15.0),
        Case::new("cp -r of the same files", copies),
    ])
}

/// Generates a package with one orchestration into `folder`, which is not there yet.
fn package(orch_gen: &Path, folder: &Path) -> Job {
    Job::new(orch_gen)
        .args(["Payment", "PaymentRequested", "--out"])
        .args([folder])
}
