//! `cargo xtask test`: everything that must pass, one step after the other.
//!
//! Steps share one build folder and one set of features, so that nothing is compiled twice. A name
//! selects a step or, as `examples`, all steps below it.

mod absences;
mod ci;
mod corpus;
pub(crate) mod examples;
mod files;
mod fresh;
mod held;
mod hooks;
mod hostile;
mod matrix;
mod monitoring;
mod nats;
mod own;
mod providers;
mod redis;
mod sarif;

use std::io::Write;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::End;
use crate::job::Job;
use crate::postgres;
use crate::table::Table;
use crate::workspace::Workspace;

/// One thing that must pass.
struct Step {
    name: &'static str,
    run: fn(&Workspace) -> Result<()>,
}

/// Cheap ones first, so that a slip shows early.
const STEPS: &[Step] = &[
    step("fmt", own::fmt),
    step("absences", absences::run),
    step("clippy", own::clippy),
    step("test", own::test),
    step("doctest", own::doctest),
    step("doc", own::doc),
    step("examples/current", examples::current),
    step("examples/fmt", examples::fmt),
    step("examples/lint", examples::lint),
    step("corpus", corpus::run),
    step("examples/clippy", examples::clippy),
    step("examples/held", held::run),
    step("examples/test", examples::test),
    step("examples/postgres", examples::postgres),
    step("examples/doc", examples::doc),
    step("monitoring", monitoring::run),
    step("hooks", hooks::run),
    step("sarif", sarif::run),
    step("ci", ci::run),
    step("nats", nats::run),
    step("redis", redis::run),
    step("chaos", own::chaos),
    step("providers", providers::run),
    step("fresh/generate", fresh::generate),
    step("fresh/fmt", fresh::fmt),
    step("fresh/lint", fresh::lint),
    step("fresh/clippy", fresh::clippy),
    step("fresh/test", fresh::test),
    step("hostile/specs", hostile::specs),
    step("hostile/fmt", hostile::fmt),
    step("hostile/clippy", hostile::clippy),
    step("hostile/doc", hostile::doc),
    step("matrix/generate", matrix::generate),
    step("matrix/fmt", matrix::fmt),
    step("matrix/lint", matrix::lint),
    step("matrix/clippy", matrix::clippy),
    step("matrix/test", matrix::test),
    step("matrix/doc", matrix::doc),
    step("proof", own::proof),
];

const fn step(name: &'static str, run: fn(&Workspace) -> Result<()>) -> Step {
    Step { name, run }
}

/// What became of a step.
struct Done {
    name: &'static str,
    passed: bool,
    took: Duration,
}

/// Runs the steps that `arguments` select.
///
/// # Errors
/// When a tool is missing or the output cannot be written.
pub fn run(workspace: &Workspace, arguments: &[String], out: &mut dyn Write) -> Result<End> {
    let (options, names): (Vec<_>, Vec<_>) =
        arguments.iter().partition(|word| word.starts_with('-'));
    if options.iter().any(|option| *option == "--list") {
        for step in STEPS {
            writeln!(out, "{}", step.name)?;
        }
        return Ok(End::Passed);
    }
    let wrong = options.iter().find(|option| **option != "--keep-going");
    if let Some(word) = wrong.or_else(|| names.iter().find(|name| !is_known(name))) {
        writeln!(
            out,
            "error: no step or option is called {word:?}; see `cargo xtask test --list`"
        )?;
        return Ok(End::Usage);
    }
    require_tools()?;
    let workspace = &workspace.clone().with_postgres()?;
    let has_bouncer = postgres::provide_bouncer();
    let selected: Vec<&Step> = STEPS
        .iter()
        .filter(|step| names.is_empty() || names.iter().any(|name| selects(name, step)))
        .collect();
    let end = run_all(workspace, &selected, !options.is_empty(), out)?;
    if !has_bouncer {
        writeln!(
            out,
            "\nSKIPPED: the tests with PgBouncer, which is not installed"
        )?;
    }
    Ok(end)
}

fn selects(name: &str, step: &Step) -> bool {
    step.name == name
        || step
            .name
            .split_once('/')
            .is_some_and(|(group, _)| group == name)
}

fn is_known(name: &str) -> bool {
    STEPS.iter().any(|step| selects(name, step))
}

fn require_tools() -> Result<()> {
    for tool in ["fmt", "clippy"] {
        let component = if tool == "fmt" { "rustfmt" } else { tool };
        Job::cargo(&[tool, "--version"]).output().map_err(|error| {
            error.context(format!(
                "cargo {tool} is missing: `rustup component add {component}`"
            ))
        })?;
    }
    Ok(())
}

fn run_all(
    workspace: &Workspace,
    steps: &[&Step],
    keep_going: bool,
    out: &mut dyn Write,
) -> Result<End> {
    let mut done: Vec<Done> = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        writeln!(out, "\n== {}/{} {}", at + 1, steps.len(), step.name)?;
        let begin = Instant::now();
        let result = (step.run)(workspace);
        let took = begin.elapsed();
        let passed = result.is_ok();
        match result {
            Ok(()) => writeln!(out, "== {} passed in {}", step.name, seconds(took))?,
            Err(error) => writeln!(
                out,
                "== {} FAILED after {}: {error:#}",
                step.name,
                seconds(took)
            )?,
        }
        let name = step.name;
        done.push(Done { name, passed, took });
        if !passed && !keep_going {
            break;
        }
    }
    summarise(steps, &done, out)
}

fn summarise(steps: &[&Step], done: &[Done], out: &mut dyn Write) -> Result<End> {
    let mut table = Table::new(&["step", "result", "time"]);
    for step in done {
        let result = if step.passed { "ok" } else { "FAILED" };
        table.row([step.name, result, &seconds(step.took)].map(str::to_owned));
    }
    for step in &steps[done.len()..] {
        table.row([step.name, "not run", ""].map(str::to_owned));
    }
    let total: Duration = done.iter().map(|step| step.took).sum();
    table.row(["total", "", &seconds(total)].map(str::to_owned));
    write!(out, "\n{table}")?;
    if let Some(failed) = done.iter().find(|step| !step.passed) {
        let name = failed.name;
        writeln!(out, "\nfailed: {name}. Again: `cargo xtask test {name}`")?;
        return Ok(End::Failed);
    }
    Ok(End::Passed)
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_selects_its_steps_and_nothing_else() {
        let selected = |name: &str| STEPS.iter().filter(|step| selects(name, step)).count();
        assert_eq!(selected("test"), 1);
        assert!(selected("examples") > 3);
        assert!(!is_known("example"));
    }

    #[test]
    fn the_summary_names_the_command_that_repeats_the_failure() {
        let steps: Vec<&Step> = STEPS.iter().take(2).collect();
        let done = [Done {
            name: "fmt",
            passed: false,
            took: Duration::from_millis(1_250),
        }];
        let mut out = Vec::new();
        let end = summarise(&steps, &done, &mut out).unwrap();
        let out = String::from_utf8(out).unwrap();
        assert_eq!(end, End::Failed);
        assert!(out.contains("cargo xtask test fmt"), "{out}");
        assert!(out.contains("not run"), "{out}");
    }
}
