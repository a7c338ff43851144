//! Answers that prove nothing: nobody is charged twice, and nobody is told "failed", on their account.

use std::sync::Arc;
use std::time::Duration;

use orch_runtime::scheduler::{FinalizerConfig, ReaperConfig};
use orch_runtime::testing::{Provider, Reply, World};
use orch_runtime::tokio::sync::Notify;
use orch_runtime::{
    Clock, Finalizer, Idempotency, OpId, OperationState, Orchestrator, Outcome, Probe, Reaper,
};

use crate::charge::{
    Charge, Charging, SETUP, charge, hooked_world, keyed_world, scripted, unkeyed_world,
};

/// Something between us and the provider answers 504 each time; the provider acted each time.
#[tokio::test]
async fn a_busy_answer_after_the_effect_is_neither_a_failure_nor_a_second_charge() {
    for world in [keyed_world(), unkeyed_world()] {
        let world = scripted(world, std::iter::repeat_n(Reply::DoneButBusy, 3));
        let op = world.submit("k", &charge("order-1")).await.unwrap();
        world.settle().await;
        assert_eq!(world.state(&op).await, OperationState::Completed);
        assert_eq!(world.provider.effects(&op), 1);
    }
}

/// As above, and the provider cannot be asked.
#[tokio::test]
async fn a_busy_answer_that_nobody_can_explain_is_parked() {
    for world in [keyed_world(), unkeyed_world()] {
        let world = scripted(world, std::iter::repeat_n(Reply::DoneButBusy, 3));
        world.provider.stop_answering_probes();
        let op = world.submit("k", &charge("order-1")).await.unwrap();
        world.settle().await;
        assert_eq!(world.state(&op).await, OperationState::Parked);
        assert_eq!(world.provider.effects(&op), 1);
    }
}

/// The provider is asked while the call is still on its way, and knows nothing of it.
#[tokio::test]
async fn an_early_denial_is_not_believed() {
    let world = scripted(unkeyed_world(), [Reply::DoneLate]);
    let op = world.submit("k", &charge("order-1")).await.unwrap();
    world.advance(Duration::from_secs(20)).await;
    assert_eq!(world.provider.probes(), 1);
    world.advance(Duration::from_secs(20)).await;
    world.provider.arrive();
    world.settle().await;
    assert_eq!(world.state(&op).await, OperationState::Completed);
    assert_eq!(world.provider.requests(&op), 1);
    assert_eq!(world.provider.effects(&op), 1);
}

/// A worker that is stopped between the claim and the call must not call when it goes on.
#[tokio::test]
async fn a_call_is_not_begun_after_its_lease_has_ended() {
    let world = unkeyed_world();
    world.engine().drain(Duration::ZERO).await;
    let op = world.submit("k", &charge("order-1")).await.unwrap();
    assert_eq!(world.state(&op).await, OperationState::Pending);
    let sleepy = world.second_process();
    // What was claimed runs at the next await.
    assert_eq!(sleepy.dispatch_once().await.unwrap(), 1);
    world.clock.advance(Duration::from_secs(16));
    sleepy.idle().await;
    assert_eq!(world.provider.requests(&op), 0);
    assert_eq!(world.state(&op).await, OperationState::InProgress);
}

/// A provider that takes its time to answer questions.
struct SlowToSay {
    charging: Charging<false>,
    say: Arc<Notify>,
}

impl Orchestrator for SlowToSay {
    type Command = Charge;
    const DOMAIN: &'static str = "CHARGE";

    fn idempotency(&self) -> Idempotency {
        Idempotency::None
    }

    async fn execute(&self, op_id: &OpId, command: &Charge) -> Outcome {
        self.charging.execute(op_id, command).await
    }

    async fn probe(&self, op_id: &OpId, command: &Charge) -> Probe {
        let answer = self.charging.probe(op_id, command).await;
        self.say.notified().await;
        answer
    }
}

