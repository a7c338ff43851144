//! The durable record of operations and of their write-ahead log.
//!
//! **Invariant:** the store decides who owns an operation. Every write after a claim carries the fence
//! of that claim and changes nothing when a newer one exists.
//!
//! **Deliberately absent:** clocks, ids and retry rules. `now`, names and
//! [`Settlement`]s are handed in.

mod backlog;
pub mod callbacks;
mod database;
pub mod hook;
mod migration;
#[cfg(feature = "postgres")]
pub mod postgres;
mod sealer;
mod sealing;
mod settled;
#[cfg(feature = "sqlite")]
pub mod sqlite;
mod statistics;

use std::sync::Arc;

use async_trait::async_trait;

use crate::clock::Timestamp;
use crate::ids::{BizKey, Fence, IdemKey, OpId, OwnerId, SagaId};
use crate::operation::command::Fingerprint;
use crate::operation::decision::{Facts, Settlement};
use crate::operation::outcome::Outcome;
use crate::operation::state::OperationState;
use crate::operation::view::{HistoryEntry, OperationView, Progress};
use crate::trace::TraceParent;
use crate::value::{Column, Row, Value};

pub use self::backlog::Backlog;
pub(crate) use self::database::Manner;
pub use self::database::{Database, StoreKind, TransactionError};
pub use self::migration::Migration;
pub use self::sealing::{KeyUse, Place, Rotated, SEALED, SealError, SealedColumn, Sealing};
pub use self::statistics::{DatabaseStatistics, SlowQueries, SlowQuery, TableStatistics};

use self::callbacks::CallbackInbox;
use self::hook::{Hook, HookTx};

/// The tables of one domain.
#[derive(Debug, Clone, Copy)]
pub struct Tables {
    /// The domain in `snake_case`: `payment` has `payment_operations` and `payment_write_ahead_logs`.
    pub domain: &'static str,
    /// Typed columns of all commands of the domain.
    pub columns: &'static [&'static str],
}

/// A column's name in a statement: it may be a word of SQL, such as `to`.
pub(crate) fn quoted(column: &str) -> String {
    format!("\"{column}\"")
}

/// An operation to be recorded.
#[derive(Debug, Clone)]
pub struct NewOperation {
    /// Its name.
    pub op_id: OpId,
    /// Whose it is.
    pub owner_id: OwnerId,
    /// The client's name for the request.
    pub idem_key: IdemKey,
    /// What it is about.
    pub biz_key: BizKey,
    /// The kind of command.
    pub event_type: &'static str,
    /// Digest of the command.
    pub fingerprint: Fingerprint,
    /// The command, serialised.
    pub payload: String,
    /// The command's typed columns.
    pub columns: Vec<Column>,
    /// Now.
    pub accepted_at: Timestamp,
    /// When no further attempt may begin.
    pub deadline_at: Timestamp,
    /// Where its trace goes on, if it belongs to one.
    pub trace_parent: Option<TraceParent>,
}

impl NewOperation {
    /// The lease of an operation that is claimed in the commit that records it.
    fn first_lease(&self, expires_at: Timestamp) -> Lease {
        Lease {
            expires_at,
            owner_id: self.owner_id.clone(),
            event_type: self.event_type.to_owned(),
            payload: self.payload.clone(),
            fence: Fence(1),
            facts: Facts {
                op_id: self.op_id.clone(),
                attempts: 1,
                interruptions: 0,
                probes: 0,
                unaccounted_at: None,
                first_sent_at: Some(self.accepted_at),
                deadline_at: self.deadline_at,
            },
            trace_parent: self.trace_parent,
            saga_key: SagaId::of_key(&self.idem_key).map(|_| self.idem_key.clone()),
            redacted: None,
        }
    }
}

/// A stored place in a trace. One that cannot be read is none: no operation waits for its trace.
fn trace_parent(stored: Option<String>) -> Option<TraceParent> {
    TraceParent::parse(&stored?)
}

/// A stored key, if it is one of a saga. All other keys are of no use behind a claim.
fn saga_key(stored: Option<String>) -> Option<IdemKey> {
    let key = IdemKey::new(stored?).ok()?;
    SagaId::of_key(&key).map(|_| key)
}

