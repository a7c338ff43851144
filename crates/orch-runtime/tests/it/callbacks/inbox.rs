//! The inbox keeps every event once, and holds up nothing.

use std::sync::Arc;
use std::time::Duration;

use orch_runtime::scheduler::{CallbackSweeper, CallbackSweeperConfig};
use orch_runtime::store::callbacks::Received;
use orch_runtime::testing::{Provider, Reply, World};
use orch_runtime::{Clock as _, IdSource, OpId, OperationState, Timestamp};

use super::{
    SETUP, about, about_ref, applied, became, declined, deliver, done, keyed_world, sweep,
    unkeyed_world,
};
use crate::charge::{Charging, charge, scripted};

/// Providers deliver at least once, and in parallel.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_delivered_fifty_times_at_once_counts_once() {
    let world = scripted(unkeyed_world(), [Reply::DoneButLost]);
    let op = world.submit("k", &charge("order-1")).await.unwrap();
    let mut deliveries = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (engine, callback) = (world.engine().clone(), about(&op, "evt-1", done()));
        deliveries.spawn(async move { engine.receive_callback(callback).await });
    }
    let mut kept = 0;
    while let Some(received) = deliveries.join_next().await {
        kept += u32::from(received.unwrap().unwrap() == Received::New);
    }
    assert_eq!(kept, 1);
    assert_eq!(world.state(&op).await, OperationState::Completed);
    assert_eq!(applied(&world, &op, "OK").await, 1);
    let events = "select count(*) as n from charge_callbacks";
    assert_eq!(world.count(events, vec![]).await, 1);
}

/// A second delivery that says something else is no second event.
#[tokio::test]
async fn the_first_delivery_of_an_event_is_the_one_that_counts() {
    let world = scripted(unkeyed_world(), [Reply::DoneButLost]);
    let op = world.submit("k", &charge("order-1")).await.unwrap();
    let _ = deliver(&world, about(&op, "evt-1", done())).await;
    let again = deliver(&world, about(&op, "evt-1", declined())).await;
    assert_eq!(again, Received::Duplicate);
    sweep(&world).await;
    assert_eq!(became(&world, "evt-1").await.as_deref(), Some("APPLIED"));
}

/// Ids as a caller may choose them, known before the operation is accepted.
struct Fixed;

impl IdSource for Fixed {
    fn op_id(&self, _: Timestamp) -> OpId {
        OpId::new("op-1").unwrap()
    }
}

#[tokio::test]
async fn a_callback_that_comes_before_its_operation_is_applied_when_there_is_doubt() {
    let world = World::new(SETUP, Provider::unkeyed(), |builder, provider| {
        builder
            .register(Charging::<false> {
                provider,
                keyed: false,
            })
            .ids(Arc::new(Fixed))
            .callbacks()
    });
    let op = OpId::new("op-1").unwrap();
    let _ = deliver(&world, about(&op, "evt-1", done())).await;
    assert_eq!(sweep(&world).await.waiting, 1);
    world.provider.script([Reply::DoneButLost]);
    world.submit("k", &charge("order-1")).await.unwrap();
    assert_eq!(world.state(&op).await, OperationState::Completed);
    assert_eq!(became(&world, "evt-1").await.as_deref(), Some("APPLIED"));
    assert_eq!(world.provider.probes(), 0);
}

#[tokio::test]
async fn a_callback_for_which_no_operation_comes_is_given_up_late_and_kept() {
    let world = keyed_world();
    let _ = deliver(&world, about_ref("nobody's", "evt-1", done())).await;
    world.clock.advance(Duration::from_secs(6 * 24 * 3_600));
    assert_eq!(sweep(&world).await.waiting, 1);
    world.clock.advance(Duration::from_secs(25 * 3_600));
    assert_eq!(sweep(&world).await.unmatched, 1);
    assert_eq!(became(&world, "evt-1").await.as_deref(), Some("UNMATCHED"));
    assert_eq!(sweep(&world).await, Default::default());
}

/// The batch has room for one, and the first goes on waiting.
#[tokio::test]
async fn callbacks_that_wait_hold_up_no_other() {
    let world = scripted(keyed_world(), [Reply::Hang]);
    let op = world.submit("k", &charge("order-1")).await.unwrap();
    let _ = deliver(&world, about_ref("nobody's", "evt-1", done())).await;
    let _ = deliver(&world, about(&op, "evt-2", done())).await;
    world.provider.release();
    world.quiet().await;
    let config = CallbackSweeperConfig {
        batch: 1,
        ..CallbackSweeperConfig::default()
    };
    let sweeper = CallbackSweeper::new(world.engine(), config);
    let first = sweeper.run_once(world.clock.now()).await.unwrap();
    let second = sweeper.run_once(world.clock.now()).await.unwrap();
    assert_eq!((first.waiting, second.confirmed), (1, 1));
}

/// A provider that calls everything the same must not contradict somebody else's charge.
#[tokio::test]
async fn a_reference_that_two_operations_have_names_neither() {
    let world = keyed_world();
    for key in ["k-1", "k-2"] {
        world.submit(key, &charge(key)).await.unwrap();
    }
    world.alter("update charge_operations set provider_ref = 'ok'");
    let _ = deliver(&world, about_ref("ok", "evt-1", declined())).await;
    assert_eq!(became(&world, "evt-1").await.as_deref(), Some("RECEIVED"));
}

#[tokio::test]
async fn the_name_of_the_operation_wins_over_the_reference() {
    let world = scripted(unkeyed_world(), [Reply::Done, Reply::DoneButLost]);
    let first = world.submit("k-1", &charge("order-1")).await.unwrap();
    let second = world.submit("k-2", &charge("order-2")).await.unwrap();
    let mut callback = about(&second, "evt-1", declined());
    callback.provider_ref = Some(format!("ref-{first}"));
    let _ = deliver(&world, callback).await;
    assert_eq!(world.state(&first).await, OperationState::Completed);
    assert_eq!(world.state(&second).await, OperationState::Failed);
}

/// Somebody wrote into the table what the program cannot read.
#[tokio::test]
async fn a_callback_that_cannot_be_read_is_set_aside() {
    let world = scripted(keyed_world(), [Reply::Hang]);
    let op = world.submit("k", &charge("order-1")).await.unwrap();
    for event in ["evt-1", "evt-2"] {
        let _ = deliver(&world, about(&op, event, done())).await;
    }
    world.alter("update charge_callbacks set outcome = '{\"v\":1,' where event_id = 'evt-1'");
    world.provider.release();
    world.quiet().await;
    let report = sweep(&world).await;
    assert_eq!((report.corrupt, report.confirmed), (1, 1));
    assert_eq!(became(&world, "evt-1").await.as_deref(), Some("CORRUPT"));
}

/// A command that this program cannot read has no end that it could write.
#[tokio::test]
async fn a_callback_about_an_unreadable_operation_waits_for_a_person() {
    let world = scripted(unkeyed_world(), [Reply::DoneButLost]);
    let op = world.submit("k", &charge("order-1")).await.unwrap();
    world.alter("update charge_operations set payload = '{}'");
    let _ = deliver(&world, about(&op, "evt-1", done())).await;
    assert_eq!(world.state(&op).await, OperationState::Parked);
    let entries = "select count(*) as n from charge_write_ahead_logs";
    let before = world.count(entries, vec![]).await;
    for _ in 0..3 {
        assert_eq!(sweep(&world).await.waiting, 1);
    }
    assert_eq!(world.count(entries, vec![]).await, before);
}
