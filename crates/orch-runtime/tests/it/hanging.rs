//! A provider that accepts a call and says nothing: the attempt is cut off in time, the answer counts as
//! lost, and whatever is asked or sent again goes under the same key, within the budgets.
//!
//! Elsewhere: a hanging call whose provider can be asked (`lifecycle`), answers after the lease (`doubt`,
//! `exhaustion` on PostgreSQL, the freezes of the simulation), sockets that hang (target `http`).

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use orch_runtime::scheduler::ReaperConfig;
use orch_runtime::testing::{Provider, Reply, World};
use orch_runtime::{
    Clock as _, Idempotency, OpId, OperationState, Orchestrator, Outcome, Probe, Reaper,
    RetryPolicy,
};
use tokio::task::yield_now;

use crate::charge::{Charge, SETUP, charge, idempotency, keyed_world, scripted};

/// Steps of ten seconds after which an operation that goes on is stuck: its time budget, and some more.
const STEPS: u32 = 500;

/// Longer than anything takes that is cut off, on the machine's clock.
const PATIENCE: Duration = Duration::from_secs(20);

/// Calls a provider that acts, and never says so; neither does it answer questions.
struct Mute {
    provider: Provider,
    keyed: bool,
    hanging: Arc<AtomicU32>,
}

/// One call or question without an answer, until it is cut off.
struct Hanging(Arc<AtomicU32>);

impl Drop for Hanging {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Mute {
    async fn hang(&self) -> ! {
        self.hanging.fetch_add(1, Ordering::SeqCst);
        let _hanging = Hanging(Arc::clone(&self.hanging));
        pending().await
    }
}

impl Orchestrator for Mute {
    type Command = Charge;
    const DOMAIN: &'static str = "CHARGE";

    fn idempotency(&self) -> Idempotency {
        idempotency(self.keyed)
    }

    async fn execute(&self, op_id: &OpId, _command: &Charge) -> Outcome {
        drop(self.provider.call(op_id).await);
        self.hang().await
    }

    async fn probe(&self, op_id: &OpId, _command: &Charge) -> Probe {
        drop(self.provider.probe(op_id).await);
        self.hang().await
    }
}

/// A world with such a provider, and how many of its calls and questions hang.
fn mute_world(keyed: bool) -> (World, Arc<AtomicU32>) {
    let hanging = Arc::new(AtomicU32::new(0));
    let (provider, seen) = if keyed {
        (Provider::keyed(), Arc::clone(&hanging))
    } else {
        (Provider::unkeyed(), Arc::clone(&hanging))
    };
    let world = World::new(SETUP, provider, move |builder, provider| {
        builder.register(Mute {
            provider,
            keyed,
            hanging: Arc::clone(&hanging),
        })
    });
    (world, seen)
}

/// Does what is due and lets ten seconds pass, which cuts off whatever hangs.
async fn step(world: &World, hanging: &AtomicU32) {
    let reaper = Reaper::new(world.engine(), ReaperConfig::default());
    let now = world.clock.now();
    let asking = tokio::spawn(async move { reaper.run_once(now).await });
    while !asking.is_finished() && hanging.load(Ordering::SeqCst) == 0 {
        yield_now().await;
    }
    let taken = world.engine().dispatch_once().await.unwrap();
    while taken > 0 && hanging.load(Ordering::SeqCst) == 0 {
        yield_now().await;
    }
    world.clock.advance(Duration::from_secs(10));
    let cut_off = async {
        asking.await.unwrap().unwrap();
        world.engine().idle().await;
    };
    let cut_off = tokio::time::timeout(PATIENCE, cut_off).await;
    assert!(cut_off.is_ok(), "what hangs is not cut off");
}

/// A call that holds its operation until the lease ends is found by nobody before that.
#[tokio::test]
async fn a_hanging_call_is_cut_off_at_its_time_limit_and_not_before() {
    let limit = RetryPolicy::default().attempt_timeout;
    let last = Duration::from_millis(1);
    let world = scripted(keyed_world(), [Reply::Hang]);
    let op = world.submit("k", &charge("order-1")).await.unwrap();
    world.clock.advance(limit - last);
    world.quiet().await;
    assert_eq!(world.state(&op).await, OperationState::InProgress);
    world.clock.advance(last);
    world.quiet().await;
    assert_eq!(world.state(&op).await, OperationState::Unknown);
    assert_eq!(world.provider.effects(&op), 1);
}

/// Asking for ever, or calling for ever, would hold up the people who could look.
#[tokio::test]
async fn a_provider_that_never_says_anything_is_parked_with_one_effect() {
    for keyed in [true, false] {
        let (world, hanging) = mute_world(keyed);
        let begun = world.engine().clone();
        let owner = orch_runtime::OwnerId::anonymous();
        let key = orch_runtime::IdemKey::new("k").unwrap();
        let submitted = begun.submit(owner, key, &charge("order-1")).await.unwrap();
        let op = submitted.op_id;
        while hanging.load(Ordering::SeqCst) == 0 {
            yield_now().await;
        }
        let mut steps = 0;
        while world.state(&op).await != OperationState::Parked {
            step(&world, &hanging).await;
            steps += 1;
            assert!(steps < STEPS, "keyed {keyed}: {:?}", world.view(&op).await);
        }
        let policy = RetryPolicy::default();
        let calls = if keyed { policy.max_attempts } else { 1 };
        assert_eq!(world.provider.requests(&op), calls, "keyed {keyed}");
        assert_eq!(world.provider.effects(&op), 1, "keyed {keyed}");
        // After each call the counting begins anew.
        let most = policy.max_probes * calls;
        assert!(
            (1..=most).contains(&world.provider.probes()),
            "keyed {keyed}"
        );
    }
}
