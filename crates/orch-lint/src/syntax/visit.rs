//! Walks over bodies.

use super::expr::{Block, Expr, ExprKind, Stmt};

/// Calls `see` for each expression of a block, outer ones first; closures and macros included.
pub(crate) fn each_in_block<'e>(block: &'e Block, see: &mut dyn FnMut(&'e Expr)) {
    parts_of_block(block, &mut |part| each(part, see));
}

/// Calls `see` for each expression of a statement.
pub(crate) fn each_in_stmt<'e>(stmt: &'e Stmt, see: &mut dyn FnMut(&'e Expr)) {
    parts_of_stmt(stmt, &mut |part| each(part, see));
}

/// Calls `see` for an expression and all below it.
pub(crate) fn each<'e>(expr: &'e Expr, see: &mut dyn FnMut(&'e Expr)) {
    see(expr);
    parts(expr, &mut |part| each(part, see));
}

fn parts_of_block<'e>(block: &'e Block, see: &mut dyn FnMut(&'e Expr)) {
    block.stmts.iter().for_each(|stmt| parts_of_stmt(stmt, see));
}

fn parts_of_stmt<'e>(stmt: &'e Stmt, see: &mut dyn FnMut(&'e Expr)) {
    match stmt {
        Stmt::Let {
            init, otherwise, ..
        } => {
            init.as_deref().into_iter().for_each(&mut *see);
            otherwise.iter().for_each(|other| see(other));
        }
        Stmt::Expr(expr) => see(expr),
    }
}

/// Calls `see` for the expressions directly below one, in the order of evaluation.
pub(crate) fn parts<'e>(expr: &'e Expr, see: &mut dyn FnMut(&'e Expr)) {
    match &expr.kind {
        ExprKind::Call { callee, args } => {
            see(callee);
            args.iter().for_each(see);
        }
        ExprKind::Method { receiver, args, .. } => {
            see(receiver);
            args.iter().for_each(see);
        }
        ExprKind::Macro(call) => {
            let parts = call.body.parts.iter();
            parts.for_each(|part| parts_of_stmt(part, see));
        }
        ExprKind::Field { base: inner, .. }
        | ExprKind::Await(inner)
        | ExprKind::Try(inner)
        | ExprKind::Place(inner)
        | ExprKind::Derived(inner)
        | ExprKind::Closure { body: inner, .. }
        | ExprKind::Let { value: inner, .. } => see(inner),
        ExprKind::Async(block) | ExprKind::Block(block) | ExprKind::Loop(block) => {
            parts_of_block(block, see);
        }
        ExprKind::Struct { fields, rest, .. } => {
            fields.iter().for_each(|(_, value)| see(value));
            rest.iter().for_each(|rest| see(rest));
        }
        ExprKind::Group(parts) => parts.iter().for_each(see),
        ExprKind::Leave(_, value) => value.iter().for_each(|value| see(value)),
        _ => parts_of_branch(expr, see),
    }
}

fn parts_of_branch<'e>(expr: &'e Expr, see: &mut dyn FnMut(&'e Expr)) {
    match &expr.kind {
        ExprKind::If {
            cond,
            then,
            otherwise,
        } => {
            see(cond);
            parts_of_block(then, see);
            otherwise.iter().for_each(|other| see(other));
        }
        ExprKind::Match { scrutinee, arms } => {
            see(scrutinee);
            for arm in arms {
                arm.guard.as_deref().into_iter().for_each(&mut *see);
                see(&arm.body);
            }
        }
        ExprKind::For { iter, body, .. } => {
            see(iter);
            parts_of_block(body, see);
        }
        ExprKind::While { cond, body } => {
            see(cond);
            parts_of_block(body, see);
        }
        _ => {}
    }
}

/// Calls `see` for a block and each block in it; those of closures and macros only where they are blocks.
pub(crate) fn each_block<'e>(body: &'e Block, see: &mut dyn FnMut(&'e Block)) {
    see(body);
    each_in_block(body, &mut |expr| match &expr.kind {
        ExprKind::Block(block) | ExprKind::Async(block) | ExprKind::Loop(block) => see(block),
        ExprKind::If { then, .. } => see(then),
        ExprKind::For { body, .. } | ExprKind::While { body, .. } => see(body),
        _ => {}
    });
}
