//! The tables of purchases: of their charges, of their sagas, and of what is bought and paid, with a first stock.

use orch_runtime::store::{Migration, StoreKind};

use crate::purchase::{BOOKS, WEALTH};
use crate::tables::{charges, order_sagas};

/// All of them on `store`, in their order.
pub(crate) const fn migrations(store: StoreKind) -> &'static [Migration] {
    match store {
        StoreKind::Sqlite => const { &all(StoreKind::Sqlite) },
        StoreKind::Postgres => const { &all(StoreKind::Postgres) },
    }
}

const fn all(store: StoreKind) -> [Migration; 4] {
    [
        charges(store),
        order_sagas(store),
        Migration {
            name: "0003_books",
            up: BOOKS,
        },
        Migration {
            name: "0004_wealth",
            up: WEALTH,
        },
    ]
}
