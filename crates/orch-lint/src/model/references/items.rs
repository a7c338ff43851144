//! The paths of one item: in its signature, its bodies, its patterns and among the tokens of its macros.

use rustc_hash::FxHashSet;

use super::super::Space;
use super::{Place, Reference, Target};
use crate::syntax::patterns::{each_in_block, each_in_value, each_part};
use crate::syntax::{
    AssocItem, AssocKind, Block, Bound, Expr, ExprKind, FnDef, Generics, ItemKind, Pat, PatKind,
    Path, Span, Ty, TyKind,
};

/// Reads the paths of one item.
pub(super) struct Collector<'c, 'w, 'a> {
    place: Place<'w, 'a>,
    /// Names of variables of the function that is read.
    bound: FxHashSet<&'a str>,
    names: &'c FxHashSet<&'a str>,
    found: &'c mut Vec<Reference>,
}

impl<'c, 'w, 'a> Collector<'c, 'w, 'a> {
    /// Reads one item by `read`.
    pub(super) fn run(
        place: Place<'w, 'a>,
        names: &'c FxHashSet<&'a str>,
        found: &'c mut Vec<Reference>,
        read: impl FnOnce(&mut Self),
    ) {
        let bound = FxHashSet::default();
        read(&mut Collector {
            place,
            bound,
            names,
            found,
        });
    }

    /// Whether a path can name an item at all.
    fn may_name(&self, path: &Path) -> bool {
        let mut segments = path.segments.iter();
        segments.any(|segment| self.names.contains(segment.name.text.as_str()))
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
            ItemKind::Static(ty) => self.ty(ty),
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

    fn function(&mut self, of: &'a FnDef) {
        let outer = self.place.module;
        self.place.module = self.place.workspace.body_module(of, outer);
        self.generics(&of.generics);
        let types = of.params.iter().map(|param| &param.ty).chain(&of.output);
        types.for_each(|ty| self.ty(ty));
        self.bound.clear();
        of.params.iter().for_each(|param| self.bind(&param.pat));
        if let Some(body) = &of.body {
            self.block(body);
        }
        self.bound.clear();
        self.place.module = outer;
    }

    fn bind(&mut self, pat: &'a Pat) {
        each_part(pat, &mut |pat| {
            if let PatKind::Bind { name, .. } = &pat.kind {
                self.bound.insert(name.text.as_str());
            }
        });
    }

    /// Reads a body, after its variables were collected.
    fn block(&mut self, body: &'a Block) {
        let (mut patterns, mut exprs) = (Vec::new(), Vec::new());
        each_in_block(body, &mut |pat| patterns.push(pat), &mut |expr| {
            exprs.extend(names_anything(expr).then_some(expr));
        });
        patterns.iter().for_each(|pat| self.bind(pat));
        patterns.iter().for_each(|pat| self.pattern(pat));
        exprs.iter().for_each(|expr| self.expr(expr));
    }

    fn value(&mut self, value: &'a Expr) {
        let (mut patterns, mut exprs) = (Vec::new(), Vec::new());
        each_in_value(value, &mut |pat| patterns.push(pat), &mut |expr| {
            exprs.extend(names_anything(expr).then_some(expr));
        });
        patterns.iter().for_each(|pat| self.pattern(pat));
        exprs.iter().for_each(|expr| self.expr(expr));
    }

    fn expr(&mut self, expr: &'a Expr) {
        match &expr.kind {
            ExprKind::Path(path) => {
                let shadowed = path
                    .as_ident()
                    .is_some_and(|name| self.bound.contains(name));
                self.value_path(path, shadowed);
            }
            // A variable is rarely called, and then the function of its name counts as called.
            ExprKind::Call { callee, .. } => {
                if let ExprKind::Path(path) = &callee.kind
                    && path
                        .as_ident()
                        .is_some_and(|name| self.bound.contains(name))
                {
                    self.value_path(path, false);
                }
            }
            ExprKind::Struct { path, .. } => self.type_path(path),
            ExprKind::Macro(call) => {
                let names = call.body.opaque.iter();
                names.for_each(|name| self.word(&name.text, name.span));
            }
            _ => {}
        }
    }

    fn pattern(&mut self, pat: &'a Pat) {
        each_part(pat, &mut |pat| match &pat.kind {
            PatKind::Path(path) | PatKind::TupleStruct(path, _) => self.value_path(path, false),
            PatKind::Struct(path, _) => self.type_path(path),
            PatKind::Typed(_, ty) => self.ty(ty),
            PatKind::Bind { name, .. } if name.text.starts_with(char::is_uppercase) => {
                self.resolve(&[&name.text], false, Space::Values, name.span, false);
            }
            _ => {}
        });
    }

    fn value_path(&mut self, path: &'a Path, shadowed: bool) {
        self.path(path, Space::Values, shadowed);
    }

    /// Reads a path in type position.
    pub(super) fn type_path(&mut self, path: &'a Path) {
        self.path(path, Space::Types, false);
    }

    /// A path, and the types that are written in it.
    fn path(&mut self, path: &'a Path, space: Space, shadowed: bool) {
        for segment in &path.segments {
            segment.args.iter().for_each(|ty| self.ty(ty));
            segment.bindings.iter().for_each(|(_, ty)| self.ty(ty));
        }
        if let Some(of) = &path.qself {
            self.ty(of);
        }
        if self.may_name(path) {
            self.resolve(&path.names(), path.global, space, path.span, shadowed);
        }
    }

    fn resolve(&mut self, names: &[&str], global: bool, space: Space, span: Span, shadowed: bool) {
        let place = self.place;
        let res = place.workspace.resolve(place.module, names, global, space);
        let target = Target::of(&res);
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
        bounds.iter().for_each(|bound| self.type_path(&bound.path));
    }

    /// Reads a type.
    pub(super) fn ty(&mut self, ty: &'a Ty) {
        match &ty.kind {
            TyKind::Path(path) => self.type_path(path),
            TyKind::Ref(inner, _) | TyKind::Slice(inner) => self.ty(inner),
            TyKind::Tuple(parts) => parts.iter().for_each(|part| self.ty(part)),
            TyKind::Bounds(bounds) => self.bounds(bounds),
            TyKind::Fn | TyKind::Never | TyKind::Opaque => {}
        }
    }
}

/// Whether an expression has a path of its own.
fn names_anything(expr: &Expr) -> bool {
    matches!(
        expr.kind,
        ExprKind::Path(_) | ExprKind::Call { .. } | ExprKind::Struct { .. } | ExprKind::Macro(_)
    )
}
