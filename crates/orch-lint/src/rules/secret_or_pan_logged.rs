//! ORC602.

use super::mentions::captured;
use super::redaction::{OwnDebug, logged};
use super::secrets;
use super::{Check, Rule, Status};
use crate::finding::Severity;
use crate::known;
use crate::model::infer::Walker;
use crate::model::{Def, DefId, Function, Workspace};
use crate::syntax::{Expr, ExprKind, Field, ItemKind, MacroCall, Path, Span, Stmt};

pub(super) static RULE: Rule = Rule {
    code: "ORC602",
    name: "secret-or-pan-logged",
    severity: Severity::Warning,
    status: Status::Preview,
    docs: "\
## What it does
Finds card numbers, passwords, tokens and keys that go into a log, onto a console or into the text of an
error, and structs that keep one as plain text and derive `Debug`.

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

/// Macros whose arguments are read by people.
const READ: &[&str] = &[
    "anyhow", "bail", "dbg", "debug", "ensure", "eprint", "eprintln", "error", "event", "info",
    "panic", "print", "println", "trace", "warn",
];

/// Methods that give the same text again.
const SAME: &[&str] = &[
    "as_deref",
    "as_ref",
    "as_str",
    "clone",
    "expose_secret",
    "to_owned",
    "to_string",
    "unwrap",
];

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
    for function in check.functions {
        for (span, name) in shown(workspace, function) {
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

/// Secrets that a function shows in macros and in errors, and their names.
fn shown<'e>(workspace: &Workspace<'e>, function: &Function<'e>) -> Vec<(Span, String)> {
    let is_error = |path: &Path| {
        let made = workspace.resolve_value(function.module, path);
        made.external().is_some_and(is_error)
    };
    let mut found = Vec::new();
    let mut add = |walker: &Walker<'_, 'e>, part: &'e Expr| found.extend(shown_by(walker, part));
    function
        .walker(workspace)
        .block(function.body, &mut |walker, expr| match &expr.kind {
            ExprKind::Macro(call) if is_read(call) => {
                read(call).for_each(|part| add(walker, part));
            }
            ExprKind::Struct { path, fields, .. } if is_error(path) => {
                let values = fields.iter().flat_map(|(_, value)| formatted(value));
                values.for_each(|part| add(walker, part));
            }
            ExprKind::Call { callee, args } => {
                let made = matches!(&callee.kind, ExprKind::Path(path) if is_error(path));
                let texts = args.iter().filter(|_| made).flat_map(formatted);
                texts.for_each(|part| add(walker, part));
            }
            _ => {}
        });
    found
}

/// An error of the runtime, or an outcome that says why: both are logged, and kept.
fn is_error(made: &[String]) -> bool {
    const ERRORS: [&str; 3] = ["GatewayError", "LocalError", "StepError"];
    let [.., ty, of] = made else {
        return false;
    };
    let is_said = ty == "Outcome" && matches!(of.as_str(), "fail" | "retry" | "unknown");
    known::is_of_runtime(made)
        && (is_said || ERRORS.contains(&ty.as_str()) || ERRORS.contains(&of.as_str()))
}

/// What a `format!` puts into its text.
fn formatted(text: &Expr) -> impl Iterator<Item = &Expr> {
    let call = match &text.kind {
        ExprKind::Macro(call) if call.path.as_ident() == Some("format") => Some(call),
        _ => None,
    };
    call.into_iter().flat_map(|call| read(call))
}

/// The expressions among the tokens of a macro.
fn read(call: &MacroCall) -> impl Iterator<Item = &Expr> {
    call.body.parts.iter().filter_map(|part| match part {
        Stmt::Expr(part) => Some(part),
        _ => None,
    })
}

/// A macro of `tracing`, `log`, `anyhow` or the standard library.
fn is_read(call: &MacroCall) -> bool {
    const CRATES: &[&str] = &["anyhow", "log", "orch_runtime", "std", "tracing"];
    let names = call.path.names();
    let is_theirs = names.len() == 1 || names.first().is_some_and(|of| CRATES.contains(of));
    is_theirs && names.last().is_some_and(|last| READ.contains(last))
}

fn shown_by<'e>(walker: &Walker<'_, 'e>, part: &'e Expr) -> Vec<(Span, String)> {
    match &part.kind {
        ExprKind::Str(text) => {
            let names =
                captured(text).filter(|name| secrets::may_be(name, walker.type_of_name(name)));
            names.map(|name| (part.span, name.to_owned())).collect()
        }
        // `key = value`, as `tracing` writes it.
        ExprKind::Group(parts) => parts
            .last()
            .map_or_else(Vec::new, |value| shown_by(walker, value)),
        ExprKind::Path(_)
        | ExprKind::Field { .. }
        | ExprKind::Place(_)
        | ExprKind::Method { .. } => {
            let name = secret(walker, part);
            name.map(|name| (part.span, name)).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// The name of the secret that an expression is.
fn secret<'e>(walker: &Walker<'_, 'e>, expr: &'e Expr) -> Option<String> {
    let name = match &expr.kind {
        ExprKind::Path(path) => path.as_ident()?,
        ExprKind::Field { name, .. } => &name.text,
        ExprKind::Place(inner) => return secret(walker, inner),
        ExprKind::Method { receiver, name, .. } if name.text == "expose_secret" => {
            return named(receiver)
                .filter(|of| secrets::is_name(of))
                .map(String::from);
        }
        ExprKind::Method { receiver, name, .. } if SAME.contains(&name.text.as_str()) => {
            return secret(walker, receiver);
        }
        _ => return None,
    };
    secrets::may_be(name, walker.type_of(expr)).then(|| name.to_owned())
}

fn named(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Path(path) => path.as_ident(),
        ExprKind::Field { name, .. } => Some(&name.text),
        ExprKind::Place(inner) => named(inner),
        _ => None,
    }
}
