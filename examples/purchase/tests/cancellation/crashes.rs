//! The process dies between any two instructions.

use std::time::Duration;

use orch_runtime::OperationState::{Completed, Failed};
use orch_runtime::fault::{Boundary, Step};
use orch_runtime::testing::{Reply, World};
use orch_runtime::{Clock, OpId};

use crate::world::{keyed, sample, unkeyed};

const REPLIES: [Reply; 7] = [
    Reply::Done,
    Reply::Busy(None),
    Reply::DoneButBusy,
    Reply::Refuse("REFUSED"),
    Reply::DoneButLost,
    Reply::LostBefore,
    Reply::Unreachable,
];

/// Clients send the same request again until they have an answer. One crash costs one answer at most.
async fn submit_until_accepted(world: &mut World) -> OpId {
    for _ in 0..2 {
        if let Ok(op_id) = world.submit("key-1", &sample()).await {
            return op_id;
        }
        world.restart();
    }
    panic!("the request is not accepted");
}

/// How many entries the operation's log has that satisfy `condition`.
async fn entries(world: &World, op_id: &OpId, condition: &str) -> i64 {
    let table = "notification_write_ahead_logs";
    let sql = format!("select count(*) as n from {table} where op_id = ?1 and {condition}");
    world.count(&sql, vec![op_id.into()]).await
}

async fn crash_and_recover(mut world: World, boundary: Boundary, reply: Reply) {
    let case = format!("{boundary}, {reply:?}");
    world.provider.script([reply]);
    world.crash_at(boundary);
    let op_id = submit_until_accepted(&mut world).await;
    world.recover().await;
    match world.state(&op_id).await {
        Completed => assert_eq!(world.provider.effects(&op_id), 1, "{case}"),
        Failed => assert_eq!(world.provider.effects(&op_id), 0, "{case}"),
        other => panic!("{case}: {other}"),
    }
    let again = world.submit("key-1", &sample()).await.unwrap();
    assert_eq!(again, op_id, "{case}: the key must stay taken");
}

#[tokio::test]
async fn a_crash_at_any_boundary_has_at_most_one_effect() {
    for boundary in Boundary::ALL {
        for reply in REPLIES {
            crash_and_recover(keyed(), boundary, reply).await;
        }
    }
}

/// Here a second call would be a second effect.
#[tokio::test]
async fn a_crash_never_repeats_a_call_to_a_provider_without_keys() {
    for boundary in Boundary::ALL {
        for reply in REPLIES {
            crash_and_recover(unkeyed(), boundary, reply).await;
        }
    }
}

/// The intent must be durable before the first byte leaves.
#[tokio::test]
async fn the_attempt_is_in_the_log_before_the_provider_is_called() {
    let world = keyed();
    world.provider.script([Reply::Hang]);
    let op_id = world.submit("key-1", &sample()).await.unwrap();
    assert_eq!(entries(&world, &op_id, "state = 'INTENT'").await, 1);
}

#[tokio::test]
async fn the_answer_is_in_the_log_when_the_operation_has_ended() {
    let world = keyed();
    let op_id = world.submit("key-1", &sample()).await.unwrap();
    let applied = "state = 'COMPLETED' and outcome_type = 'OK'";
    assert_eq!(entries(&world, &op_id, applied).await, 1);
}

/// A worker is cut off, its operation is given to another one, and then its answer arrives after all.
#[tokio::test]
async fn a_late_answer_of_a_lost_worker_is_evidence_and_changes_nothing() {
    let world = unkeyed();
    world.provider.script([Reply::Hang]);
    let op_id = world.submit("key-1", &sample()).await.unwrap();
    let after_the_lease = world.clock.now() + Duration::from_secs(16);
    let other = world.second_process();
    other.store().reap(after_the_lease, 10).await.unwrap();
    world.provider.release();
    world.quiet().await;
    assert_eq!(entries(&world, &op_id, "state = 'LATE'").await, 1);
    world.settle().await;
    assert_eq!(world.state(&op_id).await, Completed);
    assert_eq!(world.provider.effects(&op_id), 1);
}

/// Before the restart the client's request was lost on its way to the disk; the client sends it again.
#[tokio::test]
async fn a_request_that_was_not_recorded_can_be_sent_again() {
    let mut world = keyed();
    world.crash_at(Boundary::BeforeCommit(Step::Accept));
    assert!(world.submit("key-1", &sample()).await.is_err());
    world.restart();
    let op_id = world.submit("key-1", &sample()).await.unwrap();
    assert_eq!(world.provider.effects(&op_id), 1);
}
