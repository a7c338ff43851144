//! The provider is spared: by all processes together, and without spending attempts.

use std::time::Duration;

use orch_runtime::engine::Engine;
use orch_runtime::protection::{BreakerPolicy, ProtectionPolicy};
use orch_runtime::testing::{Provider, Reply, World};
use orch_runtime::{IdemKey, OpId, OperationState, OwnerId};

use crate::charge::{Charging, SETUP, charge};

const OPEN_FOR: Duration = Duration::from_secs(30);

fn protected_world(policy: ProtectionPolicy) -> World {
    World::new(SETUP, Provider::keyed(), move |builder, provider| {
        let charging = Charging::<false> {
            provider,
            keyed: true,
        };
        builder
            .protection("bank", policy.clone())
            .register(charging)
    })
}

/// Opens at the fourth failure.
fn touchy() -> ProtectionPolicy {
    ProtectionPolicy {
        breaker: Some(BreakerPolicy {
            min_calls: 4,
            open_for: OPEN_FOR,
            ..BreakerPolicy::default()
        }),
        ..ProtectionPolicy::default()
    }
}

async fn submit(engine: &Engine, key: &str) -> OpId {
    let owner = OwnerId::anonymous();
    let submitted = engine
        .submit(owner, IdemKey::new(key).unwrap(), &charge("order-1"))
        .await;
    submitted.unwrap().op_id
}

/// Four operations that find the provider down.
async fn break_the_provider(world: &World) {
    world.provider.script(vec![Reply::Unreachable; 4]);
    world.run_once().await;
    for n in 0..4 {
        world
            .submit(&format!("down-{n}"), &charge("order-1"))
            .await
            .unwrap();
    }
    world.clock.advance(Duration::from_secs(1));
    world.engine().protect_once().await.unwrap();
}

/// An outage would otherwise use up the attempts of every operation, and the provider would be
/// hammered by each process in turn.
#[tokio::test]
async fn an_open_breaker_stops_every_process_and_spends_no_attempt() {
    let world = protected_world(touchy());
    break_the_provider(&world).await;
    let calls = world.provider.total_requests();
    let other = world.second_process();
    other.protect_once().await.unwrap();
    let (here, there) = (
        submit(world.engine(), "here").await,
        submit(&other, "there").await,
    );
    world.clock.advance(Duration::from_secs(5));
    for _ in 0..3 {
        world.run_once().await;
        other.protect_once().await.unwrap();
        other.dispatch_once().await.unwrap();
    }
    assert_eq!(world.provider.total_requests(), calls);
    for op in [&here, &there] {
        let view = world.view(op).await;
        assert_eq!((view.state, view.attempts), (OperationState::Pending, 0));
    }
}

#[tokio::test]
async fn one_call_finds_out_whether_the_provider_is_back_and_then_all_go() {
    let world = protected_world(touchy());
    break_the_provider(&world).await;
    for n in 0..6 {
        submit(world.engine(), &format!("waiting-{n}")).await;
    }
    world.provider.script([Reply::Hang]);
    let calls = world.provider.total_requests();
    world.clock.advance(OPEN_FOR + Duration::from_secs(1));
    for _ in 0..4 {
        world.run_once().await;
        world.clock.advance(Duration::from_millis(200));
    }
    assert_eq!(world.provider.total_requests(), calls + 1, "one at a time");
    world.provider.release();
    world.quiet().await;
    world.settle().await;
    let counts = world.engine().store().count_by_state().await.unwrap();
    assert_eq!(counts, [(OperationState::Completed, 10)]);
}

/// A provider that says when to come back means everybody, and not only the request that was told.
#[tokio::test]
async fn retry_after_pauses_the_lane_of_all_processes() {
    let world = protected_world(ProtectionPolicy::default());
    world.run_once().await;
    world
        .provider
        .script([Reply::Busy(Some(Duration::from_secs(120)))]);
    let told = world.submit("told", &charge("order-1")).await.unwrap();
    world.clock.advance(Duration::from_secs(1));
    world.engine().protect_once().await.unwrap();
    let other = world.second_process();
    other.protect_once().await.unwrap();
    let calls = world.provider.total_requests();
    let waiting = [
        submit(world.engine(), "here").await,
        submit(&other, "there").await,
    ];
    world.clock.advance(Duration::from_secs(60));
    world.run_once().await;
    assert_eq!(world.provider.total_requests(), calls);
    world.clock.advance(Duration::from_secs(60));
    world.settle().await;
    for op in waiting.iter().chain([&told]) {
        assert_eq!(world.state(op).await, OperationState::Completed);
    }
}

/// Two processes with room for 256 calls each, at a provider that wants three.
#[tokio::test]
async fn a_bulkhead_holds_for_all_processes_together() {
    let policy = ProtectionPolicy {
        bulkhead: Some(3),
        ..ProtectionPolicy::off()
    };
    let world = protected_world(policy);
    let other = world.second_process();
    world.provider.script(vec![Reply::Hang; 3]);
    for n in 0..10 {
        submit(world.engine(), &format!("here-{n}")).await;
        submit(&other, &format!("there-{n}")).await;
    }
    for _ in 0..20 {
        for engine in [world.engine(), &other] {
            engine.protect_once().await.unwrap();
            engine.dispatch_once().await.unwrap();
        }
        world.clock.advance(Duration::from_millis(100));
        tokio::task::yield_now().await;
    }
    settle_tasks().await;
    assert_eq!(world.provider.total_requests(), 3);
    world.provider.release();
    for _ in 0..200 {
        for engine in [world.engine(), &other] {
            engine.protect_once().await.unwrap();
            engine.dispatch_once().await.unwrap();
        }
        world.clock.advance(Duration::from_millis(500));
        settle_tasks().await;
    }
    let counts = world.engine().store().count_by_state().await.unwrap();
    assert_eq!(counts, [(OperationState::Completed, 20)]);
}

/// Lets the calls that were just begun reach the provider.
async fn settle_tasks() {
    for _ in 0..64 {
        tokio::task::yield_now().await;
    }
}

/// Where protection is off, nobody asks the database about it.
#[tokio::test]
async fn without_protection_there_is_no_lane() {
    let world = protected_world(ProtectionPolicy::off());
    world.submit("k", &charge("order-1")).await.unwrap();
    world.run_once().await;
    assert_eq!(
        world
            .count("select count(*) as n from orch_lanes", vec![])
            .await,
        0
    );
}
