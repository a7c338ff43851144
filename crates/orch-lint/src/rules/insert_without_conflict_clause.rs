//! ORC107.

use std::collections::{BTreeMap, BTreeSet};

use super::{Check, Rule, Status, tables};
use crate::finding::Severity;
use crate::model::{Function, RTy, Res};
use crate::sql::{Query, Verb};
use crate::syntax::{Expr, ExprKind, ItemKind, Pat, PatKind, Path, visit};

pub(super) static RULE: Rule = Rule {
    code: "ORC107",
    name: "insert-without-conflict-clause",
    severity: Severity::Warning,
    status: Status::Preview,
    docs: "\
## What it does
Finds inserts into an operation table, in SQL handed to a database, that neither say what happens when
the key is there already (`ON CONFLICT`, `INSERT OR IGNORE`) nor stand in a function that looks for the
violation of a unique key, itself or by a function that it calls with the error.

## Why is this bad?
The second request with the same key is the normal case: clients retry. Without an answer for it the
client gets an error for an operation that was accepted, makes a new key, and asks for the money twice.

## Example
```rust
sqlx::query(\"INSERT INTO payment_operations (op_id, idem_key) VALUES ($1, $2)\")
```
Use instead:
```rust
sqlx::query(\"INSERT INTO payment_operations (op_id, idem_key) VALUES ($1, $2) ON CONFLICT DO NOTHING\")
```
",
    check,
};

/// Names and texts by which code looks for a unique key that was violated.
const HANDLING: &[&str] = &[
    "is_unique_violation",
    "UniqueViolation",
    "UNIQUE_VIOLATION",
    "UniqueConstraintViolation",
    "ConstraintViolation",
    "23505",
    "2067",
    "1555",
];

/// Methods that tell which key was violated.
const ASKING: &[&str] = &["constraint", "constraint_name", "on_constraint"];

fn check(check: &mut Check<'_, '_>) {
    let operations = tables::of_operations(check).into_iter();
    let operations: BTreeSet<String> = operations.map(|of| of.name.to_lowercase()).collect();
    let workspace = check.workspace;
    let mut handling: BTreeMap<usize, bool> = BTreeMap::new();
    for text in workspace.statements(check.functions) {
        let mut bare = text
            .queries
            .iter()
            .filter_map(|query| Some((query, bare_insert(query, &operations)?)));
        let Some((query, table)) = bare.next().filter(|_| text.certain) else {
            continue;
        };
        let function = &check.functions[text.function];
        let is_handled = handling
            .entry(text.function)
            .or_insert_with(|| handles(check, text.function, 0));
        if *is_handled {
            continue;
        }
        let at = check.at(text.file, text.span, function.path(workspace));
        if query.may_say_more() {
            let message = format!("what is put in may answer for a key that is in `{table}`");
            check.unknown(&at, message);
            continue;
        }
        let message = format!("inserts into `{table}` without an answer for a key that is there");
        check
            .flag(at, message)
            .help("add `ON CONFLICT … DO NOTHING` and read the first operation when no row came");
    }
}

/// The operation table that a statement inserts into without a word about conflicts.
fn bare_insert<'q>(query: &'q Query, operations: &BTreeSet<String>) -> Option<&'q str> {
    let answers = [
        &["on", "conflict"][..],
        &["insert", "or"],
        &["on", "duplicate"],
        &["insert", "ignore"],
    ];
    let is_answered = answers.iter().any(|words| query.has(words));
    let mut inserts = query
        .writes
        .iter()
        .filter(|of| of.verb == Verb::Insert && operations.contains(&of.table));
    inserts
        .next()
        .filter(|_| !is_answered)
        .map(|of| of.table.as_str())
}

/// Whether a function looks for the violation of a unique key, or gives the error to one that does.
fn handles(check: &Check<'_, '_>, function: usize, depth: usize) -> bool {
    const MAX_DEPTH: usize = 2;
    let of = &check.functions[function];
    let mut found = false;
    visit::each_in_block(of.body, &mut |expr| {
        found |= match &expr.kind {
            ExprKind::Method { name, .. } => {
                is_handling(&name.text) || ASKING.contains(&name.text.as_str())
            }
            ExprKind::Path(path) => names_handling(check, of, path),
            ExprKind::Str(text) => is_handling(text),
            ExprKind::Macro(call) => call.body.opaque.iter().any(|name| is_handling(&name.text)),
            _ => in_patterns(expr),
        };
    });
    if found || depth == MAX_DEPTH {
        return found;
    }
    let calls = check.calls.made_in(function).iter();
    let mut called = calls.flat_map(|call| &call.targets);
    called.any(|target| {
        let takes_error = takes_error(check, &check.functions[*target]);
        *target != function && takes_error && handles(check, *target, depth + 1)
    })
}

/// Whether a function is about an error: it takes one, or is a method of one.
fn takes_error(check: &Check<'_, '_>, of: &Function<'_>) -> bool {
    let walker = of.walker(check.workspace);
    let params = of.def.params.iter().map(|param| walker.parameter(param));
    let own = of.self_written().filter(|_| of.def.receiver.is_some());
    let own = own.map(|ty| walker.written(ty));
    params.chain(own).any(|ty| is_error(check, &ty))
}

fn is_error(check: &Check<'_, '_>, ty: &RTy) -> bool {
    let of_args = match ty {
        RTy::External(_, args) | RTy::Local(_, args) | RTy::Tuple(args) => {
            args.iter().any(|arg| is_error(check, arg))
        }
        _ => false,
    };
    of_args || check.workspace.type_name(ty).ends_with("Error")
}

fn is_handling(name: &str) -> bool {
    HANDLING.contains(&name)
}

/// Whether a path names what is looked for, or a constant that is its text.
fn names_handling(check: &Check<'_, '_>, of: &Function<'_>, path: &Path) -> bool {
    if path.names().into_iter().any(is_handling) {
        return true;
    }
    let Res::Def(id) = check.workspace.resolve_value(of.module, path) else {
        return false;
    };
    match &check.workspace.def(id).item.kind {
        ItemKind::Const(_, value) => value.as_text().is_some_and(is_handling),
        _ => false,
    }
}

fn in_patterns(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Match { arms, .. } => arms.iter().any(|arm| in_pattern(&arm.pat)),
        ExprKind::Let { pat, .. } => in_pattern(pat),
        _ => false,
    }
}

/// Texts in patterns are not kept, nor is what a constant in one says: an arm with any of them counts as
/// handling.
fn in_pattern(pat: &Pat) -> bool {
    match &pat.kind {
        PatKind::Path(path) => path.names().into_iter().any(is_handling),
        PatKind::TupleStruct(path, parts) => {
            path.names().into_iter().any(is_handling) || parts.iter().any(in_pattern)
        }
        PatKind::Or(parts) | PatKind::Group(parts) => parts.iter().any(in_pattern),
        PatKind::Ref(inner) => in_pattern(inner),
        PatKind::Bind { name, .. } => !name.text.contains(char::is_lowercase),
        PatKind::Other => true,
        _ => false,
    }
}
