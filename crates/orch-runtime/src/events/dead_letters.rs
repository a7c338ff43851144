//! Events that a handler could not take, kept until a person has it try again.
//!
//! **Invariant:** a redrive is one commit with the handler's effects, its row in the inbox, and the person's
//! name and reason. So it happens once.

use std::sync::Arc;

use serde::Serialize;

use crate::clock::Timestamp;
use crate::dead_letter::Decision;
use crate::ids::EventId;
use crate::store::hook::{HookError, HookTx};
use crate::store::{Database, StoreError, StoreErrorKind, TransactionError};
use crate::value::{DecodeError, Row, Value};

use super::dispatcher::{Delivered, Dispatcher};
use super::envelope::Envelope;
use super::handler::{EventHandler, HandlerError};
use super::outbox::{EventTables, write};
use super::seal;

/// An event that one handler could not take.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EventDeadLetter {
    /// The handler.
    pub handler: String,
    /// The event.
    pub event: Envelope,
    /// Why the handler failed the last time.
    pub error: String,
    /// How often it was delivered.
    pub deliveries: u32,
    /// When it was given up.
    pub dead_at: Timestamp,
}

/// A dead letter was not delivered again.
#[derive(Debug, thiserror::Error)]
pub enum RedriveError {
    /// There is none of this event and handler.
    #[error("there is no dead letter {event_id} of {handler}")]
    None {
        /// The event.
        event_id: EventId,
        /// The handler.
        handler: String,
    },
    /// Somebody had it delivered again, and the handler has it.
    #[error("no dead letter {event_id} of {handler} waits: {by} had it delivered again")]
    Before {
        /// The event.
        event_id: EventId,
        /// The handler.
        handler: String,
        /// Who.
        by: String,
    },
    /// This program has no such handler.
    #[error("this program has no handler \"{0}\"")]
    NoHandler(String),
    /// It failed again. The dead letter stays.
    #[error(transparent)]
    Handler(#[from] HandlerError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

const COLUMNS: &str = "event_id, handler, envelope, error, deliveries, dead_at";

/// The dead letters that wait for a person, the oldest first, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn waiting(
    database: &Database,
    tables: EventTables,
    limit: u32,
) -> Result<Vec<EventDeadLetter>, StoreError> {
    let sql = format!(
        "select {COLUMNS} from {}_event_dead_letters where redriven_at is null \
         order by dead_at, event_id, handler limit ?1",
        tables.prefix
    );
    let rows = database.query(sql, vec![Value::from(limit)]).await?;
    let letters = rows.iter();
    letters
        .map(|row| EventDeadLetter::read(row, database, tables))
        .collect()
}

/// How many dead letters wait for a person.
pub(crate) async fn count(database: &Database, tables: EventTables) -> Result<i64, StoreError> {
    let sql = format!(
        "select count(*) as letters from {}_event_dead_letters where redriven_at is null",
        tables.prefix
    );
    let rows = database.query(sql, Vec::new()).await?;
    let letters = rows.first().map_or(Ok(0), |row| row.get("letters"));
    letters.map_err(|error| StoreError::new(StoreErrorKind::Corrupt, "read", error))
}

/// Gives an event up that `handler` cannot take.
pub(super) async fn bury(
    dispatcher: &Dispatcher,
    (handler, event): (&str, &Envelope),
    error: &HandlerError,
    deliveries: u32,
) -> Result<(), TransactionError> {
    let sql = format!(
        "insert into {}_event_dead_letters (event_id, handler, transaction_id, event_type, envelope, error, \
         deliveries, dead_at) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) \
         on conflict (event_id, handler) do nothing",
        dispatcher.tables().prefix
    );
    let cipher = dispatcher.database().cipher();
    let envelope = seal::sealed(cipher.as_ref(), dispatcher.tables().prefix, event)?;
    let params = vec![
        Value::from(event.event_id.as_str()),
        Value::from(handler),
        Value::from(event.transaction_id.as_str()),
        Value::from(&event.event_type),
        Value::from(envelope),
        Value::from(error.to_string()),
        Value::from(deliveries),
        Value::from(dispatcher.clock().now()),
    ];
    write(dispatcher.database(), sql, params).await?;
    dispatcher
        .metrics()
        .inspect(|metrics| metrics.dead(handler));
    tracing::error!(
        "[{handler}] {}: transaction {} is a dead letter after {deliveries} deliveries, and a person must look: \
         {error}",
        event.event_type,
        event.transaction_id
    );
    Ok(())
}

/// Delivers a dead letter again, to its handler only, as a person decided.
///
/// # Errors
/// See [`RedriveError`]. Then the dead letter is as it was.
pub async fn redrive(
    dispatcher: &Dispatcher,
    handler: &Arc<dyn EventHandler>,
    event_id: &EventId,
    decision: &Decision,
) -> Result<Delivered, RedriveError> {
    let letter = waiting_for(dispatcher, handler, event_id).await?;
    let delivered = dispatcher.deliver_for(handler, &letter.event, Some(decision));
    match delivered.await {
        Ok(delivered) => Ok(delivered),
        // It may have failed because somebody else was faster.
        Err(error) => match waiting_for(dispatcher, handler, event_id).await {
            Err(before @ RedriveError::Before { .. }) => Err(before),
            _ => Err(error.into()),
        },
    }
}

/// The dead letter of this event that waits for `handler`.
async fn waiting_for(
    dispatcher: &Dispatcher,
    handler: &Arc<dyn EventHandler>,
    event_id: &EventId,
) -> Result<EventDeadLetter, RedriveError> {
    let sql = format!(
        "select {COLUMNS}, redriven_by from {}_event_dead_letters where event_id = ?1 and handler = ?2",
        dispatcher.tables().prefix
    );
    let params = vec![Value::from(event_id.as_str()), Value::from(handler.name())];
    let rows = dispatcher.database().query(sql, params).await?;
    let (event_id, handler) = (event_id.clone(), handler.name().to_owned());
    let Some(row) = rows.first() else {
        return Err(RedriveError::None { event_id, handler });
    };
    let by = row.get::<Option<String>>("redriven_by").map_err(corrupt)?;
    if let Some(by) = by {
        return Err(RedriveError::Before {
            event_id,
            handler,
            by,
        });
    }
    let (database, tables) = (dispatcher.database(), dispatcher.tables());
    Ok(EventDeadLetter::read(row, database, tables)?)
}

/// Writes down who wants a dead letter delivered again, in the transaction that does it.
pub(super) async fn decide(
    tx: &mut HookTx<'_>,
    dispatcher: &Dispatcher,
    (handler, event): (&str, &Envelope),
    decision: &Decision,
) -> Result<(), HookError> {
    let sql = format!(
        "update {}_event_dead_letters set redriven_at = ?3, redriven_by = ?4, reason = ?5 \
         where event_id = ?1 and handler = ?2 and redriven_at is null",
        dispatcher.tables().prefix
    );
    let params = [
        Value::from(event.event_id.as_str()),
        Value::from(handler),
        Value::from(dispatcher.clock().now()),
        Value::from(decision.by()),
        Value::from(decision.reason()),
    ];
    match tx.execute(&sql, &params).await? {
        1 => Ok(()),
        _ => Err(HookError::new("somebody had it delivered again meanwhile")),
    }
}

impl EventDeadLetter {
    fn read(row: &Row, database: &Database, tables: EventTables) -> Result<Self, StoreError> {
        let event_id: String = row.get("event_id").map_err(corrupt)?;
        let stored = (&*event_id, row.get("envelope").map_err(corrupt)?);
        let event = seal::opened(database.cipher().as_ref(), tables.prefix, stored)
            .map_err(|error| StoreError::new(StoreErrorKind::Corrupt, "read", error))?;
        let read = || -> Result<Self, DecodeError> {
            Ok(Self {
                handler: row.get("handler")?,
                event,
                error: row.get("error")?,
                deliveries: row.get("deliveries")?,
                dead_at: row.get("dead_at")?,
            })
        };
        read().map_err(corrupt)
    }
}

fn corrupt(error: DecodeError) -> StoreError {
    StoreError::new(StoreErrorKind::Corrupt, "read", error)
}
