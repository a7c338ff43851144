//! Goes through all `use` items, items and `impl` blocks, in that order.

use rustc_hash::FxHashSet;

use super::super::{DefId, ImplBlock, ModuleId, RTy, Space, Workspace};
use super::items::Collector;
use super::targets::Targets;
use super::{Place, Reference, Target};
use crate::known;
use crate::syntax::{ItemKind, Span};
use crate::threads;

/// How many things one thread reads before it takes the next ones.
const AT_ONCE: usize = 32;

/// With this many times [`AT_ONCE`], several threads read.
pub(super) const PARALLEL_FROM: usize = 8;

/// What has places that name something.
#[derive(Clone, Copy)]
enum Part<'w, 'a> {
    Uses(ModuleId),
    Item(DefId),
    Impl(&'w ImplBlock<'a>),
}

/// The places of a project that name an item of it. Fewer than `alone` times [`AT_ONCE`] are read by this thread.
pub(super) fn all(workspace: &Workspace<'_>, alone: usize) -> Vec<Reference> {
    let names = names(workspace);
    let uses = (0..workspace.modules.len()).map(|at| Part::Uses(ModuleId(at)));
    let items = workspace.def_ids().map(Part::Item);
    let impls = workspace.impls.iter().map(Part::Impl);
    let parts: Vec<Part<'_, '_>> = uses.chain(items).chain(impls).collect();
    let parts: Vec<&[Part<'_, '_>]> = parts.chunks(AT_ONCE).collect();
    let found = threads::map(&parts, alone, |parts| {
        let mut targets = Targets::new(workspace, &names);
        let mut found = Vec::new();
        for part in *parts {
            read(workspace, *part, &mut targets, &mut found);
        }
        found
    });
    found.into_iter().flatten().collect()
}

fn read<'w, 'a>(
    workspace: &'w Workspace<'a>,
    part: Part<'_, 'a>,
    targets: &mut Targets<'_, 'w, 'a>,
    found: &mut Vec<Reference>,
) {
    match part {
        Part::Uses(module) => uses(workspace, module, found),
        Part::Item(id) => {
            let def = workspace.def(id);
            let place = Place::new(workspace, def.module, def.file, Some(id), def.test);
            Collector::run(place, targets, found, |it| it.item(&def.item.kind));
        }
        Part::Impl(block) => {
            let owner = match workspace.self_type(block) {
                RTy::Local(id, _) => Some(id),
                _ => None,
            };
            let place = Place::new(workspace, block.module, block.file, owner, block.test);
            Collector::run(place, targets, found, |it| {
                it.generics(&block.def.generics);
                it.ty(&block.def.self_ty);
                match &block.def.trait_path {
                    Some(path) => {
                        it.type_path(path);
                        it.parts(&block.def.items);
                    }
                    None => it.associated(&block.def.items),
                }
            });
        }
    }
}

/// Every name that an item goes by somewhere.
fn names<'a>(workspace: &Workspace<'a>) -> FxHashSet<&'a str> {
    let mut names: FxHashSet<&str> = known::stores().collect();
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

fn uses(workspace: &Workspace<'_>, id: ModuleId, found: &mut Vec<Reference>) {
    let module = workspace.module(id);
    let place = Place::new(workspace, id, module.file, None, module.test);
    let imports = module.imports.iter().map(|(import, _)| import);
    for import in imports.filter(|import| import.name.is_some()) {
        let names = import.names();
        for space in [Space::Types, Space::Values] {
            let res = workspace.resolve(id, &names, import.global, space);
            let target = Target::of(&res);
            found.extend(target.map(|target| place.names(Span::file_start(), target, false)));
        }
    }
}
