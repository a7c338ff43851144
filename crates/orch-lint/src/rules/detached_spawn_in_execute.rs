//! ORC008.

use super::dropped::dropped;
use super::execute::{self, external_path};
use super::{Check, Rule, Status};
use crate::finding::Severity;
use crate::model::infer::Walker;
use crate::syntax::{Expr, ExprKind, Span};

pub(super) static RULE: Rule = Rule {
    code: "ORC008",
    name: "detached-spawn-in-execute",
    severity: Severity::Error,
    status: Status::Stable,
    docs: "\
## What it does
Finds tasks and threads that `Orchestrator::execute` starts and forgets: `spawn(..)` whose handle is
dropped.

## Why is this bad?
`execute` answers while the task goes on. What the task does to the provider happens after the outcome
was recorded, or twice when the operation is tried again, and its result is lost. A process that ends
takes it along without a trace.

## Example
```rust
async fn execute(&self, op_id: &OpId, command: &PaymentCommand) -> Outcome {
    tokio::spawn(self.gateway.notify(command.clone()));
```
Use instead:
```rust
async fn execute(&self, op_id: &OpId, command: &PaymentCommand) -> Outcome {
    self.gateway.notify(op_id, command).await
```
Or make it an operation of its own.
",
    check,
};

const SPAWNS: &[&str] = &[
    "tokio::spawn",
    "tokio::task::spawn",
    "tokio::task::spawn_blocking",
    "tokio::task::spawn_local",
    "std::thread::spawn",
    "async_std::task::spawn",
    "smol::spawn",
    "rayon::spawn",
];

fn check(check: &mut Check<'_, '_>) {
    let places = |body| -> Vec<Span> {
        let values = dropped(body).into_iter();
        values.map(|of| of.value.span).collect()
    };
    let found = execute::each_knowing(check, places, |dropped, walker, expr| {
        let is_dropped = dropped.contains(&expr.span);
        let (span, name) = spawn(walker, expr).filter(|_| is_dropped)?;
        Some((span, name))
    });
    for found in found {
        let message = format!(
            "what `{}` starts goes on after `execute` answered",
            found.what
        );
        check
            .flag(found.at, message)
            .help("await it, or make it an operation of its own");
    }
}

fn spawn(walker: &Walker<'_, '_>, expr: &Expr) -> Option<(Span, String)> {
    let ExprKind::Call { callee, .. } = &expr.kind else {
        return None;
    };
    let ExprKind::Path(path) = &callee.kind else {
        return None;
    };
    let name = external_path(walker, path)?.join("::");
    SPAWNS.contains(&name.as_str()).then_some((path.span, name))
}
