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
fn of_the_later_release(shop: &Shop) -> Sagas<Order> {
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
