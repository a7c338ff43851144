//! ORC601.

use super::money::is_money;
use super::{At, Check, Rule, Status};
use crate::finding::Severity;
use crate::model::{DefId, Function, Workspace};
use crate::syntax::{Field, ItemKind, Pat, PatKind, Ty, TyKind};

pub(super) static RULE: Rule = Rule {
    code: "ORC601",
    name: "money-as-float",
    severity: Severity::Error,
    status: Status::Stable,
    docs: "\
## What it does
Finds fields, parameters, results and types that hold money as `f32` or `f64`, by their names (`amount`, `price`,
`fee`, `balance`, ...), in crates that use the runtime.

## Why is this bad?
A float cannot hold 0.10. Sums drift, two services round differently, and a refund that is off by a cent
is refused or wrong. Equality, which idempotency depends on, does not hold either.

## Example
```rust
struct PaymentCommand { amount: f64 }
```
Use instead:
```rust
struct PaymentCommand { amount: Money }
```
",
    check,
};

/// Types that hold what they are given.
const HOLDERS: &[&str] = &["Arc", "Box", "Option", "Rc", "Vec", "VecDeque"];

fn check(check: &mut Check<'_, '_>) {
    let workspace = check.workspace;
    for id in workspace.def_ids().filter(|id| is_ours(workspace, *id)) {
        match &workspace.def(id).item.kind {
            ItemKind::Struct(_, fields) => each_field(check, id, &fields.list),
            ItemKind::Enum(_, variants) => {
                for variant in variants {
                    each_field(check, id, &variant.fields.list);
                }
            }
            ItemKind::Alias(_, ty) => alias(check, id, ty),
            _ => {}
        }
    }
    for function in check.functions {
        if check.workspace.knows_runtime(function.module) {
            signature(check, function);
        }
    }
}

/// `type Price = f64;`
fn alias(check: &mut Check<'_, '_>, id: DefId, ty: &Ty) {
    let workspace = check.workspace;
    let name = &workspace.def(id).item.name.text;
    if is_money(&snake(name)) && is_float(ty) {
        let at = check.at(workspace.file_of(id), ty.span, workspace.path_of(id));
        report(check, at, name);
    }
}

/// What a function takes, and what one gives that is named after it.
fn signature(check: &mut Check<'_, '_>, function: &Function<'_>) {
    let given = function.def.params.iter().filter_map(|param| {
        let name = bound(&param.pat)?;
        Some((name, &param.ty))
    });
    let given: Vec<(&str, &Ty)> = given
        .chain(function.def.output.iter().map(|ty| (function.name(), ty)))
        .filter(|(name, ty)| is_money(name) && is_float(ty))
        .collect();
    for (name, ty) in given {
        let item = format!("{}::{name}", function.path(check.workspace));
        let at = check.at(function.file, ty.span, item);
        report(check, at, name);
    }
}

fn bound(pat: &Pat) -> Option<&str> {
    match &pat.kind {
        PatKind::Bind { name, .. } => Some(&name.text),
        _ => None,
    }
}

/// `UnitPrice` as `unit_price`.
fn snake(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.extend(letter.to_lowercase());
    }
    text
}

fn report(check: &mut Check<'_, '_>, at: At, name: &str) {
    check
        .flag(at, format!("`{name}` cannot hold money exactly"))
        .help("use `orch_runtime::Money`, or whole cents in an integer");
}

/// Whether it is compiled for production, in a package that uses the runtime.
fn is_ours(workspace: &Workspace<'_>, id: DefId) -> bool {
    let def = workspace.def(id);
    let package = &workspace.packages[workspace.krate(def.module).package];
    !def.test
        && package
            .deps
            .values()
            .any(|krate| krate == crate::known::RUNTIME)
}

fn each_field(check: &mut Check<'_, '_>, id: DefId, fields: &[Field]) {
    let workspace = check.workspace;
    for field in fields.iter().filter(|field| !field.attrs.test_only) {
        let name = &field.name.text;
        if is_money(name) && is_float(&field.ty) {
            let item = format!("{}::{name}", workspace.path_of(id));
            let at = check.at(workspace.file_of(id), field.ty.span, item);
            report(check, at, name);
        }
    }
}

fn is_float(ty: &Ty) -> bool {
    match &ty.kind {
        TyKind::Path(path) => match path.last() {
            Some(last) if matches!(last.name.text.as_str(), "f32" | "f64") => {
                last.args.is_empty() && path.segments.len() == 1
            }
            Some(last) if HOLDERS.contains(&last.name.text.as_str()) => {
                last.args.iter().any(is_float)
            }
            _ => false,
        },
        TyKind::Ref(inner, _) | TyKind::Slice(inner) => is_float(inner),
        _ => false,
    }
}
