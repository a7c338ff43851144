//! Orders that are reserved, paid, packed and confirmed, or undone.

mod abreast;
mod backup;
mod cache;
mod flows;
mod interruptions;
mod limits;
pub(crate) mod operators;
mod persons;
mod queries;
mod redis;
mod sealed;
mod time;
mod together;
mod work;

use std::sync::Arc;
use std::time::{Duration, Instant};

use orch_runtime::engine::{Shutdown, SubmitError};
use orch_runtime::fault::{Boundary, NoFaults};
use orch_runtime::saga::{
    Call, Choreography, Compensation, Local, LocalError, LocalWork, SagaConfig, SagaEvents,
    SagaFinding, SagaPattern, SagaRecord, SagaState, SagaTables, Sagas, SagasBuilder, StepError,
    StepPlan, StepRun, StepState, Weight,
};
use orch_runtime::store::hook::HookTx;
use orch_runtime::store::{Migration, StoreKind};
use orch_runtime::testing::{Provider, Reply, World, WorldSetup};
use orch_runtime::{
    DeadLetterKind, DeadLetters, Decision, Engine, IdemKey, OwnerId, SagaId, Value, Workers,
};
use serde::{Deserialize, Serialize};

use crate::charge::{Charge, Charging, TABLES, charge};
use crate::{STORE, tables};

pub(crate) const MIGRATIONS: &[Migration] = &[
    tables::charges(STORE),
    tables::order_sagas(STORE),
    Migration {
        name: "0003_stock",
        up: "create table stock (name text primary key, pieces integer not null check (pieces >= 0));
             create table takings (saga_step text primary key)",
    },
];

pub(crate) const PLAN: &[StepPlan] = &[
    step("reserve", &[], Compensation::Operation, Weight::Required),
    step(
        "pay",
        &["reserve"],
        Compensation::Operation,
        Weight::Required,
    ),
    step(
        "pack",
        &["reserve"],
        Compensation::Operation,
        Weight::Required,
    ),
    step(
        "confirm",
        &["pay", "pack"],
        Compensation::None("a mail cannot be called back"),
        Weight::Optional,
    ),
];

const fn step(
    name: &'static str,
    after: &'static [&'static str],
    compensation: Compensation,
    weight: Weight,
) -> StepPlan {
    StepPlan {
        name,
        after,
        compensation,
        weight,
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) order_id: String,
}

