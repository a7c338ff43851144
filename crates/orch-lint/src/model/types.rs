//! Types with their names resolved.
//!
//! References are gone: what can be reached through `&T` can be reached through `T`.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{DefId, External, ImplBlock, ModuleId, Res, Workspace};
use crate::known;
use crate::syntax::{Bound, FnDef, Generics, ImplDef, ItemKind, Path, Ty, TyKind};

/// A resolved type.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum RTy {
    /// A type of the project with its arguments.
    Local(DefId, Vec<RTy>),
    /// A type of another crate with its arguments.
    External(External, Vec<RTy>),
    /// `dyn`, `impl`, or a type parameter: all that is known are its traits.
    Bounds(Vec<RBound>),
    /// A tuple; empty for `()`.
    Tuple(Vec<RTy>),
    /// Holds nothing: a function pointer, `!`.
    Nothing,
    /// Cannot be resolved; says why.
    Unknown(String),
}

/// A resolved trait bound.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct RBound {
    /// The trait.
    pub(crate) name: Res,
    /// How it is written.
    pub(crate) text: String,
    /// `Output = T`.
    pub(crate) bindings: Vec<(String, RTy)>,
}

/// What names mean at one place.
#[derive(Debug, Clone)]
pub(crate) struct Scope<'a> {
    /// The module.
    pub(crate) module: ModuleId,
    /// Type parameters in scope, outer ones first.
    pub(crate) generics: Vec<&'a Generics>,
    /// What `Self` is.
    pub(crate) self_ty: Option<RTy>,
    /// The `impl` block, for its associated types.
    pub(crate) block: Option<&'a ImplDef>,
    /// Type parameters that are known here.
    pub(crate) known: FxHashMap<String, RTy>,
}

const MAX_DEPTH: usize = 40;

impl RTy {
    /// Any type that implements a trait of the project.
    pub(crate) fn of_trait(id: DefId, name: &str) -> Self {
        RTy::Bounds(vec![RBound {
            name: Res::Def(id),
            text: name.into(),
            bindings: Vec::new(),
        }])
    }

    /// A type of the standard library.
    pub(crate) fn std(name: &str, args: Vec<RTy>) -> Self {
        RTy::External(Arc::new(["std".into(), name.into()]), args)
    }

    /// The external path of the type itself.
    pub(crate) fn external(&self) -> Option<&[String]> {
        match self {
            RTy::External(path, _) => Some(known::canonical(path)),
            _ => None,
        }
    }

    /// Whether it is a type of other people that reaches a database: by its name, or as a pool of such.
    pub(crate) fn is_database(&self) -> bool {
        match self {
            RTy::External(path, args) => {
                known::is_database(path)
                    || known::is_pool_of_anything(path) && args.iter().any(RTy::is_database)
            }
            _ => false,
        }
    }

    /// Whether it is `name` of the runtime.
    pub(crate) fn is_runtime(&self, name: &str) -> bool {
        self.external()
            .is_some_and(|path| known::is_runtime(path, name))
    }

    /// The type behind `Box`, `Arc`, `Pin`, `Mutex` and the like.
    pub(crate) fn behind_pointers(&self) -> &RTy {
        match self {
            RTy::External(path, args) if is_pointer(path) && !args.is_empty() => {
                args[0].behind_pointers()
            }
            _ => self,
        }
    }

    /// The type that a method call reaches by itself: through `Arc`, not through `Mutex`.
    pub(crate) fn behind_deref(&self) -> &RTy {
        match self {
            RTy::External(path, args) if derefs(path) && !args.is_empty() => args[0].behind_deref(),
            _ => self,
        }
    }

    /// What a loop over it gives each time, where it is a collection.
    pub(crate) fn each(&self) -> Option<&RTy> {
        const COLLECTIONS: &[&str] = &["BTreeSet", "HashSet", "Option", "Vec", "VecDeque", "slice"];
        match self.behind_deref() {
            RTy::External(path, args) => {
                let is_collection = |last: &String| COLLECTIONS.contains(&last.as_str());
                args.first()
                    .filter(|_| path.last().is_some_and(is_collection))
            }
            _ => None,
        }
    }

    /// What `.await` and `?` give: the output of a future, the value of `Result` and `Option`.
    pub(crate) fn settled(&self) -> &RTy {
        match self.behind_pointers() {
            RTy::Bounds(bounds) => {
                let output = bounds.iter().flat_map(|bound| &bound.bindings);
                output
                    .filter(|(name, _)| name == "Output")
                    .map(|(_, ty)| ty.settled())
                    .next()
                    .unwrap_or(self)
            }
            RTy::External(path, args) if is_carrier(path) && !args.is_empty() => {
                args[usize::from(is_boxed_future(path) && args.len() > 1)].settled()
            }
            other => other,
        }
    }
}

/// A path with the runtime's re-exports seen through.
fn canonical(path: External) -> External {
    let own = known::canonical(&path);
    match own.len() == path.len() {
        true => path,
        false => own.into(),
    }
}

