//! ORC006.

use super::awaitable::{self, Awaitable};
use super::execute::{self, external};
use super::{Check, Rule, Status};
use crate::finding::Severity;
use crate::model::RTy;
use crate::model::infer::Walker;
use crate::syntax::{Expr, ExprKind, Span};

pub(super) static RULE: Rule = Rule {
    code: "ORC006",
    name: "blocking-in-execute",
    severity: Severity::Error,
    status: Status::Stable,
    docs: "\
## What it does
Finds calls that block the thread inside `Orchestrator::execute` and in the functions that it calls:
`std::thread::sleep`, `std::fs`, `std::net`, `std::process`, blocking HTTP clients, `block_on`. What
runs in `spawn_blocking` is fine.

## Why is this bad?
A blocked worker thread runs nothing else: not the other operations, and not the heartbeats that keep
their leases. The leases run out, other workers ask the provider what became of calls that are still
under way, and every operation of the process takes longer.

## Example
```rust
async fn execute(&self, op_id: &OpId, command: &UploadCommand) -> Outcome {
    let content = std::fs::read(command.path())?;
```
Use instead:
```rust
async fn execute(&self, op_id: &OpId, command: &UploadCommand) -> Outcome {
    let content = tokio::fs::read(command.path()).await?;
```
",
    check,
};

/// Modules and functions of other crates that block.
const BLOCKING: &[&str] = &[
    "std::thread::sleep",
    "std::thread::park",
    "std::fs",
    "std::net::TcpStream",
    "std::net::TcpListener",
    "std::net::UdpSocket",
    "std::process::Command",
    "std::io::stdin",
    "reqwest::blocking",
    "ureq",
    "futures::executor::block_on",
    "futures_executor::block_on",
    "futures_lite::future::block_on",
    "async_io::block_on",
    "async_std::task::block_on",
    "pollster::block_on",
    "smol::block_on",
    "tokio::task::block_in_place",
];

/// What among these only makes a value.
const HARMLESS: &str = "std::fs::Permissions";

const HELP: &str = "use the async form, or `tokio::task::spawn_blocking`";

fn check(check: &mut Check<'_, '_>) {
    here(check);
    beyond(check);
}

fn here(check: &mut Check<'_, '_>) {
    let elsewhere = |body| execute::arguments_of(body, "spawn_blocking");
    let awaitable = Awaitable::of(check);
    let found = execute::each_knowing(check, elsewhere, |elsewhere, walker, expr| {
        let (span, name) = blocking(walker, expr)?;
        let is_elsewhere = elsewhere.iter().any(|outer| outer.contains(expr.span));
        (!is_elsewhere).then(|| (span, (name, awaitable.call(expr))))
    });
    for found in found {
        let (name, call) = found.what;
        let callee = found.at.span;
        let flagged = check
            .flag(found.at, format!("`{name}` blocks the thread in `execute`"))
            .help(HELP);
        if let (Some(form), Some(call)) = (awaitable::form(&name), call) {
            flagged.unsafe_fix(format!("await `{form}`"), move |source| {
                let end = source.byte(call.end);
                let awaited = (end..end, ".await".to_owned());
                Some(vec![(source.bytes(callee), form.clone()), awaited])
            });
        }
    }
}

/// In the functions that `execute` calls.
fn beyond(check: &mut Check<'_, '_>) {
    let found = execute::each_beyond(check, Some("spawn_blocking"), |walker, expr| {
        blocking(walker, expr).map(|(_, name)| name)
    });
    for found in found {
        let last = found.within();
        if found.perhaps {
            let message = format!("may call `{last}`, which blocks the thread");
            check.unknown(&found.at, message);
            continue;
        }
        let message = format!(
            "`{}` in `{last}` blocks the thread of `execute`",
            found.what
        );
        let name = found.what.clone();
        let violation = check.flag(found.at.clone(), message);
        violation.help(HELP);
        violation.chain = found.chain_to(name);
    }
}

fn blocking<'a>(walker: &Walker<'_, 'a>, expr: &'a Expr) -> Option<(Span, String)> {
    if let ExprKind::Method { receiver, name, .. } = &expr.kind {
        let is_tokio = || match walker.type_of(receiver).as_ref().map(RTy::behind_pointers) {
            Some(RTy::External(path, _)) => path.first().is_some_and(|first| first == "tokio"),
            _ => false,
        };
        let is_it = name.text == "block_on" && is_tokio();
        return is_it.then(|| (name.span, name.text.clone()));
    }
    let (span, path) = external(walker, expr)?;
    let name = path.join("::");
    let is_function = path.len() > 1 && !path.last()?.starts_with(char::is_uppercase);
    let is_in = |outer: &str| {
        name.strip_prefix(outer)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    let is_it = is_function && !is_in(HARMLESS) && BLOCKING.iter().any(|outer| is_in(outer));
    is_it.then_some((span, name))
}
