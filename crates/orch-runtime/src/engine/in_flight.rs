//! The calls that run in this process, for heartbeats and live progress.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::ids::{Fence, OpId};
use crate::operation::view::Progress;
use crate::store::{Beat, Lease};

use super::progress::ProgressCell;

/// Running calls by operation.
#[derive(Debug, Default)]
pub(super) struct InFlight {
    calls: Mutex<HashMap<OpId, (Fence, Arc<ProgressCell>)>>,
}

impl InFlight {
    /// Notes that a call begins; it is forgotten when the answer is dropped.
    pub(super) fn begin(self: &Arc<Self>, lease: &Lease) -> Running {
        let progress = Arc::new(ProgressCell::default());
        let entry = (lease.fence, Arc::clone(&progress));
        self.lock().insert(lease.op_id().clone(), entry);
        Running {
            calls: Arc::clone(self),
            op_id: lease.op_id().clone(),
            fence: lease.fence,
            progress,
        }
    }

    /// What the next heartbeat says.
    pub(super) fn beats(&self) -> Vec<Beat> {
        let beat = |(op_id, (fence, progress)): (&OpId, &(Fence, Arc<ProgressCell>))| Beat {
            op_id: op_id.clone(),
            fence: *fence,
            progress: progress.get(),
        };
        self.lock().iter().map(beat).collect()
    }

    /// How far the call for `op_id` has come, where it runs in this process and says so.
    pub(super) fn progress(&self, op_id: &OpId) -> Option<Progress> {
        self.lock()
            .get(op_id)
            .and_then(|(_, progress)| progress.get())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<OpId, (Fence, Arc<ProgressCell>)>> {
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
    pub(super) progress: Arc<ProgressCell>,
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
