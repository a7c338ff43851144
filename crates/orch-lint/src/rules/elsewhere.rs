//! Which parts of a body run on a thread that may be blocked: what `spawn_blocking` and its like are given,
//! and closures that a new thread runs.

use super::mentions::once_bound;
use crate::known;
use crate::syntax::{Block, Body, Expr, ExprKind, Span, visit};

/// Functions that run what they are given on such a thread.
const THREADS: &str = "interact spawn_blocking unblock";
/// Functions that do so with closures; others of these names get futures, which run on the worker's thread.
const SPAWNS: &str = "spawn spawn_fifo";

/// Those parts of the body of a function.
pub(super) fn elsewhere(body: &Body) -> Vec<Span> {
    let words = || THREADS.split(' ').chain(SPAWNS.split(' '));
    match words().any(|word| body.mentions(&[word])) {
        true => places(body),
        false => Vec::new(),
    }
}

/// The same of any block.
pub(super) fn places(block: &Block) -> Vec<Span> {
    let mut given: Vec<&Expr> = Vec::new();
    let mut to_threads: Vec<&Expr> = Vec::new();
    let mut called: Vec<&str> = Vec::new();
    let mut is_joined = false;
    visit::each_in_block(block, &mut |expr| {
        let (name, args) = match &expr.kind {
            ExprKind::Call { callee, args } => match &callee.kind {
                ExprKind::Path(path) => {
                    called.extend(path.as_ident());
                    (path.last().map(|last| &last.name), args)
                }
                _ => (None, args),
            },
            ExprKind::Method { name, args, .. } => (Some(name), args),
            _ => return,
        };
        let name = name.map_or("", |name| name.text.as_str());
        is_joined |= name == "join" && args.is_empty();
        if known::has(THREADS, name) {
            given.extend(args);
        } else if known::has(SPAWNS, name) {
            to_threads.extend(args);
        }
    });
    // Who joins a thread waits for all that it does.
    if !is_joined {
        let functions = to_threads.into_iter();
        given.extend(
            functions.filter(|arg| is_closure(arg) || matches!(arg.kind, ExprKind::Path(_))),
        );
    }
    let mut found: Vec<Span> = Vec::new();
    let names: Vec<&str> = given.iter().filter_map(|arg| arg.as_ident()).collect();
    if !names.is_empty() {
        let bound = once_bound(block);
        let handed_on = names.iter().filter(|name| !called.contains(name));
        let closures = handed_on.filter_map(|name| bound.get(name));
        found.extend(
            closures
                .filter(|init| is_closure(init))
                .map(|init| init.span),
        );
    }
    found.extend(given.iter().map(|arg| arg.span));
    found
}

/// Whether it is a closure, and none that gives a future.
fn is_closure(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Closure { body, .. } => !matches!(body.kind, ExprKind::Async(_)),
        _ => false,
    }
}
