//! Accept, execute, finalize; retries, lost answers, budgets.

use std::time::Duration;

use orch_runtime::engine::SubmitError;
use orch_runtime::operation::view::OperationView;
use orch_runtime::testing::Reply;
use orch_runtime::{IdemKey, OperationState, OwnerId};

use crate::charge::{charge, hooked_world, keyed_world, scripted, unkeyed_world};
use crate::sagas::{hang_up, until};

fn code(view: &OperationView) -> Option<&str> {
    view.outcome
        .as_ref()
        .and_then(|outcome| outcome.code.as_deref())
}

#[tokio::test]
async fn a_charge_completes_with_the_providers_reference() {
    let world = keyed_world();
    let op = world.submit("k", &charge("order-1")).await.unwrap();
    let view = world.view(&op).await;
    assert_eq!(view.state, OperationState::Completed);
    assert_eq!(view.attempts, 1);
    let outcome = view.outcome.unwrap();
    assert_eq!(outcome.provider_ref, Some(format!("ref-{op}")));
    assert_eq!(world.provider.effects(&op), 1);
}

#[tokio::test]
async fn the_same_key_answers_the_same_operation_and_calls_once() {
    let world = keyed_world();
    let first = world.submit("k", &charge("order-1")).await.unwrap();
    let again = world.submit("k", &charge("order-1")).await.unwrap();
    assert_eq!(first, again);
    assert_eq!(world.provider.total_requests(), 1);
}

/// A client that hangs up leaves an operation that was leased for it, and that nobody would call.
#[tokio::test]
async fn an_operation_is_begun_with_though_its_client_hangs_up() {
    let world = unkeyed_world();
    let submit = |key: &str| {
        let (engine, command, key) = (world.engine().clone(), charge(key), IdemKey::new(key));
        async move {
            engine
                .submit(OwnerId::anonymous(), key.unwrap(), &command)
                .await
        }
    };
    let recorded = "select count(*) as n from charge_operations";
    for count in 1..=20 {
        let is_recorded = async || world.count(recorded, vec![]).await == count;
        hang_up(submit(&format!("order-{count}")), is_recorded).await;
    }
    until(async || world.provider.total_requests() == 20).await;
    world.quiet().await;
    let completed = format!("{recorded} where state = 'COMPLETED'");
    assert_eq!(world.count(&completed, vec![]).await, 20);
    assert_eq!(world.provider.total_requests(), 20);
}

#[tokio::test]
async fn the_same_key_for_another_command_changes_nothing() {
    let world = keyed_world();
    world.submit("k", &charge("order-1")).await.unwrap();
    let other = world.submit("k", &charge("order-2")).await;
    assert!(matches!(other, Err(SubmitError::KeyReused)));
    assert_eq!(world.provider.total_requests(), 1);
}

/// Another owner's key must not answer with a foreign operation (disclosure and denial).
#[tokio::test]
async fn keys_and_operations_of_other_owners_are_invisible() {
    let world = keyed_world();
    let mine = world.submit("k", &charge("order-1")).await.unwrap();
    let other = OwnerId::new("mallory").unwrap();
    let key = IdemKey::new("k").unwrap();
    let theirs = world
        .engine()
        .submit(other.clone(), key, &charge("order-1"))
        .await
        .unwrap();
    assert_ne!(mine, theirs.op_id);
    assert!(!theirs.replayed);
    assert_eq!(world.engine().find(&other, &mine).await.unwrap(), None);
}

#[tokio::test]
async fn hundreds_of_posts_of_one_key_are_one_operation_and_one_call() {
    let world = keyed_world();
    let mut posts = tokio::task::JoinSet::new();
    for _ in 0..500 {
        let engine = world.engine().clone();
        posts.spawn(async move {
            let key = IdemKey::new("one").unwrap();
            engine
                .submit(OwnerId::anonymous(), key, &charge("order-1"))
                .await
                .unwrap()
                .op_id
        });
    }
    let answers = posts.join_all().await;
    world.quiet().await;
    assert!(answers.iter().all(|op| *op == answers[0]));
    assert_eq!(world.provider.total_requests(), 1);
    assert_eq!(
        world
            .count("select count(*) as n from charge_operations", vec![])
            .await,
        1
    );
}

