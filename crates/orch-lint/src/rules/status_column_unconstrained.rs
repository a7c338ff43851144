//! ORC701.

use super::further_migrations::{self, one_of};
use super::tables::{self, Kept};
use super::{Check, Rule, Status, stored_names};
use crate::finding::Severity;
use crate::sql::{Column, Dialect, History, Place, Table};

pub(super) static RULE: Rule = Rule {
    code: "ORC701",
    name: "status-column-unconstrained",
    severity: Severity::Error,
    status: Status::Stable,
    docs: "\
## What it does
Finds state columns of operation and write-ahead log tables that hold any text, and those whose `CHECK`
or enum type differs from the states that the Rust enum stores. The comparison is made where the stored
texts are certain: the runtime's states, enums that derive `sqlx::Type`, enums with an `as_str` that
matches each variant.

## Why is this bad?
A state that the table refuses cannot be written: the call was made, its outcome cannot be stored, and
the operation is tried again. A state that the program does not know is never claimed: after one wrong
`UPDATE` by hand the operation is lost without a word. Both lose operations, so both are errors.

## Example
```sql
CREATE TABLE payment_operations (op_id TEXT PRIMARY KEY, state TEXT NOT NULL);
```
Use instead:
```sql
CREATE TABLE payment_operations (op_id TEXT PRIMARY KEY, state TEXT NOT NULL CHECK (
    state IN ('PENDING', 'IN_PROGRESS', 'UNKNOWN', 'COMPLETED', 'FAILED', 'PARKED')));
```

## Why there is no fix
A migration that was applied somewhere is never edited, and the number of the next one is not the linter's to
give. The finding says the statement of a further migration where it knows one.
",
    check,
};

/// What a column may hold.
enum Limit<'w> {
    /// Any text.
    None,
    /// These texts, as it is said here.
    Texts(Vec<String>, &'w Place),
    /// What, is not known.
    Unread,
    /// It holds no texts.
    NoText,
}

fn check(check: &mut Check<'_, '_>) {
    let operations = tables::of_operations(check);
    let logs = tables::of_logs(check);
    for kept in operations.iter().chain(&logs) {
        for (history, table) in &kept.created {
            let name = tables::state_column(check, kept.entity, table);
            if let Some(column) = name.and_then(|name| table.column(&name)) {
                judge(check, kept, history, table, column);
            }
        }
    }
}

fn judge(
    check: &mut Check<'_, '_>,
    kept: &Kept<'_, '_>,
    history: &History,
    table: &Table,
    column: &Column,
) {
    let what = format!("{}.{}", kept.name, column.name);
    let limit = limit(history, table, column);
    let (place, message, help) = match &limit {
        Limit::NoText => return,
        Limit::Unread => {
            let at = tables::at(&column.place, history, &what);
            let message = format!("what `{what}` may hold is said in a way that is not understood");
            check.unknown(&at, message);
            return;
        }
        Limit::None => (
            &column.place,
            format!("`{what}` holds any text in {}", history.dir),
            added(check, kept, history, column),
        ),
        Limit::Texts(texts, place) => {
            let Some(difference) = difference(check, kept, column, texts) else {
                return;
            };
            (
                *place,
                format!("`{what}` {difference} in {}", history.dir),
                replaced(check, kept, history, table, column),
            )
        }
    };
    let at = tables::at(place, history, &what);
    if check.migrations.is_uncertain(history, kept.name) {
        let message = format!("a statement that is not understood may limit `{what}`");
        check.unknown(&at, message);
        return;
    }
    check.flag(at, message).help(help);
}

/// The texts that the program stores in a column.
fn stored(check: &Check<'_, '_>, kept: &Kept<'_, '_>, column: &Column) -> Option<Vec<String>> {
    let (name, ty) = tables::state_field(check, kept.entity)?;
    stored_names::of(check, &ty).filter(|_| name == column.name)
}

/// How a column gets its first constraint.
fn added(check: &Check<'_, '_>, kept: &Kept<'_, '_>, history: &History, column: &Column) -> String {
    let Some(texts) = stored(check, kept, column) else {
        return "add `CHECK (… IN (…))` with the states of the program".to_owned();
    };
    let rule = format!("CHECK ({})", one_of(&column.name, &texts));
    match history.schema.dialect {
        Some(Dialect::Sqlite) => format!(
            "SQLite adds no constraint to a table: in a further migration, make a new one with `{rule}`, copy the \
             rows and rename it"
        ),
        _ => {
            let (table, column) = (kept.name, &column.name);
            let change = format!("ADD CONSTRAINT ck_{table}_{column} {rule}");
            further_migrations::alter(table, &change)
        }
    }
}

