//! Walks over bodies.

use super::expr::{Block, Expr, ExprKind, Stmt};

/// Calls `see` for each expression of a block, outer ones first; closures and macros included.
pub(crate) fn each_in_block<'e>(block: &'e Block, see: &mut dyn FnMut(&'e Expr)) {
    for stmt in &block.stmts {
        each_in_stmt(stmt, see);
    }
}

/// Calls `see` for each expression of a statement.
pub(crate) fn each_in_stmt<'e>(stmt: &'e Stmt, see: &mut dyn FnMut(&'e Expr)) {
    match stmt {
        Stmt::Let {
            init, otherwise, ..
        } => {
            if let Some(init) = init {
                each(init, see);
            }
            if let Some(other) = otherwise {
                each(other, see);
            }
        }
        Stmt::Expr(expr) => each(expr, see),
    }
}

/// Calls `see` for an expression and all below it.
pub(crate) fn each<'e>(expr: &'e Expr, see: &mut dyn FnMut(&'e Expr)) {
    see(expr);
    match &expr.kind {
        ExprKind::Call { callee, args } => {
            each(callee, see);
            for arg in args {
                each(arg, see);
            }
        }
        ExprKind::Method { receiver, args, .. } => {
            each(receiver, see);
            for arg in args {
                each(arg, see);
            }
        }
        ExprKind::Field { base, .. } => each(base, see),
        ExprKind::Macro(call) => call
            .body
            .parts
            .iter()
            .for_each(|part| each_in_stmt(part, see)),
        ExprKind::Await(inner)
        | ExprKind::Try(inner)
        | ExprKind::Place(inner)
        | ExprKind::Derived(inner) => each(inner, see),
        ExprKind::Closure { body, .. } => each(body, see),
        ExprKind::Async(block) | ExprKind::Block(block) | ExprKind::Loop(block) => {
            each_in_block(block, see);
        }
        ExprKind::Struct { fields, rest, .. } => {
            for (_, value) in fields {
                each(value, see);
            }
            if let Some(rest) = rest {
                each(rest, see);
            }
        }
        ExprKind::Group(parts) => parts.iter().for_each(|part| each(part, see)),
        ExprKind::Leave(value) => value.iter().for_each(|value| each(value, see)),
        _ => each_branch(expr, see),
    }
}

fn each_branch<'e>(expr: &'e Expr, see: &mut dyn FnMut(&'e Expr)) {
    match &expr.kind {
        ExprKind::If {
            cond,
            then,
            otherwise,
        } => {
            each(cond, see);
            each_in_block(then, see);
            if let Some(other) = otherwise {
                each(other, see);
            }
        }
        ExprKind::Let { value, .. } => each(value, see),
        ExprKind::Match { scrutinee, arms } => {
            each(scrutinee, see);
            for arm in arms {
                if let Some(guard) = &arm.guard {
                    each(guard, see);
                }
                each(&arm.body, see);
            }
        }
        ExprKind::For { iter, body, .. } => {
            each(iter, see);
            each_in_block(body, see);
        }
        ExprKind::While { cond, body } => {
            each(cond, see);
            each_in_block(body, see);
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
