//! `orch-gen upgrade`: brings a package to the templates of this version, and takes that back.

use super::Environment;
use super::apply::{carry_out, open, print_plan, required_spec};
use super::args::{ConflictForm, Upgrade};
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
            ConflictForm::Inline => Conflicts::Mark,
            ConflictForm::Rej => Conflicts::Reject,
        },
        prune: false,
        upgrade: true,
        ..Wish::default()
    };
    if arguments.dry_run {
        apply::pending(&Real, &place.root)?;
        let plan = place.plan(&Real, &required_spec(&place)?, wish)?;
        return Ok(print_plan(&plan, arguments.diff, output));
    }
    let session = open(&place, output)?;
    let plan = place.plan(&Real, &required_spec(&place)?, wish)?;
    let exit = carry_out(&session, &plan, arguments.diff, output)?;
    if plan.is_empty() {
        output.say("nothing to do: the tree is of this version");
    } else if exit == Exit::Done {
        let from = plan.from.as_deref().unwrap_or_default();
        output.say(&format!(
            "\nUpgraded from {from} to {}. `orch-gen upgrade --abort` takes it back.",
            env!("CARGO_PKG_VERSION")
        ));
    }
    Ok(exit)
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
