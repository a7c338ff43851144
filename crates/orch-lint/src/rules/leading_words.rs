//! The words without which no value of some types comes into a body.
//!
//! To infer the types in a body takes long, and most bodies have nothing to do with the few types that a rule
//! looks for. A value gets such a type from one that is written somewhere: in the body itself, in the
//! signature around it, or where a function, a field, a constant or an alias is declared that the body
//! names.
//!
//! **Invariant:** too many words rather than too few. A body that is passed over has no such value.

use rustc_hash::FxHashSet;

use crate::model::{Function, Workspace};
use crate::syntax::{AssocItem, AssocKind, Bound, FnDef, Generics, ItemKind, Path, Ty, TyKind};

/// What may lead to a value of some types.
#[derive(Debug, Default)]
pub(super) struct LeadingWords<'a> {
    /// Last words of types that are one of them, or have one as an argument.
    types: FxHashSet<&'a str>,
    /// Names of what is, gives or holds a value of one.
    values: FxHashSet<&'a str>,
    /// Whether a struct with such a field counts as such a type.
    with_holders: bool,
    /// All words that a body may have.
    all: Vec<&'a str>,
}

impl<'a> LeadingWords<'a> {
    /// Words that lead to a value of types by these names.
    pub(super) fn to_values(workspace: &Workspace<'a>, names: &[&'a str]) -> Self {
        let mut words = LeadingWords::default();
        words.types.extend(names);
        words.complete(workspace);
        words.all = words.types.union(&words.values).copied().collect();
        words
    }

    /// Words that name types whose name ends in `name`, or that hold one.
    pub(super) fn to_types(workspace: &Workspace<'a>, name: &'a str) -> Self {
        let mut words = LeadingWords {
            with_holders: true,
            ..LeadingWords::default()
        };
        let declared = workspace.defs.iter().map(|def| def.item.name.text.as_str());
        words.types.insert(name);
        words.types.extend(declared.filter(|of| of.ends_with(name)));
        words.complete(workspace);
        words.all = words.types.iter().copied().collect();
        words
    }

    fn complete(&mut self, workspace: &Workspace<'a>) {
        loop {
            let before = self.types.len() + self.values.len();
            self.read(workspace);
            if self.types.len() + self.values.len() == before {
                return;
            }
        }
    }

    /// Whether a body may have a value that the words lead to.
    pub(super) fn may_be_in(&self, function: &Function<'a>) -> bool {
        let mut written = function.def.params.iter().map(|param| &param.ty);
        written.any(|ty| self.in_ty(ty))
            || function.self_written().is_some_and(|ty| self.in_ty(ty))
            || self.are_in(function)
    }

    /// Whether a body may have one of the words.
    pub(super) fn are_in(&self, function: &Function<'a>) -> bool {
        function.body.mentions(&self.all)
    }

    /// Adds what leads to the words so far.
    fn read(&mut self, workspace: &Workspace<'a>) {
        for module in &workspace.modules {
            for (import, _) in &module.imports {
                if let (Some(last), Some(name)) = (import.path.last(), &import.name) {
                    for words in [&mut self.types, &mut self.values] {
                        let is_one = words.contains(last.as_str());
                        words.extend(is_one.then_some(name.as_str()));
                    }
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
                    if self.with_holders {
                        self.read_type(name, &field.ty);
                    }
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
            ItemKind::Const(ty, _) | ItemKind::Static(ty, _) => self.read_value(name, ty),
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
