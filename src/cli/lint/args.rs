//! What `orch-gen lint` is told.

use super::files::ReportFile;
use clap::{Args, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

pub(in crate::cli) const EXAMPLES: &str = "\
Examples:
  orch-gen lint
  orch-gen lint services/shop --format concise
  orch-gen lint --only ORC002 --only missing-docs
  orch-gen lint --staged             (what a commit would add)
  orch-gen lint --since origin/main  (what a branch adds)
  orch-gen lint --fix                (mend what can be mended unseen)
  orch-gen lint --diff --unsafe-fixes
  orch-gen lint --watch --format concise
  orch-gen lint --format rustc-json -- cargo clippy --message-format=json
  orch-gen lint --verify-config      (what is wrong in [lint] of orch.toml)

Exit codes: 0 clean, 1 findings, 2 wrong usage, 3 a file does not parse. With
--diff: 0 nothing to fix, 1 something. What --fix left decides its exit code.";

/// What to lint, and how to print it.
#[derive(Debug, Args)]
pub(in crate::cli) struct Lint {
    /// The folder of a package or workspace [default: the one around]
    pub(in crate::cli) path: Option<PathBuf>,
    /// Lint what is staged in git, whatever is on the disk; say what the commit
    /// answers for
    #[arg(long, conflicts_with = "since")]
    pub(in crate::cli) staged: bool,
    /// Say only what changes since the branch left this git revision answer for
    #[arg(long, value_name = "REV")]
    pub(in crate::cli) since: Option<String>,
    /// Apply the fixes that leave the program as it is, and say what is left
    #[arg(long, conflicts_with_all = ["staged", "since", "diff"])]
    pub(in crate::cli) fix: bool,
    /// Print what --fix would change as a unified diff, and write nothing
    #[arg(long, conflicts_with_all = ["staged", "since", "format", "output_file"])]
    pub(in crate::cli) diff: bool,
    /// With --fix or --diff: apply fixes that a person has to look at, too
    #[arg(long)]
    pub(in crate::cli) unsafe_fixes: bool,
    /// Lint again whenever a file changes, until Ctrl-C
    #[arg(long, conflicts_with_all = ["staged", "since", "fix", "diff", "output_file"])]
    pub(in crate::cli) watch: bool,
    /// How to print findings
    #[arg(long, value_name = "FORMAT", default_value = "full")]
    pub(in crate::cli) format: LintFormat,
    /// Write findings to a file, beside what is printed (repeatable)
    #[arg(long, value_name = "FORMAT=PATH", value_parser = ReportFile::parse)]
    pub(in crate::cli) output_file: Vec<ReportFile>,
    /// Run only this rule (repeatable)
    #[arg(long, value_name = "RULE")]
    pub(in crate::cli) only: Vec<String>,
    /// Leave out this rule (repeatable)
    #[arg(long, value_name = "RULE")]
    pub(in crate::cli) except: Vec<String>,
    /// A program to run at the same time; what both print is one stream
    #[arg(last = true, value_name = "COMMAND", conflicts_with_all = ["fix", "diff", "watch"])]
    pub(in crate::cli) beside: Vec<OsString>,
    /// Read the sections [lint] of orch.toml and say what is wrong with them;
    /// lint nothing
    #[arg(
        long,
        conflicts_with_all = [
            "staged", "since", "format", "output_file", "only", "except", "preview", "allow_empty",
            "no_baseline", "show_unknown", "statistics", "timings",
        ]
    )]
    pub(in crate::cli) verify_config: bool,
    /// Rules that still prove themselves, too
    #[arg(long)]
    pub(in crate::cli) preview: bool,
    /// A project without an orchestrator is fine
    #[arg(long)]
    pub(in crate::cli) allow_empty: bool,
    /// Show findings that are in orch-lint.baseline, too
    #[arg(long)]
    pub(in crate::cli) no_baseline: bool,
    /// Say on the error stream what rules could not decide, and why
    #[arg(long)]
    pub(in crate::cli) show_unknown: bool,
    /// Say on the error stream how often each rule found something
    #[arg(long)]
    pub(in crate::cli) statistics: bool,
    /// Say on the error stream how long each part of the run took
    #[arg(long)]
    pub(in crate::cli) timings: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum LintFormat {
    Full,
    Concise,
    Json,
    Sarif,
    Github,
    Gitlab,
    Junit,
    RustcJson,
}
