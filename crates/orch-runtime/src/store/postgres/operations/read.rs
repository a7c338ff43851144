//! Reading operations and their log.

use sqlx::Row as _;
use sqlx::postgres::PgRow;

use crate::clock::from_millis;
use crate::ids::{BizKey, Fence, IdemKey, OpId, OwnerId};
use crate::operation::outcome::{self, Outcome};
use crate::operation::state::OperationState;
use crate::operation::view::{HistoryEntry, OperationView, OutcomeView, Progress};
use crate::store::postgres::row::{self, identity, unreadable};
use crate::store::sealer::Sealer;
use crate::store::{Backlog, Lease, LogPosition, PendingOutcome, SealedColumn, StoredCommand};

pub(super) fn pending_outcome(
    found: &PgRow,
    sealer: &Sealer,
) -> Result<PendingOutcome, sqlx::Error> {
    Ok(PendingOutcome {
        position: LogPosition {
            created_at: found.try_get(14)?,
            op_id: found.try_get(0)?,
        },
        fence: Fence(row::count(found, 4)?),
        content: recorded(found, sealer),
    })
}

/// A term and its answer.
fn recorded(found: &PgRow, sealer: &Sealer) -> Result<(Lease, Outcome), String> {
    let text: Option<String> = found.try_get(13).unwrap_or_default();
    let text = text.ok_or("the outcome is missing or no text")?;
    // The term has ended; what is written for it is protected by its fence.
    let lease = row::lease(found, sealer, from_millis(0)).map_err(|error| error.to_string())?;
    let (op_id, fence) = (lease.op_id().as_str(), lease.fence.0);
    let text = sealer.open_outcome(op_id, &lease.event_type, fence, text);
    let outcome = outcome::decode(&text.map_err(|error| error.to_string())?)?;
    Ok((lease, outcome))
}

pub(super) fn view(found: &PgRow, sealer: &Sealer) -> Result<OperationView, sqlx::Error> {
    Ok(OperationView {
        op_id: identity(found, 0, OpId::new)?,
        owner_id: identity(found, 1, OwnerId::new)?,
        biz_key: identity(found, 2, BizKey::new)?,
        event_type: found.try_get(3)?,
        state: state(found, 4)?,
        attempts: row::count(found, 5)?,
        outcome: outcome_view(found, sealer)?,
        progress: progress(found)?,
        next_attempt_at: found.try_get(12)?,
        accepted_at: found.try_get(13)?,
        updated_at: found.try_get(14)?,
        completed_at: found.try_get(15)?,
    })
}

pub(super) fn state(found: &PgRow, at: usize) -> Result<OperationState, sqlx::Error> {
    let text: String = found.try_get(at)?;
    text.parse().map_err(|error| unreadable(at, error))
}

pub(super) fn command(
    found: &PgRow,
    sealer: &Sealer,
    op_id: &OpId,
) -> Result<StoredCommand, sqlx::Error> {
    let event_type: String = found.try_get(1)?;
    let stored = found.try_get(2)?;
    let payload = sealer.open(SealedColumn::Payload, op_id.as_str(), &event_type, stored);
    Ok(StoredCommand {
        owner_id: identity(found, 0, OwnerId::new)?,
        event_type,
        payload: payload.map_err(|error| unreadable(2, error))?,
        state: state(found, 3)?,
        idem_key: identity(found, 4, IdemKey::new)?,
    })
}

fn outcome_view(found: &PgRow, sealer: &Sealer) -> Result<Option<OutcomeView>, sqlx::Error> {
    let Some(message) = found.try_get::<Option<String>, _>(6)? else {
        return Ok(None);
    };
    let result: Option<String> = found.try_get(8)?;
    let open = |stored| {
        let (op_id, event_type): (String, String) = (found.try_get(0)?, found.try_get(3)?);
        let text = sealer.open(SealedColumn::Result, &op_id, &event_type, stored);
        let text = text.map_err(|error| unreadable(8, error))?;
        serde_json::from_str(&text).map_err(|error| unreadable(8, error))
    };
    Ok(Some(OutcomeView {
        code: found.try_get(9)?,
        message,
        provider_ref: found.try_get(7)?,
        result: result.map(open).transpose()?,
    }))
}

fn progress(found: &PgRow) -> Result<Option<Progress>, sqlx::Error> {
    let done: Option<i64> = found.try_get(10)?;
    let total: Option<i64> = found.try_get(11)?;
    let count = |number: i64| u64::try_from(number).unwrap_or(0);
    Ok(done.zip(total).map(|(done, total)| Progress {
        done: count(done),
        total: count(total),
    }))
}

pub(super) fn history_entry(
    found: &PgRow,
    sealer: &Sealer,
    op_id: &OpId,
) -> Result<HistoryEntry, sqlx::Error> {
    let text: Option<String> = found.try_get(2)?;
    let (fence, event_type): (u32, String) = (row::count(found, 5)?, found.try_get(6)?);
    let detail = |text| sealer.detail(op_id.as_str(), &event_type, fence, text);
    Ok(HistoryEntry {
        attempt: row::count(found, 0)?,
        outcome: found.try_get(1)?,
        detail: text.map(detail),
        started_at: found.try_get(3)?,
        recorded_at: found.try_get(4)?,
    })
}

pub(super) fn count(found: &PgRow) -> Result<(OperationState, u64), sqlx::Error> {
    let count: i64 = found.try_get(1)?;
    Ok((state(found, 0)?, u64::try_from(count).unwrap_or(0)))
}

pub(super) fn backlog(found: &PgRow) -> Result<Backlog, sqlx::Error> {
    let count = |at: usize| -> Result<u64, sqlx::Error> {
        Ok(u64::try_from(found.try_get::<i64, _>(at)?).unwrap_or(0))
    };
    Ok(Backlog {
        pending: count(0)?,
        in_progress: count(1)?,
        unknown: count(2)?,
        parked: count(3)?,
        due_since: found.try_get(4)?,
        unknown_since: found.try_get(5)?,
        wal_pending: count(6)?,
        wal_pending_since: found.try_get(7)?,
    })
}
