//! How texts are kept unreadable in the tables: the seam between stores and ciphers.

use std::fmt;
use std::str::FromStr;

use crate::operation::command::Fingerprint;

use super::NewOperation;

/// How every sealed text begins. JSON never does, so that texts from before are told apart.
pub const SEALED: &str = "orch1:";

/// A column whose texts are sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SealedColumn {
    /// The command of an operation.
    Payload,
    /// What the provider answered.
    Result,
    /// The detail of a failure.
    ErrorCause,
    /// An outcome in the log.
    Outcome,
    /// An outcome in the inbox of callbacks.
    Callback,
    /// What a saga was asked to do.
    SagaPayload,
    /// What a step of a saga gave.
    StepResult,
    /// An event that a saga tells.
    SagaEvent,
}

impl SealedColumn {
    const ALL: [Self; 8] = [
        Self::Payload,
        Self::Result,
        Self::ErrorCause,
        Self::Outcome,
        Self::Callback,
        Self::SagaPayload,
        Self::StepResult,
        Self::SagaEvent,
    ];

    /// Its name in messages and among the additional data of what is sealed: for a column of operations
    /// or of the log, that in the table.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Payload => "payload",
            Self::Result => "result",
            Self::ErrorCause => "error_cause",
            Self::Outcome => "outcome",
            Self::Callback => "callback",
            Self::SagaPayload => "saga_payload",
            Self::StepResult => "step_result",
            Self::SagaEvent => "saga_event",
        }
    }

    /// What a row of it is called.
    fn row(self) -> &'static str {
        match self {
            Self::Payload | Self::Result | Self::ErrorCause | Self::Outcome => "operation",
            Self::Callback | Self::SagaEvent => "event",
            Self::SagaPayload | Self::StepResult => "saga",
        }
    }
}

impl FromStr for SealedColumn {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let mut all = Self::ALL.into_iter();
        let found = all.find(|column| column.as_str() == name);
        found.ok_or_else(|| format!("no column \"{name}\" is sealed"))
    }
}

/// Where a text stands. What was sealed in one place must not open in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// The domain, as its tables are named.
    pub domain: &'a str,
    /// The column.
    pub column: SealedColumn,
    /// The operation; of a callback, the event, which may name no operation.
    pub op_id: &'a str,
    /// Its kind of command; nothing for a callback.
    pub event_type: &'a str,
    /// In the log, the term of the entry; 0 elsewhere.
    pub fence: u32,
}

/// A text could not be sealed or opened. The message holds nothing of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{column} of {domain} {row} {op_id}, key \"{key_id}\": {problem}", column = column.as_str(), row = column.row())]
pub struct SealError {
    domain: String,
    column: SealedColumn,
    op_id: String,
    key_id: String,
    problem: &'static str,
}

impl SealError {
    /// `problem` with the text at `place` and the key `key_id`.
    #[must_use]
    pub fn new(place: &Place<'_>, key_id: &str, problem: &'static str) -> Self {
        Self {
            domain: place.domain.to_owned(),
            column: place.column,
            op_id: place.op_id.to_owned(),
            // It is what somebody wrote into a row.
            key_id: key_id.chars().take(32).collect(),
            problem,
        }
    }
}

/// Seals the texts of a database that may hold personal data.
pub trait Sealing: fmt::Debug + Send + Sync + 'static {
    /// What is stored in the place of `text`; it begins with [`current_prefix`](Self::current_prefix).
    ///
    /// # Errors
    /// When no text can be sealed now.
    fn seal(&self, place: &Place<'_>, text: &str) -> Result<String, SealError>;

    /// The text that is stored as `stored`. One that was never sealed is returned as it is.
    ///
    /// # Errors
    /// When the key is not there, or what is stored was not sealed for `place`.
    fn open(&self, place: &Place<'_>, stored: String) -> Result<String, SealError>;

    /// The digest that recognises `operation` when it is asked for again. It must not change when keys do.
    fn fingerprint(&self, domain: &str, operation: &NewOperation) -> Fingerprint;

    /// How texts begin that are sealed from now on: [`SEALED`], the id of the key, and a colon.
    fn current_prefix(&self) -> &str;

    /// The ids of all keys that open, the current one first.
    fn key_ids(&self) -> Vec<String>;
}

/// What a part of a [rotation](super::OperationStore::rotate) came to, over operations or over callbacks.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Rotated {
    /// The last row that was looked at; `None` when there was none left.
    pub end: Option<String>,
    /// Texts written again under the current key.
    pub rewritten: usize,
    /// Texts that cannot be opened and were left as they are.
    pub unreadable: usize,
}

/// How many texts are stored under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyUse {
    /// The key's id; `None` for texts that were never sealed.
    pub key_id: Option<String>,
    /// Payloads, results, causes, logged outcomes, and outcomes of callbacks.
    pub texts: u64,
}
