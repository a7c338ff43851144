//! [`OperationStore`] on PostgreSQL.

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::SqlStr;
use sqlx::postgres::PgRow;

use crate::clock::Timestamp;
use crate::ids::{Fence, OpId};
use crate::operation::decision::Settlement;
use crate::operation::outcome::Outcome;
use crate::operation::state::OperationState;
use crate::operation::view::{HistoryEntry, OperationView};
use crate::store::hook::{Hook, HookTx};
use crate::store::sealer::Sealer;
use crate::store::{
    Accepted, Applied, Backlog, Beat, Claim, Finalized, KeyUse, Lease, LogPosition, NewOperation,
    OperationStore, PendingOutcome, Rotated, StoreError, StoreErrorKind, StoredCommand, Tables,
    Term,
};
use crate::value::{Row, Value};

use super::PostgresStore;
use super::committer::{Accept, AcceptSql, Answer, Record, Settle, SettleSql, Work};
use super::error::postgres_error;
use super::row::{Statement, number};
use super::statements::{self, Statements};

mod callbacks;
pub(super) mod claim;
pub(super) mod finalize;
mod read;
mod rotate;

/// The operations of one domain.
#[derive(Debug)]
pub(super) struct PostgresOperations {
    store: PostgresStore,
    domain: &'static str,
    accept: Arc<AcceptSql>,
    settle: Arc<SettleSql>,
    sql: Statements,
    sealer: Sealer,
}

impl PostgresOperations {
    pub(super) fn new(store: PostgresStore, tables: Tables) -> Self {
        let sql = Statements::new(&tables);
        Self {
            sealer: Sealer::new(tables.domain, store.cipher.clone()),
            store,
            domain: tables.domain,
            accept: Arc::new(AcceptSql::new(tables, sql.accepted.clone())),
            settle: Arc::new(statements::settle(&tables)),
            sql,
        }
    }

    /// A statement, named where the connection keeps names.
    fn statement(&self, sql: &SqlStr) -> Statement {
        sqlx::query(sql.clone()).persistent(!self.store.link.wrapped)
    }

    async fn rows(
        &self,
        operation: &'static str,
        statement: Statement,
    ) -> Result<Vec<PgRow>, StoreError> {
        let mut session = self.store.link.session(operation).await?;
        let rows = statement.fetch_all(session.connection()).await;
        let rows = rows.map_err(postgres_error(operation))?;
        session.end(operation).await?;
        Ok(rows)
    }

    async fn execute(
        &self,
        operation: &'static str,
        statement: Statement,
    ) -> Result<u64, StoreError> {
        let mut session = self.store.link.session(operation).await?;
        let done = statement.execute(session.connection()).await;
        let done = done.map_err(postgres_error(operation))?;
        session.end(operation).await?;
        Ok(done.rows_affected())
    }

    /// The one time that a statement finds behind `from`.
    async fn earliest(
        &self,
        operation: &'static str,
        sql: &SqlStr,
        from: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let rows = self.rows(operation, self.statement(sql).bind(from)).await?;
        let found = rows.first().map(|row| sqlx::Row::try_get(row, 0));
        found.unwrap_or(Ok(None)).map_err(postgres_error(operation))
    }

    async fn apply(&self, work: Work) -> Result<Applied, StoreError> {
        match self.store.committer.submit(work).await? {
            Answer::Applied(applied) => Ok(applied),
            Answer::Accepted(_) => Err(mixed_up()),
        }
    }
}

fn mixed_up() -> StoreError {
    let problem = "the committer answered another question";
    StoreError::new(StoreErrorKind::Corrupt, "commit", problem)
}

#[async_trait]
impl OperationStore for PostgresOperations {
    async fn accept(
        &self,
        operation: NewOperation,
        term: Option<Term>,
    ) -> Result<Accepted, StoreError> {
        let (operation, opened) = self.sealer.accept(operation)?;
        let accept = Arc::new(Accept { operation, term });
        let work = Work::Accept(Arc::clone(&self.accept), accept);
        match self.store.committer.submit(work).await? {
            Answer::Accepted(accepted) => Ok(opened.answer(accepted)),
            Answer::Applied(_) => Err(mixed_up()),
        }
    }

