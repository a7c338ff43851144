//! The arguments of `orch-gen baseline`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

pub(crate) const EXAMPLES: &str = "\
Examples:
  orch-gen baseline create --reason 'before the linter'
  orch-gen baseline prune
  orch-gen baseline check --frozen     (for CI)

The findings are in orch-lint.baseline, one per line, and are committed.";

#[derive(Debug, Subcommand)]
pub(crate) enum Kind {
    /// Write down every finding; of one rule, where there is a baseline
    #[command(
        after_help = "Examples:\n  orch-gen baseline create --reason 'before the linter'\n  orch-gen baseline create --only ORC803"
    )]
    Create(Create),
    /// Take out what is gone, and follow renamed files; adds nothing
    #[command(after_help = "Example:\n  orch-gen baseline prune")]
    Prune(Place),
    /// List what is gone or moved; writes nothing
    #[command(
        after_help = "Examples:\n  orch-gen baseline check\n  orch-gen baseline check --frozen   (for CI)\n\nExit codes: 0 exact (without --frozen always), 1 something is gone or moved."
    )]
    Check(Check),
}

/// Whose baseline.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// The folder of a package or workspace [default: the one around]
    pub(crate) path: Option<PathBuf>,
}

/// What to write down.
#[derive(Debug, Args)]
pub(crate) struct Create {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Why it is left for later
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    pub(crate) reason: String,
    /// Write down only findings of this rule (repeatable)
    #[arg(long, value_name = "RULE")]
    pub(crate) only: Vec<String>,
}

/// How strict to look.
#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Exit 1 when something is gone or moved
    #[arg(long)]
    pub(crate) frozen: bool,
}
