//! ORC803.

use super::shown::Shown;
use super::{Check, Rule, Status};
use crate::finding::Severity;
use crate::load::FileId;
use crate::model::{DefId, ModuleId, Workspace};
use crate::syntax::{AssocItem, AssocKind, Attrs, Field, ItemKind, Name, Variant, Vis};

pub(super) static RULE: Rule = Rule {
    code: "ORC803",
    name: "missing-docs",
    severity: Severity::Warning,
    status: Status::Stable,
    docs: "\
## What it does
Finds public items without a doc comment: what a library shows to others, and in a binary what
lies in the domain of an orchestrator. Where `#[allow(missing_docs)]` or `#[expect(missing_docs)]` is in
force, on the item or around it, nothing is found.

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

## Why there is no fix
A tool can write that there should be a sentence, and not the sentence. A stub would take the finding away
and leave the next reader where they were.
",
    check,
};

fn check(check: &mut Check<'_, '_>) {
    let workspace = check.workspace;
    let Shown { defs, modules, .. } = Shown::of(workspace);
    for id in modules {
        of_module(check, id);
    }
    for id in defs {
        of_item(check, id);
        of_methods(check, id);
    }
}

fn flag(check: &mut Check<'_, '_>, file: FileId, name: &Name, kind: &str, item: String) {
    let at = check.at(file, name.span, item);
    let text = &name.text;
    check
        .flag(at, format!("the public {kind} `{text}` has no doc comment"))
        .help("say in one `///` sentence what it is or does");
}

/// Whether something has to say what it is and does not; `optional` is what holds around it.
fn is_silent(attrs: &Attrs, optional: bool) -> bool {
    !is_exempt(attrs) && !attrs.docs_optional.unwrap_or(optional)
}

fn is_exempt(attrs: &Attrs) -> bool {
    attrs.documented || attrs.hidden || attrs.test_only
}

/// Whether `missing_docs` is off in a module: by its own attributes, or by those of a module around it.
fn is_optional_in(workspace: &Workspace<'_>, id: ModuleId) -> bool {
    let said = workspace.ancestors(id).find_map(|at| {
        let module = workspace.module(at);
        let is_own_file = module.item.is_none() || module.file != module.declared_in;
        let facts = workspace.file(module.file).known();
        let inside = facts.filter(|_| is_own_file && !module.anonymous);
        let by_item = || module.item.and_then(|item| item.attrs.docs_optional);
        inside
            .and_then(|facts| facts.docs_optional)
            .or_else(by_item)
    });
    said.unwrap_or(false)
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
    let optional = is_optional_in(workspace, id);
    if !is_exempt(&item.attrs) && !optional && !says_inside && !module.test {
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
    let optional = is_optional_in(workspace, workspace.def(id).module);
    let optional = item.attrs.docs_optional.unwrap_or(optional);
    let owner = Owner {
        file,
        path: &path,
        optional,
    };
    let kind = match &item.kind {
        ItemKind::Struct(_, fields) if !fields.tuple => {
            let shown = fields.list.iter().filter(|of| of.vis == Vis::Public);
            of_fields(check, owner, shown);
            "struct"
        }
        ItemKind::Struct(..) => "struct",
        ItemKind::Enum(_, variants) => {
            of_variants(check, owner, variants);
            "enum"
        }
        ItemKind::Trait(def) => {
            for part in &def.items {
                of_part(check, owner, part);
            }
            "trait"
        }
        ItemKind::Fn(_) => "function",
        ItemKind::Alias(..) => "type",
        ItemKind::Const(..) => "constant",
        ItemKind::Static(..) => "static",
        ItemKind::MacroRules(_) => "macro",
        _ => return,
    };
    if is_silent(&item.attrs, optional) {
        flag(check, file, &item.name, kind, path);
    }
}

/// What fields, variants and methods belong to.
#[derive(Clone, Copy)]
struct Owner<'p> {
    file: FileId,
    path: &'p str,
    /// Whether `missing_docs` is off in it.
    optional: bool,
}

fn of_fields<'a>(
    check: &mut Check<'_, '_>,
    owner: Owner<'_>,
    fields: impl Iterator<Item = &'a Field>,
) {
    for field in fields.filter(|of| is_silent(&of.attrs, owner.optional)) {
        let path = format!("{}::{}", owner.path, field.name.text);
        flag(check, owner.file, &field.name, "field", path);
    }
}

fn of_variants(check: &mut Check<'_, '_>, owner: Owner<'_>, variants: &[Variant]) {
    for variant in variants.iter().filter(|variant| !variant.attrs.hidden) {
        let path = format!("{}::{}", owner.path, variant.name.text);
        if !variant.fields.tuple {
            let optional = variant.attrs.docs_optional.unwrap_or(owner.optional);
            let inner = Owner {
                path: &path,
                optional,
                ..owner
            };
            of_fields(check, inner, variant.fields.list.iter());
        }
        if is_silent(&variant.attrs, owner.optional) {
            flag(check, owner.file, &variant.name, "variant", path);
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
        let path = workspace.path_of(id);
        let optional = is_optional_in(workspace, block.module);
        let owner = Owner {
            file: block.file,
            path: &path,
            optional: block.attrs.docs_optional.unwrap_or(optional),
        };
        for part in block
            .def
            .items
            .iter()
            .filter(|part| part.vis == Vis::Public)
        {
            of_part(check, owner, part);
        }
    }
}

fn of_part(check: &mut Check<'_, '_>, owner: Owner<'_>, part: &AssocItem) {
    let kind = match &part.kind {
        AssocKind::Fn(_) => "method",
        AssocKind::Const(_) => "constant",
        AssocKind::Type(_) => "type",
        AssocKind::Macro => return,
    };
    if is_silent(&part.attrs, owner.optional) {
        let path = format!("{}::{}", owner.path, part.name.text);
        flag(check, owner.file, &part.name, kind, path);
    }
}
