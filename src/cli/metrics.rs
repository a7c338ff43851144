//! `orch-gen generate metrics <Domain>`: a dashboard and alerts for one domain.

use super::Environment;
use super::apply::{carry_out, open, print_plan, required_spec};
use super::args::Metrics;
use super::conflicts;
use super::output::Output;
use super::prompt::Dialogue;
use super::target::{self, Place, relative};
use crate::apply;
use crate::disk::Real;
use crate::error::{Code, Error, Exit, Result};
use crate::naming::{Name, Role};
use crate::spec::{self, Spec};

/// Records in `orch.toml` that the domain is watched, and writes what watches it.
pub(super) fn run(
    arguments: &Metrics,
    environment: &Environment,
    output: &mut Output<'_>,
) -> Result<Exit> {
    let place = target::existing(&Real, &arguments.target, environment)?;
    let Some(domain) = domain(arguments, &place, environment, output)? else {
        output.line("\nNothing was written.");
        return Ok(Exit::Findings);
    };
    let wish = arguments.mode.wish();
    if arguments.mode.dry_run {
        apply::pending(&Real, &place.root)?;
        let (text, _) = spec::add_metrics(&required_spec(&place)?, &domain)?;
        let working = output.working("planning");
        let plan = place.plan(&Real, &text, &wish)?;
        drop(working);
        return Ok(print_plan(&plan, arguments.mode.diff, output));
    }
    let session = open(&place, output)?;
    let (text, is_new) = spec::add_metrics(&required_spec(&place)?, &domain)?;
    let Some(settled) = conflicts::plan(&place, &text, wish, environment, output)? else {
        return Ok(Exit::Findings);
    };
    let exit = carry_out(&session, &settled, arguments.mode.diff, output)?;
    let name = domain.type_name();
    if !is_new && exit == Exit::Done && settled.plan.is_empty() {
        output.say(&format!("\n{name} is watched already: nothing to do."));
    } else if is_new {
        output.say(&format!(
            "\nAdded a dashboard and alerts for the domain {name}."
        ));
        next_steps(&place, &domain, environment, output);
    }
    Ok(exit)
}

/// The domain that was named, or is asked for where somebody is there to answer.
fn domain(
    arguments: &Metrics,
    place: &Place,
    environment: &Environment,
    output: &mut Output<'_>,
) -> Result<Option<Name>> {
    if let Some(typed) = &arguments.domain {
        return read(typed, output).map(Some);
    }
    let text = required_spec(place)?;
    let known = Spec::parse(&text)?.domains;
    let names: Vec<&str> = known.iter().map(|known| known.name.type_name()).collect();
    match &environment.input {
        Some(input) if !output.is_silent() && !names.is_empty() => {
            let question = format!("Domain to watch ({})", names.join(", "));
            let mut dialogue = Dialogue { input, output };
            Ok(dialogue.ask(&question, None, |typed, output| {
                let name = read(typed, output)?;
                spec::add_metrics(&text, &name).map(|_| name)
            }))
        }
        _ => Err(Error::new(Code::Usage, "no domain was given")
            .help("name one, such as `orch-gen generate metrics Payment`")),
    }
}

fn read(typed: &str, output: &mut Output<'_>) -> Result<Name> {
    let (name, converted) = Name::parse(Role::Domain, typed)?;
    if let Some(typed) = converted {
        output.note(&format!("`{typed}` is written `{}`", name.type_name()));
    }
    Ok(name)
}

fn next_steps(place: &Place, domain: &Name, environment: &Environment, output: &mut Output<'_>) {
    let way = relative(&environment.folder, &place.root);
    let folder = way.join("monitoring").join(domain.module());
    let folder = folder.display().to_string();
    let folder = folder.strip_prefix("./").unwrap_or(&folder);
    output.say("\nNext:");
    output.say(&format!("  promtool test rules {folder}/alerts_test.yml"));
    output.say(&format!(
        "  add {folder}/alerts.yml to `rule_files` of Prometheus"
    ));
    output.say(&format!("  import {folder}/dashboard.json into Grafana"));
}
