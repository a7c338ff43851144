//! Which awaited values still hold the transaction that they were got from: streams of rows, guards,
//! connections, and types of the project that keep one. All others are data.

use crate::known;
use crate::model::infer::Walker;
use crate::model::{DefId, RTy, Res};
use crate::syntax::{Expr, ExprKind, Fields, ItemKind, TyKind};

/// Whether a value holds a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Hold {
    /// Nobody knows.
    Perhaps,
    /// It does.
    Certain,
}

/// Methods that give rows one by one.
const ROWS: &str = "query_portal_raw query_raw query_typed_raw";
/// Methods that give a guard or a connection; with arguments they are about anything.
const GUARDS: &str = "acquire lock lock_owned read write";
const MAX_DEPTH: usize = 4;

/// Whether what a call gives when it is awaited holds the transaction that the call got.
pub(super) fn hold<'a>(walker: &Walker<'_, 'a>, call: &'a Expr) -> Option<Hold> {
    if let ExprKind::Method { name, args, .. } = &call.kind
        && gives_handle(&name.text, args.is_empty())
    {
        return Some(Hold::Certain);
    }
    if let Some(called) = walker.called(call) {
        return holds(walker, &walker.result_of(&called), 0).then_some(Hold::Certain);
    }
    let ExprKind::Call { callee, .. } = &call.kind else {
        return None;
    };
    let ExprKind::Path(path) = &callee.kind else {
        return None;
    };
    // `Repo::lock(&mut tx)`, where nobody knows what it gives: most likely a `Repo`.
    let is_of_type = path.segments.iter().rev().nth(1).is_some_and(|of| {
        let first = of.name.text.chars().next();
        first.is_some_and(char::is_uppercase)
    });
    match walker.type_before(path) {
        Some(ty @ RTy::Local(..)) => holds(walker, &ty, 0).then_some(Hold::Certain),
        _ => is_of_type.then_some(Hold::Perhaps),
    }
}

fn gives_handle(method: &str, is_given_nothing: bool) -> bool {
    method.starts_with("copy_in")
        || method.starts_with("copy_out")
        || method == "stream"
        || method.starts_with("stream_")
        || known::has(ROWS, method)
        || is_given_nothing && known::has(GUARDS, method)
}

fn holds(walker: &Walker<'_, '_>, ty: &RTy, depth: usize) -> bool {
    if depth > MAX_DEPTH {
        return false;
    }
    match ty {
        RTy::External(path, args) => {
            ty.is_database()
                || path.last().is_some_and(|last| last.ends_with("Stream"))
                || args.iter().any(|arg| holds(walker, arg, depth + 1))
        }
        RTy::Bounds(bounds) => bounds.iter().any(|bound| match &bound.name {
            Res::External(path) => {
                known::is_database(path) || path.last().is_some_and(|last| last == "Stream")
            }
            _ => false,
        }),
        RTy::Tuple(parts) => parts.iter().any(|part| holds(walker, part, depth + 1)),
        RTy::Local(id, args) => keeps(walker, *id, args, depth + 1),
        RTy::Nothing | RTy::Unknown(_) => false,
    }
}

/// Whether a type of the project has a field for it.
fn keeps(walker: &Walker<'_, '_>, id: DefId, args: &[RTy], depth: usize) -> bool {
    let workspace = walker.workspace();
    let scope = workspace.def_scope(id, args);
    let are_for_it = |fields: &Fields| {
        fields.list.iter().any(|field| {
            matches!(field.ty.kind, TyKind::Ref(_, true))
                || holds(walker, &workspace.lower(&field.ty, &scope), depth)
        })
    };
    match &workspace.def(id).item.kind {
        ItemKind::Struct(_, fields) => are_for_it(fields),
        ItemKind::Enum(_, variants) => variants.iter().any(|of| are_for_it(&of.fields)),
        _ => false,
    }
}
