//! Two releases side by side, of which the later one has a step more.

use orch_runtime::saga::{
    Compensation, Local, LocalError, LocalWork, SagaConfig, SagaFinding, SagaPattern, StepPlan,
    StepRun, Weight,
};

use super::*;
use crate::sagas::{events, steps};

/// The step of the later release. It hears of what the earlier one knows, too.
const WRAP: StepPlan = StepPlan {
    name: "wrap",
    after: &["reserve"],
    compensation: Compensation::None("paper is cheap"),
    weight: Weight::Required,
};

struct Wrap;

impl LocalWork<Order> for Wrap {
    async fn run(
        &self,
        _: &mut HookTx<'_>,
        _: &StepRun<'_, Order>,
    ) -> Result<serde_json::Value, LocalError> {
        Ok(serde_json::json!({}))
    }

    async fn undo(&self, _: &mut HookTx<'_>, _: &StepRun<'_, Order>) -> Result<(), LocalError> {
        Ok(())
    }
}

/// The orders of this shop as the later release has them.
pub(super) fn of_the_later_release(shop: &Shop) -> Sagas<Order> {
    let database = shop.world.database().open(Arc::new(NoFaults));
    let tables = SagaTables {
        prefix: "order_saga",
    };
    let plan = [PLAN, &[WRAP]].concat();
    let builder = Sagas::builder(database, tables, &plan)
        .clock(Arc::new(shop.world.clock.clone()))
        .pattern(SagaPattern::Choreography)
        .config(SagaConfig {
            time_budget: Duration::from_secs(3_000),
            ..SagaConfig::default()
        });
    let builder = steps(builder.events(events()), shop.world.engine());
    builder.step("wrap", Local::new(Wrap)).build().unwrap()
}

/// The process of the earlier release takes the event that the new step waits for.
#[tokio::test]
async fn a_new_step_hears_of_what_an_earlier_release_took() {
    let mut shop = shop(3, 3);
    let id = shop.order("a").await;
    let earlier = Choreography::of(&shop.sagas).unwrap();
    for _ in 0..2 {
        earlier.run_once(shop.world.clock.now()).await.unwrap();
    }
    drop(earlier);
    shop.sagas = of_the_later_release(&shop);
    let later = Choreography::of(&shop.sagas).unwrap();
    for _ in 0..5 {
        shop.world.advance(Duration::from_secs(16)).await;
        let now = shop.world.clock.now();
        shop.sagas.run_once(now).await.unwrap();
        assert_eq!(
            later.catch_up_once(now).await.unwrap(),
            0,
            "it may still come"
        );
        shop.deliver().await;
    }
    let saga = shop.saga(&id).await;
    assert_eq!(saga.state, SagaState::InProgress);
    assert_eq!(saga.steps[4].state, StepState::Waiting, "nobody told it");
    shop.world.clock.advance(Duration::from_secs(300));
    let now = shop.world.clock.now();
    assert_eq!(later.catch_up_once(now).await.unwrap(), 1);
    assert_eq!(later.catch_up_once(now).await.unwrap(), 0, "once");
    let saga = shop.settle(&id).await;
    assert_eq!(saga.state, SagaState::Completed, "{saga:?}");
    assert_eq!(states(&saga), [StepState::Succeeded; 5]);
    shop.assert_balanced(1, 3, 3).await;
}

/// An order of the later release that has its new step, and whose next event tells of another one.
pub(super) async fn wrapped(shop: &Shop) -> (SagaId, Choreography) {
    let id = paid_and_not_packed(shop).await;
    let reserved = event(shop, &id, "ItemReserved").await;
    hand(shop, "WrapHandler", &reserved).await.unwrap();
    let later = Choreography::of(&shop.sagas).unwrap();
    for _ in 0..2 {
        later.run_once(shop.world.clock.now()).await.unwrap();
    }
    assert_eq!(shop.saga(&id).await.steps[4].state, StepState::Succeeded);
    (id, later)
}

/// How often the events of an order were tried, and failed.
async fn failed_tries(shop: &Shop) -> i64 {
    let sql = "select sum(attempts) as n from order_saga_outbox";
    shop.world.count(sql, vec![]).await
}

/// Processes of the earlier release take the events of a saga that has a step which they do not know.
#[tokio::test]
async fn a_saga_with_a_step_of_a_later_release_is_left_to_it() {
    let mut shop = shop(3, 3);
    let earlier = Choreography::of(&shop.sagas).unwrap();
    shop.sagas = of_the_later_release(&shop);
    let (id, later) = wrapped(&shop).await;
    for pause in [1, 1, 2, 4, 8] {
        let taken = earlier.run_once(shop.world.clock.now()).await.unwrap();
        assert_eq!(taken, 1, "it is tried, and put off");
        shop.world.clock.advance(Duration::from_secs(pause));
    }
    assert_eq!(failed_tries(&shop).await, 0, "none of them has failed");
    assert_eq!(later.dead_letters(9).await.unwrap(), []);
    let saga = shop.settle(&id).await;
    assert_eq!(saga.state, SagaState::Completed, "{saga:?}");
    assert_eq!(states(&saga), [StepState::Succeeded; 5]);
    assert_eq!(later.dead_letters(9).await.unwrap(), []);
    shop.assert_balanced(1, 3, 3).await;
}

