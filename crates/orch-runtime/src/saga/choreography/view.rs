//! How far a choreographed saga came, and through whose hands.

use std::borrow::Cow;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::clock::Timestamp;
use crate::events::{EventTables, Handled, inbox};
use crate::ids::{OwnerId, SagaId};
use crate::saga::Sagas;
use crate::saga::engine::SagaError;
use crate::saga::pattern::SagaPattern;
use crate::saga::read::unreadable;
use crate::saga::record::{SagaRecord, StepRecord};
use crate::saga::state::{SagaState, StepState};
use crate::value::Value;

use super::names::{COMPENSATION_HANDLER, SagaEvents};

/// A saga and what handled its events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TransactionView {
    /// The saga.
    pub transaction: Transaction,
    /// What handled its events.
    pub event_handlers: EventHandlers,
}

/// A saga, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Transaction {
    /// Its name.
    pub transaction_id: SagaId,
    /// Where it stands.
    pub status: SagaState,
    /// Who moves it on.
    pub pattern: SagaPattern,
    /// Its steps, in the order of the plan.
    pub steps: Vec<TransactionStep>,
}

/// A step, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TransactionStep {
    /// Its name.
    pub step: Cow<'static, str>,
    /// Where it stands.
    pub status: StepState,
    /// When it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(serialize_with = "millis")]
    pub executed_at: Option<Timestamp>,
    /// How many milliseconds it took, where it has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<i64>,
}

/// What handled the events of a saga, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventHandlers {
    /// Those that begin steps, and all others that have handled something.
    pub completed: Vec<Handled>,
    /// The one that undoes.
    pub compensations: Vec<Handled>,
}

impl<I: Serialize + DeserializeOwned + Send + Sync + 'static> Sagas<I> {
    /// The saga with what handled its events, if `owner` has one of that name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn transaction_view(
        &self,
        owner: &OwnerId,
        id: &SagaId,
    ) -> Result<Option<TransactionView>, SagaError> {
        let Some(saga) = self.find(owner, id).await? else {
            return Ok(None);
        };
        let inner = &self.inner;
        let (mut handled, mut told) = (Vec::new(), Vec::new());
        if saga.pattern == SagaPattern::Choreography {
            let prefix = inner.tables.prefix;
            handled = inbox::handled(&inner.database, EventTables { prefix }, id).await?;
            let sql = format!(
                "select event_type, created_at from {prefix}_outbox where transaction_id = ?1 order by seq"
            );
            let name = vec![Value::from(id.as_str())];
            for row in inner.database.query(sql, name).await? {
                let event_type: String = row.get("event_type").map_err(unreadable)?;
                told.push((event_type, row.get("created_at").map_err(unreadable)?));
            }
        }
        let took = |step: &StepRecord| took(self.events()?, step, &told, &handled);
        let transaction = transaction(&saga, took);
        let is_undoing = |handled: &Handled| handled.handler == COMPENSATION_HANDLER;
        let (compensations, completed) = handled.into_iter().partition(is_undoing);
        Ok(Some(TransactionView {
            transaction,
            event_handlers: EventHandlers {
                completed,
                compensations,
            },
        }))
    }
}

fn transaction(saga: &SagaRecord, took: impl Fn(&StepRecord) -> Option<i64>) -> Transaction {
    let steps = saga.steps.iter().map(|step| TransactionStep {
        step: step.name.clone(),
        status: step.state,
        executed_at: step.executed_at,
        duration: took(step),
    });
    Transaction {
        transaction_id: saga.id.clone(),
        status: saga.state,
        pattern: saga.pattern,
        steps: steps.collect(),
    }
}

/// The milliseconds from a step's begin to the event that told of its end. Work in our own database is told in
/// the transaction that does it: it took as long as its handler.
fn took(
    names: &SagaEvents,
    step: &StepRecord,
    told: &[(String, Timestamp)],
    handled: &[Handled],
) -> Option<i64> {
    let ends = [
        names.step_succeeded(&step.name),
        names.step_failed(&step.name),
    ];
    let (_, ended) = told.iter().find(|(event, _)| ends.contains(event))?;
    let waited = (*ended - step.executed_at?).num_milliseconds();
    let handler = names.handler(&step.name);
    let worked = handled.iter().filter(|one| one.handler == handler);
    let worked = worked.map(|one| one.duration_ms).max();
    Some(waited.max(worked.unwrap_or(0)))
}

fn millis<S: serde::Serializer>(time: &Option<Timestamp>, to: S) -> Result<S::Ok, S::Error> {
    let text = time.map(|time| time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true));
    text.serialize(to)
}