/// Smart pointers, cells and locks: method calls and fields look through them.
fn is_pointer(path: &[String]) -> bool {
    const NAMES: &[&str] = &[
        "Arc",
        "ArcSwap",
        "Box",
        "Cell",
        "Cow",
        "LazyCell",
        "LazyLock",
        "Lazy",
        "ManuallyDrop",
        "Mutex",
        "MutexGuard",
        "OnceCell",
        "OnceLock",
        "Pin",
        "Rc",
        "RefCell",
        "RwLock",
        "Weak",
        "Option",
    ];
    path.last()
        .is_some_and(|last| NAMES.contains(&last.as_str()))
}

/// Those among them that methods see through without being asked.
fn derefs(path: &[String]) -> bool {
    const NAMES: &[&str] = &[
        "Arc",
        "Box",
        "Cow",
        "Lazy",
        "LazyCell",
        "LazyLock",
        "MutexGuard",
        "Pin",
        "Rc",
    ];
    path.last()
        .is_some_and(|last| NAMES.contains(&last.as_str()))
}

fn is_carrier(path: &[String]) -> bool {
    path.last()
        .is_some_and(|last| matches!(last.as_str(), "Result" | "Option" | "Ready"))
        || is_boxed_future(path)
}

fn is_boxed_future(path: &[String]) -> bool {
    path.last()
        .is_some_and(|last| matches!(last.as_str(), "BoxFuture" | "LocalBoxFuture"))
}

impl<'a> Scope<'a> {
    /// A scope without type parameters.
    pub(crate) fn of_module(module: ModuleId) -> Self {
        Scope {
            module,
            generics: Vec::new(),
            self_ty: None,
            block: None,
            known: FxHashMap::default(),
        }
    }

    /// The same scope with the type parameters of a function in it.
    pub(crate) fn in_fn(&self, function: &'a FnDef) -> Self {
        let mut inner = self.clone();
        inner.generics.push(&function.generics);
        inner
    }
}

impl<'a> Workspace<'a> {
    /// The scope of the items of an `impl` block.
    pub(crate) fn impl_scope(&self, block: &ImplBlock<'a>) -> Scope<'a> {
        let mut scope = Scope::of_module(block.module);
        scope.generics.push(&block.def.generics);
        scope.self_ty = Some(self.self_type(block));
        scope.block = Some(block.def);
        scope
    }

    /// The type an `impl` block is for.
    pub(crate) fn self_type(&self, block: &ImplBlock<'a>) -> RTy {
        let mut scope = Scope::of_module(block.module);
        scope.generics.push(&block.def.generics);
        self.lower(&block.def.self_ty, &scope)
    }

    /// Resolves a type.
    pub(crate) fn lower(&self, ty: &Ty, scope: &Scope<'a>) -> RTy {
        self.lower_at(ty, scope, 0)
    }

    fn lower_at(&self, ty: &Ty, scope: &Scope<'a>, depth: usize) -> RTy {
        if depth > MAX_DEPTH {
            return RTy::Unknown("a type that is nested too deeply".into());
        }
        match &ty.kind {
            TyKind::Path(path) => self.lower_path(path, scope, depth),
            TyKind::Ref(inner, _) => self.lower_at(inner, scope, depth + 1),
            TyKind::Slice(inner) => {
                let inner = self.lower_at(inner, scope, depth + 1);
                RTy::std("slice", vec![inner])
            }
            TyKind::Tuple(parts) => RTy::Tuple(
                parts
                    .iter()
                    .map(|part| self.lower_at(part, scope, depth + 1))
                    .collect(),
            ),
            TyKind::Bounds(bounds) => RTy::Bounds(self.lower_bounds(bounds.iter(), scope, depth)),
            TyKind::Fn | TyKind::Never => RTy::Nothing,
            TyKind::Opaque => RTy::Unknown("a type that is not written out".into()),
        }
    }

    fn lower_bounds<'b>(
        &self,
        bounds: impl Iterator<Item = &'b Bound>,
        scope: &Scope<'a>,
        depth: usize,
    ) -> Vec<RBound> {
        let lower = |bound: &Bound| RBound {
            name: self.resolve_type(scope.module, &bound.path),
            text: bound.path.text(),
            bindings: self.lower_bindings(&bound.path, scope, depth),
        };
        bounds.map(lower).collect()
    }

    fn lower_bindings(&self, path: &Path, scope: &Scope<'a>, depth: usize) -> Vec<(String, RTy)> {
        let bindings = path.segments.iter().flat_map(|segment| &segment.bindings);
        let lower = |(name, ty): &(String, Ty)| (name.clone(), self.lower_at(ty, scope, depth + 1));
        bindings.map(lower).collect()
    }

    fn lower_path(&self, path: &Path, scope: &Scope<'a>, depth: usize) -> RTy {
        if path.qself.is_some() {
            return RTy::Unknown(format!("the associated type `{}`", path.text()));
        }
        if let Some(name) = path.as_ident() {
            if let Some(found) = self.lower_name(name, scope, depth) {
                return found;
            }
        } else if let Some(found) = self.lower_associated(path, scope, depth) {
            return found;
        }
        let args: Vec<RTy> = path
            .segments
            .iter()
            .flat_map(|segment| &segment.args)
            .map(|arg| self.lower_at(arg, scope, depth + 1))
            .collect();
        match self.resolve_type(scope.module, path) {
            Res::Def(id) => self.instance(id, args, depth),
            Res::External(external) => RTy::External(canonical(external), args),
            _ => RTy::Unknown(format!("`{}`", path.text())),
        }
    }

