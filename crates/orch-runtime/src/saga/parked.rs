//! What a person decides about a compensation that did not work: to have it begun again, or to leave its step.
//!
//! **Invariant:** a decision takes effect in a turn that finds the step parked, and turns of one saga come one
//! after the other. So of several decisions at one moment one takes effect, and the others are told where the
//! step stands.

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::dead_letter::Decision;
use crate::ids::{OpId, SagaId};
use crate::outlive::outliving;

use super::advance::Asked;
use super::engine::{SagaError, Sagas, TURNS};
use super::query::ParkedStep;
use super::record::{StepError, StepRecord};
use super::state::StepState;

/// What became of a person's decision about a compensation that did not work.
#[must_use]
#[derive(Debug, Clone, PartialEq)]
pub enum Settled {
    /// It took effect, and the step stands so now. In a choreographed saga what begins it again is told of it, and
    /// the step is parked until that has happened.
    Done(StepState),
    /// The step does not wait for a person, and stands so. Nothing changed.
    NotParked(Box<StepRecord>),
    /// Nobody knows whether this operation undid the step: it is decided where the dead letters of its domain are.
    /// Nothing changed.
    InDoubt(OpId),
    /// The compensation could not begin, such as for want of its database. Nothing changed.
    NotBegun,
    /// There is no such saga.
    NoSuchSaga,
}

/// A decision about a parked step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Its compensation is begun again.
    Again,
    /// It is left as it is.
    Leave,
}

/// Sagas of one kind with what of them waits for a person, whatever they are asked to do.
#[async_trait]
pub(crate) trait Parking: Send + Sync {
    /// What the names of their tables begin with.
    fn prefix(&self) -> &'static str;

    /// See [`Sagas::parked`].
    async fn waiting(&self) -> Result<Vec<ParkedStep>, SagaError>;

    /// See [`Sagas::undo_again`] and [`Sagas::leave`].
    async fn settle(
        &self,
        verdict: Verdict,
        parked: (&SagaId, &str),
        decision: &Decision,
    ) -> Result<Settled, SagaError>;
}

#[async_trait]
impl<I: Serialize + DeserializeOwned + Send + Sync + 'static> Parking for Sagas<I> {
    fn prefix(&self) -> &'static str {
        self.inner.tables.prefix
    }

    async fn waiting(&self) -> Result<Vec<ParkedStep>, SagaError> {
        self.parked().await
    }

    async fn settle(
        &self,
        verdict: Verdict,
        (id, step): (&SagaId, &str),
        decision: &Decision,
    ) -> Result<Settled, SagaError> {
        match verdict {
            Verdict::Again => self.undo_again(id, step, decision).await,
            Verdict::Leave => self.leave(id, step, decision).await,
        }
    }
}

impl<I: Serialize + DeserializeOwned + Send + Sync + 'static> Sagas<I> {
    /// Begins the compensation of a step again that certainly did not work, as a person decided. Who decided it,
    /// and why, is in the log.
    ///
    /// # Errors
    /// When the database fails, or the plan has no such step.
    pub async fn undo_again(
        &self,
        id: &SagaId,
        step: &str,
        decision: &Decision,
    ) -> Result<Settled, SagaError> {
        let settled = self.decide(id, step, Asked::Undo).await?;
        if let Settled::Done(state) = settled {
            let why = decision.text("begun again");
            tracing::info!(saga = %id, step, %state, why, "a person decided about a compensation");
        }
        Ok(settled)
    }

    /// Leaves a step as it is whose compensation did not work, as a person decided: the saga ends FAILED when
    /// nothing else is left. A step that does not wait for a person stays as it is.
    ///
    /// # Errors
    /// When the database fails, or the plan has no such step.
    pub async fn leave(
        &self,
        id: &SagaId,
        step: &str,
        decision: &Decision,
    ) -> Result<Settled, SagaError> {
        let why = StepError {
            code: "LEFT".to_owned(),
            message: decision.text("left"),
        };
        let asked = move |at| Asked::Leave(at, why.clone());
        self.decide(id, step, asked).await
    }

    /// Carries out what a person decided, even if the person goes away meanwhile.
    async fn decide(
        &self,
        id: &SagaId,
        step: &str,
        asked: impl Fn(usize) -> Asked + Send + Sync + 'static,
    ) -> Result<Settled, SagaError> {
        let (sagas, id, step) = (self.clone(), id.clone(), step.to_owned());
        outliving(async move { sagas.carry_out(&id, &step, asked).await }).await
    }

    async fn carry_out(
        &self,
        id: &SagaId,
        step: &str,
        asked: impl Fn(usize) -> Asked,
    ) -> Result<Settled, SagaError> {
        for _ in 1..=TURNS {
            let Some(saga) = self.load(id).await? else {
                return Ok(Settled::NoSuchSaga);
            };
            let at = self.inner.script.plan.index_of(step);
            let at = at.ok_or_else(|| SagaError::NoSuchStep(step.to_owned()))?;
            if saga.state.is_final() {
                return Ok(Settled::NotParked(Box::new(saga.steps[at].clone())));
            }
            let found = self.inner.operations(&saga).await?;
            let turned = self.take_turn(id, found.clone(), asked(at)).await?;
            // Somebody else was faster: what he did is read, and said.
            let Some(Some(turned)) = turned else { continue };
            let now = turned.saga.steps[at].clone();
            let is_heeded = turned.moved.is_heeded;
            let is_put_off = turned.moved.put_off.iter().any(|(step, _)| *step == at);
            self.follow(Some(turned));
            match (now.state, &now.undo_op_id) {
                (state, _) if is_heeded => return Ok(Settled::Done(state)),
                (StepState::UndoParked, _) if is_put_off => return Ok(Settled::NotBegun),
                (StepState::UndoParked, Some(op_id)) if found.contains_key(op_id) => {
                    return Ok(Settled::InDoubt(op_id.clone()));
                }
                // Its operation is not the one that was looked at before the turn.
                (StepState::UndoParked, _) => {}
                _ => return Ok(Settled::NotParked(Box::new(now))),
            }
        }
        Err(SagaError::Busy(id.clone()))
    }
}
