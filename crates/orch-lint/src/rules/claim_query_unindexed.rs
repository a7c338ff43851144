//! ORC207.

use super::{Check, Rule, Status, further_migrations, tables};
use crate::finding::Severity;
use crate::sql::Table;

pub(super) static RULE: Rule = Rule {
    code: "ORC207",
    name: "claim-query-unindexed",
    severity: Severity::Warning,
    status: Status::Preview,
    docs: "\
## What it does
Finds operation tables without an index by which due work is found: one that begins with the state or
with `next_attempt_at`, or one for the states that are not final.

## Why is this bad?
Workers, Finalizer and Reaper look for due operations all the time. Without an index each look reads
every operation there ever was: claims slow down with the age of the system, leases run out, and
operations are taken from workers that are still at them.

## Example
```sql
CREATE TABLE payment_operations (op_id TEXT PRIMARY KEY, state TEXT, next_attempt_at BIGINT);
```
Use instead:
```sql
CREATE TABLE payment_operations (op_id TEXT PRIMARY KEY, state TEXT, next_attempt_at BIGINT);
CREATE INDEX idx_payment_operations_due ON payment_operations (state, next_attempt_at);
```

## Why there is no fix
A migration that was applied somewhere is never edited, and the number of the next one is not the linter's to
give. The finding says the statement of a further migration where it knows one.
",
    check,
};

/// The column by which work is due.
const DUE: &str = "next_attempt_at";

/// What the condition of an index may name that is not looked for again.
const FINAL: &[&str] = &["completed", "failed", "cancelled", "canceled", "done"];

fn check(check: &mut Check<'_, '_>) {
    for kept in tables::of_operations(check) {
        for (history, table) in &kept.created {
            let Some(state) = tables::state_column(check, kept.entity, table) else {
                continue;
            };
            if finds_due(table, &state) {
                continue;
            }
            let name = kept.name;
            let at = tables::at(&table.origin, history, &format!("{name}.{state}"));
            if check.migrations.is_uncertain(history, name) {
                let what = format!("a statement that is not understood may index `{name}`");
                check.unknown(&at, what);
                continue;
            }
            let on = match table.column(DUE) {
                Some(_) => format!("{name} ({state}, {DUE})"),
                None => format!("{name} ({state})"),
            };
            let index = format!("idx_{name}_due");
            let help = further_migrations::index(history, "INDEX", &index, &on);
            check
                .flag(
                    at,
                    format!("no index of `{name}` finds due work in {}", history.dir),
                )
                .help(help);
        }
    }
}

fn finds_due(table: &Table, state: &str) -> bool {
    let leads = |columns: &[String]| {
        let first = columns.first().map(String::as_str);
        first.is_some_and(|first| first == state || first == DUE)
    };
    let by_key = table.uniques.iter().any(|of| leads(&of.columns));
    by_key
        || table.indexes.iter().any(|of| {
            leads(&of.columns) || of.condition.iter().any(|name| name == state) && is_open(of)
        })
}

/// Whether the condition of an index leaves in what is not final.
fn is_open(index: &crate::sql::Index) -> bool {
    let mut values = index.condition_texts.iter().map(|of| of.to_lowercase());
    index.condition_texts.is_empty() || values.any(|of| !FINAL.contains(&of.as_str()))
}