#[tokio::test]
async fn a_busy_provider_is_tried_again_after_the_backoff_and_not_before() {
    let world = scripted(keyed_world(), [Reply::Busy(None)]);
    let op = world.submit("k", &charge("order-1")).await.unwrap();
    assert_eq!(world.state(&op).await, OperationState::Pending);
    world.advance(Duration::from_secs(4)).await;
    assert_eq!(world.provider.requests(&op), 1);
    world.advance(Duration::from_secs(2)).await;
    assert_eq!(world.state(&op).await, OperationState::Completed);
    assert_eq!(world.view(&op).await.attempts, 2);
}

#[tokio::test]
async fn retry_after_is_honoured_even_when_it_is_longer_than_the_backoff() {
    let world = scripted(keyed_world(), [Reply::Busy(Some(Duration::from_secs(100)))]);
    let op = world.submit("k", &charge("order-1")).await.unwrap();
    world.advance(Duration::from_secs(99)).await;
    assert_eq!(world.provider.requests(&op), 1);
    world.advance(Duration::from_secs(1)).await;
    assert_eq!(world.state(&op).await, OperationState::Completed);
}

#[tokio::test]
async fn attempts_end_in_failed_when_every_answer_was_definite() {
    let world = scripted(
        keyed_world(),
        [Reply::Busy(None), Reply::Unreachable, Reply::Busy(None)],
    );
    let op = world.submit("k", &charge("order-1")).await.unwrap();
    world.settle().await;
    let view = world.view(&op).await;
    assert_eq!(
        (view.state, code(&view)),
        (OperationState::Failed, Some("MAX_ATTEMPTS"))
    );
    assert_eq!(world.provider.effects(&op), 0);
}

#[tokio::test]
async fn the_time_budget_ends_in_failed_without_another_call() {
    let world = scripted(
        keyed_world(),
        [Reply::Busy(Some(Duration::from_secs(7_200)))],
    );
    let op = world.submit("k", &charge("order-1")).await.unwrap();
    let view = world.view(&op).await;
    assert_eq!(
        (view.state, code(&view)),
        (OperationState::Failed, Some("TIMEOUT"))
    );
}

#[tokio::test]
async fn a_refusal_is_final() {
    let world = scripted(keyed_world(), [Reply::Refuse("CARD_DECLINED")]);
    let op = world.submit("k", &charge("order-1")).await.unwrap();
    let view = world.view(&op).await;
    assert_eq!(
        (view.state, code(&view)),
        (OperationState::Failed, Some("CARD_DECLINED"))
    );
    world.settle().await;
    assert_eq!(world.provider.requests(&op), 1);
}

/// The dangerous case: the money moved and the answer was lost.
#[tokio::test]
async fn a_lost_answer_is_asked_about_and_never_called_again() {
    for world in [keyed_world(), unkeyed_world()] {
        let world = scripted(world, [Reply::DoneButLost]);
        let op = world.submit("k", &charge("order-1")).await.unwrap();
        assert_eq!(world.state(&op).await, OperationState::Unknown);
        world.settle().await;
        assert_eq!(world.state(&op).await, OperationState::Completed);
        assert_eq!(world.provider.requests(&op), 1);
        assert_eq!(world.provider.effects(&op), 1);
    }
}

#[tokio::test]
async fn a_lost_request_is_sent_again_once_the_provider_denies_it() {
    for world in [keyed_world(), unkeyed_world()] {
        let world = scripted(world, [Reply::LostBefore]);
        let op = world.submit("k", &charge("order-1")).await.unwrap();
        world.settle().await;
        assert_eq!(world.state(&op).await, OperationState::Completed);
        assert_eq!(world.provider.effects(&op), 1);
    }
}

#[tokio::test]
async fn a_silent_provider_without_keys_parks_and_never_fails() {
    let world = scripted(unkeyed_world(), [Reply::DoneButLost]);
    world.provider.stop_answering_probes();
    let op = world.submit("k", &charge("order-1")).await.unwrap();
    world.settle().await;
    assert_eq!(world.state(&op).await, OperationState::Parked);
    assert_eq!(world.provider.requests(&op), 1);
}

