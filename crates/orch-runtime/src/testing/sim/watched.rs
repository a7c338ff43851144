//! The store of one process, with a pause after every answer and before every read.

use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;

use crate::clock::Timestamp;
use crate::ids::{Fence, OpId};
use crate::operation::decision::Settlement;
use crate::operation::outcome::{self, Outcome};
use crate::operation::state::OperationState;
use crate::operation::view::{HistoryEntry, OperationView};
use crate::store::callbacks::{
    CallbackInbox, CallbackState, NewCallback, Received, Teller, Waiting, WaitingCallback,
};
use crate::store::hook::{Hook, HookTx};
use crate::store::sqlite::MemoryDatabase;
use crate::store::{
    Accepted, Applied, Backlog, Beat, Claim, Finalized, KeyUse, Lease, LogPosition, NewOperation,
    OperationStore, PendingOutcome, Rotated, StoreError, StoreErrorKind, StoredCommand, Term,
};
use crate::value::{Row, Value};

use super::invariant::Invariant;
use super::stage::{Life, Stage};

/// A store that the world watches.
pub(super) struct Watched {
    pub(super) store: Arc<dyn OperationStore>,
    pub(super) stage: Arc<Stage>,
    pub(super) life: Life,
    pub(super) database: MemoryDatabase,
    pub(super) domain: &'static str,
}

impl Watched {
    /// Asks for a write. Now and then the database is too busy for it, or does it and loses the answer.
    async fn write<T>(
        &self,
        what: &'static str,
        call: impl Future<Output = Result<T, StoreError>>,
        tell: impl Fn(&T) -> String,
    ) -> Result<T, StoreError> {
        if self.has_trouble() {
            let busy = StoreError::new(StoreErrorKind::Busy, what, "locked");
            return self.answered(what, Err(busy), tell).await;
        }
        let answer = call.await;
        if answer.is_ok() && self.has_trouble() {
            let lost = StoreError::new(StoreErrorKind::Unavailable, what, "connection lost");
            return self.answered(what, Err(lost), tell).await;
        }
        self.answered(what, answer, tell).await
    }

    fn has_trouble(&self) -> bool {
        let mut scene = self.stage.scene();
        !scene.calm && scene.random.chance(2)
    }

    async fn read<T>(
        &self,
        what: &'static str,
        call: impl Future<Output = Result<T, StoreError>>,
        tell: impl Fn(&T) -> String,
    ) -> Result<T, StoreError> {
        self.pause(what).await;
        self.answered(what, call.await, tell).await
    }

    async fn answered<T>(
        &self,
        what: &'static str,
        answer: Result<T, StoreError>,
        tell: impl Fn(&T) -> String,
    ) -> Result<T, StoreError> {
        let told = match &answer {
            Ok(answer) => tell(answer),
            Err(error) => error.to_string(),
        };
        self.stage
            .note(format_args!("{} {what}: {told}", self.life));
        self.pause(what).await;
        answer
    }

    async fn pause(&self, what: &'static str) {
        let now = self.stage.scene().now;
        self.stage.park(self.life, what, now).await;
    }

    /// Whether a newer term than that of `lease` is in the table already.
    fn is_stale(&self, lease: &Lease) -> bool {
        let sql = format!(
            "select fence from {}_operations where op_id = ?1",
            self.domain
        );
        let found = self.database.query(&sql, &[lease.op_id().into()]);
        let current: Option<i64> = found.ok().and_then(|rows| rows.first()?.get("fence").ok());
        current.is_some_and(|current| current > i64::from(lease.fence.0))
    }

    /// Whether this very answer was applied before: saying it again changes nothing.
    fn was_applied(&self, lease: &Lease, outcome: &Outcome) -> bool {
        let sql = format!(
            "select 1 from {}_write_ahead_logs
            where op_id = ?1 and fence = ?2 and state = 'COMPLETED' and outcome = ?3",
            self.domain
        );
        let answer = outcome::encode(outcome).into();
        let params = [lease.op_id().into(), lease.fence.0.into(), answer];
        let found = self.database.query(&sql, &params);
        found.is_ok_and(|rows| !rows.is_empty())
    }

