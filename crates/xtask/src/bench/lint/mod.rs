//! The linter: whole processes, against a search through the same files and against linters of others.
//!
//! | module | holds |
//! |---|---|
//! | [`trees`] | what is linted |
//! | [`others`] | linters of others, each with one rule that is like one of ours |
//! | [`editor`] | one process that stays, told of each change |
//!
//! A run that is *warm* finds what it found before in the build folder; a *cold* one finds nothing there
//! and parses every file: no file is left out because of the words in it.

mod editor;
mod others;
mod trees;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::job::Job;

use super::row::{Row, Wanted};
use super::turns::{Case, Scratch, take_turns};
use super::{Bench, commands};

use self::others::Others;
use self::trees::Tree;

/// How many times as long as the search a run may take: warm, after an edit, cold.
const WARM: f64 = 1.5;
const COLD: f64 = 30.0;
/// Milliseconds that an edit may cost beyond that.
const EDIT_MS: f64 = 10.0;

/// Milliseconds that a commit waits at most, almost always.
const STAGED_MS: f64 = 50.0;

/// What is wanted of a tree in milliseconds and megabytes.
#[derive(Debug, Clone, Copy)]
struct Marks {
    warm_ms: f64,
    cold_ms: f64,
    memory_mb: f64,
}

/// Marks of a service of 200 files; larger ones get none, as their size depends on the registry.
const SERVICE: Marks = Marks {
    warm_ms: 15.0,
    cold_ms: 100.0,
    memory_mb: 60.0,
};

/// One tree after the other; on each, all programs take turns.
pub(super) fn measure(bench: &Bench<'_>) -> Result<Vec<Row>> {
    let orch_gen = commands::release(bench)?;
    let scratch = Scratch::new(&bench.folder, "lint")?;
    let service = trees::service(&orch_gen, &scratch)?;
    let crates = trees::crates(bench.workspace, &scratch)?;
    let others = Others::new(bench.workspace, &scratch)?;
    let mut rows = Vec::new();
    for (tree, often, marks) in [(&service, 10, Some(SERVICE)), (&crates, 3, None)] {
        let subject = Subject {
            orch_gen: &orch_gen,
            scratch: &scratch,
            tree,
            often: bench.rounds * often,
            seldom: bench.rounds,
        };
        let mut of_tree = subject.rows(&others, marks)?;
        of_tree
            .iter_mut()
            .for_each(|row| row.name = format!("{}: {}", tree.name, row.name));
        rows.extend(of_tree);
    }
    rows.extend(staged(&orch_gen, &service, &scratch, bench.rounds * 20)?);
    rows.extend(editor::rows(&orch_gen, &service, bench.rounds * 20)?);
    Ok(rows)
}

/// What a commit waits for, with an edit that is staged: almost always, and in the middle.
fn staged(orch_gen: &Path, tree: &Tree, scratch: &Scratch, often: usize) -> Result<Vec<Row>> {
    let who = ["-c", "user.name=A", "-c", "user.email=a@example.com"];
    let git = |arguments: &[&str]| {
        let git = Job::new("git").args(who).args(arguments);
        git.folder(&tree.folder).output()
    };
    git(&["init", "-q"])?;
    git(&["add", "-A"])?;
    git(&["commit", "-qm", "all"])?;
    let edited = tree.folder.join(&tree.edited);
    let text = fs::read_to_string(&edited)?;
    fs::write(&edited, text + "\nfn staged() {}\n")?;
    git(&["add", "-A"])?;
    let kept = scratch.place("staged-kept")?;
    let lint = Job::new(orch_gen).args(["lint", "--staged"]);
    let lint = lint.args([&tree.folder]).env("CARGO_TARGET_DIR", &kept);
    lint.output()?;
    let rows = take_turns(vec![Case::new("orch-gen lint --staged", vec![lint; often])])?;
    let p95 = rows.iter().map(|row| {
        let name = format!("{}, p95", row.name);
        Row::new(name, "ms", vec![row.quantile(0.95)]).wanted(Wanted::AtMost(STAGED_MS))
    });
    let p95: Vec<Row> = p95.collect();
    Ok(rows.into_iter().chain(p95).collect())
}

/// `cargo clippy` on the service, which compiles all that it depends on: minutes.
pub(super) fn clippy(bench: &Bench<'_>) -> Result<Vec<Row>> {
    let orch_gen = commands::release(bench)?;
    let scratch = Scratch::new(&bench.folder, "clippy")?;
    let service = trees::service(&orch_gen, &scratch)?;
    Others::new(bench.workspace, &scratch)?.clippy(&service, bench.rounds)
}

