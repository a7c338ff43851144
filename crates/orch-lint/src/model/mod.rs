//! The project as a whole: modules, names, types, and what the runtime's traits make of them.
//!
//! ```text
//!   facts of files ──▶ modules ──▶ resolve ──▶ types ──▶ orchestration
//!                                                └──▶ capability, infer
//! ```
//!
//! **Invariant:** names decide, never file names or text. What cannot be resolved is unknown, and a
//! question about it is answered with "unknown".
//!
//! **Deliberately absent:** rules, and everything a compiler needs to know but no rule asks.

pub(crate) mod calls;
pub(crate) mod capability;
pub(crate) mod constants;
mod domains;
mod functions;
pub(crate) mod infer;
pub(crate) mod layers;
mod modules;
pub(crate) mod orchestration;
mod references;
mod resolve;
mod rows;
pub(crate) mod statements;
mod texts;
pub(crate) mod types;
mod way;

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use crate::known;
use crate::load::{FileId, Loaded, SourceFile};
use crate::manifest::{Package, TargetKind};
use crate::syntax::{Attrs, ImplDef, Import, Item, Vis};

pub(crate) use functions::Function;
pub(crate) use references::{Reference, Target};
pub(crate) use resolve::{External, Res, Space};
pub(crate) use types::{RTy, Scope};
pub(crate) use way::Step;

/// Index of a crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct CrateId(usize);

/// Index of a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ModuleId(usize);

/// Index of a named item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct DefId(usize);

/// Index of a name that a `use` item brings in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct ImportId(usize);

/// Everything that is known of a project.
#[derive(Debug)]
pub(crate) struct Workspace<'a> {
    /// The files.
    pub(crate) loaded: &'a Loaded,
    /// The packages.
    pub(crate) packages: &'a [Package],
    /// The crates.
    pub(crate) crates: Vec<Krate>,
    /// The libraries among them, by name.
    libs: FxHashMap<String, Vec<usize>>,
    /// The modules.
    pub(crate) modules: Vec<Module<'a>>,
    /// The named items.
    pub(crate) defs: Vec<Def<'a>>,
    /// The `impl` blocks.
    pub(crate) impls: Vec<ImplBlock<'a>>,
    /// Anonymous modules of function bodies that declare items, by the function.
    bodies: FxHashMap<usize, ModuleId>,
    /// `impl` blocks by the local type they are for.
    impls_of: FxHashMap<DefId, Vec<usize>>,
    /// `impl` blocks by the local trait they implement.
    impls_by_trait: FxHashMap<DefId, Vec<usize>>,
    /// `impl` blocks outside tests by the runtime's trait they implement.
    runtime_impls: FxHashMap<String, Vec<usize>>,
    /// What `use` items bring in, and where.
    uses: Vec<(ModuleId, &'a Import)>,
    /// What they name, as types and as values.
    imported: Vec<[resolve::Imported; 2]>,
    /// The domains, once somebody asked.
    domains: OnceLock<domains::Domains>,
    /// What names what, once somebody asked.
    references: OnceLock<references::References>,
    /// The types stored as operations and where their tables are named, once somebody asked.
    operations: OnceLock<Vec<(DefId, orchestration::Stored)>>,
    /// SQL in strings, once somebody asked.
    statements: OnceLock<Vec<statements::SqlText>>,
}

/// One crate.
#[derive(Debug)]
pub(crate) struct Krate {
    /// The package it belongs to.
    pub(crate) package: usize,
    /// What it is.
    pub(crate) kind: TargetKind,
    /// Its root module.
    pub(crate) root: ModuleId,
}

/// One module.
#[derive(Debug)]
pub(crate) struct Module<'a> {
    /// Its crate.
    pub(crate) krate: CrateId,
    /// Its parent; absent for roots.
    pub(crate) parent: Option<ModuleId>,
    /// Its name; `crate` for roots.
    pub(crate) name: String,
    /// The file its items are in.
    pub(crate) file: FileId,
    /// Compiled for tests only.
    pub(crate) test: bool,
    /// The body of a function: names not found here are looked for outside.
    pub(crate) anonymous: bool,
    /// Its declaration, absent for roots and bodies.
    pub(crate) item: Option<&'a Item>,
    /// The file of its declaration.
    pub(crate) declared_in: FileId,
    /// Its items, in order.
    pub(crate) defs: Vec<DefId>,
    /// What it gives each name to.
    names: FxHashMap<&'a str, Named>,
    /// `use` items.
    pub(crate) imports: Vec<(&'a Import, Vis)>,
    /// Those that end in `*`.
    globs: Vec<ImportId>,
}

/// What one name is given to in a module.
#[derive(Debug, Default)]
struct Named {
    /// A child module.
    child: Option<ModuleId>,
    /// Items.
    defs: Vec<DefId>,
    /// `use` items that bring it in.
    imports: Vec<ImportId>,
}

/// One named item.
#[derive(Debug)]
pub(crate) struct Def<'a> {
    /// The module it is in.
    pub(crate) module: ModuleId,
    /// The item.
    pub(crate) item: &'a Item,
    /// The file it is in.
    pub(crate) file: FileId,
    /// Compiled for tests only.
    pub(crate) test: bool,
}

