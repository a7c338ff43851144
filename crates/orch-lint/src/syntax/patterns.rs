//! The patterns of a body, and what is in them.

use super::expr::{Block, Expr, ExprKind, Pat, PatKind, Stmt};
use super::visit;

/// The patterns and the expressions of a body, wherever they stand in it.
pub(crate) fn each_in_block<'e>(
    body: &'e Block,
    see_pattern: &mut dyn FnMut(&'e Pat),
    see: &mut dyn FnMut(&'e Expr),
) {
    of_statements(&body.stmts, see_pattern);
    visit::each_in_block(body, &mut |expr| {
        own_patterns(expr, see_pattern);
        see(expr);
    });
}

/// The patterns and the expressions in the value of a constant.
pub(crate) fn each_in_value<'e>(
    value: &'e Expr,
    see_pattern: &mut dyn FnMut(&'e Pat),
    see: &mut dyn FnMut(&'e Expr),
) {
    visit::each(value, &mut |expr| {
        own_patterns(expr, see_pattern);
        see(expr);
    });
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
pub(crate) fn each_part<'e>(pat: &'e Pat, see: &mut dyn FnMut(&'e Pat)) {
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
