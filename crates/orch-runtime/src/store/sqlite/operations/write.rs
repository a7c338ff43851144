//! Writes after a claim: each carries its fence.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use rusqlite::{Connection, ErrorCode, OptionalExtension, params, params_from_iter};

use crate::clock::{Timestamp, to_millis};
use crate::ids::{Fence, OpId};
use crate::store::hook::{Hook, HookDriver, HookError, HookErrorKind, HookTx};
use crate::store::settled::{End, Entry, lost_text};
use crate::store::sqlite::row;
use crate::store::sqlite::statements::Statements;
use crate::store::{Applied, Finalized};
use crate::value::{Row, Value};
use crate::wal::WalState;

/// Who writes: an operation and the fence of the term.
pub(super) type TermKey<'a> = (&'a str, Fence);

/// Writes an answer to the log.
pub(super) fn log(
    connection: &Connection,
    sql: &Statements,
    entry: &Entry,
    now: Timestamp,
    state: WalState,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(&sql.log_outcome)?
        .execute(params![
            entry.op_id.as_str(),
            entry.fence.0,
            entry.attempt,
            state.as_str(),
            entry.kind,
            entry.outcome,
            to_millis(now),
        ])?;
    Ok(())
}

pub(super) fn owns(
    connection: &Connection,
    sql: &Statements,
    (op_id, fence): TermKey<'_>,
) -> rusqlite::Result<bool> {
    let row = connection
        .prepare_cached(&sql.owns)?
        .query_row(params![op_id, fence.0], |_| Ok(()))
        .optional()?;
    Ok(row.is_some())
}

/// Whether the very same answer was applied before, by a commit whose success was not seen.
pub(super) fn is_repeated(
    connection: &Connection,
    sql: &Statements,
    entry: &Entry,
) -> rusqlite::Result<bool> {
    let row = connection
        .prepare_cached(&sql.repeated)?
        .query_row(
            params![entry.op_id.as_str(), entry.fence.0, entry.outcome],
            |_| Ok(()),
        )
        .optional()?;
    Ok(row.is_some())
}

pub(super) fn apply(
    connection: &Connection,
    sql: &Statements,
    now: Timestamp,
    (op_id, fence): TermKey<'_>,
    end: &End,
) -> rusqlite::Result<Applied> {
    let changed = connection.prepare_cached(&sql.settle)?.execute(params![
        op_id,
        fence.0,
        to_millis(now),
        end.state.as_str(),
        end.next_attempt_at.map(to_millis),
        end.unaccounted_at.map(to_millis),
        end.message,
        end.provider_ref,
        end.result,
        end.error_code,
        end.error_cause,
        end.redacted,
    ])?;
    Ok(if changed == 1 {
        Applied::Yes
    } else {
        Applied::Stale
    })
}

/// Applies a recorded answer and runs the hook inside a savepoint of its own, so that a refusing hook
/// leaves its neighbours in the shared commit alone.
pub(super) fn finalize(
    connection: &mut Connection,
    sql: &Statements,
    now: Timestamp,
    term: TermKey<'_>,
    end: &End,
    hook: &mut Hook,
) -> rusqlite::Result<Finalized> {
    connection.execute_batch("savepoint hook")?;
    let applied = apply(connection, sql, now, term, end)?;
    let answer = match applied {
        Applied::Stale => Ok(()),
        Applied::Yes => run_hook(connection, hook),
    };
    if let Err(error) = answer {
        connection.execute_batch("rollback to hook; release hook")?;
        return Ok(Finalized::HookFailed(error.to_string()));
    }
    let (state, finalized) = match applied {
        Applied::Yes => (WalState::Completed, Finalized::Applied),
        Applied::Stale => (WalState::Late, Finalized::Stale),
    };
    let (op_id, fence) = term;
    connection
        .prepare_cached(&sql.log_applied)?
        .execute(params![op_id, fence.0, state.as_str(), to_millis(now)])?;
    connection.execute_batch("release hook")?;
    Ok(finalized)
}

/// Polls `hook` once. All it may wait for is its own transaction, which on SQLite is always ready.
pub(in crate::store::sqlite) fn run_hook(
    connection: &mut Connection,
    hook: &mut Hook,
) -> Result<(), HookError> {
    let mut driver = Driver { connection };
    let mut future = hook(HookTx::new(&mut driver));
    let mut context = Context::from_waker(Waker::noop());
    let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(&mut context)));
    match polled {
        Ok(Poll::Ready(answer)) => answer,
        Ok(Poll::Pending) => Err(HookError::new(
            "the finalize hook waited for something other than its transaction",
        )),
        Err(_) => Err(HookError::new("the finalize hook panicked")),
    }
}

/// A statement of a hook failed.
fn refused(error: rusqlite::Error) -> HookError {
    let kind = match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => HookErrorKind::Constraint,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => HookErrorKind::Busy,
        _ => HookErrorKind::Refusal,
    };
    HookError::of(kind, error.to_string())
}

struct Driver<'c> {
    connection: &'c mut Connection,
}

#[async_trait]
impl HookDriver for Driver<'_> {
    async fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, HookError> {
        let changed = self
            .connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.execute(params_from_iter(params)))
            .map_err(refused)?;
        Ok(changed as u64)
    }

    async fn query(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>, HookError> {
        row::query(self.connection, sql, params).map_err(refused)
    }

    fn sqlite(&mut self) -> Option<&mut Connection> {
        Some(self.connection)
    }
}

pub(super) fn reap(
    connection: &Connection,
    sql: &Statements,
    now: Timestamp,
    limit: u32,
) -> rusqlite::Result<Vec<OpId>> {
    let lost: Vec<(String, u32)> = connection
        .prepare_cached(&sql.reap)?
        .query_map(params![to_millis(now), limit], |found| {
            Ok((found.get(0)?, found.get(1)?))
        })?
        .collect::<rusqlite::Result<_>>()?;
    let mut log_lost = connection.prepare_cached(&sql.log_lost)?;
    for (op_id, fence) in &lost {
        log_lost.execute(params![op_id, fence, lost_text(), to_millis(now)])?;
    }
    // One whose name is none is set aside when it is claimed.
    let names = lost.into_iter().map(|(op_id, _)| OpId::new(op_id));
    Ok(names.filter_map(Result::ok).collect())
}
