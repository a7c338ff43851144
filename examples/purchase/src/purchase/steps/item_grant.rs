//! The step `item_grant` of a purchase: the buyer gets what he paid for.
//!
//! Written once by orch-gen and yours from then on; upgrades merge, they never overwrite. What is written
//! through `tx` becomes durable in the commit that records the step, or not at all.

use orch_runtime::saga::{LocalError, LocalWork, StepRun};
use orch_runtime::serde_json::json;
use orch_runtime::{HookTx, Json, Value};

use crate::purchase::generated::command::PurchaseCommand;
use crate::shop::{Item, find, now};

/// Does `item_grant`, and takes it back.
#[derive(Debug)]
pub struct ItemGrant;

impl LocalWork<PurchaseCommand> for ItemGrant {
    /// Moves the pieces from the shop's stock to the buyer.
    async fn run(
        &self,
        tx: &mut HookTx<'_>,
        run: &StepRun<'_, PurchaseCommand>,
    ) -> Result<Json, LocalError> {
        let (user_id, item_id) = (run.input.user_id(), run.input.item_id());
        let (pieces, now) = (Value::from(run.input.quantity()), Value::from(now()));
        let sql = "update items set stock = stock - ?2, updated_at = ?3 \
             where item_id = ?1 and is_available and stock >= ?2";
        let taken = [Value::from(item_id), pieces.clone(), now];
        if tx.execute(sql, &taken).await? != 1 {
            let item: Option<Item> = find(tx, item_id).await?;
            return Err(match item.map(|item| item.is_available) {
                None => LocalError::refused("ITEM_NOT_FOUND", "Item not found"),
                Some(false) => LocalError::refused("ITEM_NOT_AVAILABLE", "Item not available"),
                Some(true) => LocalError::refused("INSUFFICIENT_STOCK", "Insufficient stock"),
            });
        }
        let sql = "insert into inventory (user_id, item_id, quantity) values (?1, ?2, ?3) \
             on conflict (user_id, item_id) do update \
             set quantity = inventory.quantity + excluded.quantity";
        let given = [Value::from(user_id), Value::from(item_id), pieces];
        tx.execute(sql, &given).await?;
        Ok(json!({ "granted": run.input.quantity() }))
    }

    /// Moves them back.
    async fn undo(
        &self,
        tx: &mut HookTx<'_>,
        run: &StepRun<'_, PurchaseCommand>,
    ) -> Result<(), LocalError> {
        let (user_id, item_id) = (run.input.user_id(), run.input.item_id());
        let (pieces, now) = (Value::from(run.input.quantity()), Value::from(now()));
        let sql = "update inventory set quantity = quantity - ?3 \
             where user_id = ?1 and item_id = ?2 and quantity >= ?3";
        let given = [Value::from(user_id), Value::from(item_id), pieces.clone()];
        if tx.execute(sql, &given).await? != 1 {
            return Err(LocalError::refused("ITEM_GONE", "the buyer has it no more"));
        }
        let sql = "update items set stock = stock + ?2, updated_at = ?3 where item_id = ?1";
        tx.execute(sql, &[Value::from(item_id), pieces, now])
            .await?;
        Ok(())
    }
}