/// One tree, and how often it is linted.
struct Subject<'a> {
    orch_gen: &'a Path,
    scratch: &'a Scratch,
    tree: &'a Tree,
    often: usize,
    seldom: usize,
}

impl Subject<'_> {
    fn rows(&self, others: &Others<'_>, marks: Option<Marks>) -> Result<Vec<Row>> {
        let kept = self.kept("warm")?;
        let colds = (0..self.seldom * 3).map(|turn| Ok(self.lint(&self.kept(&turn.to_string())?)));
        let colds: Vec<Job> = colds.collect::<Result<_>>()?;
        let warm = self.lint(&kept);
        warm.output()?;
        let warms = || vec![warm.clone(); self.often];
        let edited = self.tree.folder.join(&self.tree.edited);
        let mut cases = vec![
            Case::new(
                "rg -l Orchestrator -t rust",
                vec![others.search(self.tree)?; self.often],
            ),
            Case::new("orch-gen lint, warm", warms()),
            Case::new("orch-gen lint, one file edited", warms()).after_edit_of(edited),
            Case::new("orch-gen lint, cold", colds),
        ];
        cases.extend(others.cases(self.tree, self.seldom));
        let mut rows = take_turns(cases)?;
        let memory = [
            self.memory("warm", &warm)?,
            self.memory("cold", &self.lint(&self.kept("memory")?))?,
        ];
        let at_most = |row: Row, limit: Option<f64>| match limit {
            Some(limit) => row.wanted(Wanted::AtMost(limit)),
            None => row,
        };
        if let [search, warm, edited, cold, ..] = &mut rows[..] {
            let ratios = [
                ratio("warm / rg", warm, 0.0, search, WARM),
                ratio("(one edited - 10 ms) / rg", edited, EDIT_MS, search, WARM),
                ratio("cold / rg", cold, 0.0, search, COLD),
            ];
            *warm = at_most(warm.clone(), marks.map(|of| of.warm_ms));
            *cold = at_most(cold.clone(), marks.map(|of| of.cold_ms));
            rows.splice(4..4, ratios);
        }
        let limit = marks.map(|of| of.memory_mb);
        rows.splice(7..7, memory.map(|row| at_most(row, limit)));
        rows.splice(0..0, self.tree.size());
        Ok(rows)
    }

    fn lint(&self, kept: &Path) -> Job {
        Job::new(self.orch_gen)
            .args(["lint", "--allow-empty"])
            .args([&self.tree.folder])
            .env("CARGO_TARGET_DIR", kept)
            .that_searches()
    }

    /// A new build folder.
    fn kept(&self, name: &str) -> Result<PathBuf> {
        let folder = self
            .scratch
            .place(&format!("{}-kept/{name}", self.tree.name))?;
        fs::create_dir(&folder).with_context(|| folder.display().to_string())?;
        Ok(folder)
    }

    /// The most memory that a process has at once.
    fn memory(&self, name: &str, job: &Job) -> Result<Row> {
        let title = format!("orch-gen lint, {name}, memory");
        let said = self.scratch.place("memory")?;
        let arguments = ["-q", "-f", "%M", "-o"].map(OsStr::new);
        let arguments = arguments.into_iter().chain([said.as_os_str()]);
        let timed = job.clone().started_by("time", arguments);
        if let Err(error) = timed.timed() {
            let reason = format!("GNU time measures it: {error:#}");
            return Ok(Row::not_run(title, &reason, Vec::new()));
        }
        let kib: f64 = fs::read_to_string(&said)?.trim().parse()?;
        Ok(Row::new(title, "MB", vec![kib * 1024.0 / 1e6]))
    }
}

/// How many times as long as `search` a row takes, `less` milliseconds taken off it.
fn ratio(name: &str, row: &Row, less: f64, search: &Row, limit: f64) -> Row {
    let search = search.median();
    let samples = row.samples.iter();
    let shares = samples.map(|sample| (sample - less).max(0.0) / search);
    Row::new(name, "x", shares.collect()).wanted(Wanted::AtMost(limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_to_the_median_and_what_an_edit_may_cost_is_taken_off() {
        let search = Row::new("rg", "ms", vec![10.0, 90.0, 8.0]);
        let row = Row::new("lint", "ms", vec![25.0, 5.0]);
        let ratio = ratio("x", &row, 10.0, &search, 1.5);
        assert_eq!(ratio.samples, [1.5, 0.0]);
    }
}
