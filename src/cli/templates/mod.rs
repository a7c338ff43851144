//! `orch-gen templates` and `orch-gen eject`: a package's own form of what is generated.

mod trial;

use super::Environment;
use super::apply::{carry_out, open, print_plan, required_spec};
use super::args::{Eject, Target, TemplatesKind};
use super::conflicts;
use super::output::Output;
use super::target::{self, Wish};
use crate::apply;
use crate::disk::{Real, Tree};
use crate::error::{Code, Error, Exit, Result};
use crate::naming;
use crate::plan::{self, SCHEMA};
use crate::templates::{self, BuiltIn};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Takes built-in templates into the package. What they make stays the same until they are edited.
pub(super) fn eject(
    arguments: &Eject,
    environment: &Environment,
    output: &mut Output<'_>,
) -> Result<Exit> {
    let place = target::existing(&Real, &arguments.target, environment)?;
    let named = arguments.templates.iter().map(|typed| find(typed));
    let paths: Vec<String> = named
        .map(|found| Ok(found?.path.to_owned()))
        .collect::<Result<_>>()?;
    let wish = Wish {
        eject: paths,
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
    output.say(
        "\nNext:\n  edit it; `orch-gen apply` makes the files anew, in every domain\n  \
         orch-gen templates test\nTo go back, delete it and run `orch-gen apply`.",
    );
    Ok(exit)
}

/// Lists the templates, or compares or tests those of the package's own.
pub(super) fn run(
    what: Option<&TemplatesKind>,
    environment: &Environment,
    output: &mut Output<'_>,
) -> Result<Exit> {
    match what {
        None => list(environment, output),
        Some(TemplatesKind::Diff(target)) => diff(target, environment, output),
        Some(TemplatesKind::Test(arguments)) => trial::run(arguments, environment, output),
    }
}

fn list(environment: &Environment, output: &mut Output<'_>) -> Result<Exit> {
    let around = Target::default();
    let own = match target::existing(&Real, &around, environment) {
        Ok(place) => templates::read(Tree::new(&Real, &place.root))?,
        Err(_) => BTreeMap::new(),
    };
    if output.json {
        let all = templates::all();
        let all: Vec<Value> = all
            .map(|one| json!({ "path": one.path, "own": own.contains_key(one.path) }))
            .collect();
        output.document(&json!({ "schema": SCHEMA, "kind": "templates", "templates": all }));
        return Ok(Exit::Done);
    }
    for template in templates::all() {
        let mark = if own.contains_key(template.path) {
            "own"
        } else {
            ""
        };
        output.line(format!("{mark:4}{}", template.path).trim_end());
    }
    output.say("\n`orch-gen eject TEMPLATE` takes one into the package, to be changed there.");
    Ok(Exit::Done)
}

fn diff(arguments: &Target, environment: &Environment, output: &mut Output<'_>) -> Result<Exit> {
    let place = target::existing(&Real, arguments, environment)?;
    for (path, text) in templates::read(Tree::new(&Real, &place.root))? {
        let built_in = templates::find(&path).map(|one| one.text);
        if built_in == Some(text.as_str()) {
            continue;
        }
        let own = templates::own_path(&path);
        output.text(&plan::unified(&own, built_in, Some(&text), output.style()));
    }
    Ok(Exit::Done)
}

/// The template that somebody means by its path, or by the end of it.
fn find(typed: &str) -> Result<&'static BuiltIn> {
    let wanted = typed.trim_end_matches(".j2");
    let path = |one: &BuiltIn| one.path.trim_end_matches(".j2");
    if let Some(exact) = templates::all().find(|one| path(one) == wanted) {
        return Ok(exact);
    }
    let end = format!("/{wanted}");
    let found: Vec<_> = templates::all()
        .filter(|one| path(one).ends_with(&end))
        .collect();
    let help = match *found {
        [one] => return Ok(one),
        [] => {
            let name = |one: &'static BuiltIn| path(one).rsplit('/').next().unwrap_or_default();
            let names: Vec<&str> = templates::all().map(name).collect();
            match naming::nearest(wanted, names) {
                Some(near) => format!("did you mean `{near}`? `orch-gen templates` lists them"),
                None => "`orch-gen templates` lists them".to_owned(),
            }
        }
        _ => {
            let paths: Vec<_> = found.iter().map(|one| format!("`{}`", path(one))).collect();
            format!("name one of {}", paths.join(", "))
        }
    };
    let what = match found.len() {
        0 => format!("there is no template `{}`", typed.escape_debug()),
        more => format!("{more} templates end with `{wanted}`"),
    };
    Err(Error::new(Code::OwnTemplate, what).help(help))
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn a_template_is_found_by_the_end_of_its_path() {
        let path = |typed| find(typed).unwrap().path;
        assert_eq!(path("rules.rs"), "src/[domain]/rules.rs.j2");
        assert_eq!(path("src/[domain]/mod.rs"), "src/[domain]/mod.rs.j2");
        assert_eq!(
            path("gateway/port.rs.j2"),
            "src/[domain]/gateway/port.rs.j2"
        );
    }

    #[test]
    fn what_is_no_template_is_refused_with_the_nearest() {
        let advice = |typed| find(typed).unwrap_err().advice().unwrap().to_owned();
        assert!(advice("rulez.rs").contains("`rules.rs`"));
        assert!(advice("mod.rs").contains("`src/[domain]/generated/mod.rs`"));
        assert!(advice("migrations/sqlite/[number]_[domain].sql").contains("lists them"));
    }
}
