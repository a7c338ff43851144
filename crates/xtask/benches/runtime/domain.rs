//! A small domain, as generated code would write it: charges whose provider costs nothing.

use orch_runtime::{
    BizKey, Column, Command, Idempotency, Migration, OpId, Orchestrator, Outcome, Probe, Tables,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

pub(crate) const TABLES: Tables = Tables {
    domain: "charge",
    columns: &["order_id", "cents"],
};

/// The schema of the runtime's own tests, so that both sides measure the tables of today.
pub(crate) const SQLITE: &str = include_str!("../../../orch-runtime/tests/it/charge.sql");

/// The same on PostgreSQL.
pub(crate) const POSTGRES: &str =
    include_str!("../../../orch-runtime/tests/it/charge.postgres.sql");

/// The tables of sagas, of the runtime's own tests too.
pub(crate) const SAGAS_SQLITE: &str = include_str!("../../../orch-runtime/tests/it/sagas/saga.sql");

/// The same on PostgreSQL.
pub(crate) const SAGAS_POSTGRES: &str =
    include_str!("../../../orch-runtime/tests/it/sagas/saga.postgres.sql");

/// What a store has to apply.
pub(crate) fn migrations(charges: &'static str, sagas: &'static str) -> [Migration; 2] {
    [
        Migration {
            name: "0001_charge",
            up: charges,
        },
        Migration {
            name: "0002_order_saga",
            up: sagas,
        },
    ]
}

/// Asks for money.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Charge {
    pub(crate) order_id: String,
    pub(crate) cents: i64,
}

impl Charge {
    pub(crate) fn number(number: u64) -> Self {
        Self {
            order_id: format!("order-{number}"),
            cents: 1_000,
        }
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
            Column::new("cents", self.cents),
        ]
    }
}

/// What the provider does and says, which takes no time.
pub(crate) type Answer = Arc<dyn Fn(&OpId, &Charge) -> Outcome + Send + Sync>;

/// Charges, whatever it is asked for.
pub(crate) fn charged(op_id: &OpId) -> Outcome {
    Outcome::ok("charged", op_id.as_str())
}

/// Answers at once.
pub(crate) struct Charging(pub(crate) Answer);

impl Orchestrator for Charging {
    type Command = Charge;
    const DOMAIN: &'static str = "CHARGE";

    fn idempotency(&self) -> Idempotency {
        Idempotency::Keyed {
            window: Duration::from_secs(24 * 3_600),
        }
    }

    async fn execute(&self, op_id: &OpId, command: &Charge) -> Outcome {
        (self.0)(op_id, command)
    }

    async fn probe(&self, _op_id: &OpId, _command: &Charge) -> Probe {
        Probe::NotCommitted
    }
}

/// A client's key: unique, and in no order, as clients make them.
pub(crate) fn key(number: u64) -> String {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    format!("{:016x}-{number:08x}", mixed ^ (mixed >> 31))
}
