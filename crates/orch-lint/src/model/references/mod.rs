//! What names what: every path of the project that names an item of the project.
//!
//! Items are named in signatures, bodies, patterns, type arguments, macro arguments and by `use`. Of what a
//! body names in the same way again and again, the first place counts. Worked out once, in one pass over all
//! files, for the rules about what is used and by whom.
//!
//! **Invariant:** too many rather than too few. A variable that is spelled like an item counts as the
//! item, and says so.

mod collect;
mod items;
mod targets;

use rustc_hash::FxHashSet;

use super::{DefId, ModuleId, Res, Workspace};
use crate::known;
use crate::load::FileId;
use crate::syntax::Span;

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
    /// Whether it stands in an item of an `impl` block without a trait.
    pub(crate) associated: bool,
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

impl Target {
    /// What a path was resolved to, when it is something of the project or a store.
    fn of(res: &Res) -> Option<Self> {
        match res {
            Res::Def(id) | Res::Variant(id, _) | Res::Assoc(id, _) => Some(Target::Item(*id)),
            Res::External(path) => {
                known::store_of_runtime(path).map(|name| Target::Store(name.into()))
            }
            Res::Module(_) | Res::Unknown => None,
        }
    }
}

/// All references, and what follows from them.
#[derive(Debug)]
pub(super) struct References {
    list: Vec<Reference>,
    used: FxHashSet<DefId>,
    words: FxHashSet<String>,
}

impl References {
    fn of(list: Vec<Reference>) -> Self {
        let mut used = FxHashSet::default();
        let mut words = FxHashSet::default();
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
    /// Every place that names an item of the project; of a body that says it again, the first.
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

    /// Finds all references, on several threads: before threads ask for them, who would wait for each other.
    pub(crate) fn find_references(&self) {
        let found = References::of(collect::all(self, collect::PARALLEL_FROM));
        self.references.get_or_init(|| found);
    }

    fn known_references(&self) -> &References {
        self.references
            .get_or_init(|| References::of(collect::all(self, usize::MAX)))
    }
}

/// Where paths are read.
#[derive(Clone, Copy)]
struct Place<'w, 'a> {
    workspace: &'w Workspace<'a>,
    module: ModuleId,
    file: FileId,
    owner: Option<DefId>,
    associated: bool,
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
            associated: false,
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
            associated: self.associated,
            test: self.test,
            shadowed,
        }
    }
}
