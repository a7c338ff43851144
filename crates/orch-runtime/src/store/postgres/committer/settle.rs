//! Writing answers, many with one statement.

use std::collections::HashSet;

use sqlx::SqlStr;
use sqlx::postgres::PgConnection;

use crate::clock::Timestamp;
use crate::store::postgres::Link;
use crate::store::postgres::row::{clean, number};
use crate::store::settled::{End, Entry};

/// An answer, and where it leads the operation.
#[derive(Debug)]
pub(in crate::store::postgres) struct Settle {
    pub(in crate::store::postgres) now: Timestamp,
    pub(in crate::store::postgres) entry: Entry,
    pub(in crate::store::postgres) end: End,
}

/// An answer that is applied later.
#[derive(Debug)]
pub(in crate::store::postgres) struct Record {
    pub(in crate::store::postgres) now: Timestamp,
    pub(in crate::store::postgres) entry: Entry,
}

/// Writes and applies answers; says of each whether its term still owned the operation.
pub(super) async fn write(
    connection: &mut PgConnection,
    link: &Link,
    sql: &SqlStr,
    mut members: Vec<(usize, &Settle)>,
) -> Result<Vec<(usize, bool)>, sqlx::Error> {
    if members.is_empty() {
        return Ok(Vec::new());
    }
    // Two batches must not wait for each other's rows.
    members.sort_by_key(|(_, settle)| settle.entry.op_id.as_str());
    let ends = || members.iter().map(|(_, settle)| &settle.end);
    let text = |value: fn(&End) -> Option<&str>| -> Vec<_> {
        ends().map(|end| value(end).map(clean)).collect()
    };
    let entries = members
        .iter()
        .map(|(_, settle)| (settle.now, &settle.entry));
    let applied: Vec<(String, i32)> = bind_entries(sql, entries)
        .persistent(!link.wrapped)
        .bind(ends().map(|end| end.state.as_str()).collect::<Vec<_>>())
        .bind(ends().map(|end| end.next_attempt_at).collect::<Vec<_>>())
        .bind(ends().map(|end| end.unaccounted_at).collect::<Vec<_>>())
        .bind(ends().map(|end| clean(&end.message)).collect::<Vec<_>>())
        .bind(text(|end| end.provider_ref.as_deref()))
        .bind(text(|end| end.result.as_deref()))
        .bind(text(|end| end.error_code.as_deref()))
        .bind(text(|end| end.error_cause.as_deref()))
        .bind(text(|end| end.redacted.as_deref()))
        .fetch_all(connection)
        .await?;
    let members = members
        .iter()
        .map(|(place, settle)| (*place, &settle.entry));
    Ok(found(members, &applied))
}

/// Writes answers to the log; says of each whether its term still owned the operation.
pub(super) async fn record(
    connection: &mut PgConnection,
    link: &Link,
    sql: &SqlStr,
    mut members: Vec<(usize, &Record)>,
) -> Result<Vec<(usize, bool)>, sqlx::Error> {
    if members.is_empty() {
        return Ok(Vec::new());
    }
    members.sort_by_key(|(_, record)| record.entry.op_id.as_str());
    let entries = members
        .iter()
        .map(|(_, record)| (record.now, &record.entry));
    let owned: Vec<(String, i32)> = bind_entries(sql, entries)
        .persistent(!link.wrapped)
        .fetch_all(connection)
        .await?;
    let members = members
        .iter()
        .map(|(place, record)| (*place, &record.entry));
    Ok(found(members, &owned))
}

type EntryQuery<'q> =
    sqlx::query::QueryAs<'q, sqlx::Postgres, (String, i32), sqlx::postgres::PgArguments>;

/// Binds the columns of the log.
fn bind_entries<'m>(
    sql: &SqlStr,
    entries: impl Iterator<Item = (Timestamp, &'m Entry)>,
) -> EntryQuery<'m> {
    let entries: Vec<_> = entries.collect();
    let each = || entries.iter().map(|(_, entry)| *entry);
    sqlx::query_as(sql.clone())
        .bind(each().map(|entry| entry.op_id.as_str()).collect::<Vec<_>>())
        .bind(
            each()
                .map(|entry| number(entry.fence.0))
                .collect::<Vec<_>>(),
        )
        .bind(
            each()
                .map(|entry| number(entry.attempt))
                .collect::<Vec<_>>(),
        )
        .bind(each().map(|entry| entry.kind).collect::<Vec<_>>())
        .bind(
            each()
                .map(|entry| clean(&entry.outcome))
                .collect::<Vec<_>>(),
        )
        .bind(entries.iter().map(|(now, _)| *now).collect::<Vec<_>>())
}

fn found<'m>(
    members: impl Iterator<Item = (usize, &'m Entry)>,
    found: &[(String, i32)],
) -> Vec<(usize, bool)> {
    let found: HashSet<(&str, i32)> = found.iter().map(|(op, fence)| (&**op, *fence)).collect();
    let is_in = |entry: &Entry| found.contains(&(entry.op_id.as_str(), number(entry.fence.0)));
    members
        .map(|(place, entry)| (place, is_in(entry)))
        .collect()
}
