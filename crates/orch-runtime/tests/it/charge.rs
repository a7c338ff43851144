//! A small domain for tests: charges of an order, as generated code would write it.

use orch_runtime::engine::Finished;
use orch_runtime::store::hook::{HookError, HookTx};
use orch_runtime::store::{Migration, Tables};
use orch_runtime::testing::{Provider, Reply, World, WorldSetup};
use orch_runtime::{
    BizKey, Column, Command, Idempotency, OpId, Orchestrator, Outcome, Probe, Value,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

use crate::outcome::outcome_of;
use crate::{STORE, tables};

pub(crate) const TABLES: Tables = Tables {
    domain: "charge",
    columns: &["order_id", "cents"],
};

pub(crate) const MIGRATIONS: &[Migration] = &[
    tables::charges(STORE),
    Migration {
        name: "0002_orders",
        up: "create table orders (order_id text primary key, paid text not null)",
    },
];

/// Asks for money.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Charge {
    pub(crate) order_id: String,
    pub(crate) cents: i64,
    pub(crate) pin: String,
}

impl Command for Charge {
    const EVENT_TYPE: &'static str = "CHARGE_REQUESTED";
    const SECRETS: &'static [&'static str] = &["pin"];

    fn biz_key(&self) -> BizKey {
        BizKey::new(&*self.order_id).unwrap()
    }

    fn columns(&self) -> Vec<Column> {
        vec![
            Column::new("order_id", &*self.order_id),
            Column::new("cents", self.cents),
        ]
    }
}

pub(crate) fn charge(order_id: &str) -> Charge {
    Charge {
        order_id: order_id.to_owned(),
        cents: 1_000,
        pin: "4711-secret".to_owned(),
    }
}

/// What a provider declares that knows keys for a day, or none.
pub(crate) fn idempotency(keyed: bool) -> Idempotency {
    if keyed {
        let window = Duration::from_secs(24 * 3_600);
        Idempotency::Keyed { window }
    } else {
        Idempotency::None
    }
}

/// Charges at a scripted provider; marks the order as paid when `HOOK`.
pub(crate) struct Charging<const HOOK: bool> {
    pub(crate) provider: Provider,
    pub(crate) keyed: bool,
}

impl<const HOOK: bool> Orchestrator for Charging<HOOK> {
    type Command = Charge;
    const DOMAIN: &'static str = "CHARGE";
    const HAS_FINALIZE_HOOK: bool = HOOK;

    fn idempotency(&self) -> Idempotency {
        idempotency(self.keyed)
    }

    async fn execute(&self, op_id: &OpId, _command: &Charge) -> Outcome {
        outcome_of(self.provider.call(op_id).await)
    }

    async fn probe(&self, op_id: &OpId, _command: &Charge) -> Probe {
        self.provider.probe(op_id).await
    }

    async fn finalize(&self, tx: &mut HookTx<'_>, end: &Finished<Charge>) -> Result<(), HookError> {
        let sql = "insert into orders (order_id, paid) values (?1, ?2)";
        let paid = end.state.as_str();
        let params = [Value::from(&*end.command.order_id), Value::from(paid)];
        tx.execute(sql, &params).await.map(|_| ())
    }
}

pub(crate) const SETUP: WorldSetup = WorldSetup {
    store: STORE,
    migrations: MIGRATIONS,
    tables: TABLES,
};

/// A world whose provider gives a repeated key one effect.
pub(crate) fn keyed_world() -> World {
    World::new(SETUP, Provider::keyed(), |builder, provider| {
        builder.register(Charging::<false> {
            provider,
            keyed: true,
        })
    })
}

/// A world whose provider repeats whatever it is sent.
pub(crate) fn unkeyed_world() -> World {
    World::new(SETUP, Provider::unkeyed(), |builder, provider| {
        builder.register(Charging::<false> {
            provider,
            keyed: false,
        })
    })
}

/// A keyed world that marks orders as paid in the finalize transaction.
pub(crate) fn hooked_world() -> World {
    World::new(SETUP, Provider::keyed(), |builder, provider| {
        builder.register(Charging::<true> {
            provider,
            keyed: true,
        })
    })
}

pub(crate) fn scripted(world: World, replies: impl IntoIterator<Item = Reply>) -> World {
    world.provider.script(replies);
    world
}
