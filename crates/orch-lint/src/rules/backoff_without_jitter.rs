//! ORC503.

use super::execute::external;
use super::mentions::{Carriers, bindings};
use super::retries::HELPERS;
use super::{Check, Rule, Status};
use crate::finding::Severity;
use crate::model::infer::Walker;
use crate::model::{Function, Workspace};
use crate::syntax::{Expr, ExprKind, Span, visit};

pub(super) static RULE: Rule = Rule {
    code: "ORC503",
    name: "backoff-without-jitter",
    severity: Severity::Warning,
    status: Status::Preview,
    docs: "\
## What it does
Finds pauses between attempts that are the same for all callers (`backon` builders without `with_jitter`,
strategies of `tokio_retry` without `jitter`), and attempts without an end (`without_max_times`, strategies
of `tokio_retry` without `take`).

## Why is this bad?
All that failed together come back together, and bring down the provider that was about to recover. What
tries for ever holds its caller for ever, and nobody hears that the provider is gone.

## Example
```rust
send.retry(ExponentialBuilder::default()).await
```
Use instead:
```rust
send.retry(ExponentialBuilder::default().with_jitter().with_max_times(3)).await
```
",
    check,
};

/// What is wrong with a policy.
const SAME: &str = "all callers pause for the same time";
const ENDLESS: &str = "these attempts never end";

fn check(check: &mut Check<'_, '_>) {
    let workspace = check.workspace;
    for function in check.functions {
        for (span, problem) in policies(workspace, function) {
            let at = check.at(function.file, span, function.path(workspace));
            let help = match problem {
                SAME => "add jitter to the pauses",
                _ => "give them a number or a time",
            };
            check.flag(at, problem).help(help);
        }
    }
}

/// A crate's policy, where it is made.
struct Made {
    span: Span,
    krate: Krate,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Krate {
    Backon,
    TokioRetry,
}

fn policies<'e>(workspace: &Workspace<'e>, function: &Function<'e>) -> Vec<(Span, &'static str)> {
    let mut retries = false;
    visit::each_in_block(function.body, &mut |expr| retries |= may_retry(expr));
    if !retries {
        return Vec::new();
    }
    let mut made: Vec<Made> = Vec::new();
    function
        .walker(workspace)
        .block(function.body, &mut |walker, expr| {
            made.extend(policy(walker, expr))
        });
    if made.is_empty() {
        return Vec::new();
    }
    let retried = retried_with(workspace, function);
    let bound = bindings(function.body);
    let mut found = Vec::new();
    for policy in &made {
        let own = bound
            .iter()
            .filter(|(_, init)| init.span.contains(policy.span));
        let names: Vec<&str> = own.map(|(name, _)| *name).collect();
        let carriers = Carriers::of(names, function.body);
        let is_used = |arg: &&Expr| arg.span.contains(policy.span) || carriers.are_in(arg);
        if !retried.iter().any(is_used) {
            continue;
        }
        let mut set: Vec<&str> = Vec::new();
        visit::each_in_block(function.body, &mut |expr| {
            let ExprKind::Method {
                receiver,
                name,
                args,
            } = &expr.kind
            else {
                return;
            };
            if receiver.span.contains(policy.span) || carriers.are_in(receiver) {
                set.push(&name.text);
                set.extend(args.iter().filter_map(last_name));
            }
        });
        found.extend(judge(policy, &set).map(|problem| (policy.span, problem)));
    }
    found
}

/// What attempts are made with in a function. A policy that is returned may be completed elsewhere.
fn retried_with<'e>(workspace: &Workspace<'e>, function: &Function<'e>) -> Vec<&'e Expr> {
    let mut found: Vec<&'e Expr> = Vec::new();
    function
        .walker(workspace)
        .block(function.body, &mut |walker, expr| match &expr.kind {
            ExprKind::Method { name, args, .. } if name.text == "retry" => found.extend(args),
            ExprKind::Call { callee, args } => {
                let path = external(walker, callee).map(|(_, path)| path);
                if path.is_some_and(|path| HELPERS.contains(&path[0].as_str()) && is_start(&path)) {
                    found.extend(args);
                }
            }
            _ => {}
        });
    found
}

/// Whether a call is named as those that try again.
fn may_retry(expr: &Expr) -> bool {
    const NAMES: &[&str] = &["retry", "retry_notify", "spawn", "start"];
    match &expr.kind {
        ExprKind::Method { name, .. } => name.text == "retry",
        ExprKind::Call { callee, .. } => {
            last_name(callee).is_some_and(|name| NAMES.contains(&name))
        }
        _ => false,
    }
}

/// `Retry::spawn`, `RetryIf::spawn`, `Retry::start`.
fn is_start(path: &[String]) -> bool {
    let last = path.last().map(String::as_str);
    matches!(last, Some("spawn" | "start" | "retry" | "retry_notify"))
}

fn judge(policy: &Made, set: &[&str]) -> Option<&'static str> {
    let has = |name: &str| set.contains(&name);
    let (is_bounded, is_spread) = match policy.krate {
        Krate::Backon => (
            !has("without_max_times") || has("with_total_delay"),
            has("with_jitter"),
        ),
        Krate::TokioRetry => (
            has("take") || has("take_while"),
            has("jitter") || has("jitter_range") || has("map"),
        ),
    };
    match (is_bounded, is_spread) {
        (false, _) => Some(ENDLESS),
        (true, false) => Some(SAME),
        (true, true) => None,
    }
}

fn policy<'e>(walker: &Walker<'_, 'e>, expr: &'e Expr) -> Option<Made> {
    let ExprKind::Call { callee, .. } = &expr.kind else {
        return None;
    };
    let (_, path) = external(walker, callee)?;
    let names: Vec<&str> = path.iter().map(String::as_str).collect();
    let krate = match names.as_slice() {
        [
            "backon",
            ..,
            "ConstantBuilder" | "ExponentialBuilder" | "FibonacciBuilder",
            "default" | "new",
        ] => Krate::Backon,
        [
            "tokio_retry" | "tokio_retry2",
            ..,
            "ExponentialBackoff" | "FibonacciBackoff" | "FixedInterval",
            _,
        ] => Krate::TokioRetry,
        _ => return None,
    };
    let span = expr.span;
    Some(Made { span, krate })
}

fn last_name(arg: &Expr) -> Option<&str> {
    match &arg.kind {
        ExprKind::Path(path) => path.last().map(|last| last.name.text.as_str()),
        _ => None,
    }
}
