//! What waits for a commit.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// A queue from which a taker gets everything at once.
#[derive(Debug)]
pub(super) struct Queue<T> {
    waiting: Mutex<Waiting<T>>,
    ready: Notify,
}

#[derive(Debug)]
struct Waiting<T> {
    items: VecDeque<T>,
    is_closed: bool,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self {
            waiting: Mutex::new(Waiting {
                items: VecDeque::new(),
                is_closed: false,
            }),
            ready: Notify::new(),
        }
    }
}

impl<T> Queue<T> {
    /// Adds `item`, or gives it back when the queue is closed.
    pub(super) fn push(&self, item: T) -> Result<(), T> {
        let mut waiting = self.lock();
        if waiting.is_closed {
            return Err(item);
        }
        waiting.items.push_back(item);
        drop(waiting);
        self.ready.notify_one();
        Ok(())
    }

    /// Waits for items and takes up to `most` of them; `None` when the queue is closed and empty.
    pub(super) async fn take(&self, most: usize) -> Option<Vec<T>> {
        loop {
            let ready = self.ready.notified();
            {
                let mut waiting = self.lock();
                let most = most.min(waiting.items.len());
                if most > 0 {
                    let taken = waiting.items.drain(..most).collect();
                    if !waiting.items.is_empty() || waiting.is_closed {
                        self.ready.notify_one();
                    }
                    return Some(taken);
                }
                if waiting.is_closed {
                    // The next taker has to see it too.
                    self.ready.notify_one();
                    return None;
                }
            }
            ready.await;
        }
    }

    /// Refuses further items; those that wait are still handed out.
    pub(super) fn close(&self) {
        self.lock().is_closed = true;
        self.ready.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting<T>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
