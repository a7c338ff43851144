//! A process that stops for ever at a chosen boundary, so that a test can kill it exactly there.

use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::fault::{Boundary, Fate, FaultPlan};

/// Stops the first thread that reaches `boundary`; later ones pass.
#[derive(Debug)]
pub(super) struct StallAt {
    boundary: Boundary,
    reached: AtomicBool,
}

impl StallAt {
    pub(super) fn new(boundary: Boundary) -> Self {
        Self {
            boundary,
            reached: AtomicBool::new(false),
        }
    }
}

impl FaultPlan for StallAt {
    fn reach(&self, boundary: Boundary) -> Fate {
        if boundary == self.boundary && !self.reached.swap(true, Ordering::SeqCst) {
            drop(writeln!(std::io::stderr(), "stalled at {boundary}"));
            loop {
                std::thread::park();
            }
        }
        Fate::Continue
    }
}
