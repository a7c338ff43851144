//! ORC001.

use super::output::{Future, future};
use super::{Check, Rule, Status};
use crate::finding::Severity;
use crate::fix::{Changes, Source};
use crate::syntax::Span;
use crate::syntax::comments::Lexeme;

pub(super) static RULE: Rule = Rule {
    code: "ORC001",
    name: "execute-not-async",
    severity: Severity::Error,
    status: Status::Stable,
    docs: "\
## What it does
Finds `Orchestrator::execute` that is neither `async` nor returns a future.

## Why is this bad?
The call to the provider then blocks a worker thread for as long as the provider takes. A few slow
answers stop every other operation of the process, and its leases run out.

## Example
```rust
fn execute(&self, op_id: &OpId, command: &PaymentCommand) -> Outcome {
    self.gateway.charge_blocking(op_id, command)
}
```
Use instead:
```rust
async fn execute(&self, op_id: &OpId, command: &PaymentCommand) -> Outcome {
    self.gateway.charge(op_id, command).await
}
```
",
    check,
};

fn check(check: &mut Check<'_, '_>) {
    let workspace = check.workspace;
    for orchestrator in workspace.orchestrators() {
        let file = orchestrator.block.file;
        let item = format!("{}::execute", orchestrator.name);
        let Some((function, name)) = orchestrator.execute else {
            let at = check.at(file, orchestrator.span, item);
            check.unknown(&at, "`execute` is not written in this impl");
            continue;
        };
        if function.is_async {
            continue;
        }
        let at = check.at(file, name, item);
        let scope = workspace.impl_scope(orchestrator.block).in_fn(function);
        let output = function
            .output
            .as_ref()
            .map(|ty| workspace.lower(ty, &scope));
        match output
            .as_ref()
            .map_or(Future::No, |ty| future(workspace, ty))
        {
            Future::Of(_) => {}
            Future::Unknown => check.unknown(&at, "cannot tell whether the result is a future"),
            Future::No => {
                check
                    .flag(at, "`execute` blocks its worker: it is not async")
                    .help("write `async fn execute`, or return `impl Future<Output = Outcome> + Send`")
                    .unsafe_fix("write `async fn`", move |source| asynchronous(source, name));
            }
        }
    }
}

/// `async` before the `fn` of a name, where nothing stands before it that would have to come later.
fn asynchronous(source: &Source<'_>, name: Span) -> Option<Changes> {
    let mut before = source.before(source.byte(name.start));
    let keyword = before.next().filter(|of| source.of(of) == "fn")?;
    let is_qualifier = |of: &Lexeme| {
        let text = source.of(of);
        matches!(text, "unsafe" | "const" | "extern") || text.starts_with(['"', 'r'])
    };
    if before.next().is_some_and(is_qualifier) {
        return None;
    }
    let start = keyword.bytes.start;
    Some(vec![(start..start, "async ".into())])
}
