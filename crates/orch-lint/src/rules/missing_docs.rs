//! ORC803.

use std::collections::BTreeSet;

use super::{Check, Rule, Status};
use crate::finding::Severity;
use crate::load::FileId;
use crate::manifest::TargetKind;
use crate::model::orchestration::OrchestratorImpl;
use crate::model::{DefId, ModuleId, Res, Space, Workspace};
use crate::syntax::{AssocItem, AssocKind, Attrs, Field, ItemKind, Name, Variant, Vis};

pub(super) static RULE: Rule = Rule {
    code: "ORC803",
    name: "missing-docs",
    severity: Severity::Warning,
    status: Status::Stable,
    docs: "\
## What it does
Finds public items without a doc comment: what a library shows to others, and in a binary what
lies in the domain of an orchestrator.

## Why is this bad?
The next reader has to guess what may be repeated, what blocks and what a value means, and guesses
wrong where it costs money.

## Example
```rust
pub struct PaymentReceipt { pub id: String }
```
Use instead:
```rust
/// What the provider gave for an accepted payment.
pub struct PaymentReceipt {
    /// The provider's name for the payment.
    pub id: String,
}
```
",
    check,
};

fn check(check: &mut Check<'_, '_>) {
    let workspace = check.workspace;
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
    let (defs, modules) = (shown.defs, shown.modules);
    for id in modules {
        of_module(check, id);
    }
    for id in defs {
        of_item(check, id);
        of_methods(check, id);
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

/// What others can see.
struct Shown<'w, 'a> {
    workspace: &'w Workspace<'a>,
    defs: BTreeSet<DefId>,
    modules: BTreeSet<ModuleId>,
    /// Modules whose public items were gone through.
    opened: BTreeSet<ModuleId>,
}

impl Shown<'_, '_> {
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
            let names: Vec<&str> = import.path.iter().map(String::as_str).collect();
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

fn flag(check: &mut Check<'_, '_>, file: FileId, name: &Name, kind: &str, item: String) {
    let at = check.at(file, name.span, item);
    let text = &name.text;
    check
        .flag(at, format!("the public {kind} `{text}` has no doc comment"))
        .help("say in one `///` sentence what it is or does");
}

fn is_silent(attrs: &Attrs) -> bool {
    !attrs.documented && !attrs.hidden && !attrs.test_only
}

/// `mod x;` may be documented at its declaration or inside its file.
fn of_module(check: &mut Check<'_, '_>, id: ModuleId) {
    let workspace = check.workspace;
    let module = workspace.module(id);
    let Some(item) = module.item else {
        return;
    };
    let is_own_file = module.file != module.declared_in;
    let facts = workspace.file(module.file).facts.as_ref();
    let says_inside = is_own_file && facts.map_or(true, |facts| facts.documented);
    if is_silent(&item.attrs) && !says_inside && !module.test {
        flag(
            check,
            module.declared_in,
            &item.name,
            "module",
            workspace.module_path(id),
        );
    }
}

fn of_item(check: &mut Check<'_, '_>, id: DefId) {
    let workspace = check.workspace;
    let item = workspace.def(id).item;
    let file = workspace.file_of(id);
    let path = workspace.path_of(id);
    let kind = match &item.kind {
        ItemKind::Struct(_, fields) => {
            of_fields(check, file, &path, &fields.list, fields.tuple, false);
            "struct"
        }
        ItemKind::Enum(_, variants) => {
            of_variants(check, file, &path, variants);
            "enum"
        }
        ItemKind::Trait(def) => {
            for part in &def.items {
                of_part(check, file, &path, part);
            }
            "trait"
        }
        ItemKind::Fn(_) => "function",
        ItemKind::Alias(..) => "type",
        ItemKind::Const(..) => "constant",
        ItemKind::Static(_) => "static",
        ItemKind::MacroRules(_) => "macro",
        _ => return,
    };
    if is_silent(&item.attrs) {
        flag(check, file, &item.name, kind, path);
    }
}

fn of_fields(
    check: &mut Check<'_, '_>,
    file: FileId,
    owner: &str,
    fields: &[Field],
    is_tuple: bool,
    in_variant: bool,
) {
    if is_tuple {
        return;
    }
    for field in fields
        .iter()
        .filter(|field| in_variant || field.vis == Vis::Public)
    {
        if is_silent(&field.attrs) {
            let path = format!("{owner}::{}", field.name.text);
            flag(check, file, &field.name, "field", path);
        }
    }
}

fn of_variants(check: &mut Check<'_, '_>, file: FileId, owner: &str, variants: &[Variant]) {
    for variant in variants.iter().filter(|variant| !variant.attrs.hidden) {
        let path = format!("{owner}::{}", variant.name.text);
        of_fields(
            check,
            file,
            &path,
            &variant.fields.list,
            variant.fields.tuple,
            true,
        );
        if is_silent(&variant.attrs) {
            flag(check, file, &variant.name, "variant", path);
        }
    }
}

/// Inherent methods of a type that others can see; trait impls say what the trait says.
fn of_methods(check: &mut Check<'_, '_>, id: DefId) {
    let workspace = check.workspace;
    for block in workspace.impls_of(id) {
        if block.test || block.def.trait_path.is_some() || block.attrs.hidden {
            continue;
        }
        let file = block.file;
        let path = workspace.path_of(id);
        for part in block
            .def
            .items
            .iter()
            .filter(|part| part.vis == Vis::Public)
        {
            of_part(check, file, &path, part);
        }
    }
}

fn of_part(check: &mut Check<'_, '_>, file: FileId, owner: &str, part: &AssocItem) {
    let kind = match &part.kind {
        AssocKind::Fn(_) => "method",
        AssocKind::Const(_) => "constant",
        AssocKind::Type(_) => "type",
        AssocKind::Macro => return,
    };
    if is_silent(&part.attrs) {
        flag(
            check,
            file,
            &part.name,
            kind,
            format!("{owner}::{}", part.name.text),
        );
    }
}
