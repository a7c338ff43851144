//! Steps that do not wait for each other are at their providers at the same time.

use orch_runtime::{Idempotency, OpId, Orchestrator, Outcome, Probe};
use tokio::sync::Barrier;

use super::*;
use crate::charge::idempotency;

/// Both begin at once, and the last one waits for both.
const ABREAST: &[StepPlan] = &[
    step("pay", &[], Compensation::Operation, Weight::Required),
    step("insure", &[], Compensation::Operation, Weight::Required),
    step(
        "pack",
        &["pay", "insure"],
        Compensation::Operation,
        Weight::Required,
    ),
];

/// A provider that answers two calls, once both have arrived. One that comes alone has no answer, ever.
struct Meeting {
    provider: Provider,
    both: Arc<Barrier>,
}

impl Orchestrator for Meeting {
    type Command = Charge;
    const DOMAIN: &'static str = "CHARGE";

    fn idempotency(&self) -> Idempotency {
        idempotency(true)
    }

    async fn execute(&self, op_id: &OpId, _: &Charge) -> Outcome {
        self.both.wait().await;
        crate::outcome::outcome_of(self.provider.call(op_id).await)
    }

    async fn probe(&self, op_id: &OpId, _: &Charge) -> Probe {
        self.provider.probe(op_id).await
    }
}

fn meeting() -> Shop {
    let setup = WorldSetup {
        store: STORE,
        migrations: MIGRATIONS,
        tables: TABLES,
    };
    let both = Arc::new(Barrier::new(2));
    let world = World::new(setup, Provider::keyed(), move |builder, provider| {
        builder.register(Meeting {
            provider,
            both: Arc::clone(&both),
        })
    });
    world.alter("insert into stock (name, pieces) values ('item', 3), ('box', 3)");
    let (database, engine) = (world.database().open(Arc::new(NoFaults)), world.engine());
    let tables = SagaTables {
        prefix: "order_saga",
    };
    let pay = Call::new(engine, |run: &StepRun<'_, Order>| Ok(of("pay", run.input)));
    let insure = Call::new(engine, |run: &StepRun<'_, Order>| {
        Ok(of("insure", run.input))
    });
    let sagas = Sagas::builder(database, tables, ABREAST)
        .clock(Arc::new(world.clock.clone()))
        .events(SagaEvents::of("Order"))
        .step("pay", pay.undone_by(engine, refund))
        .step("insure", insure.undone_by(engine, refund))
        .step("pack", Local::new(Take("box")))
        .build()
        .unwrap();
    Shop {
        world,
        sagas,
        wire: super::sagas,
    }
}

/// A call that waited for the other's answer would wait for ever.
#[tokio::test]
async fn calls_of_steps_abreast_are_under_way_at_the_same_time() {
    const PATIENCE: Duration = Duration::from_secs(60);
    for pattern in [SagaPattern::Orchestration, SagaPattern::Choreography] {
        let shop = meeting();
        shop.sagas.set_pattern(pattern).unwrap();
        let id = shop.order("a").await;
        let ends = async {
            while !shop.saga(&id).await.state.is_final() {
                shop.world.run_once().await;
                let now = orch_runtime::Clock::now(&shop.world.clock);
                shop.sagas.run_once(now).await.unwrap();
                shop.deliver().await;
                shop.world.clock.advance(Duration::from_secs(1));
            }
        };
        let ended = tokio::time::timeout(PATIENCE, ends).await;
        assert!(ended.is_ok(), "{pattern}: one waits for the other's answer");
        let saga = shop.saga(&id).await;
        assert_eq!(saga.state, SagaState::Completed, "{pattern}: {saga:?}");
        assert_eq!(states(&saga), [StepState::Succeeded; 3]);
        assert_eq!(shop.world.provider.total_requests(), 2);
    }
}