#[tokio::test]
async fn a_silent_provider_with_keys_gets_the_same_key_again() {
    let world = scripted(keyed_world(), [Reply::DoneButLost]);
    world.provider.stop_answering_probes();
    let op = world.submit("k", &charge("order-1")).await.unwrap();
    world.settle().await;
    assert_eq!(world.state(&op).await, OperationState::Completed);
    assert_eq!(world.provider.requests(&op), 2);
    assert_eq!(world.provider.effects(&op), 1);
}

/// A refusal of the second call says nothing about the first one, whose answer was lost.
#[tokio::test]
async fn a_refusal_after_a_lost_answer_does_not_fail_a_paid_charge() {
    let refused = Reply::Refuse("UNAUTHORIZED");
    let world = scripted(
        keyed_world(),
        [Reply::DoneButLost, refused.clone(), refused],
    );
    world.provider.stop_answering_probes();
    let op = world.submit("k", &charge("order-1")).await.unwrap();
    world.settle().await;
    assert_eq!(world.state(&op).await, OperationState::Parked);
    assert_eq!(world.provider.effects(&op), 1);
}

#[tokio::test]
async fn a_call_that_hangs_is_cut_off_and_asked_about() {
    let world = scripted(keyed_world(), [Reply::Hang]);
    let op = world.submit("k", &charge("order-1")).await.unwrap();
    assert_eq!(world.state(&op).await, OperationState::InProgress);
    world.settle().await;
    assert_eq!(world.state(&op).await, OperationState::Completed);
    assert_eq!(world.provider.effects(&op), 1);
}

#[tokio::test]
async fn a_panic_is_an_unknown_outcome_and_not_a_failure() {
    let world = scripted(keyed_world(), [Reply::Panic]);
    let op = world.submit("k", &charge("order-1")).await.unwrap();
    assert_eq!(world.state(&op).await, OperationState::Unknown);
    world.settle().await;
    assert_eq!(world.state(&op).await, OperationState::Completed);
}

#[tokio::test]
async fn the_hook_commits_with_the_end_of_the_operation() {
    let world = hooked_world();
    let op = world.submit("k", &charge("order-1")).await.unwrap();
    assert_eq!(world.state(&op).await, OperationState::Completed);
    let paid = world.count(
        "select count(*) as n from orders where paid = 'COMPLETED'",
        vec![],
    );
    assert_eq!(paid.await, 1);
}

/// The hook refuses (the order is there already): the outcome must stay in the log, not be lost.
#[tokio::test]
async fn a_refusing_hook_leaves_the_outcome_in_the_log_for_the_finalizer() {
    let world = hooked_world();
    world.submit("k1", &charge("order-1")).await.unwrap();
    let op = world.submit("k2", &charge("order-1")).await.unwrap();
    assert_eq!(world.state(&op).await, OperationState::InProgress);
    for _ in 0..20 {
        world.advance(Duration::from_secs(10)).await;
    }
    let pending = "select count(*) as n from charge_write_ahead_logs where state = 'PENDING'";
    assert_eq!(world.count(pending, vec![]).await, 1);
    assert_eq!(
        world.provider.requests(&op),
        1,
        "the Reaper must leave it to the Finalizer"
    );
}

#[tokio::test]
async fn progress_is_visible_while_the_call_runs_and_history_afterwards() {
    let world = scripted(keyed_world(), [Reply::Busy(None), Reply::Done]);
    let op = world.submit("k", &charge("order-1")).await.unwrap();
    world.settle().await;
    let history = world
        .engine()
        .history(&OwnerId::anonymous(), &op)
        .await
        .unwrap()
        .unwrap();
    let outcomes: Vec<_> = history
        .iter()
        .map(|entry| entry.outcome.as_deref())
        .collect();
    assert_eq!(outcomes, [Some("RETRY"), Some("OK")]);
}

/// The call needs the secret as long as it may be made, and not a moment longer.
#[tokio::test]
async fn secrets_leave_the_table_when_the_operation_has_ended() {
    for world in [keyed_world(), hooked_world()] {
        let world = scripted(world, [Reply::Busy(None)]);
        world.submit("k", &charge("order-1")).await.unwrap();
        let with = "select count(*) as n from charge_operations where payload like '%4711%'";
        assert_eq!(world.count(with, vec![]).await, 1);
        world.settle().await;
        assert_eq!(world.count(with, vec![]).await, 0);
        let again = world.submit("k", &charge("order-1")).await;
        assert!(again.is_ok(), "the fingerprint still knows the command");
    }
}
