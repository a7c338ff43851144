//! What names what: every path of the project that names an item of the project.
//!
//! Items are named in signatures, bodies, patterns, type arguments, macro arguments and by `use`.
//! Worked out once, in one pass over all files, for the rules about what is used and by whom.
//!
//! **Invariant:** too many rather than too few. A variable that is spelled like an item counts as the
//! item, and says so.

use std::collections::HashSet;

use super::{DefId, ModuleId, RTy, Res, Workspace};
use crate::known;
use crate::load::FileId;
use crate::syntax::{
    AssocItem, AssocKind, Block, Bound, Expr, ExprKind, FnDef, Generics, ItemKind, Pat, PatKind,
    Path, Span, Stmt, Ty, TyKind, visit,
};

/// One place that names an item.
#[derive(Debug)]
pub(crate) struct Reference {
    /// The module of the place.
    pub(crate) module: ModuleId,
    /// The file of the place.
    pub(crate) file: FileId,
    /// The item around it: for an `impl` block, its type. Absent for `use`.
    pub(crate) owner: Option<DefId>,
    /// The path; empty at the start of the file for `use`.
    pub(crate) span: Span,
    /// What is named.
    pub(crate) target: Target,
    /// Compiled for tests only.
    pub(crate) test: bool,
    /// May be a variable of that name.
    pub(crate) shadowed: bool,
}

/// What a reference names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Target {
    /// An item of the project, or something in it.
    Item(DefId),
    /// A type of the runtime through which rows are read and written.
    Store(String),
    /// A word among tokens that do not read as Rust.
    Word(String),
}

/// All references, and what follows from them.
#[derive(Debug)]
pub(super) struct References {
    list: Vec<Reference>,
    used: HashSet<DefId>,
    words: HashSet<String>,
}

impl References {
    fn of(list: Vec<Reference>) -> Self {
        let mut used = HashSet::new();
        let mut words = HashSet::new();
        for reference in list.iter().filter(|of| !of.test) {
            match &reference.target {
                Target::Item(id) => {
                    let by_another = reference.owner.filter(|owner| owner != id);
                    let is_use = !reference.shadowed && by_another.is_some();
                    used.extend(is_use.then_some(*id));
                }
                Target::Word(word) => {
                    words.insert(word.clone());
                }
                Target::Store(_) => {}
            }
        }
        References { list, used, words }
    }
}

impl Workspace<'_> {
    /// Every place that names an item of the project.
    pub(crate) fn references(&self) -> &[Reference] {
        &self.known_references().list
    }

    /// Whether another item names an item outside tests. A `use` alone is no use.
    pub(crate) fn is_used(&self, id: DefId) -> bool {
        self.known_references().used.contains(&id)
    }

    /// Whether a word stands outside tests among tokens that do not read as Rust.
    pub(crate) fn is_mentioned(&self, word: &str) -> bool {
        self.known_references().words.contains(word)
    }

    fn known_references(&self) -> &References {
        self.references
            .get_or_init(|| References::of(collect(self)))
    }
}

fn collect(workspace: &Workspace<'_>) -> Vec<Reference> {
    let names = names(workspace);
    let mut found = Vec::new();
    imports(workspace, &mut found);
    for id in workspace.def_ids() {
        let def = workspace.def(id);
        let place = Place::new(workspace, def.module, def.file, Some(id), def.test);
        Collector::run(place, &names, &mut found, |it| it.item(&def.item.kind));
    }
    for block in &workspace.impls {
        let owner = match workspace.self_type(block) {
            RTy::Local(id, _) => Some(id),
            _ => None,
        };
        let place = Place::new(workspace, block.module, block.file, owner, block.test);
        Collector::run(place, &names, &mut found, |it| {
            it.generics(&block.def.generics);
            block
                .def
                .trait_path
                .iter()
                .for_each(|path| it.type_path(path));
            it.ty(&block.def.self_ty);
            it.parts(&block.def.items);
        });
    }
    found
}

