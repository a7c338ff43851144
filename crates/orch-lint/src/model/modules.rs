//! The module tree, as cargo and the compiler see it.

use std::collections::HashMap;

use super::{CrateId, Def, DefId, ImplBlock, Krate, Module, ModuleId, Workspace};
use crate::load::{Site, inline_site};
use crate::manifest::TargetKind;
use crate::syntax::{AssocKind, FnDef, Item, ItemKind};

impl<'a> Workspace<'a> {
    /// Adds the crates of all packages.
    pub(super) fn add_crates(&mut self) {
        for (at, package) in self.packages.iter().enumerate() {
            for target in &package.targets {
                let Some(site) = self.loaded.site_of_root(&target.root) else {
                    continue;
                };
                let krate = CrateId(self.crates.len());
                self.crates.push(Krate {
                    package: at,
                    name: target.name.clone(),
                    kind: target.kind,
                    root: ModuleId(self.modules.len()),
                });
                let root = self.add_module(Module {
                    krate,
                    parent: None,
                    name: "crate".into(),
                    file: site.file,
                    test: target.kind == TargetKind::Support,
                    anonymous: false,
                    item: None,
                    declared_in: site.file,
                    defs: Vec::new(),
                    names: HashMap::new(),
                    children: HashMap::new(),
                    imports: Vec::new(),
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
        if let Ok(facts) = &loaded.files[site.file.0].facts {
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
                let imports = imports.iter().map(|import| (import, item.vis));
                self.modules[module.0].imports.extend(imports);
                return;
            }
            ItemKind::Impl(def) => {
                self.impls.push(ImplBlock {
                    module,
                    def,
                    attrs: &item.attrs,
                    test,
                });
                for part in &def.items {
                    self.add_assoc(module, site, &part.kind, test, depth);
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
        self.defs.push(Def { module, item, test });
        let owner = &mut self.modules[module.0];
        owner.defs.push(id);
        owner
            .names
            .entry(item.name.text.as_str())
            .or_default()
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
            krate: outer.krate,
            parent: Some(parent),
            name: String::new(),
            file: outer.file,
            test,
            anonymous: true,
            item: None,
            declared_in: outer.file,
            defs: Vec::new(),
            names: HashMap::new(),
            children: HashMap::new(),
            imports: Vec::new(),
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
            krate: self.modules[parent.0].krate,
            parent: Some(parent),
            name: item.name.text.clone(),
            file: child_site.file,
            test,
            anonymous: false,
            item: Some(item),
            declared_in: site.file,
            defs: Vec::new(),
            names: HashMap::new(),
            children: HashMap::new(),
            imports: Vec::new(),
        };
        let id = self.add_module(child);
        self.modules[parent.0]
            .children
            .insert(item.name.text.as_str(), id);
        match &def.inline {
            Some(items) => self.add_items(id, &child_site, items, depth + 1),
            None => self.fill(id, &child_site, depth + 1),
        }
    }
}

/// Modules deeper than this are a loop of `#[path]`.
const MAX_DEPTH: usize = 64;
