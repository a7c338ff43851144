//! ORC107.

use std::collections::{BTreeMap, BTreeSet};

use super::{Check, Rule, Status, tables};
use crate::finding::Severity;
use crate::model::Function;
use crate::sql::{Query, Verb};
use crate::syntax::{Expr, ExprKind, Pat, PatKind, visit};

pub(super) static RULE: Rule = Rule {
    code: "ORC107",
    name: "insert-without-conflict-clause",
    severity: Severity::Warning,
    status: Status::Preview,
    docs: "\
## What it does
Finds inserts into an operation table, in SQL handed to a database, that neither say what happens when
the key is there already (`ON CONFLICT`, `INSERT OR IGNORE`) nor stand in a function that looks for the
violation of a unique key.

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
            .or_insert_with(|| handles(function));
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

/// Whether a function looks for the violation of a unique key.
fn handles(function: &Function<'_>) -> bool {
    let mut found = false;
    visit::each_in_block(function.body, &mut |expr| {
        found |= match &expr.kind {
            ExprKind::Method { name, .. } => is_handling(&name.text),
            ExprKind::Path(path) => path.names().into_iter().any(is_handling),
            ExprKind::Str(text) => is_handling(text),
            ExprKind::Macro(call) => call.body.opaque.iter().any(|name| is_handling(&name.text)),
            _ => in_patterns(expr),
        };
    });
    found
}

fn is_handling(name: &str) -> bool {
    HANDLING.contains(&name)
}

fn in_patterns(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Match { arms, .. } => arms.iter().any(|arm| in_pattern(&arm.pat)),
        ExprKind::Let { pat, .. } => in_pattern(pat),
        _ => false,
    }
}

/// Texts in patterns are not kept: an arm with any literal counts as handling.
fn in_pattern(pat: &Pat) -> bool {
    match &pat.kind {
        PatKind::Path(path) => path.names().into_iter().any(is_handling),
        PatKind::TupleStruct(path, parts) => {
            path.names().into_iter().any(is_handling) || parts.iter().any(in_pattern)
        }
        PatKind::Or(parts) | PatKind::Group(parts) => parts.iter().any(in_pattern),
        PatKind::Ref(inner) => in_pattern(inner),
        PatKind::Other => true,
        _ => false,
    }
}
