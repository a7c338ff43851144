//! Taking a command in.

use std::time::Duration;

use crate::clock::{Timestamp, later};
use crate::guard;
use crate::ids::{IdemKey, OpId, OwnerId, SagaId};
use crate::operation::command::{Command, Fingerprint};
use crate::outlive::outliving;
use crate::protection::CallKind;
use crate::store::hook::HookTx;
use crate::store::{Accepted, NewOperation, StoreError};
use crate::trace::{self, Traced};

use super::Engine;
use super::lane::Pass;

/// What became of a submitted command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submitted {
    /// The operation's name.
    pub op_id: OpId,
    /// Whether the same command had been accepted under this key before.
    pub replayed: bool,
}

/// A command was not accepted; nothing changed.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// The key was used before, for another command.
    #[error("this idempotency key was used before for another request")]
    KeyReused,
    /// The key has the form of those of the operations of sagas, which only sagas give.
    #[error(
        "the idempotency key \"{0}\" has the form TXN_…/…, which belongs to the operations of sagas: \
         use another one"
    )]
    KeyReserved(IdemKey),
    /// No orchestrator for this command is registered.
    #[error("nothing is registered for {0}")]
    NotServed(&'static str),
    /// The command cannot be stored.
    #[error("the command cannot be serialised: {0}")]
    Unserialisable(#[from] serde_json::Error),
    /// The database failed. It is not known to the client whether the command was recorded: the same
    /// key may be sent again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Engine {
    /// Records `command` durably and sees to its execution. The first command under a key wins; the
    /// same one again answers the same operation.
    ///
    /// The operation belongs to the trace that this task is at: see [`trace::scope`]. Once it is being recorded, it
    /// is begun with even if this future is dropped, as a server does when its client hangs up.
    ///
    /// # Errors
    /// See [`SubmitError`].
    pub async fn submit<C: Command>(
        &self,
        owner: OwnerId,
        idem_key: IdemKey,
        command: &C,
    ) -> Result<Submitted, SubmitError> {
        guard::assert_outside("Engine::submit");
        let traced = trace::accept(self.inner.domain, C::EVENT_TYPE);
        let make = async {
            let key = not_of_a_saga(idem_key)?;
            self.new_operation(owner.clone(), key, command, None)
        };
        let operation = traced.clone().run(make).await;
        let engine = self.clone();
        let record = async move {
            let submitted = match operation {
                Ok(operation) => traced.clone().run(engine.take_in(operation)).await,
                Err(error) => Err(error),
            };
            engine.audit(&traced, &owner, submitted.as_ref());
            submitted
        };
        outliving(record).await
    }

    /// Records `command` in a transaction of the same database: it is accepted when that is committed,
    /// and never was when it is rolled back. After the commit, [`nudge`](Self::nudge) has it executed at
    /// once; without, it is found within seconds.
    ///
    /// # Errors
    /// See [`SubmitError`]. After one of the database, `tx` can only be rolled back.
    pub async fn submit_in<C: Command>(
        &self,
        tx: &mut HookTx<'_>,
        owner: OwnerId,
        idem_key: IdemKey,
        command: &C,
    ) -> Result<Submitted, SubmitError> {
        guard::assert_outside("Engine::submit_in");
        let traced = trace::accept(self.inner.domain, C::EVENT_TYPE);
        let accept = async {
            let key = not_of_a_saga(idem_key)?;
            self.accept_in(tx, owner.clone(), key, command).await
        };
        let submitted = traced.clone().run(accept).await;
        self.audit(&traced, &owner, submitted.as_ref());
        submitted
    }

    /// Looks for due operations now, and tells the other processes to.
    pub fn nudge(&self) {
        self.inner.wake.notify_one();
        self.inner.store.hint();
    }

    /// Records `operation`, and begins with it at once where there is room.
    pub(super) async fn take_in(&self, operation: NewOperation) -> Result<Submitted, SubmitError> {
        let op_id = operation.op_id.clone();
        let pass = self.free_pass(operation.accepted_at);
        let term = pass
            .as_ref()
            .map(|_| self.inner.term(operation.accepted_at));
        let metrics = &self.inner.metrics;
        let accepted = match self.inner.store.accept(operation, term).await {
            Ok(accepted) => accepted,
            Err(error) => {
                give_back(pass);
                return Err(error.into());
            }
        };
        match accepted {
            Accepted::New(lease) => {
                metrics.accepted.inc();
                match (lease, pass) {
                    (Some(lease), Some(pass)) => self.spawn_attempt(*lease, pass),
                    (_, _) => self.nudge(),
                }
                Ok(Submitted {
                    op_id,
                    replayed: false,
                })
            }
            Accepted::Existing(op_id) => {
                give_back(pass);
                metrics.replayed.inc();
                Ok(Submitted {
                    op_id,
                    replayed: true,
                })
            }
            Accepted::Mismatch => {
                give_back(pass);
                metrics.mismatched.inc();
                Err(SubmitError::KeyReused)
            }
        }
    }

    async fn accept_in<C: Command>(
        &self,
        tx: &mut HookTx<'_>,
        owner: OwnerId,
        idem_key: IdemKey,
        command: &C,
    ) -> Result<Submitted, SubmitError> {
        let operation = self.new_operation(owner, idem_key, command, None)?;
        let op_id = operation.op_id.clone();
        let (op_id, replayed) = match self.inner.store.accept_in(tx, operation, None).await? {
            Accepted::New(_) => (op_id, false),
            Accepted::Existing(op_id) => (op_id, true),
            Accepted::Mismatch => return Err(SubmitError::KeyReused),
        };
        Ok(Submitted { op_id, replayed })
    }

    /// What is to be recorded: an operation that may take the time of its step, or else of its policy.
    pub(super) fn new_operation<C: Command>(
        &self,
        owner_id: OwnerId,
        idem_key: IdemKey,
        command: &C,
        time_budget: Option<Duration>,
    ) -> Result<NewOperation, SubmitError> {
        let handler = self
            .inner
            .handler(C::EVENT_TYPE)
            .ok_or(SubmitError::NotServed(C::EVENT_TYPE))?;
        let payload = serde_json::to_string(command)?;
        let time_budget = time_budget.unwrap_or_else(|| handler.policy().time_budget);
        let now = self.inner.clock.now();
        Ok(NewOperation {
            op_id: self.inner.ids.op_id(now),
            owner_id,
            idem_key,
            biz_key: command.biz_key(),
            event_type: C::EVENT_TYPE,
            fingerprint: Fingerprint::of(C::EVENT_TYPE, &payload),
            payload,
            columns: command.columns(),
            accepted_at: now,
            deadline_at: later(now, time_budget),
            trace_parent: trace::current(),
        })
    }

    /// Room for one more call here and at the provider, unless the engine is stopping.
    pub(super) fn free_pass(&self, now: Timestamp) -> Option<Pass> {
        if self.inner.is_draining() {
            return None;
        }
        let room = self.inner.room()?;
        self.inner.lane.enter(room, CallKind::Fresh, now).ok()
    }

    pub(super) fn audit(
        &self,
        traced: &Traced,
        owner: &OwnerId,
        submitted: Result<&Submitted, &SubmitError>,
    ) {
        let (span, domain) = (traced.span(), self.inner.domain);
        let outcome = match submitted {
            Ok(Submitted { replayed: true, .. }) => "REPLAYED",
            Ok(Submitted { .. }) => "ACCEPTED",
            Err(_) => "REFUSED",
        };
        span.record("outcome", outcome);
        let _entered = span.enter();
        match submitted {
            Ok(Submitted { op_id, .. }) => {
                tracing::info!(target: "audit", action = "ACCEPT", domain, %owner, %op_id, outcome);
                span.record("op_id", tracing::field::display(op_id));
            }
            Err(error) => {
                tracing::warn!(target: "audit", action = "ACCEPT", domain, %owner, outcome, %error);
            }
        }
    }
}

/// Whoever could give such a key could have a step of somebody's saga refused.
fn not_of_a_saga(key: IdemKey) -> Result<IdemKey, SubmitError> {
    match SagaId::of_key(&key) {
        None => Ok(key),
        Some(_) => Err(SubmitError::KeyReserved(key)),
    }
}

/// Nothing was claimed for it.
pub(super) fn give_back(pass: Option<Pass>) {
    if let Some(pass) = pass {
        pass.unused();
    }
}
