//! ORC504.

use super::execute::{self, arguments_of, external};
use super::mentions::Carriers;
use super::retries::{HELPERS, collection_loop};
use super::{Check, Rule, Status};
use crate::finding::Severity;
use crate::model::RTy;
use crate::model::infer::Walker;
use crate::syntax::{Block, Expr, ExprKind, Span, visit};

pub(super) static RULE: Rule = Rule {
    code: "ORC504",
    name: "retry-in-execute",
    severity: Severity::Warning,
    status: Status::Stable,
    docs: "\
## What it does
Finds loops in `Orchestrator::execute` that sleep between attempts, and retry helpers that are called
there. A loop over a collection that waits before the next part makes no attempts.

## Why is this bad?
Attempts made in there are counted nowhere: a process that dies begins again at the first one, the
deadline and the retry budget of the provider do not hold, and a lane that is paused goes on being
called. The runtime retries by itself, with pauses that survive a restart.

## Example
```rust
for _ in 0..5 {
    match self.gateway.charge(op_id, command).await {
        Err(_) => tokio::time::sleep(PAUSE).await,
        Ok(receipt) => return Outcome::ok(receipt),
    }
}
```
Use instead:
```rust
match self.gateway.charge(op_id, command).await {
    Ok(receipt) => Outcome::ok(receipt),
    Err(GatewayError::Unavailable { reason }) => Outcome::retry(reason),
```
",
    check,
};

/// Functions that wait for a time.
const SLEEPS: &[&str] = &[
    "tokio::time::sleep",
    "tokio::time::sleep_until",
    "std::thread::sleep",
    "async_std::task::sleep",
    "futures_timer::Delay::new",
];

fn check(check: &mut Check<'_, '_>) {
    let found = execute::each_knowing(check, loops, |loops, walker, expr| {
        if let Some((span, path)) = external(walker, expr) {
            let (name, krate) = (path.join("::"), path.first()?.as_str());
            let is_helper =
                HELPERS.contains(&krate) && !path.last()?.starts_with(char::is_uppercase);
            let waits = SLEEPS.contains(&name.as_str());
            let is_it = is_helper || waits && loops.iter().any(|outer| outer.contains(span));
            return is_it.then_some((span, name));
        }
        let (span, name) = sleep_of_a_clock(walker, expr)?;
        loops
            .iter()
            .any(|outer| outer.contains(span))
            .then_some((span, name))
    });
    for found in found {
        let message = format!("`{}` retries inside of `execute`", found.what);
        check
            .flag(found.at, message)
            .help("return `Outcome::retry`: the runtime waits, counts and tries again");
    }
}

/// Where the loops of a body are, those left out that wait between the parts of a collection.
fn loops(body: &Block) -> Vec<Span> {
    let mut found = Vec::new();
    visit::each_in_block(body, &mut |expr| {
        let is_loop = match &expr.kind {
            ExprKind::Loop(_) | ExprKind::While { .. } => true,
            ExprKind::For { body, .. } => !collection_loop(expr).is_some_and(|names| {
                let sleeps = arguments_of(body, "sleep");
                let mut others = Vec::new();
                visit::each_in_block(body, &mut |part| {
                    if !sleeps.iter().any(|outer| outer.contains(part.span)) {
                        others.push(part);
                    }
                });
                // A name that only says how long to wait is that of an attempt.
                Carriers::only(names).are_used_among(&others)
            }),
            _ => false,
        };
        found.extend(is_loop.then_some(expr.span));
    });
    found
}

/// `clock.sleep(..)` of the runtime's clock.
fn sleep_of_a_clock<'a>(walker: &Walker<'_, 'a>, expr: &'a Expr) -> Option<(Span, String)> {
    let ExprKind::Method { receiver, name, .. } = &expr.kind else {
        return None;
    };
    if name.text != "sleep" {
        return None;
    }
    let ty = walker.type_of(receiver)?;
    let is_clock = match ty.behind_pointers() {
        RTy::External(path, _) => path.last().is_some_and(|last| last.ends_with("Clock")),
        RTy::Bounds(_) => true,
        _ => false,
    };
    is_clock.then(|| (name.span, "sleep".to_owned()))
}
