//! ORC006.

use super::awaitable::{self, Awaitable};
use super::elsewhere::{elsewhere, places};
use super::execute::{self, external};
use super::origins::{Origins, is_in};
use super::{Check, Rule, Status};
use crate::finding::Severity;
use crate::known;
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
runs in `spawn_blocking` or on a thread of its own is fine.

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
    "std::thread::scope",
    "std::fs",
    "std::net::TcpStream",
    "std::net::TcpListener",
    "std::net::UdpSocket",
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
const HARMLESS: &[&str] = &[
    "std::fs::DirBuilder",
    "std::fs::File::options",
    "std::fs::FileTimes",
    "std::fs::OpenOptions",
    "std::fs::Permissions",
];

/// Functions of any type that only make a value of another one.
const CONVERSIONS: &str = "from from_raw_fd from_raw_handle from_raw_socket";

/// What values that come from a type or a module are asked to block by. A blocking client that is made
/// on the spot was found already.
const METHODS: &[(&str, &str)] = &[
    ("reqwest::blocking", "execute send"),
    (
        "ureq",
        "call run send send_bytes send_empty send_form send_json send_string",
    ),
    ("std::fs::DirBuilder", "create"),
    ("std::fs::File::options", "open"),
    ("std::fs::OpenOptions", "open"),
    ("std::process::Command", "exec output spawn status"),
    ("tokio", "block_on"),
];

const HELP: &str = "use the async form, or `tokio::task::spawn_blocking`";

fn check(check: &mut Check<'_, '_>) {
    here(check);
    beyond(check);
}

fn here(check: &mut Check<'_, '_>) {
    let known = |body| (places(body), Origins::of(body));
    let awaitable = Awaitable::of(check);
    let found = execute::each_knowing(check, known, |(elsewhere, origins), walker, expr| {
        let (span, name) = blocking(origins, walker, expr)?;
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
    let found = execute::each_beyond_knowing(
        check,
        elsewhere,
        |body| Some(Origins::of(body)),
        |origins, walker, expr| blocking(origins, walker, expr).map(|(_, name)| name),
    );
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

fn blocking<'e>(
    origins: &Origins<'e>,
    walker: &Walker<'_, 'e>,
    expr: &'e Expr,
) -> Option<(Span, String)> {
    if let ExprKind::Method { receiver, name, .. } = &expr.kind {
        let those = METHODS.iter();
        let mut those = those.filter(|(_, methods)| known::has(methods, &name.text));
        let first = those.next()?;
        let origin = origins.find(walker, receiver)?;
        let is_found = origin.made_by.as_deref().is_some_and(is_blocking);
        let mut those = std::iter::once(first).chain(those);
        let is_it = !is_found && those.any(|(of, _)| origin.is_of(of));
        return is_it.then(|| (name.span, name.text.to_string()));
    }
    let (span, path) = external(walker, expr)?;
    let last = path.last()?;
    let is_function =
        path.len() > 1 && !last.starts_with(char::is_uppercase) && !known::has(CONVERSIONS, last);
    let name = path.join("::");
    let is_it = is_function && is_blocking(&name);
    is_it.then_some((span, name))
}

fn is_blocking(name: &str) -> bool {
    let is_any = |names: &[&str]| names.iter().any(|outer| is_in(name, outer));
    is_any(BLOCKING) && !is_any(HARMLESS)
}
