//! ORC605.

use super::derives::underived;
use super::privacy::visibility;
use super::raw_form::RawForm;
use super::{At, Check, Rule, Status};
use crate::finding::Severity;
use crate::known;
use crate::model::{DefId, ImplBlock, RTy, Res};
use crate::syntax::{ExprKind, FnDef, Item, ItemKind, Path, Span, Vis, visit};

pub(super) static RULE: Rule = Rule {
    code: "ORC605",
    name: "command-bypasses-validation",
    severity: Severity::Error,
    status: Status::Stable,
    docs: "\
## What it does
Finds ways to make a command without its checks: derived builders and setters, `Default`,
`Deserialize` without `try_from`, literals that anybody can write, and constructors and conversions that
cannot fail beside one that can.

## Why is this bad?
A command that exists counts as checked: everything behind it relies on that. One way around
`new() -> Result` is enough for a negative amount to reach the provider.

## Example
```rust
#[derive(Deserialize)]
pub struct PaymentCommand { amount: Money }
```
Use instead:
```rust
#[derive(Deserialize)]
#[serde(try_from = \"RawPaymentCommand\")]
pub struct PaymentCommand { amount: Money }
```
",
    check,
};

/// Derives that make or change a value without a check, by crate.
const DERIVES: &[(&str, &[&str])] = &[
    ("derive_builder", &["Builder"]),
    ("typed_builder", &["TypedBuilder"]),
    ("bon", &["Builder"]),
    ("getset", &["Setters", "MutGetters", "WithSetters"]),
    ("derive_setters", &["Setters"]),
    (
        "derive_more",
        &[
            "Constructor",
            "From",
            "DerefMut",
            "AsMut",
            "IndexMut",
            "FromStr",
        ],
    ),
    ("smart_default", &["SmartDefault"]),
    ("std", &["Default"]),
];

fn check(check: &mut Check<'_, '_>) {
    for id in check.workspace.commands() {
        derives(check, id);
        default_impl(check, id);
        literal(check, id);
        constructors(check, id);
    }
}

fn derives(check: &mut Check<'_, '_>, id: DefId) {
    let workspace = check.workspace;
    let def = workspace.def(id);
    for path in &def.item.attrs.derives {
        let (name, span) = (path.text(), path.span);
        let at = check.at(workspace.file_of(id), path.span, workspace.path_of(id));
        match judge(check, id, path) {
            Derive::Fine => {}
            Derive::Unknown => check.unknown(&at, format!("cannot tell which `{name}` is derived")),
            Derive::Unchecked => {
                let flagged = check
                    .flag(
                        at,
                        format!("`derive({name})` reads a command without its checks"),
                    )
                    .help(format!(
                        "add `#[serde(try_from = \"Raw{}\")]`",
                        def.item.name.text
                    ));
                if let Some(form) = RawForm::of(workspace, id, path) {
                    flagged.unsafe_fix(form.title(), move |source| form.written(source));
                }
            }
            Derive::Bypass => {
                check
                    .flag(
                        at,
                        format!("`derive({name})` makes a command without its checks"),
                    )
                    .help("make commands with `fn new(..) -> Result<Self, CommandError>` only")
                    .unsafe_fix(format!("take out `derive({name})`"), move |source| {
                        Some(vec![(underived(source, span)?, String::new())])
                    });
            }
        }
    }
}

enum Derive {
    Fine,
    Unchecked,
    Bypass,
    Unknown,
}

fn judge(check: &Check<'_, '_>, id: DefId, path: &Path) -> Derive {
    let item = check.workspace.def(id).item;
    let Some(last) = path.last().map(|last| last.name.text.as_str()) else {
        return Derive::Fine;
    };
    let resolved = check
        .workspace
        .resolve_type(check.workspace.def(id).module, path);
    if last == "Deserialize"
        || resolved
            .external()
            .is_some_and(|of| of.ends_with(&["Deserialize".into()]))
    {
        let is_checked = item.attrs.serde.iter().any(|key| key == "try_from");
        return if is_checked {
            Derive::Fine
        } else {
            Derive::Unchecked
        };
    }
    let named = |name: &str| DERIVES.iter().any(|(_, names)| names.contains(&name));
    match resolved.external() {
        Some([krate, .., name]) => {
            let listed = DERIVES
                .iter()
                .any(|(of, names)| of == krate && names.contains(&name.as_str()));
            let is_default = known::is_std(&[krate.clone(), name.clone()], "Default");
            if listed && krate == "derive_builder" && is_checked_builder(item) {
                Derive::Fine
            } else if listed || is_default {
                Derive::Bypass
            } else {
                Derive::Fine
            }
        }
        _ if resolved == Res::Unknown && named(last) => Derive::Unknown,
        _ => Derive::Fine,
    }
}

/// Whether what `derive_builder` makes runs a check, or is no function that others can call.
fn is_checked_builder(item: &Item) -> bool {
    let mut keys = item.attrs.told("builder").flat_map(|told| &told.keys);
    keys.any(|(key, _)| {
        matches!(
            key.as_str(),
            "build_fn.validate" | "build_fn.skip" | "build_fn.private"
        )
    })
}

