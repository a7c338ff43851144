//! What providers report is sealed like the outcomes in the log.

use std::sync::Arc;

use orch_runtime::scheduler::CleanerConfig;
use orch_runtime::testing::{Reply, World};
use orch_runtime::{Callback, CallbackOutcome, Cleaner, Clock as _, OpId, OperationState};

use super::{about, about_ref, became, deliver, done, keyed_world, sweep, unkeyed_world};
use crate::charge::{charge, scripted};
use crate::encryption::{cipher, keys, sealed};

/// A success with something in it that nobody else may read.
fn told(op_id: &OpId, event: &str) -> Callback {
    let result = Some(serde_json::json!({ "card": "4111" }));
    let outcome = CallbackOutcome::Ok {
        message: "charged".to_owned(),
        result,
    };
    Callback {
        provider_ref: Some("pi_1".to_owned()),
        ..about(op_id, event, outcome)
    }
}

async fn column(world: &World, column: &str, event: &str) -> String {
    let sql = format!("select {column} as cell from charge_callbacks where event_id = ?1");
    let rows = world.store().query(sql, vec![event.into()]).await.unwrap();
    rows[0].get("cell").unwrap()
}

async fn rotate(world: &World) {
    let cleaner = Cleaner::new(world.engine(), CleanerConfig::default());
    cleaner.run_once(world.clock.now()).await.unwrap();
}

#[tokio::test]
async fn what_a_provider_reports_is_stored_sealed_and_its_reference_in_clear() {
    let world = scripted(sealed(unkeyed_world(), &["1-key"]), [Reply::DoneButLost]);
    let op = world.submit("k", &charge("order-1")).await.unwrap();
    let _ = deliver(&world, told(&op, "evt-1")).await;
    let stored = column(&world, "outcome", "evt-1").await;
    assert!(stored.starts_with("orch1:1-key:"), "{stored}");
    assert_eq!(column(&world, "provider_ref", "evt-1").await, "pi_1");
    let outcome = world.view(&op).await.outcome.unwrap();
    assert_eq!(outcome.result, Some(serde_json::json!({ "card": "4111" })));
}

/// A callback waits while the key is changed, and another is evidence of what was.
#[tokio::test]
async fn keys_change_while_callbacks_wait() {
    let mut world = sealed(keyed_world(), &["1-old"]);
    let _ = deliver(&world, about_ref("later", "waits", done())).await;
    let op = world.submit("k1", &charge("order-1")).await.unwrap();
    let _ = deliver(&world, told(&op, "settled")).await;
    assert_eq!(keys(&world).await, ["1-old"]);
    world.restart_sealed_by(Arc::new(cipher(&["2-new", "1-old"])));
    let newer = deliver(&world, about(&op, "newer", done()));
    let _ = newer.await;
    assert_eq!(keys(&world).await, ["1-old", "2-new"]);
    rotate(&world).await;
    assert_eq!(keys(&world).await, ["2-new"]);
    world.restart_sealed_by(Arc::new(cipher(&["2-new"])));
    world.alter("update charge_operations set provider_ref = 'later'");
    assert_eq!(sweep(&world).await.confirmed, 1);
    assert_eq!(became(&world, "waits").await.as_deref(), Some("CONFIRMED"));
}

/// Encryption is switched on while callbacks wait.
#[tokio::test]
async fn callbacks_in_clear_stay_usable_and_are_sealed_in_time() {
    let mut world = keyed_world();
    for event in ["evt-1", "evt-2"] {
        let _ = deliver(&world, about_ref(event, event, done())).await;
    }
    world.restart_sealed_by(Arc::new(cipher(&["1-first"])));
    world.submit("k", &charge("order-1")).await.unwrap();
    world.alter("update charge_operations set provider_ref = 'evt-1'");
    assert_eq!(sweep(&world).await.confirmed, 1);
    assert_eq!(keys(&world).await, ["", "1-first"]);
    rotate(&world).await;
    assert_eq!(keys(&world).await, ["1-first"]);
    world.alter("update charge_operations set provider_ref = 'evt-2'");
    assert_eq!(sweep(&world).await.confirmed, 1);
}

/// Somebody with write access gives an event the result of another.
#[tokio::test]
async fn a_result_that_was_moved_to_another_event_ends_nothing() {
    let world = scripted(sealed(unkeyed_world(), &["1-key"]), [Reply::DoneButLost]);
    for event in ["evt-1", "evt-2"] {
        let _ = deliver(&world, about_ref("later", event, done())).await;
    }
    world.alter(
        "update charge_callbacks set outcome =
             (select outcome from charge_callbacks where event_id = 'evt-2')
         where event_id = 'evt-1'",
    );
    let op = world.submit("k", &charge("order-1")).await.unwrap();
    world.alter(&format!(
        "update charge_callbacks set op_id = '{op}' where event_id = 'evt-1'"
    ));
    assert_eq!(sweep(&world).await.corrupt, 1);
    assert_eq!(became(&world, "evt-1").await.as_deref(), Some("CORRUPT"));
    assert_eq!(world.state(&op).await, OperationState::Unknown);
}

/// A large inbox is walked in parts, by processes that stop in between.
#[tokio::test]
async fn a_rotation_comes_to_every_callback() {
    let mut world = sealed(keyed_world(), &["1-old"]);
    for n in 0..5 {
        let _ = deliver(&world, about_ref("later", &format!("evt-{n}"), done())).await;
    }
    world.restart_sealed_by(Arc::new(cipher(&["2-new", "1-old"])));
    let (mut after, mut parts) = (None, Vec::new());
    loop {
        let rotated = world.store().rotate_callbacks(after, 2).await.unwrap();
        after = rotated.end;
        if after.is_none() {
            break;
        }
        parts.push(rotated.rewritten);
    }
    assert_eq!(parts, [2, 2, 1]);
    assert_eq!(keys(&world).await, ["2-new"]);
}