    /// `Self` or a type parameter.
    fn lower_name(&self, name: &str, scope: &Scope<'a>, depth: usize) -> Option<RTy> {
        if name == "Self" {
            let unknown = || RTy::Unknown("`Self`".into());
            return Some(scope.self_ty.clone().unwrap_or_else(unknown));
        }
        if let Some(known) = scope.known.get(name) {
            return Some(known.clone());
        }
        let declared = scope
            .generics
            .iter()
            .filter(|of| of.bounds(name).is_some())
            .count();
        if declared == 0 {
            return None;
        }
        let own = scope
            .generics
            .iter()
            .flat_map(|of| of.bounds(name).unwrap_or_default());
        let outer = scope.generics.iter().filter(|of| of.bounds(name).is_none());
        let bounds: Vec<&Bound> = own
            .chain(outer.flat_map(|of| of.where_bounds(name)))
            .collect();
        // `T: Add<Output = T>` says nothing new about `T` inside its own bounds.
        let mut inside = scope.clone();
        inside.known.insert(name.into(), RTy::Bounds(Vec::new()));
        let bounds = self.lower_bounds(bounds.into_iter(), &inside, depth + 1);
        Some(RTy::Bounds(bounds))
    }

    /// `Self::Output` where the `impl` says what it is; other associated types are unknown.
    fn lower_associated(&self, path: &Path, scope: &Scope<'a>, depth: usize) -> Option<RTy> {
        let [first, second] = path.segments.as_slice() else {
            return None;
        };
        let of = first.name.text.as_str();
        if of == "Self" {
            let items = scope.block.iter().flat_map(|block| &block.items);
            let named = items.filter(|item| item.name.text == second.name.text);
            let found = named.filter_map(|item| match &item.kind {
                crate::syntax::AssocKind::Type(Some(ty)) => {
                    Some(self.lower_at(ty, scope, depth + 1))
                }
                _ => None,
            });
            let unknown = RTy::Unknown(format!("the associated type `{}`", path.text()));
            return Some(found.into_iter().next().unwrap_or(unknown));
        }
        let is_param = scope
            .generics
            .iter()
            .any(|generics| generics.bounds(of).is_some());
        is_param.then(|| RTy::Unknown(format!("the associated type `{}`", path.text())))
    }

    /// A type of the project; aliases are seen through.
    fn instance(&self, id: DefId, args: Vec<RTy>, depth: usize) -> RTy {
        let def = self.def(id);
        match &def.item.kind {
            ItemKind::Alias(_, ty) => {
                let scope = self.def_scope(id, &args);
                self.lower_at(ty, &scope, depth + 1)
            }
            ItemKind::Trait(_) => RTy::Bounds(vec![RBound {
                name: Res::Def(id),
                text: def.item.name.text.to_string(),
                bindings: Vec::new(),
            }]),
            _ => RTy::Local(id, args),
        }
    }

    /// The scope inside a type of the project that was given type arguments.
    pub(crate) fn def_scope(&self, id: DefId, args: &[RTy]) -> Scope<'a> {
        let def = self.def(id);
        let mut scope = Scope::of_module(def.module);
        if let Some(generics) = def.item.generics() {
            scope.generics.push(generics);
            for (at, param) in generics.params.iter().enumerate() {
                let default = || {
                    let default = param.default.as_ref()?;
                    Some(self.lower_at(default, &Scope::of_module(def.module), 1))
                };
                if let Some(arg) = args.get(at).cloned().or_else(default) {
                    scope.known.insert(param.name.clone(), arg);
                }
            }
        }
        scope.self_ty = Some(RTy::Local(id, args.to_vec()));
        scope
    }

    /// The name of a type for a message.
    pub(crate) fn type_name(&self, ty: &RTy) -> String {
        match ty {
            RTy::Local(id, _) => self.def(*id).item.name.text.to_string(),
            RTy::External(path, args) => {
                let own = path.last().cloned().unwrap_or_default();
                match args.first() {
                    Some(inner) if own != "slice" => format!("{own}<{}>", self.type_name(inner)),
                    Some(inner) => format!("[{}]", self.type_name(inner)),
                    None => own,
                }
            }
            RTy::Bounds(bounds) => {
                let names: Vec<&str> = bounds.iter().map(|bound| bound.text.as_str()).collect();
                format!("impl {}", names.join(" + "))
            }
            RTy::Tuple(parts) if parts.is_empty() => "()".into(),
            RTy::Tuple(parts) => {
                let names: Vec<String> = parts.iter().map(|part| self.type_name(part)).collect();
                format!("({})", names.join(", "))
            }
            RTy::Nothing => "fn".into(),
            RTy::Unknown(why) => why.clone(),
        }
    }
}
