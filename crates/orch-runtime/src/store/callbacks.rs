//! The inbox: what providers reported by themselves, until it is matched with an operation, and
//! afterwards as evidence.
//!
//! ```text
//!  receive ─▶ RECEIVED ──┬─▶ APPLIED    it ended its operation
//!                        ├─▶ CONFIRMED  the operation had ended in the same way
//!                        ├─▶ CONFLICT   the operation had ended in the opposite way
//!                        ├─▶ UNMATCHED  no operation came for it
//!                        └─▶ CORRUPT    it cannot be read
//! ```
//!
//! **Invariant:** a callback leaves RECEIVED only after its operation has ended, or by the passing of
//! time. Only what was settled long ago is deleted, and what cannot be read never is: a second delivery
//! of an event finds the first. One that comes later still is judged anew by how its operation ended,
//! and changes nothing.
//!
//! With a cipher, what the provider said is stored sealed. The names of event and operation, the
//! provider's reference and the kind of the outcome stay in clear: callbacks are matched by them.

use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;

use crate::clock::Timestamp;
use crate::ids::{EventId, OpId};
use crate::operation::outcome::Outcome;
use crate::operation::state::OperationState;

use super::{Lease, Rotated, StoreError, Term};

/// What became of a callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallbackState {
    /// It waits: for its operation, or for the answer of a call that is under way.
    Received,
    /// It ended its operation.
    Applied,
    /// Its operation had ended in the same way already.
    Confirmed,
    /// Its operation had ended in the opposite way. It changed nothing and is evidence.
    Conflict,
    /// No operation came for it in time.
    Unmatched,
    /// It could not be read. Set aside for a person.
    Corrupt,
}

impl CallbackState {
    /// Every state.
    pub const ALL: [Self; 6] = [
        Self::Received,
        Self::Applied,
        Self::Confirmed,
        Self::Conflict,
        Self::Unmatched,
        Self::Corrupt,
    ];

    /// The name in tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Received => "RECEIVED",
            Self::Applied => "APPLIED",
            Self::Confirmed => "CONFIRMED",
            Self::Conflict => "CONFLICT",
            Self::Unmatched => "UNMATCHED",
            Self::Corrupt => "CORRUPT",
        }
    }
}

impl fmt::Display for CallbackState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no state of a callback.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown callback state \"{0}\"")]
pub struct UnknownCallbackState(String);

impl FromStr for CallbackState {
    type Err = UnknownCallbackState;

    fn from_str(text: &str) -> Result<Self, UnknownCallbackState> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| UnknownCallbackState(text.to_owned()))
    }
}

/// A callback to be kept.
#[derive(Debug, Clone, PartialEq)]
pub struct NewCallback {
    /// The provider's name for the event.
    pub event_id: EventId,
    /// The operation that it says it is about.
    pub op_id: Option<OpId>,
    /// The provider's name for what it did.
    pub provider_ref: Option<String>,
    /// [`Outcome::Ok`] or [`Outcome::Fail`].
    pub outcome: Outcome,
    /// Now.
    pub received_at: Timestamp,
}

/// What became of a request to keep a callback.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// It is kept.
    New,
    /// The event had been delivered before. Nothing changed.
    Duplicate,
}

/// Which waiting callbacks are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Waiting {
    /// All, oldest first, beginning behind this place.
    Behind(Option<InboxPosition>),
    /// This one.
    Event(EventId),
    /// Those about this operation.
    Of(OpId),
}

/// Who tells something about an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Teller {
    /// The provider: about what is UNKNOWN, PARKED but readable, or PENDING after a call.
    Provider,
    /// A person: about what is PARKED.
    Person,
}

/// A place in the inbox, in the order of arrival.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxPosition {
    /// When the callback arrived.
    pub received_at: Timestamp,
    /// The event's name, as it is stored.
    pub event_id: String,
}

/// A callback that waits.
#[derive(Debug, Clone, PartialEq)]
pub struct WaitingCallback {
    /// Where it stands.
    pub position: InboxPosition,
    /// What it says, or why that cannot be read.
    pub outcome: Result<Outcome, String>,
    /// The operation it is about and where that stands. `None`: there is none yet, or several have the
    /// same provider's reference.
    pub target: Option<(OpId, OperationState)>,
}

/// The inbox of one domain. Its table comes with the migration for callbacks; a domain without that
/// calls nothing of this but `rotate_callbacks`.
///
/// # Contract
///
/// - `receive_callback` keeps an event once, whatever arrives at the same time;
/// - `claim_told` takes no operation whose call is under way, that was never sent, or that has ended;
/// - `mark_callback` settles a callback once;
/// - `purge_callbacks` deletes nothing that waits, or that could not be read;
/// - each method is durable when it returns.
#[async_trait]
pub trait CallbackInbox: Send + Sync + 'static {
    /// Keeps a callback, before its receipt is confirmed to the provider.
    async fn receive_callback(&self, callback: NewCallback) -> Result<Received, StoreError>;

    /// Up to `limit` callbacks that wait, oldest first, each with its operation.
    async fn waiting_callbacks(
        &self,
        which: Waiting,
        limit: u32,
    ) -> Result<Vec<WaitingCallback>, StoreError>;

    /// Leases an operation about which `teller` has told something. It is UNKNOWN then, and whoever had
    /// its last term writes no more. `None` when it does not stand where `teller` is heard, when a
    /// recorded answer waits to be applied, or when its kind is not in `event_types`.
    async fn claim_told(
        &self,
        now: Timestamp,
        term: Term,
        op_id: &OpId,
        event_types: &[&'static str],
        teller: Teller,
    ) -> Result<Option<Lease>, StoreError>;

    /// Says what became of a waiting callback, and which operation it was about; whether it still
    /// waited.
    async fn mark_callback(
        &self,
        now: Timestamp,
        event_id: &str,
        state: CallbackState,
        target: Option<&OpId>,
    ) -> Result<bool, StoreError>;

    /// Deletes up to `limit` callbacks that were settled before `before`, but none that is CORRUPT; says
    /// how many.
    async fn purge_callbacks(&self, before: Timestamp, limit: u32) -> Result<usize, StoreError>;

    /// As [`rotate`](super::OperationStore::rotate), for up to `limit` callbacks by name behind `after`.
    /// A domain without the table has none.
    async fn rotate_callbacks(
        &self,
        after: Option<String>,
        limit: u32,
    ) -> Result<Rotated, StoreError>;
}
