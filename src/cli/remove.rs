//! `orch-gen remove`: takes out what generation put in.

use super::Environment;
use super::apply::{carry_out, open, print_plan, required_spec};
use super::args::Remove;
use super::conflicts;
use super::output::Output;
use super::target::{self, Wish};
use crate::apply;
use crate::disk::Real;
use crate::error::{Exit, Result};
use crate::naming::{Name, Role};
use crate::spec::{self, Spec};

/// Takes out a domain or one of its operations. What was edited is kept and listed.
pub(super) fn run(
    arguments: &Remove,
    environment: &Environment,
    output: &mut Output<'_>,
) -> Result<Exit> {
    let (domain, _) = Name::parse(Role::Domain, &arguments.domain)?;
    let event = arguments
        .event
        .as_deref()
        .map(|typed| Name::parse(Role::Event, typed));
    let event = event.transpose()?.map(|(event, _)| event);
    let place = target::existing(&Real, &arguments.target, environment)?;
    let without = |text: &str| spec::remove(text, &domain, event.as_ref());
    let kind = match is_saga(&required_spec(&place)?, &domain)? {
        true => "saga",
        false => "domain",
    };
    let wish = Wish {
        prune: true,
        ..arguments.mode.wish()
    };
    if arguments.mode.dry_run {
        apply::pending(&Real, &place.root)?;
        let working = output.working("planning");
        let plan = place.plan(&Real, &without(&required_spec(&place)?)?, &wish)?;
        drop(working);
        return Ok(print_plan(&plan, arguments.mode.diff, output));
    }
    let session = open(&place, output)?;
    let text = without(&required_spec(&place)?)?;
    let Some(settled) = conflicts::plan(&place, &text, wish, environment, output)? else {
        return Ok(Exit::Findings);
    };
    let exit = carry_out(&session, &settled, arguments.mode.diff, output)?;
    let domain = domain.type_name();
    match event {
        Some(event) => output.say(&format!(
            "\nRemoved {} of the domain {domain}.",
            event.type_name()
        )),
        None => output.say(&format!("\nRemoved the {kind} {domain}.")),
    }
    output.say("Databases keep the tables and columns they have.");
    Ok(exit)
}

fn is_saga(text: &str, name: &Name) -> Result<bool> {
    let sagas = Spec::parse(text)?.sagas;
    Ok(sagas.iter().any(|saga| saga.name == *name))
}
