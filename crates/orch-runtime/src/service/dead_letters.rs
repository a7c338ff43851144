//! `dead-letters`: what waits for a person, shown and decided from a terminal.
//!
//! The command works on the database beside running services. It calls no provider itself: what it sets
//! going is taken up by a service.

use std::fmt::Write as _;
use std::time::Duration;

use crate::dead_letter::{DeadLetter, DeadLetterKind, DeadLetters, Decided, Decision};
use crate::engine::Engine;
use crate::ids::OpId;
use crate::repository::MAX_PAGE;

use super::module::Parts;
use super::setup::SetupError;

/// How it is typed, for `--help`.
pub(super) const USAGE: &str = "\
  dead-letters [--json]
                 list what waits for a person: parked and exhausted
  dead-letters ask-again <OP|--all> --by <NAME> --reason <TEXT>
                 ask the provider once more about what is parked
  dead-letters confirm <OP> [--ref <REF>] --by <NAME> --reason <TEXT>
                 the provider did it: complete what is parked
  dead-letters deny <OP> --by <NAME> --reason <TEXT>
                 the provider did not do it: fail what is parked
  dead-letters redrive <OP|--all> --by <NAME> --reason <TEXT>
                 do what failed in a new operation";

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Task {
    List { json: bool },
    Decide { act: Act, on: On, why: Decision },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Act {
    AskAgain,
    Confirm { provider_ref: Option<String> },
    Deny,
    Redrive,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum On {
    One(OpId),
    All,
}

/// Reads what stands behind `dead-letters`.
///
/// # Errors
/// What is wrong with it.
pub(super) fn parse(words: &[&str]) -> Result<Task, String> {
    let (verb, rest) = match words {
        [] => return Ok(Task::List { json: false }),
        ["--json"] => return Ok(Task::List { json: true }),
        [verb, rest @ ..] => (*verb, rest),
    };
    let (mut op, mut all, mut by, mut reason, mut provider_ref) = (None, false, None, None, None);
    let mut words = rest.iter();
    while let Some(word) = words.next() {
        let mut value = || {
            let value = words.next().map(|value| (*value).to_owned());
            value.ok_or_else(|| format!("{word} needs a value"))
        };
        match *word {
            "--by" => by = Some(value()?),
            "--reason" => reason = Some(value()?),
            "--ref" => provider_ref = Some(value()?),
            "--all" => all = true,
            name if op.is_none() && !name.starts_with('-') => {
                op = Some(OpId::new(name).map_err(|error| error.to_string())?);
            }
            unknown => {
                return Err(format!(
                    "unknown argument {unknown:?} of dead-letters {verb}"
                ));
            }
        }
    }
    if provider_ref.is_some() && verb != "confirm" {
        return Err("--ref belongs to dead-letters confirm".to_owned());
    }
    let act = match verb {
        "ask-again" => Act::AskAgain,
        "confirm" => Act::Confirm { provider_ref },
        "deny" => Act::Deny,
        "redrive" => Act::Redrive,
        _ => return Err(format!("unknown action {verb:?} of dead-letters")),
    };
    let on = match (op, all) {
        (Some(op_id), false) => On::One(op_id),
        (None, true) if matches!(act, Act::AskAgain | Act::Redrive) => On::All,
        _ => return Err(format!("dead-letters {verb} needs one operation id")),
    };
    let by = by.ok_or("--by <NAME> is missing: who decides?")?;
    let reason = reason.ok_or("--reason <TEXT> is missing: it is kept as evidence")?;
    let why = Decision::new(by, reason).map_err(|error| error.to_string())?;
    Ok(Task::Decide { act, on, why })
}

/// Does it; returns what to print.
pub(super) async fn run(task: Task, parts: &[Parts]) -> Result<String, SetupError> {
    let done = match task {
        Task::List { json } => list(parts, json).await,
        Task::Decide { act, on, why } => {
            for part in parts {
                part.engine.drain(Duration::ZERO).await;
            }
            decide(parts, &act, &on, &why).await
        }
    };
    done.map_err(SetupError::new)
}

async fn list(parts: &[Parts], json: bool) -> Result<String, String> {
    let mut text = String::new();
    for part in parts {
        for kind in [DeadLetterKind::Parked, DeadLetterKind::Exhausted] {
            for letter in all(&part.engine, kind).await? {
                if json {
                    let line = serde_json::to_string(&letter).map_err(|error| error.to_string())?;
                    text.extend([&line, "\n"]);
                } else {
                    show(&mut text, part.engine.domain(), &letter);
                }
            }
        }
    }
    if text.is_empty() && !json {
        text.push_str("nothing waits for a person");
    }
    Ok(text.trim_end().to_owned())
}

fn show(text: &mut String, domain: &str, letter: &DeadLetter) {
    let DeadLetter {
        op_id,
        state,
        code,
        since,
        ..
    } = letter;
    let since = since.format("%Y-%m-%d %H:%M:%S");
    let (attempts, biz_key, reason) = (letter.attempts, &letter.biz_key, &letter.reason);
    let written = write!(
        text,
        "{op_id} {domain}\n  {state} {code} since {since} UTC, attempts: {attempts}, {biz_key}\n  {reason}\n"
    );
    written.expect("a String takes everything");
}

async fn all(engine: &Engine, kind: DeadLetterKind) -> Result<Vec<DeadLetter>, String> {
    let letters = DeadLetters::new(engine);
    let mut found: Vec<DeadLetter> = Vec::new();
    loop {
        let after = found.last().map(|letter| letter.op_id.clone());
        let page = letters.list(kind, after.as_ref(), MAX_PAGE).await;
        let page = page.map_err(|error| error.to_string())?;
        if page.is_empty() {
            return Ok(found);
        }
        found.extend(page);
    }
}

async fn decide(parts: &[Parts], act: &Act, on: &On, why: &Decision) -> Result<String, String> {
    match on {
        On::One(op_id) => {
            let engine = owner(parts, op_id).await?;
            decide_one(engine, act, op_id, why).await
        }
        On::All => decide_all(parts, act, why).await,
    }
}

/// Goes on past an operation that cannot be moved; one is enough for the whole to have failed.
async fn decide_all(parts: &[Parts], act: &Act, why: &Decision) -> Result<String, String> {
    let kind = match act {
        Act::Redrive => DeadLetterKind::Exhausted,
        _ => DeadLetterKind::Parked,
    };
    let (mut lines, mut refused) = (Vec::new(), 0);
    for part in parts {
        for letter in all(&part.engine, kind).await? {
            let done = decide_one(&part.engine, act, &letter.op_id, why).await;
            refused += usize::from(done.is_err());
            lines.push(done.unwrap_or_else(|problem| problem));
        }
    }
    if refused > 0 {
        lines.push(format!("{refused} of {} were not moved", lines.len()));
        return Err(lines.join("\n"));
    }
    if lines.is_empty() {
        lines.push("nothing waits for this".to_owned());
    }
    Ok(lines.join("\n"))
}

/// The engine that has the operation.
async fn owner<'p>(parts: &'p [Parts], op_id: &OpId) -> Result<&'p Engine, String> {
    for part in parts {
        let found = part.engine.store().find(op_id).await;
        if found.map_err(|error| error.to_string())?.is_some() {
            return Ok(&part.engine);
        }
    }
    Err(format!("there is no operation {op_id}"))
}