/// For whom, and until when, operations are leased.
#[derive(Debug, Clone)]
pub struct Term {
    /// Name of the process, for people who look at the table.
    pub worker: Arc<str>,
    /// End of the lease (the visibility timeout).
    pub expires_at: Timestamp,
}

/// Which operations are to be leased, and to whom.
#[derive(Debug, Clone)]
pub struct Claim {
    /// For whom, and until when.
    pub term: Term,
    /// Only these kinds of command.
    pub event_types: Arc<[&'static str]>,
    /// Only PENDING operations that are due at this time or later.
    pub due_from: Timestamp,
    /// At most so many.
    pub limit: u32,
    /// Only those that were attempted before, or only those that were not; all when `None`. An UNKNOWN
    /// operation counts as neither.
    pub repeats: Option<bool>,
}

/// The right to work on one operation.
#[derive(Debug, Clone)]
pub struct Lease {
    /// Whose operation it is.
    pub owner_id: OwnerId,
    /// The kind of command.
    pub event_type: String,
    /// The command, serialised.
    pub payload: String,
    /// The number of this term.
    pub fence: Fence,
    /// When it ends, unless it is extended.
    pub expires_at: Timestamp,
    /// What is known of the operation.
    pub facts: Facts,
    /// Where the operation's trace goes on, if it belongs to one.
    pub trace_parent: Option<TraceParent>,
    /// The operation's key, where it is one of a saga.
    pub saga_key: Option<IdemKey>,
    /// The command without its secrets, if it has any: takes the payload's place when the operation
    /// has ended.
    pub redacted: Option<String>,
}

impl Lease {
    /// The operation's name.
    #[must_use]
    pub fn op_id(&self) -> &OpId {
        &self.facts.op_id
    }
}

/// A command as it is stored: without its secrets when its operation has ended.
#[derive(Debug, Clone)]
pub struct StoredCommand {
    /// Whose operation it is.
    pub owner_id: OwnerId,
    /// The client's name for the request.
    pub idem_key: IdemKey,
    /// The kind of command.
    pub event_type: String,
    /// The command, serialised.
    pub payload: String,
    /// Where the operation stands.
    pub state: OperationState,
}

/// What became of a request to record an operation.
#[derive(Debug)]
pub enum Accepted {
    /// It is recorded; with a lease when one was asked for.
    New(Option<Box<Lease>>),
    /// The same command under the same key was recorded before.
    Existing(OpId),
    /// The key was used for another command. Nothing changed.
    Mismatch,
}

/// Whether a fenced write was applied.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// It was.
    Yes,
    /// A newer term owns the operation, or it has ended: the answer was kept as evidence only.
    Stale,
}

/// What became of a finalize with a hook.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finalized {
    /// Outcome and hook are committed together.
    Applied,
    /// A newer term owns the operation.
    Stale,
    /// The hook refused; the outcome stays in the log and will be tried again.
    HookFailed(String),
}

/// An outcome that is in the log and waits to be applied.
#[derive(Debug)]
pub struct PendingOutcome {
    /// Where it stands.
    pub position: LogPosition,
    /// The number of the term that got the answer.
    pub fence: Fence,
    /// That term and the answer, or why they cannot be read.
    pub content: Result<(Lease, Outcome), String>,
}

/// A place in the log, in the order in which its entries were begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPosition {
    /// When the entry was begun.
    pub created_at: Timestamp,
    /// The operation's name, as it is stored.
    pub op_id: String,
}

/// A still running attempt, as a heartbeat reports it.
#[derive(Debug, Clone)]
pub struct Beat {
    /// The operation.
    pub op_id: OpId,
    /// The attempt's term.
    pub fence: Fence,
    /// How far it has come.
    pub progress: Option<Progress>,
}

