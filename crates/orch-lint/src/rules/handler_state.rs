//! What handlers of events keep in memory: cells, locks and atomics among what they hold, or that they name.

use super::Check;
use crate::load::FileId;
use crate::model::{DefId, RTy, Scope, Target, Workspace};
use crate::syntax::{ItemKind, Span};

/// Something that changes behind `&self`.
pub(super) struct State {
    /// The handler.
    pub(super) handler: DefId,
    /// Where it holds or names it.
    pub(super) file: FileId,
    /// The field's type, or the name.
    pub(super) span: Span,
    /// The type that changes.
    pub(super) what: String,
}

/// How many types of the project may lie between a handler and what it keeps.
const DEPTH: usize = 3;

/// All of it, in the handlers of these types.
pub(super) fn all(check: &Check<'_, '_>) -> Vec<State> {
    let workspace = check.workspace;
    let mut found = Vec::new();
    let blocks = workspace.runtime_impls("EventHandler");
    let types = blocks.filter_map(|block| match workspace.self_type(block) {
        RTy::Local(id, _) => Some(id),
        _ => None,
    });
    for handler in types {
        let ItemKind::Struct(_, fields) = &workspace.def(handler).item.kind else {
            continue;
        };
        let scope = workspace.def_scope(handler, &[]);
        let file = workspace.file_of(handler);
        found.extend(fields.list.iter().filter_map(|field| {
            let ty = workspace.lower(&field.ty, &scope);
            Some(State {
                handler,
                file,
                span: field.ty.span,
                what: kept(workspace, &ty, DEPTH)?,
            })
        }));
        let named = workspace.references().iter();
        let own = named.filter(|of| of.owner == Some(handler) && !of.test && !of.shadowed);
        found.extend(own.filter_map(|of| {
            let Target::Item(id) = &of.target else {
                return None;
            };
            let def = workspace.def(*id);
            let ItemKind::Static(ty, _) = &def.item.kind else {
                return None;
            };
            let ty = workspace.lower(ty, &Scope::of_module(def.module));
            Some(State {
                handler,
                file: of.file,
                span: of.span,
                what: kept(workspace, &ty, DEPTH)?,
            })
        }));
    }
    found
}

/// The first type in a type that changes behind `&`.
fn kept(workspace: &Workspace<'_>, ty: &RTy, depth: usize) -> Option<String> {
    match ty {
        RTy::External(_, args) => match ty.external() {
            Some(path) if changes(path) => path.last().cloned(),
            _ => args.iter().find_map(|arg| kept(workspace, arg, depth)),
        },
        RTy::Local(id, args) if depth > 0 => {
            let ItemKind::Struct(_, fields) = &workspace.def(*id).item.kind else {
                return None;
            };
            let scope = workspace.def_scope(*id, args);
            let mut fields = fields.list.iter();
            fields.find_map(|field| kept(workspace, &workspace.lower(&field.ty, &scope), depth - 1))
        }
        RTy::Tuple(parts) => parts.iter().find_map(|part| kept(workspace, part, depth)),
        _ => None,
    }
}

/// Whether a type of a library changes behind `&`. What is written once only does not count.
fn changes(path: &[String]) -> bool {
    let (Some(first), Some(last)) = (path.first(), path.last()) else {
        return false;
    };
    let is_cell = matches!(last.as_str(), "Cell" | "Mutex" | "RefCell" | "RwLock");
    match first.as_str() {
        "std" | "core" | "alloc" => is_cell || last.starts_with("Atomic"),
        "tokio" | "parking_lot" | "spin" => is_cell,
        "dashmap" => matches!(last.as_str(), "DashMap" | "DashSet"),
        _ => false,
    }
}
