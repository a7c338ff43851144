//! [`OperationStore`] on one SQLite file.

use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::{Connection, params};

use crate::clock::{Timestamp, from_millis, to_millis};
use crate::fault::Step;
use crate::ids::{Fence, OpId};
use crate::operation::decision::Settlement;
use crate::operation::outcome::Outcome;
use crate::operation::state::OperationState;
use crate::operation::view::{HistoryEntry, OperationView};
use crate::store::hook::{Hook, HookError, HookTx};
use crate::store::sealer::Sealer;
use crate::store::{
    Accepted, Applied, Backlog, Beat, Claim, Finalized, KeyUse, Lease, LogPosition, NewOperation,
    OperationStore, PendingOutcome, Rotated, StoreError, StoredCommand, Tables, Term,
};
use crate::value::{Row, Value};
use crate::wal::WalState;

use super::statements::Statements;
use super::{SqliteStore, sqlite_error};

mod accept;
mod callbacks;
mod read;
mod rotate;
mod write;

/// The operations of one domain.
#[derive(Debug)]
pub(super) struct SqliteOperations {
    store: SqliteStore,
    tables: Tables,
    sql: Arc<Statements>,
    sealer: Sealer,
}

impl SqliteOperations {
    pub(super) fn new(store: SqliteStore, tables: Tables) -> Self {
        Self {
            sealer: Sealer::new(tables.domain, store.cipher.clone()),
            store,
            tables,
            sql: Arc::new(Statements::new(&tables)),
        }
    }

    async fn write<T, F>(
        &self,
        operation: &'static str,
        step: Option<Step>,
        mut run: F,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Connection, &Statements) -> rusqlite::Result<T> + Send + 'static,
    {
        let sql = Arc::clone(&self.sql);
        let run = move |connection: &mut Connection| {
            run(connection, &sql).map_err(sqlite_error(operation))
        };
        self.store.committer.submit(step, run).await
    }

    async fn read<T, F>(&self, operation: &'static str, read: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection, &Statements) -> rusqlite::Result<T> + Send + 'static,
    {
        let sql = Arc::clone(&self.sql);
        self.store
            .read(operation, move |connection| read(connection, &sql))
            .await
    }
}

#[async_trait]
impl OperationStore for SqliteOperations {
    async fn accept(
        &self,
        operation: NewOperation,
        term: Option<Term>,
    ) -> Result<Accepted, StoreError> {
        let columns = self.tables.columns;
        let (operation, opened) = self.sealer.accept(operation)?;
        let accepted = self.write("accept", Some(Step::Accept), move |connection, sql| {
            accept::accept(connection, sql, columns, &operation, term.as_ref())
        });
        Ok(opened.answer(accepted.await?))
    }

    async fn accept_in(
        &self,
        tx: &mut HookTx<'_>,
        operation: NewOperation,
        term: Option<Term>,
    ) -> Result<Accepted, StoreError> {
        let (operation, opened) = self.sealer.accept(operation)?;
        let connection = tx.sqlite().ok_or_else(StoreError::foreign_transaction)?;
        let (columns, term) = (self.tables.columns, term.as_ref());
        accept::accept(connection, &self.sql, columns, &operation, term)
            .map(|accepted| opened.answer(accepted))
            .map_err(sqlite_error("accept"))
    }

    async fn claim(&self, now: Timestamp, claim: Claim) -> Result<Vec<Lease>, StoreError> {
        let (kinds, sealer) = (accept::json_list(&claim.event_types), self.sealer.clone());
        self.write("claim", Some(Step::Claim), move |connection, sql| {
            let due = (now, &*kinds);
            let leases = accept::claim(connection, sql, &sealer, &sql.claim, &claim, due)?;
            for lease in &leases {
                accept::write_intent(connection, sql, lease, now)?;
            }
            Ok(leases)
        })
        .await
    }

    async fn claim_unknown(&self, now: Timestamp, claim: Claim) -> Result<Vec<Lease>, StoreError> {
        let (kinds, sealer) = (accept::json_list(&claim.event_types), self.sealer.clone());
        let step = Some(Step::Claim);
        self.write("claim unknown", step, move |connection, sql| {
            let due = (now, &*kinds);
            accept::claim(connection, sql, &sealer, &sql.claim_unknown, &claim, due)
        })
        .await
    }

    async fn heartbeat(&self, beats: Vec<Beat>, expires_at: Timestamp) -> Result<(), StoreError> {
        self.write("heartbeat", None, move |connection, sql| {
            let mut beat = connection.prepare_cached(&sql.heartbeat)?;
            for one in &beats {
                let progress = one.progress.map(|progress| {
                    let cut = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
                    (cut(progress.done), cut(progress.total))
                });
                beat.execute(params![
                    one.op_id.as_str(),
                    one.fence.0,
                    to_millis(expires_at),
                    progress.map(|(done, _)| done),
                    progress.map(|(_, total)| total),
                ])?;
            }
            Ok(())
        })
        .await
    }

    async fn settle(
        &self,
        now: Timestamp,
        lease: &Lease,
        outcome: &Outcome,
        settlement: Settlement,
    ) -> Result<Applied, StoreError> {
        let entry = self.sealer.entry(lease, outcome)?;
        let end = self.sealer.end(lease, settlement)?;
        self.write("settle", Some(Step::Settle), move |connection, sql| {
            let term = (entry.op_id.as_str(), entry.fence);
            let applied = write::apply(connection, sql, now, term, &end)?;
            if applied == Applied::Stale && write::is_repeated(connection, sql, &entry)? {
                return Ok(Applied::Yes);
            }
            let state = match applied {
                Applied::Yes => WalState::Completed,
                Applied::Stale => WalState::Late,
            };
            write::log(connection, sql, &entry, now, state)?;
            Ok(applied)
        })
        .await
    }

