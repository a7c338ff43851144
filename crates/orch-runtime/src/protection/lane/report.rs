//! What a process tells a lane, and what the lane answers.

use std::sync::Arc;

use crate::clock::Timestamp;

/// What one process did since it last reported, and what it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneReport {
    /// Name of the process; no two running ones share it.
    pub process: Arc<str>,
    /// Calls that the provider answered.
    pub successes: u32,
    /// Calls without a usable answer.
    pub failures: u32,
    /// First calls of operations.
    pub fresh: u32,
    /// Until when the provider asked to be left alone, by the clock of the process.
    pub pause_until: Option<Timestamp>,
    /// Whether a call waits for what this report asks for.
    pub waiting: bool,
    /// Further calls that are needed from the rate limit.
    pub tokens_wanted: u32,
    /// Calls from the rate limit that were granted and not made.
    pub tokens_returned: u32,
    /// Calls that may be under way at the same time: all that are needed, held ones included.
    pub slots_wanted: u32,
    /// Calls that are under way, or may be before the answer to this report comes.
    pub slots_held: u32,
    /// Further repetitions that are needed.
    pub retries_wanted: u32,
    /// Repetitions that were granted and not made.
    pub retries_returned: u32,
    /// What became of the call that was to find out whether the provider is back, if this process
    /// was given it.
    pub probe: Option<ProbeReport>,
}

impl LaneReport {
    /// A report of a process that did nothing and needs nothing.
    #[must_use]
    pub fn idle(process: Arc<str>) -> Self {
        Self {
            process,
            successes: 0,
            failures: 0,
            fresh: 0,
            pause_until: None,
            waiting: false,
            tokens_wanted: 0,
            tokens_returned: 0,
            slots_wanted: 0,
            slots_held: 0,
            retries_wanted: 0,
            retries_returned: 0,
            probe: None,
        }
    }
}

/// How the call stands that is to find out whether the provider is back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProbeReport {
    /// It is under way.
    Running,
    /// The provider answered.
    Succeeded,
    /// It did not, or asked to be left alone.
    Failed,
}

/// What a process may do until it reports again. All times are by the clock of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaneGrant {
    /// The breaker's state.
    pub state: LaneState,
    /// The provider asked to be left alone until then.
    pub paused_until: Option<Timestamp>,
    /// Further calls from the rate limit.
    pub tokens: u32,
    /// Calls that may be under way at the same time. While more are, no further one may begin.
    pub slots: u32,
    /// Further repetitions.
    pub retries: u32,
    /// When unused tokens and repetitions lapse.
    pub tokens_until: Timestamp,
    /// When slots, the state and the right to a probe lapse unless they are renewed.
    pub lease_until: Timestamp,
    /// Asking for more before this is of no use.
    pub ask_again_at: Timestamp,
}

/// The breaker's state, as one process sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LaneState {
    /// Calls go.
    Closed,
    /// Nothing is sent before `until`.
    Open {
        /// When one call may find out whether the provider is back.
        until: Timestamp,
    },
    /// One call is finding out whether the provider is back.
    HalfOpen {
        /// Whether it is this process that may make it.
        probe: bool,
    },
}

impl LaneState {
    /// The state's name: `closed`, `open` or `half_open`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open { .. } => "open",
            Self::HalfOpen { .. } => "half_open",
        }
    }
}
