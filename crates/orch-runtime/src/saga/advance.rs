//! One transaction of a saga: what happened meanwhile is noted, and what comes next begins.

use std::collections::BTreeMap;

use crate::clock::{Timestamp, later};
use crate::engine::{Ended, Engine, Taken, Wanted};
use crate::ids::{IdemKey, OpId};
use crate::operation::state::OperationState;
use crate::store::hook::{HookError, HookErrorKind, HookTx};
use crate::unwind::catching;

use super::decision::{Advice, Situation, Stop, advise};
use super::integrity::Keys;
use super::limits::Limits;
use super::pauses::PATIENCE;
use super::plan::{Plan, StepSet};
use super::record::{SagaRecord, StepError, StepRecord};
use super::role::Role;
use super::state::StepState;
use super::step::{Begun, SagaStep, StepResult, StepRun, TakenHere};

/// The steps of a saga: the plan, and what each of them does.
pub(super) struct Script<I> {
    pub(super) plan: Plan,
    pub(super) steps: Vec<Box<dyn SagaStep<I>>>,
    pub(super) limits: Limits,
}

impl<I: 'static> Script<I> {
    /// The engines whose operations do the steps and undo them, where operations do.
    pub(super) fn engines(&self) -> impl Iterator<Item = (&'static str, Keys, Option<&Engine>)> {
        let steps = self.plan.steps().iter().zip(&self.steps);
        steps.flat_map(|(step, does)| {
            [
                (step.name, Keys::Of, does.engine()),
                (step.name, Keys::Undoing, does.undo_engine()),
            ]
        })
    }
}

/// Operations as they were found before the transaction. One that has ended stays as it is.
pub(super) type Found = BTreeMap<OpId, Ended>;

/// What one transaction did.
#[derive(Debug, Default)]
pub(super) struct Moved {
    /// The steps that changed.
    pub(super) changed: StepSet,
    /// The operations that were accepted, and begin with the commit.
    pub(super) taken: Vec<Taken>,
    /// The operations that are to be accepted when the turn is written.
    pub(super) wanted: Vec<Wanted>,
    /// The steps that could not begin, and why.
    pub(super) put_off: Vec<(usize, HookError)>,
    /// What happened to steps, in order.
    pub(super) happened: Vec<(usize, StepState)>,
    /// Compensations that are due, and that somebody else has to begin.
    pub(super) due: StepSet,
    /// Compensations that a person wants begun again and somebody else has to begin, each with how often it was.
    pub(super) again: Vec<(usize, u32)>,
    /// Whether whoever undoes is to be called, whatever called it before: a person wants it, or it was not heard.
    pub(super) is_called: bool,
    /// Whether what a person decided about a step took effect.
    pub(super) is_heeded: bool,
}

impl Moved {
    /// Whether nothing happened that has to be written or told.
    pub(super) fn is_nothing(&self) -> bool {
        let is_called = self.is_called && !(self.again.is_empty() && self.due.is_empty());
        self.changed.is_empty() && !is_called
    }

    fn note(&mut self, at: usize, state: StepState) {
        self.changed = self.changed.union(StepSet::one(at));
        self.happened.push((at, state));
    }
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
    Leave(usize, StepError),
    /// A person wants the compensation of a step begun again.
    Undo(usize),
    /// Compensations that certainly did not work are to be begun again, unless they were begun more often
    /// meanwhile.
    Again(Vec<(usize, u32)>),
}

/// Which steps begin behind a savepoint of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Guard {
    /// None. A step that does not begin makes the turn [`Unguarded`](HookErrorKind::Unguarded).
    None,
    /// All.
    All,
    /// None; the turn writes nothing, and is written later together with those of other sagas. One that would
    /// have to do more than to accept operations is refused as [`Unguarded`](HookErrorKind::Unguarded).
    Shared,
}

/// Which of the two things a step can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Do,
    Undo,
}