    async fn record(
        &self,
        now: Timestamp,
        lease: &Lease,
        outcome: &Outcome,
    ) -> Result<Applied, StoreError> {
        let entry = self.sealer.entry(lease, outcome)?;
        self.write("record", Some(Step::Record), move |connection, sql| {
            let owns = write::owns(connection, sql, (entry.op_id.as_str(), entry.fence))?;
            let (applied, state) = if owns {
                (Applied::Yes, WalState::Pending)
            } else {
                (Applied::Stale, WalState::Late)
            };
            write::log(connection, sql, &entry, now, state)?;
            Ok(applied)
        })
        .await
    }

    async fn finalize(
        &self,
        now: Timestamp,
        lease: &Lease,
        settlement: Settlement,
        mut hook: Hook,
    ) -> Result<Finalized, StoreError> {
        let (op_id, fence) = (lease.op_id().clone(), lease.fence);
        let end = self.sealer.end(lease, settlement)?;
        self.write("finalize", Some(Step::Finalize), move |connection, sql| {
            let term = (op_id.as_str(), fence);
            write::finalize(connection, sql, now, term, &end, &mut hook)
        })
        .await
    }

    async fn pending_outcomes(
        &self,
        before: Timestamp,
        after: Option<LogPosition>,
        limit: u32,
    ) -> Result<Vec<PendingOutcome>, StoreError> {
        let sealer = self.sealer.clone();
        self.read("pending outcomes", move |connection, sql| {
            let page = (before, after.as_ref(), limit);
            read::pending_outcomes(connection, sql, &sealer, page)
        })
        .await
    }

    async fn set_aside(&self, op_id: &str, fence: Fence) -> Result<(), StoreError> {
        let op_id = op_id.to_owned();
        self.write("set aside", None, move |connection, sql| {
            connection
                .prepare_cached(&sql.set_aside)?
                .execute(params![op_id, fence.0])?;
            Ok(())
        })
        .await
    }

    async fn reap(&self, now: Timestamp, limit: u32) -> Result<Vec<OpId>, StoreError> {
        self.write("reap", Some(Step::Reap), move |connection, sql| {
            write::reap(connection, sql, now, limit)
        })
        .await
    }

    async fn next_due(&self, from: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        self.read("next due", move |connection, sql| {
            earliest(connection, &sql.next_due, from)
        })
        .await
    }

    async fn next_expiry(&self, after: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        self.read("next expiry", move |connection, sql| {
            earliest(connection, &sql.next_expiry, after)
        })
        .await
    }

    async fn purge(&self, before: Timestamp, limit: u32) -> Result<usize, StoreError> {
        self.write("purge", None, move |connection, sql| {
            connection
                .prepare_cached(&sql.purge)?
                .execute(params![to_millis(before), limit])
        })
        .await
    }

    async fn rotate(&self, after: Option<String>, limit: u32) -> Result<Rotated, StoreError> {
        self.rotate_operations(after, limit).await
    }

    async fn keys_in_use(&self) -> Result<Vec<KeyUse>, StoreError> {
        self.read("keys in use", rotate::keys_in_use).await
    }

    fn key_ids(&self) -> Vec<String> {
        self.sealer.key_ids()
    }

    async fn find(&self, op_id: &OpId) -> Result<Option<OperationView>, StoreError> {
        let (op_id, sealer) = (op_id.clone(), self.sealer.clone());
        self.read("find", move |connection, sql| {
            read::find(connection, sql, &sealer, &op_id)
        })
        .await
    }

    async fn command(&self, op_id: &OpId) -> Result<Option<StoredCommand>, StoreError> {
        let (op_id, sealer) = (op_id.clone(), self.sealer.clone());
        self.read("command", move |connection, sql| {
            read::command(connection, sql, &sealer, &op_id)
        })
        .await
    }

    async fn history(&self, op_id: &OpId) -> Result<Vec<HistoryEntry>, StoreError> {
        let (op_id, sealer) = (op_id.clone(), self.sealer.clone());
        self.read("history", move |connection, sql| {
            read::history(connection, sql, &sealer, &op_id)
        })
        .await
    }

    async fn count_by_state(&self) -> Result<Vec<(OperationState, u64)>, StoreError> {
        self.read("count by state", read::count_by_state).await
    }

    async fn backlog(&self, now: Timestamp) -> Result<Backlog, StoreError> {
        self.read("backlog", move |connection, sql| {
            read::backlog(connection, sql, now)
        })
        .await
    }

    async fn query(&self, sql: String, params: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        self.store.query(sql, params).await
    }
}

/// The one time that a statement finds behind `from`.
fn earliest(
    connection: &Connection,
    sql: &str,
    from: Timestamp,
) -> rusqlite::Result<Option<Timestamp>> {
    let millis: Option<i64> = connection
        .prepare_cached(sql)?
        .query_row([to_millis(from)], |row| row.get(0))?;
    Ok(millis.map(from_millis))
}

/// Runs `work` so that its refusal leaves its neighbours in the shared commit alone.
pub(super) fn in_savepoint(
    connection: &mut Connection,
    work: &mut Hook,
) -> rusqlite::Result<Result<(), HookError>> {
    let run = |connection: &Connection, sql| connection.prepare_cached(sql)?.execute([]);
    run(connection, "savepoint hook")?;
    let done = write::run_hook(connection, work);
    if done.is_err() {
        run(connection, "rollback to hook")?;
    }
    run(connection, "release hook")?;
    Ok(done)
}
