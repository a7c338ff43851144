//! `orch-gen upgrade`: brings a package to the templates of this version, and takes that back.

use super::Environment;
use super::apply::{carry_out, open, print_plan, required_spec};
use super::args::{ConflictForm, Upgrade};
use super::conflicts;
use super::output::Output;
use super::target::{self, Place, Wish};
use crate::apply;
use crate::disk::{Real, Tree};
use crate::error::{Exit, Result};
use crate::plan::{self, Conflicts, SCHEMA};
use serde_json::json;

/// Merges what the templates changed into files of yours; what both changed is written down.
pub(super) fn run(
    arguments: &Upgrade,
    environment: &Environment,
    output: &mut Output<'_>,
) -> Result<Exit> {
    let place = target::existing(&Real, &arguments.target, environment)?;
    if arguments.abort {
        return abort(&place, output);
    }
    let wish = Wish {
        force: arguments.force,
        conflicts: match arguments.conflicts {
            None if asks(arguments, environment, output) => Conflicts::Refuse,
            None | Some(ConflictForm::Inline) => Conflicts::Mark,
            Some(ConflictForm::Rej) => Conflicts::Reject,
        },
        upgrade: true,
        ..Wish::default()
    };
    if arguments.dry_run {
        apply::pending(&Real, &place.root)?;
        let plan = place.plan(&Real, &required_spec(&place)?, &wish)?;
        return Ok(print_plan(&plan, arguments.diff, output));
    }
    let session = open(&place, output)?;
    let text = required_spec(&place)?;
    let Some(settled) = conflicts::plan(&place, &text, wish, environment, output)? else {
        return Ok(Exit::Findings);
    };
    let exit = carry_out(&session, &settled, arguments.diff, output)?;
    let plan = &settled.plan;
    if exit != Exit::Done {
        return Ok(exit);
    }
    if plan.is_empty() {
        output.say("nothing to do: the tree is of this version");
    } else {
        let from = plan.from.as_deref().unwrap_or_default();
        output.say(&format!(
            "\nUpgraded from {from} to {}. `orch-gen upgrade --abort` takes it back.",
            env!("CARGO_PKG_VERSION")
        ));
    }
    Ok(exit)
}

/// Whether somebody is there to be asked about conflicts; a plan that is only shown shows the form in
/// which they would be written down without questions.
const fn asks(arguments: &Upgrade, environment: &Environment, output: &Output<'_>) -> bool {
    environment.input.is_some() && !output.is_silent() && !arguments.dry_run
}

fn abort(place: &Place, output: &mut Output<'_>) -> Result<Exit> {
    let session = open(place, output)?;
    let steps = plan::undo::abort(Tree::new(&Real, &place.root))?;
    session.restore(&steps)?;
    let paths = steps.iter().map(|step| step.path.as_str());
    let paths: Vec<&str> = paths.filter(|path| !path.starts_with(".orch/")).collect();
    if output.json {
        output.document(&json!({ "schema": SCHEMA, "kind": "aborted", "files": paths }));
        return Ok(Exit::Done);
    }
    for path in paths.iter().filter(|path| path.contains(".orig")) {
        output.note(&format!(
            "your changes since the upgrade are kept as {path}"
        ));
    }
    output.say(&format!(
        "took the upgrade back: {} files are as they were",
        paths.len()
    ));
    Ok(Exit::Done)
}
