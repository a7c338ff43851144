//! A store that does one thing wrong.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use orch_runtime::clock::Timestamp;
use orch_runtime::operation::decision::{Facts, Settlement};
use orch_runtime::store::callbacks::{
    CallbackInbox, CallbackState, NewCallback, Received, Teller, Waiting, WaitingCallback,
};
use orch_runtime::store::hook::{Hook, HookTx};
use orch_runtime::store::{
    Accepted, Applied, Backlog, Beat, Claim, Finalized, KeyUse, Lease, LogPosition, NewOperation,
    OperationStore, PendingOutcome, Rotated, StoreError, StoredCommand, Term,
};
use orch_runtime::{
    Fence, HistoryEntry, OpId, OperationState, OperationView, Outcome, OwnerId, Row, Value,
};

use crate::sabotage::Fault;

/// Longer than any call.
const LONG: Duration = Duration::from_secs(3_600);
/// Shorter than a lease.
const SHORT: Duration = Duration::from_secs(10);

/// The store of a process, with a fault.
pub(crate) struct BentStore {
    pub(crate) store: Arc<dyn OperationStore>,
    pub(crate) fault: Fault,
}

impl BentStore {
    /// The lease as the fault makes it before a write.
    async fn write_as(&self, lease: &Lease) -> Lease {
        let mut lease = lease.clone();
        if self.fault == Fault::FenceDropped {
            let sql = "select fence from charge_operations where op_id = ?1".to_owned();
            let found = self.store.query(sql, vec![lease.op_id().into()]).await;
            lease.fence = Fence(found.unwrap()[0].get("fence").unwrap());
        }
        lease
    }

    /// The term that an operation in doubt has, as if it had been taken.
    async fn current(&self, op_id: &OpId, term: &Term) -> Result<Option<Lease>, StoreError> {
        let sql = "select owner_id, event_type, payload, fence, attempts
            from charge_operations where op_id = ?1 and state in ('UNKNOWN', 'PARKED')";
        let found = self.store.query(sql.to_owned(), vec![op_id.into()]).await?;
        let lease = |row: &Row| Lease {
            owner_id: OwnerId::new(row.get::<String>("owner_id").unwrap()).unwrap(),
            event_type: row.get("event_type").unwrap(),
            payload: row.get("payload").unwrap(),
            fence: Fence(row.get("fence").unwrap()),
            expires_at: term.expires_at,
            facts: Facts {
                op_id: op_id.clone(),
                attempts: row.get("attempts").unwrap(),
                interruptions: 0,
                probes: 0,
                unaccounted_at: None,
                first_sent_at: None,
                deadline_at: term.expires_at,
            },
            trace_parent: None,
            saga_key: None,
            redacted: None,
        };
        Ok(found.first().map(lease))
    }

    /// The lease as the fault makes it after a claim.
    fn leased(&self, mut lease: Lease) -> Lease {
        if self.fault == Fault::LateCall {
            lease.expires_at += LONG;
        }
        lease
    }
}

/// The lease that a claim would have given.
fn invented(operation: &NewOperation, term: &Term) -> Lease {
    Lease {
        owner_id: operation.owner_id.clone(),
        event_type: operation.event_type.to_owned(),
        payload: operation.payload.clone(),
        fence: Fence(1),
        expires_at: term.expires_at,
        facts: Facts {
            op_id: operation.op_id.clone(),
            attempts: 1,
            interruptions: 0,
            probes: 0,
            unaccounted_at: None,
            first_sent_at: Some(operation.accepted_at),
            deadline_at: operation.deadline_at,
        },
        trace_parent: operation.trace_parent,
        saga_key: None,
        redacted: None,
    }
}

#[async_trait]
impl OperationStore for BentStore {
    async fn accept(
        &self,
        mut operation: NewOperation,
        term: Option<Term>,
    ) -> Result<Accepted, StoreError> {
        if self.fault == Fault::IntentNotDurable
            && let Some(term) = &term
        {
            let lease = invented(&operation, term);
            let accepted = self.store.accept(operation, None).await?;
            return Ok(match accepted {
                Accepted::New(_) => Accepted::New(Some(Box::new(lease))),
                other => other,
            });
        }
        let accepted = self.store.accept(operation.clone(), term.clone()).await?;
        if self.fault == Fault::KeyForgotten
            && let Accepted::Existing(_) = &accepted
        {
            operation.owner_id = OwnerId::new(format!("again-{}", operation.op_id)).unwrap();
            return self.store.accept(operation, term).await;
        }
        Ok(match accepted {
            Accepted::New(Some(lease)) => Accepted::New(Some(Box::new(self.leased(*lease)))),
            other => other,
        })
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
        let leases = self.store.claim(now, claim).await?;
        Ok(leases.into_iter().map(|lease| self.leased(lease)).collect())
    }

