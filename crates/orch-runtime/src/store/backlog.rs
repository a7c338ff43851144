//! What waits in the tables of a domain: the numbers that an operator is shown.

use crate::clock::Timestamp;

/// What one domain has not finished, at one moment. Nothing in it speaks of COMPLETED and FAILED
/// operations.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Backlog {
    /// PENDING operations, due or in backoff.
    pub pending: u64,
    /// IN_PROGRESS operations, also those whose lease has ended.
    pub in_progress: u64,
    /// UNKNOWN operations.
    pub unknown: u64,
    /// PARKED operations.
    pub parked: u64,
    /// Since when the PENDING operation that waits longest is due; `None` when none is due.
    pub due_since: Option<Timestamp>,
    /// Since when the call of an UNKNOWN operation that is longest in doubt is unaccounted for; `None`
    /// when no operation is UNKNOWN.
    pub unknown_since: Option<Timestamp>,
    /// Log entries with an answer that nobody applied yet.
    pub wal_pending: u64,
    /// When the oldest of these entries was begun, which is before its answer came; `None` when there
    /// is none.
    pub wal_pending_since: Option<Timestamp>,
}
