//! What was executed: how often, and when.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use tokio::sync::Notify;

/// One slot for each operation.
#[derive(Debug)]
pub(crate) struct Ledger(Vec<Slot>);

#[derive(Debug, Default)]
struct Slot {
    executions: AtomicU32,
    at: OnceLock<Instant>,
    executed: Notify,
}

impl Ledger {
    pub(crate) fn new(operations: usize) -> Self {
        Self((0..operations).map(|_| Slot::default()).collect())
    }

    /// The work itself, which is nothing but this note.
    pub(crate) fn execute(&self, number: usize) {
        if let Some(slot) = self.0.get(number) {
            slot.executions.fetch_add(1, Ordering::Relaxed);
            slot.at.get_or_init(Instant::now);
            slot.executed.notify_one();
        }
    }

    /// Waits until `number` was executed, and answers when that was.
    pub(crate) async fn executed(&self, number: usize) -> Result<Instant> {
        let slot = self.0.get(number).context("no such operation")?;
        loop {
            if let Some(at) = slot.at.get() {
                return Ok(*at);
            }
            slot.executed.notified().await;
        }
    }

    /// Every operation was executed, and none twice.
    pub(crate) fn check(&self) -> Result<()> {
        for (number, slot) in self.0.iter().enumerate() {
            let times = slot.executions.load(Ordering::Relaxed);
            ensure!(times == 1, "operation {number} was executed {times} times");
        }
        Ok(())
    }
}
