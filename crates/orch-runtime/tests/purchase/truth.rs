//! What must be true of purchases that have come to rest.

use orch_runtime::saga::{SagaRecord, SagaState, StepState, Weight};
use orch_runtime::testing::SagaEffects;

use crate::purchase::PLAN;

/// What a sword costs.
pub(crate) const PRICE: i64 = 10;
/// What all accounts hold together with what was paid.
pub(crate) const MONEY: i64 = 10_000;
/// What is in stock together with what was granted.
pub(crate) const PIECES: i64 = 1_000;

/// Holds a purchase that has come to rest against what happened, which `effects` knows by step.
pub(crate) fn assert_true(case: &str, saga: &SagaRecord, effects: impl Fn(&str) -> SagaEffects) {
    for step in &saga.steps {
        let (name, state, effects) = (&step.name, step.state, effects(&step.name));
        let wrong = effects.contradiction(state);
        assert_eq!(
            wrong, None,
            "{case}: {name} is {state}, and {effects:?}: {saga:?}"
        );
        assert!(
            step.undo_attempts <= 1,
            "{case}: {name} is undone anew: {saga:?}"
        );
        let is_parked = matches!(state, StepState::InDoubt | StepState::UndoParked);
        assert!(
            !is_parked || step.error.is_some(),
            "{case}: parked and nobody is told why"
        );
    }
    let is_there = |state: &StepState| {
        use StepState::{Failed, InDoubt, Left, Undone, Waiting};
        match saga.state {
            SagaState::Completed => *state == StepState::Succeeded,
            SagaState::Compensated => matches!(state, Undone | Failed | Waiting),
            SagaState::Failed => matches!(state, Undone | Failed | Waiting | Left),
            _ => *state != InDoubt || saga.waits_for_a_person(),
        }
    };
    for (step, plan) in saga.steps.iter().zip(PLAN) {
        let tolerated = saga.state == SagaState::Completed
            && plan.weight == Weight::Optional
            && step.state == StepState::Failed;
        assert!(is_there(&step.state) || tolerated, "{case}: {saga:?}");
    }
    let rests = saga.state.is_final() || saga.waits_for_a_person();
    assert!(rests, "{case}: {saga:?}");
}
