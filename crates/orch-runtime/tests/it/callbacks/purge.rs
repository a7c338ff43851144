//! The inbox does not grow for ever, and what was deleted from it can come again.

use std::time::Duration;

use orch_runtime::metrics::Metrics;
use orch_runtime::scheduler::{CleanerConfig, CleanerReport};
use orch_runtime::store::callbacks::Received;
use orch_runtime::testing::{Reply, World};
use orch_runtime::{Cleaner, Clock as _};

use super::{
    about, about_ref, became, counted_world, declined, deliver, done, hooked_world, keyed_world,
    orders, sweep,
};
use crate::charge::{charge, scripted};

const DAY: Duration = Duration::from_secs(24 * 3_600);

async fn clean(world: &World, batch: u32) -> CleanerReport {
    let config = CleanerConfig {
        batch,
        ..CleanerConfig::default()
    };
    let cleaner = Cleaner::new(world.engine(), config);
    cleaner.run_once(world.clock.now()).await.unwrap()
}

/// What waits is still to be applied, and what cannot be read is for a person.
#[tokio::test]
async fn callbacks_are_deleted_thirty_days_after_they_were_settled_and_no_other() {
    let metrics = Metrics::new();
    let world = scripted(
        counted_world::<false>(false, &metrics),
        [Reply::DoneButLost],
    );
    let op = world.submit("k", &charge("order-1")).await.unwrap();
    for (event, outcome) in [
        ("applied", done()),
        ("confirmed", done()),
        ("conflict", declined()),
    ] {
        let _ = deliver(&world, about(&op, event, outcome)).await;
    }
    let _ = deliver(&world, about_ref("nobody's", "unmatched", done())).await;
    world.clock.advance(8 * DAY);
    assert_eq!(sweep(&world).await.unmatched, 1);
    for event in ["corrupt", "received"] {
        let _ = deliver(&world, about_ref("nobody's", event, done())).await;
    }
    world.alter("update charge_callbacks set outcome = '{' where event_id = 'corrupt'");
    assert_eq!(sweep(&world).await.corrupt, 1);
    assert_eq!(clean(&world, 100).await.callbacks_purged, 0);
    world.clock.advance(23 * DAY);
    assert_eq!(clean(&world, 100).await.callbacks_purged, 3);
    world.clock.advance(8 * DAY);
    assert_eq!(clean(&world, 100).await.callbacks_purged, 1);
    for gone in ["applied", "confirmed", "conflict", "unmatched"] {
        assert_eq!(became(&world, gone).await, None);
    }
    world.clock.advance(365 * DAY);
    assert_eq!(clean(&world, 100).await, CleanerReport::default());
    for (event, state) in [("corrupt", "CORRUPT"), ("received", "RECEIVED")] {
        assert_eq!(became(&world, event).await.as_deref(), Some(state));
    }
    let counted = metrics.render();
    let line = r#"orchestration_callback_purged_total{domain="charge"} 4"#;
    assert!(counted.contains(line), "{counted}");
}

/// A table that was never cleaned must not be locked for minutes by the first cleaning.
#[tokio::test]
async fn old_callbacks_are_deleted_in_batches() {
    let world = keyed_world();
    let op = world.submit("k", &charge("order-1")).await.unwrap();
    for n in 0..5 {
        let _ = deliver(&world, about(&op, &format!("evt-{n}"), done())).await;
    }
    world.clock.advance(31 * DAY);
    let mut purged = Vec::new();
    for _ in 0..4 {
        purged.push(clean(&world, 2).await.callbacks_purged);
    }
    assert_eq!(purged, [2, 2, 1, 0]);
}

/// The provider, or whoever recorded its request, sends it again after the first was deleted.
#[tokio::test]
async fn an_event_that_comes_again_after_it_was_deleted_changes_nothing() {
    let world = scripted(hooked_world(), [Reply::DoneButLost]);
    let op = world.submit("k", &charge("order-1")).await.unwrap();
    let _ = deliver(&world, about(&op, "evt-1", done())).await;
    let _ = deliver(&world, about(&op, "evt-2", declined())).await;
    assert_eq!(became(&world, "evt-1").await.as_deref(), Some("APPLIED"));
    assert_eq!(became(&world, "evt-2").await.as_deref(), Some("CONFLICT"));
    world.clock.advance(31 * DAY);
    assert_eq!(clean(&world, 100).await.callbacks_purged, 2);
    let row = || async {
        let sql = "select state, fence, message, provider_ref, updated_at, completed_at
            from charge_operations";
        let rows = world.store().query(sql.to_owned(), vec![]).await.unwrap();
        let entries = "select count(*) as n from charge_write_ahead_logs";
        format!("{:?} {}", rows, world.count(entries, vec![]).await)
    };
    let before = row().await;
    for (event, outcome, state) in [
        ("evt-1", done(), "CONFIRMED"),
        ("evt-2", declined(), "CONFLICT"),
    ] {
        let received = deliver(&world, about(&op, event, outcome)).await;
        assert_eq!(received, Received::New);
        assert_eq!(became(&world, event).await.as_deref(), Some(state));
    }
    assert_eq!(row().await, before);
    assert_eq!(orders(&world).await, 1);
}
