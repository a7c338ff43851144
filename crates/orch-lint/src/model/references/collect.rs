//! Goes through all `use` items, items and `impl` blocks, in that order.

use std::collections::HashSet;

use super::super::{ModuleId, RTy, Space, Workspace};
use super::items::Collector;
use super::{Place, Reference, Target};
use crate::known;
use crate::syntax::{ItemKind, Span};

/// Every place of a project that names an item of it.
pub(super) fn all(workspace: &Workspace<'_>) -> Vec<Reference> {
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
            for space in [Space::Types, Space::Values] {
                let res = workspace.resolve(ModuleId(at), &names, import.global, space);
                let target = Target::of(&res);
                found.extend(target.map(|target| place.names(Span::file_start(), target, false)));
            }
        }
    }
}