/// Takes one piece of something, and puts it back.
struct Take(&'static str);

impl LocalWork<Order> for Take {
    async fn run(
        &self,
        tx: &mut HookTx<'_>,
        run: &StepRun<'_, Order>,
    ) -> Result<serde_json::Value, LocalError> {
        let sql = "insert into takings (saga_step) values (?1)";
        tx.execute(sql, &[Value::from(run.key)]).await?;
        let sql = "update stock set pieces = pieces - 1 where name = ?1 and pieces > 0";
        match tx.execute(sql, &[Value::from(self.0)]).await? {
            1 => Ok(serde_json::json!({ "taken": self.0 })),
            _ => {
                let refused = LocalError::refused("INSUFFICIENT_STOCK", "nothing is left");
                Err(refused.with(serde_json::json!({ "left": 0, "shelf": "B7" })))
            }
        }
    }

    async fn undo(&self, tx: &mut HookTx<'_>, run: &StepRun<'_, Order>) -> Result<(), LocalError> {
        let step = if self.0 == "item" { "reserve" } else { "pack" };
        let given = run.result_of(step).unwrap().data.as_ref().unwrap();
        assert_eq!(given["taken"], self.0);
        let sql = "update stock set pieces = pieces + 1 where name = ?1";
        tx.execute(sql, &[Value::from(self.0)]).await?;
        let (step, _) = run.key.as_str().split_once("/undo/").unwrap();
        let sql = "delete from takings where saga_step = ?1";
        tx.execute(sql, &[Value::from(step)]).await?;
        Ok(())
    }
}

fn of(prefix: &str, order: &Order) -> Charge {
    charge(&format!("{prefix}-{}", order.order_id))
}

/// A shop, and what it has.
pub(crate) struct Shop {
    pub(crate) world: World,
    pub(crate) sagas: Sagas<Order>,
    /// Makes them again when the process begins anew.
    pub(crate) wire: fn(&World) -> Sagas<Order>,
}

impl Shop {
    pub(crate) fn new(items: u32, boxes: u32) -> Self {
        let setup = WorldSetup {
            store: STORE,
            migrations: MIGRATIONS,
            tables: TABLES,
        };
        let world = World::new(setup, Provider::keyed(), |builder, provider| {
            builder.register(Charging::<false> {
                provider,
                keyed: true,
            })
        });
        world.alter(&format!(
            "insert into stock (name, pieces) values ('item', {items}), ('box', {boxes})"
        ));
        Self {
            sagas: sagas(&world),
            world,
            wire: sagas,
        }
    }

    /// A shop whose new orders take this pattern.
    pub(crate) fn of(pattern: SagaPattern, items: u32, boxes: u32) -> Self {
        let shop = Self::new(items, boxes);
        shop.sagas.set_pattern(pattern).unwrap();
        shop
    }

    pub(crate) fn answering(
        items: u32,
        boxes: u32,
        replies: impl IntoIterator<Item = Reply>,
    ) -> Self {
        let shop = Self::new(items, boxes);
        shop.world.provider.script(replies);
        shop
    }

    pub(crate) async fn order(&self, key: &str) -> SagaId {
        let order = Order {
            order_id: key.to_owned(),
        };
        let owner = OwnerId::anonymous();
        let key = IdemKey::new(key).unwrap();
        self.sagas.initiate(owner, key, &order).await.unwrap().id
    }

    pub(crate) async fn saga(&self, id: &SagaId) -> SagaRecord {
        let found = self.sagas.find(&OwnerId::anonymous(), id).await;
        found.unwrap().unwrap()
    }

    /// Lets everything come to rest.
    pub(crate) async fn settle(&mut self, id: &SagaId) -> SagaRecord {
        for _ in 0..200 {
            if self.world.is_dead() {
                self.world.restart();
                self.sagas = (self.wire)(&self.world);
            }
            // What has begun ends before the clock is wound, or its lease would be over.
            self.world.quiet().await;
            self.world.advance(Duration::from_secs(16)).await;
            let now = orch_runtime::Clock::now(&self.world.clock);
            self.sagas.run_once(now).await.unwrap();
            self.deliver().await;
            let saga = self.saga(id).await;
            if saga.state.is_final() {
                return saga;
            }
        }
        self.saga(id).await
    }

    /// Has the handlers of choreographed orders handle what is told.
    pub(crate) async fn deliver(&self) {
        let choreography = Choreography::of(&self.sagas).unwrap();
        let now = orch_runtime::Clock::now(&self.world.clock);
        while choreography.run_once(now).await.unwrap() > 0 {}
    }

    pub(crate) async fn count(&self, condition: &str) -> i64 {
        let sql = format!("select count(*) as n from charge_operations where {condition}");
        self.world.count(&sql, vec![]).await
    }

    pub(crate) async fn pieces(&self, of: &'static str) -> i64 {
        let sql = "select pieces as n from stock where name = ?1";
        self.world.count(sql, vec![Value::from(of)]).await
    }

    /// Nobody pays for what he does not get, and nothing is given away.
    pub(crate) async fn assert_balanced(&self, sold: i64, items: i64, boxes: i64) {
        let paid = self
            .count("order_id like 'pay-%' and state = 'COMPLETED'")
            .await;
        let refunded = self
            .count("order_id like 'refund-%' and state = 'COMPLETED'")
            .await;
        assert_eq!(paid - refunded, sold, "{paid} paid, {refunded} refunded");
        assert_eq!(self.pieces("item").await, items - sold);
        assert_eq!(self.pieces("box").await, boxes - sold);
        let takings = "select count(*) as n from takings";
        assert_eq!(
            self.world.count(takings, vec![]).await,
            2 * sold,
            "refused work leaves nothing"
        );
        assert!(self.world.provider.most_effects_of_one_key() <= 1);
    }
}

pub(crate) fn sagas(world: &World) -> Sagas<Order> {
    sagas_of(world, world.engine())
}

/// The sagas of the process that `engine` is in.
pub(crate) fn sagas_of(world: &World, engine: &Engine) -> Sagas<Order> {
    wired(world, engine).build().unwrap()
}

/// What makes them, whole.
pub(crate) fn wired(world: &World, engine: &Engine) -> SagasBuilder<Order> {
    let database = world.database().open(Arc::new(NoFaults));
    let tables = SagaTables {
        prefix: "order_saga",
    };
    let builder = Sagas::builder(database, tables, PLAN)
        .clock(Arc::new(world.clock.clone()))
        .config(SagaConfig {
            time_budget: Duration::from_secs(3_000),
            ..SagaConfig::default()
        });
    steps(builder.events(events()), engine)
}

/// What the steps do.
pub(crate) fn steps(builder: SagasBuilder<Order>, engine: &Engine) -> SagasBuilder<Order> {
    let pay = Call::new(engine, |run: &StepRun<'_, Order>| Ok(of("pay", run.input)));
    let confirm = Call::new(engine, |run: &StepRun<'_, Order>| {
        Ok(of("confirm", run.input))
    });
    builder
        .step("reserve", Local::new(Take("item")))
        .step("pay", pay.undone_by(engine, refund))
        .step("pack", Local::new(Take("box")))
        .step("confirm", confirm)
}

/// What choreographed orders tell.
pub(crate) fn events() -> SagaEvents {
    SagaEvents::of("Order")
        .step("reserve", "ItemReserved", "ItemReservationFailed")
        .telling("reserve", "taken")
        .telling("reserve", "left")
        .telling_input("order_id")
}

/// A refund that does not name what it gives back is refused.
fn refund(run: &StepRun<'_, Order>) -> Result<Charge, StepError> {
    let paid = run.result_of("pay")?;
    assert!(paid.provider_ref.is_some() && paid.op_id.is_some());
    Ok(of("refund", run.input))
}

/// Looks again and again until something is so that others bring about, while the clock stands still. What comes
/// next says what was missing when it never is.
pub(crate) async fn until(is_so: impl AsyncFn() -> bool) {
    const PATIENCE: Duration = Duration::from_secs(60);
    let given_up = Instant::now() + PATIENCE;
    while !is_so().await && Instant::now() < given_up {
        tokio::task::yield_now().await;
    }
}

/// Begins something, and goes away as soon as `is_so`: seldom after the answer, mostly without.
pub(crate) async fn hang_up(work: impl Future, is_so: impl AsyncFn() -> bool) {
    let mut work = Box::pin(work);
    tokio::select! {
        biased;
        _ = &mut work => {}
        () = async {} => {}
    }
    until(is_so).await;
}

pub(crate) fn states(saga: &SagaRecord) -> Vec<StepState> {
    saga.steps.iter().map(|step| step.state).collect()
}