impl<I: Sync + 'static> Script<I> {
    /// Brings a saga as far as it can come now. Writes the effects of its steps, and not yet the saga.
    ///
    /// Savepoints cost two statements for each step, and nearly all steps begin: a turn is taken without them first,
    /// and where one would have been needed once more with all of them.
    pub(super) async fn advance(
        &self,
        tx: &mut HookTx<'_>,
        saga: &mut SagaRecord,
        input: &I,
        found: &Found,
        (asked, guard): (&Asked, Guard),
        (role, now): (Role, Timestamp),
    ) -> Result<Moved, HookError> {
        let mut turn = Turn {
            guard,
            script: self,
            tx,
            saga,
            input,
            role,
            now,
            moved: Moved::default(),
            taken: TakenHere::new(guard == Guard::Shared),
            is_stuck: false,
        };
        turn.note(found);
        turn.is_stuck =
            turn.moved.changed.is_empty() && now >= later(turn.saga.updated_at, PATIENCE);
        turn.answer(asked, found).await?;
        turn.go_on().await?;
        let (taken, wanted) = turn.taken.into_lists();
        Ok(Moved {
            taken,
            wanted,
            ..turn.moved
        })
    }
}

/// One transaction of one saga.
struct Turn<'t, 'tx, I> {
    guard: Guard,
    script: &'t Script<I>,
    tx: &'t mut HookTx<'tx>,
    saga: &'t mut SagaRecord,
    input: &'t I,
    role: Role,
    now: Timestamp,
    moved: Moved,
    taken: TakenHere,
    /// Whether nothing has happened for longer than what fails by chance goes on failing.
    is_stuck: bool,
}

