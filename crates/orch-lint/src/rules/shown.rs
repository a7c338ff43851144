//! What others can see: what a library shows, and in a binary what lies in the domain of an orchestrator.

use std::collections::BTreeSet;

use crate::manifest::TargetKind;
use crate::model::orchestration::OrchestratorImpl;
use crate::model::{DefId, ModuleId, Res, Space, Workspace};
use crate::syntax::{ItemKind, Vis};

/// What others can see.
pub(super) struct Shown<'w, 'a> {
    workspace: &'w Workspace<'a>,
    /// The items.
    pub(super) defs: BTreeSet<DefId>,
    /// The modules among them.
    pub(super) modules: BTreeSet<ModuleId>,
    /// Modules whose public items were gone through.
    opened: BTreeSet<ModuleId>,
}

impl<'w, 'a> Shown<'w, 'a> {
    /// All of it.
    pub(super) fn of(workspace: &'w Workspace<'a>) -> Self {
        let mut shown = Shown {
            workspace,
            defs: BTreeSet::new(),
            modules: BTreeSet::new(),
            opened: BTreeSet::new(),
        };
        for krate in &workspace.crates {
            if krate.kind == TargetKind::Lib {
                shown.module(krate.root);
            }
        }
        for orchestrator in workspace.orchestrators() {
            let domain = below_root(workspace, &orchestrator);
            if workspace.krate(domain).kind == TargetKind::Bin {
                shown.all_within(domain);
            }
        }
        shown
    }

    fn module(&mut self, id: ModuleId) {
        self.modules.insert(id);
        self.contents(id);
    }

    /// The public items of a module, and what it re-exports.
    fn contents(&mut self, id: ModuleId) {
        let workspace = self.workspace;
        if !self.opened.insert(id) {
            return;
        }
        for def in &workspace.module(id).defs {
            self.def(*def);
        }
        let imports = &workspace.module(id).imports;
        for (import, _) in imports.iter().filter(|(_, vis)| *vis == Vis::Public) {
            let names = import.names();
            for space in [Space::Types, Space::Values] {
                match workspace.resolve(id, &names, import.global, space) {
                    Res::Def(def) => self.exported(def),
                    Res::Module(module) if import.name.is_none() => self.contents(module),
                    Res::Module(module) => self.module(module),
                    _ => {}
                }
            }
        }
    }

    fn def(&mut self, id: DefId) {
        let def = self.workspace.def(id);
        let is_exported_macro =
            matches!(def.item.kind, ItemKind::MacroRules(_)) && def.item.attrs.has("macro_export");
        if def.item.vis == Vis::Public || is_exported_macro {
            self.exported(id);
        }
    }

    fn exported(&mut self, id: DefId) {
        let def = self.workspace.def(id);
        if def.test || def.item.attrs.hidden {
            return;
        }
        if let ItemKind::Mod(_) = def.item.kind {
            if let Some(module) = self.workspace.child(def.module, &def.item.name.text) {
                self.module(module);
            }
            return;
        }
        self.defs.insert(id);
    }

    /// Everything public in a module of a binary, where `pub` reaches no further.
    fn all_within(&mut self, outer: ModuleId) {
        for id in self.workspace.def_ids() {
            let def = self.workspace.def(id);
            let is_mod = matches!(def.item.kind, ItemKind::Mod(_));
            if !is_mod && self.workspace.is_within(def.module, outer) {
                self.def(id);
            }
        }
    }
}

/// The outermost module around an orchestrator below the root, or the root when it is there.
fn below_root(workspace: &Workspace<'_>, of: &OrchestratorImpl<'_, '_>) -> ModuleId {
    let mut at = of.block.module;
    while let Some(parent) = workspace.module(at).parent
        && workspace.module(parent).parent.is_some()
    {
        at = parent;
    }
    at
}
