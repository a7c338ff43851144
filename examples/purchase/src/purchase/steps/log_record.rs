//! The step `log_record` of a purchase: what was bought is written down.
//!
//! Written once by orch-gen and yours from then on; upgrades merge, they never overwrite. What is written
//! through `tx` becomes durable in the commit that records the step, or not at all.

use orch_runtime::saga::{LocalError, LocalWork, StepRun};
use orch_runtime::serde_json::{Map, json};
use orch_runtime::{HookTx, Json};

use crate::purchase::generated::command::PurchaseCommand;
use crate::shop::{CURRENCY, TransactionLog, now};

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
        let purchase = run.input;
        let line = TransactionLog {
            log_id: log_id(run),
            transaction_id: run.saga_id.to_string(),
            user_id: purchase.user_id().to_owned(),
            item_id: purchase.item_id().to_owned(),
            quantity: purchase.quantity().into(),
            price: purchase.price().minor(),
            status: "success".to_owned(),
            log_data: Some(log_data(run)),
            created_at: now(),
        };
        line.insert(tx).await?;
        Ok(json!({ "logId": line.log_id, "totalPrice": purchase.price() }))
    }

    /// Says that it was taken back. The line stays.
    async fn undo(
        &self,
        tx: &mut HookTx<'_>,
        run: &StepRun<'_, PurchaseCommand>,
    ) -> Result<(), LocalError> {
        if TransactionLog::mark_compensated(tx, &log_id(run)).await? {
            return Ok(());
        }
        Err(LocalError::refused("LOG_NOT_FOUND", "Log not found"))
    }
}

fn log_id(run: &StepRun<'_, PurchaseCommand>) -> String {
    format!("LOG_{}", run.saga_id.as_str().trim_start_matches("TXN_"))
}

/// The money, and what each step before this one did.
fn log_data(run: &StepRun<'_, PurchaseCommand>) -> Json {
    let given = run.results.iter();
    let steps: Map<String, Json> = given
        .filter_map(|(step, result)| Some(((*step).to_owned(), result.data.clone()?)))
        .collect();
    json!({ "currency": CURRENCY, "steps": steps })
}
