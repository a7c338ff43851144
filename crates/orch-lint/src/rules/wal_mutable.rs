//! ORC702.

use std::collections::BTreeSet;

use super::{Check, Rule, Status, tables};
use crate::finding::Severity;
use crate::sql::{Query, Verb, Write, has};

pub(super) static RULE: Rule = Rule {
    code: "ORC702",
    name: "wal-mutable",
    severity: Severity::Error,
    status: Status::Stable,
    docs: "\
## What it does
Finds statements of the project that change or delete entries of a write-ahead log: `UPDATE`, `DELETE`,
`TRUNCATE` and inserts that replace, in SQL handed to a database, and in migrations those that delete
entries or change one of the runtime's columns. What the runtime itself does, the Cleaner's retention
included, is not in the project.

## Why is this bad?
The log is what recovery knows. An intent that is deleted reads as a call that was never made, and the
call is made again; an outcome that is overwritten is applied as if the provider had said it.

## Example
```rust
sqlx::query(\"DELETE FROM payment_write_ahead_logs WHERE created_at < $1\")
```
Use instead:
```rust
Cleaner::new(&engine, intervals.cleaner) // keeps what may still be needed
```
",
    check,
};

/// The columns of a log that the runtime reads.
const COLUMNS: &[&str] = &[
    "op_id",
    "fence",
    "attempt",
    "state",
    "outcome_type",
    "outcome",
    "created_at",
    "written_at",
    "completed_at",
];

const HELP: &str = "let the runtime write the log: correct by a further operation, and let the Cleaner \
                    delete what is old";

fn check(check: &mut Check<'_, '_>) {
    let logs = tables::names_of_logs(check);
    if logs.is_empty() {
        return;
    }
    in_code(check, &logs);
    in_migrations(check, &logs);
}

fn in_code(check: &mut Check<'_, '_>, logs: &BTreeSet<String>) {
    let workspace = check.workspace;
    for text in workspace.statements(check.functions) {
        let mut queries = text.queries.iter();
        let Some((verb, table)) = queries.find_map(|query| mutation(query, logs)) else {
            continue;
        };
        let function = &check.functions[text.function];
        let at = check.at(text.file, text.span, function.path(workspace));
        if text.certain {
            let message = format!("{verb} the write-ahead log `{table}`");
            check.flag(at, message).help(HELP);
        } else {
            let message = format!("this may go to a database and {verb} `{table}`");
            check.unknown(&at, message);
        }
    }
}

/// What a statement does to a log that is there.
fn mutation<'q>(query: &'q Query, logs: &BTreeSet<String>) -> Option<(&'static str, &'q str)> {
    let mut writes = query.writes.iter().filter(|of| logs.contains(&of.table));
    writes.find_map(|write| {
        let verb = match write.verb {
            Verb::Update => "changes",
            Verb::Delete | Verb::Truncate => "deletes from",
            Verb::Insert if replaces(query, write) => "replaces entries of",
            Verb::Insert => return None,
        };
        Some((verb, write.table.as_str()))
    })
}

/// `ON CONFLICT … DO UPDATE`, `ON DUPLICATE KEY UPDATE`, `INSERT OR REPLACE`, `REPLACE INTO`.
fn replaces(query: &Query, write: &Write) -> bool {
    let (before, behind) = query.words.split_at(write.end);
    let near = &before[before.len().saturating_sub(6)..];
    let is_replace = near.iter().any(|word| word == "replace");
    let own = of_insert(behind);
    is_replace || has(&own, &["do", "update"]) || has(&own, &["duplicate", "key", "update"])
}

/// The words behind the table of an insert that are its own: not those between brackets, nor those behind the
/// bracket that closes around it.
fn of_insert(behind: &[String]) -> Vec<&str> {
    let (mut depth, mut own) = (0_i32, Vec::new());
    for word in behind {
        depth += i32::from(word == "(") - i32::from(word == ")");
        if depth < 0 {
            break;
        }
        own.extend((depth == 0).then_some(word.as_str()));
    }
    own
}

fn in_migrations(check: &mut Check<'_, '_>, logs: &BTreeSet<String>) {
    for history in &check.migrations.histories {
        for (write, place) in &history.schema.writes {
            let touches = write.sets.iter().any(|of| COLUMNS.contains(&of.as_str()));
            let verb = match write.verb {
                Verb::Update if touches => "changes",
                Verb::Delete | Verb::Truncate => "deletes from",
                _ => continue,
            };
            if logs.contains(&write.table) {
                let table = &write.table;
                let message = format!("{verb} the write-ahead log `{table}`");
                let at = tables::at(place, history, table);
                check.flag(at, message).help(HELP);
            }
        }
    }
}
