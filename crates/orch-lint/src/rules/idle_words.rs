//! The words without which no idle value comes into a body.
//!
//! To infer the types in a body takes long, and most bodies have nothing to do with a `Service` or
//! `Workers`. A value gets such a type from a type that is written somewhere: in the body itself, in the
//! signature around it, or where a function, a field, a constant or an alias is declared that the body
//! names.
//!
//! **Invariant:** too many words rather than too few. A body that is passed over has no idle value.

use rustc_hash::FxHashSet;

use super::idle_values::TYPES;
use crate::model::{Function, Workspace};
use crate::syntax::{AssocItem, AssocKind, Bound, FnDef, Generics, ItemKind, Path, Ty, TyKind};

/// What may lead to an idle value.
#[derive(Debug, Default)]
pub(super) struct IdleWords<'a> {
    /// Last words of types that are one, or hold one.
    types: FxHashSet<&'a str>,
    /// Names of what is, gives or holds one.
    values: FxHashSet<&'a str>,
    /// Both.
    all: Vec<&'a str>,
}

impl<'a> IdleWords<'a> {
    /// Those of a project.
    pub(super) fn of(workspace: &Workspace<'a>) -> Self {
        let mut words = IdleWords::default();
        words.types.extend(TYPES);
        loop {
            let before = words.len();
            words.read(workspace);
            if words.len() == before {
                words.all = words.types.union(&words.values).copied().collect();
                return words;
            }
        }
    }

    /// Whether a body may have an idle value.
    pub(super) fn may_be_in(&self, function: &Function<'a>) -> bool {
        let mut written = function.def.params.iter().map(|param| &param.ty);
        written.any(|ty| self.in_ty(ty))
            || function.self_written().is_some_and(|ty| self.in_ty(ty))
            || function.body.mentions(&self.all)
    }

    fn len(&self) -> usize {
        self.types.len() + self.values.len()
    }

    /// Adds what leads to the words so far.
    fn read(&mut self, workspace: &Workspace<'a>) {
        for module in &workspace.modules {
            for (import, _) in &module.imports {
                if let (Some(last), Some(name)) = (import.path.last(), &import.name) {
                    self.types
                        .extend(self.types.contains(last.as_str()).then_some(name.as_str()));
                    self.values
                        .extend(self.values.contains(last.as_str()).then_some(name.as_str()));
                }
            }
        }
        for def in &workspace.defs {
            self.read_item(&def.item.name.text, &def.item.kind);
        }
        for block in &workspace.impls {
            self.read_generics(&block.def.generics);
            self.read_parts(&block.def.items);
        }
    }

    fn read_item(&mut self, name: &'a str, kind: &'a ItemKind) {
        match kind {
            ItemKind::Struct(generics, fields) => {
                self.read_generics(generics);
                for field in &fields.list {
                    self.read_value(&field.name.text, &field.ty);
                }
            }
            ItemKind::Enum(generics, _) => self.read_generics(generics),
            ItemKind::Alias(generics, ty) => {
                self.read_generics(generics);
                self.read_type(name, ty);
            }
            ItemKind::Trait(of) => {
                self.read_generics(&of.generics);
                self.read_parts(&of.items);
            }
            ItemKind::Fn(of) => self.read_function(name, of),
            ItemKind::Const(ty, _) | ItemKind::Static(ty) => self.read_value(name, ty),
            _ => {}
        }
    }

    fn read_parts(&mut self, items: &'a [AssocItem]) {
        for item in items {
            match &item.kind {
                AssocKind::Fn(of) => self.read_function(&item.name.text, of),
                AssocKind::Type(Some(ty)) => self.read_type(&item.name.text, ty),
                _ => {}
            }
        }
    }

    fn read_function(&mut self, name: &'a str, of: &'a FnDef) {
        self.read_generics(&of.generics);
        of.output.iter().for_each(|ty| self.read_value(name, ty));
    }

    fn read_value(&mut self, name: &'a str, ty: &Ty) {
        if self.in_ty(ty) {
            self.values.insert(name);
        }
    }

    fn read_type(&mut self, name: &'a str, ty: &Ty) {
        if self.in_ty(ty) {
            self.types.insert(name);
        }
    }

    /// `F: Future<Output = Workers>` and `T = Workers`.
    fn read_generics(&mut self, of: &'a Generics) {
        for param in &of.params {
            let by_default = param.default.as_ref().is_some_and(|ty| self.in_ty(ty));
            if by_default || self.in_bounds(&param.bounds) {
                self.types.insert(&param.name);
            }
        }
        for (ty, bounds) in &of.wheres {
            if let Some(last) = ty.path().and_then(Path::last)
                && self.in_bounds(bounds)
            {
                self.types.insert(&last.name.text);
            }
        }
    }

    fn in_bounds(&self, bounds: &[Bound]) -> bool {
        bounds.iter().any(|bound| self.in_path(&bound.path))
    }

    /// Whether a type as it is written may be one, or hold one.
    fn in_ty(&self, ty: &Ty) -> bool {
        match &ty.kind {
            TyKind::Path(path) => self.in_path(path),
            TyKind::Ref(inner, _) | TyKind::Slice(inner) => self.in_ty(inner),
            TyKind::Tuple(parts) => parts.iter().any(|part| self.in_ty(part)),
            TyKind::Bounds(bounds) => self.in_bounds(bounds),
            TyKind::Fn | TyKind::Never | TyKind::Opaque => false,
        }
    }

    fn in_path(&self, path: &Path) -> bool {
        let is_it = path
            .last()
            .is_some_and(|last| self.types.contains(last.name.text.as_str()));
        is_it
            || path.qself.as_ref().is_some_and(|ty| self.in_ty(ty))
            || path.segments.iter().any(|segment| {
                let bound = segment.bindings.iter().map(|(_, ty)| ty);
                segment.args.iter().chain(bound).any(|ty| self.in_ty(ty))
            })
    }
}
