//! What stands in the body of `Orchestrator::execute`. Shared by the rules about it.

use super::{At, Check};
use crate::known;
use crate::model::Res;
use crate::model::infer::Walker;
use crate::syntax::{Block, Expr, ExprKind, Path, Span, visit};

/// What was found somewhere in an `execute`.
pub(super) struct Found<T> {
    pub(super) at: At,
    pub(super) what: T,
}

/// Judges each expression of each `execute`.
pub(super) fn each<'a, T>(
    check: &Check<'_, 'a>,
    mut judge: impl FnMut(&Walker<'_, 'a>, &'a Expr) -> Option<(Span, T)>,
) -> Vec<Found<T>> {
    let workspace = check.workspace;
    let mut found = Vec::new();
    for orchestrator in workspace.orchestrators() {
        let Some((function, _)) = orchestrator.execute else {
            continue;
        };
        let Some(body) = &function.body else {
            continue;
        };
        let scope = workspace.impl_scope(orchestrator.block);
        let item = format!("{}::execute", orchestrator.name);
        let file = orchestrator.block.file;
        Walker::new(workspace, &scope, function).block(body, &mut |walker, expr| {
            found.extend(judge(walker, expr).map(|(span, what)| Found {
                at: check.at(file, span, item.as_str()),
                what,
            }));
        });
    }
    found
}

/// The bodies of each `execute`.
pub(super) fn bodies<'a>(check: &Check<'_, 'a>) -> Vec<&'a Block> {
    let orchestrators = check.workspace.orchestrators();
    let functions = orchestrators.iter().filter_map(|of| of.execute);
    functions.filter_map(|(of, _)| of.body.as_ref()).collect()
}

/// What an expression names in another crate, with the runtime's re-exports seen through.
pub(super) fn external(walker: &Walker<'_, '_>, expr: &Expr) -> Option<(Span, Vec<String>)> {
    let ExprKind::Path(path) = &expr.kind else {
        return None;
    };
    Some((path.span, external_path(walker, path)?))
}

/// The same of a path.
pub(super) fn external_path(walker: &Walker<'_, '_>, path: &Path) -> Option<Vec<String>> {
    match walker.resolve(path) {
        Res::External(path) => Some(known::canonical(&path).to_vec()),
        _ => None,
    }
}

/// Where the arguments of calls by that name are: `spawn_blocking(..)`.
pub(super) fn arguments_of(blocks: &[&Block], name: &str) -> Vec<Span> {
    let mut found = Vec::new();
    for block in blocks {
        visit::each_in_block(block, &mut |expr| {
            let (called, args) = match &expr.kind {
                ExprKind::Call { callee, args } => match &callee.kind {
                    ExprKind::Path(path) => (path.last().map(|last| &last.name.text), args),
                    _ => (None, args),
                },
                ExprKind::Method { name, args, .. } => (Some(&name.text), args),
                _ => return,
            };
            if called.is_some_and(|called| called == name) {
                found.extend(args.iter().map(|arg| arg.span));
            }
        });
    }
    found
}
