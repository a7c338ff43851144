//! The tasks of this repository, run as `cargo xtask <task>`.
//!
//! | module | holds |
//! |---|---|
//! | [`mod@test`] | `cargo xtask test`: everything that must pass, in one command |
//! | [`mod@bench`] | `cargo xtask bench`: what is measured, side by side with a reference |
//! | [`rules`] | `cargo xtask rules`: pages of the linter's rules, and their names in the schema |
//! | [`job`] | running other programs |
//! | [`workspace`] | where things are |
//! | [`postgres`] | the server that tests start |
//! | [`providers`] | the emulators of providers that tests start |
//! | [`table`] | printing results |
//!
//! **Deliberately absent:** any setup. A task needs the Rust toolchain with rustfmt and clippy, and
//! says so when one is missing. What else it needs, promtool, PostgreSQL and emulators of providers, it
//! gets by itself; the last with npm and Python.

pub mod bench;
pub mod job;
pub mod postgres;
pub mod providers;
pub mod rules;
pub mod table;
pub mod test;
pub mod workspace;

use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;

use self::workspace::Workspace;

const USAGE: &str = "\
Usage: cargo xtask <task>

Tasks:
  test [STEP]... [--keep-going]   pass everything, or only the named steps
  test --list                     name the steps
  bench [BENCH]... [--json FILE] [--rounds N]
                                  measure generate, lint, clippy, runtime, peers, soak, fresh, or only the
                                  named ones
  examples                        write examples/ anew from each orch.toml
  rules                           write docs/rules/ and the rules in the schema of orch.toml anew";

/// How a task ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// As it should.
    Passed,
    /// Something did not pass; it was said what.
    Failed,
    /// The arguments mean nothing.
    Usage,
}

/// Runs the task that `arguments` name.
pub fn main(arguments: &[String], out: &mut dyn Write) -> ExitCode {
    match run(arguments, out) {
        Ok(End::Passed) => ExitCode::SUCCESS,
        Ok(End::Failed) => ExitCode::from(1),
        Ok(End::Usage) => ExitCode::from(2),
        Err(error) => {
            drop(writeln!(out, "error: {error:#}"));
            ExitCode::from(1)
        }
    }
}

fn run(arguments: &[String], out: &mut dyn Write) -> Result<End> {
    match arguments.split_first() {
        Some((task, rest)) if task == "test" => test::run(&Workspace::find()?, rest, out),
        Some((task, rest)) if task == "bench" => bench::run(&Workspace::find()?, rest, out),
        Some((task, [])) if task == "examples" => {
            test::examples::write(&Workspace::find()?)?;
            Ok(End::Passed)
        }
        Some((task, [])) if task == "rules" => {
            rules::write(&Workspace::find()?)?;
            Ok(End::Passed)
        }
        Some((task, _)) if task == "help" || task == "--help" => {
            writeln!(out, "{USAGE}")?;
            Ok(End::Passed)
        }
        _ => {
            writeln!(out, "{USAGE}")?;
            Ok(End::Usage)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_task_is_answered_with_the_usage() {
        let mut out = Vec::new();
        let end = run(&["frobnicate".to_owned()], &mut out).unwrap();
        assert_eq!(end, End::Usage);
        assert!(String::from_utf8(out).unwrap().starts_with("Usage:"));
    }
}
