//! Errors that were looked at before the place where nobody looks: a branch left with some of them.

use super::super::mentions::{Carriers, root};
use super::ignored::{is_open, looks};
use super::{Answers, wrapped};
use crate::syntax::{Arm, Block, Expr, ExprKind, Stmt, visit};

impl<'e> Answers<'e> {
    /// Whether a branch left with some errors of a result, that was asked for, before this place.
    pub(super) fn is_looked_at_before(&self, result: &'e Expr) -> bool {
        let is_result = |name: &&str| self.bound.get(name).is_some_and(|inits| inits.len() == 1);
        let Some(name) = root(result).filter(is_result) else {
            return false;
        };
        let carriers = Carriers::of([name], self.body);
        let mut found = false;
        visit::each_in_block(self.body, &mut |expr| {
            found = found || is_look(&carriers, expr, result);
        });
        found
    }
}

/// Whether an expression asks which error it is, and what comes later runs for some of them only.
fn is_look(carriers: &Carriers<'_>, expr: &Expr, later: &Expr) -> bool {
    let is_before = expr.span.end <= later.span.start;
    match &expr.kind {
        ExprKind::If {
            cond,
            then,
            otherwise,
        } => {
            let otherwise = otherwise.as_deref();
            let leaves = is_before && (block_leaves(then) || otherwise.is_some_and(always_leaves));
            let is_other = otherwise.is_some_and(|other| other.span.contains(later.span));
            (leaves || is_other || then.span.contains(later.span)) && asks(carriers, cond)
        }
        ExprKind::Match { scrutinee, arms } if is_before => {
            let leaves = |arm: &Arm| looks(arm) && always_leaves(&arm.body);
            carriers.are_in(scrutinee) && arms.iter().any(leaves)
        }
        _ => false,
    }
}

/// Whether a condition asks more than whether there is an error.
fn asks(carriers: &Carriers<'_>, cond: &Expr) -> bool {
    match &cond.kind {
        ExprKind::Let { pat, value } => {
            let is_any = wrapped(pat, "Ok").is_some() || wrapped(pat, "Err").is_some_and(is_open);
            !is_any && carriers.are_in(value)
        }
        ExprKind::Method { name, args, .. }
            if args.is_empty() && matches!(name.text.as_str(), "is_err" | "is_ok") =>
        {
            false
        }
        ExprKind::Group(parts) => parts.iter().any(|part| asks(carriers, part)),
        ExprKind::Derived(inner) => asks(carriers, inner),
        _ => carriers.are_in(cond),
    }
}

fn block_leaves(block: &Block) -> bool {
    match block.stmts.last() {
        Some(Stmt::Expr(last)) => always_leaves(last),
        _ => false,
    }
}

fn always_leaves(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Leave(..) => true,
        ExprKind::Block(block) => block_leaves(block),
        ExprKind::If {
            then,
            otherwise: Some(otherwise),
            ..
        } => block_leaves(then) && always_leaves(otherwise),
        ExprKind::Match { arms, .. } => arms.iter().all(|arm| always_leaves(&arm.body)),
        _ => false,
    }
}
