//! Values that a body serializes whole, and which of them an expression gives.
//!
//! Known are `serde_json` and `sqlx::types::Json`. What was serialized is followed through names that are
//! bound once, and through methods that hand it on.

use std::collections::HashMap;
use std::ptr;

use crate::known;
use crate::model::constants::Bound;
use crate::model::infer::Walker;
use crate::model::{RTy, Res};
use crate::syntax::{Expr, ExprKind, MacroCall, Path, Stmt};

/// What calls that serialize get, by the call.
#[derive(Default)]
pub(super) struct Serialized<'a> {
    calls: HashMap<*const Expr, Vec<(&'a Expr, RTy)>>,
}

/// Names that are bound to names are followed this far.
const MAX_STEPS: usize = 4;

impl<'a> Serialized<'a> {
    /// Whether nothing is serialized that has a known type.
    pub(super) fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// Notes a call that serializes: `serde_json::to_value(&x)`, `Json(x)`, `json!(x)`.
    pub(super) fn note(&mut self, walker: &Walker<'_, 'a>, expr: &'a Expr) {
        let (path, values) = match &expr.kind {
            ExprKind::Call { callee, args } => match &callee.kind {
                ExprKind::Path(path) => (path, args.iter().collect()),
                _ => return,
            },
            ExprKind::Macro(call) => (&call.path, expressions(call)),
            _ => return,
        };
        if serializes(walker, path) {
            let typed = values.into_iter();
            let typed = typed.filter_map(|value| Some((value, walker.type_of(value)?)));
            self.calls.insert(ptr::from_ref(expr), typed.collect());
        }
    }

    /// The values that were serialized into what an expression gives, with their types.
    pub(super) fn origin(&self, expr: &'a Expr, bound: &Bound<'a>) -> &[(&'a Expr, RTy)] {
        let (mut at, mut steps) = (expr, 0);
        loop {
            if let Some(values) = self.calls.get(&ptr::from_ref(at)) {
                return values;
            }
            at = match &at.kind {
                ExprKind::Path(path) => match path.as_ident().and_then(|name| bound.get(name)) {
                    Some(init) if steps < MAX_STEPS => init,
                    _ => return &[],
                },
                _ => match inner(at) {
                    Some(inner) => inner,
                    None => return &[],
                },
            };
            steps += usize::from(matches!(at.kind, ExprKind::Path(_)));
        }
    }
}

/// The expression whose value another one hands on.
fn inner(expr: &Expr) -> Option<&Expr> {
    match &expr.kind {
        ExprKind::Place(inner) | ExprKind::Try(inner) | ExprKind::Await(inner) => Some(inner),
        ExprKind::Method { receiver, name, .. } if is_same(&name.text) => Some(receiver),
        ExprKind::Call { callee, args } if args.len() == 1 && wraps(callee) => args.first(),
        ExprKind::Block(block) => match block.stmts.last() {
            Some(Stmt::Expr(last)) if block.has_value => Some(last),
            _ => None,
        },
        _ => None,
    }
}

/// The expressions among the tokens of a macro.
pub(super) fn expressions(call: &MacroCall) -> Vec<&Expr> {
    let parts = call.body.parts.iter().filter_map(|part| match part {
        Stmt::Expr(part) => Some(part),
        Stmt::Let { .. } => None,
    });
    parts.collect()
}

fn serializes(walker: &Walker<'_, '_>, path: &Path) -> bool {
    const NAMES: &[&str] = &[
        "json",
        "to_string",
        "to_string_pretty",
        "to_value",
        "to_vec",
        "to_vec_pretty",
        "Json",
    ];
    let last = path.last().map_or("", |last| last.name.text.as_str());
    if !NAMES.contains(&last) {
        return false;
    }
    let Res::External(found) = walker.resolve(path) else {
        return false;
    };
    match known::canonical(&found) {
        [krate, .., last] if krate == "serde_json" => last != "Json",
        [krate, .., last] => krate.starts_with("sqlx") && last == "Json",
        _ => false,
    }
}

/// Methods that hand on what was serialized.
fn is_same(method: &str) -> bool {
    const NAMES: &[&str] = &[
        "as_bytes",
        "as_deref",
        "as_ref",
        "as_str",
        "clone",
        "context",
        "expect",
        "into",
        "map_err",
        "ok",
        "to_owned",
        "unwrap",
        "unwrap_or_default",
        "unwrap_or_else",
        "with_context",
    ];
    NAMES.contains(&method)
}

/// `Some(x)`, `Ok(x)`, `Box::new(x)`, `Value::from(x)`.
fn wraps(callee: &Expr) -> bool {
    match &callee.kind {
        ExprKind::Path(path) => path
            .last()
            .is_some_and(|last| matches!(last.name.text.as_str(), "Some" | "Ok" | "new" | "from")),
        _ => false,
    }
}
