//! The orchestrator under simulation: charges an order, with and without a finalize hook.

use orch_runtime::engine::{EngineBuilder, Finished};
use orch_runtime::store::Tables;
use orch_runtime::store::hook::{HookError, HookTx};
use orch_runtime::store::{Migration, StoreKind};
use orch_runtime::testing::WorldSetup;
use orch_runtime::testing::sim::{Flavour, SimProvider, Subject};
use orch_runtime::{
    BizKey, Column, Command, Idempotency, OpId, Orchestrator, Outcome, Probe, RetryPolicy, Value,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

use crate::outcome::outcome_of;

pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "0001_charge",
        up: include_str!("../it/charge.sql"),
    },
    Migration {
        name: "0002_ends",
        up: "create table ends (op_id text not null, state text not null)",
    },
    Migration {
        name: "0003_charge_callbacks",
        up: include_str!("../it/callbacks/callbacks.sql"),
    },
];

/// Asks for money.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Charge {
    order_id: String,
    cents: u32,
}

impl Charge {
    pub(crate) fn order(&self) -> &str {
        &self.order_id
    }
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

/// Charges at the simulated provider.
pub(crate) struct Charging<const HOOK: bool> {
    pub(crate) provider: SimProvider,
    pub(crate) idempotency: Idempotency,
}

impl<const HOOK: bool> Orchestrator for Charging<HOOK> {
    type Command = Charge;
    const DOMAIN: &'static str = "CHARGE";
    const HAS_FINALIZE_HOOK: bool = HOOK;

    fn idempotency(&self) -> Idempotency {
        self.idempotency
    }

    fn policy(&self) -> RetryPolicy {
        Honest::policy()
    }

    async fn execute(&self, op_id: &OpId, command: &Charge) -> Outcome {
        let called = self.provider.call(&command.order_id, op_id.as_str()).await;
        outcome_of(called)
    }

    async fn probe(&self, op_id: &OpId, command: &Charge) -> Probe {
        self.provider.probe(&command.order_id, op_id.as_str()).await
    }

    async fn finalize(&self, tx: &mut HookTx<'_>, end: &Finished<Charge>) -> Result<(), HookError> {
        let sql = "insert into ends (op_id, state) values (?1, ?2)";
        let params = [Value::from(&end.op_id), Value::from(end.state.as_str())];
        tx.execute(sql, &params).await?;
        // What it wrote must not stay when it refuses afterwards.
        if self.provider.hook_refuses() {
            return Err(HookError::new("not now"));
        }
        Ok(())
    }
}

/// The runtime as it is.
pub(crate) struct Honest;

impl Subject for Honest {
    type Command = Charge;
    const SETUP: WorldSetup = WorldSetup {
        store: StoreKind::Sqlite,
        migrations: MIGRATIONS,
        tables: Tables {
            domain: "charge",
            columns: &["order_id", "cents"],
        },
    };
    const ENDS: &'static str = "select op_id, state from ends";

    fn command(order: &str, variant: u32) -> Charge {
        Charge {
            order_id: order.to_owned(),
            cents: 1_000 + variant,
        }
    }

    /// A time budget that some operations use up.
    fn policy() -> RetryPolicy {
        RetryPolicy {
            time_budget: Duration::from_secs(400),
            ..RetryPolicy::default()
        }
    }

    fn register(
        &self,
        builder: EngineBuilder,
        flavour: Flavour,
        provider: SimProvider,
    ) -> EngineBuilder {
        let idempotency = flavour.idempotency;
        if flavour.hook {
            builder.register(Charging::<true> {
                provider,
                idempotency,
            })
        } else {
            builder.register(Charging::<false> {
                provider,
                idempotency,
            })
        }
    }
}
