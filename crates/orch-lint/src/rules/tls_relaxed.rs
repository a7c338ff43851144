//! ORC506.

use super::{Check, Rule, Status};
use crate::finding::Severity;
use crate::model::{DefId, Function, ModuleId, Res, Workspace};
use crate::syntax::{Expr, ExprKind, ItemKind, Path, Span, Stmt, visit};

pub(super) static RULE: Rule = Rule {
    code: "ORC506",
    name: "tls-relaxed",
    severity: Severity::Error,
    status: Status::Stable,
    docs: "\
## What it does
Finds clients that accept any certificate or any host name: `danger_accept_invalid_certs(true)` and the
like, also with a constant that is `true`.

## Why is this bad?
Whoever stands between the service and its provider can read the credentials and answer in the
provider's place: a payment that was never made counts as made.

## Example
```rust
let client = reqwest::Client::builder().danger_accept_invalid_certs(true).build()?;
```
Use instead:
```rust
let client = reqwest::Client::builder().add_root_certificate(own_authority).build()?;
```
",
    check,
};

/// Methods that switch a check off when they are given `true`.
const ACCEPTS: &[&str] = &[
    "danger_accept_invalid_certs",
    "danger_accept_invalid_hostnames",
    "tls_danger_accept_invalid_certs",
    "tls_danger_accept_invalid_hostnames",
    "dangerous_accept_any_server_certificate",
    "dangerous_accept_invalid_certs",
    "dangerous_accept_invalid_hostnames",
];

fn check(check: &mut Check<'_, '_>) {
    let workspace = check.workspace;
    for function in check
        .functions
        .iter()
        .filter(|of| of.body.mentions(ACCEPTS))
    {
        let mut found: Vec<(Span, &str, bool)> = Vec::new();
        visit::each_in_block(function.body, &mut |expr| {
            if let ExprKind::Method { name, args, .. } = &expr.kind
                && ACCEPTS.contains(&name.text.as_str())
                && let [only] = args.as_slice()
            {
                match truth(workspace, function, only) {
                    Some(false) => {}
                    given => found.push((name.span, &name.text, given.is_some())),
                }
            }
        });
        for (span, name, is_sure) in found {
            let at = check.at(function.file, span, function.path(workspace));
            if is_sure {
                check
                    .flag(
                        at,
                        format!("`{name}` lets anybody answer in the provider's place"),
                    )
                    .help("trust the provider's authority with `add_root_certificate` instead");
            } else {
                check.unknown(&at, format!("`{name}` may be given `true`"));
            }
        }
    }
}

/// What an argument always is: a literal, or a constant of the project.
fn truth(workspace: &Workspace<'_>, function: &Function<'_>, arg: &Expr) -> Option<bool> {
    match &arg.kind {
        ExprKind::Path(path) => named(workspace, function.module, function.owner, path, 0),
        _ => literal(arg),
    }
}

fn literal(value: &Expr) -> Option<bool> {
    match &value.kind {
        ExprKind::Bool(is) => Some(*is),
        _ => None,
    }
}

/// What a constant or a static is. Of several with one name, a build has one: all of them have to say the same.
fn named(
    workspace: &Workspace<'_>,
    module: ModuleId,
    owner: Option<DefId>,
    path: &Path,
    depth: usize,
) -> Option<bool> {
    const MAX_DEPTH: usize = 8;
    if depth > MAX_DEPTH || path.as_ident().is_some_and(is_variable) {
        return None;
    }
    let said = |value: &Expr, module, owner| match &value.kind {
        ExprKind::Path(path) => named(workspace, module, owner, path, depth + 1),
        _ => literal(value),
    };
    let (of, name) = match (path.names().as_slice(), owner) {
        (["Self", name], Some(owner)) => (owner, (*name).to_owned()),
        _ => match workspace.resolve_value(module, path) {
            Res::Def(id) => {
                let all = namesakes(workspace, id).into_iter();
                let module = workspace.def(id).module;
                return agreed(all.map(|value| said(value?, module, None)));
            }
            Res::Assoc(id, name) => (id, name),
            _ => return None,
        },
    };
    let blocks = workspace.impls_of(of).filter(|block| !block.test);
    let values = blocks.filter_map(|block| Some((block, block.def.constant(&name)?)));
    agreed(values.map(|(block, value)| said(value, block.module, Some(of))))
}

/// Constants begin with a capital.
fn is_variable(name: &str) -> bool {
    !name.starts_with(char::is_uppercase)
}

/// The values of all items of one module that are called as this one.
fn namesakes<'a>(workspace: &Workspace<'a>, id: DefId) -> Vec<Option<&'a Expr>> {
    let def = workspace.def(id);
    let defs = workspace.module(def.module).defs.iter();
    let items = defs.map(|id| workspace.def(*id));
    let same = items.filter(|of| !of.test && of.item.name.text == def.item.name.text);
    let values = same.map(|of| match &of.item.kind {
        ItemKind::Const(_, value) => Some(&**value),
        ItemKind::Static(_, value) => match value.body.as_ref()?.stmts.as_slice() {
            [Stmt::Expr(value)] => Some(value),
            _ => None,
        },
        _ => None,
    });
    values.collect()
}

/// What all of them are.
fn agreed(mut all: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let first = all.next()??;
    all.all(|of| of == Some(first)).then_some(first)
}
