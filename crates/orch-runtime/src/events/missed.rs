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

use crate::clock::Timestamp;
use crate::store::{StoreError, StoreErrorKind};
use crate::value::{DecodeError, Row, Value};

use super::dispatcher::Dispatcher;
use super::envelope::Envelope;
use super::outbox::EventTables;
use super::seal;
use super::subscriptions::Subscriptions;

/// Delivers to each handler what passed it by before `before`, at most `limit` events; says how many it took. What it
/// cannot take comes again the next time, until its saga ends.
///
/// # Errors
/// When the database fails. What is left is delivered the next time.
pub(crate) async fn catch_up(
    dispatcher: &Dispatcher,
    subscriptions: &Subscriptions,
    before: Timestamp,
    limit: u32,
) -> Result<usize, StoreError> {
    let (database, tables) = (dispatcher.database(), dispatcher.tables());
    let mut taken = 0;
    for handler in subscriptions.served() {
        let heard = handler.subscriptions();
        let sql = tables.missed(heard.len(), database.is_server());
        let mut params = vec![
            Value::from(before),
            Value::from(handler.name()),
            Value::from(limit),
        ];
        params.extend(heard.into_iter().map(Value::from));
        for row in database.query(sql, params).await? {
            let Some(event) = read(&row, dispatcher)? else {
                continue;
            };
            let delivered = dispatcher.deliver(handler, &event).await;
            taken += usize::from(delivered.is_ok());
        }
    }
    Ok(taken)
}

/// The event of a row; none where nobody can read it, which is found elsewhere.
fn read(row: &Row, dispatcher: &Dispatcher) -> Result<Option<Envelope>, StoreError> {
    let corrupt = |error: DecodeError| StoreError::new(StoreErrorKind::Corrupt, "read", error);
    let event_id: String = row.get("event_id").map_err(corrupt)?;
    let stored = (&*event_id, row.get("envelope").map_err(corrupt)?);
    let (cipher, prefix) = (dispatcher.database().cipher(), dispatcher.tables().prefix);
    Ok(seal::opened(cipher.as_ref(), prefix, stored).ok())
}

impl EventTables {
    /// The statement that finds events of one of so many kinds, from `?4` on, that were published before `?1`, and
    /// that the handler `?2` neither handled nor gave up, the oldest first, at most `?3`. Their sagas run, may still
    /// begin steps, and stand still since then: one that moves has what it needs.
    pub(crate) fn missed(self, kinds: usize, is_remote: bool) -> String {
        // A server that knows little of its tables would begin with all events.
        let first = match is_remote {
            true => "materialized",
            false => "not materialized",
        };
        let kinds: Vec<String> = (0..kinds).map(|kind| format!("?{}", kind + 4)).collect();
        format!(
            "with s as {2} (select transaction_id from {0}_states \
             where look_at is not null and updated_at < ?1 and deadline_at >= ?1) \
             select o.event_id, o.envelope from s cross join {0}_outbox o \
             where o.transaction_id = s.transaction_id and o.published_at < ?1 and o.event_type in ({1}) \
             and not exists (select 1 from {0}_inbox i where i.event_id = o.event_id and i.handler = ?2) \
             and not exists (select 1 from {0}_event_dead_letters l \
             where l.event_id = o.event_id and l.handler = ?2) \
             order by o.created_at, o.transaction_id, o.seq limit ?3",
            self.prefix,
            kinds.join(", "),
            first
        )
    }
}
