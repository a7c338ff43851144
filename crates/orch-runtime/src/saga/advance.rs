//! One transaction of a saga: what happened meanwhile is noted, and what comes next begins.

use std::collections::BTreeMap;

use crate::clock::Timestamp;
use crate::ids::{IdemKey, OpId};
use crate::operation::state::OperationState;
use crate::operation::view::OperationView;
use crate::store::hook::{HookError, HookTx};

use super::decision::{Advice, Situation, Stop, advise};
use super::plan::{Plan, StepSet};
use super::record::{SagaRecord, StepError};
use super::state::{SagaState, StepState};
use super::step::{Begun, SagaStep, StepRun};

/// The steps of a saga: the plan, and what each of them does.
pub(super) struct Script<I> {
    pub(super) plan: Plan,
    pub(super) steps: Vec<Box<dyn SagaStep<I>>>,
}

/// Operations as they were found before the transaction. One that has ended stays as it is.
pub(super) type Found = BTreeMap<OpId, OperationView>;

/// What one transaction did.
#[derive(Debug, Default)]
pub(super) struct Moved {
    /// The steps that changed.
    pub(super) changed: StepSet,
    /// Steps whose operations were accepted, with them.
    pub(super) accepted: Vec<(usize, OpId)>,
    /// A step could not be begun because the database failed.
    pub(super) is_troubled: bool,
}

/// Why a saga is advanced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    /// Something may have happened.
    Look,
    /// Somebody wants it to end.
    Stop(Stop),
    /// Somebody wants what happened undone, and compensations that did not work begun again.
    Compensate,
    /// A person decided to leave a step as it is.
    Leave(&'static str, StepError),
}

/// Which of the two things a step can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Do,
    Undo,
}

impl<I: Sync + 'static> Script<I> {
    /// Brings a saga as far as it can come now. Writes the effects of its steps, and not yet the saga.
    pub(super) async fn advance(
        &self,
        tx: &mut HookTx<'_>,
        saga: &mut SagaRecord,
        input: &I,
        found: &Found,
        asked: &Asked,
        now: Timestamp,
    ) -> Result<Moved, HookError> {
        let mut moved = Moved::default();
        self.note(saga, found, &mut moved);
        match asked {
            Asked::Look => {}
            Asked::Stop(stop) => saga.stop = saga.stop.or(Some(*stop)),
            Asked::Leave(step, why) => leave(saga, step, why, &mut moved),
            Asked::Compensate => {
                saga.stop = saga.stop.or(Some(Stop::Cancelled));
                for step in unworked(saga, found) {
                    self.begin(tx, saga, input, step, Way::Undo, now, &mut moved)
                        .await?;
                }
            }
        }
        loop {
            let advice = self.advice(saga, now);
            saga.state = advice.state;
            let mut is_stuck = true;
            for (steps, way) in [(advice.start, Way::Do), (advice.undo, Way::Undo)] {
                for step in steps.iter() {
                    is_stuck &= !self
                        .begin(tx, saga, input, step, way, now, &mut moved)
                        .await?;
                }
            }
            if is_stuck {
                return Ok(moved);
            }
        }
    }

    fn advice(&self, saga: &SagaRecord, now: Timestamp) -> Advice {
        let steps: Vec<StepState> = saga.steps.iter().map(|step| step.state).collect();
        let too_late = (now >= saga.deadline_at).then_some(Stop::DeadlinePassed);
        let situation = Situation {
            state: saga.state,
            steps: &steps,
            stop: saga.stop.or(too_late),
        };
        advise(&self.plan, situation)
    }

    /// Notes which operations have ended.
    fn note(&self, saga: &mut SagaRecord, found: &Found, moved: &mut Moved) {
        for (at, step) in saga.steps.iter_mut().enumerate() {
            let (op_id, next): (_, fn(OperationState) -> Option<StepState>) = match step.state {
                StepState::Running | StepState::InDoubt => (&step.op_id, done),
                StepState::Undoing | StepState::UndoParked => (&step.undo_op_id, undone),
                _ => continue,
            };
            let Some(operation) = op_id.as_ref().and_then(|op_id| found.get(op_id)) else {
                continue;
            };
            let Some(next) = next(operation.state).filter(|next| *next != step.state) else {
                continue;
            };
            if step.state == StepState::UndoParked && next == StepState::Undone {
                step.state = StepState::Undoing;
            }
            debug_assert!(step.state.may_become(next), "{} to {next}", step.state);
            let outcome = operation.outcome.as_ref();
            if next == StepState::Succeeded {
                step.result = outcome.and_then(|outcome| outcome.result.clone());
            }
            step.error = match next {
                StepState::Succeeded | StepState::Undone => None,
                _ => outcome.map(|outcome| StepError {
                    code: outcome.code.clone().unwrap_or_default(),
                    message: outcome.message.clone(),
                }),
            };
            step.state = next;
            moved.changed = moved.changed.union(StepSet::one(at));
        }
    }

    /// Begins a step or its compensation, each so that it leaves nothing when it fails. Says whether it
    /// changed anything.
    #[expect(clippy::too_many_arguments, reason = "all of one transaction")]
    async fn begin(
        &self,
        tx: &mut HookTx<'_>,
        saga: &mut SagaRecord,
        input: &I,
        at: usize,
        way: Way,
        now: Timestamp,
        moved: &mut Moved,
    ) -> Result<bool, HookError> {
        let results: BTreeMap<&str, serde_json::Value> = saga
            .steps
            .iter()
            .filter_map(|step| Some((step.name, step.result.clone()?)))
            .collect();
        let key = key(saga, at, way)?;
        let run = StepRun {
            saga_id: &saga.id,
            owner_id: &saga.owner_id,
            input,
            results: &results,
            key: &key,
        };
        tx.execute("savepoint saga_step", &[]).await?;
        let begun = match way {
            Way::Do => self.steps[at].begin(tx, &run).await,
            Way::Undo => self.steps[at].undo(tx, &run).await,
        };
        if !matches!(begun, Ok(Begun::Done(_) | Begun::Operation(_))) {
            tx.execute("rollback to savepoint saga_step", &[]).await?;
        }
        tx.execute("release savepoint saga_step", &[]).await?;
        let begun = match begun {
            Ok(begun) => begun,
            Err(error) => {
                let (step, saga) = (saga.steps[at].name, &saga.id);
                tracing::warn!(%saga, step, %error, "a step could not begin; it will be tried again");
                moved.is_troubled = true;
                return Ok(false);
            }
        };
        self.begun(saga, at, way, begun, now, moved);
        Ok(true)
    }

    fn begun(
        &self,
        saga: &mut SagaRecord,
        at: usize,
        way: Way,
        begun: Begun,
        now: Timestamp,
        moved: &mut Moved,
    ) {
        let step = &mut saga.steps[at];
        moved.changed = moved.changed.union(StepSet::one(at));
        match way {
            Way::Do => step.executed_at = Some(now),
            Way::Undo => step.undo_attempts += 1,
        }
        step.state = match (way, begun) {
            (Way::Do, Begun::Done(result)) => {
                step.result = Some(result);
                StepState::Succeeded
            }
            (Way::Do, Begun::Refused(error)) => {
                step.error = Some(error);
                StepState::Failed
            }
            (Way::Do, Begun::Operation(op_id)) => {
                moved.accepted.push((at, op_id.clone()));
                step.op_id = Some(op_id);
                StepState::Running
            }
            (Way::Undo, Begun::Done(_)) => StepState::Undone,
            (Way::Undo, Begun::Refused(error)) => {
                step.error = Some(error);
                StepState::UndoParked
            }
            (Way::Undo, Begun::Operation(op_id)) => {
                moved.accepted.push((at, op_id.clone()));
                step.undo_op_id = Some(op_id);
                StepState::Undoing
            }
        };
    }
}

