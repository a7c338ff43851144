//! What a relay takes out of the outbox, and what it says of it, in one commit.
//!
//! A relay has an event until a time (a lease). Who has not said by then that it is published has lost it to
//! whoever takes it next.

use std::sync::Arc;

use crate::clock::Timestamp;
use crate::ids::EventId;
use crate::store::hook::{HookError, HookTx};
use crate::store::{Database, Manner, TransactionError};
use crate::value::{DecodeError, Row, Value};

use super::envelope::Envelope;
use super::outbox::{Outbox, unreadable};
use super::seal;

/// An event that a relay has taken, for a while, to publish it.
#[derive(Debug, Clone, PartialEq)]
pub struct Claimed {
    /// The event.
    pub event: Envelope,
    /// The number of this try. Those before it failed: somebody who had the event said so. Who only died with it, or
    /// lost it to another one, has not tried.
    pub attempts: u32,
}

/// What became of an event that a relay had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Settled {
    pub(super) event_id: EventId,
    /// Until when it is put off, if it is not published.
    pub(super) put_off: Option<PutOff>,
}

/// An event is not published until later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PutOff {
    /// It was tried, and failed.
    Failed(Timestamp),
    /// It only has to wait, such as for another release.
    Left(Timestamp),
}

/// What a relay wants to have.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub(super) now: Timestamp,
    /// For how long.
    pub(super) until: Timestamp,
    /// How many events at most, each of another saga.
    pub(super) limit: u32,
}

/// A row of an event that was taken.
struct Taken {
    event_id: EventId,
    envelope: String,
    /// How often it was tried, and failed.
    failed: u32,
}

impl Outbox {
    /// Notes what became of events, and takes those that are due, of each saga the next one.
    pub(super) async fn exchange(
        &self,
        database: &Database,
        settled: Vec<Settled>,
        wanted: Wanted,
    ) -> Result<Vec<Claimed>, TransactionError> {
        let (prefix, known) = (self.tables().prefix, Arc::new(settled));
        let taken = database.transaction_as(Manner::InOrder, move |mut tx| {
            let known = Arc::clone(&known);
            Box::pin(async move {
                settle(&mut tx, prefix, &known, wanted.now).await?;
                match wanted.limit {
                    0 => Ok(Vec::new()),
                    _ => take(&mut tx, prefix, wanted).await,
                }
            })
        });
        let (taken, cipher) = (taken.await?, database.cipher());
        let mut claimed = Vec::with_capacity(taken.len());
        for Taken {
            event_id,
            envelope,
            failed,
        } in taken
        {
            match seal::opened(cipher.as_ref(), prefix, (event_id.as_str(), envelope)) {
                Ok(event) => claimed.push(Claimed {
                    event,
                    attempts: failed.saturating_add(1),
                }),
                Err(error) => {
                    tracing::error!(event = %event_id, %error, "an event that nobody can read waits");
                }
            }
        }
        Ok(claimed)
    }
}

async fn settle(
    tx: &mut HookTx<'_>,
    prefix: &str,
    settled: &[Settled],
    now: Timestamp,
) -> Result<(), HookError> {
    let name = |settled: &Settled| settled.event_id.as_str().to_owned();
    let published = settled.iter().filter(|one| one.put_off.is_none());
    let published: Vec<String> = published.map(name).collect();
    if !published.is_empty() {
        let all = serde_json::Value::from(published).to_string();
        let names = match tx.is_remote() {
            true => "select json_array_elements_text(?1::json)",
            false => "select value from json_each(?1)",
        };
        let sql =
            format!("update {prefix}_outbox set published_at = ?2 where event_id in ({names})");
        tx.execute(&sql, &[Value::from(all), now.into()]).await?;
    }
    let sql = format!(
        "update {prefix}_outbox set next_at = ?2, attempts = attempts + ?3 where event_id = ?1"
    );
    for one in settled {
        let (until, failed) = match one.put_off {
            None => continue,
            Some(PutOff::Failed(until)) => (until, 1),
            Some(PutOff::Left(until)) => (until, 0),
        };
        let params = [Value::from(name(one)), until.into(), Value::from(failed)];
        tx.execute(&sql, &params).await?;
    }
    Ok(())
}

/// Of two relays that want the same event, the later one finds it taken, or locked and leaves it.
async fn take(tx: &mut HookTx<'_>, prefix: &str, wanted: Wanted) -> Result<Vec<Taken>, HookError> {
    let sql = taking(prefix, tx.is_remote());
    let Wanted { now, until, limit } = wanted;
    let rows = tx
        .query(&sql, &[now.into(), until.into(), limit.into()])
        .await?;
    let taken = rows.iter().map(Taken::read);
    taken.collect::<Result<_, _>>().map_err(unreadable)
}

/// Has `?3` events, of each saga the next one, that are due at `?1` taken until `?2`. The events of one saga
/// are few: behind the `case`, no index is in sight but that which leads to them.
pub(crate) fn taking(prefix: &str, is_remote: bool) -> String {
    let lock = match is_remote {
        true => "for update of o skip locked",
        false => "",
    };
    format!(
        "update {prefix}_outbox set next_at = ?2 where event_id in (\
         select o.event_id from {prefix}_outbox o where o.published_at is null and o.next_at <= ?1 \
         and not exists (select 1 from {prefix}_outbox e where e.transaction_id = o.transaction_id \
         and e.seq < o.seq and case when e.published_at is null then 1 else 0 end = 1) \
         order by o.next_at limit ?3 {lock}) \
         returning event_id, envelope, attempts"
    )
}

impl Taken {
    fn read(row: &Row) -> Result<Self, DecodeError> {
        Ok(Self {
            event_id: row.get("event_id")?,
            envelope: row.get("envelope")?,
            failed: row.get("attempts")?,
        })
    }
}
