//! Telling what happens to choreographed sagas, in the transaction in which it happens.

use serde_json::{Map, Value as Json};

use crate::clock::Timestamp;
use crate::events::{Envelope, EventTables, Outbox};
use crate::ids::SagaId;
use crate::saga::advance::Moved;
use crate::saga::plan::Plan;
use crate::saga::record::{NewSaga, SagaRecord};
use crate::saga::role::Role;
use crate::saga::tables::SagaTables;
use crate::store::Database;
use crate::store::hook::{HookError, HookTx};

use super::names::{COMPENSATION_HANDLER, SagaEvents};
use super::story::{Before, Story};

/// What the sagas of one kind tell, and where it is written.
#[derive(Debug)]
pub(in crate::saga) struct Told {
    pub(super) names: SagaEvents,
    pub(super) outbox: Outbox,
}

impl Told {
    pub(in crate::saga) fn new(names: SagaEvents, tables: SagaTables, database: &Database) -> Self {
        let tables = EventTables {
            prefix: tables.prefix,
        };
        Self {
            names,
            outbox: Outbox::new(tables).sealed_as(database),
        }
    }

    /// Has what was told delivered.
    pub(in crate::saga) fn wake(&self) {
        self.outbox.wake();
    }

    /// Whether whoever undoes may still hear of a saga: what was told of it waits to be published, or what he could
    /// not take waits for a person.
    pub(in crate::saga) async fn may_be_heard(
        &self,
        tx: &mut HookTx<'_>,
        saga: &SagaId,
    ) -> Result<bool, HookError> {
        let tables = self.outbox.tables();
        tables.waits(tx, saga, COMPENSATION_HANDLER).await
    }

    /// Tells that a saga was recorded.
    pub(in crate::saga) async fn initiated(
        &self,
        tx: &mut HookTx<'_>,
        saga: &NewSaga,
    ) -> Result<(), HookError> {
        let aggregate = self.names.aggregate(&saga.payload, saga.owner_id.as_str());
        let about = (&saga.id, aggregate.as_str());
        let told = self.names.told_of_input(&saga.payload);
        let event = envelope(self.names.initiated(), about, saga.now, told)?;
        self.outbox.tell(tx, &[event]).await
    }

    /// Tells one turn of a saga.
    pub(in crate::saga) async fn changes(
        &self,
        tx: &mut HookTx<'_>,
        plan: &Plan,
        before: &Before,
        saga: &SagaRecord,
        (role, moved): (Role, &Moved),
    ) -> Result<(), HookError> {
        let mut story = Story {
            names: &self.names,
            plan,
            saga,
            news: Vec::new(),
        };
        story.tell(before, role, moved);
        let aggregate = self.names.aggregate(&saga.payload, saga.owner_id.as_str());
        let about = (&saga.id, aggregate.as_str());
        let news = story.news.into_iter();
        let events: Vec<Envelope> = news
            .map(|news| envelope(news.event_type, about, saga.updated_at, news.payload))
            .collect::<Result<_, _>>()?;
        self.outbox.tell(tx, &events).await
    }
}

fn envelope(
    event_type: String,
    about: (&SagaId, &str),
    now: Timestamp,
    payload: Map<String, Json>,
) -> Result<Envelope, HookError> {
    let event = Envelope::new(event_type, about, now, payload);
    event.map_err(|error| HookError::new(error.to_string()))
}
