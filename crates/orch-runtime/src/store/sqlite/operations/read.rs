//! Reading operations and their log.

use rusqlite::{Connection, OptionalExtension, params};

use crate::clock::{Timestamp, from_millis, to_millis};
use crate::ids::{BizKey, Fence, IdemKey, OpId, OwnerId};
use crate::operation::outcome::{self, Outcome};
use crate::operation::state::OperationState;
use crate::operation::view::{HistoryEntry, OperationView, OutcomeView, Progress};
use crate::store::sealer::Sealer;
use crate::store::sqlite::row::{self, identity, optional_time, time, unreadable};
use crate::store::sqlite::statements::Statements;
use crate::store::{Backlog, Lease, LogPosition, PendingOutcome, SealedColumn, StoredCommand};

pub(super) fn pending_outcomes(
    connection: &Connection,
    sql: &Statements,
    sealer: &Sealer,
    (before, after, limit): (Timestamp, Option<&LogPosition>, u32),
) -> rusqlite::Result<Vec<PendingOutcome>> {
    let begin = after.map_or(i64::MIN, |after| to_millis(after.created_at));
    let behind = after.map_or("", |after| &after.op_id);
    let mut statement = connection.prepare_cached(&sql.pending_outcomes)?;
    let found = statement.query_map(params![to_millis(before), limit, begin, behind], |found| {
        let position = LogPosition {
            created_at: time(found, 14)?,
            op_id: found.get(0)?,
        };
        Ok(PendingOutcome {
            position,
            fence: Fence(found.get(4)?),
            content: recorded(found, sealer),
        })
    })?;
    found.collect()
}

/// A term and its answer.
fn recorded(found: &rusqlite::Row<'_>, sealer: &Sealer) -> Result<(Lease, Outcome), String> {
    let text: Option<String> = found.get(13).unwrap_or_default();
    let text = text.ok_or("the outcome is missing or no text")?;
    // The term has ended; what is written for it is protected by its fence.
    let lease = row::lease(found, sealer, from_millis(0)).map_err(|error| error.to_string())?;
    let (op_id, fence) = (lease.op_id().as_str(), lease.fence.0);
    let text = sealer.open_outcome(op_id, &lease.event_type, fence, text);
    let outcome = outcome::decode(&text.map_err(|error| error.to_string())?)?;
    Ok((lease, outcome))
}

pub(super) fn find(
    connection: &Connection,
    sql: &Statements,
    sealer: &Sealer,
    op_id: &OpId,
) -> rusqlite::Result<Option<OperationView>> {
    connection
        .prepare_cached(&sql.find)?
        .query_row([op_id.as_str()], |found| {
            Ok(OperationView {
                op_id: identity(found, 0, OpId::new)?,
                owner_id: identity(found, 1, OwnerId::new)?,
                biz_key: identity(found, 2, BizKey::new)?,
                event_type: found.get(3)?,
                state: state(found, 4)?,
                attempts: found.get(5)?,
                outcome: outcome_view(found, sealer)?,
                progress: progress(found)?,
                next_attempt_at: optional_time(found, 12)?,
                accepted_at: time(found, 13)?,
                updated_at: time(found, 14)?,
                completed_at: optional_time(found, 15)?,
            })
        })
        .optional()
}

pub(super) fn state(found: &rusqlite::Row<'_>, at: usize) -> rusqlite::Result<OperationState> {
    found
        .get::<_, String>(at)?
        .parse()
        .map_err(|error| unreadable(at, error))
}

fn outcome_view(
    found: &rusqlite::Row<'_>,
    sealer: &Sealer,
) -> rusqlite::Result<Option<OutcomeView>> {
    let Some(message) = found.get::<_, Option<String>>(6)? else {
        return Ok(None);
    };
    let result: Option<String> = found.get(8)?;
    let open = |stored| {
        let (op_id, event_type): (String, String) = (found.get(0)?, found.get(3)?);
        let text = sealer.open(SealedColumn::Result, &op_id, &event_type, stored);
        let text = text.map_err(|error| unreadable(8, error))?;
        serde_json::from_str(&text).map_err(|error| unreadable(8, error))
    };
    let result = result.map(open).transpose()?;
    let view = OutcomeView {
        code: found.get(9)?,
        message,
        provider_ref: found.get(7)?,
        result,
    };
    Ok(Some(view))
}

fn progress(found: &rusqlite::Row<'_>) -> rusqlite::Result<Option<Progress>> {
    let done: Option<i64> = found.get(10)?;
    let total: Option<i64> = found.get(11)?;
    let count = |number: i64| u64::try_from(number).unwrap_or(0);
    Ok(done.zip(total).map(|(done, total)| Progress {
        done: count(done),
        total: count(total),
    }))
}

pub(super) fn command(
    connection: &Connection,
    sql: &Statements,
    sealer: &Sealer,
    op_id: &OpId,
) -> rusqlite::Result<Option<StoredCommand>> {
    connection
        .prepare_cached(&sql.command)?
        .query_row([op_id.as_str()], |found| {
            let event_type: String = found.get(1)?;
            let stored = found.get(2)?;
            let payload = sealer.open(SealedColumn::Payload, op_id.as_str(), &event_type, stored);
            Ok(StoredCommand {
                owner_id: identity(found, 0, OwnerId::new)?,
                event_type,
                payload: payload.map_err(|error| unreadable(2, error))?,
                state: state(found, 3)?,
                idem_key: identity(found, 4, IdemKey::new)?,
            })
        })
        .optional()
}

pub(super) fn history(
    connection: &Connection,
    sql: &Statements,
    sealer: &Sealer,
    op_id: &OpId,
) -> rusqlite::Result<Vec<HistoryEntry>> {
    let mut statement = connection.prepare_cached(&sql.history)?;
    let entries = statement.query_map([op_id.as_str()], |found| {
        let text: Option<String> = found.get(2)?;
        let (fence, event_type): (u32, String) = (found.get(5)?, found.get(6)?);
        let detail = |text| sealer.detail(op_id.as_str(), &event_type, fence, text);
        Ok(HistoryEntry {
            attempt: found.get(0)?,
            outcome: found.get(1)?,
            detail: text.map(detail),
            started_at: time(found, 3)?,
            recorded_at: optional_time(found, 4)?,
        })
    })?;
    entries.collect()
}

pub(super) fn count_by_state(
    connection: &mut Connection,
    sql: &Statements,
) -> rusqlite::Result<Vec<(OperationState, u64)>> {
    let mut statement = connection.prepare_cached(&sql.count_by_state)?;
    let counts = statement.query_map([], |found| {
        let count: i64 = found.get(1)?;
        Ok((state(found, 0)?, u64::try_from(count).unwrap_or(0)))
    })?;
    counts.collect()
}

pub(super) fn backlog(
    connection: &Connection,
    sql: &Statements,
    now: Timestamp,
) -> rusqlite::Result<Backlog> {
    let mut statement = connection.prepare_cached(&sql.backlog)?;
    statement.query_row([to_millis(now)], |found| {
        let count = |at| {
            found
                .get(at)
                .map(|count: i64| u64::try_from(count).unwrap_or(0))
        };
        Ok(Backlog {
            pending: count(0)?,
            in_progress: count(1)?,
            unknown: count(2)?,
            parked: count(3)?,
            due_since: optional_time(found, 4)?,
            unknown_since: optional_time(found, 5)?,
            wal_pending: count(6)?,
            wal_pending_since: optional_time(found, 7)?,
        })
    })
}
