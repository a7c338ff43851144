//! ORC806.

use super::{Check, Rule, Status};
use crate::finding::Severity;
use crate::known;
use crate::model::layers::Layer;
use crate::model::{DefId, RTy};

pub(super) static RULE: Rule = Rule {
    code: "ORC806",
    name: "role-name",
    severity: Severity::Warning,
    status: Status::Preview,
    docs: "\
## What it does
Finds types whose names do not end in what they are: `Orchestrator`, `Command`, `Operation`, `WriteAheadLog`,
`Repository`, `Gateway`. What a type is, the runtime's traits and types say, and the table of an entity.

## Why is this bad?
Who looks for all that is written to the log, or for all that calls a provider, looks for these words: in the
code, in logs, in traces. A type with another name is not found, and a second one is written beside it.

## Example
```rust
pub struct PayService;

impl Orchestrator for PayService {
```
Use instead:
```rust
pub struct PaymentOrchestrator;

impl Orchestrator for PaymentOrchestrator {
```
",
    check,
};

fn check(check: &mut Check<'_, '_>) {
    for (id, word) in roles(check) {
        let workspace = check.workspace;
        let name = &workspace.def(id).item.name;
        if name.text.ends_with(word) {
            continue;
        }
        let message = format!(
            "`{}` is a type of the role `{word}` under another name",
            name.text
        );
        let at = check.at(workspace.file_of(id), name.span, workspace.path_of(id));
        check
            .flag(at, message)
            .help(format!("call it `…{word}`, after its domain"));
    }
}

/// The types that play a part in calls, each with the word for it.
fn roles(check: &Check<'_, '_>) -> Vec<(DefId, &'static str)> {
    let workspace = check.workspace;
    if workspace.runtime_impls("Orchestrator").next().is_none() {
        return Vec::new();
    }
    let blocks = workspace.runtime_impls("Orchestrator");
    let orchestrators = blocks.filter_map(|block| match workspace.self_type(block) {
        RTy::Local(id, _) => Some((id, "Orchestrator")),
        _ => None,
    });
    let mut found: Vec<(DefId, &'static str)> = orchestrators.collect();
    found.extend(workspace.commands().into_iter().map(|id| (id, "Command")));
    let tables = workspace.entity_tables().into_iter();
    found.extend(tables.filter_map(|(id, table)| Some((id, word_of(table)?))));
    found.extend(workspace.gateways().into_iter().map(|id| (id, "Gateway")));
    let layers = workspace.layers().into_iter();
    let repositories = layers.filter(|(_, layer)| *layer == Layer::Repository);
    found.extend(repositories.map(|(id, _)| (id, "Repository")));
    found.retain(|(id, _)| !workspace.def(*id).test);
    found.sort();
    found.dedup();
    found
}

/// What the rows of a table are.
fn word_of(table: &str) -> Option<&'static str> {
    if table.ends_with(known::LOG_TABLE) {
        return Some("WriteAheadLog");
    }
    table.ends_with("_operations").then_some("Operation")
}