    fn assert_refused(&self, stale: bool, lease: &Lease, applied: bool) {
        if stale && applied {
            let (op_id, fence) = (lease.op_id(), lease.fence.0);
            let what = format!("{} wrote {op_id} under the old fence {fence}", self.life);
            self.stage.violated(Invariant::StaleWriteRefused, what);
        }
    }
}

fn names(leases: &[Lease]) -> String {
    let name = |lease: &Lease| format!("{} f{}", lease.op_id(), lease.fence.0);
    leases.iter().map(name).collect::<Vec<_>>().join(", ")
}

#[async_trait]
impl OperationStore for Watched {
    async fn accept(
        &self,
        operation: NewOperation,
        term: Option<Term>,
    ) -> Result<Accepted, StoreError> {
        let key = operation.idem_key.clone();
        self.write(
            "accept",
            self.store.accept(operation, term),
            |accepted| match accepted {
                Accepted::New(lease) => {
                    format!("{key} new, leased: {}", lease.is_some())
                }
                Accepted::Existing(op_id) => format!("{key} is {op_id}"),
                Accepted::Mismatch => format!("{key} is another"),
            },
        )
        .await
    }

    async fn accept_in(
        &self,
        tx: &mut HookTx<'_>,
        operation: NewOperation,
        term: Option<Term>,
    ) -> Result<Accepted, StoreError> {
        self.store.accept_in(tx, operation, term).await
    }

    async fn claim(&self, now: Timestamp, claim: Claim) -> Result<Vec<Lease>, StoreError> {
        let claim = self.store.claim(now, claim);
        self.write("claim", claim, |leases| names(leases)).await
    }

    async fn claim_unknown(&self, now: Timestamp, claim: Claim) -> Result<Vec<Lease>, StoreError> {
        let claim = self.store.claim_unknown(now, claim);
        self.write("claim unknown", claim, |leases| names(leases))
            .await
    }

    async fn heartbeat(
        &self,
        mut beats: Vec<Beat>,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        beats.sort_by(|one, other| one.op_id.cmp(&other.op_id));
        let count = beats.len();
        let beat = self.store.heartbeat(beats, expires_at);
        self.write("heartbeat", beat, |()| count.to_string()).await
    }

    async fn settle(
        &self,
        now: Timestamp,
        lease: &Lease,
        outcome: &Outcome,
        settlement: Settlement,
    ) -> Result<Applied, StoreError> {
        let stale = self.is_stale(lease) && !self.was_applied(lease, outcome);
        let told = format!(
            "{} f{} {} to {}",
            lease.op_id(),
            lease.fence.0,
            outcome.kind(),
            settlement.state()
        );
        let settle = self.store.settle(now, lease, outcome, settlement);
        self.write("settle", settle, |applied| {
            self.assert_refused(stale, lease, *applied == Applied::Yes);
            format!("{told}: {applied:?}")
        })
        .await
    }

    async fn record(
        &self,
        now: Timestamp,
        lease: &Lease,
        outcome: &Outcome,
    ) -> Result<Applied, StoreError> {
        let stale = self.is_stale(lease);
        let told = format!("{} f{} {}", lease.op_id(), lease.fence.0, outcome.kind());
        let record = self.store.record(now, lease, outcome);
        self.write("record", record, |applied| {
            self.assert_refused(stale, lease, *applied == Applied::Yes);
            format!("{told}: {applied:?}")
        })
        .await
    }

    async fn finalize(
        &self,
        now: Timestamp,
        lease: &Lease,
        settlement: Settlement,
        hook: Hook,
    ) -> Result<Finalized, StoreError> {
        let stale = self.is_stale(lease);
        let told = format!(
            "{} f{} to {}",
            lease.op_id(),
            lease.fence.0,
            settlement.state()
        );
        let finalize = self.store.finalize(now, lease, settlement, hook);
        self.write("finalize", finalize, |finalized| {
            self.assert_refused(stale, lease, *finalized == Finalized::Applied);
            format!("{told}: {finalized:?}")
        })
        .await
    }

    async fn pending_outcomes(
        &self,
        before: Timestamp,
        after: Option<LogPosition>,
        limit: u32,
    ) -> Result<Vec<PendingOutcome>, StoreError> {
        let read = self.store.pending_outcomes(before, after, limit);
        self.read("pending outcomes", read, |found| found.len().to_string())
            .await
    }

