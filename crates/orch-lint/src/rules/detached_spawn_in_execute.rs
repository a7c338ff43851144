//! ORC008.

use std::collections::HashSet;
use std::ptr;

use super::channels::{Reply, reply};
use super::dropped::dropped;
use super::execute::{self, external};
use super::origins::Origins;
use super::{Check, Rule, Status};
use crate::finding::Severity;
use crate::known;
use crate::model::infer::Walker;
use crate::syntax::{Block, Expr, ExprKind, Span, visit};

pub(super) static RULE: Rule = Rule {
    code: "ORC008",
    name: "detached-spawn-in-execute",
    severity: Severity::Error,
    status: Status::Stable,
    docs: "\
## What it does
Finds tasks and threads that `Orchestrator::execute` and the functions that it calls start and forget:
`spawn(..)` whose handle is dropped, and `detach()`. A task that sends its result through a channel where
`execute` waits for it is fine.

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

/// Types and modules of which `spawn` and its like do the same as methods.
const SPAWNERS: &[&str] = &["tokio::runtime", "std::thread::Builder"];
const METHODS: &str = "spawn spawn_blocking";
/// Methods that give the handle behind a `Result`.
const OPENED: &str = "expect ok unwrap";
/// What a body has to mention for anything to be found in it.
const WORDS: &[&str] = &["spawn", "spawn_blocking", "spawn_local", "detach"];

const HELP: &str = "await it, or make it an operation of its own";

/// What is known of a body.
struct Known<'e> {
    body: &'e Block,
    dropped: HashSet<*const Expr>,
    origins: Origins<'e>,
}

/// A task that goes on.
struct Task {
    span: Span,
    /// What is called to start it.
    name: String,
    /// Whether it is waited for in some other way, for all that is known.
    perhaps_awaited: bool,
}

impl<'e> Known<'e> {
    fn of(body: &'e Block) -> Self {
        let values = dropped(body).into_iter();
        Known {
            body,
            dropped: values.map(|of| ptr::from_ref(of.value)).collect(),
            origins: Origins::of(body),
        }
    }

    fn detached(&self, walker: &Walker<'_, 'e>, expr: &'e Expr) -> Option<Task> {
        let (start, (span, name)) = match &expr.kind {
            ExprKind::Method { receiver, name, .. } if name.text == "detach" => {
                let start = self.origins.value(receiver);
                (start, called(walker, start, LEASHED)?)
            }
            _ if self.dropped.contains(&ptr::from_ref(expr)) => (expr, self.started(walker, expr)?),
            _ => return None,
        };
        let reply = reply(self.body, start);
        (reply != Some(Reply::Awaited)).then(|| Task {
            span,
            name,
            perhaps_awaited: reply.is_some() || has_sender(walker, start),
        })
    }

    /// What is called to start a task that goes on when this value is dropped.
    fn started(&self, walker: &Walker<'_, 'e>, expr: &'e Expr) -> Option<(Span, String)> {
        match &expr.kind {
            ExprKind::Try(inner) => self.started(walker, inner),
            ExprKind::Method { receiver, name, .. } if known::has(OPENED, &name.text) => {
                self.started(walker, receiver)
            }
            ExprKind::Method { receiver, name, .. } if known::has(METHODS, &name.text) => {
                let origin = self.origins.find(walker, receiver)?;
                let is_it = SPAWNERS.iter().any(|of| origin.is_of(of));
                is_it.then(|| (name.span, name.text.to_string()))
            }
            _ => called(walker, expr, SPAWNS),
        }
    }
}

fn check(check: &mut Check<'_, '_>) {
    here(check);
    beyond(check);
}

fn here(check: &mut Check<'_, '_>) {
    let found = execute::each_knowing(check, Known::of, |known, walker, expr| {
        let task = known.detached(walker, expr)?;
        Some((task.span, task))
    });
    for found in found {
        let name = &found.what.name;
        if found.what.perhaps_awaited {
            let message = format!("what `{name}` starts may be waited for through a channel");
            check.unknown(&found.at, message);
            continue;
        }
        let message = format!("what `{name}` starts goes on after `execute` answered");
        check.flag(found.at, message).help(HELP);
    }
}

/// In the functions that `execute` calls.
fn beyond(check: &mut Check<'_, '_>) {
    let found = execute::each_beyond_knowing(
        check,
        |_| Vec::new(),
        |body| body.mentions(WORDS).then(|| Known::of(body)),
        Known::detached,
    );
    for found in found {
        let last = found.within();
        let name = found.what.name.clone();
        if found.perhaps || found.what.perhaps_awaited {
            let message = format!("may call `{last}`, where what `{name}` starts may go on");
            check.unknown(&found.at, message);
            continue;
        }
        let message = format!("what `{name}` starts in `{last}` goes on after `execute` answered");
        let violation = check.flag(found.at.clone(), message);
        violation.help(HELP);
        violation.chain = found.chain_to(name);
    }
}

fn called(walker: &Walker<'_, '_>, expr: &Expr, names: &[&str]) -> Option<(Span, String)> {
    let ExprKind::Call { callee, .. } = &expr.kind else {
        return None;
    };
    let (span, path) = external(walker, callee)?;
    let name = path.join("::");
    names.contains(&name.as_str()).then_some((span, name))
}

/// Whether a task has a sender that comes from somewhere else: who has the receiver may wait there.
fn has_sender<'e>(walker: &Walker<'_, 'e>, task: &'e Expr) -> bool {
    let mut found = false;
    visit::each(task, &mut |expr| {
        if matches!(expr.kind, ExprKind::Path(_) | ExprKind::Field { .. }) {
            let ty = walker.type_of(expr);
            let path = ty.as_ref().and_then(|ty| ty.behind_pointers().external());
            let last = path.and_then(<[String]>::last);
            found |= last.is_some_and(|last| last.ends_with("Sender"));
        }
    });
    found
}