/// The record of one domain's operations.
///
/// # Contract
///
/// Every implementation passes the conformance suite, which checks that:
/// - `accept` under a known key answers the first operation; the first write wins, also among
///   concurrent ones; another command under the key changes nothing;
/// - `claim` gives an operation to one holder until its lease expires;
/// - every write with an older fence changes nothing but the log's evidence;
/// - an outcome that was recorded stays until it was applied, whatever the hook does;
/// - an operation whose row cannot be read is parked and holds up no other;
/// - each method is durable when it returns.
#[async_trait]
pub trait OperationStore: CallbackInbox {
    /// Records the operation; with `term`, leases it in the same commit. Nothing may be sent to the
    /// provider before this returns.
    async fn accept(
        &self,
        operation: NewOperation,
        term: Option<Term>,
    ) -> Result<Accepted, StoreError>;

    /// Records the operation in the transaction `tx`; with `term`, leases it there, too. It exists when `tx`
    /// is committed.
    ///
    /// # Errors
    /// When `tx` belongs to another database, or a statement fails; `tx` can only be rolled back then.
    async fn accept_in(
        &self,
        tx: &mut HookTx<'_>,
        operation: NewOperation,
        term: Option<Term>,
    ) -> Result<Accepted, StoreError>;

    /// Records several operations in the transaction `tx`, each as [`accept_in`](Self::accept_in) does, and
    /// answers in their order.
    ///
    /// # Errors
    /// As [`accept_in`](Self::accept_in).
    async fn accept_all_in(
        &self,
        tx: &mut HookTx<'_>,
        operations: Vec<(NewOperation, Option<Term>)>,
    ) -> Result<Vec<Accepted>, StoreError> {
        let mut accepted = Vec::with_capacity(operations.len());
        for (operation, term) in operations {
            accepted.push(self.accept_in(tx, operation, term).await?);
        }
        Ok(accepted)
    }

    /// Leases PENDING operations that are due, oldest first, and writes the intent of each.
    async fn claim(&self, now: Timestamp, claim: Claim) -> Result<Vec<Lease>, StoreError>;

    /// Leases UNKNOWN operations whose question to the provider is due, oldest first.
    async fn claim_unknown(&self, now: Timestamp, claim: Claim) -> Result<Vec<Lease>, StoreError>;

    /// Extends the leases of running attempts to `expires_at`. Lost ones are left alone.
    async fn heartbeat(&self, beats: Vec<Beat>, expires_at: Timestamp) -> Result<(), StoreError>;

    /// Writes an answer to the log and applies it, in one commit.
    async fn settle(
        &self,
        now: Timestamp,
        lease: &Lease,
        outcome: &Outcome,
        settlement: Settlement,
    ) -> Result<Applied, StoreError>;

    /// Writes an answer to the log, to be applied by [`finalize`](Self::finalize).
    async fn record(
        &self,
        now: Timestamp,
        lease: &Lease,
        outcome: &Outcome,
    ) -> Result<Applied, StoreError>;

    /// Applies a recorded answer together with what `hook` writes.
    async fn finalize(
        &self,
        now: Timestamp,
        lease: &Lease,
        settlement: Settlement,
        hook: Hook,
    ) -> Result<Finalized, StoreError>;

    /// Recorded answers from before `before` that nobody applied yet, oldest first, beginning behind
    /// `after`.
    async fn pending_outcomes(
        &self,
        before: Timestamp,
        after: Option<LogPosition>,
        limit: u32,
    ) -> Result<Vec<PendingOutcome>, StoreError>;

    /// Sets a log entry that cannot be read aside, so that it blocks nothing and is not lost.
    async fn set_aside(&self, op_id: &str, fence: Fence) -> Result<(), StoreError>;

    /// Takes up to `limit` operations from workers whose lease has expired: they become UNKNOWN, and
    /// the attempt is charged to the interruptions.
    async fn reap(&self, now: Timestamp, limit: u32) -> Result<Vec<OpId>, StoreError>;

    /// When the earliest PENDING operation is due that is due at `from` or later.
    async fn next_due(&self, from: Timestamp) -> Result<Option<Timestamp>, StoreError>;

    /// When, after `after`, the earliest lease of an attempt ends or the earliest question to the provider
    /// is due.
    async fn next_expiry(&self, after: Timestamp) -> Result<Option<Timestamp>, StoreError>;

