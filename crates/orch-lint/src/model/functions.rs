//! All functions that run in production.

use super::infer::Walker;
use super::{DefId, ImplBlock, ModuleId, RTy, Scope, Workspace};
use crate::known;
use crate::load::FileId;
use crate::syntax::{AssocItem, Attrs, Body, FnDef, ImplDef, ItemKind, Path, Ty};

/// One function with a body.
#[derive(Debug)]
pub(crate) struct Function<'a> {
    /// Its signature, and its body again.
    pub(crate) def: &'a FnDef,
    /// Its body.
    pub(crate) body: &'a Body,
    /// The module that its body's names are looked up in.
    pub(crate) module: ModuleId,
    /// The file it is in.
    pub(crate) file: FileId,
    /// The local type that its `impl` block is for.
    pub(crate) owner: Option<DefId>,
    /// What is written above it.
    pub(crate) attrs: &'a Attrs,
    /// The item, for free functions.
    pub(crate) id: Option<DefId>,
    /// What its signature and its body may name.
    scope: Scope<'a>,
    /// The type or trait it belongs to, as written; empty for free functions.
    owner_name: String,
    name: &'a str,
}

impl<'a> Workspace<'a> {
    /// All functions with a body outside tests; the value of a `static` is the body of one by its name.
    pub(crate) fn functions(&self) -> Vec<Function<'a>> {
        let mut found = Vec::new();
        for id in self.def_ids().filter(|id| !self.def(*id).test) {
            let def = self.def(id);
            let (name, attrs) = (&def.item.name.text, &def.item.attrs);
            match &def.item.kind {
                ItemKind::Fn(function) => {
                    let read = self.function(function, attrs, def.module, def.file, None, name);
                    found.extend(read.map(|read| Function {
                        id: Some(id),
                        ..read
                    }));
                }
                ItemKind::Static(_, value) => {
                    found.extend(self.function(value, attrs, def.module, def.file, None, name));
                }
                ItemKind::Trait(of) => {
                    let before = found.len();
                    self.methods(&mut found, &of.items, def.module, def.file, None, name);
                    for function in &mut found[before..] {
                        function.scope.self_ty = Some(RTy::of_trait(id, name));
                    }
                }
                _ => {}
            }
        }
        for block in self.impls.iter().filter(|block| !block.test) {
            self.block_methods(&mut found, block);
        }
        found
    }

    /// Whether the package of a module can name anything of the runtime.
    pub(crate) fn knows_runtime(&self, module: ModuleId) -> bool {
        let package = &self.packages[self.krate(module).package];
        package.deps.values().any(|of| of == known::RUNTIME)
    }

    fn block_methods(&self, found: &mut Vec<Function<'a>>, block: &ImplBlock<'a>) {
        let def: &'a ImplDef = block.def;
        let name = def.self_ty.peeled().path().map(Path::text);
        let owner = match self.self_type(block) {
            RTy::Local(id, _) => Some(id),
            _ => None,
        };
        let name = name.unwrap_or_default();
        let before = found.len();
        self.methods(found, &def.items, block.module, block.file, owner, &name);
        let scope = self.impl_scope(block);
        for function in &mut found[before..] {
            function.scope = scope.clone();
        }
    }

    fn methods(
        &self,
        found: &mut Vec<Function<'a>>,
        items: &'a [AssocItem],
        module: ModuleId,
        file: FileId,
        owner: Option<DefId>,
        owner_name: &str,
    ) {
        for item in items.iter().filter(|item| !item.attrs.test_only) {
            let name = &item.name.text;
            let function = item.function();
            let read =
                function.and_then(|of| self.function(of, &item.attrs, module, file, owner, name));
            found.extend(read.map(|read| Function {
                owner_name: owner_name.into(),
                ..read
            }));
        }
    }

    fn function(
        &self,
        of: &'a FnDef,
        attrs: &'a Attrs,
        module: ModuleId,
        file: FileId,
        owner: Option<DefId>,
        name: &'a str,
    ) -> Option<Function<'a>> {
        Some(Function {
            def: of,
            body: of.body.as_ref()?,
            module: self.body_module(of, module),
            file,
            owner,
            attrs,
            id: None,
            scope: Scope::of_module(module),
            owner_name: String::new(),
            name,
        })
    }
}

impl<'a> Function<'a> {
    /// A walk through its body.
    pub(crate) fn walker<'w>(&self, workspace: &'w Workspace<'a>) -> Walker<'w, 'a> {
        Walker::new(workspace, &self.scope, self.def)
    }

    /// Its name.
    pub(crate) fn name(&self) -> &'a str {
        self.name
    }

    /// `Payment::execute`.
    pub(crate) fn label(&self) -> String {
        match self.owner_name.as_str() {
            "" => self.name.into(),
            owner => format!("{owner}::{}", self.name),
        }
    }

    /// Whether it stands in an `impl` of a trait of the runtime.
    pub(crate) fn implements(&self, workspace: &Workspace<'a>, name: &str) -> bool {
        let of = self.scope.block.and_then(|block| block.trait_path.as_ref());
        of.is_some_and(|path| {
            let found = workspace.resolve_type(self.scope.module, path);
            found
                .external()
                .is_some_and(|path| known::is_runtime(path, name))
        })
    }

    /// The type that its `impl` block is for, as it is written.
    pub(crate) fn self_written(&self) -> Option<&'a Ty> {
        self.scope.block.map(|block| &block.self_ty)
    }

    /// Whether it is no method.
    pub(crate) fn is_free(&self) -> bool {
        self.owner_name.is_empty()
    }

    /// `crate::payment::Payment::execute`.
    pub(crate) fn path(&self, workspace: &Workspace<'_>) -> String {
        let module = workspace.module_path(self.module);
        match self.owner_name.as_str() {
            "" => format!("{module}::{}", self.name),
            owner => format!("{module}::{owner}::{}", self.name),
        }
    }
}
