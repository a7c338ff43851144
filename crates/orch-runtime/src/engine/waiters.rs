//! Requests that wait for the end of an operation.

use std::collections::HashMap;
use std::sync::Mutex;

use tokio::sync::oneshot;

use crate::ids::OpId;

/// Who waits for what, in this process.
#[derive(Debug, Default)]
pub(super) struct Waiters {
    waiting: Mutex<HashMap<OpId, Vec<oneshot::Sender<()>>>>,
}

impl Waiters {
    /// Ends when the operation has ended, if that happens in this process.
    pub(super) fn register(&self, op_id: &OpId) -> oneshot::Receiver<()> {
        let (waiter, ended) = oneshot::channel();
        let mut waiting = self.lock();
        waiting.retain(|_, waiters| waiters.iter().any(|waiter| !waiter.is_closed()));
        waiting.entry(op_id.clone()).or_default().push(waiter);
        ended
    }

    /// The operation has ended.
    pub(super) fn ended(&self, op_id: &OpId) {
        for waiter in self.lock().remove(op_id).unwrap_or_default() {
            let _ = waiter.send(());
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<OpId, Vec<oneshot::Sender<()>>>> {
        self.waiting
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