async fn decide_one(
    engine: &Engine,
    act: &Act,
    op_id: &OpId,
    why: &Decision,
) -> Result<String, String> {
    let letters = DeadLetters::new(engine);
    let decided = match act {
        Act::Redrive => {
            let redriven = letters.redrive(op_id, why).await;
            let redriven = redriven.map_err(|error| error.to_string())?;
            return Ok(format!("{op_id} is done anew as {}", redriven.op_id));
        }
        Act::AskAgain => letters.ask_again(op_id, why).await,
        Act::Confirm { provider_ref } => letters.confirm(op_id, provider_ref.clone(), why).await,
        Act::Deny => letters.deny(op_id, why).await,
    };
    match decided.map_err(|error| error.to_string())? {
        Decided::Moved(state) => Ok(format!("{op_id} is {state}")),
        Decided::NotYet => Ok(format!(
            "{op_id} is decided and in the log; the service settles it"
        )),
        Decided::NotParked => Err(format!("{op_id} is not parked: nothing changed")),
        Decided::Unreadable => Err(format!(
            "{op_id} stays parked: this program cannot read its command"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_names_an_operation_a_person_and_a_reason() {
        let why = Decision::new("alice", "seen").unwrap();
        let on = On::One(OpId::new("op-1").unwrap());
        let provider_ref = Some("r".to_owned());
        let words = "confirm op-1 --ref r --by alice --reason seen";
        assert_eq!(
            parse(&words.split(' ').collect::<Vec<_>>()),
            Ok(Task::Decide {
                act: Act::Confirm { provider_ref },
                on,
                why
            })
        );
        for wrong in [
            "confirm",
            "confirm op-1 --by alice",
            "confirm op-1 --reason seen",
            "confirm --all --by alice --reason seen",
            "deny op-1 --ref r --by alice --reason seen",
            "deny op-1 op-2 --by alice --reason seen",
            "deny ../op --by alice --reason seen",
            "forget op-1 --by alice --reason seen",
            "redrive op-1 --by",
        ] {
            let words: Vec<_> = wrong.split(' ').collect();
            assert!(parse(&words).is_err(), "{wrong}");
        }
    }
}
