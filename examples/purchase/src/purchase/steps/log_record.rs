//! The step `log_record` of a purchase: what was bought is written down.
//!
//! Written once by orch-gen and yours from then on; upgrades merge, they never overwrite. What is written
//! through `tx` becomes durable in the commit that records the step, or not at all.

use orch_runtime::saga::{LocalError, LocalWork, StepRun};
use orch_runtime::serde_json::json;
use orch_runtime::{HookTx, Json};

use crate::purchase::generated::command::PurchaseCommand;
use crate::shop::TransactionLog;

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
        let log_id = TransactionLog::write(tx, run).await?;
        Ok(json!({ "logId": log_id }))
    }

    /// Says that it was taken back. The line stays.
    async fn undo(
        &self,
        tx: &mut HookTx<'_>,
        run: &StepRun<'_, PurchaseCommand>,
    ) -> Result<(), LocalError> {
        match TransactionLog::mark_compensated(tx, run).await? {
            true => Ok(()),
            false => Err(LocalError::refused("LOG_NOT_FOUND", "Log not found")),
        }
    }
}
