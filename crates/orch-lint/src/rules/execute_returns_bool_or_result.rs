//! ORC301.

use super::output::{Future, future};
use super::{Check, Rule, Status};
use crate::finding::Severity;
use crate::model::RTy;

pub(super) static RULE: Rule = Rule {
    code: "ORC301",
    name: "execute-returns-bool-or-result",
    severity: Severity::Error,
    status: Status::Stable,
    docs: "\
## What it does
Finds `Orchestrator::execute` that gives anything but the runtime's `Outcome`.

## Why is this bad?
`false` and `Err` say that something failed, not whether the provider did it. The runtime then
either repeats a payment that was made or gives up one that only needed another attempt. `Outcome`
keeps the four answers apart: done, not done and worth another attempt, refused, and not known.

## Example
```rust
async fn execute(&self, op_id: &OpId, command: &PaymentCommand) -> Result<(), GatewayError> {
```
Use instead:
```rust
async fn execute(&self, op_id: &OpId, command: &PaymentCommand) -> Outcome {
```
",
    check,
};

fn check(check: &mut Check<'_, '_>) {
    let workspace = check.workspace;
    for orchestrator in workspace.orchestrators() {
        let Some((function, name)) = orchestrator.execute else {
            continue;
        };
        let file = orchestrator.block.file;
        let span = function.output.as_ref().map_or(name, |ty| ty.span);
        let at = check.at(file, span, format!("{}::execute", orchestrator.name));
        let scope = workspace.impl_scope(orchestrator.block).in_fn(function);
        let written = function
            .output
            .as_ref()
            .map(|ty| workspace.lower(ty, &scope));
        let written = written.unwrap_or(RTy::Tuple(Vec::new()));
        let given = match future(workspace, &written) {
            Future::Of(output) if !function.is_async => output,
            _ => written,
        };
        match judge(&given) {
            Verdict::Fine => {}
            Verdict::Unknown => check.unknown(&at, "cannot tell what `execute` gives"),
            Verdict::Wrong => {
                let name = workspace.type_name(&given);
                check
                    .flag(at, format!("`execute` gives `{name}` instead of `Outcome`"))
                    .help("return `Outcome::{Ok, Retry, Fail, Unknown}`, so that the runtime knows what may be repeated");
            }
        }
    }
}

enum Verdict {
    Fine,
    Wrong,
    Unknown,
}

fn judge(given: &RTy) -> Verdict {
    match given {
        ty if ty.is_runtime("Outcome") => Verdict::Fine,
        RTy::External(path, _) => {
            let is_named = path.last().is_some_and(|last| last.ends_with("Outcome"));
            if is_named {
                Verdict::Unknown
            } else {
                Verdict::Wrong
            }
        }
        RTy::Local(..) | RTy::Tuple(_) => Verdict::Wrong,
        RTy::Nothing => Verdict::Fine,
        RTy::Bounds(_) | RTy::Unknown(_) => Verdict::Unknown,
    }
}
