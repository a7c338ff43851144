//! Purchases of five steps in every way in which they can end, and with a crash at every place of each.

mod crashes;
mod flows;

use std::collections::BTreeMap;

use orch_runtime::engine::{BuildError, EngineBuilder};
use orch_runtime::fault::{Boundary, Step};
use orch_runtime::saga::{SagaPattern, SagaRecord, SagaState, Sagas, SagasBuilder, StepState};
use orch_runtime::service::{Engines, SetupError};
use orch_runtime::store::Migration;
use orch_runtime::testing::{Provider, SagaDomain, SagaEffects, SagaWorld, SagaWorldSetup};
use orch_runtime::{Engine, Idempotency, OpId, Orchestrator, Outcome, Probe, SagaId, Value};

use crate::charge::{Charge, charge, idempotency};
use crate::outcome::outcome_of;
use crate::purchase::{self, Act, LOCAL, PLAN, Purchase};
use crate::truth::{self, MONEY, PIECES, PRICE};
use crate::{STORE, books};

const MIGRATIONS: &[Migration] = books::migrations(STORE);

const SETUP: SagaWorldSetup<Purchase> = SagaWorldSetup {
    store: STORE,
    migrations: MIGRATIONS,
    tables: purchase::TABLES,
    plan: PLAN,
    wire,
    handlers: Some(|builder, sagas| builder.handlers_of(sagas)),
    domains: &[SagaDomain {
        tables: crate::charge::TABLES,
        engine: serving,
    }],
};

fn wire(
    builder: SagasBuilder<Purchase>,
    engines: &Engines<'_>,
) -> Result<Sagas<Purchase>, SetupError> {
    Ok(purchase::steps::<Charge>(builder, engines.of("charge")?).build()?)
}

fn serving(builder: EngineBuilder, provider: Provider) -> Result<Engine, BuildError> {
    builder.register(Acting(provider)).build()
}

/// What costs nothing is refused.
impl Act for Charge {
    fn act(what: &str, refused: bool) -> Self {
        Self {
            cents: if refused { 0 } else { PRICE },
            ..charge(what)
        }
    }
}

/// Acts at a scripted provider.
struct Acting(Provider);

impl Orchestrator for Acting {
    type Command = Charge;
    const DOMAIN: &'static str = "CHARGE";

    fn idempotency(&self) -> Idempotency {
        idempotency(true)
    }

    async fn execute(&self, op_id: &OpId, command: &Charge) -> Outcome {
        if command.cents == 0 {
            return Outcome::fail("REFUSED", "not to be had");
        }
        outcome_of(self.0.call(op_id).await)
    }

    async fn probe(&self, op_id: &OpId, _: &Charge) -> Probe {
        self.0.probe(op_id).await
    }
}

/// A world of purchases of one pattern.
fn world(pattern: SagaPattern) -> SagaWorld<Purchase> {
    match pattern {
        SagaPattern::Orchestration => SagaWorld::new(SETUP),
        SagaPattern::Choreography => SagaWorld::choreographed(SETUP),
    }
}

/// Asks until it is answered, as a client does whose server died.
async fn purchased(world: &mut SagaWorld<Purchase>, purchase: &Purchase) -> SagaId {
    let first = world.initiate("key-1", purchase).await;
    if world.is_dead() {
        world.restart();
    } else if let Ok(initiated) = first {
        return initiated.id;
    }
    world.initiate("key-1", purchase).await.unwrap().id
}

/// What happened of each step of the only purchase of this world.
async fn effects(world: &SagaWorld<Purchase>, saga: &SagaRecord) -> BTreeMap<String, SagaEffects> {
    let mut all = BTreeMap::new();
    let mut known = 0;
    for step in &saga.steps {
        let effects = if LOCAL.contains(&&*step.name) {
            SagaEffects {
                done: booked(world, &step.name, false).await,
                undone: booked(world, &step.name, true).await,
            }
        } else {
            let provider = world.provider("charge");
            let effects =
                |op_id: &Option<OpId>| op_id.as_ref().map_or(0, |id| provider.effects(id));
            let (done, undone) = (effects(&step.op_id), effects(&step.undo_op_id));
            known += done + undone;
            SagaEffects {
                done: done as usize,
                undone: undone as usize,
            }
        };
        all.insert(step.name.to_string(), effects);
    }
    let total = world.provider("charge").total_effects();
    assert_eq!(known, total, "the provider did what no step knows of");
    all
}

async fn booked(world: &SagaWorld<Purchase>, step: &str, undone: bool) -> usize {
    let sql = "select count(*) as n from ledger where step = ?1 and undone = ?2";
    let params = vec![Value::from(step), Value::from(i64::from(undone))];
    usize::try_from(world.count(sql, params).await).unwrap()
}

/// The record says what happened, and no coin and no piece is lost or made.
async fn assert_conserved(case: &str, world: &SagaWorld<Purchase>, saga: &SagaRecord) {
    let all = effects(world, saga).await;
    truth::assert_true(case, saga, |step| all[step]);
    let net = |step: &str| {
        let SagaEffects { done, undone } = all[step];
        i64::try_from(done).unwrap() - i64::try_from(undone).unwrap()
    };
    assert_eq!(
        balance(world).await + PRICE * net("debit"),
        MONEY,
        "{case}: {saga:?}"
    );
    assert_eq!(
        pieces(world).await + net("grant"),
        PIECES,
        "{case}: {saga:?}"
    );
}

async fn balance(world: &SagaWorld<Purchase>) -> i64 {
    let sql = "select cast(sum(balance) as integer) as n from accounts";
    world.count(sql, vec![]).await
}

async fn pieces(world: &SagaWorld<Purchase>) -> i64 {
    world.count("select pieces as n from pieces", vec![]).await
}

fn states(saga: &SagaRecord) -> Vec<StepState> {
    saga.steps.iter().map(|step| step.state).collect()
}
