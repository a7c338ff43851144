//! The paths of one item: in its signature, its bodies, its patterns and among the tokens of its macros.

use std::borrow::Cow;

use rustc_hash::FxHashSet;

use super::super::Space;
use super::targets::Targets;
use super::{Place, Reference, Target};
use crate::syntax::named::{self, Named, Role};
use crate::syntax::{AssocItem, AssocKind, Bound, Expr, FnDef, Generics, ItemKind, Path, Span, Ty};

/// Reads the paths of one item.
pub(super) struct Collector<'c, 't, 'w, 'a> {
    place: Place<'w, 'a>,
    /// Names of variables of the function that is read.
    bound: FxHashSet<Cow<'a, str>>,
    targets: &'c mut Targets<'t, 'w, 'a>,
    found: &'c mut Vec<Reference>,
}

impl<'c, 't, 'w, 'a> Collector<'c, 't, 'w, 'a> {
    /// Reads one item by `read`.
    pub(super) fn run(
        place: Place<'w, 'a>,
        targets: &'c mut Targets<'t, 'w, 'a>,
        found: &'c mut Vec<Reference>,
        read: impl FnOnce(&mut Self),
    ) {
        let bound = FxHashSet::default();
        read(&mut Collector {
            place,
            bound,
            targets,
            found,
        });
    }

    /// Reads what an item declares.
    pub(super) fn item(&mut self, kind: &'a ItemKind) {
        match kind {
            ItemKind::Struct(generics, fields) => {
                self.generics(generics);
                fields.list.iter().for_each(|field| self.ty(&field.ty));
            }
            ItemKind::Enum(generics, variants) => {
                self.generics(generics);
                let fields = variants.iter().flat_map(|variant| &variant.fields.list);
                fields.for_each(|field| self.ty(&field.ty));
            }
            ItemKind::Trait(of) => {
                self.generics(&of.generics);
                self.bounds(&of.supers);
                self.parts(&of.items);
            }
            ItemKind::Fn(of) => self.function(of),
            ItemKind::Alias(generics, ty) => {
                self.generics(generics);
                self.ty(ty);
            }
            ItemKind::Const(ty, value) => {
                self.ty(ty);
                self.value(value);
            }
            ItemKind::Static(ty, value) => {
                self.ty(ty);
                self.function(value);
            }
            ItemKind::MacroRules(names) | ItemKind::MacroCall(names) => {
                names
                    .iter()
                    .for_each(|name| self.word(&name.text, name.span));
            }
            _ => {}
        }
    }

    /// Reads the items of a trait or an `impl` block.
    pub(super) fn parts(&mut self, items: &'a [AssocItem]) {
        let is_test = self.place.test;
        for item in items {
            self.place.test = is_test || item.attrs.test_only;
            match &item.kind {
                AssocKind::Fn(of) => self.function(of),
                AssocKind::Const(Some(value)) => self.value(value),
                AssocKind::Type(Some(ty)) => self.ty(ty),
                _ => {}
            }
        }
        self.place.test = is_test;
    }

    /// Reads the items of an `impl` block without a trait.
    pub(super) fn associated(&mut self, items: &'a [AssocItem]) {
        self.place.associated = true;
        self.parts(items);
        self.place.associated = false;
    }

    fn function(&mut self, of: &'a FnDef) {
        let outer = self.place.module;
        self.place.module = self.place.workspace.body_module(of, outer);
        self.generics(&of.generics);
        let types = of.params.iter().map(|param| &param.ty).chain(&of.output);
        types.for_each(|ty| self.ty(ty));
        self.bound.clear();
        for param in &of.params {
            named::in_bindings(&param.pat, &mut |named| self.named(named));
        }
        if let Some(body) = &of.body {
            body.each_named(&mut |named| self.named(named));
        }
        self.bound.clear();
        self.place.module = outer;
    }

    fn value(&mut self, value: &'a Expr) {
        named::in_value(value, &mut |named| {
            // Nothing in a constant is taken for a variable.
            if named.role != Role::Binding {
                self.named(named);
            }
        });
    }

    fn named(&mut self, named: Named<'a>) {
        let is_bound = |it: &Self| it.bound.contains(&named.text);
        match named.role {
            Role::Binding => {
                self.bound.insert(named.text);
            }
            Role::Type => self.resolve(named, Space::Types, false),
            Role::Value => self.resolve(named, Space::Values, false),
            Role::Ident => {
                let is_bound = is_bound(self);
                self.resolve(named, Space::Values, is_bound);
            }
            // A variable is rarely called, and then the function of its name counts as called.
            Role::Called if is_bound(self) => self.resolve(named, Space::Values, false),
            Role::Called => {}
            Role::Word => self.word(&named.text, named.span),
        }
    }

    /// Reads a path in type position.
    pub(super) fn type_path(&mut self, path: &'a Path) {
        named::in_path(path, Role::Type, &mut |named| self.named(named));
    }

    fn resolve(&mut self, named: Named<'a>, space: Space, shadowed: bool) {
        let (place, span) = (self.place, named.span);
        let target = self.targets.of(place.module, named, space);
        self.found
            .extend(target.map(|target| place.names(span, target, shadowed)));
    }

    fn word(&mut self, word: &str, span: Span) {
        let found = self.place.names(span, Target::Word(word.into()), true);
        self.found.push(found);
    }

    /// Reads type parameters and their bounds.
    pub(super) fn generics(&mut self, of: &'a Generics) {
        for param in &of.params {
            self.bounds(&param.bounds);
            param.default.iter().for_each(|ty| self.ty(ty));
        }
        for (ty, bounds) in &of.wheres {
            self.ty(ty);
            self.bounds(bounds);
        }
    }

    fn bounds(&mut self, bounds: &'a [Bound]) {
        named::in_bounds(bounds, &mut |named| self.named(named));
    }

    /// Reads a type.
    pub(super) fn ty(&mut self, ty: &'a Ty) {
        named::in_ty(ty, &mut |named| self.named(named));
    }
}