    async fn accept_in(
        &self,
        tx: &mut HookTx<'_>,
        operation: NewOperation,
        term: Option<Term>,
    ) -> Result<Accepted, StoreError> {
        let (operation, opened) = self.sealer.accept(operation)?;
        let connection = tx.postgres().ok_or_else(StoreError::foreign_transaction)?;
        let accept = Accept { operation, term };
        accept
            .write_alone(connection, &self.store.link, &self.accept)
            .await
            .map(|accepted| opened.answer(accepted))
            .map_err(postgres_error("accept"))
    }

    async fn accept_all_in(
        &self,
        tx: &mut HookTx<'_>,
        operations: Vec<(NewOperation, Option<Term>)>,
    ) -> Result<Vec<Accepted>, StoreError> {
        let connection = tx.postgres().ok_or_else(StoreError::foreign_transaction)?;
        let (mut accepts, mut opened) = (Vec::new(), Vec::new());
        for (operation, term) in operations {
            let (operation, command) = self.sealer.accept(operation)?;
            accepts.push(Accept { operation, term });
            opened.push(command);
        }
        let accepted =
            Accept::write_all(&accepts, connection, &self.store.link, &self.accept).await;
        let accepted = accepted.map_err(postgres_error("accept"))?;
        let answers = opened.into_iter().zip(accepted);
        Ok(answers
            .map(|(command, accepted)| command.answer(accepted))
            .collect())
    }

    async fn claim(&self, now: Timestamp, claim: Claim) -> Result<Vec<Lease>, StoreError> {
        let statement = self
            .claiming(&self.sql.claim, now, &claim)
            .bind(claim.repeats)
            .bind(claim.due_from);
        self.lease(statement, now, claim.term.expires_at).await
    }

    async fn claim_unknown(&self, now: Timestamp, claim: Claim) -> Result<Vec<Lease>, StoreError> {
        let statement = self.claiming(&self.sql.claim_unknown, now, &claim);
        self.lease(statement, now, claim.term.expires_at).await
    }

    async fn heartbeat(&self, beats: Vec<Beat>, expires_at: Timestamp) -> Result<(), StoreError> {
        let cut = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let progress = |part: fn(&crate::operation::view::Progress) -> u64| -> Vec<Option<i64>> {
            let parts = beats.iter().map(|beat| beat.progress.as_ref().map(part));
            parts.map(|part| part.map(cut)).collect()
        };
        let statement = self
            .statement(&self.sql.heartbeat)
            .bind(
                beats
                    .iter()
                    .map(|beat| beat.op_id.as_str())
                    .collect::<Vec<_>>(),
            )
            .bind(
                beats
                    .iter()
                    .map(|beat| number(beat.fence.0))
                    .collect::<Vec<_>>(),
            )
            .bind(progress(|progress| progress.done))
            .bind(progress(|progress| progress.total))
            .bind(expires_at);
        self.execute("heartbeat", statement).await.map(|_| ())
    }

    async fn settle(
        &self,
        now: Timestamp,
        lease: &Lease,
        outcome: &Outcome,
        settlement: Settlement,
    ) -> Result<Applied, StoreError> {
        let settle = Settle {
            now,
            entry: self.sealer.entry(lease, outcome)?,
            end: self.sealer.end(lease, settlement)?,
        };
        self.apply(Work::Settle(Arc::clone(&self.settle), Box::new(settle)))
            .await
    }

    async fn record(
        &self,
        now: Timestamp,
        lease: &Lease,
        outcome: &Outcome,
    ) -> Result<Applied, StoreError> {
        let entry = self.sealer.entry(lease, outcome)?;
        let record = Box::new(Record { now, entry });
        self.apply(Work::Record(self.sql.record.clone(), record))
            .await
    }

    async fn finalize(
        &self,
        now: Timestamp,
        lease: &Lease,
        settlement: Settlement,
        mut hook: Hook,
    ) -> Result<Finalized, StoreError> {
        let end = self.sealer.end(lease, settlement)?;
        self.finalize_once(now, lease, &end, &mut hook).await
    }

