//! `orch-gen doctor`: one line for each thing that has to be right, and the command that puts it right.
//!
//! It only looks, and only at this machine: no network, no build, nothing is written.

mod check;
mod git;
mod package;
mod runtime;
mod toolchain;

use super::Environment;
use super::args::Target;
use super::output::Output;
use super::target;
use crate::disk::{Entry, Read as _, Real};
use crate::error::{Code, Error, Exit, Result};
use crate::plan::SCHEMA;
use check::{Check, Status};
use serde_json::{Value, json};

/// Looks at the toolchain and the package around; exit code 1 when there is a problem.
pub(super) fn run(
    arguments: &Target,
    environment: &Environment,
    output: &mut Output<'_>,
) -> Result<Exit> {
    let folder = target::folder(&Real, arguments, environment)?;
    if !matches!(Real.entry(&folder), Ok(Some(Entry::Folder | Entry::Link))) {
        return Err(
            Error::new(Code::Usage, "there is no such folder to look at")
                .at(folder.display().to_string())
                .help("name the folder of a package with `--out DIR`"),
        );
    }
    let working = output.working("looking");
    let mut checks = toolchain::checks(&folder);
    checks.extend(package::checks(&folder)?);
    drop(working);
    let healthy = checks.iter().all(|check| check.status != Status::Problem);
    if output.json {
        let checks: Vec<Value> = checks.iter().map(document).collect();
        output.document(&json!({
            "schema": SCHEMA, "kind": "doctor", "healthy": healthy, "checks": checks,
        }));
    } else {
        print(&checks, output);
    }
    Ok(if healthy { Exit::Done } else { Exit::Findings })
}

fn document(check: &Check) -> Value {
    json!({
        "name": check.name, "status": check.status.word(),
        "message": check.message, "fix": check.fix,
    })
}

/// The word, as wide as the widest.
fn word(status: Status, color: bool) -> String {
    let word = format!("{:7}", status.word());
    if !color {
        return word;
    }
    let color = match status {
        Status::Ok => "\x1b[32m",
        Status::Warning => "\x1b[33m",
        Status::Problem => "\x1b[31m",
    };
    format!("{color}{word}\x1b[0m")
}

fn print(checks: &[Check], output: &mut Output<'_>) {
    let widest = checks.iter().map(|check| check.name.len()).max();
    for check in checks {
        let (name, status) = (check.name, word(check.status, output.style().color));
        let mut line = format!(
            "{status}  {name:0$}  {1}",
            widest.unwrap_or(0),
            check.message
        );
        if let Some(fix) = &check.fix {
            line += &format!("; fix: {fix}");
        }
        match check.status {
            Status::Ok => output.say(&line),
            Status::Warning | Status::Problem => output.line(&line),
        }
    }
    let of = |wanted| checks.iter().filter(|check| check.status == wanted).count();
    let count = |number: usize, noun: &str| match number {
        0 => format!("no {noun}s"),
        1 => format!("1 {noun}"),
        more => format!("{more} {noun}s"),
    };
    let problems = count(of(Status::Problem), "problem");
    let warnings = count(of(Status::Warning), "warning");
    output.say(&format!("\n{problems}, {warnings}"));
}
