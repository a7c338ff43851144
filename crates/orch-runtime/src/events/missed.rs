//! Events that passed a handler by: another release, which ran beside this one, had them and did not know that this
//! handler hears of them.
//!
//! ```text
//!   earlier release: takes ItemReserved ─▶ PayHandler                    published
//!   later release:   hears of ItemReserved at WrapHandler, too           passed by ─▶ delivered now
//! ```
//!
//! **Invariant:** of a saga whose time is not over, a handler of this release gets every event that it subscribes to,
//! whichever release handed the event out. Handlers decide from the record, so one that comes late is as good as any.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::clock::Timestamp;
use crate::store::{StoreError, StoreErrorKind};
use crate::value::{DecodeError, Row, Value};

use super::dispatcher::Dispatcher;
use super::envelope::Envelope;
use super::outbox::EventTables;
use super::seal;
use super::subscriptions::Subscriptions;

/// How far the handlers of a process are in looking for what passed them by. In one round each of them gets everything
/// once, so that what it cannot take keeps it from nothing behind that.
#[derive(Debug, Default)]
pub(crate) struct Round(Mutex<HashMap<String, Place>>);

/// Where a handler is in a round. One that is in none begins it.
#[derive(Debug, Clone)]
enum Place {
    /// Behind this event: when it was told, of which saga, and its number there.
    Behind(Timestamp, String, i64),
    /// At the end.
    End,
}

impl Round {
    /// Where a handler goes on; nowhere when it has its part of the round.
    fn place(&self, handler: &str) -> Option<Place> {
        let beginning = || Place::Behind(Timestamp::UNIX_EPOCH, String::new(), 0);
        let places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match places.get(handler).cloned().unwrap_or_else(beginning) {
            Place::End => None,
            behind @ Place::Behind(..) => Some(behind),
        }
    }

    fn reached(&self, handler: &str, place: Place) {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        places.insert(handler.to_owned(), place);
    }

    /// Whether all handlers have their parts; then the next round begins.
    fn ends(&self) -> bool {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = places.values().all(|place| matches!(place, Place::End));
        if is_over {
            places.clear();
        }
        is_over
    }
}

/// What came of one go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CaughtUp {
    /// Events that handlers took.
    pub(crate) taken: usize,
    /// Whether the round is over.
    pub(crate) is_over: bool,
}

/// Goes on with a round: delivers to each handler what passed it by before `before`, at most `limit` events. What it
/// cannot take comes again in the next round, until its saga ends.
///
/// # Errors
/// When the database fails. What is left is delivered the next time.
pub(crate) async fn catch_up(
    dispatcher: &Dispatcher,
    subscriptions: &Subscriptions,
    round: &Round,
    (before, limit): (Timestamp, u32),
) -> Result<CaughtUp, StoreError> {
    let mut taken = 0;
    for handler in subscriptions.served() {
        let Some(Place::Behind(told, saga, seq)) = round.place(handler.name()) else {
            continue;
        };
        let heard = handler.subscriptions();
        let (database, tables) = (dispatcher.database(), dispatcher.tables());
        let sql = tables.missed(heard.len(), database.is_server());
        let mut params = vec![
            Value::from(before),
            Value::from(handler.name()),
            Value::from(limit),
            Value::from(told),
            Value::from(saga),
            Value::from(seq),
        ];
        params.extend(heard.into_iter().map(Value::from));
        let rows = database.query(sql, params).await?;
        let last = rows.last().filter(|_| rows.len() >= limit as usize);
        round.reached(handler.name(), last.map_or(Ok(Place::End), place)?);
        for row in &rows {
            let Some(event) = read(row, dispatcher)? else {
                continue;
            };
            let delivered = dispatcher.deliver(handler, &event).await;
            taken += usize::from(delivered.is_ok());
        }
    }
    let is_over = round.ends();
    Ok(CaughtUp { taken, is_over })
}

/// Where a row stands.
fn place(row: &Row) -> Result<Place, StoreError> {
    let place = || -> Result<Place, DecodeError> {
        let told = row.get("created_at")?;
        Ok(Place::Behind(
            told,
            row.get("transaction_id")?,
            row.get("seq")?,
        ))
    };
    place().map_err(corrupt)
}

/// The event of a row; none where nobody can read it, which is found elsewhere.
fn read(row: &Row, dispatcher: &Dispatcher) -> Result<Option<Envelope>, StoreError> {
    let event_id: String = row.get("event_id").map_err(corrupt)?;
    let stored = (&*event_id, row.get("envelope").map_err(corrupt)?);
    let (cipher, prefix) = (dispatcher.database().cipher(), dispatcher.tables().prefix);
    Ok(seal::opened(cipher.as_ref(), prefix, stored).ok())
}

fn corrupt(error: DecodeError) -> StoreError {
    StoreError::new(StoreErrorKind::Corrupt, "read", error)
}

impl EventTables {
    /// The statement that finds events of one of so many kinds, from `?7` on, that were published before `?1`, and
    /// that the handler `?2` neither handled nor gave up, the oldest first behind that of `?4`, `?5` and `?6`, at most
    /// `?3`. Their sagas run, may still begin steps, and stand still since then: one that moves has what it needs.
    pub(crate) fn missed(self, kinds: usize, is_remote: bool) -> String {
        // A server that knows little of its tables would begin with all events.
        let first = match is_remote {
            true => "materialized",
            false => "not materialized",
        };
        let kinds: Vec<String> = (0..kinds).map(|kind| format!("?{}", kind + 7)).collect();
        format!(
            "with s as {2} (select transaction_id from {0}_states \
             where look_at is not null and updated_at < ?1 and deadline_at >= ?1) \
             select o.event_id, o.envelope, o.created_at, o.transaction_id, o.seq from s cross join {0}_outbox o \
             where o.transaction_id = s.transaction_id and o.published_at < ?1 and o.event_type in ({1}) \
             and not exists (select 1 from {0}_inbox i where i.event_id = o.event_id and i.handler = ?2) \
             and not exists (select 1 from {0}_event_dead_letters l \
             where l.event_id = o.event_id and l.handler = ?2) \
             and (o.created_at, o.transaction_id, o.seq) > (?4, ?5, ?6) \
             order by o.created_at, o.transaction_id, o.seq limit ?3",
            self.prefix,
            kinds.join(", "),
            first
        )
    }
}
