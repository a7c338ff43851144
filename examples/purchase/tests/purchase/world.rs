//! The world of these tests: a database, a clock, and providers that follow a script.

use std::time::Duration;

use orch_runtime::engine::{BuildError, EngineBuilder};
use orch_runtime::testing::{Provider, SagaDomain, SagaWorld, SagaWorldSetup};
use orch_runtime::{Engine, Entity, GatewayError, Idempotency, OpId, Probe, Receipt, SagaId};

use purchase::notification;
use purchase::notification::cancellation::generated::command::CancellationCommand;
use purchase::notification::gateway::NotificationGateway;
use purchase::notification::generated::command::NotificationCommand;
use purchase::purchase::generated::command::PurchaseCommand;
use purchase::purchase::generated::handlers;
use purchase::purchase::{PLAN, TABLES, sagas};
use purchase::shop;
use purchase::{MIGRATIONS, STORE};

/// A request that is accepted.
pub const SAMPLE: &str = include_str!("sample.json");

/// Another one.
pub const OTHER: &str = include_str!("other.json");

/// The command of [`SAMPLE`].
pub fn sample() -> PurchaseCommand {
    orch_runtime::serde_json::from_str(SAMPLE).unwrap()
}

/// The command of [`OTHER`].
pub fn other() -> PurchaseCommand {
    orch_runtime::serde_json::from_str(OTHER).unwrap()
}

/// A world of sagas.
pub type World = SagaWorld<PurchaseCommand>;

/// What it is made of.
const SETUP: SagaWorldSetup<PurchaseCommand> = SagaWorldSetup {
    store: STORE,
    migrations: MIGRATIONS,
    tables: TABLES,
    plan: PLAN,
    wire: sagas,
    handlers: Some(handlers::all),
    domains: &[SagaDomain {
        tables: notification::TABLES,
        engine: serving_notification,
    }],
};

/// A fresh one, whose providers give a repeated key one effect.
pub fn world() -> World {
    stocked(SagaWorld::new(SETUP))
}

/// With a shop that has something to sell.
fn stocked(world: World) -> World {
    for migration in shop::MIGRATIONS {
        world.alter(migration.up);
    }
    world
}

/// One for each way in which a saga is moved on: by a coordinator, and by handlers that hear of events.
pub fn worlds() -> Vec<World> {
    vec![world(), stocked(SagaWorld::choreographed(SETUP))]
}

/// The rows of a table that satisfy a condition, which may end in `order by`.
pub async fn rows<E: Entity>(world: &World, condition: &str) -> Vec<E> {
    let (columns, table) = (E::COLUMNS.join(", "), E::TABLE);
    let sql = format!("select {columns} from {table} where {condition}");
    let rows = world.sagas().database().query(sql, vec![]).await.unwrap();
    rows.iter().map(|row| E::from_row(row).unwrap()).collect()
}

/// Asks for the sample, and lets its first steps run.
pub async fn started(world: &World) -> SagaId {
    world.initiate("key-1", &sample()).await.unwrap().id
}

/// A gateway to a scripted provider.
struct Scripted(Provider);

fn serving_notification(builder: EngineBuilder, provider: Provider) -> Result<Engine, BuildError> {
    notification::engine(builder, Scripted(provider))
}

impl NotificationGateway for Scripted {
    fn idempotency(&self) -> Idempotency {
        Idempotency::Keyed {
            window: Duration::from_secs(24 * 3_600),
        }
    }

    fn attempt_timeout(&self) -> Duration {
        Duration::from_secs(10)
    }

    async fn notification(
        &self,
        key: &OpId,
        _: &NotificationCommand,
    ) -> Result<Receipt, GatewayError> {
        self.0.call(key).await
    }

    async fn probe_notification(&self, key: &OpId, _: &NotificationCommand) -> Probe {
        self.0.probe(key).await
    }

    async fn cancellation(
        &self,
        key: &OpId,
        _: &CancellationCommand,
    ) -> Result<Receipt, GatewayError> {
        self.0.call(key).await
    }

    async fn probe_cancellation(&self, key: &OpId, _: &CancellationCommand) -> Probe {
        self.0.probe(key).await
    }
}
