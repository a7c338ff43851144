//! What a path names.
//!
//! Order of a first segment, as in the language: items and imports of the scope, globs, the scopes
//! outside a body, dependencies, the standard prelude.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use super::{DefId, ImportId, ModuleId, Workspace};
use crate::known;
use crate::syntax::{Import, ItemKind, Path};

/// A path into another crate: the crate, then the rest. Given on more often than made.
pub(crate) type External = Arc<[String]>;

/// What a path names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Res {
    /// An item of the project.
    Def(DefId),
    /// A module of the project.
    Module(ModuleId),
    /// A variant of an enum of the project.
    Variant(DefId, String),
    /// Something inside a type or trait of the project.
    Assoc(DefId, String),
    /// Something of another crate.
    External(External),
    /// Nothing that can be seen from here.
    Unknown,
}

/// The two kinds of names that may be spelled alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Space {
    /// Types, traits, modules.
    Types,
    /// Functions, constants, constructors.
    Values,
}

/// What a `use` names in one space. Every one is known once the model is built, so threads read it without waiting
/// for each other.
#[derive(Debug, Default)]
pub(super) struct Imported {
    is_asked: AtomicBool,
    found: OnceLock<Res>,
}

/// Imports of imports beyond this are a loop.
const MAX_STEPS: usize = 24;

const PRELUDE_TYPES: &[&str] = &[
    "Box",
    "Clone",
    "Copy",
    "Debug",
    "Default",
    "Drop",
    "Eq",
    "Fn",
    "FnMut",
    "FnOnce",
    "From",
    "Hash",
    "Into",
    "IntoIterator",
    "Iterator",
    "Option",
    "Ord",
    "PartialEq",
    "PartialOrd",
    "Result",
    "Send",
    "Sized",
    "String",
    "Sync",
    "ToOwned",
    "ToString",
    "TryFrom",
    "TryInto",
    "Unpin",
    "Vec",
    "bool",
    "char",
    "f32",
    "f64",
    "i128",
    "i16",
    "i32",
    "i64",
    "i8",
    "isize",
    "str",
    "u128",
    "u16",
    "u32",
    "u64",
    "u8",
    "usize",
];

const PRELUDE_VALUES: &[&str] = &["Err", "None", "Ok", "Some", "drop"];

impl Res {
    /// The external path, when it is one.
    pub(crate) fn external(&self) -> Option<&[String]> {
        match self {
            Res::External(path) => Some(known::canonical(path)),
            _ => None,
        }
    }

    /// The variant, when it is one of the runtime's enum `name`.
    pub(crate) fn runtime_variant(&self, name: &str) -> Option<&str> {
        let (variant, path) = self.external()?.split_last()?;
        known::is_runtime(path, name).then_some(variant.as_str())
    }
}

