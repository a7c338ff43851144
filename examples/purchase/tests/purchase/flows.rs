//! Every way through the saga.

use orch_runtime::saga::{Compensation, SagaRecord, SagaState, StepState};
use orch_runtime::testing::Reply;

use purchase::purchase::PLAN;

use crate::world::{other, sample, started, worlds};

/// Nothing stays of a saga that did not happen, but what nothing undoes.
fn assert_undone(saga: &SagaRecord) {
    let is_over = matches!(saga.state, SagaState::Compensated | SagaState::Failed);
    assert!(is_over, "{saga:?}");
    for (step, plan) in saga.steps.iter().zip(PLAN) {
        let can_go = plan.compensation == Compensation::Operation;
        assert!(!can_go || step.state != StepState::Succeeded, "{step:?}");
    }
}

#[tokio::test]
async fn every_step_happens_once() {
    for mut world in worlds() {
        let id = started(&world).await;
        let saga = world.settle(&id).await;
        assert_eq!(saga.state, SagaState::Completed);
        let done = |state| saga.steps.iter().filter(|step| step.state == state).count();
        assert_eq!(done(StepState::Succeeded), PLAN.len());
        assert!(world.most_effects_of_one_key() <= 1);
    }
}

#[tokio::test]
async fn the_same_request_again_is_the_same_saga() {
    for world in worlds() {
        let id = started(&world).await;
        let again = world.initiate("key-1", &sample()).await.unwrap();
        assert!(again.replayed);
        assert_eq!(again.id, id);
        assert!(world.initiate("key-1", &other()).await.is_err());
    }
}

/// However often it is asked for.
#[tokio::test]
async fn what_happened_is_undone_once() {
    for mut world in worlds() {
        let id = started(&world).await;
        for _ in 0..3 {
            world.sagas().compensate(&id).await.unwrap();
        }
        let saga = world.settle(&id).await;
        if saga.state != SagaState::Completed {
            assert_undone(&saga);
        }
        let is_undone_anew = saga.steps.iter().any(|step| step.undo_attempts > 1);
        assert!(!is_undone_anew, "{saga:?}");
        assert!(world.most_effects_of_one_key() <= 1);
    }
}

#[tokio::test]
async fn the_saga_goes_on_without_notification() {
    for mut world in worlds() {
        let provider = world.provider("notification");
        provider.script([Reply::Refuse("REFUSED")]);
        let id = started(&world).await;
        let saga = world.settle(&id).await;
        assert_eq!(saga.state, SagaState::Completed, "{saga:?}");
        assert!(world.most_effects_of_one_key() <= 1);
    }
}

/// It happened, and nobody told us.
#[tokio::test]
async fn a_lost_answer_to_notification_is_asked_about() {
    for mut world in worlds() {
        let provider = world.provider("notification");
        provider.script([Reply::DoneButLost]);
        let id = started(&world).await;
        let saga = world.settle(&id).await;
        assert_eq!(saga.state, SagaState::Completed, "{saga:?}");
        assert!(world.most_effects_of_one_key() <= 1);
    }
}
