//! What the Monitor shows, as Prometheus reads it.

use std::time::Duration;

use orch_runtime::metrics::Metrics;
use orch_runtime::scheduler::{Monitor, MonitorConfig};
use orch_runtime::testing::{Provider, Reply, World};
use orch_runtime::{Clock as _, OperationState, Outcome};

use crate::charge::{Charging, SETUP, charge};

/// A world whose numbers can be read, and its Monitor. Without keys the provider must be asked about
/// every lost answer.
fn watched<const HOOK: bool>(keyed: bool) -> (World, Monitor, Metrics) {
    let metrics = Metrics::new();
    let counted = metrics.clone();
    let provider = if keyed {
        Provider::keyed()
    } else {
        Provider::unkeyed()
    };
    let world = World::new(SETUP, provider, move |builder, provider| {
        builder
            .metrics(counted.clone())
            .register(Charging::<HOOK> { provider, keyed })
    });
    let monitor = Monitor::new(world.engine(), MonitorConfig::default());
    (world, monitor, metrics)
}

fn value(metrics: &Metrics, series: &str) -> Option<String> {
    let text = metrics.render();
    let line = text.lines().find_map(|line| line.strip_prefix(series));
    line.map(|value| value.trim().to_owned())
}

fn operations(metrics: &Metrics, state: OperationState) -> Option<String> {
    let series = format!(r#"orchestration_operations{{domain="charge",state="{state}"}}"#);
    value(metrics, &series)
}

fn age(metrics: &Metrics, of: &str) -> Option<String> {
    let series = format!(r#"orchestration_oldest_{of}_seconds{{domain="charge"}}"#);
    value(metrics, &series)
}

/// A gauge that is missing while all is well cannot be told from one that is missing because nobody
/// looks.
#[tokio::test]
async fn an_idle_domain_shows_zeros_and_an_unwatched_one_nothing() {
    let (world, monitor, metrics) = watched::<false>(true);
    assert_eq!(operations(&metrics, OperationState::Pending), None);
    assert_eq!(age(&metrics, "due"), None);
    monitor.run_once(world.clock.now()).await.unwrap();
    for state in OperationState::ALL {
        let shown = (!state.is_final()).then(|| "0".to_owned());
        assert_eq!(operations(&metrics, state), shown, "{state}");
    }
    for of in ["due", "unknown", "wal_pending"] {
        assert_eq!(age(&metrics, of).as_deref(), Some("0"), "{of}");
    }
}

/// Work that nobody takes is the first thing that users notice.
#[tokio::test]
async fn due_work_is_shown_with_how_long_it_waits() {
    let (world, monitor, metrics) = watched::<false>(true);
    world
        .provider
        .script([Reply::Busy(Some(Duration::from_secs(30)))]);
    world.submit("k", &charge("order-1")).await.unwrap();
    let report = monitor.run_once(world.clock.now()).await.unwrap();
    assert_eq!(report.oldest_due, Duration::ZERO, "it is in backoff");
    world.clock.advance(Duration::from_secs(120));
    let report = monitor.run_once(world.clock.now()).await.unwrap();
    assert_eq!(report.oldest_due, Duration::from_secs(90));
    assert_eq!(age(&metrics, "due").as_deref(), Some("90"));
    assert_eq!(
        operations(&metrics, OperationState::Pending).as_deref(),
        Some("1")
    );
    world.settle().await;
    monitor.run_once(world.clock.now()).await.unwrap();
    assert_eq!(age(&metrics, "due").as_deref(), Some("0"));
}

/// Asking again and getting no answer again must not make the doubt look young.
#[tokio::test]
async fn doubt_grows_old_while_the_provider_is_asked_in_vain() {
    let (world, monitor, metrics) = watched::<false>(false);
    world.provider.script([Reply::LostBefore]);
    world.provider.stop_answering_probes();
    let op = world.submit("k", &charge("order-1")).await.unwrap();
    for _ in 0..4 {
        world.advance(Duration::from_secs(20)).await;
    }
    assert!(world.provider.probes() > 1);
    assert_eq!(world.state(&op).await, OperationState::Unknown);
    let report = monitor.run_once(world.clock.now()).await.unwrap();
    assert_eq!(report.oldest_unknown, Duration::from_secs(80));
    assert_eq!(age(&metrics, "unknown").as_deref(), Some("80"));
    world.settle().await;
    monitor.run_once(world.clock.now()).await.unwrap();
    assert_eq!(
        operations(&metrics, OperationState::Parked).as_deref(),
        Some("1")
    );
    assert_eq!(age(&metrics, "unknown").as_deref(), Some("0"));
}

/// A finalize hook that goes on refusing: the provider acted, and the client still waits.
#[tokio::test]
async fn answers_that_nobody_applies_are_shown() {
    let (world, monitor, metrics) = watched::<true>(true);
    let answer = Outcome::ok("charged", "ref");
    world
        .lose_after_record("k", &charge("order-1"), &answer)
        .await;
    world.clock.advance(Duration::from_secs(300));
    monitor.run_once(world.clock.now()).await.unwrap();
    let waiting = value(&metrics, r#"orchestration_wal_pending{domain="charge"}"#);
    assert_eq!(waiting.as_deref(), Some("1"));
    assert_eq!(age(&metrics, "wal_pending").as_deref(), Some("300"));
}

/// Numbers from before the database was lost would say that all is well.
#[tokio::test]
async fn gauges_vanish_when_the_database_cannot_be_read() {
    let (world, monitor, metrics) = watched::<false>(true);
    monitor.run_once(world.clock.now()).await.unwrap();
    world.alter("alter table charge_operations rename to gone");
    monitor.run_once(world.clock.now()).await.unwrap_err();
    assert_eq!(operations(&metrics, OperationState::Parked), None);
    assert_eq!(age(&metrics, "unknown"), None);
    world.alter("alter table gone rename to charge_operations");
    monitor.run_once(world.clock.now()).await.unwrap();
    assert_eq!(
        operations(&metrics, OperationState::Parked).as_deref(),
        Some("0")
    );
}
