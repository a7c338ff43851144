//! What an orchestrator says of its provider and keys.

use super::Check;
use super::gateway_calls::Execution;
use crate::model::infer::Walker;
use crate::model::{RTy, Res, Scope};
use crate::syntax::{Block, Expr, ExprKind, FnDef, Stmt};

/// What `Orchestrator::idempotency` answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Promise {
    /// A key that is sent twice has one effect, for a time.
    Keyed,
    /// The provider knows no keys.
    NoKeys,
    /// It depends, or cannot be seen.
    Unclear,
}

/// What the orchestrator of an execution promises, through its gateway where it asks that.
pub(super) fn promise<'a>(check: &Check<'_, 'a>, of: &Execution<'_, 'a>) -> Promise {
    let block = of.block;
    let Some((_, function)) = block.def.method("idempotency") else {
        return Promise::Unclear;
    };
    let scope = check.workspace.impl_scope(block);
    said(check, function, &scope, 0)
}

fn said<'a>(
    check: &Check<'_, 'a>,
    function: &'a FnDef,
    scope: &Scope<'a>,
    depth: usize,
) -> Promise {
    const MAX_DEPTH: usize = 3;
    let Some(value) = function
        .body
        .as_deref()
        .and_then(value)
        .filter(|_| depth < MAX_DEPTH)
    else {
        return Promise::Unclear;
    };
    let walker = Walker::new(check.workspace, scope, function);
    let path = match &value.kind {
        ExprKind::Path(path) | ExprKind::Struct { path, .. } => path,
        ExprKind::Method { receiver, name, .. } if name.text == "idempotency" => {
            let asked = walker.type_of(receiver);
            let asked = asked.as_ref().map(RTy::behind_pointers);
            return asked.map_or(Promise::Unclear, |ty| said_by(check, ty, depth));
        }
        _ => return Promise::Unclear,
    };
    match walker.resolve(path).runtime_variant("Idempotency") {
        Some("Keyed") => Promise::Keyed,
        Some("None") => Promise::NoKeys,
        _ => Promise::Unclear,
    }
}

/// What all implementations agree on.
fn said_by(check: &Check<'_, '_>, gateway: &RTy, depth: usize) -> Promise {
    let workspace = check.workspace;
    let blocks: Vec<_> = match gateway {
        RTy::Local(id, _) => workspace.impls_of(*id).collect(),
        RTy::Bounds(bounds) => {
            let traits = bounds.iter().filter_map(|bound| match bound.name {
                Res::Def(id) => Some(id),
                _ => None,
            });
            traits.flat_map(|id| workspace.impls_by_trait(id)).collect()
        }
        _ => return Promise::Unclear,
    };
    let answers = blocks
        .into_iter()
        .filter(|block| !block.test)
        .filter_map(|block| {
            let (_, function) = block.def.method("idempotency")?;
            Some(said(
                check,
                function,
                &workspace.impl_scope(block),
                depth + 1,
            ))
        });
    let answers: Vec<Promise> = answers.collect();
    match answers.split_first() {
        Some((first, rest)) if rest.iter().all(|other| other == first) => *first,
        _ => Promise::Unclear,
    }
}

/// The value of a body that is nothing else.
fn value(body: &Block) -> Option<&Expr> {
    match body.stmts.as_slice() {
        [Stmt::Expr(only)] => Some(only),
        _ => None,
    }
}
