//! The shop: its tables, and the rules of buying.

use orch_runtime::saga::{LocalError, StepRun};
use orch_runtime::{HookError, HookTx, Migration, Money, Row, Value};

use crate::purchase::generated::command::PurchaseCommand;

/// The tables of the shop, and something to buy.
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "0101_shop",
        up: include_str!("../migrations/shop/0101_shop.sql"),
    },
    Migration {
        name: "0102_shop_sample",
        up: include_str!("../migrations/shop/0102_shop_sample.sql"),
    },
];

/// What all prices and balances of the shop are in.
pub const CURRENCY: &str = "EUR";

/// What a purchase costs: what the shop asks for it, whatever the client says.
///
/// # Errors
/// Refused when there is no such item, the client expects another price or pays with other money, or it is more
/// than there is money.
pub async fn price(tx: &mut HookTx<'_>, purchase: &PurchaseCommand) -> Result<Money, LocalError> {
    let item = find(
        tx,
        "select price from items where item_id = ?1",
        purchase.item_id(),
    )
    .await?;
    let item = item.ok_or_else(|| LocalError::refused("ITEM_NOT_FOUND", "Item not found"))?;
    let each: i64 = read(&item, "price")?;
    let total = each.checked_mul(i64::from(purchase.quantity()));
    let asked = purchase.price();
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

/// The first row that a statement finds for a key.
///
/// # Errors
/// When the database fails.
pub async fn find(tx: &mut HookTx<'_>, sql: &str, key: &str) -> Result<Option<Row>, HookError> {
    let rows = tx.query(sql, &[Value::from(key)]).await?;
    Ok(rows.into_iter().next())
}

/// A column of a row.
///
/// # Errors
/// When it holds something else.
pub fn read<T: orch_runtime::value::FromValue>(row: &Row, column: &str) -> Result<T, HookError> {
    let value = row.get(column);
    value.map_err(|error| HookError::new(error.to_string()))
}

/// How many pieces a purchase is about, as the database counts them.
#[must_use]
pub fn pieces(run: &StepRun<'_, PurchaseCommand>) -> Value {
    Value::from(i64::from(run.input.quantity()))
}
