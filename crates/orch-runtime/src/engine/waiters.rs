//! Requests that wait for the end of an operation.

use std::collections::HashMap;
use std::sync::Mutex;

use tokio::sync::oneshot;

use crate::ids::OpId;

/// Who waits for what, in this process.
#[derive(Debug, Default)]
pub(super) struct Waiters {
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    by_operation: HashMap<OpId, Vec<oneshot::Sender<()>>>,
    /// At this number of operations, those for which nobody waits any more are taken out.
    swept_at: usize,
}

/// Operations among which it is not worth while to look for those for which nobody waits.
const FEW: usize = 64;

impl Waiters {
    /// Ends when the operation has ended, if that happens in this process.
    pub(super) fn register(&self, op_id: &OpId) -> oneshot::Receiver<()> {
        let (waiter, ended) = oneshot::channel();
        let mut waiting = self.lock();
        waiting.sweep();
        let waiters = waiting.by_operation.entry(op_id.clone()).or_default();
        waiters.retain(|waiter| !waiter.is_closed());
        waiters.push(waiter);
        ended
    }

    /// The operation has ended.
    pub(super) fn ended(&self, op_id: &OpId) {
        let waiters = self.lock().by_operation.remove(op_id);
        for waiter in waiters.unwrap_or_default() {
            let _ = waiter.send(());
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.waiting
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Waiting {
    /// Takes out what nobody waits for, when as much again has come as was left the last time.
    fn sweep(&mut self) {
        if self.by_operation.len() < self.swept_at.max(FEW) {
            return;
        }
        self.by_operation
            .retain(|_, waiters| waiters.iter().any(|waiter| !waiter.is_closed()));
        self.swept_at = 2 * self.by_operation.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn op(number: usize) -> OpId {
        OpId::new(format!("op-{number}")).unwrap()
    }

    #[test]
    fn whoever_waits_is_told_and_whoever_left_takes_no_room() {
        let waiters = Waiters::default();
        let mut waits = waiters.register(&op(0));
        for number in 1..10_000 {
            drop(waiters.register(&op(number)));
        }
        assert!(waiters.lock().by_operation.len() <= 2 * FEW);
        assert!(waits.try_recv().is_err());
        waiters.ended(&op(0));
        assert_eq!(waits.try_recv(), Ok(()));
    }
}
