//! ORC302.

use super::remaining_variants::{Closed, OpenMatch, enum_of};
use super::{Check, Rule, Status, else_branches};
use crate::finding::Severity;
use crate::model::{ModuleId, Workspace};
use crate::syntax::{Arm, ExprKind, Pat, PatKind, visit};

pub(super) static RULE: Rule = Rule {
    code: "ORC302",
    name: "outcome-catch-all",
    severity: Severity::Error,
    status: Status::Stable,
    docs: "\
## What it does
Finds `_` and plain bindings among the arms of a `match` on `Outcome`, `Probe` or `GatewayError`, and
the `else` of an `if let` or `let` that names some of their variants, where what is not known falls into
it and is not looked at there.

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
    let workspace = check.workspace;
    for function in check.functions.iter() {
        for open in else_branches::open(workspace, function) {
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
    let workspace = check.workspace;
    for function in check
        .functions
        .iter()
        .filter(|of| of.body.mentions(&["match"]))
    {
        let mut found = Vec::new();
        visit::each_in_block(function.body, &mut |expr| {
            if let ExprKind::Match { arms, .. } = &expr.kind
                && let Some(matched) = matched(workspace, function.module, arms)
            {
                let open = arms.iter().filter(|arm| arm.guard.is_none());
                let closed = Closed::Runtime(matched.name);
                let of = OpenMatch::new(function.module, closed, matched.wrapper, arms);
                found.extend(open.filter_map(|arm| {
                    let pat = catch_all(&arm.pat, matched.wrapper)?;
                    Some((pat.span, matched.name, of.named(workspace, arm, pat)))
                }));
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

/// What a `match` distinguishes.
struct Matched<'p> {
    /// The runtime's enum.
    name: &'static str,
    /// `Err` in `Err(GatewayError::Refused { .. })`.
    wrapper: Option<&'p str>,
}

/// The runtime's enum that some arms name.
fn matched<'p>(
    workspace: &Workspace<'_>,
    module: ModuleId,
    arms: &'p [Arm],
) -> Option<Matched<'p>> {
    let of_pat = |pat| enum_of(workspace, module, pat);
    arms.iter().find_map(|arm| match &arm.pat.kind {
        PatKind::TupleStruct(path, inner) if inner.len() == 1 => {
            let wrapper = path.last().map(|last| last.name.text.as_str());
            let inside = of_pat(&inner[0]).map(|name| Matched { name, wrapper });
            let outside = || {
                of_pat(&arm.pat).map(|name| Matched {
                    name,
                    wrapper: None,
                })
            };
            inside.or_else(outside)
        }
        _ => of_pat(&arm.pat).map(|name| Matched {
            name,
            wrapper: None,
        }),
    })
}

/// The part of a pattern that matches everything, also inside the wrapper.
fn catch_all<'p>(pat: &'p Pat, wrapper: Option<&str>) -> Option<&'p Pat> {
    match &pat.kind {
        PatKind::Wild => Some(pat),
        PatKind::Bind { sub: Some(sub), .. } => catch_all(sub, wrapper).is_some().then_some(pat),
        // Capital letters name variants and constants, as the compiler's own lint asks.
        PatKind::Bind { name, sub: None } => name
            .text
            .starts_with(|first: char| !first.is_uppercase())
            .then_some(pat),
        PatKind::Ref(inner) => catch_all(inner, wrapper),
        PatKind::Or(cases) => cases.iter().find_map(|case| catch_all(case, wrapper)),
        PatKind::TupleStruct(path, inner) if inner.len() == 1 => {
            let own = path.last().map(|last| last.name.text.as_str());
            let is_wrapper = own.is_some() && own == wrapper;
            is_wrapper.then(|| catch_all(&inner[0], None)).flatten()
        }
        _ => None,
    }
}
