//! Linters of others, with one rule each that is like one of ours: no `unwrap()` and no `begin()` in a
//! function named `execute`.
//!
//! **Invariant:** one that cannot be had, or that does not find what it is there to find, is a row that
//! says so.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

use crate::bench::row::Row;
use crate::bench::tools::Tools;
use crate::bench::turns::{Case, Scratch, copy, take_turns};
use crate::job::Job;
use crate::workspace::Workspace;

use super::trees::Tree;

const RIPGREP: (&str, &str) = ("ripgrep", "15.2.0");
const AST_GREP: &str = "ast-grep-cli==0.51.1";
const SEMGREP: &str = "semgrep==1.182.0";

/// The name of the rule.
const RULE: &str = "panic-or-transaction-in-execute";

const AST_GREP_RULE: &str = "\
id: panic-or-transaction-in-execute
language: rust
severity: warning
message: no panic and no transaction around the call
rule:
  any:
    - pattern: $X.unwrap()
    - pattern: $X.begin()
  inside:
    stopBy: end
    kind: function_item
    has:
      field: name
      regex: ^execute$
";

const SEMGREP_RULE: &str = "\
rules:
  - id: panic-or-transaction-in-execute
    languages: [rust]
    severity: WARNING
    message: no panic and no transaction around the call
    patterns:
      - pattern-either:
          - pattern: $X.unwrap()
          - pattern: $X.begin()
      - pattern-inside: |
          fn execute(...) { ... }
";

/// What each of them has to find something in.
const PROBE: &str = "\
impl Orchestrator for Pay {
    async fn execute(&self, command: Command) -> Outcome {
        let tx = self.pool.begin().await.unwrap();
    }
}
";

/// What linters of others are run with.
pub(super) struct Others<'a> {
    workspace: &'a Workspace,
    scratch: &'a Scratch,
    rules: PathBuf,
}

impl<'a> Others<'a> {
    /// Writes their rules.
    pub(super) fn new(workspace: &'a Workspace, scratch: &'a Scratch) -> Result<Self> {
        let rules = scratch.place("rules")?;
        fs::create_dir_all(rules.join("probe"))?;
        fs::write(rules.join("ast-grep.yml"), AST_GREP_RULE)?;
        fs::write(rules.join("semgrep.yml"), SEMGREP_RULE)?;
        fs::write(rules.join("probe/probe.rs"), PROBE)?;
        Ok(Self {
            workspace,
            scratch,
            rules,
        })
    }

    /// The search that everything is compared with. Files to ignore are none of its business.
    pub(super) fn search(&self, tree: &Tree) -> Result<Job> {
        let program = Tools::of(self.workspace).install_as(RIPGREP, "rg")?;
        let search = ["--no-config", "--no-ignore", "-l", "Orchestrator"];
        let job = Job::new(program).args(search).args(["-t", "rust"]);
        Ok(job.args(tree.parts).folder(&tree.folder).that_searches())
    }

    /// Linters that read sources as ours does.
    pub(super) fn cases(&self, tree: &Tree, turns: usize) -> [Case; 2] {
        let case = |title: &str, job: Result<Job>| {
            let jobs = job.map(|job| vec![job.args(tree.parts).folder(&tree.folder); turns]);
            Case::foreign(title, jobs.map(|jobs| Case::new(title, jobs)))
        };
        [
            case("ast-grep scan, one rule", self.ast_grep()),
            case("semgrep scan, one rule", self.semgrep()),
        ]
    }

    fn ast_grep(&self) -> Result<Job> {
        let program = Tools::of(self.workspace).python(AST_GREP, "ast-grep")?;
        let job = Job::new(program).args(["scan", "--rule"]);
        self.tried(job.args([self.rules.join("ast-grep.yml")]))
    }

    fn semgrep(&self) -> Result<Job> {
        let program = Tools::of(self.workspace).python(SEMGREP, "semgrep")?;
        let alone = ["--metrics=off", "--disable-version-check", "--quiet"];
        let job = Job::new(program).args(["scan"]).args(alone);
        let job = job.args(["--no-git-ignore", "--config"]);
        self.tried(job.args([self.rules.join("semgrep.yml")]))
    }

    /// The job, if it finds what is there to be found.
    fn tried(&self, job: Job) -> Result<Job> {
        let said = job.clone().args([self.rules.join("probe")]).output()?;
        ensure!(
            said.contains(RULE),
            "it does not find what its rule describes"
        );
        Ok(job)
    }

    /// `cargo clippy` on a copy: the cold run once, as it compiles every dependency.
    pub(super) fn clippy(&self, tree: &Tree, turns: usize) -> Result<Vec<Row>> {
        let title = "cargo clippy, cold, crates downloaded";
        let copied = self.scratch.place("clippy")?;
        copy(&tree.folder, &copied).output()?;
        let built = self.scratch.place("clippy-kept")?;
        let clippy = cargo(&["clippy", "--offline"], &copied, &built);
        let fetched = cargo(&["fetch", "--quiet"], &copied, &built).output();
        let cold = match fetched.and_then(|_| clippy.timed()) {
            Ok(took) => took.as_secs_f64() * 1e3,
            Err(error) => {
                let reason = format!("{error:#}");
                return Ok(vec![Row::not_run(title, &reason, Vec::new())]);
            }
        };
        let jobs = || vec![clippy.clone(); turns];
        let warm = take_turns(vec![
            Case::new("cargo clippy, warm", jobs()),
            Case::new("cargo clippy, one file edited", jobs())
                .after_edit_of(copied.join(&tree.edited)),
        ])?;
        let mut rows = vec![Row::new(title, "ms", vec![cold])];
        rows.extend(warm);
        Ok(rows)
    }
}

fn cargo(arguments: &[&str], folder: &Path, built: &Path) -> Job {
    Job::cargo(arguments)
        .folder(folder)
        .env("CARGO_TARGET_DIR", built)
}
