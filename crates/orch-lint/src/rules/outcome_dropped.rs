//! ORC304.

use std::collections::HashMap;

use super::dropped::dropped;
use super::{Check, Rule, Status};
use crate::finding::Severity;
use crate::model::infer::Walker;
use crate::model::{RTy, Res};
use crate::syntax::{Expr, ExprKind};

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
        let given_up: HashMap<*const Expr, &'static str> = dropped(function.body)
            .into_iter()
            .map(|of| (std::ptr::from_ref(of.value), of.how))
            .collect();
        if given_up.is_empty() {
            continue;
        }
        let mut found = Vec::new();
        function
            .walker(workspace)
            .block(function.body, &mut |walker, expr| {
                if let Some(how) = given_up.get(&std::ptr::from_ref(expr))
                    && gives_outcome(walker, expr)
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

/// Whether a value is an outcome, or a `Result` or an `Option` of one.
fn gives_outcome<'a>(walker: &Walker<'_, 'a>, expr: &'a Expr) -> bool {
    match &expr.kind {
        ExprKind::Await(inner) | ExprKind::Try(inner) => gives_outcome(walker, inner),
        ExprKind::Method { receiver, name, .. }
            if matches!(name.text.as_str(), "ok" | "err" | "unwrap" | "expect") =>
        {
            gives_outcome(walker, receiver)
        }
        ExprKind::Method { receiver, name, .. } if name.text == "execute" => {
            walker.type_of(receiver).is_some_and(|ty| runs(&ty)) || is_outcome(walker, expr)
        }
        ExprKind::Method { .. } | ExprKind::Call { .. } => is_outcome(walker, expr),
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
