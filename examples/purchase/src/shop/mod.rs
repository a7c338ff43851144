//! The shop: its tables, and the rules of buying.
//!
//! | table | entity | is written by |
//! |---|---|---|
//! | `users` | [`User`] | the step `user_validation` |
//! | `items`, `inventory` | [`Item`] | the step `item_grant` |
//! | `transaction_logs` | [`TransactionLog`] | the step `log_record` |
//! | `notifications` | [`Notification`] | the operation of the step `notification`, and the one that takes it back |

mod item;
mod notification;
mod transaction_log;
mod user;

use orch_runtime::saga::LocalError;
use orch_runtime::{
    Clock as _, Currency, Entity, HookError, HookTx, Migration, Money, StoreKind, SystemClock,
    Timestamp, Value,
};

use crate::STORE;

pub use self::item::Item;
pub use self::notification::{News, Notification};
pub use self::transaction_log::TransactionLog;
pub use self::user::User;

/// The tables of the shop, and something to buy. What differs between the databases is in a folder of each.
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "0101_shop",
        up: match STORE {
            StoreKind::Sqlite => include_str!("../../migrations/shop/sqlite/0101_shop.sql"),
            StoreKind::Postgres => include_str!("../../migrations/shop/postgres/0101_shop.sql"),
        },
    },
    Migration {
        name: "0102_shop_sample",
        up: include_str!("../../migrations/shop/0102_shop_sample.sql"),
    },
];

/// What all prices and balances of the shop are in.
pub const CURRENCY: &str = "EUR";

/// What so many pieces of an item cost: what the shop asks for them, whatever the client says.
///
/// # Errors
/// Refused when there is no such item, the client expects another price or pays with other money, or it is more
/// than there is money.
pub async fn price(
    tx: &mut HookTx<'_>,
    item_id: &str,
    quantity: u32,
    asked: Money,
) -> Result<Money, LocalError> {
    let item: Option<Item> = find(tx, item_id).await?;
    let item = item.ok_or_else(|| LocalError::refused("ITEM_NOT_FOUND", "Item not found"))?;
    let total = item.price.checked_mul(i64::from(quantity));
    if asked.currency().to_string() != CURRENCY {
        return Err(LocalError::refused(
            "WRONG_CURRENCY",
            format!(
                "the shop sells for {CURRENCY}, and not for {}",
                asked.currency()
            ),
        ));
    }
    match total.map(|total| Money::from_minor(total, asked.currency())) {
        Some(Ok(total)) if total == asked => Ok(total),
        Some(Ok(total)) => Err(LocalError::refused(
            "PRICE_MISMATCH",
            format!("it costs {}, and not {}", total.value(), asked.value()),
        )),
        _ => Err(LocalError::refused(
            "VALIDATION_ERROR",
            "the price is out of range",
        )),
    }
}

/// So many cents as money.
///
/// # Errors
/// When it is more than there is money.
pub fn money(cents: i64) -> Result<Money, HookError> {
    let wrong = |error: String| HookError::new(format!("{cents} cents: {error}"));
    let currency = CURRENCY
        .parse::<Currency>()
        .map_err(|error| wrong(error.to_string()))?;
    Money::from_minor(cents, currency).map_err(|error| wrong(error.to_string()))
}

/// The row whose key is `key`. The key is the first column.
///
/// # Errors
/// When the database fails, or the row holds something else than it should.
pub async fn find<E: Entity>(tx: &mut HookTx<'_>, key: &str) -> Result<Option<E>, HookError> {
    let (table, columns) = (E::TABLE, E::COLUMNS);
    let sql = format!(
        "select {} from {table} where {} = ?1",
        columns.join(", "),
        columns[0]
    );
    let rows = tx.query(&sql, &[Value::from(key)]).await?;
    let read = rows.first().map(E::from_row).transpose();
    read.map_err(|error| HookError::new(format!("{table}: {error}")))
}

/// When a row is changed.
#[must_use]
pub fn now() -> Timestamp {
    SystemClock.now()
}
