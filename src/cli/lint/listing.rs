//! `orch-gen rules`.

use crate::cli::output::Output;
use crate::plan::SCHEMA;
use orch_lint::rules::Status;
use serde_json::json;

/// Lists every rule with its first sentence.
pub(in crate::cli) fn rules(output: &mut Output<'_>) {
    let rules = orch_lint::rules::ALL;
    if output.json {
        let rules: Vec<_> = rules
            .iter()
            .map(|rule| {
                json!({
                    "code": rule.code(), "name": rule.name(),
                    "severity": rule.severity().as_str(), "status": status(rule.status()),
                    "summary": rule.summary(),
                })
            })
            .collect();
        output.document(&json!({ "schema": SCHEMA, "kind": "rules", "rules": rules }));
        return;
    }
    let widest = rules
        .iter()
        .map(|rule| rule.name().len())
        .max()
        .unwrap_or(0);
    for rule in rules {
        let (code, name, severity) = (rule.code(), rule.name(), rule.severity().as_str());
        let line = match rule.status() {
            Status::Stable => format!("{code}  {name:widest$}  {severity}"),
            Status::Preview => format!("{code}  {name:widest$}  {severity:7}  preview"),
        };
        output.line(&line);
    }
    output.say("\n`orch-gen explain <RULE>` says what a rule finds, and why.");
    if rules.iter().any(|rule| rule.status() == Status::Preview) {
        output.say("A rule in preview runs when it is asked for: `--preview`, `--only`, [lint] of orch.toml.");
    }
}

const fn status(status: Status) -> &'static str {
    match status {
        Status::Stable => "stable",
        Status::Preview => "preview",
    }
}
