//! ORC008.

use std::collections::HashSet;
use std::ptr;

use super::channels::{Reply, reply};
use super::dropped::dropped;
use super::execute::{self, external_path};
use super::mentions::once_bound;
use super::{Check, Rule, Status};
use crate::finding::Severity;
use crate::model::constants::Bound;
use crate::model::infer::Walker;
use crate::syntax::{Block, Expr, ExprKind, Span};

pub(super) static RULE: Rule = Rule {
    code: "ORC008",
    name: "detached-spawn-in-execute",
    severity: Severity::Error,
    status: Status::Stable,
    docs: "\
## What it does
Finds tasks and threads that `Orchestrator::execute` starts and forgets: `spawn(..)` whose handle is
dropped, and `detach()`. A task that sends its result through a channel where `execute` waits for it is
fine.

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

/// Functions whose tasks go on when what they give is dropped.
const SPAWNS: &[&str] = &[
    "tokio::spawn",
    "tokio::task::spawn",
    "tokio::task::spawn_blocking",
    "tokio::task::spawn_local",
    "std::thread::spawn",
    "async_std::task::spawn",
    "rayon::spawn",
];
/// Functions whose tasks end then, unless they are detached.
const LEASHED: &[&str] = &[
    "blocking::unblock",
    "smol::spawn",
    "smol::unblock",
    "async_global_executor::spawn",
];

/// What is known of a body.
struct Known<'e> {
    body: &'e Block,
    dropped: HashSet<*const Expr>,
    bound: Bound<'e>,
}

impl<'e> Known<'e> {
    fn of(body: &'e Block) -> Self {
        let values = dropped(body).into_iter();
        Known {
            body,
            dropped: values.map(|of| ptr::from_ref(of.value)).collect(),
            bound: once_bound(body),
        }
    }

    /// What is called to start a task that goes on, where it is, and whether the task is waited for in
    /// some other way.
    fn detached(
        &self,
        walker: &Walker<'_, 'e>,
        expr: &'e Expr,
    ) -> Option<(Span, (String, Option<Reply>))> {
        let (start, names) = match &expr.kind {
            ExprKind::Method { receiver, name, .. } if name.text == "detach" => {
                (self.value(receiver), LEASHED)
            }
            _ if self.dropped.contains(&ptr::from_ref(expr)) => (expr, SPAWNS),
            _ => return None,
        };
        let (span, name) = spawn(walker, start, names)?;
        Some((span, (name, reply(self.body, start))))
    }

    /// What a variable is bound to.
    fn value(&self, expr: &'e Expr) -> &'e Expr {
        let name = match &expr.kind {
            ExprKind::Path(path) => path.as_ident(),
            _ => None,
        };
        let bound = name.and_then(|name| self.bound.get(name));
        bound.copied().unwrap_or(expr)
    }
}

fn check(check: &mut Check<'_, '_>) {
    let found = execute::each_knowing(check, Known::of, Known::detached);
    for found in found {
        let (name, reply) = found.what;
        match reply {
            Some(Reply::Awaited) => {}
            Some(Reply::Perhaps) => {
                let message = format!("what `{name}` starts may be waited for through a channel");
                check.unknown(&found.at, message);
            }
            None => {
                let message = format!("what `{name}` starts goes on after `execute` answered");
                check
                    .flag(found.at, message)
                    .help("await it, or make it an operation of its own");
            }
        }
    }
}

fn spawn(walker: &Walker<'_, '_>, expr: &Expr, names: &[&str]) -> Option<(Span, String)> {
    let ExprKind::Call { callee, .. } = &expr.kind else {
        return None;
    };
    let ExprKind::Path(path) = &callee.kind else {
        return None;
    };
    let name = external_path(walker, path)?.join("::");
    names.contains(&name.as_str()).then_some((path.span, name))
}