    async fn set_aside(&self, op_id: &str, fence: Fence) -> Result<(), StoreError> {
        let aside = self.store.set_aside(op_id, fence);
        self.write("set aside", aside, |()| op_id.to_owned()).await
    }

    async fn reap(&self, now: Timestamp, limit: u32) -> Result<Vec<OpId>, StoreError> {
        let reap = self.store.reap(now, limit);
        self.write("reap", reap, |reaped| format!("{reaped:?}"))
            .await
    }

    async fn next_expiry(&self, after: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let read = self.store.next_expiry(after);
        self.read("next expiry", read, |end| format!("{end:?}"))
            .await
    }

    async fn next_due(&self, from: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let read = self.store.next_due(from);
        self.read("next due", read, |due| format!("{due:?}")).await
    }

    async fn purge(&self, before: Timestamp, limit: u32) -> Result<usize, StoreError> {
        let purge = self.store.purge(before, limit);
        self.write("purge", purge, ToString::to_string).await
    }

    async fn find(&self, op_id: &OpId) -> Result<Option<OperationView>, StoreError> {
        self.store.find(op_id).await
    }

    async fn command(&self, op_id: &OpId) -> Result<Option<StoredCommand>, StoreError> {
        self.store.command(op_id).await
    }

    async fn history(&self, op_id: &OpId) -> Result<Vec<HistoryEntry>, StoreError> {
        self.store.history(op_id).await
    }

    async fn count_by_state(&self) -> Result<Vec<(OperationState, u64)>, StoreError> {
        self.store.count_by_state().await
    }

    async fn backlog(&self, now: Timestamp) -> Result<Backlog, StoreError> {
        self.store.backlog(now).await
    }

    async fn rotate(&self, after: Option<String>, limit: u32) -> Result<Rotated, StoreError> {
        self.store.rotate(after, limit).await
    }

    async fn keys_in_use(&self) -> Result<Vec<KeyUse>, StoreError> {
        self.store.keys_in_use().await
    }

    fn key_ids(&self) -> Vec<String> {
        self.store.key_ids()
    }

    async fn query(&self, sql: String, params: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        self.store.query(sql, params).await
    }
}

#[async_trait]
impl CallbackInbox for Watched {
    async fn receive_callback(&self, callback: NewCallback) -> Result<Received, StoreError> {
        let event = callback.event_id.clone();
        let receive = self.store.receive_callback(callback);
        self.write("receive callback", receive, |received| {
            format!("{event} {received:?}")
        })
        .await
    }

    async fn waiting_callbacks(
        &self,
        which: Waiting,
        limit: u32,
    ) -> Result<Vec<WaitingCallback>, StoreError> {
        let read = self.store.waiting_callbacks(which, limit);
        self.read("waiting callbacks", read, |found| found.len().to_string())
            .await
    }

    async fn claim_told(
        &self,
        now: Timestamp,
        term: Term,
        op_id: &OpId,
        event_types: &[&'static str],
        teller: Teller,
    ) -> Result<Option<Lease>, StoreError> {
        let claim = self.store.claim_told(now, term, op_id, event_types, teller);
        self.write("claim told", claim, |lease| names(lease.as_slice()))
            .await
    }

    async fn mark_callback(
        &self,
        now: Timestamp,
        event_id: &str,
        state: CallbackState,
        target: Option<&OpId>,
    ) -> Result<bool, StoreError> {
        let mark = self.store.mark_callback(now, event_id, state, target);
        self.write("mark callback", mark, |marked| {
            format!("{event_id} {state}: {marked}")
        })
        .await
    }

    async fn purge_callbacks(&self, before: Timestamp, limit: u32) -> Result<usize, StoreError> {
        let purge = self.store.purge_callbacks(before, limit);
        self.write("purge callbacks", purge, ToString::to_string)
            .await
    }

    async fn rotate_callbacks(
        &self,
        after: Option<String>,
        limit: u32,
    ) -> Result<Rotated, StoreError> {
        self.store.rotate_callbacks(after, limit).await
    }
}
