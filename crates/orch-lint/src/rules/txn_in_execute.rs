//! ORC002.

use super::connections::{Verdict, judge};
use super::{At, Check, Rule, Status};
use crate::finding::Severity;
use crate::model::infer::Walker;
use crate::syntax::Span;

pub(super) static RULE: Rule = Rule {
    code: "ORC002",
    name: "txn-in-execute",
    severity: Severity::Error,
    status: Status::Stable,
    docs: "\
## What it does
Finds database transactions and connections that are opened inside `Orchestrator::execute`.

## Why is this bad?
The transaction holds its connection and its locks for as long as the provider takes to answer. A
few slow answers empty the pool. A rollback cannot undo the call either, so it protects nothing.

## Example
```rust
async fn execute(&self, op_id: &OpId, command: &PaymentCommand) -> Outcome {
    let mut tx = self.pool.begin().await?;
    let receipt = self.gateway.charge(op_id, command).await;
    tx.commit().await?;
```
Use instead:
```rust
async fn execute(&self, op_id: &OpId, command: &PaymentCommand) -> Outcome {
    match self.gateway.charge(op_id, command).await {
```
Write to the database in the hook of `finalize`, which runs in the runtime's own transaction.
",
    check,
};

fn check(check: &mut Check<'_, '_>) {
    let workspace = check.workspace;
    for orchestrator in workspace.orchestrators() {
        let Some((function, _)) = orchestrator.execute else {
            continue;
        };
        let Some(body) = &function.body else {
            continue;
        };
        let file = orchestrator.block.file;
        let item = format!("{}::execute", orchestrator.name);
        let mut calls: Vec<(Span, String, Verdict)> = Vec::new();
        let scope = workspace.impl_scope(orchestrator.block);
        Walker::new(workspace, &scope, function).block(body, &mut |walker, expr| {
            if let Some((name, verdict)) = judge(walker, expr) {
                calls.push((name.span, name.text.into(), verdict));
            }
        });
        for (span, name, verdict) in calls {
            report(check, check.at(file, span, item.as_str()), &name, verdict);
        }
    }
}

fn report(check: &mut Check<'_, '_>, at: At, name: &str, verdict: Verdict) {
    match verdict {
        Verdict::Fine => {}
        Verdict::Unknown => check.unknown(&at, format!("`{name}` may open a transaction")),
        Verdict::Opens(of) => {
            let message =
                format!("`{name}` on `{of}` holds a database connection across the external call");
            check
                .flag(at, message)
                .help("leave the database to the runtime: return the `Outcome`, write in the finalize hook");
        }
    }
}
