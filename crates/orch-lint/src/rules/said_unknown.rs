//! Branches that say through a function of the project that nothing is known.
//!
//! All that the branch comes to has to say so, and all that the functions come to that it calls for it. They
//! are followed one step.

use std::ptr;

use super::handed_on::says_unknown;
use super::mentions::once_bound;
use crate::model::calls::Calls;
use crate::model::{Function, Workspace};
use crate::syntax::{Block, Exit, Expr, ExprKind, Path, Stmt, visit};

/// Whether a branch comes to nothing else than that nothing is known.
pub(super) fn is_said_by<'a>(
    workspace: &Workspace<'a>,
    calls: &Calls<'_, 'a>,
    function: &Function<'a>,
    branch: &Expr,
) -> bool {
    let says = |end: &Expr| {
        says_unknown(workspace, function, end) == Some(true)
            || is_said_by_call(workspace, calls, function, end)
    };
    let mut returned = true;
    visit::each(branch, &mut |expr| returned &= is_no_return_or(expr, &says));
    returned && all_ends(branch, &says)
}

/// Whether a call calls only functions that come to nothing else.
fn is_said_by_call<'a>(
    workspace: &Workspace<'a>,
    calls: &Calls<'_, 'a>,
    function: &Function<'a>,
    call: &Expr,
) -> bool {
    let named = match &call.kind {
        ExprKind::Call { callee, .. } => &**callee,
        ExprKind::Method { .. } => call,
        _ => return false,
    };
    let Some(caller) = calls.index_of(function.def) else {
        return false;
    };
    let mut made = calls.made_in(caller).iter();
    let Some(made) = made.find(|of| ptr::eq(of.at, named)) else {
        return false;
    };
    let mut targets = made.targets.iter().map(|at| &calls.functions[*at]);
    targets.all(|of| is_all_of(workspace, of))
}

/// Whether a function comes to nothing else.
fn is_all_of<'a>(workspace: &Workspace<'a>, function: &Function<'a>) -> bool {
    let bound = once_bound(function.body);
    let says = |end: &Expr| {
        let named = match &end.kind {
            ExprKind::Path(path) => path.as_ident().and_then(|name| bound.get(name).copied()),
            _ => None,
        };
        says_unknown(workspace, function, named.unwrap_or(end)) == Some(true)
    };
    let mut returned = true;
    visit::each_in_block(function.body, &mut |expr| {
        returned &= is_no_return_or(expr, &says);
    });
    returned && all_ends_of(function.body, &says)
}

/// Whether what an expression returns, if it does, is like that.
fn is_no_return_or(expr: &Expr, is: &dyn Fn(&Expr) -> bool) -> bool {
    match &expr.kind {
        ExprKind::Leave(Exit::Return, value) => {
            value.as_ref().is_some_and(|value| all_ends(value, is))
        }
        _ => true,
    }
}

/// Whether all values that an expression may come to are like that.
fn all_ends(expr: &Expr, is: &dyn Fn(&Expr) -> bool) -> bool {
    match &expr.kind {
        ExprKind::Block(block) | ExprKind::Async(block) => all_ends_of(block, is),
        ExprKind::If {
            then,
            otherwise: Some(otherwise),
            ..
        } => all_ends_of(then, is) && all_ends(otherwise, is),
        ExprKind::Match { arms, .. } => arms.iter().all(|arm| all_ends(&arm.body, is)),
        ExprKind::Await(inner) | ExprKind::Try(inner) | ExprKind::Leave(_, Some(inner)) => {
            all_ends(inner, is)
        }
        ExprKind::Call { callee, args } => match (&callee.kind, args.as_slice()) {
            (ExprKind::Path(path), [only]) if is_wrapper(path) => all_ends(only, is),
            _ => is(expr),
        },
        _ => is(expr),
    }
}

fn all_ends_of(block: &Block, is: &dyn Fn(&Expr) -> bool) -> bool {
    match block.stmts.last() {
        Some(Stmt::Expr(last)) => {
            let leaves = matches!(last.kind, ExprKind::Leave(..));
            (block.has_value || leaves) && all_ends(last, is)
        }
        _ => false,
    }
}

/// `Ok`, `Err` and `Some`, which say nothing themselves.
fn is_wrapper(path: &Path) -> bool {
    matches!(path.as_ident(), Some("Ok" | "Err" | "Some"))
}
