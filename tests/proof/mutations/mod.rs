//! Generated tests that attack: each guarantee that is taken out of a project makes the project's own
//! tests fail.

mod catalogue;

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use crate::lines::Lines;
use crate::project::{Project, shown};
use crate::turn;

use self::catalogue::Mutation;

/// The generated tests take a few seconds. One that is still at it by then will never end.
const PATIENCE: Duration = Duration::from_secs(40);

/// The verdict of the generated tests.
struct Verdict {
    passed: usize,
    failed: Vec<String>,
    /// A test that never ends has noticed, too.
    ended: bool,
}

impl Verdict {
    fn is_green(&self) -> bool {
        self.failed.is_empty() && self.ended && self.passed > 0
    }
}

/// `cargo test --test proof -- --ignored`, or `--include-ignored` for everything.
#[test]
#[ignore = "takes minutes: the runtime is built anew for each mutation"]
fn every_guarantee_that_is_taken_out_makes_a_generated_test_fail() {
    let _turn = turn();
    let started = Instant::now();
    let project = Project::generate("proof-mutated", &[]);
    let whole = test(&project);
    assert!(whole.is_green(), "unbroken: {:?}", whole.failed);
    println!("\nunbroken: {} generated tests pass", whole.passed);
    println!("{:<42} | failed | which", "broken");
    let mut survived = Vec::new();
    for mutation in catalogue::all() {
        let verdict = with(&project, mutation);
        println!("{}", row(mutation, &verdict));
        if verdict.is_green() {
            survived.push(mutation.what);
        }
    }
    println!("{:.0} s\n", started.elapsed().as_secs_f64());
    assert!(survived.is_empty(), "nobody noticed: {survived:?}");
}

fn row(mutation: Mutation, verdict: &Verdict) -> String {
    let count = verdict.failed.len();
    let names = verdict.failed.iter().take(4).cloned();
    let mut which: Vec<String> = names.collect();
    if count > which.len() {
        which.push(format!("and {} more", count - which.len()));
    }
    if !verdict.ended {
        which.push("(never ended)".to_owned());
    }
    format!("{:<42} | {count:>6} | {}", mutation.what, which.join(", "))
}

/// The verdict on the project with one change, which is taken back.
fn with(project: &Project, mutation: Mutation) -> Verdict {
    let (file, (from, to)) = (mutation.file(), mutation.change());
    let whole = fs::read(project.path(&file)).unwrap();
    project.edit(&file, from, to);
    let verdict = test(project);
    fs::write(project.path(&file), whole).unwrap();
    verdict
}

/// Builds and runs the tests that were generated for the domain.
fn test(project: &Project) -> Verdict {
    let mut running = Command::new(build(project))
        .current_dir(project.path(""))
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let said = Lines::of(running.stdout.take().unwrap());
    let is_result = |line: &str| line.starts_with("test result:");
    let ended = said.wait_for(PATIENCE, is_result).is_some();
    drop(running.kill());
    running.wait().unwrap();
    let said = said.all();
    let tests = said.lines().filter_map(|line| line.strip_prefix("test "));
    let failed = tests
        .clone()
        .filter_map(|test| test.strip_suffix(" ... FAILED"));
    Verdict {
        failed: failed.map(ToOwned::to_owned).collect(),
        passed: tests.filter(|test| test.ends_with(" ... ok")).count(),
        ended,
    }
}

/// The test program, as cargo names it.
fn build(project: &Project) -> PathBuf {
    let arguments = [
        "test",
        "--test",
        "payment",
        "--no-run",
        "--message-format=json",
    ];
    let built = project.cargo(&arguments);
    assert!(built.status.success(), "{}", shown(&built));
    let out = String::from_utf8(built.stdout).unwrap();
    let artifacts = out
        .lines()
        .filter_map(|line| serde_json::from_str::<Json>(line).ok());
    let programs = artifacts.filter(|found| found["target"]["name"] == "payment");
    let mut paths = programs.filter_map(|found| found["executable"].as_str().map(PathBuf::from));
    paths.next().unwrap()
}
