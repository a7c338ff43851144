//! What a person decides about a dead letter, carried out. See [`dead_letter`](crate::dead_letter).

use crate::clock::{Timestamp, later};
use crate::dead_letter::{Decided, Decision, NOT_COMMITTED, RedriveError, redrive_key};
use crate::guard;
use crate::ids::{OpId, SagaId};
use crate::operation::command::Fingerprint;
use crate::operation::decision::Settlement;
use crate::operation::outcome::Outcome;
use crate::operation::state::OperationState;
use crate::store::callbacks::Teller;
use crate::store::{NewOperation, StoreError};

use super::{Engine, Submitted};

impl Engine {
    pub(crate) async fn ask_again(
        &self,
        op_id: &OpId,
        why: &Decision,
    ) -> Result<Decided, StoreError> {
        let now = self.inner.clock.now();
        let note = why.text("asked again");
        let decided = self.note(op_id, &note, now).await?;
        self.audit_decision("ASK_AGAIN", op_id, why, decided);
        Ok(decided)
    }

    pub(crate) async fn confirm(
        &self,
        op_id: &OpId,
        provider_ref: Option<String>,
        why: &Decision,
    ) -> Result<Decided, StoreError> {
        let end = Outcome::Ok {
            message: "found to be done".to_owned(),
            provider_ref,
            result: None,
        };
        let decided = self.decide(op_id, &why.text("confirmed"), end).await?;
        self.audit_decision("CONFIRM", op_id, why, decided);
        Ok(decided)
    }

    pub(crate) async fn deny(&self, op_id: &OpId, why: &Decision) -> Result<Decided, StoreError> {
        let end = Outcome::fail(NOT_COMMITTED, "found to be not done");
        let decided = self.decide(op_id, &why.text("denied"), end).await?;
        self.audit_decision("DENY", op_id, why, decided);
        Ok(decided)
    }

    pub(crate) async fn redrive(
        &self,
        op_id: &OpId,
        why: &Decision,
    ) -> Result<Submitted, RedriveError> {
        guard::assert_outside("DeadLetters::redrive");
        let operation = self.repeated(op_id).await?;
        let submitted = self.take_in(operation).await?;
        let (domain, by, redriven_as) = (self.inner.domain, why.by(), &submitted.op_id);
        tracing::info!(target: "audit", action = "REDRIVE", domain, by, %op_id, %redriven_as);
        Ok(submitted)
    }

    /// Writes the person's word to the log, then ends the operation by it. A process that dies in
    /// between leaves a question to the provider that is due when the lease ends.
    async fn decide(&self, op_id: &OpId, note: &str, end: Outcome) -> Result<Decided, StoreError> {
        let inner = &self.inner;
        let now = inner.clock.now();
        let asked_at = inner.term(now).expires_at;
        match self.note(op_id, note, asked_at).await? {
            Decided::Moved(_) => {}
            refused => return Ok(refused),
        }
        let told = inner.claim_told(op_id, Teller::Provider).await?;
        let Some(mut lease) = told else {
            return Ok(Decided::NotParked);
        };
        let Some((handler, command)) = inner.decode(&mut lease) else {
            inner.park_unreadable(&lease).await;
            return Ok(Decided::Unreadable);
        };
        let settlement = super::attempt::end_by(end.clone()).expect("it ends the operation");
        let concluded = inner.conclude(&handler, &command, &lease, &end, settlement);
        Ok(concluded.await.map_or(Decided::NotYet, Decided::Moved))
    }

    /// Takes a parked operation up again with the person's word in its log; the provider is asked at
    /// `asked_at`.
    async fn note(
        &self,
        op_id: &OpId,
        note: &str,
        asked_at: Timestamp,
    ) -> Result<Decided, StoreError> {
        guard::assert_outside("DeadLetters");
        let inner = &self.inner;
        let Some(mut lease) = inner.claim_told(op_id, Teller::Person).await? else {
            return Ok(Decided::NotParked);
        };
        if inner.decode(&mut lease).is_none() {
            inner.park_unreadable(&lease).await;
            return Ok(Decided::Unreadable);
        }
        let (outcome, at) = (Outcome::unknown(note), asked_at);
        let reason = note.to_owned();
        let settled = inner.settle(&lease, &outcome, Settlement::Ask { at, reason });
        Ok(if settled.await {
            Decided::Moved(OperationState::Unknown)
        } else {
            Decided::NotParked
        })
    }

    /// A new operation for the command of one that failed.
    async fn repeated(&self, op_id: &OpId) -> Result<NewOperation, RedriveError> {
        let inner = &self.inner;
        let found = inner.store.command(op_id).await?;
        let failed = found.filter(|stored| stored.state == OperationState::Failed);
        let stored = failed.ok_or_else(|| RedriveError::NotFailed(op_id.clone()))?;
        if let Some(saga) = SagaId::of_key(&stored.idem_key) {
            return Err(RedriveError::OfSaga {
                op_id: op_id.clone(),
                saga,
            });
        }
        let unreadable = |problem| RedriveError::Unreadable {
            op_id: op_id.clone(),
            problem,
        };
        let Some((event_type, handler)) = inner.handlers.get_key_value(&*stored.event_type) else {
            return Err(unreadable(format!("nothing serves {}", stored.event_type)));
        };
        if handler.redact(&stored.payload).is_some() {
            return Err(RedriveError::SecretsRemoved(op_id.clone()));
        }
        let command = handler.decode(&stored.payload).map_err(unreadable)?;
        let (biz_key, columns) = handler.describe(&command);
        let now = inner.clock.now();
        Ok(NewOperation {
            op_id: inner.ids.op_id(now),
            owner_id: stored.owner_id,
            idem_key: redrive_key(op_id),
            biz_key,
            event_type,
            fingerprint: Fingerprint::of(event_type, &stored.payload),
            payload: stored.payload,
            columns,
            accepted_at: now,
            deadline_at: later(now, handler.policy().time_budget),
            trace_parent: crate::trace::current(),
        })
    }

    fn audit_decision(&self, action: &'static str, op_id: &OpId, why: &Decision, decided: Decided) {
        let (domain, by) = (self.inner.domain, why.by());
        tracing::info!(target: "audit", action, domain, by, %op_id, outcome = ?decided);
    }
}
