//! [`CallbackInbox`] on PostgreSQL.

use async_trait::async_trait;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use crate::clock::Timestamp;
use crate::fault::Step;
use crate::ids::OpId;
use crate::store::callbacks::{
    CallbackInbox, CallbackState, InboxPosition, NewCallback, Received, Teller, Waiting,
    WaitingCallback,
};
use crate::store::postgres::error::postgres_error;
use crate::store::postgres::row::{self, clean, identity};
use crate::store::sealer::Sealer;
use crate::store::{Lease, Rotated, StoreError, Term};

use super::{PostgresOperations, read};

#[async_trait]
impl CallbackInbox for PostgresOperations {
    async fn receive_callback(&self, callback: NewCallback) -> Result<Received, StoreError> {
        let outcome = self
            .sealer
            .callback(&callback.event_id, &callback.outcome)?;
        let provider_ref = callback.provider_ref.as_deref().map(clean);
        let statement = self
            .statement(&self.sql.callbacks.receive)
            .bind(callback.event_id.as_str().to_owned())
            .bind(
                callback
                    .op_id
                    .as_ref()
                    .map(|op_id| op_id.as_str().to_owned()),
            )
            .bind(provider_ref.map(std::borrow::Cow::into_owned))
            .bind(callback.outcome.kind())
            .bind(clean(&outcome).into_owned())
            .bind(callback.received_at);
        let kept = self
            .stepping("receive callback", Step::Receive, statement)
            .await?;
        Ok(if kept.is_empty() {
            Received::Duplicate
        } else {
            Received::New
        })
    }

    async fn waiting_callbacks(
        &self,
        which: Waiting,
        limit: u32,
    ) -> Result<Vec<WaitingCallback>, StoreError> {
        let (sql, limit) = (&self.sql.callbacks, i64::from(limit));
        let statement = match which {
            Waiting::Behind(after) => {
                let begin = after
                    .as_ref()
                    .map_or(Timestamp::UNIX_EPOCH, |after| after.received_at);
                let behind = after.map_or(String::new(), |after| after.event_id);
                let statement = self.statement(&sql.waiting_behind).bind(limit);
                statement.bind(begin).bind(behind)
            }
            Waiting::Event(event_id) => {
                let statement = self.statement(&sql.waiting_event).bind(limit);
                statement.bind(event_id.as_str().to_owned())
            }
            Waiting::Of(op_id) => {
                let statement = self.statement(&sql.waiting_of).bind(limit);
                statement.bind(op_id.as_str().to_owned())
            }
        };
        let rows = self.rows("waiting callbacks", statement).await?;
        let callback = |found| callback(found, &self.sealer);
        let waiting = rows.iter().map(callback).collect::<Result<_, _>>();
        waiting.map_err(postgres_error("waiting callbacks"))
    }

    async fn claim_told(
        &self,
        now: Timestamp,
        term: Term,
        op_id: &OpId,
        event_types: &[&'static str],
        teller: Teller,
    ) -> Result<Option<Lease>, StoreError> {
        let statement = self
            .statement(&self.sql.callbacks.claim_told)
            .bind(now)
            .bind(term.worker.to_string())
            .bind(term.expires_at)
            .bind(op_id.as_str().to_owned())
            .bind(event_types.to_vec())
            .bind(teller == Teller::Person);
        let rows = self.stepping("claim told", Step::Claim, statement).await?;
        let read = |found| row::lease(found, &self.sealer, term.expires_at);
        let lease = rows.first().map(read);
        lease.transpose().map_err(postgres_error("claim told"))
    }

    async fn mark_callback(
        &self,
        now: Timestamp,
        event_id: &str,
        state: CallbackState,
        target: Option<&OpId>,
    ) -> Result<bool, StoreError> {
        let statement = self
            .statement(&self.sql.callbacks.mark)
            .bind(event_id.to_owned())
            .bind(state.as_str())
            .bind(target.map(|op_id| op_id.as_str().to_owned()))
            .bind(now);
        let marked = self
            .stepping("mark callback", Step::Mark, statement)
            .await?;
        Ok(!marked.is_empty())
    }

    async fn purge_callbacks(&self, before: Timestamp, limit: u32) -> Result<usize, StoreError> {
        let statement = self.statement(&self.sql.callbacks.purge);
        let statement = statement.bind(before).bind(i64::from(limit));
        let purged = self.execute("purge callbacks", statement).await?;
        Ok(usize::try_from(purged).unwrap_or(usize::MAX))
    }

    async fn rotate_callbacks(
        &self,
        after: Option<String>,
        limit: u32,
    ) -> Result<Rotated, StoreError> {
        self.rotate_inbox(after, limit).await
    }
}

fn callback(found: &PgRow, sealer: &Sealer) -> Result<WaitingCallback, sqlx::Error> {
    let target = match found.try_get::<Option<String>, _>(3)? {
        Some(_) => Some((identity(found, 3, OpId::new)?, read::state(found, 4)?)),
        None => None,
    };
    let (event_id, text): (String, String) = (found.try_get(0)?, found.try_get(2)?);
    Ok(WaitingCallback {
        outcome: sealer.open_callback(&event_id, text),
        position: InboxPosition {
            event_id,
            received_at: found.try_get(1)?,
        },
        target,
    })
}
