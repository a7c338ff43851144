//! One turn of a saga: from what was read to what is written of it.

use serde::de::DeserializeOwned;

use crate::clock::{Timestamp, later};
use crate::engine::Ended;
use crate::ids::SagaId;
use crate::store::StoreError;
use crate::store::hook::{HookError, HookTx};

use super::advance::{Asked, Found, Guard, Moved};
use super::choreography::{Before, Told};
use super::engine::Inner;
use super::pattern::SagaPattern;
use super::pauses::{LONGEST, look_at};
use super::record::{NewSaga, SagaRecord};
use super::role::Role;
use super::seals::{Seals, StepRow};
use super::state::{SagaState, StepState};

impl<I: DeserializeOwned + Send + Sync + 'static> Inner<I> {
    /// Where the operations stand that a saga waits for.
    pub(super) async fn operations(&self, saga: &SagaRecord) -> Result<Found, StoreError> {
        let mut found = Found::new();
        for (step, does) in saga.steps.iter().zip(&self.script.steps) {
            let (op_id, engine) = match step.state {
                StepState::Running | StepState::InDoubt => (&step.op_id, does.engine()),
                StepState::Undoing | StepState::UndoParked => {
                    (&step.undo_op_id, does.undo_engine())
                }
                _ => continue,
            };
            if let (Some(op_id), Some(engine)) = (op_id, engine)
                && let Some(operation) = engine.store().find(op_id).await?
            {
                found.insert(op_id.clone(), Ended::from(operation));
            }
        }
        Ok(found)
    }

    /// Has a saga begin that was just recorded: with its first steps, or by telling their handlers of it.
    pub(super) async fn begin(
        &self,
        tx: &mut HookTx<'_>,
        saga: &NewSaga,
        guard: Guard,
    ) -> Result<Option<Turned>, HookError> {
        match saga.pattern {
            SagaPattern::Orchestration => {
                let (record, nothing) = (saga.record(&self.script.plan), Found::new());
                self.turn(tx, record, &nothing, (&Asked::Look, guard), None)
                    .await
            }
            SagaPattern::Choreography => {
                self.told()?.initiated(tx, saga).await?;
                Ok(None)
            }
        }
    }

    /// A saga with its steps, if there is one of that name.
    pub(super) async fn load(
        &self,
        tx: &mut HookTx<'_>,
        id: &SagaId,
    ) -> Result<Option<SagaRecord>, HookError> {
        let known = (&self.script.plan, &self.seals);
        self.tables.load(tx, known, id).await
    }

    /// What choreographed sagas tell.
    pub(super) fn told(&self) -> Result<&Told, HookError> {
        let none = || {
            let sagas = self.tables.prefix;
            HookError::new(format!(
                "{sagas} has choreographed sagas and no names for their events: add `.events(..)`"
            ))
        };
        self.told.as_ref().ok_or_else(none)
    }

    /// Advances a saga in `tx`, in a role or in that which its pattern gives to whoever looks at it; nothing
    /// when it has ended.
    pub(super) async fn turn(
        &self,
        tx: &mut HookTx<'_>,
        saga: SagaRecord,
        found: &Found,
        asked: (&Asked, Guard),
        role: Option<Role>,
    ) -> Result<Option<Turned>, HookError> {
        let Some(turning) = self.take(tx, saga, found, asked, role).await? else {
            return Ok(None);
        };
        self.write(tx, &turning).await?;
        Ok(Some(turning.into()))
    }

    /// What the plan of this release lacks of a saga that another one moved on.
    pub(super) fn not_in_plan(&self, saga: &SagaRecord) -> Option<String> {
        let lost = saga.steps.get(self.script.plan.steps().len())?;
        let (step, id) = (&lost.name, &saga.id);
        Some(format!(
            "the plan has no step {step}, which saga {id} began"
        ))
    }

    /// A turn, of which nothing is written yet but what its steps did.
    pub(super) async fn take(
        &self,
        tx: &mut HookTx<'_>,
        mut saga: SagaRecord,
        found: &Found,
        asked: (&Asked, Guard),
        role: Option<Role>,
    ) -> Result<Option<Turning>, HookError> {
        if saga.state.is_final() {
            return Ok(None);
        }
        if let Some(problem) = self.not_in_plan(&saga) {
            return Err(HookError::new(problem));
        }
        let input: I = serde_json::from_str(&saga.payload)
            .map_err(|error| HookError::new(format!("the input of saga {}: {error}", saga.id)))?;
        let now = self.clock.now();
        let role = role.unwrap_or(Role::of(saga.pattern));
        let (script, before) = (&self.script, Before::of(&saga));
        let mut moved = script
            .advance(tx, &mut saga, &input, found, asked, (role, now))
            .await?;
        if *asked.0 == Asked::Look && role == Role::Observer && before.is_still(&saga) {
            moved.is_called = self.is_unheard(tx, &saga, &moved).await?;
        }
        let every = self.config.look_every;
        if moved.is_nothing() && before.is_still(&saga) {
            return Ok(Some(Turning {
                next: Next::PutOff(look_at(&saga, now, every)),
                saga,
                before,
                moved,
                role,
            }));
        }
        saga.updated_at = now;
        let is_over = saga.state.is_final();
        saga.completed_at = is_over.then_some(now);
        // To look sooner than needed does no harm, and an index that stays as it is costs nothing.
        let soon = saga.look_at.filter(|soon| *soon > now && !is_over);
        let next = (!is_over).then(|| look_at(&saga, now, every));
        let next = next.map(|next| soon.map_or(next, |soon| soon.min(next)));
        Ok(Some(Turning {
            saga,
            before,
            moved,
            role,
            next: Next::Save(next),
        }))
    }

    /// Whether compensations are due, and whoever begins them has not heard of it: nothing that was told waits for
    /// him, or as a dead letter of his for a person, and nothing has happened for a while. An event may be lost with
    /// its server, or be taken by a process of an earlier release that does not know who hears it now.
    async fn is_unheard(
        &self,
        tx: &mut HookTx<'_>,
        saga: &SagaRecord,
        moved: &Moved,
    ) -> Result<bool, HookError> {
        let is_quiet = self.clock.now() >= later(saga.updated_at, LONGEST);
        if moved.due.is_empty() || !moved.changed.is_empty() || !is_quiet {
            return Ok(false);
        }
        let is_unheard = !self.told()?.may_be_heard(tx, &saga.id).await?;
        if is_unheard {
            tracing::warn!(saga = %saga.id, "nobody undoes what is due: it is told again");
        }
        Ok(is_unheard)
    }

    /// Writes a turn in the transaction in which it was taken.
    async fn write(&self, tx: &mut HookTx<'_>, turning: &Turning) -> Result<(), HookError> {
        let Turning {
            saga, moved, role, ..
        } = turning;
        let next = match turning.next {
            Next::PutOff(until) => {
                let as_read = (&saga.id, saga.version);
                return self.tables.put_off(tx, as_read, until).await;
            }
            Next::Save(next) => next,
        };
        let changed = turning.changed(&self.seals)?;
        if !changed.is_empty() {
            let now = saga.updated_at;
            self.tables.save_steps(tx, &saga.id, &changed, now).await?;
        }
        self.tables.save(tx, saga, next).await?;
        if saga.pattern == SagaPattern::Choreography {
            let (told, plan) = (self.told()?, &self.script.plan);
            told.changes(tx, plan, &turning.before, saga, (*role, moved))
                .await?;
        }
        Ok(())
    }
}

