//! ORC008.

use super::execute::{self, external_path};
use super::{Check, Rule, Status};
use crate::finding::Severity;
use crate::model::infer::Walker;
use crate::syntax::{Block, Expr, ExprKind, Pat, PatKind, Span, Stmt, visit};

pub(super) static RULE: Rule = Rule {
    code: "ORC008",
    name: "detached-spawn-in-execute",
    severity: Severity::Error,
    status: Status::Stable,
    docs: "\
## What it does
Finds tasks and threads that `Orchestrator::execute` starts and forgets: `spawn(..)` whose handle is
dropped.

## Why is this bad?
`execute` answers while the task goes on. What the task does to the provider happens after the outcome
was recorded, or twice when the operation is tried again, and its result is lost. A process that ends
takes it along without a trace.

## Example
```rust
async fn execute(&self, op_id: &OpId, command: &PaymentCommand) -> Outcome {
    tokio::spawn(self.gateway.notify(command.clone()));
```
Use instead:
```rust
async fn execute(&self, op_id: &OpId, command: &PaymentCommand) -> Outcome {
    self.gateway.notify(op_id, command).await
```
Or make it an operation of its own.
",
    check,
};

const SPAWNS: &[&str] = &[
    "tokio::spawn",
    "tokio::task::spawn",
    "tokio::task::spawn_blocking",
    "tokio::task::spawn_local",
    "std::thread::spawn",
    "async_std::task::spawn",
    "smol::spawn",
    "rayon::spawn",
];

fn check(check: &mut Check<'_, '_>) {
    let dropped = |body| -> Vec<Span> {
        let values = dropped_values(body).into_iter();
        values.map(|expr| expr.span).collect()
    };
    let found = execute::each_knowing(check, dropped, |dropped, walker, expr| {
        let is_dropped = dropped.contains(&expr.span);
        let (span, name) = spawn(walker, expr).filter(|_| is_dropped)?;
        Some((span, name))
    });
    for found in found {
        let message = format!(
            "what `{}` starts goes on after `execute` answered",
            found.what
        );
        check
            .flag(found.at, message)
            .help("await it, or make it an operation of its own");
    }
}

fn spawn(walker: &Walker<'_, '_>, expr: &Expr) -> Option<(Span, String)> {
    let ExprKind::Call { callee, .. } = &expr.kind else {
        return None;
    };
    let ExprKind::Path(path) = &callee.kind else {
        return None;
    };
    let name = external_path(walker, path)?.join("::");
    SPAWNS.contains(&name.as_str()).then_some((path.span, name))
}

/// Expressions whose value goes nowhere: statements, `let _ = ..`, and what `drop` gets.
fn dropped_values(body: &Block) -> Vec<&Expr> {
    let mut found = Vec::new();
    visit::each_block(body, &mut |block| {
        let last = block.stmts.len().saturating_sub(1);
        for (at, stmt) in block.stmts.iter().enumerate() {
            match stmt {
                Stmt::Expr(expr) if at < last || !block.has_value => found.push(given_up(expr)),
                Stmt::Let {
                    pat,
                    init: Some(init),
                    ..
                } if is_unused(pat) => found.push(init),
                _ => {}
            }
        }
    });
    found
}

/// `drop(spawn(..))` gives up what it gets.
fn given_up(expr: &Expr) -> &Expr {
    match &expr.kind {
        ExprKind::Call { callee, args } => match (&callee.kind, args.as_slice()) {
            (ExprKind::Path(path), [only]) if path.text().ends_with("drop") => only,
            _ => expr,
        },
        _ => expr,
    }
}

fn is_unused(pat: &Pat) -> bool {
    match &pat.kind {
        PatKind::Wild => true,
        PatKind::Bind { name, sub: None } => name.text.starts_with('_'),
        PatKind::Typed(inner, _) => is_unused(inner),
        _ => false,
    }
}
