//! ORC703.

use super::money::is_money;
use super::{Check, Rule, Status, further_migrations, tables};
use crate::finding::Severity;
use crate::known;
use crate::sql::{Column, Dialect, History};

pub(super) static RULE: Rule = Rule {
    code: "ORC703",
    name: "inexact-column-type",
    severity: Severity::Warning,
    status: Status::Stable,
    docs: "\
## What it does
Finds columns whose type loses what they mean: in PostgreSQL, `timestamp` without time zone in
operation, write-ahead log and saga tables, and `money` anywhere; in every database, floats in columns
named after money (`amount`, `price`, `fee`, ...).

## Why is this bad?
A `timestamp` is read in the time zone of whoever asks. Two sessions with different settings disagree by
hours on when a lease ends, so that operations are reaped while they run, or not at all. `money` changes
its meaning with a setting of the server, and a float cannot hold 0.10.

## Example
```sql
CREATE TABLE payment_operations (lease_expires_at TIMESTAMP, amount DOUBLE PRECISION);
```
Use instead:
```sql
CREATE TABLE payment_operations (lease_expires_at TIMESTAMPTZ, amount_value BIGINT);
```

## Why there is no fix
A migration that was applied somewhere is never edited, and the number of the next one is not the linter's to
give. The finding says the statement of a further migration where it knows one.
",
    check,
};

fn check(check: &mut Check<'_, '_>) {
    let migrations = check.migrations;
    for history in &migrations.histories {
        if !is_ours(check, history) {
            continue;
        }
        for (name, table) in history.schema.tables() {
            for column in &table.columns {
                let Some((why, help)) = problem(history, name, column) else {
                    continue;
                };
                let column_name = &column.name;
                let at = tables::at(&column.place, history, &format!("{name}.{column_name}"));
                check
                    .flag(at, format!("`{name}.{column_name}` {why}"))
                    .help(help);
            }
        }
    }
}

/// Whether a history belongs to a package that uses the runtime, or to a whole workspace that does.
fn is_ours(check: &Check<'_, '_>, history: &History) -> bool {
    let uses = |package: &crate::manifest::Package| {
        package.deps.values().any(|krate| krate == known::RUNTIME)
    };
    let packages = check.workspace.packages;
    match history.package {
        Some(package) => uses(&packages[package]),
        None => packages.iter().any(uses),
    }
}

fn problem(history: &History, table: &str, column: &Column) -> Option<(&'static str, String)> {
    let is_postgres = history.schema.dialect == Some(Dialect::Postgres);
    let (name, ty) = (column.name.as_str(), column.ty.as_str());
    if is_postgres && is_orchestrated(table) && is_zoneless(ty) {
        return Some((
            "is a time without its zone",
            format!(
                "{}, where the old values are in UTC",
                changed(table, name, "TIMESTAMPTZ", " AT TIME ZONE 'UTC'")
            ),
        ));
    }
    if is_postgres && ty == "money" {
        return Some((
            "has the type `money`, which a setting of the server redefines",
            exact(table, name),
        ));
    }
    let is_float = matches!(
        ty,
        "real" | "double" | "double precision" | "float" | "float4" | "float8"
    );
    (is_float && is_money(name)).then_some((
        "cannot hold money exactly",
        match is_postgres {
            true => exact(table, name),
            false => "use `BIGINT` with the smallest unit, or `NUMERIC`".to_owned(),
        },
    ))
}

/// How money of PostgreSQL becomes exact.
fn exact(table: &str, column: &str) -> String {
    let change = changed(table, column, "NUMERIC", "::NUMERIC");
    format!("{change}, or `BIGINT` with the smallest unit")
}

/// How a column of PostgreSQL gets another type.
fn changed(table: &str, column: &str, ty: &str, using: &str) -> String {
    let change = format!("ALTER COLUMN {column} TYPE {ty} USING {column}{using}");
    further_migrations::alter(table, &change)
}

/// Tables by whose times the schedulers act.
fn is_orchestrated(table: &str) -> bool {
    let ends = ["_operations", known::LOG_TABLE, "_sagas", "_saga_steps"];
    ends.iter().any(|end| table.ends_with(end)) || table == "sagas" || table == "saga_steps"
}

fn is_zoneless(ty: &str) -> bool {
    matches!(ty, "timestamp" | "timestamp without time zone")
}