/// Compensations that certainly did not happen. Of a parked operation nobody knows that: it is decided where
/// dead letters are.
fn unworked(saga: &SagaRecord, found: &Found) -> Vec<usize> {
    let steps = saga.steps.iter().enumerate();
    let parked = steps.filter(|(_, step)| step.state == StepState::UndoParked);
    let certain = parked.filter(|(_, step)| {
        let operation = step.undo_op_id.as_ref().map(|op_id| found.get(op_id));
        operation.is_none_or(|found| {
            found.is_some_and(|operation| operation.state == OperationState::Failed)
        })
    });
    certain.map(|(at, _)| at).collect()
}

fn leave(saga: &mut SagaRecord, name: &str, why: &StepError, moved: &mut Moved) {
    let mut steps = saga.steps.iter_mut().enumerate();
    if let Some((at, step)) = steps.find(|(_, step)| step.name == name)
        && step.state == StepState::UndoParked
    {
        step.state = StepState::Left;
        step.error = Some(why.clone());
        moved.changed = moved.changed.union(StepSet::one(at));
    }
}

/// What a step's operation says of the step.
fn done(operation: OperationState) -> Option<StepState> {
    match operation {
        OperationState::Completed => Some(StepState::Succeeded),
        OperationState::Failed => Some(StepState::Failed),
        OperationState::Parked => Some(StepState::InDoubt),
        OperationState::Pending | OperationState::InProgress | OperationState::Unknown => None,
    }
}

/// What the operation of a compensation says of the step.
fn undone(operation: OperationState) -> Option<StepState> {
    match operation {
        OperationState::Completed => Some(StepState::Undone),
        OperationState::Failed | OperationState::Parked => Some(StepState::UndoParked),
        OperationState::Pending | OperationState::InProgress | OperationState::Unknown => None,
    }
}

/// The key of a step, or of its compensation. A compensation that certainly did not happen gets another one
/// when a person asks for it again.
fn key(saga: &SagaRecord, at: usize, way: Way) -> Result<IdemKey, HookError> {
    let step = &saga.steps[at];
    let text = match way {
        Way::Do => format!("{}/{}", saga.id, step.name),
        Way::Undo => format!("{}/{}/undo/{}", saga.id, step.name, step.undo_attempts),
    };
    IdemKey::new(text).map_err(|error| HookError::new(error.to_string()))
}

/// When somebody has to look at a saga the next time, whatever is missed meanwhile.
pub(super) fn look_at(
    saga: &SagaRecord,
    now: Timestamp,
    every: std::time::Duration,
) -> Option<Timestamp> {
    let waits = !matches!(
        saga.state,
        SagaState::Completed | SagaState::Compensated | SagaState::Failed
    );
    waits.then(|| crate::clock::later(now, every))
}
