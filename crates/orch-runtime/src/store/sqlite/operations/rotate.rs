//! Writing sealed texts again under the current key.

use rusqlite::{Connection, params};

use crate::store::sealer::{Rewrite, Stored};
use crate::store::settled::lost_text;
use crate::store::sqlite::row::unreadable;
use crate::store::sqlite::statements::Statements;
use crate::store::{KeyUse, Rotated, SealedColumn, StoreError};

use super::SqliteOperations;

/// Rows whose texts are looked at in parts: the statements that find the end of a part, and what is stale
/// in it.
type Walk = fn(&Statements) -> (&str, &str);

impl SqliteOperations {
    pub(super) async fn rotate_operations(
        &self,
        after: Option<String>,
        limit: u32,
    ) -> Result<Rotated, StoreError> {
        let walk: Walk = |sql| (&sql.window_end, &sql.stale_texts);
        self.rotate_window(walk, after, limit).await
    }

    pub(super) async fn rotate_inbox(
        &self,
        after: Option<String>,
        limit: u32,
    ) -> Result<Rotated, StoreError> {
        if !self.read("rotate", has_inbox).await? {
            return Ok(Rotated::default());
        }
        let walk: Walk = |sql| (&sql.callbacks.window_end, &sql.callbacks.stale);
        self.rotate_window(walk, after, limit).await
    }

    async fn rotate_window(
        &self,
        walk: Walk,
        after: Option<String>,
        limit: u32,
    ) -> Result<Rotated, StoreError> {
        let mut rotated = Rotated::default();
        let Some(prefix) = self.sealer.current_prefix().map(str::to_owned) else {
            return Ok(rotated);
        };
        let look = move |connection: &mut Connection, sql: &Statements| {
            let after = after.unwrap_or_default();
            let (window_end, stale) = walk(sql);
            let mut end = connection.prepare_cached(window_end)?;
            let end: Option<String> = end.query_row(params![after, limit], |row| row.get(0))?;
            let found = match &end {
                Some(end) => stale_texts(connection, stale, (&after, end), &prefix)?,
                None => Vec::new(),
            };
            Ok((end, found))
        };
        let (end, found) = self.read("rotate", look).await?;
        rotated.end = end;
        let looked_at = found.len();
        let readable: Vec<Stored> = found.into_iter().filter_map(Result::ok).collect();
        rotated.unreadable = looked_at - readable.len();
        let rewrites = self.sealer.rewrites(readable, &mut rotated);
        if !rewrites.is_empty() {
            let write = move |connection: &mut Connection, sql: &Statements| {
                rewrite(connection, sql, &rewrites)
            };
            rotated.rewritten = self.write("rotate", None, write).await?;
        }
        Ok(rotated)
    }
}

/// A column may hold anything, whatever its type: one that is no text stops no other.
fn stale_texts(
    connection: &Connection,
    sql: &str,
    (after, end): (&str, &str),
    prefix: &str,
) -> rusqlite::Result<Vec<rusqlite::Result<Stored>>> {
    let mut statement = connection.prepare_cached(sql)?;
    let place = params![after, end, prefix, lost_text()];
    let found = statement.query_map(place, |found| Ok(stored(found)))?;
    found.collect()
}

fn stored(found: &rusqlite::Row<'_>) -> rusqlite::Result<Stored> {
    let column: Result<SealedColumn, String> = found.get::<_, String>(3)?.parse();
    Ok(Stored {
        column: column.map_err(|why| unreadable(3, std::io::Error::other(why)))?,
        op_id: found.get(0)?,
        event_type: found.get(1)?,
        fence: found.get(2)?,
        text: found.get(4)?,
    })
}

fn rewrite(
    connection: &Connection,
    sql: &Statements,
    rewrites: &[Rewrite],
) -> rusqlite::Result<usize> {
    let mut changed = 0;
    for Rewrite { stored, sealed } in rewrites {
        let statement = match stored.column {
            SealedColumn::Payload => &sql.rewrite_payload,
            SealedColumn::Result => &sql.rewrite_result,
            SealedColumn::ErrorCause => &sql.rewrite_error_cause,
            SealedColumn::Outcome => &sql.rewrite_outcome,
            SealedColumn::Callback => &sql.callbacks.rewrite,
            // These are in tables of sagas, which rotate by themselves.
            SealedColumn::SagaPayload | SealedColumn::StepResult | SealedColumn::SagaEvent => {
                continue;
            }
        };
        let mut statement = connection.prepare_cached(statement)?;
        let place = params![stored.op_id, stored.fence, stored.text, sealed];
        changed += statement.execute(place)?;
    }
    Ok(changed)
}

fn has_inbox(connection: &mut Connection, sql: &Statements) -> rusqlite::Result<bool> {
    let mut statement = connection.prepare_cached(&sql.callbacks.has_inbox)?;
    statement.query_row([], |found| found.get(0))
}

pub(super) fn keys_in_use(
    connection: &mut Connection,
    sql: &Statements,
) -> rusqlite::Result<Vec<KeyUse>> {
    let texts = if has_inbox(connection, sql)? {
        &sql.callbacks.keys_in_use
    } else {
        &sql.keys_in_use
    };
    let mut statement = connection.prepare_cached(texts)?;
    let counts = statement.query_map([lost_text()], |found| {
        Ok(KeyUse::counted(found.get(0)?, found.get(1)?))
    })?;
    counts.collect()
}
