//! The tables of charges, and of the sagas that order them, on either store.

use orch_runtime::store::{Migration, StoreKind};

/// Where charges are kept.
pub(crate) const fn charges(store: StoreKind) -> Migration {
    Migration {
        name: "0001_charge",
        up: match store {
            StoreKind::Sqlite => include_str!("../it/charge.sql"),
            StoreKind::Postgres => include_str!("../it/charge.postgres.sql"),
        },
    }
}

/// Where the sagas are kept that order them.
pub(crate) const fn order_sagas(store: StoreKind) -> Migration {
    Migration {
        name: "0002_order_saga",
        up: match store {
            StoreKind::Sqlite => include_str!("../it/sagas/saga.sql"),
            StoreKind::Postgres => include_str!("../it/sagas/saga.postgres.sql"),
        },
    }
}