/// Every name that an item goes by somewhere. Most words of a body are none of these.
fn names<'a>(workspace: &Workspace<'a>) -> HashSet<&'a str> {
    let mut names: HashSet<&str> = known::stores().collect();
    for def in &workspace.defs {
        names.insert(&def.item.name.text);
        if let ItemKind::Enum(_, variants) = &def.item.kind {
            names.extend(variants.iter().map(|variant| variant.name.text.as_str()));
        }
    }
    for module in &workspace.modules {
        let imports = module.imports.iter();
        names.extend(imports.filter_map(|(import, _)| import.name.as_deref()));
    }
    names
}

fn imports(workspace: &Workspace<'_>, found: &mut Vec<Reference>) {
    for (at, module) in workspace.modules.iter().enumerate() {
        for (import, _) in module
            .imports
            .iter()
            .filter(|(import, _)| import.name.is_some())
        {
            let names: Vec<&str> = import.path.iter().map(String::as_str).collect();
            let place = Place::new(workspace, ModuleId(at), module.file, None, module.test);
            for space in [super::Space::Types, super::Space::Values] {
                let res = workspace.resolve(ModuleId(at), &names, import.global, space);
                let target = target(&res);
                found.extend(target.map(|target| place.names(Span::file_start(), target, false)));
            }
        }
    }
}

fn target(res: &Res) -> Option<Target> {
    match res {
        Res::Def(id) | Res::Variant(id, _) | Res::Assoc(id, _) => Some(Target::Item(*id)),
        Res::External(path) => known::store_of_runtime(path).map(|name| Target::Store(name.into())),
        Res::Module(_) | Res::Unknown => None,
    }
}

/// Where paths are read.
#[derive(Clone, Copy)]
struct Place<'w, 'a> {
    workspace: &'w Workspace<'a>,
    module: ModuleId,
    file: FileId,
    owner: Option<DefId>,
    test: bool,
}

impl<'w, 'a> Place<'w, 'a> {
    fn new(
        workspace: &'w Workspace<'a>,
        module: ModuleId,
        file: FileId,
        owner: Option<DefId>,
        test: bool,
    ) -> Self {
        Place {
            workspace,
            module,
            file,
            owner,
            test,
        }
    }

    fn names(self, span: Span, target: Target, shadowed: bool) -> Reference {
        Reference {
            module: self.module,
            file: self.file,
            owner: self.owner,
            span,
            target,
            test: self.test,
            shadowed,
        }
    }
}

/// Reads the paths of one item.
struct Collector<'c, 'w, 'a> {
    place: Place<'w, 'a>,
    /// Names of variables of the function that is read.
    bound: HashSet<&'a str>,
    names: &'c HashSet<&'a str>,
    found: &'c mut Vec<Reference>,
}