/// What a turn made of a saga.
#[derive(Debug)]
pub(super) struct Turned {
    pub(super) saga: SagaRecord,
    pub(super) moved: Moved,
    /// Whether it ended by this turn.
    pub(super) ended: bool,
}

/// A turn that was taken, and is not written yet.
#[derive(Debug)]
pub(super) struct Turning {
    pub(super) saga: SagaRecord,
    before: Before,
    pub(super) moved: Moved,
    role: Role,
    pub(super) next: Next,
}

/// What is to be written of a saga.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing happened: only when to look at it again.
    PutOff(Timestamp),
    /// Where it stands, and when to look at it again, unless it has ended.
    Save(Option<Timestamp>),
}

impl Next {
    pub(super) fn is_put_off(self) -> bool {
        matches!(self, Self::PutOff(_))
    }
}

impl Turning {
    /// The steps that have to be written.
    pub(super) fn changed(&self, seals: &Seals) -> Result<Vec<StepRow>, HookError> {
        let changed = self.moved.changed.iter();
        let changed = changed.map(|step| &self.saga.steps[step]);
        changed
            .map(|step| seals.step(&self.saga.id, step))
            .collect()
    }
}

impl From<Turning> for Turned {
    fn from(turning: Turning) -> Self {
        let is_saved = matches!(turning.next, Next::Save(_));
        Self {
            ended: is_saved && turning.saga.state.is_final(),
            saga: turning.saga,
            moved: turning.moved,
        }
    }
}

/// Says what a turn did in the log.
pub(super) fn report(saga: &SagaRecord, moved: &Moved, ended: bool) {
    let (id, state) = (&saga.id, saga.state);
    for (step, error) in &moved.put_off {
        let step = &*saga.steps[*step].name;
        tracing::warn!(saga = %id, step, %error, "a step could not begin; it will be tried again");
    }
    for step in moved.changed.iter().map(|step| &saga.steps[step]) {
        match step.state {
            StepState::UndoParked => {
                let error = step.error.as_ref().map(|error| error.message.as_str());
                tracing::error!(saga = %id, step = &*step.name, error, "not undone: a person must look");
            }
            now => tracing::info!(saga = %id, step = &*step.name, state = %now, "step"),
        }
    }
    match state {
        SagaState::Failed if ended => tracing::warn!(saga = %id, %state, "ended"),
        _ if ended => tracing::info!(saga = %id, %state, "ended"),
        _ => {}
    }
}
