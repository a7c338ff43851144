//! ORC503.

use super::execute::external;
use super::futures::limited_by_timeout;
use super::left_arms::left_behind;
use super::mentions::{Carriers, bindings};
use super::retries::HELPERS;
use super::{Check, Rule, Status};
use crate::finding::Severity;
use crate::model::infer::Walker;
use crate::model::{Function, Space, Workspace};
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
of `tokio_retry` without `take`, where no `tokio::time::timeout` is around all of them, and no arm of a
`select!` leaves them behind).

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
        for found in policies(workspace, function) {
            let at = check.at(function.file, found.span, function.path(workspace));
            let (help, title) = match found.problem {
                SAME => ("add jitter to the pauses", "add jitter"),
                _ => ("give them a number or a time", "try again three times"),
            };
            let flagged = check.flag(at, found.problem).help(help);
            if let Some(edits) = found.edits {
                flagged.unsafe_fix(title, move |source| {
                    let edits = edits.iter();
                    let edits = edits.map(|(span, text)| (source.bytes(*span), text.clone()));
                    Some(edits.collect())
                });
            }
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

impl Krate {
    /// What sets an end to its attempts.
    fn end(self) -> &'static str {
        match self {
            Krate::Backon => "with_total_delay",
            Krate::TokioRetry => "take",
        }
    }
}

/// What is given up: what `timeout` waits for, and arms of a `select!` that another arm leaves behind.
fn limited<'e>(
    workspace: &Workspace<'e>,
    function: &Function<'e>,
    bound: &[(&'e str, &'e Expr)],
) -> Vec<Span> {
    let mut futures: Vec<&'e Expr> = Vec::new();
    if function.body.mentions(&["select"]) {
        futures.extend(left_behind(function.body));
    }
    if function.body.mentions(&["timeout", "timeout_at"]) {
        let mut walker = function.walker(workspace);
        walker.block(function.body, &mut |walker, expr| {
            futures.extend(limited_by_timeout(walker, expr));
        });
    }
    let mut found = Vec::new();
    for future in futures {
        found.push(future.span);
        if let Some(name) = name_of(future) {
            let named = bound.iter().filter(|(of, _)| *of == name);
            found.extend(named.map(|(_, init)| init.span));
        }
    }
    found
}

/// The variable that a future is, or lends.
fn name_of(future: &Expr) -> Option<&str> {
    match &future.kind {
        ExprKind::Path(path) => path.as_ident(),
        ExprKind::Place(inner) => name_of(inner),
        _ => None,
    }
}

/// A policy with a problem.
struct Found {
    span: Span,
    problem: &'static str,
    /// What mends it, where that can be written down.
    edits: Option<Vec<(Span, String)>>,
}

fn policies<'e>(workspace: &Workspace<'e>, function: &Function<'e>) -> Vec<Found> {
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
    let limited = limited(workspace, function, &bound);
    let mut found = Vec::new();
    for policy in &made {
        let own = bound
            .iter()
            .filter(|(_, init)| init.span.contains(policy.span));
        let names: Vec<&str> = own.map(|(name, _)| *name).collect();
        let carriers = Carriers::of(names, function.body);
        let is_used = |arg: &&Expr| arg.span.contains(policy.span) || carriers.are_in(arg);
        let mut own = retried.iter().filter(|arg| is_used(arg)).peekable();
        if own.peek().is_none() {
            continue;
        }
        let mut set: Vec<&str> = Vec::new();
        if own.all(|arg| limited.iter().any(|outer| outer.contains(arg.span))) {
            set.push(policy.krate.end());
        }
        let mut settings: Vec<Setting<'_>> = Vec::new();
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
                settings.push(Setting {
                    name: &name.text,
                    span: behind(receiver.span).to(expr.span),
                    is_here: begins_with(receiver, policy.span),
                });
                set.push(&name.text);
                set.extend(args.iter().filter_map(last_name));
            }
        });
        found.extend(judge(policy, &set).map(|problem| Found {
            span: policy.span,
            problem,
            edits: match policy.krate {
                Krate::Backon => of_backon(policy, &set, &settings),
                Krate::TokioRetry => of_tokio_retry(workspace, function, policy, &set, &settings),
            },
        }));
    }
    found
}

/// A method that is called on a policy.
struct Setting<'e> {
    name: &'e str,
    /// From the dot to the end of the call.
    span: Span,
    /// Whether it stands in one chain with what makes the policy.
    is_here: bool,
}

/// The place behind a stretch.
fn behind(span: Span) -> Span {
    Span {
        start: span.end,
        end: span.end,
    }
}

/// Whether a chain of methods begins with what stands here.
fn begins_with(mut expr: &Expr, first: Span) -> bool {
    while let ExprKind::Method { receiver, .. } = &expr.kind {
        expr = receiver;
    }
    expr.span == first
}

/// `backon` tries three times unless it is told otherwise.
fn of_backon(made: &Made, set: &[&str], settings: &[Setting<'_>]) -> Option<Vec<(Span, String)>> {
    let endless = settings.iter().filter(|of| of.name == "without_max_times");
    let mut edits: Vec<_> = match set.contains(&"with_total_delay") {
        true => Vec::new(),
        false => endless.map(|of| (of.span, String::new())).collect(),
    };
    if !set.contains(&"with_jitter") {
        edits.push((behind(made.span), ".with_jitter()".to_owned()));
    }
    Some(edits)
}

/// What sets a strategy has to stand before what makes an iterator of it.
fn of_tokio_retry(
    workspace: &Workspace<'_>,
    function: &Function<'_>,
    made: &Made,
    set: &[&str],
    settings: &[Setting<'_>],
) -> Option<Vec<(Span, String)>> {
    const OF_STRATEGY: &[&str] = &["factor", "max_delay"];
    let resolve = |names: &[&str]| {
        let found = workspace.resolve(function.module, names, false, Space::Values);
        let path = found.external().map(<[String]>::to_vec).unwrap_or_default();
        path.first().is_some_and(|krate| krate == "tokio_retry")
            && path.last().is_some_and(|last| last == "jitter")
    };
    let mut text = String::new();
    if judge(made, &[set, &["take"]].concat()).is_some() {
        let paths: [&[&str]; 2] = [&["jitter"], &["tokio_retry", "strategy", "jitter"]];
        let path = paths.into_iter().find(|names| resolve(names))?;
        text.push_str(&format!(".map({})", path.join("::")));
    }
    if judge(made, set) == Some(ENDLESS) {
        text.push_str(".take(3)");
    }
    let own = settings.iter().filter(|of| OF_STRATEGY.contains(&of.name));
    let mut ends = vec![made.span];
    for setting in own {
        if !setting.is_here {
            return None;
        }
        ends.push(setting.span);
    }
    let last = ends.into_iter().max_by_key(|span| span.end)?;
    Some(vec![(behind(last), text)])
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