    async fn pending_outcomes(
        &self,
        before: Timestamp,
        after: Option<LogPosition>,
        limit: u32,
    ) -> Result<Vec<PendingOutcome>, StoreError> {
        let begin = after
            .as_ref()
            .map_or(Timestamp::UNIX_EPOCH, |after| after.created_at);
        let behind = after.map_or(String::new(), |after| after.op_id);
        let statement = self
            .statement(&self.sql.pending_outcomes)
            .bind(before)
            .bind(i64::from(limit))
            .bind(begin)
            .bind(behind);
        let rows = self.rows("pending outcomes", statement).await?;
        let pending = rows
            .iter()
            .map(|found| read::pending_outcome(found, &self.sealer))
            .collect::<Result<_, _>>();
        pending.map_err(postgres_error("pending outcomes"))
    }

    async fn set_aside(&self, op_id: &str, fence: Fence) -> Result<(), StoreError> {
        let statement = self
            .statement(&self.sql.set_aside)
            .bind(op_id.to_owned())
            .bind(number(fence.0));
        self.execute("set aside", statement).await.map(|_| ())
    }

    async fn reap(&self, now: Timestamp, limit: u32) -> Result<Vec<OpId>, StoreError> {
        self.reap_once(now, limit).await
    }

    async fn next_due(&self, from: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        self.earliest("next due", &self.sql.next_due, from).await
    }

    async fn next_expiry(&self, after: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        self.earliest("next expiry", &self.sql.next_expiry, after)
            .await
    }

    async fn purge(&self, before: Timestamp, limit: u32) -> Result<usize, StoreError> {
        let statement = self
            .statement(&self.sql.purge)
            .bind(before)
            .bind(i64::from(limit));
        let purged = self.execute("purge", statement).await?;
        Ok(usize::try_from(purged).unwrap_or(usize::MAX))
    }

    async fn rotate(&self, after: Option<String>, limit: u32) -> Result<Rotated, StoreError> {
        self.rotate_operations(after, limit).await
    }

    async fn keys_in_use(&self) -> Result<Vec<KeyUse>, StoreError> {
        self.count_keys().await
    }

    fn key_ids(&self) -> Vec<String> {
        self.sealer.key_ids()
    }

    async fn find(&self, op_id: &OpId) -> Result<Option<OperationView>, StoreError> {
        let statement = self
            .statement(&self.sql.find)
            .bind(op_id.as_str().to_owned());
        let rows = self.rows("find", statement).await?;
        let view = rows
            .first()
            .map(|found| read::view(found, &self.sealer))
            .transpose();
        view.map_err(postgres_error("find"))
    }

    async fn command(&self, op_id: &OpId) -> Result<Option<StoredCommand>, StoreError> {
        let statement = self
            .statement(&self.sql.command)
            .bind(op_id.as_str().to_owned());
        let rows = self.rows("command", statement).await?;
        let command = rows
            .first()
            .map(|found| read::command(found, &self.sealer, op_id))
            .transpose();
        command.map_err(postgres_error("command"))
    }

    async fn history(&self, op_id: &OpId) -> Result<Vec<HistoryEntry>, StoreError> {
        let statement = self
            .statement(&self.sql.history)
            .bind(op_id.as_str().to_owned());
        let rows = self.rows("history", statement).await?;
        let entries = rows
            .iter()
            .map(|found| read::history_entry(found, &self.sealer, op_id))
            .collect::<Result<_, _>>();
        entries.map_err(postgres_error("history"))
    }

    async fn count_by_state(&self) -> Result<Vec<(OperationState, u64)>, StoreError> {
        let statement = self.statement(&self.sql.count_by_state);
        let rows = self.rows("count by state", statement).await?;
        let counts = rows.iter().map(read::count).collect::<Result<_, _>>();
        counts.map_err(postgres_error("count by state"))
    }

    async fn backlog(&self, now: Timestamp) -> Result<Backlog, StoreError> {
        let statement = self.statement(&self.sql.backlog).bind(now);
        let rows = self.rows("backlog", statement).await?;
        let backlog = rows.first().map(read::backlog).transpose();
        Ok(backlog
            .map_err(postgres_error("backlog"))?
            .unwrap_or_default())
    }

    async fn query(&self, sql: String, params: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        self.store.query(&sql, &params).await
    }

    fn hint(&self) {
        self.store.hints.give(self.domain);
    }

    async fn hinted(&self) {
        self.store.hints.wait(self.domain).await;
    }

    fn has_hints(&self) -> bool {
        true
    }
}
