//! Purchases of five steps under simulation: who orders, and what the provider is asked for.

use orch_runtime::RetryPolicy;
use orch_runtime::engine::EngineBuilder;
use orch_runtime::saga::{Choreography, Sagas};
use orch_runtime::store::Migration;
use orch_runtime::testing::WorldSetup;
use orch_runtime::testing::sim::{Flavour, SagaFacts, SagaPlace, SimProvider, SimSagas, Subject};

use crate::charge::{Charge, Honest, MIGRATIONS as OF_CHARGES};
use crate::purchase::{self, Act, LOCAL, PLAN, Purchase};

const MIGRATIONS: &[Migration] = &[
    OF_CHARGES[0],
    OF_CHARGES[1],
    OF_CHARGES[2],
    Migration {
        name: "0004_order_saga",
        up: include_str!("../it/sagas/saga.sql"),
    },
    Migration {
        name: "0005_books",
        up: purchase::BOOKS,
    },
];

/// What the simulated provider refuses is a matter of chance.
impl Act for Charge {
    fn act(what: &str, _: bool) -> Self {
        Honest::command(what, 0)
    }
}

/// The runtime as it is, with sagas.
pub(crate) struct Hybrid;

fn order(step: &str, undone: bool, saga: &str) -> Option<String> {
    let is_ours = LOCAL.contains(&step);
    (!is_ours).then(|| purchase::order_of(step, undone, saga))
}

impl Subject for Hybrid {
    type Command = Charge;
    const SETUP: WorldSetup = WorldSetup {
        migrations: MIGRATIONS,
        ..Honest::SETUP
    };
    const ENDS: &'static str = Honest::ENDS;
    const SAGAS: Option<SagaFacts> = Some(SagaFacts {
        tables: purchase::TABLES,
        optional: &["notify"],
        order,
        wealth: purchase::WEALTH,
        ledger: "select saga, step, undone from ledger",
        sum: "select (select sum(balance) from accounts) + 1000000 * (select sum(pieces) from pieces)
              + (select coalesce(sum((1 - 2 * undone) * case step when 'debit' then 10 else 1000000 end), 0)
                 from ledger) as n",
    });

    fn command(order: &str, variant: u32) -> Charge {
        Honest::command(order, variant)
    }

    fn policy() -> RetryPolicy {
        Honest::policy()
    }

    fn register(
        &self,
        builder: EngineBuilder,
        flavour: Flavour,
        provider: SimProvider,
    ) -> EngineBuilder {
        Honest.register(builder, flavour, provider)
    }

    fn sagas(&self, place: SagaPlace<'_>) -> Option<SimSagas> {
        let builder = Sagas::builder(place.database, purchase::TABLES, PLAN)
            .clock(place.clock)
            .ids(place.ids);
        let sagas = purchase::steps::<Charge>(builder, place.engine).build();
        let sagas = sagas.unwrap();
        let choreography = Choreography::of(&sagas).unwrap();
        Some(SimSagas::new(sagas, choreography, |name| {
            Purchase::new(name, &[])
        }))
    }
}
