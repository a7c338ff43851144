//! What a function gives once it is awaited.

use crate::model::{RTy, Res, Workspace};
use crate::syntax::AssocKind;

/// Whether a type is a future.
pub(super) enum Future {
    /// It is, with this output.
    Of(RTy),
    /// It is not.
    No,
    /// Cannot be decided.
    Unknown,
}

/// Whether a type is a future, and of what.
pub(super) fn future(workspace: &Workspace<'_>, ty: &RTy) -> Future {
    match ty {
        RTy::Bounds(bounds) => {
            let named = bounds.iter().find(|bound| bound.text.ends_with("Future"));
            let Some(bound) = named else {
                return Future::Unknown;
            };
            let output = bound.bindings.iter().find(|(name, _)| name == "Output");
            let unknown = || RTy::Unknown("the output of a future".into());
            Future::Of(output.map_or_else(unknown, |(_, ty)| ty.clone()))
        }
        RTy::External(path, args) => external(workspace, path, args),
        RTy::Local(id, _) => {
            let mut blocks = workspace.impls_of(*id);
            let is_future = |path| {
                let name = workspace.resolve_type(workspace.def(*id).module, path);
                matches!(name, Res::External(path) if path.last().is_some_and(|of| of == "Future"))
            };
            let block = blocks.find(|block| {
                let path = block.def.trait_path.as_ref();
                path.is_some_and(|path| {
                    path.last().is_some_and(|of| of.name.text == "Future") || is_future(path)
                })
            });
            let Some(block) = block else {
                return Future::No;
            };
            let scope = workspace.impl_scope(block);
            let output = block.def.items.iter().find_map(|item| match &item.kind {
                AssocKind::Type(Some(ty)) if item.name.text == "Output" => {
                    Some(workspace.lower(ty, &scope))
                }
                _ => None,
            });
            Future::Of(output.unwrap_or(RTy::Unknown("the output of a future".into())))
        }
        RTy::Tuple(_) => Future::No,
        RTy::Nothing | RTy::Unknown(_) => Future::Unknown,
    }
}

fn external(workspace: &Workspace<'_>, path: &[String], args: &[RTy]) -> Future {
    let last = path.last().map(String::as_str).unwrap_or_default();
    match (last, args) {
        ("Pin" | "Box", [inner, ..]) => future(workspace, inner),
        ("BoxFuture" | "LocalBoxFuture" | "Ready", [.., output]) => Future::Of(output.clone()),
        (name, _) if name.ends_with("Future") => Future::Unknown,
        _ if path.first().is_some_and(|first| is_plain(first)) => Future::No,
        (name, _) if name.ends_with("Result") => Future::No,
        _ => Future::Unknown,
    }
}

fn is_plain(krate: &str) -> bool {
    matches!(krate, "std" | "core" | "alloc") || krate == crate::known::RUNTIME
}
