//! What tries again: loops that end with success, and the crates made for it.

use std::collections::HashSet;

use crate::syntax::{Block, Expr, ExprKind, Stmt, visit};

/// Crates that do nothing but try again.
pub(super) const HELPERS: &[&str] = &[
    "again",
    "backoff",
    "backon",
    "retry",
    "tokio_retry",
    "tokio_retry2",
];

/// The names that are new at each turn of a loop that tries the same thing again: one that can be left, and
/// goes over no collection.
pub(super) fn repeated_loop(expr: &Expr) -> Option<HashSet<&str>> {
    let mut names = HashSet::new();
    let body = match &expr.kind {
        ExprKind::Loop(body) => body,
        ExprKind::While { cond, body } if !matches!(cond.kind, ExprKind::Let { .. }) => body,
        ExprKind::For { pat, iter, body } if is_range(iter) => {
            pat.each_name(&mut |name| {
                names.insert(name);
            });
            body
        }
        _ => return None,
    };
    for stmt in &body.stmts {
        if let Stmt::Let {
            pat,
            init: Some(init),
            ..
        } = stmt
            && waits(init)
        {
            pat.each_name(&mut |name| {
                names.insert(name);
            });
        }
    }
    can_be_left(body).then_some(names)
}

/// `0..3`, `1..=LIMIT`.
fn is_range(iter: &Expr) -> bool {
    match &iter.kind {
        ExprKind::Group(parts) => parts.iter().all(|part| match &part.kind {
            ExprKind::Lit => true,
            ExprKind::Path(_) | ExprKind::Field { .. } => parts.len() == 2,
            _ => false,
        }),
        _ => false,
    }
}

fn waits(expr: &Expr) -> bool {
    let mut found = false;
    visit::each(expr, &mut |expr| {
        found |= matches!(expr.kind, ExprKind::Await(_))
    });
    found
}

/// Whether a body has a `return` or a `break`; one of an inner loop counts, too.
fn can_be_left(body: &Block) -> bool {
    let mut found = false;
    visit::each_in_block(body, &mut |expr| {
        found |= matches!(expr.kind, ExprKind::Leave(..))
    });
    found
}

/// Whether a call hands a closure to a crate that calls it again: `retry(policy, send)`, `send.retry(policy)`.
pub(super) fn is_helper_call(expr: &Expr, external: &dyn Fn(&Expr) -> Option<Vec<String>>) -> bool {
    let is_of_helper =
        |path: &Expr| external(path).is_some_and(|path| HELPERS.contains(&path[0].as_str()));
    match &expr.kind {
        ExprKind::Call { callee, .. } => is_of_helper(callee),
        ExprKind::Method { name, args, .. } if name.text == "retry" => {
            let mut found = false;
            for arg in args {
                visit::each(arg, &mut |part| found |= is_of_helper(part));
            }
            found
        }
        _ => false,
    }
}
