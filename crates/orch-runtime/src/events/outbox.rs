//! The outbox: events that are durable with what they tell of, in the order of each saga.
//!
//! **Invariant:** of two events of one saga the earlier one has the smaller number, and the later one is not
//! handed out before the earlier one is published.

use std::sync::Arc;

use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use crate::ids::{EventId, InvalidId, SagaId};
use crate::store::hook::{HookError, HookTx};
use crate::store::{Database, Sealing, TransactionError};
use crate::value::{DecodeError, FromValue, Value};

use super::envelope::Envelope;
use super::seal;

/// The tables of one kind of saga's events: `<prefix>_outbox`, `<prefix>_inbox` and
/// `<prefix>_event_dead_letters`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventTables {
    /// What their names begin with, in `snake_case`.
    pub prefix: &'static str,
}

impl EventTables {
    /// Whether something that was told of a saga waits to be published, or for a person, as a dead letter of
    /// `handler`.
    pub(crate) async fn waits(
        self,
        tx: &mut HookTx<'_>,
        saga: &SagaId,
        handler: &str,
    ) -> Result<bool, HookError> {
        let sql = format!(
            "select 1 as waits from {0}_outbox where transaction_id = ?1 \
             and case when published_at is null then 1 else 0 end = 1 \
             union all select 1 from {0}_event_dead_letters where transaction_id = ?1 and handler = ?2 \
             and redriven_at is null limit 1",
            self.prefix
        );
        let params = [Value::from(saga.as_str()), Value::from(handler)];
        Ok(!tx.query(&sql, &params).await?.is_empty())
    }
}

/// Events that wait to be published; clones share it, and whoever writes into one wakes the relay of all.
#[derive(Debug, Clone)]
pub struct Outbox {
    tables: EventTables,
    wake: Arc<Notify>,
    cipher: Option<Arc<dyn Sealing>>,
}

impl Outbox {
    /// The outbox in these tables.
    #[must_use]
    pub fn new(tables: EventTables) -> Self {
        Self {
            tables,
            wake: Arc::default(),
            cipher: None,
        }
    }

    /// The same outbox, whose events are sealed as the rest of `database` is.
    #[must_use]
    pub fn sealed_as(self, database: &Database) -> Self {
        Self {
            cipher: database.cipher(),
            ..self
        }
    }

    /// Its tables.
    #[must_use]
    pub fn tables(&self) -> EventTables {
        self.tables
    }

    /// Tells `events`, in this order, of what `tx` does. All of them are of one saga.
    ///
    /// # Errors
    /// When the database fails, or somebody else told something of this saga meanwhile.
    pub async fn tell(&self, tx: &mut HookTx<'_>, events: &[Envelope]) -> Result<(), HookError> {
        let prefix = self.tables.prefix;
        let sql = format!(
            "insert into {prefix}_outbox (event_id, transaction_id, seq, event_type, envelope, created_at, \
             attempts, next_at) select ?1, ?2, coalesce(max(seq), 0) + 1, ?3, ?4, ?5, 0, ?5 \
             from {prefix}_outbox where transaction_id = ?2"
        );
        for event in events {
            let envelope = seal::sealed(self.cipher.as_ref(), prefix, event)?;
            let params = [
                Value::from(event.event_id.as_str()),
                Value::from(event.transaction_id.as_str()),
                Value::from(&event.event_type),
                Value::from(envelope),
                Value::from(event.timestamp),
            ];
            tx.execute(&sql, &params).await?;
        }
        Ok(())
    }

    /// Has the relay look now.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Ends when somebody [woke](Self::wake) the relay.
    pub(super) fn woken(&self) -> Notified<'_> {
        self.wake.notified()
    }
}

/// One writing statement, in a transaction of its own.
pub(super) async fn write(
    database: &Database,
    sql: String,
    params: Vec<Value>,
) -> Result<(), TransactionError> {
    let known = Arc::new((sql, params));
    let done = database.transaction(move |mut tx| {
        let known = Arc::clone(&known);
        Box::pin(async move { tx.execute(&known.0, &known.1).await.map(|_| ()) })
    });
    done.await
}

impl FromValue for EventId {
    fn from_value(value: &Value) -> Result<Self, String> {
        let text = String::from_value(value)?;
        text.parse().map_err(|error: InvalidId| error.to_string())
    }
}

/// What a table of events holds is no such thing.
pub(super) fn unreadable(error: DecodeError) -> HookError {
    HookError::new(error.to_string())
}
