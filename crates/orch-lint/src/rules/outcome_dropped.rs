//! ORC304.

use std::collections::HashMap;

use super::dropped::dropped;
use super::futures::{behind, joined, limited_by_timeout};
use super::mentions::once_bound;
use super::{Check, Rule, Status};
use crate::finding::Severity;
use crate::model::constants::Bound;
use crate::model::infer::Walker;
use crate::model::{RTy, Res};
use crate::syntax::{Block, Expr, ExprKind, PatKind, visit};

pub(super) static RULE: Rule = Rule {
    code: "ORC304",
    name: "outcome-dropped",
    severity: Severity::Error,
    status: Status::Stable,
    docs: "\
## What it does
Finds values of type `Outcome` that go nowhere: statements, `let _ = ..`, names that nothing reads, and
`drop(..)`, also where the outcome is inside a `Result` or an `Option`.

## Why is this bad?
An outcome is what the provider answered. When nobody records it, the operation stays open although it
happened, and is asked about or made again.

## Example
```rust
let _ = orchestrator.execute(&op_id, &command).await;
```
Use instead:
```rust
let outcome = orchestrator.execute(&op_id, &command).await;
record(&op_id, outcome).await?;
```
",
    check,
};

fn check(check: &mut Check<'_, '_>) {
    let workspace = check.workspace;
    for function in check.functions {
        if !workspace.knows_runtime(function.module) {
            continue;
        }
        let mut given_up: HashMap<*const Expr, &'static str> = dropped(function.body)
            .into_iter()
            .map(|of| (std::ptr::from_ref(of.value), of.how))
            .collect();
        if function.body.mentions(&["match"]) {
            given_up.extend(matched_by_nothing(function.body));
        }
        if given_up.is_empty() {
            continue;
        }
        let bound = once_bound(function.body);
        let mut found = Vec::new();
        function
            .walker(workspace)
            .block(function.body, &mut |walker, expr| {
                if let Some(how) = given_up.get(&std::ptr::from_ref(expr))
                    && gives_outcome(walker, &bound, expr)
                {
                    found.push((expr.span, *how));
                }
            });
        for (span, how) in found {
            let at = check.at(function.file, span, function.path(workspace));
            check
                .flag(at, format!("this outcome is dropped{how}"))
                .help("record it, or return it to who does");
        }
    }
}

/// What a `match` looks at that has nothing but `_` in its arms.
fn matched_by_nothing(body: &Block) -> Vec<(*const Expr, &'static str)> {
    let mut found = Vec::new();
    visit::each_in_block(body, &mut |expr| {
        if let ExprKind::Match { scrutinee, arms } = &expr.kind
            && arms.iter().all(|arm| matches!(arm.pat.kind, PatKind::Wild))
        {
            found.push((std::ptr::from_ref(&**scrutinee), ""));
        }
    });
    found
}

/// Whether a value is an outcome, a `Result` or an `Option` of one, or what some futures give that have one
/// among them.
fn gives_outcome<'a>(walker: &Walker<'_, 'a>, bound: &Bound<'a>, expr: &'a Expr) -> bool {
    let named = |name: &str| bound.get(name).copied();
    match &expr.kind {
        ExprKind::Await(inner) => {
            let call = behind(walker, inner, &named);
            let limited = limited_by_timeout(walker, call);
            let call = limited.map_or(call, |of| behind(walker, of, &named));
            gives_outcome(walker, bound, call)
        }
        ExprKind::Try(inner) => gives_outcome(walker, bound, inner),
        ExprKind::Method { receiver, name, .. }
            if matches!(name.text.as_str(), "ok" | "err" | "unwrap" | "expect") =>
        {
            gives_outcome(walker, bound, receiver)
        }
        ExprKind::Method { receiver, name, .. } if name.text == "execute" => {
            walker.type_of(receiver).is_some_and(|ty| runs(&ty)) || is_outcome(walker, expr)
        }
        ExprKind::Method { .. } | ExprKind::Call { .. } => is_outcome(walker, expr),
        ExprKind::Macro(call) => {
            let mut parts = joined(call).into_iter().flatten();
            parts.any(|part| gives_outcome(walker, bound, behind(walker, part, &named)))
        }
        _ => false,
    }
}

fn is_outcome<'a>(walker: &Walker<'_, 'a>, expr: &'a Expr) -> bool {
    let ty = walker.type_of(expr);
    ty.is_some_and(|ty| ty.settled().is_runtime("Outcome"))
}

/// Whether all that is known of a type is that it is an orchestrator.
fn runs(ty: &RTy) -> bool {
    match ty.behind_pointers() {
        RTy::Bounds(bounds) => bounds.iter().any(|bound| match &bound.name {
            Res::External(path) => crate::known::is_runtime(path, "Orchestrator"),
            _ => false,
        }),
        _ => false,
    }
}