fn default_impl(check: &mut Check<'_, '_>, id: DefId) {
    let workspace = check.workspace;
    for block in workspace.impls_of(id).filter(|block| !block.test) {
        let Some(path) = &block.def.trait_path else {
            continue;
        };
        let resolved = workspace.resolve_type(block.module, path);
        if resolved
            .external()
            .is_some_and(|of| known::is_std(of, "Default"))
        {
            let file = block.file;
            let at = check.at(file, path.span, workspace.path_of(id));
            check
                .flag(at, "`Default` makes a command without its checks")
                .help("a command has no default: take it out");
        }
    }
}

/// A struct whose fields are all visible can be written down by anybody.
fn literal(check: &mut Check<'_, '_>, id: DefId) {
    let workspace = check.workspace;
    let item: &Item = workspace.def(id).item;
    if let ItemKind::Struct(_, fields) = &item.kind
        && !fields.list.is_empty()
        && fields.list.iter().all(|field| field.vis == Vis::Public)
    {
        let at = check.at(workspace.file_of(id), item.name.span, workspace.path_of(id));
        let name = &item.name.text;
        let names: Vec<Span> = fields.list.iter().map(|of| of.name.span).collect();
        check
            .flag(
                at,
                format!("anybody can write a `{name}` literal without its checks"),
            )
            .help("make the fields private and offer `fn new(..) -> Result<Self, CommandError>`")
            .unsafe_fix("make the fields private", move |source| {
                let names = names.iter();
                names
                    .map(|name| Some((visibility(source, *name)?, String::new())))
                    .collect()
            });
    }
}

/// A public constructor, or a conversion, that cannot fail, beside one that checks.
fn constructors(check: &mut Check<'_, '_>, id: DefId) {
    let workspace = check.workspace;
    let blocks: Vec<&ImplBlock<'_>> = workspace.impls_of(id).filter(|block| !block.test).collect();
    let mut open: Vec<(crate::load::FileId, Span, &str)> = Vec::new();
    let mut conversions: Vec<(At, bool)> = Vec::new();
    let mut has_check = false;
    for block in blocks {
        for item in &block.def.items {
            let Some(function) = item.function().filter(|of| of.receiver.is_none()) else {
                continue;
            };
            match made_by(check, block, function, id) {
                Some(true) => has_check = true,
                Some(false) if is_conversion(check, block) => {
                    let path = format!("{}::{}", workspace.path_of(id), item.name.text);
                    let at = check.at(block.file, item.name.span, path);
                    conversions.push((at, takes_anything(check, block, function)));
                }
                Some(false) if item.vis == Vis::Public && !item.attrs.test_only => {
                    let file = block.file;
                    open.push((file, item.name.span, &item.name.text));
                }
                _ => {}
            }
        }
    }
    for (at, is_certain) in conversions.into_iter().filter(|_| has_check) {
        if is_certain {
            check
                .flag(at, "`From` makes a command without its checks")
                .help("implement `TryFrom` and call `new`");
        } else {
            check.unknown(&at, "what this command is made from may be checked already");
        }
    }
    for (file, span, name) in open.into_iter().filter(|_| has_check) {
        let at = check.at(file, span, format!("{}::{name}", workspace.path_of(id)));
        check
            .flag(at, format!("`{name}` makes a command without its checks"))
            .help("make it private, or let it return `Result<Self, CommandError>` and call `new`")
            .unsafe_fix("make it private", move |source| {
                Some(vec![(visibility(source, span)?, String::new())])
            });
    }
}

fn is_conversion(check: &Check<'_, '_>, block: &ImplBlock<'_>) -> bool {
    let path = block.def.trait_path.as_ref();
    path.is_some_and(|path| {
        let of = check.workspace.resolve_type(block.module, path);
        of.external().is_some_and(|of| known::is_std(of, "From"))
    })
}

/// Whether all that a function takes is of other crates, which know no checks of a command.
fn takes_anything(check: &Check<'_, '_>, block: &ImplBlock<'_>, function: &FnDef) -> bool {
    let scope = check.workspace.impl_scope(block);
    let mut taken = function.params.iter();
    taken.all(|param| is_foreign(&check.workspace.lower(&param.ty, &scope)))
}

fn is_foreign(ty: &RTy) -> bool {
    match ty {
        RTy::External(path, args) => !known::is_of_runtime(path) && args.iter().all(is_foreign),
        RTy::Tuple(parts) => parts.iter().all(is_foreign),
        _ => false,
    }
}

/// Whether a function that makes a command can refuse; `None` when it makes none by itself.
fn made_by(
    check: &Check<'_, '_>,
    block: &ImplBlock<'_>,
    function: &FnDef,
    id: DefId,
) -> Option<bool> {
    let workspace = check.workspace;
    let scope = workspace.impl_scope(block);
    let output = workspace.lower(function.output.as_ref()?, &scope);
    let is_own = |ty: &RTy| matches!(ty, RTy::Local(of, _) if *of == id);
    if !is_own(&output) {
        return is_own(output.settled()).then_some(true);
    }
    let mut writes_literal = false;
    visit::each_in_block(function.body.as_ref()?, &mut |expr| {
        if let ExprKind::Struct { path, .. } = &expr.kind {
            let resolved = workspace.resolve_type(block.module, path);
            writes_literal |= path.as_ident() == Some("Self") || resolved == Res::Def(id);
        }
    });
    writes_literal.then_some(false)
}
