//! What a saga's transaction has accepted: what begins by it, and what the log says of it, waits for the commit.

use std::sync::Arc;
use std::time::Duration;

use crate::ids::{IdemKey, OpId, OwnerId};
use crate::operation::command::Command;
use crate::store::hook::HookTx;
use crate::store::{Accepted, Lease, NewOperation, OperationStore, Term};
use crate::trace::{self, Traced};

use super::Engine;
use super::lane::Pass;
use super::submit::{SubmitError, Submitted, give_back};

/// An operation that exists when its transaction is committed. Dropped before, it gives its room back.
pub(crate) struct Taken {
    engine: Engine,
    traced: Traced,
    owner: OwnerId,
    submitted: Submitted,
    first: Option<(Lease, Pass)>,
}

impl std::fmt::Debug for Taken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Taken").field(&self.submitted).finish()
    }
}

impl Taken {
    pub(crate) fn op_id(&self) -> &OpId {
        &self.submitted.op_id
    }

    /// Its transaction is durable: it begins, at once where there is room.
    pub(crate) fn committed(mut self) {
        let engine = self.engine.clone();
        let metrics = &engine.inner.metrics;
        match self.submitted.replayed {
            true => metrics.replayed.inc(),
            false => metrics.accepted.inc(),
        }
        engine.audit(&self.traced, &self.owner, Ok(&self.submitted));
        match self.first.take() {
            Some((lease, pass)) => engine.spawn_attempt(lease, pass),
            None if self.submitted.replayed => {}
            None => engine.nudge(),
        }
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        if let Some((_, pass)) = self.first.take() {
            pass.unused();
        }
    }
}

/// An operation that a saga's turn asks for, and that is recorded together with those of other sagas. Dropped
/// before, it gives its room back.
pub(crate) struct Wanted {
    engine: Engine,
    traced: Traced,
    operation: NewOperation,
    first: Option<(Term, Pass)>,
}

impl std::fmt::Debug for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Wanted")
            .field(&self.operation.op_id)
            .finish()
    }
}

impl Wanted {
    pub(crate) fn op_id(&self) -> &OpId {
        &self.operation.op_id
    }

    /// Whose record it belongs to, it, and for whom it is leased.
    pub(crate) fn asked(&self) -> (Arc<dyn OperationStore>, NewOperation, Option<Term>) {
        let term = self.first.as_ref().map(|(term, _)| term.clone());
        let store = Arc::clone(&self.engine.inner.store);
        (store, self.operation.clone(), term)
    }

    /// It was recorded, and leased if it was asked to be.
    pub(crate) fn recorded(mut self, lease: Option<Box<Lease>>) -> Taken {
        let pass = self.first.take().map(|(_, pass)| pass);
        let first = match (lease, pass) {
            (Some(lease), Some(pass)) => Some((*lease, pass)),
            (_, pass) => {
                give_back(pass);
                None
            }
        };
        Taken {
            engine: self.engine.clone(),
            traced: self.traced.clone(),
            owner: self.operation.owner_id.clone(),
            submitted: Submitted {
                op_id: self.operation.op_id.clone(),
                replayed: false,
            },
            first,
        }
    }
}

impl Drop for Wanted {
    fn drop(&mut self) {
        give_back(self.first.take().map(|(_, pass)| pass));
    }
}

impl Engine {
    /// What [`take_in_step`](Self::take_in_step) would record, for somebody who records it later.
    pub(crate) async fn want_in_step<C: Command>(
        &self,
        owner: OwnerId,
        idem_key: IdemKey,
        command: &C,
        time_budget: Option<Duration>,
    ) -> Result<Wanted, SubmitError> {
        let traced = trace::accept(self.inner.domain, C::EVENT_TYPE);
        let make = async { self.new_operation(owner, idem_key, command, time_budget) };
        let operation = traced.clone().run(make).await?;
        let now = operation.accepted_at;
        let pass = self.free_pass(now);
        Ok(Wanted {
            engine: self.clone(),
            traced,
            operation,
            first: pass.map(|pass| (self.inner.term(now), pass)),
        })
    }

    /// [`submit_in`](Self::submit_in) under a key of a saga; claimed in the same commit where there is room.
    pub(crate) async fn take_in_step<C: Command>(
        &self,
        tx: &mut HookTx<'_>,
        owner: OwnerId,
        idem_key: IdemKey,
        command: &C,
        time_budget: Option<Duration>,
    ) -> Result<Taken, SubmitError> {
        let traced = trace::accept(self.inner.domain, C::EVENT_TYPE);
        let take = self.take_within(tx, owner.clone(), idem_key, command, time_budget);
        let (submitted, first) = match traced.clone().run(take).await {
            Ok(taken) => taken,
            Err(error) => {
                self.audit(&traced, &owner, Err(&error));
                return Err(error);
            }
        };
        Ok(Taken {
            engine: self.clone(),
            traced,
            owner,
            submitted,
            first,
        })
    }

    async fn take_within<C: Command>(
        &self,
        tx: &mut HookTx<'_>,
        owner: OwnerId,
        idem_key: IdemKey,
        command: &C,
        time_budget: Option<Duration>,
    ) -> Result<(Submitted, Option<(Lease, Pass)>), SubmitError> {
        let operation = self.new_operation(owner, idem_key, command, time_budget)?;
        let (op_id, now) = (operation.op_id.clone(), operation.accepted_at);
        let pass = self.free_pass(now);
        let term = pass.as_ref().map(|_| self.inner.term(now));
        let replayed = match self.inner.store.accept_in(tx, operation, term).await {
            Ok(Accepted::New(lease)) => {
                let submitted = Submitted {
                    op_id,
                    replayed: false,
                };
                let first = lease.map(|lease| *lease).zip(pass);
                return Ok((submitted, first));
            }
            Ok(Accepted::Existing(op_id)) => Ok(op_id),
            Ok(Accepted::Mismatch) => Err(SubmitError::KeyReused),
            Err(error) => Err(error.into()),
        };
        give_back(pass);
        let submitted = |op_id| Submitted {
            op_id,
            replayed: true,
        };
        replayed.map(|op_id| (submitted(op_id), None))
    }
}
