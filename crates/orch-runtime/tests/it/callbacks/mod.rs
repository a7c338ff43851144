//! What providers report by themselves: worlds whose domain takes callbacks, and their inbox.

mod crashes;
mod inbox;
mod purge;
mod results;
mod sealed;

use orch_runtime::metrics::Metrics;
use orch_runtime::scheduler::{CallbackSweeper, CallbackSweeperConfig, CallbackSweeperReport};
use orch_runtime::store::callbacks::Received;
use orch_runtime::store::{Migration, StoreKind};
use orch_runtime::testing::{Provider, World, WorldSetup};
use orch_runtime::{Callback, CallbackOutcome, Clock as _, EventId, OpId};

use crate::STORE;
use crate::charge::{self, Charging, TABLES};

const MIGRATIONS: &[Migration] = &[
    charge::MIGRATIONS[0],
    charge::MIGRATIONS[1],
    Migration {
        name: "0003_charge_callbacks",
        up: match STORE {
            StoreKind::Sqlite => include_str!("callbacks.sql"),
            StoreKind::Postgres => include_str!("callbacks.postgres.sql"),
        },
    },
];

pub(crate) const SETUP: WorldSetup = WorldSetup {
    store: STORE,
    migrations: MIGRATIONS,
    tables: TABLES,
};

fn world<const HOOK: bool>(keyed: bool) -> World {
    counted_world::<HOOK>(keyed, &Metrics::new())
}

fn counted_world<const HOOK: bool>(keyed: bool, metrics: &Metrics) -> World {
    let provider = if keyed {
        Provider::keyed()
    } else {
        Provider::unkeyed()
    };
    let metrics = metrics.clone();
    World::new(SETUP, provider, move |builder, provider| {
        builder
            .register(Charging::<HOOK> { provider, keyed })
            .metrics(metrics.clone())
            .callbacks()
    })
}

fn keyed_world() -> World {
    world::<false>(true)
}

fn unkeyed_world() -> World {
    world::<false>(false)
}

fn hooked_world() -> World {
    world::<true>(true)
}

fn done() -> CallbackOutcome {
    CallbackOutcome::Ok {
        message: "charged, says the callback".to_owned(),
        result: None,
    }
}

fn declined() -> CallbackOutcome {
    CallbackOutcome::Fail {
        code: "DECLINED".to_owned(),
        message: "declined, says the callback".to_owned(),
    }
}

/// An event about an operation, by its name.
pub(crate) fn about(op_id: &OpId, event: &str, outcome: CallbackOutcome) -> Callback {
    Callback {
        event_id: EventId::new(event).unwrap(),
        op_id: Some(op_id.clone()),
        provider_ref: None,
        outcome,
    }
}

/// An event about what the provider calls so.
pub(crate) fn about_ref(provider_ref: &str, event: &str, outcome: CallbackOutcome) -> Callback {
    Callback {
        event_id: EventId::new(event).unwrap(),
        op_id: None,
        provider_ref: Some(provider_ref.to_owned()),
        outcome,
    }
}

async fn deliver(world: &World, callback: Callback) -> Received {
    let received = world.engine().receive_callback(callback).await;
    received.expect("a kept callback")
}

async fn sweep(world: &World) -> CallbackSweeperReport {
    let sweeper = CallbackSweeper::new(world.engine(), CallbackSweeperConfig::default());
    sweeper.run_once(world.clock.now()).await.unwrap()
}

/// What became of an event; nothing when there is none.
async fn became(world: &World, event: &str) -> Option<String> {
    let sql = "select state from charge_callbacks where event_id = ?1";
    let params = vec![event.into()];
    let rows = world.store().query(sql.to_owned(), params).await.unwrap();
    rows.first().map(|row| row.get("state").unwrap())
}

/// Answers of one kind that were applied to the operation.
async fn applied(world: &World, op_id: &OpId, kind: &str) -> i64 {
    let sql = "select count(*) as n from charge_write_ahead_logs
        where op_id = ?1 and outcome_type = ?2 and state = 'COMPLETED'";
    world.count(sql, vec![op_id.into(), kind.into()]).await
}

/// What the hook wrote.
async fn orders(world: &World) -> i64 {
    world
        .count("select count(*) as n from orders", vec![])
        .await
}
