//! `orch-gen schema`: JSON schemas of `orch.toml` and of every document that `--json` prints.

use super::output::Output;
use crate::error::{Code, Error, Exit, Result};
use crate::naming;
use crate::plan::SCHEMA;
use serde_json::{Value, json};

/// A published JSON schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schema {
    /// What it describes: `orch.toml`, or the `kind` of a document.
    pub name: &'static str,
    /// The schema's text, JSON Schema 2020-12.
    pub text: &'static str,
}

macro_rules! schemas {
    ($($name:literal),+ $(,)?) => {
        /// Every schema that is part of the program.
        pub const ALL: &[Schema] = &[$(Schema {
            name: $name,
            text: include_str!(concat!("../../schemas/", $name, ".schema.json")),
        },)+];
    };
}

schemas![
    "orch.toml",
    "plan",
    "graph",
    "applied",
    "aborted",
    "check",
    "lint",
    "baseline",
    "rules",
    "settings",
    "hook",
    "explanation",
    "explanations",
    "doctor",
    "templates",
    "templates-test",
    "schemas",
    "error",
];

/// Prints a schema, or lists them.
pub(super) fn run(name: Option<&str>, output: &mut Output<'_>) -> Result<Exit> {
    match name {
        None => list(output),
        Some(name) => output.text(find(name)?.text),
    }
    Ok(Exit::Done)
}

fn find(name: &str) -> Result<&'static Schema> {
    let wanted = name.trim().trim_end_matches(".schema.json");
    let found = ALL
        .iter()
        .find(|schema| schema.name.eq_ignore_ascii_case(wanted));
    found.ok_or_else(|| {
        let names = ALL.iter().map(|schema| schema.name);
        let help = match naming::nearest(wanted, names) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`orch-gen schema` lists them".to_owned(),
        };
        let what = format!("there is no schema `{}`", name.escape_debug());
        Error::new(Code::Usage, what).help(help)
    })
}

fn list(output: &mut Output<'_>) {
    let described = ALL.iter().map(|schema| (schema.name, description(schema)));
    if output.json {
        let schemas: Vec<Value> = described
            .map(|(name, what)| json!({ "name": name, "description": what }))
            .collect();
        output.document(&json!({ "schema": SCHEMA, "kind": "schemas", "schemas": schemas }));
        return;
    }
    let widest = ALL.iter().map(|schema| schema.name.len()).max();
    for (name, what) in described {
        output.line(&format!("{name:0$}  {what}", widest.unwrap_or(0)));
    }
    output.say("\n`orch-gen schema NAME` prints one.");
}

/// The schema's own `description`.
fn description(schema: &Schema) -> String {
    let parsed: Value = serde_json::from_str(schema.text).unwrap_or_default();
    parsed["description"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}
