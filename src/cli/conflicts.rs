//! Conflicts on a terminal: what becomes of each file is asked, and then the plan is made again.
//!
//! Without a terminal nobody is asked, and a plan with conflicts is refused. The answers are a part of
//! what is planned for ([`Decisions`]), so what is carried out is a plan like any other, and a file
//! that changed while somebody was thinking is looked at anew.
//!
//! **Invariant:** every question comes before the first write; no answer, and the end of the answers,
//! writes nothing.

use super::Environment;
use super::output::Output;
use super::prompt::Dialogue;
use super::target::{Place, Wish};
use crate::disk::Real;
use crate::error::{Code, Error, Result};
use crate::plan::{self, Action, Change, Conflict, Conflicts, Decision, Decisions, Plan};

/// What is said before the first question.
const LETTERS: &str = "\
  s  skip       the file stays as it is, and the rest is written
  o  overwrite  what is there is kept beside it as .orig
  m  merge      both sides are written, for you to settle
  d  diff       shows what would change, and asks again
  a  abort      nothing is written
A capital letter answers for all that are left.";

/// A plan that may be carried out, or is refused where nobody could be asked.
#[derive(Debug)]
pub(super) struct Settled {
    pub(super) plan: Plan,
    /// The option that would have done the same without questions; nothing when none were asked.
    pub(super) option: Option<String>,
}

/// What is answered to one question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Decide(Decision),
    Diff,
    Abort,
}

/// Makes the plan and asks about its conflicts; nothing when that was broken off.
pub(super) fn plan(
    place: &Place,
    text: &str,
    mut wish: Wish,
    environment: &Environment,
    output: &mut Output<'_>,
) -> Result<Option<Settled>> {
    loop {
        let working = output.working("planning");
        let plan = place.plan(&Real, text, &wish)?;
        drop(working);
        let open: Vec<&Change> = plan
            .conflicts()
            .filter(|change| !wish.decisions.contains_key(&change.path))
            .collect();
        let input = environment.input.as_ref().filter(|_| asks(&wish, output));
        let Some(input) = input.filter(|_| !open.is_empty()) else {
            let option = (!wish.decisions.is_empty()).then(|| option(&wish));
            return Ok(Some(Settled { plan, option }));
        };
        let mut dialogue = Dialogue { input, output };
        let Some(decisions) = ask(&open, &mut dialogue) else {
            output.line("\nNothing was written.");
            return Ok(None);
        };
        wish.decisions.extend(decisions);
    }
}

/// Whether conflicts are asked about: an option that says what becomes of them is an answer.
pub(super) fn asks(wish: &Wish, output: &Output<'_>) -> bool {
    wish.conflicts == Conflicts::Refuse && !output.is_silent()
}

/// Says what was skipped, and how the same is done without questions.
pub(super) fn summarize(settled: &Settled, output: &mut Output<'_>) {
    let skipped: Vec<_> = settled.plan.skipped().collect();
    if !skipped.is_empty() {
        output.say("\nSkipped, and different from what orch.toml says:");
        for (change, kind) in &skipped {
            output.say(&format!("  {}  ({})", change.path, kind.sentence()));
        }
        output.say("`orch-gen check` names them until each is settled.");
    }
    if let Some(option) = &settled.option {
        output.say(&format!("\nThe same without questions: {option}."));
    }
}

fn ask(open: &[&Change], dialogue: &mut Dialogue<'_, '_>) -> Option<Decisions> {
    let files = match open.len() {
        1 => "1 file is in conflict.".to_owned(),
        more => format!("{more} files are in conflict."),
    };
    dialogue.output.line(&format!("{files}\n{LETTERS}"));
    let mut decisions = Decisions::new();
    let mut for_all = None;
    for change in open {
        let Action::Conflict(kind) = change.action else {
            continue;
        };
        let decision = match for_all.filter(|decision| fits(*decision, kind)) {
            Some(decision) => decision,
            None => about(change, kind, &mut for_all, dialogue)?,
        };
        decisions.insert(change.path.clone(), decision);
    }
    Some(decisions)
}

/// Asks about one file until that is decided; nothing when everything is broken off.
fn about(
    change: &Change,
    kind: Conflict,
    for_all: &mut Option<Decision>,
    dialogue: &mut Dialogue<'_, '_>,
) -> Option<Decision> {
    let path = &change.path;
    let said = format!("\n{path}: {}", kind.sentence());
    dialogue.output.line(&said);
    let letters = if kind.merges() {
        "s/o/m/d/a"
    } else {
        "s/o/d/a"
    };
    loop {
        let (answer, all) = dialogue.ask(letters, None, |typed, _| understand(typed, kind))?;
        match answer {
            Answer::Abort => return None,
            Answer::Diff => {
                let diff = plan::diff_of(change, dialogue.output.style());
                dialogue.output.line(diff.trim_end());
            }
            Answer::Decide(decision) => {
                *for_all = all.then_some(decision);
                return Some(decision);
            }
        }
    }
}

/// A letter or its word, and whether it is for all that are left.
fn understand(typed: &str, kind: Conflict) -> Result<(Answer, bool)> {
    let all = typed.starts_with(|first: char| first.is_ascii_uppercase());
    let answer = match typed.to_ascii_lowercase().as_str() {
        "s" | "skip" => Answer::Decide(Decision::Skip),
        "o" | "overwrite" => Answer::Decide(Decision::Overwrite),
        "m" | "merge" => Answer::Decide(Decision::Merge),
        "d" | "diff" => Answer::Diff,
        "a" | "abort" => Answer::Abort,
        _ => {
            return Err(Error::new(Code::Usage, "that is no answer")
                .help("type one of the letters; `d` shows what would change"));
        }
    };
    match answer {
        Answer::Decide(decision) if !fits(decision, kind) => {
            let what = match kind {
                Conflict::Unsettled => "marks of an earlier conflict are not merged again",
                _ => "a generated file is not merged: the next run would write it anew",
            };
            Err(Error::new(Code::Usage, what)
                .help("skip it, or overwrite it: what is there is kept as .orig"))
        }
        answer => Ok((answer, all)),
    }
}

fn fits(decision: Decision, kind: Conflict) -> bool {
    decision != Decision::Merge || kind.merges()
}

/// The option that says what was answered, as far as there is one.
fn option(wish: &Wish) -> String {
    let has = |wanted| wish.decisions.values().any(|decision| *decision == wanted);
    let merge = if wish.upgrade {
        "`--conflicts inline` merges"
    } else {
        "`--merge` merges"
    };
    let parts = [
        (Decision::Skip, "no option skips"),
        (
            Decision::Overwrite,
            "`--force` overwrites, and keeps no .orig of generated files",
        ),
        (Decision::Merge, merge),
    ];
    let parts = parts.iter().filter(|(decision, _)| has(*decision));
    let parts: Vec<&str> = parts.map(|(_, part)| *part).collect();
    parts.join("; ")
}
