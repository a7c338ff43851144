//! The whole engine in front of a gateway: what a generated orchestrator does with its answers.

use orch_runtime::engine::EngineBuilder;
use orch_runtime::store::{Migration, StoreKind, Tables};
use orch_runtime::testing::{Provider, World, WorldSetup};
use orch_runtime::{GatewayError, Outcome, Receipt};

/// The tables of the ping domain: a name and a number.
const SETUP: WorldSetup = WorldSetup {
    store: StoreKind::Sqlite,
    migrations: &[Migration {
        name: "0001_ping",
        up: include_str!("../http/ping.sql"),
    }],
    tables: Tables {
        domain: "ping",
        columns: &["name", "count"],
    },
};

/// A process on a database of its own, whose calls go where `register` sends them.
pub(crate) fn world(register: impl Fn(EngineBuilder) -> EngineBuilder + Send + 'static) -> World {
    World::new(SETUP, Provider::keyed(), move |builder, _| {
        register(builder)
    })
}

/// As generated orchestrators have it.
pub(crate) fn outcome(answer: Result<Receipt, GatewayError>) -> Outcome {
    match answer {
        Ok(receipt) => Outcome::Ok {
            message: "done".to_owned(),
            provider_ref: receipt.provider_ref,
            result: receipt.result,
        },
        Err(GatewayError::Unavailable { reason, after }) => Outcome::Retry { reason, after },
        Err(GatewayError::Refused { code, message }) => Outcome::fail(code, message),
        Err(GatewayError::NoAnswer { reason }) => Outcome::unknown(reason),
    }
}
