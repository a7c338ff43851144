//! Which values of a body go nowhere.

use std::collections::HashSet;

use super::mentions::captured;
use crate::syntax::{Block, Expr, ExprKind, Pat, PatKind, Stmt, visit};

/// A value that goes nowhere.
pub(super) struct Dropped<'e> {
    pub(super) value: &'e Expr,
    /// For a message: in what way, when it is not plain to see.
    pub(super) how: &'static str,
}

/// Values of statements, of `let _`, of names that are never read, and what `drop` gets.
pub(super) fn dropped(body: &Block) -> Vec<Dropped<'_>> {
    let mut found = Vec::new();
    let uses = uses(body);
    visit::each_block(body, &mut |block| {
        let last = block.stmts.len().saturating_sub(1);
        for (at, stmt) in block.stmts.iter().enumerate() {
            match stmt {
                Stmt::Expr(value) if at < last || !block.has_value => found.push(statement(value)),
                Stmt::Let {
                    pat,
                    init: Some(value),
                    ..
                } if is_unread(pat, &uses) => found.push(Dropped {
                    value,
                    how: ": nothing reads its name",
                }),
                _ => {}
            }
        }
    });
    found
}

/// `drop(x)` and `_ = x` give up `x`.
fn statement(value: &Expr) -> Dropped<'_> {
    match &value.kind {
        ExprKind::Call { callee, args } => match (&callee.kind, args.as_slice()) {
            (ExprKind::Path(path), [only])
                if matches!(
                    path.text().as_str(),
                    "drop" | "mem::drop" | "std::mem::drop"
                ) =>
            {
                Dropped {
                    value: only,
                    how: " by `drop`",
                }
            }
            _ => Dropped { value, how: "" },
        },
        _ => Dropped { value, how: "" },
    }
}

fn is_unread(pat: &Pat, uses: &HashSet<&str>) -> bool {
    match &pat.kind {
        PatKind::Wild => true,
        PatKind::Bind { name, sub: None } => {
            name.text.starts_with('_') && !uses.contains(name.text.as_str())
        }
        PatKind::Typed(inner, _) => is_unread(inner, uses),
        _ => false,
    }
}

/// Names that are read.
fn uses(body: &Block) -> HashSet<&str> {
    let mut found = HashSet::new();
    visit::each_in_block(body, &mut |expr| match &expr.kind {
        ExprKind::Path(path) => {
            if let Some(name) = path.as_ident() {
                found.insert(name);
            }
        }
        ExprKind::Macro(call) => {
            found.extend(call.body.opaque.iter().map(|name| name.text.as_str()));
            let texts = call.body.parts.iter().filter_map(|part| match part {
                Stmt::Expr(part) => part.as_text(),
                Stmt::Let { .. } => None,
            });
            found.extend(texts.flat_map(captured));
        }
        _ => {}
    });
    found
}
