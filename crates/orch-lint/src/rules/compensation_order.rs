//! ORC403.

use super::compensations::{is_compensation, names_compensation, taken_back};
use super::mentions::root;
use super::{Check, Rule, Status};
use crate::finding::Severity;
use crate::model::Function;
use crate::syntax::{Block, Expr, ExprKind, Span, Stmt, visit};

pub(super) static RULE: Rule = Rule {
    code: "ORC403",
    name: "compensation-order",
    severity: Severity::Warning,
    status: Status::Preview,
    docs: "\
## What it does
Finds compensations that are not run in the reverse order of what they take back: a loop over the steps that
are done, first to last, that undoes each of them, and calls of `undo_a`, `undo_b` in the order in which `a`
and `b` were called.

## Why is this bad?
A step builds on those before it. Taken back first, an earlier one pulls the ground from under a later one:
the reservation is released and sold again while the parcel that it was made for is still on its way.

## Example
```rust
for step in &done {
    step.compensate(order).await?;
}
```
Use instead:
```rust
for step in done.iter().rev() {
    step.compensate(order).await?;
}
```
Better let the runtime do it: `Sagas` undoes steps in the reverse order of their plan, also after a crash.
",
    check,
};

fn check(check: &mut Check<'_, '_>) {
    let workspace = check.workspace;
    for function in check.functions {
        if !workspace.knows_runtime(function.module) {
            continue;
        }
        if function.body.mentions(&WORDS_CALLED) {
            in_loops(check, function);
        }
        in_sequence(check, function);
    }
}

/// How what a loop calls on each step is named.
const WORDS_CALLED: [&str; 5] = ["compensate", "undo", "rollback", "roll_back", "revert"];

fn in_loops(check: &mut Check<'_, '_>, function: &Function<'_>) {
    let mut found: Vec<(Span, bool)> = Vec::new();
    visit::each_in_block(function.body, &mut |expr| {
        if let ExprKind::For { pat, iter, body } = &expr.kind
            && let Some(name) = pat.name()
            && undoes(body, name)
            && goes_forward(check, function, iter)
        {
            let is_plain = matches!(iter.kind, ExprKind::Path(_) | ExprKind::Field { .. });
            found.push((iter.span, is_plain));
        }
    });
    for (span, is_plain) in found {
        let at = check.at(function.file, span, function.path(check.workspace));
        let flagged = check
            .flag(at, "what was done first is undone first")
            .help("go through the steps from the last to the first");
        flagged.unsafe_fix("begin with the last step", move |source| {
            let bytes = source.bytes(span);
            let text = &source.text[bytes.clone()];
            let reversed = match text.strip_prefix('&') {
                Some(rest) => match rest.strip_prefix("mut ") {
                    Some(of) => format!("{of}.iter_mut().rev()"),
                    None => format!("{rest}.iter().rev()"),
                },
                None if is_plain => format!("{text}.into_iter().rev()"),
                None => format!("{text}.rev()"),
            };
            Some(vec![(bytes, reversed)])
        });
    }
}

/// Whether the body of a loop undoes what a name stands for.
fn undoes(body: &Block, name: &str) -> bool {
    let mut found = false;
    visit::each_in_block(body, &mut |expr| {
        if let ExprKind::Method {
            receiver,
            name: method,
            ..
        } = &expr.kind
        {
            let is_it = WORDS_CALLED.contains(&method.text.as_str());
            found |= is_it && root(receiver) == Some(name);
        }
    });
    found
}

/// Whether a loop certainly goes through a list in the order in which the list was filled: by `push` in the
/// same function, or for a field in another one of the type, and nothing turns it around.
fn goes_forward(check: &Check<'_, '_>, function: &Function<'_>, iter: &Expr) -> bool {
    const PLAIN: &[&str] = &["drain", "into_iter", "iter", "iter_mut"];
    let mut of = iter;
    loop {
        of = match &of.kind {
            ExprKind::Place(inner) => inner,
            ExprKind::Method { receiver, name, .. } if PLAIN.contains(&name.text.as_str()) => {
                receiver
            }
            ExprKind::Path(_) | ExprKind::Field { .. } => break,
            _ => return false,
        };
    }
    let Some(list) = dotted(of) else {
        return false;
    };
    let is_field = list.starts_with("self.");
    let shares = |of: &&Function<'_>| is_field && of.owner.is_some() && of.owner == function.owner;
    let (mut fills, mut turns) = (false, false);
    let others = check.functions.iter().filter(shares);
    for body in others.map(|of| of.body).chain([function.body]) {
        visit::each_in_block(body, &mut |expr| {
            if let ExprKind::Method { receiver, name, .. } = &expr.kind
                && dotted(receiver).as_ref() == Some(&list)
            {
                match name.text.as_str() {
                    "push" | "push_back" => fills = true,
                    "insert" | "push_front" | "reverse" | "swap" => turns = true,
                    word => turns |= word.starts_with("sort") || word.starts_with("rotate"),
                }
            }
        });
    }
    fills && !turns
}