    async fn claim_unknown(&self, now: Timestamp, claim: Claim) -> Result<Vec<Lease>, StoreError> {
        self.store.claim_unknown(now, claim).await
    }

    async fn heartbeat(&self, beats: Vec<Beat>, expires_at: Timestamp) -> Result<(), StoreError> {
        self.store.heartbeat(beats, expires_at).await
    }

    async fn settle(
        &self,
        now: Timestamp,
        lease: &Lease,
        outcome: &Outcome,
        settlement: Settlement,
    ) -> Result<Applied, StoreError> {
        let lease = self.write_as(lease).await;
        self.store.settle(now, &lease, outcome, settlement).await
    }

    async fn record(
        &self,
        now: Timestamp,
        lease: &Lease,
        outcome: &Outcome,
    ) -> Result<Applied, StoreError> {
        if self.fault == Fault::FinalizedBeforeRecorded {
            return Ok(Applied::Yes);
        }
        let lease = self.write_as(lease).await;
        self.store.record(now, &lease, outcome).await
    }

    async fn finalize(
        &self,
        now: Timestamp,
        lease: &Lease,
        settlement: Settlement,
        hook: Hook,
    ) -> Result<Finalized, StoreError> {
        let lease = self.write_as(lease).await;
        self.store.finalize(now, &lease, settlement, hook).await
    }

    async fn pending_outcomes(
        &self,
        before: Timestamp,
        after: Option<LogPosition>,
        limit: u32,
    ) -> Result<Vec<PendingOutcome>, StoreError> {
        self.store.pending_outcomes(before, after, limit).await
    }

    async fn set_aside(&self, op_id: &str, fence: Fence) -> Result<(), StoreError> {
        self.store.set_aside(op_id, fence).await
    }

    async fn reap(&self, now: Timestamp, limit: u32) -> Result<Vec<OpId>, StoreError> {
        let early = self.fault == Fault::EarlyReap;
        self.store
            .reap(if early { now + SHORT } else { now }, limit)
            .await
    }

    async fn next_expiry(&self, after: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        self.store.next_expiry(after).await
    }

    async fn next_due(&self, from: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        self.store.next_due(from).await
    }

    async fn purge(&self, before: Timestamp, limit: u32) -> Result<usize, StoreError> {
        self.store.purge(before, limit).await
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
impl CallbackInbox for BentStore {
    async fn receive_callback(&self, callback: NewCallback) -> Result<Received, StoreError> {
        if self.fault == Fault::AcknowledgedBeforeKept {
            let store = Arc::clone(&self.store);
            tokio::spawn(async move { store.receive_callback(callback).await });
            return Ok(Received::New);
        }
        self.store.receive_callback(callback).await
    }

    async fn waiting_callbacks(
        &self,
        which: Waiting,
        limit: u32,
    ) -> Result<Vec<WaitingCallback>, StoreError> {
        self.store.waiting_callbacks(which, limit).await
    }

    async fn claim_told(
        &self,
        now: Timestamp,
        term: Term,
        op_id: &OpId,
        event_types: &[&'static str],
        teller: Teller,
    ) -> Result<Option<Lease>, StoreError> {
        if self.fault == Fault::TermNotTaken {
            return self.current(op_id, &term).await;
        }
        let claim = self.store.claim_told(now, term, op_id, event_types, teller);
        let lease = claim.await?;
        if self.fault == Fault::MarkedBeforeEnd && lease.is_some() {
            let which = Waiting::Of(op_id.clone());
            for waiting in self.store.waiting_callbacks(which, 1).await? {
                let (event, state) = (&waiting.position.event_id, CallbackState::Applied);
                self.store
                    .mark_callback(now, event, state, Some(op_id))
                    .await?;
            }
        }
        Ok(lease)
    }

    async fn mark_callback(
        &self,
        now: Timestamp,
        event_id: &str,
        state: CallbackState,
        target: Option<&OpId>,
    ) -> Result<bool, StoreError> {
        if self.fault == Fault::MarkForgotten {
            return Ok(true);
        }
        self.store.mark_callback(now, event_id, state, target).await
    }

    async fn purge_callbacks(&self, before: Timestamp, limit: u32) -> Result<usize, StoreError> {
        let any = self.fault == Fault::InboxEmptied;
        self.store
            .purge_callbacks(if any { before + LONG } else { before }, limit)
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
