//! What a future is made of: the call behind names, boxes, spans and limits.

use super::execute::external;
use crate::model::infer::Walker;
use crate::syntax::{Expr, ExprKind, MacroCall, Pat, PatKind, Stmt};

/// Methods that give a future that ends as the one before.
const SAME: &[&str] = &[
    "boxed",
    "boxed_local",
    "fuse",
    "in_current_span",
    "instrument",
    "with_current_subscriber",
    "with_subscriber",
];

/// The call that a future waits for. `named` says what a name stands for.
pub(super) fn behind<'e>(
    walker: &Walker<'_, 'e>,
    future: &'e Expr,
    named: &dyn Fn(&str) -> Option<&'e Expr>,
) -> &'e Expr {
    const MAX_DEPTH: usize = 8;
    let mut at = future;
    for _ in 0..MAX_DEPTH {
        let inner = match &at.kind {
            ExprKind::Path(path) => path.as_ident().and_then(named),
            _ => wrapped(walker, at),
        };
        match inner {
            Some(inner) => at = inner,
            None => break,
        }
    }
    at
}

fn wrapped<'e>(walker: &Walker<'_, 'e>, future: &'e Expr) -> Option<&'e Expr> {
    match &future.kind {
        ExprKind::Place(inner) => Some(inner),
        ExprKind::Method { receiver, name, .. } => {
            let is_same = SAME.contains(&name.text.as_str());
            (is_same && walker.called(future).is_none()).then_some(receiver)
        }
        ExprKind::Call { callee, args } => match (&callee.kind, args.as_slice()) {
            (ExprKind::Path(path), [only]) => {
                path.names().ends_with(&["Box", "pin"]).then_some(only)
            }
            _ => None,
        },
        ExprKind::Macro(call) if call.path.names().last() == Some(&"pin") => {
            match call.body.parts.as_slice() {
                [Stmt::Expr(only)] => Some(only),
                _ => None,
            }
        }
        _ => None,
    }
}

/// What `tokio::time::timeout(..)` waits for.
pub(super) fn limited_by_timeout<'e>(walker: &Walker<'_, 'e>, call: &'e Expr) -> Option<&'e Expr> {
    let ExprKind::Call { callee, args } = &call.kind else {
        return None;
    };
    let (_, path) = external(walker, callee)?;
    let name = path.join("::");
    let is_it = matches!(
        name.as_str(),
        "tokio::time::timeout" | "tokio::time::timeout_at"
    );
    args.get(1).filter(|_| is_it)
}

/// The futures that `join!` waits for, in the order of what it gives.
pub(super) fn joined(call: &MacroCall) -> Option<Vec<&Expr>> {
    if call.path.names().last() != Some(&"join") {
        return None;
    }
    let parts = call.body.parts.iter().map(|part| match part {
        Stmt::Expr(part) => Some(part),
        Stmt::Let { .. } => None,
    });
    parts.collect()
}

/// The patterns and futures of `let (a, b) = join!(f, g)`.
pub(super) fn parts_of_join(stmt: &Stmt) -> Vec<(&Pat, &Expr)> {
    let Stmt::Let {
        pat,
        init: Some(init),
        ..
    } = stmt
    else {
        return Vec::new();
    };
    match (&pat.kind, &init.kind) {
        (PatKind::Group(pats), ExprKind::Macro(call)) => {
            let parts = joined(call).filter(|parts| parts.len() == pats.len());
            pats.iter().zip(parts.unwrap_or_default()).collect()
        }
        _ => Vec::new(),
    }
}

/// The list of futures that `join_all(..)` waits for.
pub(super) fn listed<'e>(walker: &Walker<'_, 'e>, call: &'e Expr) -> Option<&'e Expr> {
    let ExprKind::Call { callee, args } = &call.kind else {
        return None;
    };
    let (_, path) = external(walker, callee)?;
    let (krate, name) = (path.first()?.as_str(), path.last()?.as_str());
    let is_it =
        matches!(krate, "futures" | "futures_util") && matches!(name, "join_all" | "try_join_all");
    args.first().filter(|_| is_it)
}
