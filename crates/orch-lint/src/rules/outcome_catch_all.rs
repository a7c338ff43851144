//! ORC302.

use super::handed_on::{Matched, decides_nothing};
use super::named_arms::Named;
use super::named_places::NamedPlace;
use super::remaining_variants::{Closed, OpenMatch};
use super::{Check, Rule, Status, else_branches};
use crate::finding::Severity;
use crate::model::calls::Calls;
use crate::model::{Function, Workspace};
use crate::syntax::{Arm, ExprKind, Span, visit};

pub(super) static RULE: Rule = Rule {
    code: "ORC302",
    name: "outcome-catch-all",
    severity: Severity::Error,
    status: Status::Stable,
    docs: "\
## What it does
Finds `_` and plain bindings among the arms of a `match` on `Outcome`, `Probe` or `GatewayError`, and
the `else` of an `if let` or `let` that names some of their variants, where what is not known falls into
it, is not looked at or handed on there, and becomes something else than unknown.

## Why is this bad?
The catch-all decides about answers it was not written for. `Outcome::Unknown` then counts as a
failure and the payment is made again, or as a success and it is never made. Without the catch-all
the compiler asks about each new answer.

## Example
```rust
match outcome {
    Outcome::Ok { .. } => paid(),
    _ => failed(),
}
```
Use instead:
```rust
match outcome {
    Outcome::Ok { .. } => paid(),
    Outcome::Fail { .. } => failed(),
    Outcome::Retry { .. } | Outcome::Unknown { .. } => open(),
}
```
",
    check,
};

fn check(check: &mut Check<'_, '_>) {
    in_matches(check);
    in_else(check);
}

/// The `else` of `if let` and `let`.
fn in_else(check: &mut Check<'_, '_>) {
    let (workspace, calls) = (check.workspace, check.calls);
    for function in check.functions.iter() {
        for open in else_branches::open(workspace, calls, function) {
            let at = check.at(function.file, open.span, function.path(workspace));
            let (name, unknown) = (open.name, open.unknown);
            let message = format!(
                "the `else` decides about every other `{name}`, `{name}::{unknown}` among them"
            );
            let flagged = check
                .flag(at, message)
                .help("match on it and name every variant, or hand it on in the `else`");
            if let Some(matched) = open.matched {
                flagged.unsafe_fix(
                    "match on it and name the remaining variants",
                    move |source| matched.written(source),
                );
            }
        }
    }
}

fn in_matches(check: &mut Check<'_, '_>) {
    let (workspace, calls) = (check.workspace, check.calls);
    for function in check
        .functions
        .iter()
        .filter(|of| of.body.mentions(&["match"]))
    {
        let mut found = Vec::new();
        visit::each_in_block(function.body, &mut |expr| {
            if let ExprKind::Match { scrutinee, arms } = &expr.kind {
                let span = expr.span;
                let matched = Matched { span, scrutinee };
                found.extend(open_arms(workspace, calls, function, matched, arms));
            }
        });
        for (span, name, named) in found {
            let at = check.at(function.file, span, function.path(workspace));
            let flagged = check
                .flag(at, format!("this arm decides about every other `{name}`"))
                .help("name the remaining variants, so that a new one is a compile error here");
            if let Some(named) = named {
                named.propose(flagged);
            }
        }
    }
}

/// The catch-alls that decide: where, about which enum, and how they can say what they are about.
fn open_arms<'a>(
    workspace: &Workspace<'a>,
    calls: &Calls<'_, 'a>,
    function: &Function<'a>,
    matched: Matched<'a>,
    arms: &'a [Arm],
) -> Vec<(Span, &'static str, Option<Named>)> {
    let mut found: Vec<(Span, _, _)> = Vec::new();
    for place in NamedPlace::all(workspace, function.module, arms) {
        let closed = Closed::Runtime(place.name);
        let wrapper = place.wrapper();
        let of = wrapper.map(|wrapper| OpenMatch::new(function.module, closed, wrapper, arms));
        for arm in arms.iter().filter(|arm| arm.guard.is_none()) {
            let Some(pat) = place.catch_all(&arm.pat) else {
                continue;
            };
            let is_known = found.iter().any(|(span, ..)| *span == pat.span);
            if !is_known && !decides_nothing(workspace, calls, function, matched, arm) {
                let named = of.as_ref().and_then(|of| of.named(workspace, arm, pat));
                found.push((pat.span, place.name, named));
            }
        }
    }
    found
}
