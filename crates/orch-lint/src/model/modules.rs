//! The module tree, as cargo and the compiler see it.

use rustc_hash::FxHashMap;

use super::{CrateId, Def, DefId, ImplBlock, ImportId, Krate, Module, ModuleId, Workspace};
use crate::load::{FileId, Site, inline_site};
use crate::manifest::TargetKind;
use crate::syntax::{AssocKind, FnDef, Import, Item, ItemKind, Vis};

impl<'a> Workspace<'a> {
    /// Adds the crates of all packages.
    pub(super) fn add_crates(&mut self) {
        for (at, package) in self.packages.iter().enumerate() {
            for target in &package.targets {
                let Some(site) = self.loaded.site_of_root(&target.root) else {
                    continue;
                };
                let krate = CrateId(self.crates.len());
                if target.kind == TargetKind::Lib {
                    let name = target.name.clone();
                    self.libs.entry(name).or_default().push(krate.0);
                }
                self.crates.push(Krate {
                    package: at,
                    kind: target.kind,
                    root: ModuleId(self.modules.len()),
                });
                let root = self.add_module(Module {
                    test: target.kind == TargetKind::Support,
                    ..Module::new(krate, None, site.file)
                });
                self.fill(root, &site, 0);
            }
        }
    }

    fn add_module(&mut self, module: Module<'a>) -> ModuleId {
        self.modules.push(module);
        ModuleId(self.modules.len() - 1)
    }

    /// Adds the items of the file of a module.
    fn fill(&mut self, module: ModuleId, site: &Site, depth: usize) {
        let loaded = self.loaded;
        if let Some(facts) = loaded.files[site.file.0].known() {
            self.add_items(module, site, &facts.items, depth);
        }
    }

    fn add_items(&mut self, module: ModuleId, site: &Site, items: &'a [Item], depth: usize) {
        for item in items {
            self.add_item(module, site, item, depth);
        }
    }

    fn add_item(&mut self, module: ModuleId, site: &Site, item: &'a Item, depth: usize) {
        let test = self.modules[module.0].test || item.attrs.test_only;
        match &item.kind {
            ItemKind::Use(imports) => {
                for import in imports {
                    self.uses.push((module, import));
                    let id = ImportId(self.uses.len() - 1);
                    self.modules[module.0].add_import(id, import, item.vis);
                }
                return;
            }
            ItemKind::Impl(def) => {
                self.impls.push(ImplBlock {
                    module,
                    file: site.file,
                    def,
                    attrs: &item.attrs,
                    test,
                });
                for part in &def.items {
                    self.add_assoc(module, site, &part.kind, test, depth);
                }
                return;
            }
            ItemKind::Include(path) => {
                let included = self.loaded.included_site(site, path);
                if let Some(included) = included.filter(|_| depth < MAX_DEPTH) {
                    self.fill(module, &included, depth + 1);
                }
                return;
            }
            ItemKind::Mod(_) => self.add_child(module, site, item, test, depth),
            ItemKind::Fn(def) => self.add_body(module, site, def, test, depth),
            ItemKind::Trait(def) => {
                for part in &def.items {
                    self.add_assoc(module, site, &part.kind, test, depth);
                }
            }
            _ => {}
        }
        let id = DefId(self.defs.len());
        self.defs.push(Def {
            module,
            item,
            file: site.file,
            test,
        });
        let owner = &mut self.modules[module.0];
        owner.defs.push(id);
        owner
            .names
            .entry(item.name.text.as_str())
            .or_default()
            .defs
            .push(id);
    }

    fn add_assoc(
        &mut self,
        module: ModuleId,
        site: &Site,
        kind: &'a AssocKind,
        test: bool,
        depth: usize,
    ) {
        if let AssocKind::Fn(def) = kind {
            self.add_body(module, site, def, test, depth);
        }
    }

    /// Items declared inside a function live in a module without a name.
    fn add_body(
        &mut self,
        parent: ModuleId,
        site: &Site,
        def: &'a FnDef,
        test: bool,
        depth: usize,
    ) {
        if def.items.is_empty() || depth > MAX_DEPTH {
            return;
        }
        let outer = &self.modules[parent.0];
        let body = Module {
            test,
            anonymous: true,
            ..Module::new(outer.krate, Some(parent), outer.file)
        };
        let id = self.add_module(body);
        self.bodies.insert(std::ptr::from_ref(def) as usize, id);
        self.add_items(id, site, &def.items, depth + 1);
    }

    fn add_child(
        &mut self,
        parent: ModuleId,
        site: &Site,
        item: &'a Item,
        test: bool,
        depth: usize,
    ) {
        let ItemKind::Mod(def) = &item.kind else {
            return;
        };
        let child_site = match &def.inline {
            Some(_) => Some(inline_site(site, item)),
            None => self.loaded.child_site(site, item),
        };
        let Some(child_site) = child_site.filter(|_| depth < MAX_DEPTH) else {
            return;
        };
        let child = Module {
            name: item.name.text.to_string(),
            test,
            item: Some(item),
            declared_in: site.file,
            ..Module::new(self.modules[parent.0].krate, Some(parent), child_site.file)
        };
        let id = self.add_module(child);
        self.modules[parent.0]
            .names
            .entry(item.name.text.as_str())
            .or_default()
            .child = Some(id);
        match &def.inline {
            Some(items) => self.add_items(id, &child_site, items, depth + 1),
            None => self.fill(id, &child_site, depth + 1),
        }
    }
}

impl<'a> Module<'a> {
    fn new(krate: CrateId, parent: Option<ModuleId>, file: FileId) -> Self {
        Module {
            krate,
            parent,
            name: "crate".into(),
            file,
            test: false,
            anonymous: false,
            item: None,
            declared_in: file,
            defs: Vec::new(),
            names: FxHashMap::default(),
            imports: Vec::new(),
            globs: Vec::new(),
        }
    }

    fn add_import(&mut self, id: ImportId, import: &'a Import, vis: Vis) {
        self.imports.push((import, vis));
        match &import.name {
            Some(name) => self.names.entry(name).or_default().imports.push(id),
            None => self.globs.push(id),
        }
    }
}

/// Modules deeper than this are a loop of `#[path]`.
const MAX_DEPTH: usize = 64;
