//! Turns of several sagas in one transaction.
//!
//! A turn that only notes what ended and asks for operations is taken in memory, by whoever learned that
//! something happened, and waits here to be written. A writer takes all that wait and writes them with a few
//! statements and one commit. It starts at once when idle, so that a lone saga waits for nobody; under load
//! the batch grows while the one before it is on its way to the disk.
//!
//! **Invariant:** a saga of a batch whose version is no longer the one that was read is left out before
//! anything of its turn is written, and the others go on without it. When the transaction fails, each turn of
//! it is taken anew in a transaction of its own: a poisoned one cannot take its neighbours down.

mod closed;
mod write;

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::ids::SagaId;
use crate::store::{Database, Lease, Manner};
use crate::unwind::catching;

pub(super) use self::closed::Closed;
pub(super) use self::write::Write;
use self::write::write;

use super::tables::SagaTables;

/// Batches at the same time: while one waits for the disk, the other collects.
const WRITERS: usize = 2;
/// More turns than this make the commit itself slow to answer.
const MAX_BATCH: usize = 256;

/// What became of a turn.
#[derive(Debug)]
pub(super) enum Written {
    /// It is durable, with a lease of each of its operations that was to be leased.
    Yes(Vec<Option<Box<Lease>>>),
    /// The same saga was asked for under this key before.
    Existing(SagaId),
    /// Another one was.
    Mismatch,
    /// Somebody else changed the saga meanwhile, or holds it: nothing was written.
    Conflict,
    /// It has to be taken in a transaction of its own, which says why.
    Alone,
}

/// Turns that wait to be written; clones share them.
#[derive(Debug, Clone)]
pub(super) struct Shared {
    database: Database,
    tables: SagaTables,
    queue: Arc<Mutex<Queue>>,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<(Write, oneshot::Sender<Written>)>,
    writers: usize,
}

impl Shared {
    pub(super) fn new(database: Database, tables: SagaTables) -> Self {
        Self {
            database,
            tables,
            queue: Arc::default(),
        }
    }

    /// Writes a turn in the next shared commit, and answers after it is durable.
    pub(super) async fn write(&self, turn: Write) -> Written {
        let (waiter, written) = oneshot::channel();
        if self.push(turn, waiter) {
            let shared = self.clone();
            tokio::spawn(async move { shared.drain().await });
        }
        written.await.unwrap_or(Written::Alone)
    }

    /// Whether another writer has to begin.
    fn push(&self, turn: Write, waiter: oneshot::Sender<Written>) -> bool {
        let mut queue = self.lock();
        queue.waiting.push_back((turn, waiter));
        let begins = queue.writers < WRITERS;
        queue.writers += usize::from(begins);
        begins
    }

    /// Writes what waits until nothing does.
    async fn drain(&self) {
        while let Some((turns, waiters)) = self.next() {
            let written = catching(self.commit(turns)).await;
            let written = written.unwrap_or_else(|panic| {
                tracing::error!(%panic, "writing turns of sagas broke");
                Vec::new()
            });
            // Who is told nothing takes the turn in a transaction of its own.
            for (waiter, written) in waiters.into_iter().zip(written) {
                drop(waiter.send(written));
            }
        }
    }

    /// What waits, or nothing, and then this writer is none any more. Two turns of one saga cannot both be
    /// written.
    fn next(&self) -> Option<(Vec<Write>, Vec<oneshot::Sender<Written>>)> {
        let mut queue = self.lock();
        let (mut turns, mut waiters) = (Vec::new(), Vec::new());
        let mut sagas = HashSet::new();
        while turns.len() < MAX_BATCH
            && let Some((turn, waiter)) = queue.waiting.pop_front()
        {
            if sagas.insert(turn.saga.id.clone()) {
                turns.push(turn);
                waiters.push(waiter);
            } else {
                drop(waiter.send(Written::Conflict));
            }
        }
        if turns.is_empty() {
            queue.writers -= 1;
            return None;
        }
        Some((turns, waiters))
    }

    /// Makes turns durable; answers in their order.
    async fn commit(&self, turns: Vec<Write>) -> Vec<Written> {
        let (tables, turns) = (self.tables, Arc::new(turns));
        let count = turns.len();
        let database = &self.database;
        let written = database.transaction_as(Manner::GivesUp, move |mut tx| {
            let turns = Arc::clone(&turns);
            Box::pin(async move { write(&mut tx, tables, &turns).await })
        });
        written.await.unwrap_or_else(|error| {
            tracing::warn!(%error, count, "turns of sagas are taken again, each by itself");
            (0..count).map(|_| Written::Alone).collect()
        })
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        // A queue is whole whenever its lock is free.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