impl<I: Sync + 'static> Turn<'_, '_, I> {
    /// Notes which operations have ended.
    fn note(&mut self, found: &Found) {
        for (at, step) in self.saga.steps.iter_mut().enumerate() {
            let (op_id, next): (_, fn(OperationState) -> Option<StepState>) = match step.state {
                StepState::Running | StepState::InDoubt => (&step.op_id, done),
                StepState::Undoing | StepState::UndoParked => (&step.undo_op_id, undone),
                _ => continue,
            };
            let operation = op_id.as_ref().and_then(|op_id| found.get(op_id));
            let next = operation.and_then(|operation| next(operation.state));
            if let (Some(operation), Some(next)) = (operation, next)
                && next != step.state
            {
                step.end(next, operation);
                self.moved.note(at, next);
            }
        }
    }

    async fn answer(&mut self, asked: &Asked, found: &Found) -> Result<(), HookError> {
        match asked {
            Asked::Look => {}
            Asked::Stop(stop) => self.saga.stop = self.saga.stop.or(Some(*stop)),
            Asked::Leave(step, why) => self.leave(*step, why),
            Asked::Undo(step) => {
                if unworked(self.saga, found).contains(step) {
                    self.moved.is_called = true;
                    self.moved.is_heeded = self.undo_again(*step).await?;
                }
            }
            Asked::Compensate => {
                self.saga.stop = self.saga.stop.or(Some(Stop::Cancelled));
                self.moved.is_called = true;
                for step in unworked(self.saga, found) {
                    self.undo_again(step).await?;
                }
            }
            Asked::Again(steps) => {
                for (step, attempts) in steps {
                    let parked = &self.saga.steps[*step];
                    if parked.state == StepState::UndoParked && parked.undo_attempts == *attempts {
                        self.begin(*step, Way::Undo).await?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Begins a compensation again, or has it begun by whom that is left to; says whether.
    async fn undo_again(&mut self, at: usize) -> Result<bool, HookError> {
        if self.role.may(at, Way::Undo) {
            return self.begin(at, Way::Undo).await;
        }
        let attempts = self.saga.steps[at].undo_attempts;
        self.moved.again.push((at, attempts));
        Ok(true)
    }

    fn leave(&mut self, at: usize, why: &StepError) {
        let step = &mut self.saga.steps[at];
        if step.state == StepState::UndoParked {
            step.state = StepState::Left;
            step.error = Some(why.clone());
            self.moved.note(at, StepState::Left);
            self.moved.is_heeded = true;
        }
    }

    /// Begins what can begin, until nothing more comes of it: work in our own database is done at once.
    async fn go_on(&mut self) -> Result<(), HookError> {
        loop {
            let advice = self.advice();
            if advice.state.is_given_up() && !self.saga.state.is_given_up() && self.is_too_late() {
                self.saga.stop = self.saga.stop.or(Some(Stop::DeadlinePassed));
            }
            self.saga.state = advice.state;
            let mut is_stuck = true;
            for (steps, way) in [(advice.start, Way::Do), (advice.undo, Way::Undo)] {
                let role = self.role;
                for step in steps.iter().filter(|step| role.may(*step, way)) {
                    is_stuck &= !self.begin(step, way).await?;
                }
            }
            if is_stuck {
                let others = |step: &usize| !self.role.may(*step, Way::Undo);
                self.moved.due = advice.undo.iter().filter(others).collect();
                return Ok(());
            }
        }
    }

    fn is_too_late(&self) -> bool {
        self.now >= self.saga.deadline_at
    }

    fn advice(&self) -> Advice {
        let steps: Vec<StepState> = self.saga.steps.iter().map(|step| step.state).collect();
        let too_late = self.is_too_late().then_some(Stop::DeadlinePassed);
        let situation = Situation {
            state: self.saga.state,
            steps: &steps,
            stop: self.saga.stop.or(too_late),
        };
        advise(&self.script.plan, situation)
    }

    /// Begins a step or its compensation, so that it leaves nothing when it fails. Says whether anything
    /// changed.
    async fn begin(&mut self, at: usize, way: Way) -> Result<bool, HookError> {
        let steps = self.saga.steps.iter();
        let names = self.script.plan.steps().iter().map(|step| step.name);
        let given = names
            .zip(steps)
            .filter_map(|(name, step)| Some((name, step.given()?)));
        let (results, key) = (given.collect(), key(self.saga, at, way)?);
        let before = self.taken.count();
        let run = StepRun {
            saga_id: &self.saga.id,
            owner_id: &self.saga.owner_id,
            input: self.input,
            results: &results,
            key: &key,
            taken: &self.taken,
            time_budget: self.script.limits.of(at, way).time_budget,
        };
        let does = &self.script.steps[at];
        let engine = match way {
            Way::Do => does.engine(),
            Way::Undo => does.undo_engine(),
        };
        if self.guard == Guard::Shared && engine.is_none() {
            return Err(HookError::of(
                HookErrorKind::Unguarded,
                "work in our own database needs a transaction of its own",
            ));
        }
        let is_guarded = self.guard == Guard::All;
        if is_guarded {
            self.tx.execute("savepoint saga_step", &[]).await?;
        }
        let begun = match way {
            Way::Do => catching(does.begin(self.tx, &run)).await,
            Way::Undo => catching(does.undo(self.tx, &run)).await,
        };
        let begun = begun.unwrap_or_else(|panic| Ok(Begun::Refused(panicked(&panic))));
        let begun = match is_guarded {
            true => self.end_savepoint(begun).await?,
            false => Ok(unguarded(begun)?),
        };
        if !matches!(begun, Ok(Begun::Done(_) | Begun::Operation(_))) {
            self.taken.keep(before);
        }
        match begun {
            Ok(begun) => {
                self.begun(at, way, begun);
                Ok(true)
            }
            Err(error) if way == Way::Undo && self.is_given_up(&error) => {
                self.begun(at, way, Begun::Refused(broken(&error)));
                Ok(true)
            }
            Err(error) => {
                self.moved.put_off.push((at, error));
                Ok(false)
            }
        }
    }

    /// Whether a compensation that could not begin is left to a person, so that it holds no other up. The handlers
    /// of choreographed sagas leave theirs as dead letters.
    fn is_given_up(&self, error: &HookError) -> bool {
        self.is_stuck && self.role == Role::Coordinator && error.kind() == HookErrorKind::Refusal
    }

    /// Keeps what a step wrote when it began, and takes it back when it did not: also where a statement failed
    /// and was passed over, which PostgreSQL says when the savepoint is released.
    async fn end_savepoint(
        &mut self,
        begun: Result<Begun, HookError>,
    ) -> Result<Result<Begun, HookError>, HookError> {
        let release = "release savepoint saga_step";
        let (begun, is_kept) = match begun {
            Ok(begun @ (Begun::Done(_) | Begun::Operation(_))) => {
                match self.tx.execute(release, &[]).await {
                    Ok(_) => (Ok(begun), true),
                    Err(error) => (Err(error), false),
                }
            }
            not_begun => (not_begun, false),
        };
        if !is_kept {
            let sql = "rollback to savepoint saga_step";
            self.tx.execute(sql, &[]).await?;
            self.tx.execute(release, &[]).await?;
        }
        Ok(begun)
    }

    fn begun(&mut self, at: usize, way: Way, begun: Begun) {
        let step = &mut self.saga.steps[at];
        match way {
            Way::Do => {
                step.executed_at = Some(self.now);
                step.state = match begun {
                    Begun::Done(result) => {
                        step.result = Some(result);
                        StepState::Succeeded
                    }
                    Begun::Refused(error) => {
                        step.error = Some(error);
                        StepState::Failed
                    }
                    Begun::RefusedWith(error, known) => {
                        (step.error, step.result) = (Some(error), Some(known));
                        StepState::Failed
                    }
                    Begun::Operation(op_id) => {
                        step.op_id = Some(op_id);
                        StepState::Running
                    }
                };
            }
            Way::Undo => {
                step.undo_attempts += 1;
                step.undo_op_id = None;
                step.state = match begun {
                    Begun::Done(_) => {
                        step.error = None;
                        StepState::Undone
                    }
                    Begun::Refused(error) | Begun::RefusedWith(error, _) => {
                        step.error = Some(error);
                        StepState::UndoParked
                    }
                    Begun::Operation(op_id) => {
                        step.undo_op_id = Some(op_id);
                        StepState::Undoing
                    }
                };
            }
        }
        self.moved.note(at, step.state);
    }
}

impl StepRecord {
    /// What it gave, if it has happened.
    fn given(&self) -> Option<StepResult> {
        use StepState::{Left, Succeeded, UndoParked, Undoing, Undone};
        let has_happened = matches!(self.state, Succeeded | Undoing | UndoParked | Undone | Left);
        has_happened.then(|| StepResult {
            op_id: self.op_id.clone(),
            provider_ref: self.provider_ref.clone(),
            data: self.result.clone(),
        })
    }

    /// The operation has ended that does it, or that undoes it.
    fn end(&mut self, next: StepState, operation: &Ended) {
        debug_assert!(self.state.may_become(next), "{} to {next}", self.state);
        if next == StepState::Succeeded {
            self.result = operation.result.clone();
            self.provider_ref = operation.provider_ref.clone();
        }
        self.error = match next {
            StepState::Succeeded | StepState::Undone => None,
            _ => Some(StepError {
                code: operation.code.clone().unwrap_or_default(),
                message: operation.message.clone(),
            }),
        };
        self.state = next;
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

/// What began without a savepoint has to have begun: nothing takes back what it may have written.
fn unguarded(begun: Result<Begun, HookError>) -> Result<Begun, HookError> {
    match begun {
        Ok(begun @ (Begun::Done(_) | Begun::Operation(_))) => Ok(begun),
        Ok(Begun::Refused(_) | Begun::RefusedWith(..)) | Err(_) => Err(HookError::of(
            HookErrorKind::Unguarded,
            "a step did not begin, and had no savepoint",
        )),
    }
}

/// Work that panics does so again: it is refused, so that a person sees it.
fn panicked(message: &str) -> StepError {
    StepError {
        code: "PANICKED".to_owned(),
        message: message.to_owned(),
    }
}

/// A statement that was wrong for so long is wrong for ever, or until a person mends the tables.
fn broken(error: &HookError) -> StepError {
    StepError {
        code: "NOT_POSSIBLE".to_owned(),
        message: error.to_string(),
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
    let key = match way {
        Way::Do => saga.id.key_of(&step.name),
        Way::Undo => saga
            .id
            .key_of(format_args!("{}/undo/{}", step.name, step.undo_attempts)),
    };
    key.map_err(|error| HookError::new(error.to_string()))
}
