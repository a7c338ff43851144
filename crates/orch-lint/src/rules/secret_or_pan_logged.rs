//! ORC602.

use super::logged_secrets::{Shown, in_attributes, in_body};
use super::mentions::captured;
use super::redaction::{OwnDebug, logged};
use super::secrets;
use super::{Check, Rule, Status};
use crate::finding::Severity;
use crate::model::{Def, DefId, Workspace};
use crate::syntax::item::Fields;
use crate::syntax::{Attrs, Field, ItemKind, Path};

pub(super) static RULE: Rule = Rule {
    code: "ORC602",
    name: "secret-or-pan-logged",
    severity: Severity::Warning,
    status: Status::Preview,
    docs: "\
## What it does
Finds card numbers, passwords, tokens and keys that go into a log, a span, onto a console or into the text of
an error, arguments of that kind of functions with `#[instrument]`, and structs that keep one as plain text and
derive `Debug`.

## Why is this bad?
Logs are copied to places where nobody expects secrets, and are kept for long. A card number in a log puts
every system that has the log into the scope of PCI DSS. With a derived `Debug`, one `{:?}` is enough.

## Example
```rust
#[derive(Debug)]
struct Card { card_number: String }
tracing::info!(%card.card_number, \"charging\");
```
Use instead:
```rust
#[derive(Debug)]
struct Card { card_number: Secret<String> }
tracing::info!(last_four = card.last_four(), \"charging\");
```
",
    check,
};

fn check(check: &mut Check<'_, '_>) {
    let workspace = check.workspace;
    for id in workspace.def_ids() {
        let fields = plain_fields(workspace, id);
        let def = workspace.def(id);
        let secret: Vec<&str> = fields.iter().map(|of| of.name.text.as_str()).collect();
        let mut derives = def.item.attrs.derives.iter();
        let own = derives
            .find(|path| is_debug(path))
            .and_then(|path| OwnDebug::of(def, path, &secret));
        for field in fields {
            let at = check.at(
                workspace.file_of(id),
                field.name.span,
                workspace.path_of(id),
            );
            let flagged = check
                .flag(at, "the derived `Debug` prints this in plain text")
                .help("keep it in `orch_runtime::Secret`, or write `Debug` by hand");
            if let Some(own) = own.clone() {
                flagged.unsafe_fix("write `Debug` without it", move |source| {
                    own.written(source)
                });
            }
        }
    }
    for id in workspace.def_ids() {
        for (span, name) in in_error_texts(workspace, id) {
            let at = check.at(workspace.file_of(id), span, workspace.path_of(id));
            check
                .flag(at, format!("`{name}` is written where people read it"))
                .help("leave it out, or write what is not secret of it");
        }
    }
    for function in check.functions {
        for (span, name) in in_attributes(workspace, function) {
            let at = check.at(function.file, span, function.path(workspace));
            check
                .flag(
                    at,
                    format!("`#[instrument]` records `{name}` in plain text"),
                )
                .help(format!("add `skip({name})` to the attribute"));
        }
        for (span, name) in in_body(workspace, function) {
            let at = check.at(function.file, span, function.path(workspace));
            check
                .flag(at, format!("`{name}` is written where people read it"))
                .help("leave it out, or write what is not secret of it")
                .unsafe_fix("leave it out", move |source| {
                    Some(vec![(logged(source, span)?, String::new())])
                });
        }
    }
}

/// Fields of a type with a derived `Debug` that are secrets in plain text.
fn plain_fields<'a>(workspace: &Workspace<'a>, id: DefId) -> Vec<&'a Field> {
    let def: &Def<'a> = workspace.def(id);
    if def.test || !def.item.attrs.derives.iter().any(is_debug) {
        return Vec::new();
    }
    let fields: Vec<&Field> = match &def.item.kind {
        ItemKind::Struct(_, fields) => fields.list.iter().collect(),
        ItemKind::Enum(_, variants) => variants.iter().flat_map(|of| &of.fields.list).collect(),
        _ => return Vec::new(),
    };
    let named = fields
        .into_iter()
        .filter(|field| secrets::is_name(&field.name.text) && !field.attrs.has("debug"));
    let mut named = named.peekable();
    if named.peek().is_none() {
        return Vec::new();
    }
    let scope = workspace.def_scope(id, &[]);
    let plain = named
        .filter(|field| secrets::is_plain(&workspace.lower(&field.ty, &scope), &field.name.text));
    plain.collect()
}

fn is_debug(path: &Path) -> bool {
    let text = path.text();
    matches!(text.as_str(), "Debug" | "std::fmt::Debug" | "fmt::Debug")
}

/// Fields that are secrets in plain text, in what `thiserror` writes of an error.
fn in_error_texts(workspace: &Workspace<'_>, id: DefId) -> Vec<Shown> {
    let def = workspace.def(id);
    let is_error = |path| match workspace.resolve_type(def.module, path).external() {
        Some([krate, .., last]) => krate == "thiserror" && last == "Error",
        _ => false,
    };
    let forms: Vec<(&Attrs, &Fields)> = match &def.item.kind {
        ItemKind::Struct(_, fields) => vec![(&def.item.attrs, fields)],
        ItemKind::Enum(_, variants) => {
            let forms = variants.iter().map(|of| (&of.attrs, &of.fields));
            forms.collect()
        }
        _ => return Vec::new(),
    };
    let told = forms
        .into_iter()
        .flat_map(|(attrs, fields)| attrs.told("error").map(move |told| (told, fields)));
    let mut told = told.peekable();
    if def.test || told.peek().is_none() || !def.item.attrs.derives.iter().any(is_error) {
        return Vec::new();
    }
    let scope = workspace.def_scope(id, &[]);
    let mut found = Vec::new();
    for (told, fields) in told {
        let Some((text, span)) = &told.text else {
            continue;
        };
        let given = told.keys.iter().filter(|(_, value)| value.is_none());
        let names = captured(text).chain(given.map(|(key, _)| key.as_str()));
        for name in names.filter(|name| secrets::is_name(name)) {
            let mut fields = fields.list.iter();
            let field = fields.find(|of| of.name.text == name);
            let ty = field.map(|of| workspace.lower(&of.ty, &scope));
            if ty.is_some_and(|ty| secrets::is_plain(&ty, name)) {
                found.push((*span, name.to_owned()));
            }
        }
    }
    found
}
