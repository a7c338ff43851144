//! ORC304.

use std::collections::HashMap;

use super::dropped::{dropped, dropped_of_joins};
use super::futures::{behind, joined, limited_by_timeout, listed};
use super::mentions::{once_bound, root};
use super::{Check, Rule, Status};
use crate::finding::Severity;
use crate::model::constants::Bound;
use crate::model::infer::Walker;
use crate::model::{RTy, Res};
use crate::syntax::{Block, Expr, ExprKind, PatKind, Stmt, visit};

pub(super) static RULE: Rule = Rule {
    code: "ORC304",
    name: "outcome-dropped",
    severity: Severity::Error,
    status: Status::Stable,
    docs: "\
## What it does
Finds values of type `Outcome` that go nowhere: statements, `let _ = ..`, names that nothing reads, and
`drop(..)`, also where the outcome is inside a `Result` or an `Option`, or one of those that `join!` and
`join_all` wait for.

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
        let mut waited: HashMap<*const Expr, &'static str> = HashMap::new();
        if function.body.mentions(&["join"]) {
            let parts = dropped_of_joins(function.body).into_iter();
            waited.extend(parts.map(|of| (std::ptr::from_ref(of.value), of.how)));
        }
        if given_up.is_empty() && waited.is_empty() {
            continue;
        }
        let bound = once_bound(function.body);
        let mut found = Vec::new();
        function
            .walker(workspace)
            .block(function.body, &mut |walker, expr| {
                let at = std::ptr::from_ref(expr);
                let how = match (given_up.get(&at), waited.get(&at)) {
                    (Some(how), _) if gives_outcome(walker, &bound, expr) => how,
                    (_, Some(how)) if ends_in_outcome(walker, &bound, expr) => how,
                    _ => return,
                };
                found.push((expr.span, *how));
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
            if let Some(list) = listed(walker, call) {
                return lists_outcomes(walker, bound, list);
            }
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
            parts.any(|part| ends_in_outcome(walker, bound, part))
        }
        _ => false,
    }
}

/// Whether a future gives one.
fn ends_in_outcome<'a>(walker: &Walker<'_, 'a>, bound: &Bound<'a>, future: &'a Expr) -> bool {
    let named = |name: &str| bound.get(name).copied();
    gives_outcome(walker, bound, behind(walker, future, &named))
}

/// Whether one of a list of futures gives one: of `[a, b]`, `vec![a, b]`, `all.map(a)`.
fn lists_outcomes<'a>(walker: &Walker<'_, 'a>, bound: &Bound<'a>, list: &'a Expr) -> bool {
    let named = |name: &str| bound.get(name).copied();
    let list = behind(walker, list, &named);
    match &list.kind {
        ExprKind::Group(parts) => {
            let mut parts = parts.iter();
            parts.any(|part| ends_in_outcome(walker, bound, part))
        }
        ExprKind::Macro(call) if call.path.names().last() == Some(&"vec") => {
            let mut parts = call.body.parts.iter();
            parts.any(
                |part| matches!(part, Stmt::Expr(part) if ends_in_outcome(walker, bound, part)),
            )
        }
        ExprKind::Method {
            receiver,
            name,
            args,
        } => match (name.text.as_str(), args.as_slice()) {
            ("collect" | "into_iter", []) => lists_outcomes(walker, bound, receiver),
            ("map", [each]) => maps_to_outcome(walker, bound, each),
            _ => false,
        },
        _ => false,
    }
}

/// Whether a function or a closure gives one, or a future that does. What a closure calls its parameters is
/// nothing that is known outside.
fn maps_to_outcome<'a>(walker: &Walker<'_, 'a>, bound: &Bound<'a>, each: &'a Expr) -> bool {
    match &each.kind {
        ExprKind::Path(path) => walker.function_of(path).is_some_and(|called| {
            let result = walker.result_of(&called);
            result.settled().is_runtime("Outcome")
        }),
        ExprKind::Closure { params, body } => {
            let value = behind(walker, alone(body), &|_| None);
            let mut is_own = false;
            params.iter().for_each(|pat| {
                pat.each_name(&mut |name| is_own |= root(value) == Some(name));
            });
            !is_own && gives_outcome(walker, bound, value)
        }
        _ => false,
    }
}

/// The value of a block with nothing else in it.
fn alone(value: &Expr) -> &Expr {
    match &value.kind {
        ExprKind::Async(block) | ExprKind::Block(block) => match block.stmts.as_slice() {
            [Stmt::Expr(only)] if block.has_value => alone(only),
            _ => value,
        },
        _ => value,
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
