//! The breaker's steps.
//!
//! ```text
//!   Closed ──too many failures──▶ Open ──time passed, a call waits──▶ HalfOpen
//!     ▲                            ▲                                   │    │
//!     │                            └────── the probe failed: longer ───┘    │
//!     └───────────────────────────────── the probe was answered ────────────┘
//! ```

use serde::{Deserialize, Serialize};

use crate::clock::{Timestamp, later};
use crate::protection::policy::BreakerPolicy;

use super::{KEPT, LaneReport, ProbeReport};

/// The breaker's state, as it is kept.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(super) enum Breaker {
    #[default]
    Closed,
    Open {
        #[serde(with = "chrono::serde::ts_milliseconds")]
        until: Timestamp,
        /// Failures in a row: the one that opened it, and those of probes.
        streak: u32,
    },
    HalfOpen {
        probe_holder: String,
        #[serde(with = "chrono::serde::ts_milliseconds")]
        probe_until: Timestamp,
        streak: u32,
    },
}

impl Breaker {
    /// Opens it for the `streak`-th time in a row.
    pub(super) fn open(now: Timestamp, policy: &BreakerPolicy, streak: u32) -> Self {
        Self::Open {
            until: later(now, policy.open_for(streak)),
            streak,
        }
    }

    /// Takes what a process says about the probe, if it holds it.
    pub(super) fn hear(&mut self, now: Timestamp, policy: &BreakerPolicy, report: &LaneReport) {
        let Self::HalfOpen {
            probe_holder,
            probe_until,
            streak,
        } = self
        else {
            return;
        };
        if probe_holder.as_str() != report.process.as_ref() {
            return;
        }
        match report.probe {
            Some(ProbeReport::Succeeded) => *self = Self::Closed,
            Some(ProbeReport::Failed) => *self = Self::open(now, policy, streak.saturating_add(1)),
            Some(ProbeReport::Running) => *probe_until = later(now, KEPT),
            // It did not begin: the right goes back, to be given out anew.
            None => {
                *self = Self::Open {
                    until: now,
                    streak: *streak,
                }
            }
        }
    }

    /// Gives the probe to a process that waits, when it is time and nobody else has it.
    pub(super) fn offer(&mut self, now: Timestamp, report: &LaneReport) {
        let streak = match self {
            Self::Open { until, streak } if *until <= now => *streak,
            Self::HalfOpen {
                probe_until,
                streak,
                ..
            } if *probe_until <= now => *streak,
            Self::Closed | Self::Open { .. } | Self::HalfOpen { .. } => return,
        };
        if report.waiting {
            *self = Self::HalfOpen {
                probe_holder: report.process.as_ref().into(),
                probe_until: later(now, KEPT),
                streak,
            };
        }
    }

    /// Lets nothing last longer than the limits that hold now, whoever wrote it.
    pub(super) fn bound(&mut self, now: Timestamp, policy: &BreakerPolicy) {
        match self {
            Self::Closed => {}
            Self::Open { until, .. } => {
                *until = (*until).min(later(now, policy.open_for_at_most));
            }
            Self::HalfOpen { probe_until, .. } => {
                *probe_until = (*probe_until).min(later(now, KEPT));
            }
        }
    }

    /// Moves all times.
    pub(super) fn shift(&mut self, back: impl Fn(&mut Timestamp)) {
        match self {
            Self::Closed => {}
            Self::Open { until, .. } => back(until),
            Self::HalfOpen { probe_until, .. } => back(probe_until),
        }
    }
}
