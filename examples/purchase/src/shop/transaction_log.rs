//! What was bought.

use orch_runtime::saga::StepRun;
use orch_runtime::serde_json::{Map, json};
use orch_runtime::{
    DecodeError, Entity, HookError, HookTx, Json, Row, StoreKind, Timestamp, Value,
};

use crate::STORE;
use crate::purchase::generated::command::PurchaseCommand;

use super::{CURRENCY, now, pieces};

/// PostgreSQL takes a text for JSON only when it is told to.
const INSERT: &str = match STORE {
    StoreKind::Sqlite => {
        "insert into transaction_logs (log_id, transaction_id, user_id, item_id, quantity, price, \
         status, log_data, created_at) values (?1, ?2, ?3, ?4, ?5, ?6, 'success', ?7, ?8)"
    }
    StoreKind::Postgres => {
        "insert into transaction_logs (log_id, transaction_id, user_id, item_id, quantity, price, \
         status, log_data, created_at) \
         values (?1, ?2, ?3, ?4, ?5, ?6, 'success', cast(?7 as jsonb), ?8)"
    }
};

/// One row of `transaction_logs`: there is one for each purchase.
#[derive(Debug, Clone, PartialEq)]
pub struct TransactionLog {
    /// Its key, made of the purchase's name.
    pub log_id: String,
    /// The purchase.
    pub transaction_id: String,
    /// Who bought.
    pub user_id: String,
    /// What.
    pub item_id: String,
    /// How many pieces.
    pub quantity: i64,
    /// What all of it cost, in cents.
    pub price: i64,
    /// `success`, or `compensated` when it was taken back.
    pub status: String,
    /// The currency, and what each step before this one did, by its name.
    pub log_data: Option<Json>,
    /// When it was written.
    pub created_at: Timestamp,
}

impl TransactionLog {
    /// Writes the line of a purchase; says its key.
    ///
    /// # Errors
    /// When there is one, or the database fails.
    pub async fn write(
        tx: &mut HookTx<'_>,
        run: &StepRun<'_, PurchaseCommand>,
    ) -> Result<String, HookError> {
        let log_id = log_id(run);
        let line = [
            Value::from(&log_id),
            Value::from(run.saga_id.as_str()),
            Value::from(run.input.user_id()),
            Value::from(run.input.item_id()),
            pieces(run),
            Value::from(run.input.price().minor()),
            Value::from(log_data(run).to_string()),
            now(),
        ];
        tx.execute(INSERT, &line).await?;
        Ok(log_id)
    }

    /// Says of the line of a purchase that it was taken back; whether there is one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn mark_compensated(
        tx: &mut HookTx<'_>,
        run: &StepRun<'_, PurchaseCommand>,
    ) -> Result<bool, HookError> {
        let sql = "update transaction_logs set status = 'compensated' where log_id = ?1";
        let marked = tx.execute(sql, &[Value::from(log_id(run))]).await?;
        Ok(marked == 1)
    }
}

impl Entity for TransactionLog {
    const TABLE: &'static str = "transaction_logs";
    const COLUMNS: &'static [&'static str] = &[
        "log_id",
        "transaction_id",
        "user_id",
        "item_id",
        "quantity",
        "price",
        "status",
        "log_data",
        "created_at",
    ];

    fn from_row(row: &Row) -> Result<Self, DecodeError> {
        Ok(Self {
            log_id: row.get("log_id")?,
            transaction_id: row.get("transaction_id")?,
            user_id: row.get("user_id")?,
            item_id: row.get("item_id")?,
            quantity: row.get("quantity")?,
            price: row.get("price")?,
            status: row.get("status")?,
            log_data: row.get("log_data")?,
            created_at: row.get("created_at")?,
        })
    }
}

fn log_id(run: &StepRun<'_, PurchaseCommand>) -> String {
    format!("LOG_{}", run.saga_id.as_str().trim_start_matches("TXN_"))
}

fn log_data(run: &StepRun<'_, PurchaseCommand>) -> Json {
    let given = run.results.iter();
    let steps: Map<String, Json> = given
        .filter_map(|(step, result)| Some(((*step).to_owned(), result.data.clone()?)))
        .collect();
    json!({ "currency": CURRENCY, "steps": steps })
}
