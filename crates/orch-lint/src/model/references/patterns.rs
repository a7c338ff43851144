//! The patterns of a body, and what is in them.

use crate::syntax::{Block, Expr, ExprKind, Pat, PatKind, Stmt, visit};

/// The patterns of a body, wherever they stand in it.
pub(super) fn each_pattern<'e>(body: &'e Block, see: &mut dyn FnMut(&'e Pat)) {
    of_statements(&body.stmts, see);
    visit::each_in_block(body, &mut |expr| own_patterns(expr, see));
}

/// The patterns in the value of a constant.
pub(super) fn patterns_of<'e>(value: &'e Expr, see: &mut dyn FnMut(&'e Pat)) {
    visit::each(value, &mut |expr| own_patterns(expr, see));
}

fn of_statements<'e>(stmts: &'e [Stmt], see: &mut dyn FnMut(&'e Pat)) {
    for stmt in stmts {
        if let Stmt::Let { pat, .. } = stmt {
            see(pat);
        }
    }
}

/// The patterns of one expression, those of expressions in it left out.
fn own_patterns<'e>(expr: &'e Expr, see: &mut dyn FnMut(&'e Pat)) {
    match &expr.kind {
        ExprKind::Closure { params, .. } => params.iter().for_each(see),
        ExprKind::Let { pat, .. } => see(pat),
        ExprKind::Match { arms, .. } => arms.iter().for_each(|arm| see(&arm.pat)),
        ExprKind::For { pat, body, .. } => {
            see(pat);
            of_statements(&body.stmts, see);
        }
        ExprKind::Async(block) | ExprKind::Block(block) | ExprKind::Loop(block) => {
            of_statements(&block.stmts, see);
        }
        ExprKind::If { then: body, .. } | ExprKind::While { body, .. } => {
            of_statements(&body.stmts, see);
        }
        ExprKind::Macro(call) => of_statements(&call.body.parts, see),
        _ => {}
    }
}

/// A pattern and all in it.
pub(super) fn each_part<'e>(pat: &'e Pat, see: &mut dyn FnMut(&'e Pat)) {
    see(pat);
    match &pat.kind {
        PatKind::Bind { sub, .. } => sub.iter().for_each(|sub| each_part(sub, see)),
        PatKind::Ref(inner) | PatKind::Typed(inner, _) => each_part(inner, see),
        PatKind::TupleStruct(_, parts) | PatKind::Or(parts) | PatKind::Group(parts) => {
            parts.iter().for_each(|part| each_part(part, see));
        }
        PatKind::Struct(_, fields) => fields.iter().for_each(|(_, part)| each_part(part, see)),
        PatKind::Wild | PatKind::Path(_) | PatKind::Other => {}
    }
}
