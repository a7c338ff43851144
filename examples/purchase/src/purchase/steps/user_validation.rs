//! The step `user_validation` of a purchase: the buyer may buy, and pays.
//!
//! Written once by orch-gen and yours from then on; upgrades merge, they never overwrite. What is written
//! through `tx` becomes durable in the commit that records the step, or not at all.

use orch_runtime::saga::{LocalError, LocalWork, StepRun};
use orch_runtime::serde_json::json;
use orch_runtime::{HookError, HookTx, Json, OwnerId, Value};

use crate::purchase::generated::command::PurchaseCommand;
use crate::shop::{User, find, money, now, price};

/// Does `user_validation`, and takes it back.
#[derive(Debug)]
pub struct UserValidation;

impl LocalWork<PurchaseCommand> for UserValidation {
    /// Takes what the purchase costs from the buyer's balance, if he may spend it.
    async fn run(
        &self,
        tx: &mut HookTx<'_>,
        run: &StepRun<'_, PurchaseCommand>,
    ) -> Result<Json, LocalError> {
        let user_id = run.input.user_id();
        let owner = run.owner_id;
        if *owner != OwnerId::anonymous() && owner.as_str() != user_id {
            let why = "who has a name buys for himself";
            return Err(LocalError::refused("USER_NOT_AUTHORIZED", why));
        }
        let (item_id, quantity) = (run.input.item_id(), run.input.quantity());
        let price = price(tx, item_id, quantity, run.input.price()).await?;
        let debit = price.minor();
        // Who pays first locks the row: what is read of it behind that stays true.
        let sql = "update users set balance = balance - ?2, updated_at = ?3 where user_id = ?1 \
             and status = 'active' and balance >= ?2 and purchase_limit >= ?2 returning balance";
        let paid = [Value::from(user_id), Value::from(debit), Value::from(now())];
        let Some(left) = tx.query(sql, &paid).await?.into_iter().next() else {
            return Err(refusal(tx, user_id, debit).await?);
        };
        let left = left
            .get("balance")
            .map_err(|error| HookError::new(error.to_string()))?;
        Ok(json!({ "debited": debit, "userBalance": money(left)? }))
    }

    /// Gives it back.
    async fn undo(
        &self,
        tx: &mut HookTx<'_>,
        run: &StepRun<'_, PurchaseCommand>,
    ) -> Result<(), LocalError> {
        let given = run.result_of("user_validation")?;
        let debited = given
            .data
            .as_ref()
            .and_then(|data| data["debited"].as_i64());
        let debited = debited.ok_or_else(|| HookError::new("no debit is recorded"))?;
        let sql = "update users set balance = balance + ?2, updated_at = ?3 where user_id = ?1";
        let user_id = Value::from(run.input.user_id());
        let paid_back = [user_id, Value::from(debited), Value::from(now())];
        match tx.execute(sql, &paid_back).await? {
            1 => Ok(()),
            _ => Err(LocalError::refused("USER_NOT_FOUND", "User not found")),
        }
    }
}

/// Why a buyer does not pay.
async fn refusal(tx: &mut HookTx<'_>, user_id: &str, price: i64) -> Result<LocalError, HookError> {
    let user: Option<User> = find(tx, user_id).await?;
    let Some(user) = user else {
        return Ok(LocalError::refused("USER_NOT_FOUND", "User not found"));
    };
    Ok(if user.status != "active" {
        LocalError::refused("USER_NOT_ACTIVE", "User not active")
    } else if user.purchase_limit < price {
        LocalError::refused("PURCHASE_LIMIT_EXCEEDED", "Purchase limit exceeded")
    } else {
        let known = json!({ "currentBalance": money(user.balance)? });
        LocalError::refused("INSUFFICIENT_BALANCE", "Insufficient balance").with(known)
    })
}
