//! Who was told what of a purchase.

use orch_runtime::{
    DecodeError, Entity, Finished, HookError, HookTx, Json, OperationState, Row, StoreKind,
    Timestamp, Value,
};

use crate::STORE;

// PostgreSQL takes a text for JSON only when it is told to.
const INSERT: &str = match STORE {
    StoreKind::Sqlite => {
        "insert into notifications (notification_id, transaction_id, user_id, type, message, \
         channels, status, sent_at, created_at) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, \
         (select accepted_at from notification_operations where op_id = ?1))"
    }
    StoreKind::Postgres => {
        "insert into notifications (notification_id, transaction_id, user_id, type, message, \
         channels, status, sent_at, created_at) values (?1, ?2, ?3, ?4, ?5, cast(?6 as jsonb), \
         ?7, ?8, (select accepted_at from notification_operations where op_id = ?1))"
    }
};

/// One row of `notifications`. It is written in the commit that ends its operation: there is one for each
/// operation, whoever repeats what, and it never says that something was sent which was not. One that is
/// still to be sent is in `notification_operations` alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Notification {
    /// Its key: the operation that sent it, and the provider's idempotency key.
    pub notification_id: String,
    /// The purchase that it tells of.
    pub transaction_id: String,
    /// Who is told.
    pub user_id: String,
    /// What kind of news it is, such as `purchase_success`.
    pub kind: String,
    /// What is said.
    pub message: String,
    /// By which ways, as a list of names.
    pub channels: Json,
    /// `sent` or `failed`; `pending` of rows that something else has written.
    pub status: String,
    /// When the provider had taken it.
    pub sent_at: Option<Timestamp>,
    /// When it was asked for.
    pub created_at: Timestamp,
}

/// What somebody is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News<'a> {
    /// The purchase that it is about, if it is about one.
    pub transaction_id: Option<&'a str>,
    /// Who is told.
    pub user_id: &'a str,
    /// What kind of news it is.
    pub kind: &'a str,
    /// What is said.
    pub message: &'a str,
    /// By which ways.
    pub channels: Vec<&'a str>,
}

impl Notification {
    /// Writes down how an operation ended that was to tell `news` of a purchase. Of all other news there is
    /// nothing to write.
    ///
    /// # Errors
    /// When the database fails: then the operation has not ended either.
    pub async fn write<C>(
        tx: &mut HookTx<'_>,
        end: &Finished<C>,
        news: &News<'_>,
    ) -> Result<(), HookError> {
        let Some(transaction_id) = news.transaction_id else {
            return Ok(());
        };
        let is_sent = end.state == OperationState::Completed;
        let row = [
            Value::from(&end.op_id),
            Value::from(transaction_id),
            Value::from(news.user_id),
            Value::from(news.kind),
            Value::from(news.message),
            Value::from(Json::from(news.channels.as_slice()).to_string()),
            Value::from(if is_sent { "sent" } else { "failed" }),
            Value::from(is_sent.then_some(end.at)),
        ];
        tx.execute(INSERT, &row).await.map(|_| ())
    }
}

impl Entity for Notification {
    const TABLE: &'static str = "notifications";
    const COLUMNS: &'static [&'static str] = &[
        "notification_id",
        "transaction_id",
        "user_id",
        "type",
        "message",
        "channels",
        "status",
        "sent_at",
        "created_at",
    ];

    fn from_row(row: &Row) -> Result<Self, DecodeError> {
        Ok(Self {
            notification_id: row.get("notification_id")?,
            transaction_id: row.get("transaction_id")?,
            user_id: row.get("user_id")?,
            kind: row.get("type")?,
            message: row.get("message")?,
            channels: row.get("channels")?,
            status: row.get("status")?,
            sent_at: row.get("sent_at")?,
            created_at: row.get("created_at")?,
        })
    }
}