/// The provider denies a call that arrives right after; its denial comes when it would be believed.
#[tokio::test]
async fn a_denial_that_took_its_time_is_not_believed() {
    let say = Arc::new(Notify::new());
    let heard = Arc::clone(&say);
    let world = World::new(SETUP, Provider::unkeyed(), move |builder, provider| {
        builder.register(SlowToSay {
            charging: Charging {
                provider,
                keyed: false,
            },
            say: Arc::clone(&heard),
        })
    });
    let world = scripted(world, [Reply::DoneLate]);
    let op = world.submit("k", &charge("order-1")).await.unwrap();
    world.clock.advance(Duration::from_secs(55));
    let reaper = Reaper::new(world.engine(), ReaperConfig::default());
    let now = world.clock.now();
    let asking = tokio::spawn(async move { reaper.run_once(now).await });
    while world.provider.probes() == 0 {
        tokio::task::yield_now().await;
    }
    world.provider.arrive();
    world.clock.advance(Duration::from_secs(6));
    say.notify_one();
    asking.await.unwrap().unwrap();
    assert_eq!(world.state(&op).await, OperationState::Unknown);
    say.notify_one();
    world.settle().await;
    assert_eq!(world.state(&op).await, OperationState::Completed);
    assert_eq!(world.provider.effects(&op), 1);
}

/// The time budget ends while the operation waits for its next attempt.
#[tokio::test]
async fn an_end_without_a_call_runs_the_hook_too() {
    let busy = Reply::Busy(Some(Duration::from_secs(3_590)));
    let world = scripted(hooked_world(), [busy]);
    let op = world.submit("k", &charge("order-1")).await.unwrap();
    assert_eq!(world.state(&op).await, OperationState::Pending);
    world.advance(Duration::from_secs(3_601)).await;
    assert_eq!(world.state(&op).await, OperationState::Failed);
    let failed = "select count(*) as n from orders where paid = 'FAILED'";
    assert_eq!(world.count(failed, vec![]).await, 1);
}

/// Somebody wrote into the table what the program cannot read.
#[tokio::test]
async fn a_row_that_cannot_be_read_is_parked_and_holds_up_no_other() {
    let world = keyed_world();
    let reaper = Reaper::new(world.engine(), ReaperConfig::default());
    for state in ["PENDING", "UNKNOWN"] {
        let (bad, good) = (format!("bad-{state}"), format!("good-{state}"));
        let stopped = world.second_process();
        stopped.drain(Duration::ZERO).await;
        let mut ids = Vec::new();
        for key in [&bad, &good] {
            let owner = orch_runtime::OwnerId::anonymous();
            let key = orch_runtime::IdemKey::new(key.as_str()).unwrap();
            let submitted = stopped
                .submit(owner, key, &charge("order-1"))
                .await
                .unwrap();
            ids.push(submitted.op_id);
        }
        world.alter(&format!(
            "update charge_operations set state = '{state}' where state = 'PENDING'"
        ));
        world.alter(&format!(
            "update charge_operations set owner_id = '{}' where op_id = '{}'",
            "x".repeat(300),
            ids[0]
        ));
        reaper.run_once(world.clock.now()).await.unwrap();
        world.settle().await;
        assert_eq!(world.state(&ids[1]).await, OperationState::Completed);
        let parked = "select count(*) as n from charge_operations
            where op_id = ?1 and state = 'PARKED' and error_code = 'UNREADABLE'";
        assert_eq!(world.count(parked, vec![(&ids[0]).into()]).await, 1);
    }
}

/// The hook of the first goes on refusing; the batch has room for one.
#[tokio::test]
async fn a_hook_that_goes_on_refusing_holds_up_no_other_outcome() {
    let world = hooked_world();
    let mut ids = Vec::new();
    for order in ["order-1", "order-2"] {
        world.alter(&format!(
            "insert into orders (order_id, paid) values ('{order}', 'BLOCKED')"
        ));
        ids.push(world.submit(order, &charge(order)).await.unwrap());
    }
    world.alter("delete from orders where order_id = 'order-2'");
    let config = FinalizerConfig {
        batch: 1,
        ..FinalizerConfig::default()
    };
    let finalizer = Finalizer::new(world.engine(), config);
    world.clock.advance(Duration::from_secs(60));
    for _ in 0..2 {
        finalizer.run_once(world.clock.now()).await.unwrap();
    }
    assert_eq!(world.state(&ids[0]).await, OperationState::InProgress);
    assert_eq!(world.state(&ids[1]).await, OperationState::Completed);
}
