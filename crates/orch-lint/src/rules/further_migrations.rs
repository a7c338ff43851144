//! What a further migration says to mend what an applied one made. Nothing is written: a migration that
//! was applied somewhere is never edited, and where the next one goes is decided by whoever numbers them.

use crate::sql::{Dialect, History};

/// How to make an index, as a sentence.
pub(super) fn index(history: &History, kind: &str, name: &str, on: &str) -> String {
    match history.schema.dialect {
        Some(Dialect::Postgres) => {
            let statement = format!("CREATE {kind} CONCURRENTLY {name} ON {on}");
            format!("in a further migration, outside of a transaction: `{statement}`")
        }
        _ => format!("in a further migration: `CREATE {kind} {name} ON {on}`"),
    }
}

/// How to change a table, as a sentence.
pub(super) fn alter(table: &str, change: &str) -> String {
    format!("in a further migration: `ALTER TABLE {table} {change}`")
}

/// `state IN ('A', 'B')`.
pub(super) fn one_of(column: &str, texts: &[String]) -> String {
    let texts = texts
        .iter()
        .map(|of| format!("'{}'", of.replace('\'', "''")));
    let texts: Vec<String> = texts.collect();
    format!("{column} IN ({})", texts.join(", "))
}
