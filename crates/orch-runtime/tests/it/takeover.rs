//! What a lost process held is taken over when its lease ends, and not at the next round of some loop: no
//! later than 15 s after the kill, with the limits that a service has by default.
//!
//! A lease lasts 15 s, so that a process which dies right after it claimed or reported holds its
//! operations for so long and no process for longer.

use std::time::Duration;

use orch_runtime::engine::{EngineConfig, Shutdown};
use orch_runtime::protection::ProtectionPolicy;
use orch_runtime::scheduler::{ReaperConfig, Scheduler};
use orch_runtime::store::{Claim, Term};
use orch_runtime::testing::{Provider, Reply, World};
use orch_runtime::{Clock as _, Command as _, Engine, OpId, OperationState, Reaper, Timestamp};

use crate::charge::{Charge, Charging, SETUP, charge, keyed_world, scripted};

/// From the death of a process until another one has asked the provider about all that it held.
const BOUND: Duration = Duration::from_secs(15);

/// After this, nobody comes any more.
const PATIENCE: Duration = Duration::from_secs(300);

/// Milliseconds between the last look of the other process and the death.
const PHASES: [u64; 6] = [0, 1, 1_234, 5_000, 7_500, 9_999];

/// A process that lives: its Reaper looks as often as it says itself.
struct Survivor {
    engine: Engine,
    reaper: Reaper,
}

impl Survivor {
    fn beside(world: &World) -> Self {
        let engine = world.second_process();
        let reaper = Reaper::new(&engine, ReaperConfig::default());
        Self { engine, reaper }
    }

    /// Looks, as the loop does, until the provider was asked about so many operations.
    async fn until_asked(&self, world: &World, questions: u32) {
        let given_up = world.clock.now() + PATIENCE;
        while world.clock.now() < given_up {
            self.reaper.tick().await.unwrap();
            if world.provider.probes() >= questions {
                return;
            }
            world.clock.advance(self.reaper.every());
        }
        panic!("asked {} times", world.provider.probes());
    }
}

/// Operations that a process claims, and sends if `sends`; it dies before it knows of an answer.
async fn lose(world: &World, count: u32, sends: bool) -> Vec<OpId> {
    world.engine().drain(Duration::ZERO).await;
    let mut lost = Vec::new();
    for number in 0..count {
        let key = format!("k{number}");
        lost.push(world.submit(&key, &charge(&key)).await.unwrap());
    }
    let now = world.clock.now();
    let claimed = world.store().claim(now, for_the_lost(now, count)).await;
    assert_eq!(claimed.unwrap().len(), lost.len());
    for op in lost.iter().filter(|_| sends) {
        world.provider.call(op).await.unwrap();
    }
    lost
}

/// 25 s, if the loops just ran every 10 s: the lease, and the pause of the Reaper.
#[tokio::test]
async fn a_lost_process_is_noticed_when_its_lease_ends() {
    for phase in PHASES {
        let world = keyed_world();
        let survivor = Survivor::beside(&world);
        survivor.reaper.tick().await.unwrap();
        let looks_again = world.clock.now() + survivor.reaper.every();
        world.clock.advance(Duration::from_millis(phase));
        let lost = lose(&world, 1, true).await;
        let killed = world.clock.now();
        world
            .clock
            .advance((looks_again - killed).to_std().unwrap());
        survivor.until_asked(&world, 1).await;
        let took = since(&world, killed);
        assert!(took <= BOUND, "{phase} ms: {took:?}");
        assert_eq!(world.state(&lost[0]).await, OperationState::Completed);
        assert_eq!(world.provider.probes(), 1);
        assert_eq!(world.provider.effects(&lost[0]), 1);
    }
}

/// A process holds up to 256 calls, and the Reaper takes 50 at a time.
#[tokio::test]
async fn a_lost_process_with_many_calls_is_taken_over_at_once() {
    let world = keyed_world();
    let survivor = Survivor::beside(&world);
    let killed = world.clock.now();
    lose(&world, 120, true).await;
    survivor.until_asked(&world, 120).await;
    assert!(
        since(&world, killed) <= BOUND,
        "{:?}",
        since(&world, killed)
    );
    assert_eq!(world.provider.most_effects_of_one_key(), 1);
}

/// The provider is spared by all processes together, and this one has not asked lately what it may do.
#[tokio::test]
async fn a_process_that_was_idle_may_ask_when_it_takes_over() {
    let world = World::new(SETUP, Provider::keyed(), |builder, provider| {
        let charging = Charging::<false> {
            provider,
            keyed: true,
        };
        let policy = ProtectionPolicy::default();
        builder.protection("bank", policy).register(charging)
    });
    let survivor = Survivor::beside(&world);
    survivor.reaper.tick().await.unwrap();
    let killed = world.clock.now();
    let lost = lose(&world, 30, true).await;
    survivor.until_asked(&world, 1).await;
    assert!(
        since(&world, killed) <= BOUND,
        "{:?}",
        since(&world, killed)
    );
    survivor.until_asked(&world, 30).await;
    let patience = BOUND + Duration::from_secs(5);
    assert!(
        since(&world, killed) <= patience,
        "{:?}",
        since(&world, killed)
    );
    assert_eq!(world.state(&lost[0]).await, OperationState::Completed);
}

/// The process that takes over dies too, while it asks.
#[tokio::test]
async fn a_lost_question_is_put_again_when_its_lease_ends() {
    let world = scripted(keyed_world(), [Reply::DoneButLost]);
    let op = world.submit("k", &charge("order-1")).await.unwrap();
    let survivor = Survivor::beside(&world);
    let killed = world.clock.now();
    let asked = world
        .store()
        .claim_unknown(killed, for_the_lost(killed, 1))
        .await;
    assert_eq!(asked.unwrap().len(), 1);
    survivor.until_asked(&world, 1).await;
    assert!(
        since(&world, killed) <= BOUND,
        "{:?}",
        since(&world, killed)
    );
    assert_eq!(world.state(&op).await, OperationState::Completed);
    assert_eq!(world.provider.effects(&op), 1);
}

/// The provider never heard of it. Whoever has room sends it, without waiting to look for work.
#[tokio::test]
async fn what_was_never_sent_goes_on_at_once() {
    let world = keyed_world();
    let killed = world.clock.now();
    let lost = lose(&world, 1, false).await;
    let survivor = Survivor::beside(&world);
    let (stop, shutdown) = Shutdown::new();
    let running = survivor.engine.clone();
    let loops = tokio::spawn(async move { running.run(shutdown, Duration::ZERO).await });
    survivor.until_asked(&world, 1).await;
    let sent = async {
        while world.provider.effects(&lost[0]) == 0 {
            tokio::task::yield_now().await;
        }
    };
    let patience = Duration::from_secs(30);
    let sent = tokio::time::timeout(patience, sent).await;
    assert!(
        sent.is_ok(),
        "nobody looked for it, and the clock stands still"
    );
    assert!(
        since(&world, killed) <= BOUND,
        "{:?}",
        since(&world, killed)
    );
    stop.request();
    loops.await.unwrap();
}

/// What a process claims that dies right after it.
fn for_the_lost(now: Timestamp, limit: u32) -> Claim {
    Claim {
        term: Term {
            worker: "lost".into(),
            expires_at: now + EngineConfig::default().lease,
        },
        event_types: [Charge::EVENT_TYPE].into(),
        due_from: Timestamp::UNIX_EPOCH,
        limit,
        repeats: None,
    }
}

fn since(world: &World, killed: Timestamp) -> Duration {
    (world.clock.now() - killed).to_std().unwrap()
}