impl Workspace<'_> {
    /// Resolves a path in type position.
    pub(crate) fn resolve_type(&self, module: ModuleId, path: &Path) -> Res {
        self.resolve(module, &path.names(), path.global, Space::Types)
    }

    /// Resolves a path in expression or pattern position.
    pub(crate) fn resolve_value(&self, module: ModuleId, path: &Path) -> Res {
        self.resolve(module, &path.names(), path.global, Space::Values)
    }

    /// Resolves the names of a path.
    pub(crate) fn resolve(
        &self,
        module: ModuleId,
        names: &[&str],
        global: bool,
        space: Space,
    ) -> Res {
        self.path(module, names, global, space, false, 0)
    }

    fn path(
        &self,
        module: ModuleId,
        names: &[&str],
        global: bool,
        space: Space,
        in_use: bool,
        steps: usize,
    ) -> Res {
        let Some((first, rest)) = names.split_first() else {
            return Res::Unknown;
        };
        if steps > MAX_STEPS {
            return Res::Unknown;
        }
        if !global && let Some((at, rest)) = self.relative(module, names) {
            return self.follow(Res::Module(at), rest, space, steps);
        }
        let first_space = if rest.is_empty() { space } else { Space::Types };
        let start = if global {
            self.dependency(module, first)
                .unwrap_or_else(|| external(first))
        } else {
            self.first(module, first, first_space, steps)
                .unwrap_or_else(|| {
                    let is_crate = in_use || (!rest.is_empty() && is_lower(first));
                    if is_crate {
                        external(first)
                    } else {
                        Res::Unknown
                    }
                })
        };
        self.follow(start, rest, space, steps)
    }

    /// `crate::`, `self::`, `super::super::`.
    fn relative<'n>(
        &self,
        module: ModuleId,
        names: &'n [&'n str],
    ) -> Option<(ModuleId, &'n [&'n str])> {
        let mut at = self.named_module(module);
        let mut rest = names;
        match *rest.first()? {
            "crate" | "$crate" => return Some((self.krate(module).root, &rest[1..])),
            "self" if rest.len() > 1 => rest = &rest[1..],
            "super" => {}
            _ => return None,
        }
        while rest.first() == Some(&"super") {
            at = self
                .module(at)
                .parent
                .map_or(at, |parent| self.named_module(parent));
            rest = &rest[1..];
        }
        Some((at, rest))
    }

    fn named_module(&self, module: ModuleId) -> ModuleId {
        let mut at = module;
        while self.module(at).anonymous {
            let Some(parent) = self.module(at).parent else {
                break;
            };
            at = parent;
        }
        at
    }

    /// A first segment: scopes, then dependencies, then the prelude.
    fn first(&self, module: ModuleId, name: &str, space: Space, steps: usize) -> Option<Res> {
        let mut at = Some(module);
        while let Some(id) = at {
            if let Some(found) = self.member(id, name, space, steps) {
                return Some(found);
            }
            let scope = self.module(id);
            at = scope.parent.filter(|_| scope.anonymous);
        }
        if space == Space::Types
            && let Some(found) = self.dependency(module, name)
        {
            return Some(found);
        }
        let prelude = match space {
            Space::Types => PRELUDE_TYPES,
            Space::Values => PRELUDE_VALUES,
        };
        prelude
            .contains(&name)
            .then(|| Res::External(Arc::new(["std".into(), name.into()])))
    }

    /// A crate by the name that paths of this package give it.
    fn dependency(&self, module: ModuleId, name: &str) -> Option<Res> {
        let package = self.krate(module).package;
        let meant = self.packages[package].deps.get(name).map(String::as_str);
        let own = self
            .libs_named(name)
            .find(|at| self.crates[*at].package == package);
        let named = meant.and_then(|meant| self.libs_named(meant).next());
        if let Some(found) = own.into_iter().chain(named).min() {
            return Some(Res::Module(self.crates[found].root));
        }
        let is_std = matches!(name, "std" | "core" | "alloc");
        meant.or(is_std.then_some(name)).map(external)
    }

    /// The libraries of the project by name, the runtime left out.
    fn libs_named(&self, name: &str) -> impl Iterator<Item = usize> {
        let listed = self.libs.get(name).into_iter().flatten();
        listed.copied().filter(move |_| name != known::RUNTIME)
    }

    /// A name of a module: items, imports, globs.
    fn member(&self, module: ModuleId, name: &str, space: Space, steps: usize) -> Option<Res> {
        if steps > MAX_STEPS {
            return None;
        }
        let own = self.direct(module, name, space, steps);
        own.or_else(|| self.through_globs(module, name, space, steps))
    }

    /// A name of a module without its globs.
    fn direct(&self, module: ModuleId, name: &str, space: Space, steps: usize) -> Option<Res> {
        let named = self.module(module).names.get(name)?;
        if space == Space::Types
            && let Some(child) = named.child
        {
            return Some(Res::Module(child));
        }
        let defs = named.defs.iter();
        let mut fitting = defs.filter(|id| fits(&self.def(**id).item.kind, space));
        if let Some(id) = fitting.next() {
            return Some(self.behind(*id));
        }
        let imports = named.imports.iter();
        let found = imports.map(|id| self.import(*id, space, steps));
        found.into_iter().find(|res| *res != Res::Unknown)
    }

    fn behind(&self, id: DefId) -> Res {
        match &self.def(id).item.kind {
            ItemKind::ExternCrate(krate) if krate == "self" => {
                Res::Module(self.krate(self.def(id).module).root)
            }
            ItemKind::ExternCrate(krate) => self
                .dependency(self.def(id).module, krate)
                .unwrap_or_else(|| external(krate)),
            _ => Res::Def(id),
        }
    }

    /// What a `use` names. Each is resolved once; one that needs itself names nothing.
    fn import(&self, id: ImportId, space: Space, steps: usize) -> Res {
        let imported = &self.imported[id.0][space as usize];
        if let Some(found) = imported.found.get() {
            return found.clone();
        }
        if imported.is_asked.swap(true, Ordering::Relaxed) {
            return Res::Unknown;
        }
        let (module, import) = self.uses[id.0];
        let found = self.import_anew(module, import, space, steps);
        imported.found.get_or_init(|| found).clone()
    }

    /// Resolves every `use`, in one order: what those name that need each other depends on it.
    pub(super) fn resolve_imports(&mut self) {
        self.imported.resize_with(self.uses.len(), Default::default);
        let mut order: Vec<usize> = (0..self.uses.len()).collect();
        order.sort_by_key(|at| self.uses[*at].0);
        for at in order {
            for space in [Space::Types, Space::Values] {
                self.import(ImportId(at), space, 0);
            }
        }
    }

    fn import_anew(&self, module: ModuleId, import: &Import, space: Space, steps: usize) -> Res {
        let names = import.names();
        let own = import.name.as_deref();
        let is_itself = names.len() == 1 && own == Some(names[0]);
        if is_itself && !import.global {
            return self
                .dependency(module, names[0])
                .unwrap_or_else(|| external(names[0]));
        }
        if import.name.is_none()
            && let [first, rest @ ..] = names.as_slice()
            && let Some(krate) = self.dependency(module, first)
        {
            return self.follow(krate, rest, space, steps + 1);
        }
        self.path(module, &names, import.global, space, true, steps + 1)
    }

    /// Every module that globs lead to is looked into once.
    fn through_globs(
        &self,
        module: ModuleId,
        name: &str,
        space: Space,
        steps: usize,
    ) -> Option<Res> {
        let mut seen = vec![module];
        let mut at = 0;
        while let Some(current) = seen.get(at).copied() {
            at += 1;
            for glob in &self.module(current).globs {
                let found = match self.import(*glob, Space::Types, steps) {
                    Res::Module(next) if !seen.contains(&next) => {
                        seen.push(next);
                        self.direct(next, name, space, steps + 1)
                    }
                    Res::Def(id) => self.variant(id, name),
                    Res::External(path) => external_glob(&path, name),
                    _ => None,
                };
                if found.is_some() {
                    return found;
                }
            }
        }
        None
    }

    fn variant(&self, id: DefId, name: &str) -> Option<Res> {
        match &self.def(id).item.kind {
            ItemKind::Enum(_, variants) => {
                let is_one = variants.iter().any(|variant| variant.name.text == name);
                is_one.then(|| Res::Variant(id, name.into()))
            }
            _ => None,
        }
    }

    /// The rest of a path, from what its front names.
    fn follow(&self, start: Res, rest: &[&str], space: Space, steps: usize) -> Res {
        let mut at = start;
        for (index, name) in rest.iter().enumerate() {
            if let Res::External(path) = &at {
                return Res::External(longer(path, &rest[index..]));
            }
            let is_last = index + 1 == rest.len();
            let space = if is_last { space } else { Space::Types };
            at = match at {
                Res::Module(module) => {
                    let found = self.member(module, name, space, steps + 1);
                    found.unwrap_or(Res::Unknown)
                }
                Res::Def(id) => self.inside(id, name, steps),
                _ => Res::Unknown,
            };
        }
        at
    }

    fn inside(&self, id: DefId, name: &str, steps: usize) -> Res {
        if let ItemKind::Alias(_, ty) = &self.def(id).item.kind
            && let Some(path) = ty.path()
        {
            let module = self.def(id).module;
            let names = path.names();
            let target = self.path(module, &names, path.global, Space::Types, false, steps + 1);
            return self.follow(target, &[name], Space::Values, steps + 1);
        }
        self.variant(id, name)
            .unwrap_or_else(|| Res::Assoc(id, name.into()))
    }
}