/// The later release is withdrawn for a while. Its sagas do not keep the others' relays busy, and go on when it is back.
#[tokio::test]
async fn what_waits_for_a_later_release_is_told_when_it_is_back() {
    let mut shop = shop(3, 3);
    let earlier = Choreography::of(&shop.sagas).unwrap();
    shop.sagas = of_the_later_release(&shop);
    let (id, later) = wrapped(&shop).await;
    for _ in 0..60 {
        let now = shop.world.clock.now();
        earlier.run_once(now).await.unwrap();
        earlier.catch_up_once(now).await.unwrap();
        shop.world.clock.advance(Duration::from_secs(16));
    }
    let taken = earlier.run_once(shop.world.clock.now()).await.unwrap();
    assert_eq!(taken, 0, "nobody tries for ever");
    assert_eq!(later.dead_letters(9).await.unwrap(), []);
    let taken = later.catch_up_once(shop.world.clock.now()).await.unwrap();
    assert!(taken > 0, "it has what was left");
    let saga = shop.settle(&id).await;
    assert_eq!(saga.state, SagaState::Completed, "{saga:?}");
    assert_eq!(states(&saga), [StepState::Succeeded; 5]);
    shop.assert_balanced(1, 3, 3).await;
}

/// What the guide says of releases side by side: who takes the last turn ends a saga by the plan that it knows.
#[tokio::test]
async fn an_earlier_release_ends_a_saga_without_the_step_that_it_does_not_know() {
    let mut shop = shop(3, 3);
    let later = of_the_later_release(&shop);
    let of_earlier = shop.order("a").await;
    let earlier = std::mem::replace(&mut shop.sagas, later.clone());
    let of_later = shop.order("b").await;
    shop.sagas = earlier;
    for id in [&of_earlier, &of_later] {
        assert_eq!(shop.settle(id).await.state, SagaState::Completed);
    }
    let found = later
        .check_integrity(Duration::from_secs(600))
        .await
        .unwrap();
    let missing = found.iter();
    let missing = missing.map(|of| (of.finding, &of.transaction_id, of.step.as_deref()));
    let missing: Vec<_> = missing.collect();
    let promised = (SagaFinding::RequiredStepNotDone, &of_later, Some("wrap"));
    assert_eq!(missing, [promised]);
}

/// What every handler has heard comes no second time, however long the saga stands still.
#[tokio::test]
async fn who_has_heard_everything_catches_up_with_nothing() {
    let shop = shop(3, 3);
    let id = shop.order("a").await;
    let choreography = Choreography::of(&shop.sagas).unwrap();
    for _ in 0..2 {
        choreography.run_once(shop.world.clock.now()).await.unwrap();
    }
    shop.world.clock.advance(Duration::from_secs(600));
    let now = shop.world.clock.now();
    assert_eq!(choreography.catch_up_once(now).await.unwrap(), 0);
    assert!(!shop.saga(&id).await.state.is_final());
}

/// A handler of the later release, which can take what is told of one order only.
struct Picky(SagaId);

#[async_trait]
impl EventHandler for Picky {
    fn name(&self) -> &str {
        "PickyHandler"
    }

    fn subscriptions(&self) -> Vec<String> {
        vec!["ItemReserved".to_owned()]
    }

    async fn handle(
        &self,
        _: &mut HookTx<'_>,
        event: &Envelope,
    ) -> Result<AfterCommit, HandlerError> {
        match event.transaction_id == self.0 {
            true => Ok(AfterCommit::nothing()),
            false => Err(HandlerError::failed("no such account")),
        }
    }
}

/// A handler that fails at more events than are caught up with in one go gets those behind them, too.
#[tokio::test]
async fn what_always_fails_keeps_no_handler_from_catching_up_with_the_rest() {
    const FAILING: u32 = 101;
    let shop = shop(FAILING + 1, FAILING + 1);
    let earlier = Choreography::of(&shop.sagas).unwrap();
    for number in 0..FAILING {
        shop.order(&format!("o{number}")).await;
    }
    while earlier.run_once(shop.world.clock.now()).await.unwrap() > 0 {}
    shop.world.clock.advance(Duration::from_secs(1));
    let last = shop.order("last").await;
    while earlier.run_once(shop.world.clock.now()).await.unwrap() > 0 {}
    shop.world.quiet().await;
    shop.world.clock.advance(Duration::from_secs(300));
    let builder = Choreography::builder(&shop.sagas).unwrap();
    let builder = builder.handlers_of(&shop.sagas);
    let later = builder.handler(Picky(last)).build().unwrap();
    let mut taken = Vec::new();
    for _ in 0..5 {
        taken.push(later.catch_up_once(shop.world.clock.now()).await.unwrap());
    }
    assert_eq!(taken, [0, 1, 0, 0, 0], "each in its turn, and once");
    assert!(later.dead_letters(9).await.unwrap().is_empty());
}
