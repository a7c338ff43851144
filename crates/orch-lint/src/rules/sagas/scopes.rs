//! What names stand for in one function, place by place: the `let` or assignment that counts there.

use crate::model::{Function, Workspace};
use crate::syntax::{Expr, ExprKind, Pos, Span, Stmt, visit};

/// All of them, in the order of the text.
pub(super) struct Scopes<'a> {
    values: Vec<Value<'a>>,
}

/// A value that a name is given.
struct Value<'a> {
    name: &'a str,
    init: &'a Expr,
    /// The block it is given to it in, to the end of which it counts; not known for what is assigned as a part
    /// of something else.
    scope: Option<Span>,
    is_assigned: bool,
}

impl<'a> Scopes<'a> {
    /// Reads a function.
    pub(super) fn of(workspace: &Workspace<'a>, function: &Function<'a>) -> Self {
        let mut values: Vec<Value<'a>> = Vec::new();
        visit::each_block(function.body, &mut |block| {
            let scope = Some(block.span);
            for stmt in &block.stmts {
                match stmt {
                    Stmt::Let {
                        pat,
                        init: Some(init),
                        ..
                    } => pat.each_name(&mut |name| {
                        values.push(Value {
                            name,
                            init,
                            scope,
                            is_assigned: false,
                        });
                    }),
                    Stmt::Expr(expr) => {
                        let given = assigned(workspace, function, expr);
                        values.extend(given.map(|value| Value { scope, ..value }));
                    }
                    Stmt::Let { .. } => {}
                }
            }
        });
        visit::each_in_block(function.body, &mut |expr| {
            let given = assigned(workspace, function, expr);
            let is_known = |of: &Value<'_>| values.iter().any(|known| same(known, of));
            values.extend(given.filter(|of| !is_known(of)));
        });
        values.sort_by_key(|of| of.init.span.end);
        Scopes { values }
    }

    /// What a name stands for at a place.
    pub(super) fn value(&self, name: &str, at: Pos) -> Option<&'a Expr> {
        Some(self.counting(name, at)?.init)
    }

    /// Whether a name may have been given something else on some of the ways to a place.
    pub(super) fn is_unclear(&self, name: &str, at: Pos) -> bool {
        let counting = self.counting(name, at).map(|of| of.init.span.end);
        self.before(name, at).any(|of| {
            let is_later = counting.is_none_or(|end| end <= of.init.span.start);
            of.is_assigned && is_later && !of.counts_at(at)
        })
    }

    fn counting(&self, name: &str, at: Pos) -> Option<&Value<'a>> {
        self.before(name, at).filter(|of| of.counts_at(at)).last()
    }

    fn before(&self, name: &str, at: Pos) -> impl Iterator<Item = &Value<'a>> {
        let values = self.values.iter();
        values.filter(move |of| of.name == name && of.init.span.end <= at)
    }
}

impl Value<'_> {
    fn counts_at(&self, at: Pos) -> bool {
        self.scope
            .is_some_and(|scope| scope.start <= at && at <= scope.end)
    }
}

fn same(one: &Value<'_>, other: &Value<'_>) -> bool {
    std::ptr::eq(one.init, other.init)
}

/// `step = step.undone_by(..)`.
fn assigned<'a>(
    workspace: &Workspace<'a>,
    function: &Function<'a>,
    expr: &'a Expr,
) -> Option<Value<'a>> {
    let ExprKind::Group(parts) = &expr.kind else {
        return None;
    };
    let [place, init] = parts.as_slice() else {
        return None;
    };
    let ExprKind::Path(path) = &place.kind else {
        return None;
    };
    let name = path.as_ident()?;
    (workspace.operator(function.file, place, init) == "=").then_some(Value {
        name,
        init,
        scope: None,
        is_assigned: true,
    })
}
