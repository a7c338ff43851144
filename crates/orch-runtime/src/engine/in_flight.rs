//! The calls that run in this process, for heartbeats and live progress.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::ids::{Fence, OpId};
use crate::operation::view::Progress;
use crate::store::{Beat, Lease};

use super::report::Report;

/// Running calls by operation.
#[derive(Debug, Default)]
pub(super) struct InFlight {
    calls: Mutex<HashMap<OpId, (Fence, Arc<Report>)>>,
}

impl InFlight {
    /// Notes that a call begins; it is forgotten when the answer is dropped.
    pub(super) fn begin(self: &Arc<Self>, lease: &Lease) -> Running {
        let report = Arc::new(Report::default());
        let entry = (lease.fence, Arc::clone(&report));
        self.lock().insert(lease.op_id().clone(), entry);
        Running {
            calls: Arc::clone(self),
            op_id: lease.op_id().clone(),
            fence: lease.fence,
            report,
        }
    }

    /// What the next heartbeat says.
    pub(super) fn beats(&self) -> Vec<Beat> {
        let beat = |(op_id, (fence, report)): (&OpId, &(Fence, Arc<Report>))| Beat {
            op_id: op_id.clone(),
            fence: *fence,
            progress: report.progress(),
        };
        self.lock().iter().map(beat).collect()
    }

    /// How far the call for `op_id` has come, where it runs in this process and says so.
    pub(super) fn progress(&self, op_id: &OpId) -> Option<Progress> {
        self.lock()
            .get(op_id)
            .and_then(|(_, report)| report.progress())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<OpId, (Fence, Arc<Report>)>> {
        self.calls
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// One running call.
#[derive(Debug)]
pub(super) struct Running {
    calls: Arc<InFlight>,
    op_id: OpId,
    fence: Fence,
    pub(super) report: Arc<Report>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut calls = self.calls.lock();
        if calls
            .get(&self.op_id)
            .is_some_and(|(fence, _)| *fence == self.fence)
        {
            calls.remove(&self.op_id);
        }
    }
}
