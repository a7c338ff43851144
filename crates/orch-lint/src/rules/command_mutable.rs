//! ORC604.

use super::privacy::visibility;
use super::{Check, Rule, Status};
use crate::finding::Severity;
use crate::model::{DefId, ImplBlock, RTy, Workspace};
use crate::syntax::{Expr, ExprKind, FnDef, ItemKind, Receiver, Vis, visit};

pub(super) static RULE: Rule = Rule {
    code: "ORC604",
    name: "command-mutable",
    severity: Severity::Error,
    status: Status::Stable,
    docs: "\
## What it does
Finds commands that can be changed after they were made: fields that others can see, methods that
take `&mut self` or give back a changed `self` or a changed copy of it, `DerefMut` and the like.

## Why is this bad?
A command is checked once, when it is made, and its fingerprint is what tells a repeated request
from a different one. A command that changes afterwards was never checked, and the provider gets
something else than what was accepted.

## Example
```rust
pub struct PaymentCommand { pub amount: Money }
```
Use instead:
```rust
pub struct PaymentCommand { amount: Money }
impl PaymentCommand {
    pub fn amount(&self) -> &Money { &self.amount }
}
```
",
    check,
};

/// Traits whose `&mut self` changes no field that matters afterwards.
const HARMLESS: &[&str] = &["Drop", "Zeroize", "Future", "Iterator"];

fn check(check: &mut Check<'_, '_>) {
    for id in check.workspace.commands() {
        fields(check, id);
        methods(check, id);
    }
}

fn fields(check: &mut Check<'_, '_>, id: DefId) {
    let workspace = check.workspace;
    let ItemKind::Struct(_, fields) = &workspace.def(id).item.kind else {
        return;
    };
    let owner = workspace.path_of(id);
    for field in fields.list.iter().filter(|field| field.vis != Vis::Private) {
        let name = &field.name.text;
        let span = field.name.span;
        let at = check.at(
            workspace.file_of(id),
            field.name.span,
            format!("{owner}::{name}"),
        );
        check
            .flag(
                at,
                format!("the field `{name}` of a command can be changed after validation"),
            )
            .help(format!(
                "make it private and read it with `fn {name}(&self)`"
            ))
            .unsafe_fix("make the field private", move |source| {
                Some(vec![(visibility(source, span)?, String::new())])
            });
    }
}

fn methods(check: &mut Check<'_, '_>, id: DefId) {
    let workspace = check.workspace;
    for block in workspace.impls_of(id).filter(|block| !block.test) {
        let trait_name = trait_name(block);
        if HARMLESS.contains(&trait_name) {
            continue;
        }
        for item in block.def.items.iter().filter(|item| !item.attrs.test_only) {
            let is_open = !trait_name.is_empty() || item.vis != Vis::Private;
            let changes = item
                .function()
                .is_some_and(|of| changes(check.workspace, id, block, of));
            if is_open && changes {
                let name = &item.name.text;
                let file = block.file;
                let path = format!("{}::{name}", workspace.path_of(id));
                let at = check.at(file, item.name.span, path);
                let flagged = check
                    .flag(at, format!("`{name}` changes a command after validation"))
                    .help("make a new command instead: `fn new(..) -> Result<Self, CommandError>`");
                if trait_name.is_empty() {
                    let span = item.name.span;
                    flagged.unsafe_fix("make it private", move |source| {
                        Some(vec![(visibility(source, span)?, String::new())])
                    });
                }
            }
        }
    }
}

/// Whether a method changes the command that it is called on, or gives it back changed.
fn changes(workspace: &Workspace<'_>, id: DefId, block: &ImplBlock<'_>, method: &FnDef) -> bool {
    let (Some(output), Some(body)) = (&method.output, &method.body) else {
        return method.receiver == Some(Receiver::RefMut);
    };
    if !matches!(method.receiver, Some(Receiver::Value | Receiver::Ref)) {
        return method.receiver == Some(Receiver::RefMut);
    }
    let output = workspace.lower(output, &workspace.impl_scope(block));
    let mut found = false;
    if matches!(output, RTy::Local(of, _) if of == id) {
        visit::each_in_block(body, &mut |expr| {
            found |= match &expr.kind {
                ExprKind::Group(parts) => match parts.as_slice() {
                    [left, right] => {
                        is_own_field(left) && workspace.operator(block.file, left, right) == "="
                    }
                    _ => false,
                },
                ExprKind::Struct { fields, rest, .. } => {
                    !fields.is_empty() && rest.as_deref().is_some_and(is_self_again)
                }
                _ => false,
            };
        });
    }
    found
}

/// `self.a`, `self.a.b`.
fn is_own_field(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Field { base, .. } if is_self(base) || is_own_field(base))
}

fn is_self(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Path(path) if path.as_ident() == Some("self"))
}

/// `self`, `self.clone()`.
fn is_self_again(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Method { receiver, name, .. } if name.text == "clone" => is_self(receiver),
        ExprKind::Place(inner) => is_self_again(inner),
        _ => is_self(expr),
    }
}

fn trait_name<'b>(block: &'b ImplBlock<'_>) -> &'b str {
    let path = block.def.trait_path.as_ref();
    path.and_then(|path| path.last())
        .map_or("", |last| last.name.text.as_str())
}
