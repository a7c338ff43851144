//! The inbox: which handler has handled which event, written in the commit of what it did.

#[cfg(feature = "nats")]
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::clock::Timestamp;
use crate::ids::SagaId;
use crate::store::hook::{HookError, HookTx};
use crate::store::{Database, StoreError, StoreErrorKind};
use crate::value::{DecodeError, Row, Value};

use super::envelope::Envelope;
#[cfg(feature = "nats")]
use super::handler::EventHandler;
use super::outbox::EventTables;

/// One event that one handler has handled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Handled {
    /// The handler.
    pub handler: String,
    /// The kind of event.
    pub event_type: String,
    /// When it was done.
    pub processed_at: Timestamp,
    /// How many milliseconds it took.
    #[serde(rename = "duration")]
    pub duration_ms: i64,
}

/// Notes that `handler` handles `event`, unless it has. Of two at the same time, the later one waits for the
/// earlier one's commit.
pub(super) async fn begin(
    tx: &mut HookTx<'_>,
    tables: EventTables,
    handler: &str,
    event: &Envelope,
    now: Timestamp,
) -> Result<bool, HookError> {
    let sql = format!(
        "insert into {}_inbox (event_id, handler, transaction_id, event_type, processed_at, duration_ms) \
         values (?1, ?2, ?3, ?4, ?5, 0) on conflict (event_id, handler) do nothing",
        tables.prefix
    );
    let params = [
        Value::from(event.event_id.as_str()),
        Value::from(handler),
        Value::from(event.transaction_id.as_str()),
        Value::from(&event.event_type),
        Value::from(now),
    ];
    Ok(tx.execute(&sql, &params).await? == 1)
}

/// Notes how long it took.
pub(super) async fn end(
    tx: &mut HookTx<'_>,
    tables: EventTables,
    handler: &str,
    event: &Envelope,
    (now, took): (Timestamp, Duration),
) -> Result<(), HookError> {
    let sql = format!(
        "update {}_inbox set processed_at = ?3, duration_ms = ?4 where event_id = ?1 and handler = ?2",
        tables.prefix
    );
    let millis = i64::try_from(took.as_millis()).unwrap_or(i64::MAX);
    let params = [
        Value::from(event.event_id.as_str()),
        Value::from(handler),
        Value::from(now),
        Value::from(millis),
    ];
    tx.execute(&sql, &params).await.map(|_| ())
}

/// Whether an earlier event of the saga is under way to `handler`: one that it hears, and that it has neither
/// handled nor given up.
#[cfg(feature = "nats")]
pub(super) async fn comes_later(
    database: &Database,
    tables: EventTables,
    handler: &Arc<dyn EventHandler>,
    event: &Envelope,
) -> Result<bool, StoreError> {
    let heard = handler.subscriptions();
    let sql = tables.earlier(heard.len());
    let mut params = vec![
        Value::from(event.event_id.as_str()),
        Value::from(handler.name()),
    ];
    params.extend(heard.into_iter().map(Value::from));
    Ok(!database.query(sql, params).await?.is_empty())
}

impl EventTables {
    /// The statement that finds an event that was told before `?1` of the same saga, is of one of so many kinds,
    /// from `?3` on, and was neither handled nor given up by the handler `?2`.
    #[cfg(feature = "nats")]
    fn earlier(self, kinds: usize) -> String {
        let kinds: Vec<String> = (0..kinds).map(|kind| format!("?{}", kind + 3)).collect();
        format!(
            "select 1 as waits from {0}_outbox o \
             join {0}_outbox e on e.transaction_id = o.transaction_id and e.seq < o.seq \
             where o.event_id = ?1 and e.event_type in ({1}) \
             and not exists (select 1 from {0}_inbox i where i.event_id = e.event_id and i.handler = ?2) \
             and not exists (select 1 from {0}_event_dead_letters l \
             where l.event_id = e.event_id and l.handler = ?2) \
             limit 1",
            self.prefix,
            kinds.join(", ")
        )
    }
}

/// What was handled of a saga, in the order of its events.
///
/// # Errors
/// When the database fails.
pub async fn handled(
    database: &Database,
    tables: EventTables,
    saga: &SagaId,
) -> Result<Vec<Handled>, StoreError> {
    let sql = format!(
        "select i.handler, i.event_type, i.processed_at, i.duration_ms from {0}_inbox i \
         join {0}_outbox o on o.event_id = i.event_id where i.transaction_id = ?1 \
         order by o.seq, i.handler",
        tables.prefix
    );
    let rows = database
        .query(sql, vec![Value::from(saga.as_str())])
        .await?;
    let handled = rows.iter().map(Handled::read);
    handled
        .collect::<Result<_, _>>()
        .map_err(|error| StoreError::new(StoreErrorKind::Corrupt, "read", error))
}

impl Handled {
    fn read(row: &Row) -> Result<Self, DecodeError> {
        Ok(Self {
            handler: row.get("handler")?,
            event_type: row.get("event_type")?,
            processed_at: row.get("processed_at")?,
            duration_ms: row.get("duration_ms")?,
        })
    }
}
