//! One saga and its steps, as they are recorded.

use std::borrow::Cow;

use serde::Serialize;

use crate::clock::Timestamp;
use crate::ids::{IdemKey, InvalidId, OpId, OwnerId, SagaId};
use crate::operation::command::{CommandError, Fingerprint};
use crate::value::{Column, FromValue, Value};

use super::decision::Stop;
use super::pattern::SagaPattern;
use super::plan::Plan;
use super::state::{SagaState, StepState};

/// One saga.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SagaRecord {
    /// Its name.
    #[serde(rename = "transactionId")]
    pub id: SagaId,
    /// Whose it is.
    #[serde(skip)]
    pub owner_id: OwnerId,
    /// Who moves it on.
    #[serde(skip)]
    pub pattern: SagaPattern,
    /// What it was asked to do, serialised.
    #[serde(skip)]
    pub payload: String,
    /// Where it stands.
    #[serde(rename = "status")]
    pub state: SagaState,
    /// Why it is not to go on, if somebody said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop: Option<Stop>,
    /// When no further step may begin.
    pub deadline_at: Timestamp,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it reached its final state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
    /// Its steps, in the order of the plan; behind them those that a former plan had.
    pub steps: Vec<StepRecord>,
    #[serde(skip)]
    pub(super) version: i64,
    #[serde(skip)]
    pub(super) look_at: Option<Timestamp>,
}

/// One step of a saga.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StepRecord {
    /// Its name.
    #[serde(rename = "step")]
    pub name: Cow<'static, str>,
    /// Where it stands.
    #[serde(rename = "status")]
    pub state: StepState,
    /// What it gave; of a step that failed, what was said about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<serde_json::Value>,
    /// The provider's name for what it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider_ref: Option<String>,
    /// Why it failed, or why its compensation did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<StepError>,
    /// The operation that does it, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub op_id: Option<OpId>,
    /// The operation that undoes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undo_op_id: Option<OpId>,
    /// How often its compensation was begun.
    pub undo_attempts: u32,
    /// When it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub executed_at: Option<Timestamp>,
}

/// Why a step failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepError {
    /// A stable code.
    pub code: String,
    /// For people.
    pub message: String,
}

/// What a saga asks for is no command: the step is refused, with every field that is not acceptable.
impl From<CommandError> for StepError {
    fn from(error: CommandError) -> Self {
        Self {
            code: "INVALID_COMMAND".to_owned(),
            message: error.to_string(),
        }
    }
}

impl SagaRecord {
    /// Whether nothing goes on before a person has decided about a step.
    #[must_use]
    pub fn waits_for_a_person(&self) -> bool {
        let has = |wanted: [StepState; 2]| {
            let mut steps = self.steps.iter();
            steps.any(|step| wanted.contains(&step.state))
        };
        !self.state.is_final()
            && has([StepState::InDoubt, StepState::UndoParked])
            && !has([StepState::Running, StepState::Undoing])
    }
}

impl StepRecord {
    pub(super) fn waiting(name: impl Into<Cow<'static, str>>) -> Self {
        Self {
            name: name.into(),
            state: StepState::Waiting,
            result: None,
            provider_ref: None,
            error: None,
            op_id: None,
            undo_op_id: None,
            undo_attempts: 0,
            executed_at: None,
        }
    }
}

impl FromValue for SagaState {
    fn from_value(value: &Value) -> Result<Self, String> {
        let text = String::from_value(value)?;
        text.parse().map_err(|error| format!("{error}"))
    }
}

impl FromValue for StepState {
    fn from_value(value: &Value) -> Result<Self, String> {
        let text = String::from_value(value)?;
        text.parse().map_err(|error| format!("{error}"))
    }
}

impl FromValue for SagaId {
    fn from_value(value: &Value) -> Result<Self, String> {
        let text = String::from_value(value)?;
        text.parse().map_err(|error: InvalidId| error.to_string())
    }
}

/// A saga as it is accepted.
#[derive(Debug, Clone)]
pub(super) struct NewSaga {
    pub(super) id: SagaId,
    pub(super) owner_id: OwnerId,
    pub(super) idem_key: IdemKey,
    pub(super) fingerprint: Fingerprint,
    pub(super) pattern: SagaPattern,
    pub(super) payload: String,
    /// The payload as it is written.
    pub(super) stored: String,
    /// What of the payload is kept in columns of its own.
    pub(super) columns: Vec<Column>,
    pub(super) now: Timestamp,
    pub(super) deadline_at: Timestamp,
    /// What its plan asks for: see `Demands`.
    pub(super) demands: String,
}

impl NewSaga {
    /// It as it is read back.
    pub(super) fn record(&self, plan: &Plan) -> SagaRecord {
        let steps = plan.steps().iter();
        SagaRecord {
            id: self.id.clone(),
            owner_id: self.owner_id.clone(),
            pattern: self.pattern,
            payload: self.payload.clone(),
            state: SagaState::Pending,
            stop: None,
            deadline_at: self.deadline_at,
            created_at: self.now,
            updated_at: self.now,
            completed_at: None,
            steps: steps.map(|step| StepRecord::waiting(step.name)).collect(),
            version: 0,
            look_at: Some(self.now),
        }
    }
}
