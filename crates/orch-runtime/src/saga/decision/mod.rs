//! What a saga does next: the one place that decides which steps begin and which are undone.
//!
//! **Invariants**
//!
//! - A step begins once all that it comes after are done, and never when the saga is compensating or its time
//!   is over.
//! - A step is undone only after it certainly happened, and only when nothing that comes after it can still
//!   have an effect: what was built on it goes first. Steps that do not depend on each other are undone at
//!   the same time.
//! - A step that runs while the saga fails is waited for. When it succeeds too late, it is undone.
//! - A compensation that does not work holds nothing else up. The saga stays COMPENSATING until a person
//!   has decided.

use super::plan::{Compensation, Plan, StepSet, Weight};
use super::state::{SagaState, StepState};

/// Why a saga is not to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Stop {
    /// Somebody asked for it.
    Cancelled,
    /// Its time is over.
    DeadlinePassed,
}

impl Stop {
    /// The name in tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cancelled => "CANCELLED",
            Self::DeadlinePassed => "DEADLINE_PASSED",
        }
    }

    pub(super) fn named(text: &str) -> Option<Self> {
        let mut all = [Self::Cancelled, Self::DeadlinePassed].into_iter();
        all.find(|stop| stop.as_str() == text)
    }
}

/// What is known of a saga.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'s> {
    /// Where it stands.
    pub state: SagaState,
    /// Where its steps stand, by index.
    pub steps: &'s [StepState],
    /// Why it is not to go on, if it is not.
    pub stop: Option<Stop>,
}

/// What to do next. Nothing to begin, nothing to undo and the same state: to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Advice {
    /// Where the saga stands now.
    pub state: SagaState,
    /// The steps that begin, all at once.
    pub start: StepSet,
    /// The steps whose compensations begin, all at once.
    pub undo: StepSet,
}

impl Advice {
    fn state(state: SagaState) -> Self {
        Self {
            state,
            start: StepSet::EMPTY,
            undo: StepSet::EMPTY,
        }
    }
}

/// What to do next.
///
/// # Panics
///
/// When there are fewer states than the plan has steps.
#[must_use]
pub fn advise(plan: &Plan, situation: Situation<'_>) -> Advice {
    let Situation { state, steps, stop } = situation;
    match state {
        SagaState::Completed | SagaState::Compensated | SagaState::Failed => Advice::state(state),
        SagaState::Compensating => compensate(plan, steps),
        SagaState::Pending | SagaState::InProgress => match is_to_stop(plan, steps, stop) {
            true => compensate(plan, steps),
            false => go_on(plan, steps, stop),
        },
    }
}

/// Whether no step may begin any more. What is paid for is not undone because a notification is late.
fn is_to_stop(plan: &Plan, steps: &[StepState], stop: Option<Stop>) -> bool {
    let mut required = (0..plan.steps().len()).filter(|at| is_required(plan, *at));
    if required.clone().any(|at| steps[at] == StepState::Failed) {
        return true;
    }
    match stop {
        None => false,
        Some(Stop::Cancelled) => !steps_of(plan).all(|at| is_done(plan, steps, at)),
        Some(Stop::DeadlinePassed) => !required.all(|at| steps[at] == StepState::Succeeded),
    }
}

fn go_on(plan: &Plan, steps: &[StepState], stop: Option<Stop>) -> Advice {
    if steps_of(plan).all(|at| is_done(plan, steps, at)) {
        return Advice::state(SagaState::Completed);
    }
    if stop.is_some() {
        // All that is required is done. The optional rest is waited for, and none of it begins.
        return Advice::state(match steps.contains(&StepState::Running) {
            true => SagaState::InProgress,
            false => SagaState::Completed,
        });
    }
    let is_ready = |at: &usize| {
        let mut before = plan.before(*at).iter();
        steps[*at] == StepState::Waiting && before.all(|earlier| is_done(plan, steps, earlier))
    };
    Advice {
        start: steps_of(plan).filter(is_ready).collect(),
        ..Advice::state(SagaState::InProgress)
    }
}

fn compensate(plan: &Plan, steps: &[StepState]) -> Advice {
    let undo: StepSet = steps_of(plan)
        .filter(|at| has_to_go(plan, steps, *at))
        .filter(|at| {
            plan.behind(*at)
                .iter()
                .all(|later| is_gone(plan, steps, later))
        })
        .collect();
    let is_over = steps_of(plan).all(|at| is_gone(plan, steps, at));
    let has = |state| steps.contains(&state);
    let state = if !is_over || has(StepState::UndoParked) {
        SagaState::Compensating
    } else if has(StepState::Undone) && !has(StepState::Left) {
        SagaState::Compensated
    } else {
        SagaState::Failed
    };
    Advice {
        undo,
        ..Advice::state(state)
    }
}

fn steps_of(plan: &Plan) -> impl Iterator<Item = usize> + use<> {
    0..plan.steps().len()
}

fn is_required(plan: &Plan, step: usize) -> bool {
    plan.steps()[step].weight == Weight::Required
}

/// Whether what comes after a step may begin: it happened, or the saga goes on without it.
fn is_done(plan: &Plan, steps: &[StepState], step: usize) -> bool {
    match steps[step] {
        StepState::Succeeded => true,
        StepState::Failed | StepState::InDoubt => !is_required(plan, step),
        _ => false,
    }
}

/// Whether a step happened, and must not stay.
fn has_to_go(plan: &Plan, steps: &[StepState], step: usize) -> bool {
    steps[step] == StepState::Succeeded
        && plan.steps()[step].compensation == Compensation::Operation
}

/// Whether a step of a saga that begins nothing any more has no effect, and will have none; or nothing but a
/// person can take it away.
fn is_gone(plan: &Plan, steps: &[StepState], step: usize) -> bool {
    match steps[step] {
        StepState::Waiting
        | StepState::Failed
        | StepState::Undone
        | StepState::UndoParked
        | StepState::Left => true,
        StepState::Running | StepState::InDoubt | StepState::Undoing => false,
        StepState::Succeeded => !has_to_go(plan, steps, step),
    }
}

#[cfg(test)]
mod tests;
