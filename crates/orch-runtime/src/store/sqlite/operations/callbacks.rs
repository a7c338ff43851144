//! [`CallbackInbox`] on one SQLite file.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, params};

use crate::clock::{Timestamp, to_millis};
use crate::fault::Step;
use crate::ids::OpId;
use crate::store::callbacks::{
    CallbackInbox, CallbackState, InboxPosition, NewCallback, Received, Teller, Waiting,
    WaitingCallback,
};
use crate::store::sealer::Sealer;
use crate::store::sqlite::row::{self, identity, time};
use crate::store::sqlite::statements::Statements;
use crate::store::{Lease, Rotated, StoreError, Term};

use super::{SqliteOperations, accept, read};

#[async_trait]
impl CallbackInbox for SqliteOperations {
    async fn receive_callback(&self, callback: NewCallback) -> Result<Received, StoreError> {
        let step = Some(Step::Receive);
        let outcome = self
            .sealer
            .callback(&callback.event_id, &callback.outcome)?;
        self.write("receive callback", step, move |connection, sql| {
            let kept = connection
                .prepare_cached(&sql.callbacks.receive)?
                .execute(params![
                    callback.event_id.as_str(),
                    callback.op_id.as_ref().map(OpId::as_str),
                    callback.provider_ref,
                    callback.outcome.kind(),
                    outcome,
                    to_millis(callback.received_at),
                ])?;
            Ok(match kept {
                0 => Received::Duplicate,
                _ => Received::New,
            })
        })
        .await
    }

    async fn waiting_callbacks(
        &self,
        which: Waiting,
        limit: u32,
    ) -> Result<Vec<WaitingCallback>, StoreError> {
        let sealer = self.sealer.clone();
        self.read("waiting callbacks", move |connection, sql| {
            waiting(connection, sql, &sealer, (&which, limit))
        })
        .await
    }

    async fn claim_told(
        &self,
        now: Timestamp,
        term: Term,
        op_id: &OpId,
        event_types: &[&'static str],
        teller: Teller,
    ) -> Result<Option<Lease>, StoreError> {
        let (op_id, kinds) = (op_id.clone(), accept::json_list(event_types));
        let sealer = self.sealer.clone();
        self.write("claim told", Some(Step::Claim), move |connection, sql| {
            connection
                .prepare_cached(&sql.callbacks.claim_told)?
                .query_row(
                    params![
                        to_millis(now),
                        &*term.worker,
                        to_millis(term.expires_at),
                        op_id.as_str(),
                        kinds,
                        teller == Teller::Person
                    ],
                    |found| row::lease(found, &sealer, term.expires_at),
                )
                .optional()
        })
        .await
    }

    async fn mark_callback(
        &self,
        now: Timestamp,
        event_id: &str,
        state: CallbackState,
        target: Option<&OpId>,
    ) -> Result<bool, StoreError> {
        let (event_id, target) = (event_id.to_owned(), target.cloned());
        self.write("mark callback", Some(Step::Mark), move |connection, sql| {
            let marked = connection
                .prepare_cached(&sql.callbacks.mark)?
                .execute(params![
                    event_id,
                    state.as_str(),
                    target.as_ref().map(OpId::as_str),
                    to_millis(now)
                ])?;
            Ok(marked == 1)
        })
        .await
    }

    async fn purge_callbacks(&self, before: Timestamp, limit: u32) -> Result<usize, StoreError> {
        self.write("purge callbacks", None, move |connection, sql| {
            connection
                .prepare_cached(&sql.callbacks.purge)?
                .execute(params![to_millis(before), limit])
        })
        .await
    }

    async fn rotate_callbacks(
        &self,
        after: Option<String>,
        limit: u32,
    ) -> Result<Rotated, StoreError> {
        self.rotate_inbox(after, limit).await
    }
}

fn waiting(
    connection: &Connection,
    sql: &Statements,
    sealer: &Sealer,
    (which, limit): (&Waiting, u32),
) -> rusqlite::Result<Vec<WaitingCallback>> {
    let sql = &sql.callbacks;
    let callback = |found: &rusqlite::Row<'_>| callback(found, sealer);
    match which {
        Waiting::Behind(after) => {
            let begin = after
                .as_ref()
                .map_or(i64::MIN, |after| to_millis(after.received_at));
            let behind = after.as_ref().map_or("", |after| &after.event_id);
            connection
                .prepare_cached(&sql.waiting_behind)?
                .query_map(params![limit, begin, behind], callback)?
                .collect()
        }
        Waiting::Event(event_id) => connection
            .prepare_cached(&sql.waiting_event)?
            .query_map(params![limit, event_id.as_str()], callback)?
            .collect(),
        Waiting::Of(op_id) => connection
            .prepare_cached(&sql.waiting_of)?
            .query_map(params![limit, op_id.as_str()], callback)?
            .collect(),
    }
}

fn callback(found: &rusqlite::Row<'_>, sealer: &Sealer) -> rusqlite::Result<WaitingCallback> {
    let event_id: String = found.get(0)?;
    let text: Option<String> = found.get(2).unwrap_or_default();
    let target = match found.get::<_, Option<String>>(3)? {
        Some(_) => Some((identity(found, 3, OpId::new)?, read::state(found, 4)?)),
        None => None,
    };
    let outcome = text.ok_or_else(|| "the outcome is no text".to_owned());
    Ok(WaitingCallback {
        outcome: outcome.and_then(|text| sealer.open_callback(&event_id, text)),
        position: InboxPosition {
            event_id,
            received_at: time(found, 1)?,
        },
        target,
    })
}
