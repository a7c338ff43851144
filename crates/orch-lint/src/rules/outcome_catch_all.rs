//! ORC302.

use super::{Check, Rule};
use crate::finding::Severity;
use crate::model::{ModuleId, Workspace};
use crate::syntax::{Arm, ExprKind, Pat, PatKind, visit};

pub(super) static RULE: Rule = Rule {
    code: "ORC302",
    name: "outcome-catch-all",
    severity: Severity::Error,
    docs: "\
## What it does
Finds `_` and plain bindings among the arms of a `match` on `Outcome` or `Probe`.

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

const ENUMS: &[&str] = &["Outcome", "Probe"];

fn check(check: &mut Check<'_, '_>) {
    let workspace = check.workspace;
    for function in check.functions {
        let mut found = Vec::new();
        visit::each_in_block(function.body, &mut |expr| {
            if let ExprKind::Match { arms, .. } = &expr.kind
                && let Some(name) = matched(workspace, function.module, arms)
            {
                let open = arms.iter().filter(|arm| arm.guard.is_none());
                let spans = open.filter_map(|arm| catch_all(&arm.pat));
                found.extend(spans.map(|pat| (pat.span, name)));
            }
        });
        let file = function.file;
        for (span, name) in found {
            let at = check.at(file, span, function.path(workspace));
            check
                .flag(at, format!("this arm decides about every other `{name}`"))
                .help("name the remaining variants, so that a new one is a compile error here");
        }
    }
}

/// The runtime's enum that the other arms name.
fn matched(workspace: &Workspace<'_>, module: ModuleId, arms: &[Arm]) -> Option<&'static str> {
    let names = |name: &&&str| {
        arms.iter()
            .any(|arm| is_variant(workspace, module, &arm.pat, name))
    };
    ENUMS.iter().find(names).copied()
}

fn is_variant(workspace: &Workspace<'_>, module: ModuleId, pat: &Pat, name: &str) -> bool {
    let resolves = |path| {
        workspace
            .resolve_value(module, path)
            .runtime_variant(name)
            .is_some()
    };
    match &pat.kind {
        PatKind::Path(path) | PatKind::TupleStruct(path, _) | PatKind::Struct(path, _) => {
            resolves(path)
        }
        PatKind::Bind { sub: Some(sub), .. } => is_variant(workspace, module, sub, name),
        PatKind::Bind {
            name: own,
            sub: None,
        } => {
            let found = workspace.resolve(module, &[&own.text], false, crate::model::Space::Values);
            found.runtime_variant(name).is_some()
        }
        PatKind::Or(cases) => cases
            .iter()
            .any(|case| is_variant(workspace, module, case, name)),
        PatKind::Ref(inner) => is_variant(workspace, module, inner, name),
        _ => false,
    }
}

/// The part of a pattern that matches everything.
fn catch_all(pat: &Pat) -> Option<&Pat> {
    match &pat.kind {
        PatKind::Wild => Some(pat),
        PatKind::Bind { sub: Some(sub), .. } => catch_all(sub).is_some().then_some(pat),
        // Capital letters name variants and constants, as the compiler's own lint asks.
        PatKind::Bind { name, sub: None } => name
            .text
            .starts_with(|first: char| !first.is_uppercase())
            .then_some(pat),
        PatKind::Ref(inner) => catch_all(inner),
        PatKind::Or(cases) => cases.iter().find_map(|case| catch_all(case)),
        _ => None,
    }
}
