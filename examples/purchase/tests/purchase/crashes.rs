//! A process that dies loses nothing and does nothing twice, wherever it dies.

use orch_runtime::fault::Boundary;
use orch_runtime::saga::SagaState;

use crate::world::{sample, worlds};

#[tokio::test]
async fn a_crash_anywhere_is_survived() {
    for boundary in Boundary::ALL {
        for mut world in worlds() {
            world.crash_at(boundary);
            // It may die before it answers: whoever asked asks again.
            let _ = world.initiate("key-1", &sample()).await;
            if world.is_dead() {
                world.restart();
            }
            let id = world.initiate("key-1", &sample()).await.unwrap().id;
            let saga = world.settle(&id).await;
            assert_eq!(saga.state, SagaState::Completed, "{boundary}: {saga:?}");
            assert!(world.most_effects_of_one_key() <= 1, "{boundary}");
        }
    }
}

#[tokio::test]
async fn what_is_undone_when_it_crashes_is_undone_by_the_next_process() {
    for boundary in Boundary::ALL {
        for mut world in worlds() {
            let id = world.initiate("key-1", &sample()).await.unwrap().id;
            world.crash_at(boundary);
            let _ = world.sagas().compensate(&id).await;
            let saga = world.settle(&id).await;
            assert!(saga.state.is_final(), "{boundary}: {saga:?}");
            let is_undone_anew = saga.steps.iter().any(|step| step.undo_attempts > 1);
            assert!(!is_undone_anew, "{boundary}: {saga:?}");
            assert!(world.most_effects_of_one_key() <= 1, "{boundary}");
        }
    }
}