/// `done`, `self.done`.
fn dotted(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Path(path) => path.as_ident().map(str::to_owned),
        ExprKind::Field { base, name } => Some(format!("{}.{}", dotted(base)?, name.text)),
        ExprKind::Place(inner) => dotted(inner),
        _ => None,
    }
}

/// Calls of `undo_a` and `undo_b` one after the other, where `a` is called before `b`.
fn in_sequence(check: &mut Check<'_, '_>, function: &Function<'_>) {
    let undone = statements(function.body, &|name| taken_back(name).map(str::to_owned));
    if undone.iter().all(|run| run.len() < 2) {
        return;
    }
    let workspace = check.workspace;
    let names: Vec<&String> = undone.iter().flatten().map(|(name, _)| name).collect();
    let is_near = |of: &&Function<'_>| of.file == function.file && of.owner == function.owner;
    let done: Vec<Vec<String>> = check
        .functions
        .iter()
        .filter(|of| is_near(of) && !is_compensation(workspace, of))
        .map(|of| called(of.body, &names))
        .collect();
    let comes_before = |a: &String, b: &String| {
        let order = done.iter().filter_map(|run| {
            let place = |name: &String| run.iter().position(|of| of == name);
            Some(place(a)? < place(b)?)
        });
        let order: Vec<bool> = order.collect();
        !order.is_empty() && order.iter().all(|is_so| *is_so)
    };
    for run in &undone {
        for two in run.windows(2) {
            let [(first, _), (second, span)] = two else {
                continue;
            };
            if comes_before(first, second) {
                let at = check.at(function.file, *span, function.path(workspace));
                let message =
                    format!("`{second}` is done after `{first}`, and undone after it, too");
                check
                    .flag(at, message)
                    .help("take back what was done last first");
            }
        }
    }
}

/// In each block, the calls that are statements and whose names `read` knows, in order; those in the branch
/// of an `if` stand with those around it.
fn statements(body: &Block, read: &dyn Fn(&str) -> Option<String>) -> Vec<Vec<(String, Span)>> {
    let mut found = Vec::new();
    visit::each_block(body, &mut |block| {
        let mut run = Vec::new();
        in_order(block, read, &mut run);
        found.push(run);
    });
    found
}

fn in_order(block: &Block, read: &dyn Fn(&str) -> Option<String>, found: &mut Vec<(String, Span)>) {
    for stmt in &block.stmts {
        let expr = match stmt {
            Stmt::Expr(expr) => expr,
            Stmt::Let {
                init: Some(init), ..
            } => init,
            Stmt::Let { .. } => continue,
        };
        match &expr.kind {
            ExprKind::If {
                then,
                otherwise: None,
                ..
            } => in_order(then, read, found),
            _ => {
                let named = call(expr).and_then(|(name, span)| Some((read(name)?, span)));
                found.extend(named);
            }
        }
    }
}

/// What a statement calls in the end: `self.undo_pay(order).await?`.
fn call(expr: &Expr) -> Option<(&str, Span)> {
    match &expr.kind {
        ExprKind::Await(inner) | ExprKind::Try(inner) => call(inner),
        ExprKind::Method { name, .. } => Some((&name.text, name.span)),
        ExprKind::Call { callee, .. } => match &callee.kind {
            ExprKind::Path(path) => path
                .last()
                .map(|last| (last.name.text.as_str(), last.name.span)),
            _ => None,
        },
        _ => None,
    }
}

/// Those of `names` that a body calls, in order.
fn called(body: &Block, names: &[&String]) -> Vec<String> {
    let mut found = Vec::new();
    visit::each_in_block(body, &mut |expr| {
        if let Some((name, span)) = call(expr)
            && names.iter().any(|of| *of == name)
            && !names_compensation(name)
        {
            found.push((span, name.to_owned()));
        }
    });
    found.sort_by_key(|(span, _)| *span);
    found.dedup();
    found.into_iter().map(|(_, name)| name).collect()
}
