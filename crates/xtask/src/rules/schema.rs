//! The rules in the schema of `orch.toml`: editors complete their names and say what they find.

use std::fmt::Write as _;

use anyhow::{Context, Result};
use orch_lint::rules::{self, Rule};
use serde_json::Value;

/// The schema.
pub(super) const PATH: &str = "schemas/orch.toml.schema.json";

/// What everything behind it is written anew from.
const BEGIN: &str = "\n  \"$defs\": {\n";

/// The text of the schema with today's rules.
///
/// # Errors
/// When the schema has no `$defs` at its end.
pub(super) fn with_rules(text: &str) -> Result<String> {
    let (by_hand, _) = text
        .split_once(BEGIN)
        .context("the schema ends in no `$defs`")?;
    Ok(format!("{by_hand}{BEGIN}{}", definitions()))
}

fn definitions() -> String {
    let by_code = rules::ALL
        .iter()
        .map(|rule| (rule.code(), rule.name(), *rule));
    let by_name = rules::ALL
        .iter()
        .map(|rule| (rule.name(), rule.code(), *rule));
    let keys: Vec<(&str, &str, &Rule)> = by_code.chain(by_name).collect();
    let mut text = r##"    "level": {
      "description": "How much findings of a rule matter; `off`: the rule says nothing.",
      "enum": [
        "error",
        "warn",
        "off"
      ]
    },
    "rules": {
      "description": "Rules by code or name, each once. Written by `cargo xtask rules`.",
      "type": "object",
      "properties": {
"##
    .to_owned();
    for (number, (key, other, rule)) in keys.iter().enumerate() {
        let described = Value::from(format!("{other}: {}", rule.description()));
        let level = match rule.allows_exceptions() {
            true => r##""$ref": "#/$defs/level""##,
            false => r#""const": "error""#,
        };
        let comma = if number + 1 < keys.len() { "," } else { "" };
        // Writing to a text cannot fail.
        let _ = writeln!(
            text,
            "        \"{key}\": {{\n          \"description\": {described},\n          {level}\n        }}{comma}"
        );
    }
    text + "      },\n      \"additionalProperties\": false\n    }\n  }\n}\n"
}