    /// Deletes up to `limit` applied log entries from before `before`, of operations that have ended;
    /// says how many.
    async fn purge(&self, before: Timestamp, limit: u32) -> Result<usize, StoreError>;

    /// Writes the sealed texts of up to `limit` operations, by name behind `after`, again under the current
    /// key, where they are under another one or under none. A text that changes meanwhile is left alone.
    /// Whoever goes on from [`Rotated::end`] until it is `None` has seen every operation. What callbacks
    /// say is seen by [`rotate_callbacks`](CallbackInbox::rotate_callbacks).
    async fn rotate(&self, after: Option<String>, limit: u32) -> Result<Rotated, StoreError>;

    /// How many texts are stored under which key, those of callbacks among them where the domain has their
    /// table. It reads whole tables.
    async fn keys_in_use(&self) -> Result<Vec<KeyUse>, StoreError>;

    /// The ids of the keys of this process, the current one first; none when it does not seal.
    fn key_ids(&self) -> Vec<String>;

    /// The operation, if there is one of that name.
    async fn find(&self, op_id: &OpId) -> Result<Option<OperationView>, StoreError>;

    /// The command of an operation, if there is one of that name.
    async fn command(&self, op_id: &OpId) -> Result<Option<StoredCommand>, StoreError>;

    /// Its attempts and probes, oldest first.
    async fn history(&self, op_id: &OpId) -> Result<Vec<HistoryEntry>, StoreError>;

    /// How many operations are in each state.
    async fn count_by_state(&self) -> Result<Vec<(OperationState, u64)>, StoreError>;

    /// What waits at `now`, read in one snapshot: the numbers of [`Backlog`], over operations of every
    /// kind. An operation is due when its `next_attempt_at` is not after `now`; nothing else depends on
    /// `now`. An UNKNOWN operation is in doubt since its `unaccounted_at`, or since its last change when
    /// it has none. Log entries that were set aside, and late answers, do not wait and do not count.
    ///
    /// It is asked every few seconds for ever, so it must not read operations that have ended: each
    /// number is read from an index that begins with the state.
    async fn backlog(&self, now: Timestamp) -> Result<Backlog, StoreError>;

    /// Runs a reading statement.
    async fn query(&self, sql: String, params: Vec<Value>) -> Result<Vec<Row>, StoreError>;

    /// Tells other processes that due work was left for them. It may be lost.
    fn hint(&self) {}

    /// Ends when another process left due work.
    async fn hinted(&self) {
        std::future::pending().await
    }

    /// Whether [`hinted`](Self::hinted) ever ends, so that this process need not look often.
    fn has_hints(&self) -> bool {
        false
    }
}

/// What kind of trouble the database is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// Somebody else holds a lock for too long.
    Busy,
    /// It cannot be reached, opened or written (full disk, read-only file, closed store).
    Unavailable,
    /// The file or a row is damaged.
    Corrupt,
    /// The schema is missing, older or newer than the program.
    Schema,
    /// The statement is wrong.
    Statement,
    /// The store was closed; this handle will never work again.
    Closed,
}

/// The database could not do what it was asked to.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{operation} failed: {source}")]
pub struct StoreError {
    kind: StoreErrorKind,
    operation: &'static str,
    source: Arc<dyn std::error::Error + Send + Sync>,
}

impl StoreError {
    pub(crate) fn new(
        kind: StoreErrorKind,
        operation: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self {
            kind,
            operation,
            source: Arc::from(source.into()),
        }
    }

    /// A transaction was handed to a store of another kind.
    pub(crate) fn foreign_transaction() -> Self {
        let problem = "the transaction belongs to another kind of database";
        Self::new(StoreErrorKind::Statement, "accept", problem)
    }

    /// What kind of trouble it is.
    #[must_use]
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    /// The one place that decides whether the runtime may try again.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self.kind {
            StoreErrorKind::Busy | StoreErrorKind::Unavailable => true,
            StoreErrorKind::Corrupt
            | StoreErrorKind::Schema
            | StoreErrorKind::Statement
            | StoreErrorKind::Closed => false,
        }
    }
}
