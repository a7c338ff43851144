//! Arms of a `select!` that are not waited for any longer once another arm, the way out, is done.

use crate::syntax::{Block, Exit, Expr, ExprKind, Span, Stmt, visit};

/// An arm of a `select!`.
struct Arm<'e> {
    future: &'e Expr,
    /// Its condition, if it has one, and what it does.
    rest: Vec<&'e Expr>,
}

/// What the arms of the `select!`s of a body wait for, where another arm is a way out.
pub(super) fn left_behind(body: &Block) -> Vec<&Expr> {
    let mut selects: Vec<(Span, Vec<Arm<'_>>)> = Vec::new();
    let mut loops: Vec<Span> = Vec::new();
    visit::each_in_block(body, &mut |expr| match &expr.kind {
        ExprKind::Macro(of) if of.path.names().last() == Some(&"select") => {
            selects.push((expr.span, arms(&of.body.parts)));
        }
        ExprKind::Loop(body) | ExprKind::While { body, .. } => loops.push(body.span),
        _ => {}
    });
    let mut found = Vec::new();
    for (span, arms) in &selects {
        let is_repeated = loops.iter().any(|outer| outer.contains(*span));
        for (at, arm) in arms.iter().enumerate() {
            let is_way_out = |(other, of): (usize, &Arm<'_>)| {
                other != at && !of.never_comes() && (!is_repeated || of.leaves(arm))
            };
            if arms.iter().enumerate().any(is_way_out) {
                found.push(arm.future);
            }
        }
    }
    found
}

fn arms(parts: &[Stmt]) -> Vec<Arm<'_>> {
    let mut found: Vec<Arm<'_>> = Vec::new();
    for part in parts {
        match (part, found.last_mut()) {
            (
                Stmt::Let {
                    init: Some(future), ..
                },
                _,
            ) => found.push(Arm {
                future,
                rest: Vec::new(),
            }),
            (Stmt::Expr(expr), Some(arm)) => arm.rest.push(expr),
            _ => {}
        }
    }
    found
}

impl Arm<'_> {
    /// `pending()`.
    fn never_comes(&self) -> bool {
        match &self.future.kind {
            ExprKind::Call { callee, .. } => match &callee.kind {
                ExprKind::Path(path) => path.names().last() == Some(&"pending"),
                _ => false,
            },
            _ => false,
        }
    }

    /// Whether it leaves another arm behind for good, though there is a next turn. What that arm was only lent
    /// goes on there.
    fn leaves(&self, other: &Self) -> bool {
        let is_lent = matches!(other.future.kind, ExprKind::Place(_));
        let mut found = false;
        for part in &self.rest {
            visit::each(part, &mut |expr| {
                found |= match expr.kind {
                    ExprKind::Leave(Exit::Continue, _) => !is_lent,
                    ExprKind::Leave(..) | ExprKind::Try(_) => true,
                    _ => false,
                };
            });
        }
        found
    }
}
