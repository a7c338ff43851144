//! ORC005.

use super::connections::{Verdict, judge};
use super::{Check, Rule, Status, execute};
use crate::finding::Severity;

pub(super) static RULE: Rule = Rule {
    code: "ORC005",
    name: "txn-reachable-by-call",
    severity: Severity::Error,
    status: Status::Stable,
    docs: "\
## What it does
Finds database transactions and connections that are opened in a function that `Orchestrator::execute`
calls, however many functions lie between.

## Why is this bad?
It is the same as opening it in `execute`: the connection and its locks are held while the provider
takes its time. A helper that is called from elsewhere too looks harmless at its own place.

## Example
```rust
async fn execute(&self, op_id: &OpId, command: &PaymentCommand) -> Outcome {
    audit::note(op_id).await;
    match self.gateway.charge(op_id, command).await {

pub async fn note(op_id: &OpId) {
    let mut tx = pool().begin().await.unwrap();
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
    let found = execute::each_beyond(check, |walker, expr| {
        let (name, verdict) = judge(walker, expr)?;
        match verdict {
            Verdict::Opens(of) => Some((name.text, of)),
            Verdict::Fine | Verdict::Unknown => None,
        }
    });
    for found in found {
        let (name, of) = &found.what;
        let last = found.within();
        if found.perhaps {
            let message = format!("may call `{last}`, which opens a transaction");
            check.unknown(&found.at, message);
            continue;
        }
        let message =
            format!("`execute` opens a database connection in `{last}`: `{name}` on `{of}`");
        let called = format!("{of}::{name}");
        let violation = check.flag(found.at.clone(), message);
        violation.help(
            "leave the database to the runtime: return the `Outcome`, write in the finalize hook",
        );
        violation.chain = found.chain_to(called);
    }
}
