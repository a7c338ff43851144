//! ORC601.

use super::money::is_money;
use super::{At, Check, Rule, Status};
use crate::finding::Severity;
use crate::known;
use crate::load::FileId;
use crate::model::{DefId, Workspace};
use crate::syntax::item::Fields;
use crate::syntax::{AssocItem, Field, FnDef, ItemKind, Pat, PatKind, Ty, TyKind};

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
const HOLDERS: &str = "Arc Box Cell Cow Mutex OnceLock Option Range RangeInclusive Rc RefCell RwLock \
    SmallVec Vec VecDeque";

/// Types that hold values by their keys.
const MAPS: &str = "BTreeMap DashMap FxHashMap HashMap IndexMap";

fn check(check: &mut Check<'_, '_>) {
    let workspace = check.workspace;
    for id in workspace.def_ids().filter(|id| is_ours(workspace, *id)) {
        match &workspace.def(id).item.kind {
            ItemKind::Struct(_, fields) => {
                each_field(check, id, &fields.list);
                tuple(check, id, &workspace.def(id).item.name.text, fields);
            }
            ItemKind::Enum(_, variants) => {
                for variant in variants {
                    each_field(check, id, &variant.fields.list);
                    tuple(check, id, &variant.name.text, &variant.fields);
                }
            }
            ItemKind::Alias(_, ty) => alias(check, id, ty),
            ItemKind::Trait(def) => required(check, id, &def.items),
            _ => {}
        }
    }
    for function in check.functions {
        if check.workspace.knows_runtime(function.module) {
            let path = function.path(check.workspace);
            signature(check, function.file, &path, function.name(), function.def);
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

/// `struct Amount(f64);`, `Fee(f64)` of an enum.
fn tuple(check: &mut Check<'_, '_>, id: DefId, name: &str, fields: &Fields) {
    let workspace = check.workspace;
    let types: Vec<&Ty> = fields.list.iter().map(|field| &field.ty).collect();
    if fields.tuple
        && is_money(&snake(name))
        && let Some(ty) = float_among(&types)
    {
        let at = check.at(workspace.file_of(id), ty.span, workspace.path_of(id));
        report(check, at, name);
    }
}

/// The methods of a trait that have no body; those with one are functions.
fn required(check: &mut Check<'_, '_>, id: DefId, items: &[AssocItem]) {
    let workspace = check.workspace;
    for item in items.iter().filter(|item| !item.attrs.test_only) {
        if let Some(method) = item.function().filter(|of| of.body.is_none()) {
            let name = &item.name.text;
            let path = format!("{}::{name}", workspace.path_of(id));
            signature(check, workspace.file_of(id), &path, name, method);
        }
    }
}

/// What a function takes, and what one gives that is named after it.
fn signature(check: &mut Check<'_, '_>, file: FileId, path: &str, name: &str, def: &FnDef) {
    let given = def.params.iter().filter_map(|param| {
        let name = bound(&param.pat)?;
        Some((name, &param.ty))
    });
    let given: Vec<(&str, &Ty)> = given
        .chain(def.output.iter().map(|ty| (name, ty)))
        .filter(|(name, ty)| is_money(name) && is_float(ty))
        .collect();
    for (name, ty) in given {
        let at = check.at(file, ty.span, format!("{path}::{name}"));
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
    !def.test && package.deps.values().any(|krate| krate == known::RUNTIME)
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
            Some(last) if known::has(HOLDERS, &last.name.text) => last.args.iter().any(is_float),
            Some(last) if last.name.text == "Result" => last.args.first().is_some_and(is_float),
            Some(last) if known::has(MAPS, &last.name.text) => {
                last.args.get(1).is_some_and(is_float)
            }
            _ => false,
        },
        TyKind::Tuple(parts) => float_among(&parts.iter().collect::<Vec<&Ty>>()).is_some(),
        TyKind::Ref(inner, _) | TyKind::Slice(inner) => is_float(inner),
        _ => false,
    }
}

/// The float among the parts of a tuple, unless another part may be the money.
fn float_among<'t>(parts: &[&'t Ty]) -> Option<&'t Ty> {
    let is_other = |ty: &&&Ty| {
        let last = ty.peeled().path().and_then(|path| path.last());
        last.is_some_and(|last| {
            let name = last.name.text.as_str();
            let is_number = name.starts_with(['i', 'u']) && name[1..].starts_with(char::is_numeric);
            is_number || name.ends_with("Decimal") || is_money(&snake(name))
        })
    };
    let has_other = parts.iter().any(|ty| is_other(&ty));
    let mut floats = parts.iter().filter(|ty| is_float(ty));
    floats.next().copied().filter(|_| !has_other)
}
