//! The process dies between any two instructions: every boundary, every kind of answer.

use std::time::Duration;

use orch_runtime::fault::Boundary;
use orch_runtime::testing::{Reply, World};
use orch_runtime::{IdemKey, OperationState, OwnerId};

use crate::charge::{charge, hooked_world, keyed_world, scripted, unkeyed_world};

/// A kind of world by name.
type Kind = (&'static str, fn() -> World);

const KINDS: [Kind; 3] = [
    ("keyed", keyed_world),
    ("unkeyed", unkeyed_world),
    ("hooked", hooked_world),
];

fn replies() -> [Reply; 8] {
    [
        Reply::Done,
        Reply::Busy(None),
        Reply::DoneButBusy,
        Reply::Refuse("DECLINED"),
        Reply::DoneButLost,
        Reply::LostBefore,
        Reply::Unreachable,
        Reply::Panic,
    ]
}

/// The client does what clients do: it sends the same request again until it has an answer.
async fn submit_until_accepted(world: &mut World) -> orch_runtime::OpId {
    loop {
        if let Ok(op) = world.submit("k", &charge("order-1")).await {
            return op;
        }
        world.restart();
    }
}

async fn crash_and_recover(name: &str, world: World, boundary: Boundary, reply: &Reply) {
    let mut world = scripted(world, [reply.clone()]);
    world.crash_at(boundary);
    let op = submit_until_accepted(&mut world).await;
    world.recover().await;
    let case = format!("{name}, {boundary}, {reply:?}");
    let state = world.state(&op).await;
    let effects = world.provider.effects(&op);
    assert!(effects <= 1, "{case}: {effects} effects");
    match state {
        OperationState::Completed => assert_eq!(effects, 1, "{case}: completed"),
        OperationState::Failed => assert_eq!(effects, 0, "{case}: failed"),
        other => panic!("{case}: {other}"),
    }
    let again = world.submit("k", &charge("order-1")).await.unwrap();
    assert_eq!(again, op, "{case}: the key must stay taken");
    if name == "hooked" {
        let ends = world
            .count("select count(*) as n from orders", vec![])
            .await;
        assert_eq!(ends, 1, "{case}: the hook's row");
    }
}

#[tokio::test]
async fn a_crash_at_any_boundary_under_any_answer_charges_at_most_once() {
    for (name, world) in KINDS {
        for boundary in Boundary::ALL {
            for reply in replies() {
                crash_and_recover(name, world(), boundary, &reply).await;
            }
        }
    }
}

/// A worker is cut off from the database, its operation is given to another one, and then its answer
/// arrives after all.
#[tokio::test]
async fn a_late_answer_of_a_lost_worker_is_kept_as_evidence_and_changes_nothing() {
    let world = scripted(unkeyed_world(), [Reply::Hang]);
    let op = world.submit("k", &charge("order-1")).await.unwrap();
    let other = world.second_process();
    let now = orch_runtime::Clock::now(&world.clock) + Duration::from_secs(16);
    let reaped = other.store().reap(now, 10).await.unwrap();
    assert_eq!(reaped, std::slice::from_ref(&op));
    world.provider.release();
    world.quiet().await;
    assert_eq!(world.state(&op).await, OperationState::Unknown);
    let late = "select count(*) as n from charge_write_ahead_logs where state = 'LATE'";
    assert_eq!(world.count(late, vec![]).await, 1);
    world.settle().await;
    assert_eq!(world.state(&op).await, OperationState::Completed);
    assert_eq!(world.provider.effects(&op), 1);
}

/// An operation that kills its worker every time must not do so for ever.
#[tokio::test]
async fn an_operation_that_loses_every_worker_is_parked() {
    let mut world = unkeyed_world();
    world.crash_at(Boundary::BeforeCall);
    let op = world.submit("k", &charge("order-1")).await.unwrap();
    for _ in 0..40 {
        world.restart();
        world.crash_at(Boundary::BeforeCall);
        world.advance(Duration::from_secs(30)).await;
    }
    world.restart();
    world.settle().await;
    assert_eq!(world.state(&op).await, OperationState::Parked);
    assert_eq!(world.provider.effects(&op), 0);
}

#[tokio::test]
async fn a_damaged_log_entry_is_set_aside_and_the_provider_is_asked() {
    let mut world = hooked_world();
    world.crash_at(Boundary::AfterCommit(orch_runtime::fault::Step::Record));
    let _ = world.submit("k", &charge("order-1")).await;
    world.alter("update charge_write_ahead_logs set outcome = '{\"v\":1,'");
    world.restart();
    let key = IdemKey::new("k").unwrap();
    let op = world
        .engine()
        .submit(OwnerId::anonymous(), key, &charge("order-1"))
        .await
        .unwrap();
    world.settle().await;
    assert_eq!(world.state(&op.op_id).await, OperationState::Completed);
    assert_eq!(world.provider.effects(&op.op_id), 1);
    let aside = "select count(*) as n from charge_write_ahead_logs where state = 'CORRUPT'";
    assert_eq!(world.count(aside, vec![]).await, 1);
}
