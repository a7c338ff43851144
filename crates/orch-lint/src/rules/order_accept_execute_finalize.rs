//! ORC201.

use super::{Check, Rule, Status};
use crate::finding::Severity;
use crate::known;
use crate::model::infer::Walker;
use crate::model::{ImplBlock, RTy, Res};
use crate::syntax::{Expr, ExprKind, Span};

pub(super) static RULE: Rule = Rule {
    code: "ORC201",
    name: "order-accept-execute-finalize",
    severity: Severity::Error,
    status: Status::Stable,
    docs: "\
## What it does
Finds calls of an orchestrator's `execute` or `finalize` from the project's own code: a handler, a job,
another service. An orchestrator that wraps another one may call it from its own function of that name.

## Why is this bad?
An operation is accepted, then executed, then finalized, and the runtime writes each step down before
the next. A direct call skips what comes before and after: there is no record that the provider was
called, no key that keeps a second request from doing it again, and nobody who asks what became of it
after a crash.

## Example
```rust
async fn pay(State(payments): State<PaymentOrchestrator>, Json(command): Json<PaymentCommand>) {
    let outcome = payments.execute(&OpId::new(), &command).await;
```
Use instead:
```rust
async fn pay(State(engine): State<Engine>, Json(command): Json<PaymentCommand>) {
    let accepted = engine.submit(&owner, &key, &command).await;
```
",
    check,
};

const STEPS: &[&str] = &["execute", "finalize"];

fn check(check: &mut Check<'_, '_>) {
    let workspace = check.workspace;
    for function in check.functions.iter().filter(|of| of.body.mentions(STEPS)) {
        let mut found: Vec<(Span, &str)> = Vec::new();
        let mut walker = function.walker(workspace);
        walker.block(function.body, &mut |walker, expr| {
            found.extend(step(walker, expr));
        });
        // What wraps an orchestrator is one itself.
        let is_wrapper =
            |name: &str| function.name() == name && function.implements(workspace, "Orchestrator");
        for (span, name) in found.into_iter().filter(|(_, name)| !is_wrapper(name)) {
            let at = check.at(function.file, span, function.path(workspace));
            let message =
                format!("`{name}` is called past the runtime: nothing is written down around it");
            check.flag(at, message).help(
                "hand the command to the engine's `submit`; its workers call the orchestrator",
            );
        }
    }
}

/// A call of a step of an orchestrator.
fn step<'a>(walker: &Walker<'_, 'a>, expr: &'a Expr) -> Option<(Span, &'a str)> {
    let (span, name, of) = match &expr.kind {
        ExprKind::Method { receiver, name, .. } if is_step(&name.text) => {
            (name.span, &name.text, walker.type_of(receiver)?)
        }
        ExprKind::Path(path) => {
            let last = &path.last()?.name;
            if !is_step(&last.text) {
                return None;
            }
            (path.span, &last.text, walker.type_before(path)?)
        }
        _ => return None,
    };
    is_orchestrator(walker, of.behind_pointers(), name).then_some((span, name.as_str()))
}

fn is_step(name: &str) -> bool {
    STEPS.contains(&name)
}

/// Whether a method of that name of a type is the orchestrator's.
fn is_orchestrator(walker: &Walker<'_, '_>, ty: &RTy, name: &str) -> bool {
    let workspace = walker.workspace();
    match ty {
        RTy::Local(id, _) => {
            let of = |block: &&ImplBlock<'_>| matches!(workspace.self_type(block), RTy::Local(own, _) if own == *id);
            let is_own = |block: &ImplBlock<'_>| {
                block.def.trait_path.is_none() && block.def.method(name).is_some()
            };
            workspace
                .runtime_impls("Orchestrator")
                .any(|block| of(&block))
                && !workspace.impls_of(*id).any(is_own)
        }
        RTy::Bounds(bounds) => bounds.iter().any(|bound| match &bound.name {
            Res::External(path) => known::is_runtime(path, "Orchestrator"),
            _ => false,
        }),
        RTy::External(path, _) => known::is_runtime(path, "Orchestrator"),
        _ => false,
    }
}
