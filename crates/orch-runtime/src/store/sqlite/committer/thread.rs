//! The thread that owns the writing connection while a program runs.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use rusqlite::Connection;

use crate::fault::{Fate, FaultPlan};
use crate::store::{StoreError, StoreErrorKind};

use super::{MAX_BATCH, Member, closed, commit_shared};

/// The queue in front of the writing thread.
#[derive(Debug)]
pub(in crate::store::sqlite) struct Thread {
    queue: Option<Sender<Box<dyn Member>>>,
    thread: Option<JoinHandle<()>>,
}

impl Thread {
    pub(super) fn start(
        connection: Connection,
        faults: Arc<dyn FaultPlan>,
    ) -> Result<Self, StoreError> {
        let (queue, waiting) = channel();
        let thread = std::thread::Builder::new()
            .name("orch-committer".to_owned())
            .spawn(move || commit_loop(connection, &waiting, faults.as_ref()))
            .map_err(|error| StoreError::new(StoreErrorKind::Unavailable, "start", error))?;
        Ok(Self {
            queue: Some(queue),
            thread: Some(thread),
        })
    }

    pub(super) fn push(&self, member: Box<dyn Member>) -> Result<(), StoreError> {
        let queue = self.queue.as_ref().ok_or_else(closed)?;
        queue.send(member).map_err(|_| closed())
    }
}

impl Drop for Thread {
    /// Commits what waits, then ends the thread.
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != std::thread::current().id()
        {
            drop(thread.join());
        }
    }
}

fn commit_loop(
    mut connection: Connection,
    waiting: &Receiver<Box<dyn Member>>,
    faults: &dyn FaultPlan,
) {
    let mut batch = Vec::with_capacity(MAX_BATCH);
    while let Ok(first) = waiting.recv() {
        batch.push(first);
        while batch.len() < MAX_BATCH
            && let Ok(member) = waiting.try_recv()
        {
            batch.push(member);
        }
        if commit_shared(&mut connection, &mut batch, faults) == Fate::Die {
            return;
        }
        batch.clear();
    }
}
