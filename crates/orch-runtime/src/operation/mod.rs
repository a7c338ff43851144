//! The lifecycle of one operation: accept, execute, finalize.
//!
//! ```text
//!  accept ─▶ PENDING ──claim──▶ IN_PROGRESS ──Ok──▶ COMPLETED
//!               ▲                   │ Fail ───────▶ FAILED
//!               ├── Retry ──────────┤
//!               └─ not committed ─ UNKNOWN ◀───────┘ no answer
//!                                   └─ committed ▶ COMPLETED | still unknown ▶ PARKED
//! ```
//!
//! [`state`] holds the legal steps, [`retry`] when to try again, [`decision`] what an answer of the
//! provider means for the operation. All three are pure: no clock, no store. [`limits`] has what a step of a saga says
//! in place of a policy.

pub mod answer;
pub mod command;
pub mod decision;
pub mod idempotency;
pub mod limits;
pub mod outcome;
pub mod retry;
pub mod state;
pub mod view;
