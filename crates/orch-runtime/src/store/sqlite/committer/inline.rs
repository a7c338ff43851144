//! A queue without a thread, on a connection that several simulated processes share.
//!
//! Nothing runs by itself: a test says how many of the waiting transitions form the next batch, and
//! in which order. The batch then takes the same way through the same code as in a program.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use tokio::runtime::Handle;

use crate::fault::{Fate, FaultPlan, Step};
use crate::store::{StoreError, StoreErrorKind};

use super::{Member, commit_shared};

/// What one simulated process wants to write.
pub(in crate::store::sqlite) struct Inline {
    connection: Arc<Mutex<Connection>>,
    faults: Arc<dyn FaultPlan>,
    queue: Mutex<Queue>,
}

/// A transition whose answer is lost.
struct Lost(Box<dyn Member>);

impl Member for Lost {
    fn step(&self) -> Option<Step> {
        self.0.step()
    }

    fn run(&mut self, connection: &mut Connection) -> Result<(), StoreError> {
        self.0.run(connection)
    }

    fn acknowledge(self: Box<Self>, committed: Result<(), StoreError>) {
        let lost = StoreError::new(StoreErrorKind::Unavailable, "commit", "connection lost");
        self.0.acknowledge(committed.and(Err(lost)));
    }

    fn runtime(&self) -> Option<&Handle> {
        self.0.runtime()
    }
}

#[derive(Default)]
struct Queue {
    waiting: Vec<Box<dyn Member>>,
    /// After the death of the process nobody is told anything any more.
    never_answered: Vec<Box<dyn Member>>,
    dead: bool,
}

impl fmt::Debug for Inline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Inline")
    }
}

impl Inline {
    pub(in crate::store::sqlite) fn new(
        connection: Arc<Mutex<Connection>>,
        faults: Arc<dyn FaultPlan>,
    ) -> Self {
        Self {
            connection,
            faults,
            queue: Mutex::default(),
        }
    }

    pub(super) fn push(&self, member: Box<dyn Member>) {
        let mut queue = lock(&self.queue);
        if queue.dead {
            queue.never_answered.push(member);
        } else {
            queue.waiting.push(member);
        }
    }

    /// How many transitions wait.
    pub(in crate::store::sqlite) fn waiting(&self) -> usize {
        lock(&self.queue).waiting.len()
    }

    /// Forms a batch of at most `size` waiting transitions and commits it. `pick` is asked for each
    /// place in the batch which of the given number of transitions takes it, and `loses` whether its answer is
    /// lost.
    pub(in crate::store::sqlite) fn commit(
        &self,
        size: usize,
        pick: &mut dyn FnMut(usize) -> usize,
        loses: &mut dyn FnMut() -> bool,
    ) -> Fate {
        let mut batch = Vec::new();
        let mut queue = lock(&self.queue);
        while batch.len() < size && !queue.waiting.is_empty() {
            let at = pick(queue.waiting.len());
            let member = queue.waiting.remove(at);
            let member = match loses() {
                true => Box::new(Lost(member)),
                false => member,
            };
            batch.push(member);
        }
        drop(queue);
        let mut connection = lock(&self.connection);
        let fate = commit_shared(&mut connection, &mut batch, self.faults.as_ref());
        // The connection of a process that died is closed; the others go on with this one.
        if fate == Fate::Die && !connection.is_autocommit() {
            drop(connection.execute_batch("ROLLBACK"));
        }
        drop(connection);
        if fate == Fate::Die {
            let mut queue = lock(&self.queue);
            queue.dead = true;
            let waiting = std::mem::take(&mut queue.waiting);
            queue.never_answered.extend(batch);
            queue.never_answered.extend(waiting);
        }
        fate
    }

    /// Reads beside what waits.
    pub(in crate::store::sqlite) fn read<T>(&self, read: impl FnOnce(&mut Connection) -> T) -> T {
        read(&mut lock(&self.connection))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
