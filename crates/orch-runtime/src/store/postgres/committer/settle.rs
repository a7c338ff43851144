//! Writing answers, many with one statement.

use std::collections::HashSet;

use sqlx::SqlStr;
use sqlx::postgres::PgConnection;

use crate::clock::Timestamp;
use crate::store::Applied;
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

/// The statements that write answers of one domain.
#[derive(Debug)]
pub(in crate::store::postgres) struct SettleSql {
    pub(in crate::store::postgres) settle: SqlStr,
    pub(in crate::store::postgres) late: SqlStr,
}

/// Writes and applies answers; those of replaced terms are kept as evidence.
pub(super) async fn write(
    connection: &mut PgConnection,
    link: &Link,
    sql: &SettleSql,
    mut members: Vec<(usize, &Settle)>,
) -> Result<Vec<(usize, Applied)>, sqlx::Error> {
    // Two batches must not wait for each other's rows.
    members.sort_by_key(|(_, settle)| settle.entry.op_id.as_str());
    let ends = || members.iter().map(|(_, settle)| &settle.end);
    let text = |value: fn(&End) -> Option<&str>| -> Vec<_> {
        ends().map(|end| value(end).map(clean)).collect()
    };
    let entries = members
        .iter()
        .map(|(_, settle)| (settle.now, &settle.entry));
    let applied: Vec<(String, i32)> = bind_entries(&sql.settle, entries)
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
        .fetch_all(&mut *connection)
        .await?;
    let applied = terms(&applied);
    let (taken, late): (Vec<_>, Vec<_>) = members
        .into_iter()
        .partition(|(_, settle)| applied.contains(&term(&settle.entry)));
    let taken = taken.into_iter().map(|(place, _)| (place, Applied::Yes));
    let mut answers: Vec<_> = taken.collect();
    if !late.is_empty() {
        answers.extend(keep(connection, link, sql, &late).await?);
    }
    Ok(answers)
}

/// Keeps answers that were not applied.
async fn keep(
    connection: &mut PgConnection,
    link: &Link,
    sql: &SettleSql,
    late: &[(usize, &Settle)],
) -> Result<Vec<(usize, Applied)>, sqlx::Error> {
    let entries = late.iter().map(|(_, settle)| (settle.now, &settle.entry));
    let repeated: Vec<(String, i32)> = bind_entries(&sql.late, entries)
        .persistent(!link.wrapped)
        .fetch_all(connection)
        .await?;
    let entries = late.iter().map(|(place, settle)| (*place, &settle.entry));
    Ok(answers(entries, &repeated))
}

/// Writes answers to the log, to be applied later.
pub(super) async fn record(
    connection: &mut PgConnection,
    link: &Link,
    sql: &SqlStr,
    mut members: Vec<(usize, &Record)>,
) -> Result<Vec<(usize, Applied)>, sqlx::Error> {
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
    Ok(answers(members, &owned))
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

/// A term counts when it was found.
fn answers<'m>(
    members: impl Iterator<Item = (usize, &'m Entry)>,
    found: &[(String, i32)],
) -> Vec<(usize, Applied)> {
    let found = terms(found);
    let answer = |(place, entry)| {
        let applied = if found.contains(&term(entry)) {
            Applied::Yes
        } else {
            Applied::Stale
        };
        (place, applied)
    };
    members.map(answer).collect()
}

fn terms(found: &[(String, i32)]) -> HashSet<(&str, i32)> {
    found.iter().map(|(op, fence)| (&**op, *fence)).collect()
}

fn term(entry: &Entry) -> (&str, i32) {
    (entry.op_id.as_str(), number(entry.fence.0))
}