impl<'c, 'w, 'a> Collector<'c, 'w, 'a> {
    fn run(
        place: Place<'w, 'a>,
        names: &'c HashSet<&'a str>,
        found: &'c mut Vec<Reference>,
        read: impl FnOnce(&mut Self),
    ) {
        let bound = HashSet::new();
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

    fn item(&mut self, kind: &'a ItemKind) {
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

    fn parts(&mut self, items: &'a [AssocItem]) {
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
            self.bindings(body);
            self.block(body);
        }
        self.bound.clear();
        self.place.module = outer;
    }

    /// Collects the variables of a body, before its paths are read.
    fn bindings(&mut self, body: &'a Block) {
        each_pattern(body, &mut |pat| self.bind(pat));
    }

    fn bind(&mut self, pat: &'a Pat) {
        each_part(pat, &mut |pat| {
            if let PatKind::Bind { name, .. } = &pat.kind {
                self.bound.insert(name.text.as_str());
            }
        });
    }

    fn block(&mut self, body: &'a Block) {
        each_pattern(body, &mut |pat| self.pattern(pat));
        visit::each_in_block(body, &mut |expr| self.expr(expr));
    }

    fn value(&mut self, value: &'a Expr) {
        patterns_of(value, &mut |pat| self.pattern(pat));
        visit::each(value, &mut |expr| self.expr(expr));
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
                let names = [name.text.as_str()];
                let workspace = self.place.workspace;
                let res = workspace.resolve(self.place.module, &names, false, super::Space::Values);
                self.add(&res, name.span, false);
            }
            _ => {}
        });
    }

    fn value_path(&mut self, path: &'a Path, shadowed: bool) {
        self.arguments(path);
        if let Some(of) = &path.qself {
            self.ty(of);
        }
        if !self.may_name(path) {
            return;
        }
        let workspace = self.place.workspace;
        let res = workspace.resolve_value(self.place.module, path);
        self.add(&res, path.span, shadowed);
    }

    fn type_path(&mut self, path: &'a Path) {
        self.arguments(path);
        if let Some(of) = &path.qself {
            self.ty(of);
        }
        if !self.may_name(path) {
            return;
        }
        let workspace = self.place.workspace;
        let res = workspace.resolve_type(self.place.module, path);
        self.add(&res, path.span, false);
    }

    fn add(&mut self, res: &Res, span: Span, shadowed: bool) {
        let place = self.place;
        let target = target(res);
        self.found
            .extend(target.map(|target| place.names(span, target, shadowed)));
    }

    fn word(&mut self, word: &str, span: Span) {
        let found = self.place.names(span, Target::Word(word.into()), true);
        self.found.push(found);
    }

    fn arguments(&mut self, path: &'a Path) {
        for segment in &path.segments {
            segment.args.iter().for_each(|ty| self.ty(ty));
            segment.bindings.iter().for_each(|(_, ty)| self.ty(ty));
        }
    }

    fn generics(&mut self, of: &'a Generics) {
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

    fn ty(&mut self, ty: &'a Ty) {
        match &ty.kind {
            TyKind::Path(path) => self.type_path(path),
            TyKind::Ref(inner, _) | TyKind::Slice(inner) => self.ty(inner),
            TyKind::Tuple(parts) => parts.iter().for_each(|part| self.ty(part)),
            TyKind::Bounds(bounds) => self.bounds(bounds),
            TyKind::Fn | TyKind::Never | TyKind::Opaque => {}
        }
    }
}

/// The patterns of a body, wherever they stand in it.
fn each_pattern<'e>(body: &'e Block, see: &mut dyn FnMut(&'e Pat)) {
    of_statements(&body.stmts, see);
    visit::each_in_block(body, &mut |expr| own_patterns(expr, see));
}

fn patterns_of<'e>(value: &'e Expr, see: &mut dyn FnMut(&'e Pat)) {
    visit::each(value, &mut |expr| own_patterns(expr, see));
}

fn of_statements<'e>(stmts: &'e [Stmt], see: &mut dyn FnMut(&'e Pat)) {
    for stmt in stmts {
        if let Stmt::Let { pat, .. } = stmt {
            see(pat);
        }
    }
}

/// The patterns of one expression, those of expressions in it left out.
fn own_patterns<'e>(expr: &'e Expr, see: &mut dyn FnMut(&'e Pat)) {
    match &expr.kind {
        ExprKind::Closure { params, .. } => params.iter().for_each(see),
        ExprKind::Let { pat, .. } => see(pat),
        ExprKind::Match { arms, .. } => arms.iter().for_each(|arm| see(&arm.pat)),
        ExprKind::For { pat, body, .. } => {
            see(pat);
            of_statements(&body.stmts, see);
        }
        ExprKind::Async(block) | ExprKind::Block(block) | ExprKind::Loop(block) => {
            of_statements(&block.stmts, see);
        }
        ExprKind::If { then: body, .. } | ExprKind::While { body, .. } => {
            of_statements(&body.stmts, see);
        }
        ExprKind::Macro(call) => of_statements(&call.body.parts, see),
        _ => {}
    }
}

/// A pattern and all in it.
fn each_part<'e>(pat: &'e Pat, see: &mut dyn FnMut(&'e Pat)) {
    see(pat);
    match &pat.kind {
        PatKind::Bind { sub, .. } => sub.iter().for_each(|sub| each_part(sub, see)),
        PatKind::Ref(inner) | PatKind::Typed(inner, _) => each_part(inner, see),
        PatKind::TupleStruct(_, parts) | PatKind::Or(parts) | PatKind::Group(parts) => {
            parts.iter().for_each(|part| each_part(part, see));
        }
        PatKind::Struct(_, fields) => fields.iter().for_each(|(_, part)| each_part(part, see)),
        PatKind::Wild | PatKind::Path(_) | PatKind::Other => {}
    }
}
