//! Writes after a claim: each carries its fence.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};

use crate::clock::{Timestamp, to_millis};
use crate::ids::{Fence, OpId};
use crate::operation::decision::{Settlement, UNKNOWN};
use crate::operation::outcome::{self, Outcome};
use crate::store::hook::{Hook, HookDriver, HookError, HookTx};
use crate::store::sqlite::row;
use crate::store::sqlite::statements::Statements;
use crate::store::{Applied, Finalized, Lease};
use crate::value::{Row, Value};
use crate::wal::WalState;

/// Who writes: an operation and the fence of the term.
pub(super) type TermKey<'a> = (&'a str, Fence);

/// An answer on its way into the log.
pub(super) struct Entry {
    op_id: OpId,
    fence: Fence,
    attempt: u32,
    kind: &'static str,
    outcome: String,
    redacted: Option<String>,
    unaccounted_at: Option<Timestamp>,
}

impl Entry {
    pub(super) fn new(lease: &Lease, outcome: &Outcome) -> Self {
        Self {
            op_id: lease.op_id().clone(),
            fence: lease.fence,
            attempt: lease.facts.attempts,
            kind: outcome.kind(),
            outcome: outcome::encode(outcome),
            redacted: lease.redacted.clone(),
            unaccounted_at: lease.facts.unaccounted_at,
        }
    }

    /// What is written to the operation's row.
    pub(super) fn end<'a>(&'a self, settlement: &'a Settlement) -> End<'a> {
        End {
            settlement,
            redacted: self.redacted.as_deref(),
            unaccounted_at: self.unaccounted_at,
        }
    }

    pub(super) fn term(&self) -> TermKey<'_> {
        (self.op_id.as_str(), self.fence)
    }

    pub(super) fn write(
        &self,
        connection: &Connection,
        sql: &Statements,
        now: Timestamp,
        state: WalState,
    ) -> rusqlite::Result<()> {
        connection
            .prepare_cached(&sql.log_outcome)?
            .execute(params![
                self.op_id.as_str(),
                self.fence.0,
                self.attempt,
                state.as_str(),
                self.kind,
                self.outcome,
                to_millis(now),
            ])?;
        Ok(())
    }
}

/// What a term came to.
#[derive(Clone, Copy)]
pub(super) struct End<'a> {
    pub(super) settlement: &'a Settlement,
    /// Takes the payload's place when the operation has ended.
    pub(super) redacted: Option<&'a str>,
    pub(super) unaccounted_at: Option<Timestamp>,
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

/// The columns of `settle.sql` that depend on what was decided.
#[derive(Default)]
struct Columns<'a> {
    next_attempt_at: Option<i64>,
    unaccounted_at: Option<i64>,
    message: &'a str,
    provider_ref: Option<&'a str>,
    result: Option<String>,
    error_code: Option<&'a str>,
    error_cause: Option<&'a str>,
}

fn columns(end: End<'_>) -> Columns<'_> {
    let unaccounted_at = end.unaccounted_at.map(to_millis);
    match end.settlement {
        Settlement::Complete {
            message,
            provider_ref,
            result,
        } => Columns {
            message,
            provider_ref: provider_ref.as_deref(),
            result: result.as_ref().map(ToString::to_string),
            ..Columns::default()
        },
        Settlement::Fail {
            code,
            message,
            cause,
        } => Columns {
            message,
            error_code: Some(code),
            error_cause: cause.as_deref(),
            ..Columns::default()
        },
        Settlement::Retry {
            at,
            reason,
            ambiguous,
        } => Columns {
            next_attempt_at: Some(to_millis(*at)),
            unaccounted_at: unaccounted_at.filter(|_| *ambiguous),
            message: reason,
            ..Columns::default()
        },
        Settlement::Ask { at, reason } => Columns {
            next_attempt_at: Some(to_millis(*at)),
            unaccounted_at,
            message: reason,
            error_code: Some(UNKNOWN),
            ..Columns::default()
        },
        Settlement::Park { code, reason } => Columns {
            unaccounted_at,
            message: reason,
            error_code: Some(code),
            ..Columns::default()
        },
    }
}

pub(super) fn apply(
    connection: &Connection,
    sql: &Statements,
    now: Timestamp,
    (op_id, fence): TermKey<'_>,
    end: End<'_>,
) -> rusqlite::Result<Applied> {
    let columns = columns(end);
    let changed = connection.prepare_cached(&sql.settle)?.execute(params![
        op_id,
        fence.0,
        to_millis(now),
        end.settlement.state().as_str(),
        columns.next_attempt_at,
        columns.unaccounted_at,
        columns.message,
        columns.provider_ref,
        columns.result,
        columns.error_code,
        columns.error_cause,
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
    end: End<'_>,
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

/// Polls the hook once. All it may wait for is its own transaction, which on SQLite is always ready.
fn run_hook(connection: &mut Connection, hook: &mut Hook) -> Result<(), HookError> {
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
            .map_err(|error| HookError::new(error.to_string()))?;
        Ok(changed as u64)
    }

    async fn query(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>, HookError> {
        row::query(self.connection, sql, params).map_err(|error| HookError::new(error.to_string()))
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
        log_lost.execute(params![op_id, fence, super::lost_text(), to_millis(now)])?;
    }
    // One whose name is none is set aside when it is claimed.
    let names = lost.into_iter().map(|(op_id, _)| OpId::new(op_id));
    Ok(names.filter_map(Result::ok).collect())
}
