//! What spares a provider, shared by all processes that call it.
//!
//! A *lane* is everything that calls one provider, whatever the process. What a lane may do is one row
//! in the database, the [`LaneRecord`]. A process leases blocks of calls from it through
//! [`LaneStore::sync`] about once per second, and its [`Gate`] hands them out from memory.
//!
//! ```text
//!   try_enter ─▶ Gate ──report──▶ LaneStore::sync ─▶ LaneRecord::sync   (one row, one transaction)
//!   finish ────▶      ◀──apply───      LaneGrant ◀─┘
//! ```
//!
//! **Invariant:** the record decides. A gate reads its own clock only to stop early: what it was lent
//! ends by its clock before it ends in the record, as long as the clocks of the processes are less
//! than five seconds apart.
//!
//! A refusal happens before an operation is claimed: it spends no attempt and writes nothing.
//!
//! **Deliberately absent:** clocks, sleeping and I/O, and the question which answers of a provider are
//! failures. Revoking what was lent: a process that cannot reach the database stops calling when its
//! lease ends, but calls that are under way go on.

pub mod gate;
pub mod lane;
pub mod policy;
pub mod record;
mod window;

pub use self::gate::{CallKind, CallResult, Gate, Permit, Reason, Refused, Room};
pub use self::lane::{LaneGrant, LaneRecord, LaneReport, LaneState, ProbeReport};
pub use self::policy::{BreakerPolicy, PolicyError, ProtectionPolicy, Rate, RetryBudget};
pub use self::record::LaneStore;
