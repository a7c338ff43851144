//! All function bodies that run in production.

use crate::model::{DefId, ImplBlock, ModuleId, RTy, Scope, Workspace};
use crate::syntax::{AssocItem, FnDef, ItemKind};

/// One function with a body.
pub(super) struct Body<'a> {
    /// The function.
    pub(super) function: &'a FnDef,
    /// The scope of its names.
    pub(super) scope: Scope<'a>,
    /// The module that its body's names are looked up in.
    pub(super) module: ModuleId,
    /// `crate::payment::Payment::execute`.
    pub(super) path: String,
}

impl Body<'_> {
    /// The type that its `impl` block is for.
    pub(super) fn owner(&self) -> Option<DefId> {
        match &self.scope.self_ty {
            Some(RTy::Local(id, _)) => Some(*id),
            _ => None,
        }
    }
}

/// All functions with a body outside tests.
pub(super) fn all<'a>(workspace: &Workspace<'a>) -> Vec<Body<'a>> {
    let mut found = Vec::new();
    for def in workspace.defs.iter().filter(|def| !def.test) {
        let scope = Scope::of_module(def.module);
        let path = format!(
            "{}::{}",
            workspace.module_path(def.module),
            def.item.name.text
        );
        match &def.item.kind {
            ItemKind::Fn(function) => push(workspace, &mut found, function, scope, path),
            ItemKind::Trait(of) => assoc(workspace, &mut found, &of.items, &scope, &path),
            _ => {}
        }
    }
    for block in workspace.impls.iter().filter(|block| !block.test) {
        of_block(workspace, &mut found, block);
    }
    found
}

fn of_block<'a>(workspace: &Workspace<'a>, found: &mut Vec<Body<'a>>, block: &ImplBlock<'a>) {
    let def: &'a crate::syntax::ImplDef = block.def;
    let name = def
        .self_ty
        .peeled()
        .path()
        .map(crate::syntax::Path::text)
        .unwrap_or_default();
    let path = format!("{}::{name}", workspace.module_path(block.module));
    assoc(
        workspace,
        found,
        &def.items,
        &workspace.impl_scope(block),
        &path,
    );
}

fn assoc<'a>(
    workspace: &Workspace<'a>,
    found: &mut Vec<Body<'a>>,
    items: &'a [AssocItem],
    scope: &Scope<'a>,
    path: &str,
) {
    for item in items.iter().filter(|item| !item.attrs.test_only) {
        if let Some(function) = item.function() {
            let path = format!("{path}::{}", item.name.text);
            push(workspace, found, function, scope.clone(), path);
        }
    }
}

fn push<'a>(
    workspace: &Workspace<'a>,
    found: &mut Vec<Body<'a>>,
    function: &'a FnDef,
    scope: Scope<'a>,
    path: String,
) {
    if function.body.is_some() {
        found.push(Body {
            function,
            module: workspace.body_module(function, scope.module),
            scope,
            path,
        });
    }
}
