//! Work in our own database as a step of a saga: what `run` writes, and whether `undo` writes anything.

use super::mentions::root;
use super::{At, Check};
use crate::model::statements::SqlText;
use crate::model::{DefId, ImplBlock, RTy};
use crate::syntax::{ExprKind, FnDef, PatKind, visit};

/// One `impl LocalWork for T`.
pub(super) struct Work {
    /// The name of its `undo`.
    pub(super) at: At,
    /// A table that its `run` writes to, where that is certain.
    pub(super) writes: Option<String>,
    /// Whether its `undo` writes or refuses, where that can be told.
    pub(super) undone: Option<bool>,
}

/// The work of a type.
pub(super) fn work_of(check: &Check<'_, '_>, id: DefId) -> Option<Work> {
    let workspace = check.workspace;
    let of_type = |block: &&ImplBlock<'_>| match workspace.self_type(block) {
        RTy::Local(of, _) => of == id,
        _ => false,
    };
    let block = workspace.runtime_impls("LocalWork").find(of_type)?;
    let (_, run) = block.def.method("run")?;
    let (item, undo) = block.def.method("undo")?;
    let path = format!("{}::undo", workspace.path_of(id));
    Some(Work {
        at: check.at(block.file, item.name.span, path),
        writes: written(check, run),
        undone: is_undone(check, undo),
    })
}

/// A table that a function certainly writes to, by itself or through those that it certainly calls.
fn written(check: &Check<'_, '_>, function: &FnDef) -> Option<String> {
    let root = check.calls.index_of(function)?;
    let reached = check.calls.reached_from(root);
    let certain = reached.iter().filter(|of| !of.perhaps);
    let within: Vec<usize> = certain.map(|of| of.function).chain([root]).collect();
    let texts = statements(check);
    let mut texts = texts
        .iter()
        .filter(|of| of.certain && within.contains(&of.function));
    texts.find_map(table)
}

fn statements<'w>(check: &Check<'w, '_>) -> &'w [SqlText] {
    check.workspace.statements(check.functions)
}

fn table(text: &SqlText) -> Option<String> {
    let mut writes = text.queries.iter().flat_map(|query| &query.writes);
    writes.next().map(|write| write.table.clone())
}

/// Whether a compensation does anything: it writes, or refuses. `None` when that cannot be told.
fn is_undone(check: &Check<'_, '_>, undo: &FnDef) -> Option<bool> {
    if written(check, undo).is_some() || refuses(undo) {
        return Some(true);
    }
    let body = undo.body.as_ref()?;
    let tx = match undo.params.first().map(|param| &param.pat) {
        Some(pat) if matches!(pat.kind, PatKind::Wild) => return Some(false),
        pat => pat?.name()?,
    };
    let at = check.calls.index_of(undo)?;
    let texts = statements(check).iter().filter(|of| of.function == at);
    let reads: Vec<&SqlText> = texts.filter(|of| !of.queries.is_empty()).collect();
    let (mut mentions, mut known) = (0_usize, 0_usize);
    visit::each_in_block(body, &mut |expr| match &expr.kind {
        ExprKind::Path(path) if path.as_ident() == Some(tx) => mentions += 1,
        ExprKind::Method { receiver, args, .. } if root(receiver) == Some(tx) => {
            let is_read =
                |arg: &crate::syntax::Expr| reads.iter().any(|text| arg.span.contains(text.span));
            known += usize::from(args.first().is_some_and(is_read));
        }
        ExprKind::Macro(call) => {
            let names = call.body.opaque.iter();
            mentions += names.filter(|name| name.text == tx).count();
        }
        _ => {}
    });
    (mentions == known).then_some(false)
}

/// Whether a function can say no: a person then looks at it.
fn refuses(function: &FnDef) -> bool {
    const NO: &[&str] = &["Err", "Refused", "refused"];
    let body = function.body.as_ref();
    body.is_some_and(|body| {
        let mut found = false;
        visit::each_in_block(body, &mut |expr| {
            if let ExprKind::Path(path) = &expr.kind {
                found |= path
                    .last()
                    .is_some_and(|last| NO.contains(&last.name.text.as_str()));
            }
        });
        found
    })
}