/// One `impl` block.
#[derive(Debug)]
pub(crate) struct ImplBlock<'a> {
    /// The module it is in.
    pub(crate) module: ModuleId,
    /// The file it is in.
    pub(crate) file: FileId,
    /// What it says.
    pub(crate) def: &'a ImplDef,
    /// Its attributes.
    pub(crate) attrs: &'a Attrs,
    /// Compiled for tests only.
    pub(crate) test: bool,
}

impl<'a> Workspace<'a> {
    /// Builds the picture of a project.
    pub(crate) fn build(loaded: &'a Loaded, packages: &'a [Package]) -> Self {
        let mut workspace = Workspace {
            loaded,
            packages,
            crates: Vec::new(),
            libs: FxHashMap::default(),
            modules: Vec::new(),
            defs: Vec::new(),
            impls: Vec::new(),
            bodies: FxHashMap::default(),
            impls_of: FxHashMap::default(),
            impls_by_trait: FxHashMap::default(),
            runtime_impls: FxHashMap::default(),
            uses: Vec::new(),
            imported: Vec::new(),
            domains: OnceLock::new(),
            references: OnceLock::new(),
            operations: OnceLock::new(),
            statements: OnceLock::new(),
        };
        workspace.add_crates();
        workspace.resolve_imports();
        workspace.index_impls();
        workspace
    }

    /// A module.
    pub(crate) fn module(&self, id: ModuleId) -> &Module<'a> {
        &self.modules[id.0]
    }

    /// A named item.
    pub(crate) fn def(&self, id: DefId) -> &Def<'a> {
        &self.defs[id.0]
    }

    /// All named items.
    pub(crate) fn def_ids(&self) -> impl Iterator<Item = DefId> + use<> {
        (0..self.defs.len()).map(DefId)
    }

    /// A child module by name.
    pub(crate) fn child(&self, of: ModuleId, name: &str) -> Option<ModuleId> {
        self.module(of).names.get(name)?.child
    }

    /// The crate of a module.
    pub(crate) fn krate(&self, module: ModuleId) -> &Krate {
        &self.crates[self.module(module).krate.0]
    }

    /// A file.
    pub(crate) fn file(&self, id: FileId) -> &'a SourceFile {
        &self.loaded.files[id.0]
    }

    /// The file that a named item is in.
    pub(crate) fn file_of(&self, id: DefId) -> FileId {
        self.def(id).file
    }

    /// `crate::payment::Payment`.
    pub(crate) fn path_of(&self, id: DefId) -> String {
        let def = self.def(id);
        format!("{}::{}", self.module_path(def.module), def.item.name.text)
    }

    /// `crate::payment`.
    pub(crate) fn module_path(&self, id: ModuleId) -> String {
        let module = self.module(id);
        match module.parent {
            None => "crate".into(),
            Some(parent) if module.anonymous => self.module_path(parent),
            Some(parent) => format!("{}::{}", self.module_path(parent), module.name),
        }
    }

    /// Whether `inner` is `outer` or lies in it.
    pub(crate) fn is_within(&self, inner: ModuleId, outer: ModuleId) -> bool {
        let mut at = Some(inner);
        while let Some(id) = at {
            if id == outer {
                return true;
            }
            at = self.module(id).parent;
        }
        false
    }

    /// The `impl` blocks of a local type, those for tests included.
    pub(crate) fn impls_of(&self, id: DefId) -> impl Iterator<Item = &ImplBlock<'a>> {
        self.impls_of
            .get(&id)
            .into_iter()
            .flatten()
            .map(|at| &self.impls[*at])
    }

    /// The `impl` blocks of a local trait, those for tests included.
    pub(crate) fn impls_by_trait(&self, id: DefId) -> impl Iterator<Item = &ImplBlock<'a>> {
        self.impls_by_trait
            .get(&id)
            .into_iter()
            .flatten()
            .map(|at| &self.impls[*at])
    }

    /// The SQL in these functions, which are those of the project.
    pub(crate) fn statements(&self, functions: &[Function<'a>]) -> &[statements::SqlText] {
        self.statements
            .get_or_init(|| statements::find(self, functions))
    }

    /// The module that names in a function's body are looked up in.
    pub(crate) fn body_module(&self, of: &crate::syntax::FnDef, outer: ModuleId) -> ModuleId {
        let key = std::ptr::from_ref(of) as usize;
        let own = self.bodies.get(&key).copied();
        own.filter(|id| self.module(*id).krate == self.module(outer).krate)
            .unwrap_or(outer)
    }

    fn index_impls(&mut self) {
        let mut by_type: FxHashMap<DefId, Vec<usize>> = FxHashMap::default();
        let mut by_trait: FxHashMap<DefId, Vec<usize>> = FxHashMap::default();
        let mut by_runtime: FxHashMap<String, Vec<usize>> = FxHashMap::default();
        for (at, block) in self.impls.iter().enumerate() {
            if let RTy::Local(id, _) = self.self_type(block) {
                by_type.entry(id).or_default().push(at);
            }
            let Some(path) = &block.def.trait_path else {
                continue;
            };
            match self.resolve_type(block.module, path) {
                Res::Def(id) => by_trait.entry(id).or_default().push(at),
                Res::External(path) if !block.test && known::is_of_runtime(&path) => {
                    let name = path.last().cloned().unwrap_or_default();
                    by_runtime.entry(name).or_default().push(at);
                }
                _ => {}
            }
        }
        self.impls_of = by_type;
        self.impls_by_trait = by_trait;
        self.runtime_impls = by_runtime;
    }
}
