//! What every process has of the shop: its database, the domain that calls the provider, and its purchases.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use orch_runtime::engine::EngineConfig;
use orch_runtime::gateway::{GatewayConfig, HttpGateway, probe, receipt};
use orch_runtime::saga::Sagas;
use orch_runtime::store::postgres::{PostgresConfig, PostgresStore};
use orch_runtime::store::sqlite::SqliteStore;
use orch_runtime::store::{Database, StoreKind, Tables};
use orch_runtime::{
    BizKey, Column, Command, Engine, Idempotency, OpId, Orchestrator, Outcome, Probe, RetryPolicy,
    SystemClock,
};
use serde::{Deserialize, Serialize};

use crate::books;
use crate::outcome::outcome_of;
use crate::purchase::{self, Act, PLAN, Purchase};

pub(crate) const CHARGES: Tables = Tables {
    domain: "charge",
    columns: &["order_id", "cents"],
};

/// Asks the provider for something. What costs nothing is refused.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Charge {
    order_id: String,
    cents: u32,
}

impl Command for Charge {
    const EVENT_TYPE: &'static str = "CHARGE_REQUESTED";

    fn biz_key(&self) -> BizKey {
        BizKey::of(&self.order_id)
    }

    fn columns(&self) -> Vec<Column> {
        vec![
            Column::new("order_id", &*self.order_id),
            Column::new("cents", i64::from(self.cents)),
        ]
    }
}

impl Act for Charge {
    fn act(what: &str, refused: bool) -> Self {
        Self {
            order_id: what.to_owned(),
            cents: if refused { 0 } else { 10 },
        }
    }
}

/// Calls a provider that knows no keys: whether a lost call happened, it must be asked.
struct Charging(HttpGateway);

impl Orchestrator for Charging {
    type Command = Charge;
    const DOMAIN: &'static str = "CHARGE";

    fn idempotency(&self) -> Idempotency {
        Idempotency::None
    }

    /// Short enough to be waited for, with room for many workers that are lost.
    fn policy(&self) -> RetryPolicy {
        RetryPolicy {
            max_attempts: 50,
            base: Duration::from_millis(20),
            cap: Duration::from_millis(100),
            attempt_timeout: Duration::from_millis(700),
            settling: Duration::from_millis(300),
            max_interruptions: 1_000,
            max_probes: 1_000,
            ..RetryPolicy::default()
        }
    }

    async fn execute(&self, op_id: &OpId, command: &Charge) -> Outcome {
        outcome_of(receipt(self.0.post(op_id, command).await))
    }

    async fn probe(&self, op_id: &OpId, _: &Charge) -> Probe {
        probe(self.0.get(op_id).await)
    }
}

/// Opens what a `DATABASE_URL` names, as durable as in a program.
pub(crate) async fn open(url: &str) -> Database {
    match url.strip_prefix("sqlite://") {
        Some(path) => Database::Sqlite(
            SqliteStore::open(Path::new(path), books::migrations(StoreKind::Sqlite)).unwrap(),
        ),
        None => {
            let config = PostgresConfig::new(url);
            let migrations = books::migrations(StoreKind::Postgres);
            let store = PostgresStore::open(&config, migrations).await;
            Database::Postgres(store.unwrap())
        }
    }
}

/// The domain that calls the provider.
pub(crate) fn engine(database: &Database, provider: &str) -> Engine {
    let mut config = GatewayConfig::new(provider);
    config.timeout = Duration::from_millis(500);
    let gateway = HttpGateway::new(config, Arc::new(SystemClock)).unwrap();
    Engine::builder(database.operations(CHARGES), CHARGES)
        .config(EngineConfig {
            lease: Duration::from_secs(1),
            heartbeat: Duration::from_millis(300),
            idle_poll: Duration::from_millis(50),
            ..EngineConfig::default()
        })
        .register(Charging(gateway))
        .build()
        .unwrap()
}

/// Its purchases.
pub(crate) fn sagas(database: &Database, engine: &Engine) -> Sagas<Purchase> {
    let builder = Sagas::builder(database.clone(), purchase::TABLES, PLAN);
    let builder = purchase::steps::<Charge>(builder, engine);
    let builder = builder.config(orch_runtime::saga::SagaConfig {
        look_every: Duration::from_millis(300),
        ..Default::default()
    });
    builder.build().unwrap()
}

/// The purchase of this number: every second one is undone at its last step, and of some of them the message or a
/// compensation is refused, too.
pub(crate) fn purchase(number: u32) -> Purchase {
    let refused: &[&str] = match number % 8 {
        1 | 5 => &["ship"],
        3 => &["ship", "notify"],
        7 if number % 16 == 7 => &["ship", "undo-reserve"],
        7 => &["grant"],
        6 => &["notify"],
        _ => &[],
    };
    Purchase::new(&format!("p{number}"), refused)
}
