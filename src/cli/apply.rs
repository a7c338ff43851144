//! `orch-gen apply` and `orch-gen plan`, and what every command does with a plan.

use super::Environment;
use super::args::{Apply, Plan as PlanArguments};
use super::conflicts::{self, Settled};
use super::graph;
use super::output::Output;
use super::target::{self, Place, Wish};
use crate::apply::{self, Recovery, Session};
use crate::disk::{Read, Real};
use crate::error::{Code, Error, Exit, Result};
use crate::plan::{self, Action, LockState, Plan};
use serde_json::json;

/// Makes the tree match `orch.toml`.
pub(super) fn run(
    arguments: &Apply,
    environment: &Environment,
    output: &mut Output<'_>,
) -> Result<Exit> {
    let place = target::existing(&Real, &arguments.target, environment)?;
    if arguments.mode.dry_run {
        return show(&place, arguments.mode.diff, arguments.mode.wish(), output);
    }
    let session = open(&place, output)?;
    let text = required_spec(&place)?;
    let wish = arguments.mode.wish();
    let Some(settled) = conflicts::plan(&place, &text, wish, environment, output)? else {
        return Ok(Exit::Findings);
    };
    let exit = carry_out(&session, &settled, arguments.mode.diff, output)?;
    if !output.json {
        let summary = if exit == Exit::Done && settled.plan.is_empty() {
            "nothing to do: the tree matches orch.toml"
        } else {
            ""
        };
        if !summary.is_empty() {
            output.say(summary);
        }
    }
    Ok(exit)
}

/// Shows what `apply` would do, or the sagas.
pub(super) fn plan(
    arguments: &PlanArguments,
    environment: &Environment,
    output: &mut Output<'_>,
) -> Result<Exit> {
    let place = target::existing(&Real, &arguments.target, environment)?;
    if let Some(form) = arguments.graph {
        apply::pending(&Real, &place.root)?;
        return graph::run(&place, form, output);
    }
    let wish = Wish {
        force: arguments.force,
        ..Wish::default()
    };
    show(&place, arguments.diff, wish, output)
}

fn show(place: &Place, diff: bool, wish: Wish, output: &mut Output<'_>) -> Result<Exit> {
    apply::pending(&Real, &place.root)?;
    let working = output.working("planning");
    let plan = place.plan(&Real, &required_spec(place)?, &wish)?;
    drop(working);
    Ok(print_plan(&plan, diff, output))
}

/// The session of a place, with a note about what it put right.
pub(super) fn open<'a>(place: &'a Place, output: &mut Output<'_>) -> Result<Session<'a>> {
    let session = Session::open(&Real, &place.root)?;
    match session.recovery() {
        Recovery::Nothing => {}
        Recovery::Completed => output.note("an interrupted run was completed first"),
        Recovery::TakenBack => output.note("an interrupted run was taken back first"),
    }
    Ok(session)
}

/// Carries out a plan and prints what was done; with conflicts that a person has to settle, or chose to
/// skip, it ends with exit code 1.
pub(super) fn carry_out(
    session: &Session<'_>,
    settled: &Settled,
    diff: bool,
    output: &mut Output<'_>,
) -> Result<Exit> {
    let plan = &settled.plan;
    let conflict = plan.conflict_error();
    if conflict.is_some() && !output.json {
        output.say(plan::tree(&conflicts_only(plan), output.style()).trim_end());
    }
    let working = output.working("writing files");
    session.apply(plan)?;
    drop(working);
    let exit = if plan.left().next().is_some() || plan.skipped().next().is_some() {
        Exit::Findings
    } else {
        Exit::Done
    };
    if output.json {
        let mut document = plan.to_json(false);
        document["kind"] = json!("applied");
        output.document(&document);
        return Ok(exit);
    }
    if plan.lock_state == LockState::Rebuilt {
        output.note("orch.lock was missing and was made anew from the tree");
    }
    if diff {
        output.say(plan::diff(plan, output.style()).trim_end());
    }
    if !plan.is_empty() && !output.plan_shown {
        output.say(plan::tree(plan, output.style()).trim_end());
    }
    if !output.plan_shown {
        output.warnings(&plan.warnings);
        plan.notes.iter().for_each(|note| output.note(note));
    }
    if let Some(error) = plan.left_error() {
        output.error(&error);
    }
    conflicts::summarize(settled, output);
    Ok(exit)
}

/// Prints a plan; a plan with conflicts ends with exit code 1.
pub(super) fn print_plan(plan: &Plan, diff: bool, output: &mut Output<'_>) -> Exit {
    let exit = if plan.conflicts().next().is_some() {
        Exit::Findings
    } else {
        Exit::Done
    };
    if output.json {
        output.document(&plan.to_json(diff));
        return exit;
    }
    if diff {
        output.line(plan::diff(plan, output.style()).trim_end());
    } else if !plan.is_empty() || exit == Exit::Findings || output.style().all {
        output.line(plan::tree(plan, output.style()).trim_end());
    }
    output.say(&plan::summary(plan));
    output.warnings(&plan.warnings);
    plan.notes.iter().for_each(|note| output.note(note));
    match plan.conflict_error() {
        Some(_) if output.asks_later => output.note("files in conflict are asked about one by one"),
        Some(error) => output.error(&error),
        None => {}
    }
    exit
}

fn conflicts_only(plan: &Plan) -> Plan {
    let mut only = plan.clone();
    only.changes
        .retain(|change| matches!(change.action, Action::Conflict(_)));
    only
}

/// The text of `orch.toml`, which has to be there.
pub(super) fn required_spec(place: &Place) -> Result<String> {
    read_spec(&Real, place)
}

fn read_spec(disk: &dyn Read, place: &Place) -> Result<String> {
    place.spec_text(disk)?.ok_or_else(|| {
        Error::new(Code::NoPackage, "there is no orch.toml")
            .at(place.root.display().to_string())
            .help("make a package with `orch-gen new DIR`")
    })
}
