//! Retention: what was told of sagas that ended long ago is deleted, a saga at a time.
//!
//! A saga that has ended keeps its row and its steps, as an operation does: its key never opens again, and who
//! asks for it is answered. What goes is how it came there: its outbox, its inbox and the dead letters that a
//! person has had delivered again.
//!
//! **Invariant:** a handler's row in the inbox outlives every delivery of its event. So nothing is deleted of a
//! saga that runs, of which an event waits, or that a bus may still deliver.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::ids::SagaId;
use crate::store::{Database, Manner, TransactionError};
use crate::value::Value;

use super::outbox::{EventTables, unreadable};

/// A relay that was slow may publish an event once more after another one has noted it.
const MARGIN: Duration = Duration::from_secs(3_600);

/// For how long what was told is kept, and how it is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventRetention {
    /// Pause between batches, unless there is known to be more.
    pub every: Duration,
    /// Sagas per batch.
    pub batch: u32,
    /// What was told of sagas stays that ended after this time, or of which something was told or delivered
    /// again since. A bus that may deliver longer keeps it longer.
    pub keep: Duration,
}

impl Default for EventRetention {
    /// Every minute, 500 sagas, 30 days: as the Cleaner of operations.
    fn default() -> Self {
        Self {
            every: Duration::from_secs(60),
            batch: 500,
            keep: Duration::from_secs(30 * 24 * 3_600),
        }
    }
}

impl EventRetention {
    /// What ended, and was published, before this time may go, when a bus delivers for `redelivered` after an
    /// event is published; nothing may when it delivers for ever.
    pub(crate) fn before(
        &self,
        now: Timestamp,
        redelivered: Option<Duration>,
    ) -> Option<Timestamp> {
        let redelivered = redelivered?.saturating_add(MARGIN);
        let kept = chrono::Duration::from_std(self.keep.max(redelivered)).ok()?;
        now.checked_sub_signed(kept)
    }
}

/// Deletes what was told of at most `limit` sagas that ended before `before`; says of how many.
///
/// # Errors
/// When the database fails. What is left is deleted the next time.
pub(crate) async fn purge(
    database: &Database,
    tables: EventTables,
    before: Timestamp,
    limit: u32,
) -> Result<usize, TransactionError> {
    let params = vec![Value::from(before), Value::from(limit)];
    let rows = database.query(tables.over(), params).await?;
    let names = rows.iter().map(|row| row.get("transaction_id"));
    let sagas: Vec<SagaId> = names.collect::<Result<_, _>>().map_err(unreadable)?;
    if sagas.is_empty() {
        return Ok(0);
    }
    let (count, known) = (sagas.len(), Arc::new((tables.deletions(), sagas)));
    let done = database.transaction_as(Manner::GivesUp, move |mut tx| {
        let known = Arc::clone(&known);
        Box::pin(async move {
            let (deletions, sagas) = &*known;
            for saga in sagas {
                for sql in deletions {
                    tx.execute(sql, &[Value::from(saga.as_str())]).await?;
                }
            }
            Ok(())
        })
    });
    done.await.map(|()| count)
}

impl EventTables {
    /// The statement that finds sagas that ended before `?1` and of which nobody hears any more, at most `?2`.
    pub(crate) fn over(self) -> String {
        format!(
            "select o.transaction_id from {0}_outbox o \
             join {0}_states s on s.transaction_id = o.transaction_id \
             where o.seq = 1 and o.created_at < ?1 and s.look_at is null and s.completed_at < ?1 \
             and not exists (select 1 from {0}_outbox w where w.transaction_id = o.transaction_id \
             and (w.published_at is null or w.published_at >= ?1)) \
             and not exists (select 1 from {0}_outbox w \
             join {0}_event_dead_letters l on l.event_id = w.event_id \
             where w.transaction_id = o.transaction_id \
             and (l.redriven_at is null or l.redriven_at >= ?1)) \
             order by o.created_at limit ?2",
            self.prefix
        )
    }

    /// The statements that delete what was told of the saga `?1`: what a row is found by goes last.
    pub(crate) fn deletions(self) -> [String; 3] {
        let prefix = self.prefix;
        [
            format!("delete from {prefix}_inbox where transaction_id = ?1"),
            format!(
                "delete from {prefix}_event_dead_letters where redriven_at is not null and event_id in \
                 (select event_id from {prefix}_outbox where transaction_id = ?1)"
            ),
            format!("delete from {prefix}_outbox where transaction_id = ?1"),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 3_600);

    #[test]
    fn what_a_bus_may_deliver_again_is_kept() {
        let now = Timestamp::UNIX_EPOCH + 1_000 * DAY;
        let before = |days| EventRetention::default().before(now, days);
        assert_eq!(before(Some(Duration::ZERO)), Some(now - 30 * DAY));
        assert_eq!(before(Some(7 * DAY)), Some(now - 30 * DAY));
        assert_eq!(before(Some(40 * DAY)), Some(now - 40 * DAY - MARGIN));
        assert_eq!(before(Some(Duration::MAX)), None);
        assert_eq!(before(None), None, "it delivers for ever");
    }
}