/// How a column gets the constraint that fits the program.
fn replaced(
    check: &Check<'_, '_>,
    kept: &Kept<'_, '_>,
    history: &History,
    table: &Table,
    column: &Column,
) -> String {
    let otherwise = "make both the same: replace the constraint in a further migration";
    let rules = table.checks.iter();
    let mut rules = rules.filter(|of| of.mentions.contains(&column.name));
    let only = rules.next().filter(|_| rules.next().is_none());
    let is_postgres = history.schema.dialect == Some(Dialect::Postgres);
    match (only, stored(check, kept, column)) {
        (Some(rule), Some(texts)) if is_postgres && column.default.is_none() => {
            let (name, texts) = (&rule.name, one_of(&column.name, &texts));
            let change = format!("DROP CONSTRAINT {name}, ADD CONSTRAINT {name} CHECK ({texts})");
            further_migrations::alter(kept.name, &change)
        }
        _ => otherwise.to_owned(),
    }
}

/// What the constraints of a column leave.
fn limit<'w>(history: &'w History, table: &'w Table, column: &'w Column) -> Limit<'w> {
    if let Some(values) = history.schema.enum_values(&column.ty) {
        return Limit::Texts(values.to_vec(), &column.place);
    }
    if !is_text(&column.ty) {
        return match is_number(&column.ty) {
            true => Limit::NoText,
            false => Limit::Unread,
        };
    }
    let mut left: Option<(Vec<String>, &Place)> = None;
    let mut is_unread = false;
    for rule in table
        .checks
        .iter()
        .filter(|of| of.mentions.contains(&column.name))
    {
        match &rule.allowed {
            Some(allowed) if allowed.column == column.name => {
                let values = allowed.values.iter();
                let before = left.take();
                let stays = |value: &&String| {
                    before
                        .as_ref()
                        .is_none_or(|(texts, _)| texts.contains(value))
                };
                left = Some((values.filter(stays).cloned().collect(), &rule.place));
            }
            _ => is_unread |= rule.not_null.is_none() && !rule.is_open,
        }
    }
    match left {
        Some((texts, place)) => Limit::Texts(texts, place),
        None if is_unread => Limit::Unread,
        None => Limit::None,
    }
}

/// How the texts of a table and those of the program differ.
fn difference(
    check: &Check<'_, '_>,
    kept: &Kept<'_, '_>,
    column: &Column,
    texts: &[String],
) -> Option<String> {
    let (name, ty) = tables::state_field(check, kept.entity)?;
    if name != column.name {
        return None;
    }
    let stored = stored_names::of(check, &ty)?;
    let among = |texts: &[String], others: &[String]| {
        let only = texts.iter().filter(|text| !others.contains(text));
        only.map(|text| format!("`{text}`"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let (refused, strange) = (among(&stored, texts), among(texts, &stored));
    let ty = check.workspace.type_name(&ty);
    let parts = [
        (refused, format!("which `{ty}` stores"), "refuses"),
        (strange, format!("which `{ty}` does not know"), "allows"),
    ];
    let default = column.default.iter().filter(|of| !stored.contains(of));
    let default = default.map(|of| format!("begins as `{of}`, which `{ty}` does not know"));
    let parts = parts.into_iter().filter(|(names, ..)| !names.is_empty());
    let parts = parts.map(|(names, why, verb)| format!("{verb} {names}, {why}"));
    let said: Vec<String> = parts.chain(default).collect();
    (!said.is_empty()).then(|| said.join(", and "))
}

/// Whether a type holds any text; SQLite's columns without a type do.
fn is_text(ty: &str) -> bool {
    matches!(
        ty,
        "" | "text" | "varchar" | "character varying" | "char" | "character" | "citext" | "bpchar"
    )
}

fn is_number(ty: &str) -> bool {
    ["int", "serial", "numeric", "decimal", "boolean", "bool"]
        .iter()
        .any(|of| ty.contains(of))
}
