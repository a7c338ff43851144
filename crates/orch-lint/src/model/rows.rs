//! The types that rows are read into, where a query does not say it itself: by the type of the variable that gets
//! them, or of the result of the function.

use rustc_hash::FxHashMap;

use super::{Function, RTy, Workspace};
use crate::syntax::{Expr, ExprKind, PatKind, Span, Stmt, visit};

/// The types of rows, by the call that makes the query.
pub(super) type Rows = FxHashMap<Span, RTy>;

/// Functions that leave the type of their rows open.
const OPEN: &[&str] = &["query_as", "query_as_unchecked", "query_as_with"];

/// Methods between a query and its rows that leave open what these are.
const SAME: &[&str] = &[
    "bind",
    "context",
    "expect",
    "fetch_all",
    "fetch_one",
    "fetch_optional",
    "map_err",
    "persistent",
    "unwrap",
    "with_context",
];

/// Those of the queries in a function.
pub(super) fn in_function<'a>(workspace: &Workspace<'a>, function: &Function<'a>) -> Rows {
    let mut rows = Rows::default();
    if !function.body.mentions(OPEN) {
        return rows;
    }
    let walker = function.walker(workspace);
    visit::each_block(function.body, &mut |block| {
        for stmt in &block.stmts {
            if let Stmt::Let {
                pat,
                init: Some(init),
                ..
            } = stmt
                && let PatKind::Typed(_, ty) = &pat.kind
                && let Some(query) = query(init)
            {
                rows.insert(query.span, one(walker.written(ty)));
            }
        }
    });
    let output = function.def.output.as_ref();
    let value = function.body.stmts.last();
    if let (Some(output), Some(Stmt::Expr(value))) = (output, value)
        && let Some(query) = query(value)
    {
        rows.insert(query.span, one(walker.written(output)));
    }
    rows
}

/// The call that makes the query whose rows an expression is.
fn query(rows: &Expr) -> Option<&Expr> {
    match &rows.kind {
        ExprKind::Await(inner) | ExprKind::Try(inner) | ExprKind::Leave(_, Some(inner)) => {
            query(inner)
        }
        ExprKind::Method { receiver, name, .. } if SAME.contains(&name.text.as_str()) => {
            query(receiver)
        }
        ExprKind::Call { callee, args } => match (&callee.kind, args.as_slice()) {
            (ExprKind::Path(path), [only]) if path.as_ident() == Some("Ok") => query(only),
            (ExprKind::Path(path), _) => {
                let last = path.last()?;
                let is_open = OPEN.contains(&last.name.text.as_str()) && last.args.is_empty();
                is_open.then_some(rows)
            }
            _ => None,
        },
        _ => None,
    }
}

/// One row of what is behind `Result`, `Option` and `Vec`.
fn one(ty: RTy) -> RTy {
    match ty {
        RTy::External(path, mut args) => {
            let last = path.last().map_or("", String::as_str);
            if matches!(last, "Option" | "Result" | "Vec") && !args.is_empty() {
                one(args.swap_remove(0))
            } else {
                RTy::External(path, args)
            }
        }
        other => other,
    }
}
