//! The step `log_record` of a purchase: what was bought is written down.
//!
//! Written once by orch-gen and yours from then on; upgrades merge, they never overwrite. What is written
//! through `tx` becomes durable in the commit that records the step, or not at all.

use orch_runtime::saga::{LocalError, LocalWork, StepRun};
use orch_runtime::serde_json::json;
use orch_runtime::{HookTx, Json, Value};

use crate::purchase::generated::command::PurchaseCommand;
use crate::shop::pieces;

/// Does `log_record`, and takes it back.
#[derive(Debug)]
pub struct LogRecord;

impl LocalWork<PurchaseCommand> for LogRecord {
    /// Writes it down, under the saga's name: there is one line for each purchase.
    async fn run(
        &self,
        tx: &mut HookTx<'_>,
        run: &StepRun<'_, PurchaseCommand>,
    ) -> Result<Json, LocalError> {
        let log_id = log_id(run);
        let sql = "insert into transaction_logs \
             (log_id, transaction_id, user_id, item_id, quantity, price, status) \
             values (?1, ?2, ?3, ?4, ?5, ?6, 'success')";
        let line = [
            Value::from(&*log_id),
            Value::from(run.saga_id.as_str()),
            Value::from(run.input.user_id()),
            Value::from(run.input.item_id()),
            pieces(run),
            Value::from(run.input.price().minor()),
        ];
        tx.execute(sql, &line).await?;
        Ok(json!({ "logId": log_id }))
    }

    /// Says that it was taken back. The line stays.
    async fn undo(
        &self,
        tx: &mut HookTx<'_>,
        run: &StepRun<'_, PurchaseCommand>,
    ) -> Result<(), LocalError> {
        let sql = "update transaction_logs set status = 'compensated' where log_id = ?1";
        match tx.execute(sql, &[Value::from(&*log_id(run))]).await? {
            1 => Ok(()),
            _ => Err(LocalError::refused("LOG_NOT_FOUND", "Log not found")),
        }
    }
}

fn log_id(run: &StepRun<'_, PurchaseCommand>) -> String {
    format!("LOG_{}", run.saga_id.as_str().trim_start_matches("TXN_"))
}
