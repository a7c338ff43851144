//! `sagas check`: whether the tables of sagas say what they must not, asked from a terminal or by a timer.

use std::time::Duration;

use crate::saga::SagaProblem;

use super::sagas::SagaParts;
use super::setup::SetupError;

/// How it is typed, for `--help`.
pub(super) const USAGE: &str = "\
  sagas check    compare sagas, steps, events and operations with each other;
                 what does not fit is listed, and the exit code is 1";

/// Behind their time by so much, sagas and events are lost.
const OVERDUE: Duration = Duration::from_secs(600);

/// Reads what stands behind `sagas`.
///
/// # Errors
/// What is wrong with it.
pub(super) fn parse(words: &[&str]) -> Result<(), String> {
    match words {
        ["check"] => Ok(()),
        [] => Err("sagas needs an action: sagas check".to_owned()),
        [unknown, ..] => Err(format!("unknown action {unknown:?} of sagas: sagas check")),
    }
}

/// Does it; returns what to print.
pub(super) async fn run(sagas: &[SagaParts]) -> Result<String, SetupError> {
    let mut found = Vec::new();
    for parts in sagas {
        let problems = parts.workers.check_integrity(OVERDUE).await;
        let problems = problems.map_err(|error| SetupError::new(error.to_string()))?;
        found.extend(problems.iter().map(line));
    }
    if found.is_empty() {
        return Ok("sagas, steps, events and operations fit together".to_owned());
    }
    let count = found.len();
    found.insert(
        0,
        format!("{count} findings; docs/14_sagas-guide.md says what each means"),
    );
    Err(SetupError::new(found.join("\n")))
}

fn line(problem: &SagaProblem) -> String {
    let SagaProblem {
        finding,
        transaction_id,
        step,
    } = problem;
    let finding = serde_json::to_value(finding).unwrap_or_default();
    let finding = finding.as_str().unwrap_or_default();
    match step {
        Some(step) => format!("{finding} {transaction_id} {step}"),
        None => format!("{finding} {transaction_id}"),
    }
}
