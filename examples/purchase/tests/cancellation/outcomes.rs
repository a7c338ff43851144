//! Every answer a provider can give, and the ones it does not give.

use std::time::Duration;

use orch_runtime::OperationState::{Completed, Failed, InProgress, Parked, Pending, Unknown};
use orch_runtime::testing::Reply;

use crate::world::{keyed, sample, unkeyed};

#[tokio::test]
async fn success_completes_with_the_providers_reference() {
    let world = keyed();
    let op_id = world.submit("key-1", &sample()).await.unwrap();
    let view = world.view(&op_id).await;
    assert_eq!(view.state, Completed);
    let outcome = view.outcome.unwrap();
    assert_eq!(outcome.provider_ref, Some(format!("ref-{op_id}")));
    assert_eq!(world.provider.effects(&op_id), 1);
}

#[tokio::test]
async fn a_busy_provider_is_tried_again_after_the_backoff() {
    let world = keyed();
    let busy = Reply::Busy(None);
    world.provider.script([busy.clone(), busy]);
    let op_id = world.submit("key-1", &sample()).await.unwrap();
    assert_eq!(world.state(&op_id).await, Pending);
    world.advance(Duration::from_secs(6)).await;
    assert_eq!(world.state(&op_id).await, Pending);
    world.advance(Duration::from_secs(12)).await;
    assert_eq!(world.state(&op_id).await, Completed);
    assert_eq!(world.provider.requests(&op_id), 3);
    assert_eq!(world.provider.effects(&op_id), 1);
}

#[tokio::test]
async fn attempts_run_out_into_failed_when_nothing_can_have_happened() {
    let world = keyed();
    let replies = [Reply::Unreachable, Reply::Busy(None), Reply::Unreachable];
    world.provider.script(replies);
    let op_id = world.submit("key-1", &sample()).await.unwrap();
    world.settle().await;
    let view = world.view(&op_id).await;
    assert_eq!(view.state, Failed);
    assert_eq!(view.outcome.unwrap().code.as_deref(), Some("MAX_ATTEMPTS"));
    assert_eq!(world.provider.effects(&op_id), 0);
}

#[tokio::test]
async fn a_refusal_fails_with_the_providers_code() {
    let world = keyed();
    world.provider.script([Reply::Refuse("REFUSED")]);
    let op_id = world.submit("key-1", &sample()).await.unwrap();
    let view = world.view(&op_id).await;
    assert_eq!(view.state, Failed);
    assert_eq!(view.outcome.unwrap().code.as_deref(), Some("REFUSED"));
}

/// It happened, and nobody told us: the most expensive case of all.
#[tokio::test]
async fn a_lost_answer_is_asked_about_and_not_called_again() {
    for world in [keyed(), unkeyed()] {
        world.provider.script([Reply::DoneButLost]);
        let op_id = world.submit("key-1", &sample()).await.unwrap();
        assert_eq!(world.state(&op_id).await, Unknown);
        world.settle().await;
        assert_eq!(world.state(&op_id).await, Completed);
        assert_eq!(world.provider.requests(&op_id), 1);
        assert_eq!(world.provider.effects(&op_id), 1);
    }
}

/// Something on the way says 504; the provider acted all the same.
#[tokio::test]
async fn a_busy_answer_after_the_effect_is_neither_a_failure_nor_a_second_effect() {
    for world in [keyed(), unkeyed()] {
        let busy = Reply::DoneButBusy;
        world.provider.script([busy.clone(), busy.clone(), busy]);
        let op_id = world.submit("key-1", &sample()).await.unwrap();
        world.settle().await;
        assert_eq!(world.state(&op_id).await, Completed);
        assert_eq!(world.provider.effects(&op_id), 1);
    }
}

/// The provider is asked while the call is still on its way, and knows nothing of it yet.
#[tokio::test]
async fn an_early_denial_is_not_believed() {
    let world = unkeyed();
    world.provider.script([Reply::DoneLate]);
    let op_id = world.submit("key-1", &sample()).await.unwrap();
    world.advance(Duration::from_secs(20)).await;
    world.provider.arrive();
    world.settle().await;
    assert_eq!(world.state(&op_id).await, Completed);
    assert_eq!(world.provider.requests(&op_id), 1);
    assert_eq!(world.provider.effects(&op_id), 1);
}

#[tokio::test]
async fn a_request_that_never_arrived_is_sent_again_once_that_is_certain() {
    for world in [keyed(), unkeyed()] {
        world.provider.script([Reply::LostBefore]);
        let op_id = world.submit("key-1", &sample()).await.unwrap();
        world.settle().await;
        assert_eq!(world.state(&op_id).await, Completed);
        assert_eq!(world.provider.effects(&op_id), 1);
    }
}

#[tokio::test]
async fn what_nobody_can_say_is_parked_for_a_person_and_not_failed() {
    let world = unkeyed();
    world.provider.script([Reply::DoneButLost]);
    world.provider.stop_answering_probes();
    let op_id = world.submit("key-1", &sample()).await.unwrap();
    world.settle().await;
    assert_eq!(world.state(&op_id).await, Parked);
    assert_eq!(world.provider.requests(&op_id), 1);
}

#[tokio::test]
async fn a_call_that_hangs_is_cut_off_and_asked_about() {
    let world = keyed();
    world.provider.script([Reply::Hang]);
    let op_id = world.submit("key-1", &sample()).await.unwrap();
    assert_eq!(world.state(&op_id).await, InProgress);
    world.advance(Duration::from_secs(11)).await;
    let state = world.state(&op_id).await;
    assert_ne!(state, InProgress, "its lease runs on, its time is over");
    world.settle().await;
    assert_eq!(world.state(&op_id).await, Completed);
    assert_eq!(world.provider.effects(&op_id), 1);
}

#[tokio::test]
async fn a_panic_is_an_unknown_outcome() {
    let world = keyed();
    world.provider.script([Reply::Panic]);
    let op_id = world.submit("key-1", &sample()).await.unwrap();
    assert_eq!(world.state(&op_id).await, Unknown);
    world.settle().await;
    assert_eq!(world.state(&op_id).await, Completed);
}