fn external(name: &str) -> Res {
    Res::External(Arc::new([name.into()]))
}

/// What lies behind `path`.
fn longer(path: &[String], rest: &[&str]) -> External {
    let rest = rest.iter().map(|name| (*name).to_owned());
    path.iter().cloned().chain(rest).collect()
}

/// `use orch_runtime::*` brings in names; `use orch_runtime::Outcome::*` brings in variants.
fn external_glob(path: &[String], name: &str) -> Option<Res> {
    let canonical = known::canonical(path);
    let is_variant = known::has(known::runtime_variants(canonical), name);
    let is_known = is_variant || known::glob_brings(path, name);
    is_known.then(|| Res::External(longer(path, &[name])))
}

fn is_lower(name: &str) -> bool {
    name.starts_with(|first: char| first.is_lowercase() || first == '_')
}

fn fits(kind: &ItemKind, space: Space) -> bool {
    match kind {
        ItemKind::Struct(_, fields) => {
            space == Space::Types || fields.tuple || fields.list.is_empty()
        }
        ItemKind::Enum(..)
        | ItemKind::Trait(_)
        | ItemKind::Alias(..)
        | ItemKind::ExternCrate(_) => space == Space::Types,
        ItemKind::Fn(_) | ItemKind::Const(..) | ItemKind::Static(..) => space == Space::Values,
        _ => false,
    }
}
