//! The outbox: events that are durable with what they tell of, in the order of each saga.
//!
//! **Invariant:** of two events of one saga the earlier one has the smaller number, and the later one is not
//! handed out before the earlier one is published.

use std::sync::Arc;

use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use crate::clock::Timestamp;
use crate::ids::{EventId, InvalidId};
use crate::store::hook::{HookError, HookTx};
use crate::store::{Database, Sealing, TransactionError};
use crate::value::{DecodeError, FromValue, Row, Value};

use super::envelope::Envelope;
use super::seal;

/// The tables of one kind of saga's events: `<prefix>_outbox`, `<prefix>_inbox` and
/// `<prefix>_event_dead_letters`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventTables {
    /// What their names begin with, in `snake_case`.
    pub prefix: &'static str,
}

/// Events that wait to be published; clones share it, and whoever writes into one wakes the relay of all.
#[derive(Debug, Clone)]
pub struct Outbox {
    tables: EventTables,
    wake: Arc<Notify>,
    cipher: Option<Arc<dyn Sealing>>,
}

/// An event that a relay has taken, for a while, to publish it.
#[derive(Debug, Clone, PartialEq)]
pub struct Claimed {
    /// The event.
    pub event: Envelope,
    /// How often it was taken, this time included.
    pub attempts: u32,
}

/// Who may publish an event: whoever raised its count of attempts to this number.
struct Waiting {
    event_id: EventId,
    envelope: String,
    attempts: u32,
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
        let Some(first) = events.first() else {
            return Ok(());
        };
        let prefix = self.tables.prefix;
        let sql = format!("select max(seq) as last from {prefix}_outbox where transaction_id = ?1");
        let name = [Value::from(first.transaction_id.as_str())];
        let rows = tx.query(&sql, &name).await?;
        let last = rows.first().map(|row| row.get::<Option<i64>>("last"));
        let last = last.transpose().map_err(unreadable)?.flatten().unwrap_or(0);
        let sql = format!(
            "insert into {prefix}_outbox (event_id, transaction_id, seq, event_type, envelope, created_at, \
             attempts, next_at) values (?1, ?2, ?3, ?4, ?5, ?6, 0, ?6)"
        );
        for (seq, event) in (last + 1..).zip(events) {
            let envelope = seal::sealed(self.cipher.as_ref(), prefix, event)?;
            let params = [
                Value::from(event.event_id.as_str()),
                Value::from(event.transaction_id.as_str()),
                Value::from(seq),
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

    /// Takes at most `limit` events that are due, each of another saga, until `until`: who has not published
    /// one by then has lost it to whoever takes it next.
    pub(super) async fn claim(
        &self,
        database: &Database,
        (now, until): (Timestamp, Timestamp),
        limit: u32,
    ) -> Result<Vec<Claimed>, TransactionError> {
        let prefix = self.tables.prefix;
        let sql = format!(
            "select o.event_id, o.envelope, o.attempts from {prefix}_outbox o \
             where o.published_at is null and o.next_at <= ?1 and not exists (\
             select 1 from {prefix}_outbox e where e.transaction_id = o.transaction_id \
             and e.published_at is null and e.seq < o.seq) \
             order by o.created_at, o.transaction_id limit ?2"
        );
        let rows = database.query(sql, vec![now.into(), limit.into()]).await?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let waiting: Vec<Waiting> = rows
            .iter()
            .map(Waiting::read)
            .collect::<Result<_, _>>()
            .map_err(unreadable)?;
        let attempts: Vec<(EventId, u32)> = waiting
            .iter()
            .map(|waiting| (waiting.event_id.clone(), waiting.attempts))
            .collect();
        let taken = self.take(database, attempts, until).await?;
        let mut claimed = Vec::with_capacity(taken.len());
        let cipher = database.cipher();
        for waiting in waiting.iter().filter(|one| taken.contains(&one.event_id)) {
            let stored = (waiting.event_id.as_str(), waiting.envelope.clone());
            match seal::opened(cipher.as_ref(), prefix, stored) {
                Ok(event) => claimed.push(Claimed {
                    event,
                    attempts: waiting.attempts + 1,
                }),
                Err(error) => {
                    tracing::error!(event = %waiting.event_id, %error, "an event that nobody can read waits");
                }
            }
        }
        Ok(claimed)
    }

    /// Takes each of these, unless somebody else did meanwhile.
    async fn take(
        &self,
        database: &Database,
        waiting: Vec<(EventId, u32)>,
        until: Timestamp,
    ) -> Result<Vec<EventId>, TransactionError> {
        let sql = format!(
            "update {}_outbox set next_at = ?3, attempts = attempts + 1 \
             where event_id = ?1 and attempts = ?2 and published_at is null",
            self.tables.prefix
        );
        let known = Arc::new((sql, waiting));
        let taken = database.transaction_for(move |mut tx| {
            let known = Arc::clone(&known);
            Box::pin(async move {
                let (sql, waiting) = &*known;
                let mut taken = Vec::new();
                for (event_id, attempts) in waiting {
                    let name = Value::from(event_id.as_str());
                    let params = [name, Value::from(*attempts), Value::from(until)];
                    if tx.execute(sql, &params).await? == 1 {
                        taken.push(event_id.clone());
                    }
                }
                Ok(taken)
            })
        });
        taken.await
    }

    /// Notes that an event is published.
    pub(super) async fn published(
        &self,
        database: &Database,
        event_id: &EventId,
        now: Timestamp,
    ) -> Result<(), TransactionError> {
        let sql = format!(
            "update {}_outbox set published_at = ?2 where event_id = ?1 and published_at is null",
            self.tables.prefix
        );
        let params = vec![Value::from(event_id.as_str()), Value::from(now)];
        write(database, sql, params).await
    }

    /// Has an event taken again at `next_at`, and not before.
    pub(super) async fn put_off(
        &self,
        database: &Database,
        event_id: &EventId,
        next_at: Timestamp,
    ) -> Result<(), TransactionError> {
        let sql = format!(
            "update {}_outbox set next_at = ?2 where event_id = ?1 and published_at is null",
            self.tables.prefix
        );
        let params = vec![Value::from(event_id.as_str()), Value::from(next_at)];
        write(database, sql, params).await
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

impl Waiting {
    fn read(row: &Row) -> Result<Self, DecodeError> {
        Ok(Self {
            event_id: row.get("event_id")?,
            envelope: row.get("envelope")?,
            attempts: row.get("attempts")?,
        })
    }
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
