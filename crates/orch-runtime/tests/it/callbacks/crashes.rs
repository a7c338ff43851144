//! The process dies between any two instructions of taking a callback.

use orch_runtime::fault::Boundary;
use orch_runtime::testing::{Reply, World};
use orch_runtime::{CallbackOutcome, OpId, OperationState};

use super::{
    about, applied, became, declined, done, hooked_world, keyed_world, orders, sweep, unkeyed_world,
};
use crate::charge::{charge, scripted};

/// A kind of world by name.
type Kind = (&'static str, fn() -> World);

const KINDS: [Kind; 3] = [
    ("keyed", keyed_world),
    ("unkeyed", unkeyed_world),
    ("hooked", hooked_world),
];

/// The provider does what providers do: it delivers again until it is told that the event is kept.
async fn deliver_until_kept(world: &mut World, op_id: &OpId, outcome: &CallbackOutcome) {
    loop {
        let callback = about(op_id, "evt-1", outcome.clone());
        if world.engine().receive_callback(callback).await.is_ok() {
            return;
        }
        world.restart();
    }
}

async fn crash_and_recover(kind: Kind, boundary: Boundary, reply: Reply, outcome: CallbackOutcome) {
    let (name, world) = kind;
    let (end, effects) = match outcome {
        CallbackOutcome::Ok { .. } => (OperationState::Completed, 1),
        CallbackOutcome::Fail { .. } => (OperationState::Failed, 0),
    };
    let case = format!("{name}, {boundary}, {end}");
    let mut world = scripted(world(), [reply]);
    let op = world.submit("k", &charge("order-1")).await.unwrap();
    world.crash_at(boundary);
    deliver_until_kept(&mut world, &op, &outcome).await;
    world.recover().await;
    sweep(&world).await;
    assert_eq!(world.state(&op).await, end, "{case}");
    assert_eq!(world.provider.effects(&op), effects, "{case}");
    assert_eq!(world.provider.probes(), 0, "{case}: asked for nothing");
    let ends = applied(&world, &op, "OK").await + applied(&world, &op, "FAIL").await;
    assert_eq!(ends, 1, "{case}: answers applied");
    assert_eq!(orders(&world).await, i64::from(name == "hooked"), "{case}");
    let state = became(&world, "evt-1").await.unwrap();
    assert!(
        ["APPLIED", "CONFIRMED"].contains(&&*state),
        "{case}: {state}"
    );
}

#[tokio::test]
async fn a_crash_at_any_boundary_loses_no_callback_and_applies_it_once() {
    for kind in KINDS {
        for boundary in Boundary::ALL {
            crash_and_recover(kind, boundary, Reply::DoneButLost, done()).await;
            crash_and_recover(kind, boundary, Reply::LostBefore, declined()).await;
        }
    }
}
