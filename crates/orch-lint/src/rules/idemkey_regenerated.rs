//! ORC105.

use super::execute::{self, external_path};
use super::mentions::captured;
use super::{Check, Rule, Status};
use crate::finding::Severity;
use crate::known;
use crate::model::infer::Walker;
use crate::syntax::{Block, Expr, ExprKind, Pat, PatKind, Span, Stmt, visit};

pub(super) static RULE: Rule = Rule {
    code: "ORC105",
    name: "idemkey-regenerated",
    severity: Severity::Error,
    status: Status::Stable,
    docs: "\
## What it does
Finds identifiers that are another one each time (`Uuid::new_v4()`, `Ulid::new()`, `rand::random()`),
are made inside `Orchestrator::execute`, and go into a call of one of its gateways.

## Why is this bad?
`execute` runs again when its answer was lost. A key that is made there is another one each time, so the
provider sees another payment each time and makes every one of them.

## Example
```rust
async fn execute(&self, op_id: &OpId, command: &PaymentCommand) -> Outcome {
    self.gateway.charge(&Uuid::new_v4().to_string(), command).await
```
Use instead:
```rust
async fn execute(&self, op_id: &OpId, command: &PaymentCommand) -> Outcome {
    self.gateway.charge(op_id, command).await
```
",
    check,
};

/// Crates that make identifiers, and their functions that make another one at each call.
const MAKERS: &[(&str, &[&str])] = &[
    (
        "uuid",
        &[
            "new_v1", "new_v4", "new_v6", "new_v7", "now_v1", "now_v6", "now_v7",
        ],
    ),
    ("ulid", &["new", "generate"]),
    ("rand", &["random", "random_range"]),
    ("nanoid", &["nanoid"]),
    ("cuid", &["cuid"]),
    ("cuid2", &["create_id"]),
    ("fastrand", &["u32", "u64", "u128"]),
];

fn check(check: &mut Check<'_, '_>) {
    let found = execute::each_knowing(check, passed, |passed, walker, expr| {
        let (span, name) = made(walker, expr)?;
        let is_passed = passed.iter().any(|outer| outer.contains(span));
        is_passed.then_some((span, name))
    });
    for found in found {
        let message = format!(
            "`{}` gives the provider another key at every attempt",
            found.what
        );
        check
            .flag(found.at, message)
            .help("use `op_id`: it is the same at every attempt");
    }
}

fn made(walker: &Walker<'_, '_>, expr: &Expr) -> Option<(Span, String)> {
    let ExprKind::Call { callee, .. } = &expr.kind else {
        return None;
    };
    let ExprKind::Path(path) = &callee.kind else {
        return None;
    };
    let found = external_path(walker, path)?;
    is_maker(&found).then(|| (expr.span, path.text()))
}

/// Whether a function of another crate makes another identifier at each call.
pub(super) fn is_maker(path: &[String]) -> bool {
    let path = known::canonical(path);
    let (Some(first), Some(last)) = (path.first(), path.last()) else {
        return false;
    };
    let is_it = |(of, names): &(&str, &[&str])| first == of && names.contains(&last.as_str());
    MAKERS.iter().any(is_it)
}

/// Where values of a body are that go into a gateway, at once or under a name.
fn passed(body: &Block) -> Vec<Span> {
    let arguments = gateway_arguments(body);
    let named = passed_names(body, &arguments);
    [arguments, named].concat()
}

/// Where the arguments of methods are that are called on fields of `self`.
fn gateway_arguments(body: &Block) -> Vec<Span> {
    let mut found = Vec::new();
    visit::each_in_block(body, &mut |expr| {
        if let ExprKind::Method { receiver, args, .. } = &expr.kind
            && is_of_self(receiver)
        {
            found.extend(args.iter().map(|arg| arg.span));
        }
    });
    found
}

/// `self.gateway`, but not `self` itself and not what a call of it gave.
fn is_of_self(receiver: &Expr) -> bool {
    match &receiver.kind {
        ExprKind::Field { base, .. } => match &base.kind {
            ExprKind::Path(path) => path.as_ident() == Some("self"),
            _ => is_of_self(base),
        },
        ExprKind::Place(inner) => is_of_self(inner),
        _ => false,
    }
}

/// Where values are made that are given a name, and go into one of `arguments` under it, or into the
/// value of another such name.
fn passed_names(body: &Block, arguments: &[Span]) -> Vec<Span> {
    let mut bound: Vec<(&str, Span)> = Vec::new();
    let mut uses: Vec<(&str, Span)> = Vec::new();
    each_let(body, &mut |pat, init| {
        // Of several names it is not known which one gets it.
        let mut names = Vec::new();
        pat.each_name(&mut |name| names.push(name));
        if let [name] = names.as_slice() {
            bound.push((name, init.span));
        }
    });
    visit::each_in_block(body, &mut |expr| {
        if let ExprKind::Path(path) = &expr.kind
            && let Some(name) = path.as_ident()
        {
            uses.push((name, path.span));
        }
        if let ExprKind::Macro(call) = &expr.kind {
            let parts = call.body.parts.iter().filter_map(|part| match part {
                Stmt::Expr(part) => part.as_text(),
                Stmt::Let { .. } => None,
            });
            let names = parts.flat_map(captured);
            uses.extend(names.map(|name| (name, expr.span)));
        }
    });
    let mut passed: Vec<Span> = arguments.to_vec();
    let mut known = 0;
    while known < passed.len() {
        known = passed.len();
        for (name, init) in &bound {
            let mut of_name = uses.iter().filter(|(used, _)| used == name);
            let is_used = of_name.any(|(_, at)| passed.iter().any(|outer| outer.contains(*at)));
            if is_used && !passed.contains(init) {
                passed.push(*init);
            }
        }
    }
    passed.split_off(arguments.len())
}

fn each_let<'e>(body: &'e Block, see: &mut dyn FnMut(&'e Pat, &'e Expr)) {
    let mut of_block = |block: &'e Block| {
        for stmt in &block.stmts {
            if let Stmt::Let {
                pat,
                init: Some(init),
                ..
            } = stmt
            {
                see(untyped(pat), init);
            }
        }
    };
    visit::each_block(body, &mut of_block);
}

fn untyped(pat: &Pat) -> &Pat {
    match &pat.kind {
        PatKind::Typed(inner, _) => untyped(inner),
        _ => pat,
    }
}
