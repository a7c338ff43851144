//! What tries again: loops that end with success, and the crates made for it.

use std::collections::HashSet;

use crate::syntax::{Block, Expr, ExprKind, Pat, Stmt, visit};

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
    taken_in(body, &mut names);
    can_be_left(body).then_some(names)
}

/// The names that the parts of a loop give to what they wait for, or take from somewhere.
fn taken_in<'e>(body: &'e Block, names: &mut HashSet<&'e str>) {
    let mut name = |pat: &'e Pat| {
        pat.each_name(&mut |name| {
            names.insert(name);
        });
    };
    let bound = |stmt: &'e Stmt| match stmt {
        Stmt::Let {
            pat,
            init: Some(init),
            ..
        } => Some((pat, init)),
        _ => None,
    };
    visit::each_block(body, &mut |block| {
        let lets = block.stmts.iter().filter_map(bound);
        lets.filter(|(_, init)| takes(init))
            .for_each(|(pat, _)| name(pat));
    });
    visit::each_in_block(body, &mut |expr| match &expr.kind {
        ExprKind::Let { pat, value } if takes(value) => name(pat),
        ExprKind::Match { scrutinee, arms } if takes(scrutinee) => {
            arms.iter().for_each(|arm| name(&arm.pat));
        }
        // Each arm of a `select!` waits.
        ExprKind::Macro(call) if call.path.names().last() == Some(&"select") => {
            let lets = call.body.parts.iter().filter_map(bound);
            lets.for_each(|(pat, _)| name(pat));
        }
        _ => {}
    });
}

/// The names of a loop over a collection, in which each turn is about something else.
pub(super) fn collection_loop(expr: &Expr) -> Option<HashSet<&str>> {
    let ExprKind::For { pat, iter, .. } = &expr.kind else {
        return None;
    };
    let mut first = &**iter;
    while let ExprKind::Method { receiver, .. } | ExprKind::Place(receiver) = &first.kind {
        first = receiver;
    }
    let mut names = HashSet::new();
    pat.each_name(&mut |name| {
        names.insert(name);
    });
    // Ranges and lists of pauses are read as groups.
    (!matches!(first.kind, ExprKind::Group(_))).then_some(names)
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

/// Whether an expression waits for something, or takes it out of a collection or a channel.
fn takes(expr: &Expr) -> bool {
    const TAKING: &[&str] = &[
        "dequeue",
        "drain",
        "next",
        "pop",
        "pop_back",
        "pop_first",
        "pop_front",
        "pop_last",
        "recv",
        "remove",
        "split_off",
        "take",
        "try_recv",
    ];
    let mut found = false;
    visit::each(expr, &mut |expr| {
        found |= match &expr.kind {
            ExprKind::Await(_) => true,
            ExprKind::Method { name, .. } => TAKING.contains(&name.text.as_str()),
            _ => false,
        };
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
