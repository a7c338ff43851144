//! ORC502.

use std::collections::{HashMap, HashSet};

use super::execute::external;
use super::mentions::{Carriers, bindings};
use super::requests::Request;
use super::retried_calls::ends_with_success;
use super::retries::{is_helper_call, repeated_loop};
use super::{Check, Rule, Status};
use crate::finding::Severity;
use crate::model::infer::Walker;
use crate::model::{Function, Workspace};
use crate::syntax::{Expr, ExprKind, Span, visit};

pub(super) static RULE: Rule = Rule {
    code: "ORC502",
    name: "retry-non-idempotent",
    severity: Severity::Warning,
    status: Status::Preview,
    docs: "\
## What it does
Finds `POST` requests of `reqwest` that are sent again without an idempotency key: in a loop that ends when
one of them succeeds, or in a retry helper (`backon`, `backoff`, `tokio_retry`, `again`).

## Why is this bad?
An attempt that got no answer may have arrived. Without a key the provider takes the next one for another
payment, and makes both.

## Example
```rust
for _ in 0..3 {
    if let Ok(answer) = client.post(url).json(&payment).send().await {
        return Ok(answer);
    }
}
```
Use instead:
```rust
client.post(url).header(\"Idempotency-Key\", op_id.as_str()).json(&payment).send().await
```
Better let the runtime try again: its attempts survive a restart.
",
    check,
};

fn check(check: &mut Check<'_, '_>) {
    let workspace = check.workspace;
    for function in check.functions {
        for span in repeated_posts(workspace, function) {
            let at = check.at(function.file, span, function.path(workspace));
            check
                .flag(at, "this request is sent again without a key")
                .help("send the operation's id in the header that the provider reads keys from");
        }
    }
}

fn repeated_posts<'e>(workspace: &Workspace<'e>, function: &Function<'e>) -> Vec<Span> {
    let mut loops: Vec<(&'e Expr, HashSet<&'e str>)> = Vec::new();
    let mut has_post = false;
    visit::each_in_block(function.body, &mut |expr| {
        has_post |= matches!(&expr.kind, ExprKind::Method { name, .. } if name.text == "post");
        loops.extend(repeated_loop(expr).map(|names| (expr, names)));
    });
    if !has_post {
        return Vec::new();
    }
    let mut bound: HashMap<&'e str, Vec<&'e Expr>> = HashMap::new();
    for (name, init) in bindings(function.body) {
        bound.entry(name).or_default().push(init);
    }
    let mut helped: Vec<Span> = Vec::new();
    let mut posts: Vec<(&'e Expr, Request<'e>)> = Vec::new();
    function
        .walker(workspace)
        .block(function.body, &mut |walker, expr| {
            let request = Request::of(walker, expr, &bound);
            posts.extend(request.map(|request| (expr, request)));
            let of_helper = |path: &Expr| {
                let named = || made_by(walker, path, &bound);
                external(walker, path).map(|(_, path)| path).or_else(named)
            };
            if is_helper_call(expr, &of_helper) {
                helped.push(expr.span);
                helped.extend(closure_of(expr, &bound).map(|of| of.span));
            }
        });
    posts.retain(|(_, request)| request.is_post() && !request.may_carry_key());
    let is_repeated = |(expr, request): &(&'e Expr, Request<'e>)| {
        let is_inside = |outer: &Span| outer.contains(expr.span);
        let is_in_loop = |(outer, names): &(&'e Expr, HashSet<&'e str>)| {
            is_inside(&outer.span) && ends_with_success(outer, expr.span) && {
                let fresh = Carriers::of(names.iter().copied(), function.body);
                !request.args().any(|arg| fresh.are_in(arg))
            }
        };
        helped.iter().any(is_inside) || loops.iter().any(is_in_loop)
    };
    let found = posts.iter().filter(|post| is_repeated(post));
    found.map(|(expr, _)| expr.span).collect()
}

/// The first path of another crate in what a name stands for: of a policy, what makes it.
fn made_by<'e>(
    walker: &Walker<'_, 'e>,
    expr: &Expr,
    bound: &HashMap<&'e str, Vec<&'e Expr>>,
) -> Option<Vec<String>> {
    let ExprKind::Path(path) = &expr.kind else {
        return None;
    };
    let [init] = bound.get(path.as_ident()?)?.as_slice() else {
        return None;
    };
    let mut found = None;
    visit::each(init, &mut |part| {
        if found.is_none() {
            found = external(walker, part).map(|(_, path)| path);
        }
    });
    found
}

/// The closure that `send.retry(..)` or `retry(policy, send)` calls again, where it has a name.
fn closure_of<'e>(expr: &'e Expr, bound: &HashMap<&'e str, Vec<&'e Expr>>) -> Option<&'e Expr> {
    let candidates: Vec<&'e Expr> = match &expr.kind {
        ExprKind::Method { receiver, .. } => vec![receiver],
        ExprKind::Call { args, .. } => args.iter().collect(),
        _ => Vec::new(),
    };
    let named = candidates.into_iter().filter_map(|of| match &of.kind {
        ExprKind::Path(path) => match bound.get(path.as_ident()?)?.as_slice() {
            [only] => Some(*only),
            _ => None,
        },
        _ => None,
    });
    let mut closures = named.filter(|of| matches!(of.kind, ExprKind::Closure { .. }));
    closures.next()
}
