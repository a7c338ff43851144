//! An operation as others may see it: no payload, no lease, no fence.

use serde::Serialize;
use serde_json::Value as Json;

use crate::clock::Timestamp;
use crate::ids::{BizKey, OpId, OwnerId};
use crate::operation::state::OperationState;

/// What happened to an operation so far.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OperationView {
    /// Its name.
    pub op_id: OpId,
    /// Whose it is.
    #[serde(skip)]
    pub owner_id: OwnerId,
    /// What it is about.
    pub biz_key: BizKey,
    /// Which event asked for it.
    pub event_type: String,
    /// Where it stands.
    pub state: OperationState,
    /// Attempts begun so far.
    pub attempts: u32,
    /// What the provider did, once known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<OutcomeView>,
    /// How far a long call has come, where the orchestrator reports it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
    /// When the next attempt, or the next question to the provider, is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_attempt_at: Option<Timestamp>,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it reached its final state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
}

/// The end of an operation, or the reason why it is waiting.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OutcomeView {
    /// A stable code where it failed or waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// For people.
    pub message: String,
    /// The provider's name for what it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider_ref: Option<String>,
    /// What the provider answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<Json>,
}

/// How much of a long call is done, in a unit of the orchestrator's choice (bytes, for uploads).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// Done so far.
    pub done: u64,
    /// Of how much.
    pub total: u64,
}

/// One attempt, or one question to the provider, of an operation's history.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HistoryEntry {
    /// Which attempt it belonged to, counted from 1.
    pub attempt: u32,
    /// What came of it; absent while under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// In words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// When it began.
    pub started_at: Timestamp,
    /// When its answer was recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recorded_at: Option<Timestamp>,
}
