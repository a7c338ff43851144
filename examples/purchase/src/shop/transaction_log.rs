//! What was bought.

use orch_runtime::{
    DecodeError, Entity, HookError, HookTx, Json, Row, StoreKind, Timestamp, Value,
};

use crate::STORE;

// PostgreSQL takes a text for JSON only when it is told to.
const INSERT: &str = match STORE {
    StoreKind::Sqlite => {
        "insert into transaction_logs (log_id, transaction_id, user_id, item_id, quantity, price, \
         status, log_data, created_at) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
    }
    StoreKind::Postgres => {
        "insert into transaction_logs (log_id, transaction_id, user_id, item_id, quantity, price, \
         status, log_data, created_at) \
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, cast(?8 as jsonb), ?9)"
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
    /// Writes the row.
    ///
    /// # Errors
    /// When there is one under this key, or the database fails.
    pub async fn insert(&self, tx: &mut HookTx<'_>) -> Result<(), HookError> {
        let row = [
            Value::from(&self.log_id),
            Value::from(&self.transaction_id),
            Value::from(&self.user_id),
            Value::from(&self.item_id),
            Value::from(self.quantity),
            Value::from(self.price),
            Value::from(&self.status),
            Value::from(self.log_data.as_ref().map(Json::to_string)),
            Value::from(self.created_at),
        ];
        tx.execute(INSERT, &row).await.map(|_| ())
    }

    /// Says of the row under this key that it was taken back; whether there is one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn mark_compensated(tx: &mut HookTx<'_>, log_id: &str) -> Result<bool, HookError> {
        let sql = "update transaction_logs set status = 'compensated' where log_id = ?1";
        let marked = tx.execute(sql, &[Value::from(log_id)]).await?;
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
