//! Group commit: one writing connection, and everything that waits shares one commit.
//!
//! The committer takes the first waiting transition, adds all others that wait by then, commits them
//! in one transaction at `synchronous=FULL` and acknowledges each only afterwards. It starts at once
//! when idle, so a lone operation waits for nobody.
//!
//! When one member fails, the transaction is rolled back and every member runs again in a transaction
//! of its own: a poisoned one cannot take its neighbours down. Transitions may therefore run twice
//! and must not keep anything from their first run.

#[cfg(feature = "testing")]
mod inline;
mod thread;

use std::sync::Arc;

use rusqlite::Connection;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::fault::{Boundary, Fate, FaultPlan, Step};
use crate::store::{StoreError, StoreErrorKind};

use super::sqlite_error;

#[cfg(feature = "testing")]
pub(super) use self::inline::Inline;
pub(super) use self::thread::Thread;

/// More members than this make the commit itself slow to answer.
const MAX_BATCH: usize = 1024;

/// The queue in front of the writing connection.
#[derive(Debug)]
pub(super) enum Committer {
    /// A thread of its own drains the queue.
    Thread(Thread),
    /// A test drains it, when and in the order it chooses.
    #[cfg(feature = "testing")]
    Inline(Inline),
}

/// One waiting transition.
trait Member: Send {
    /// What it did; nothing when it changed nothing, as an idle look for work does.
    fn step(&self) -> Option<Step>;
    fn run(&mut self, connection: &mut Connection) -> Result<(), StoreError>;
    fn acknowledge(self: Box<Self>, committed: Result<(), StoreError>);
    /// Where its waiter runs.
    fn runtime(&self) -> Option<&Handle>;
}

struct Transition<T, F> {
    step: Option<Step>,
    run: F,
    changed: bool,
    answer: Option<T>,
    waiter: oneshot::Sender<Result<T, StoreError>>,
    runtime: Option<Handle>,
}

impl<T, F> Member for Transition<T, F>
where
    T: Send,
    F: FnMut(&mut Connection) -> Result<T, StoreError> + Send,
{
    fn step(&self) -> Option<Step> {
        self.step.filter(|_| self.changed)
    }

    fn run(&mut self, connection: &mut Connection) -> Result<(), StoreError> {
        let before = connection.total_changes();
        self.answer = Some((self.run)(connection)?);
        self.changed = connection.total_changes() != before;
        Ok(())
    }

    fn acknowledge(self: Box<Self>, committed: Result<(), StoreError>) {
        let Self { answer, waiter, .. } = *self;
        drop(waiter.send(committed.and_then(|()| answer.ok_or_else(closed))));
    }

    fn runtime(&self) -> Option<&Handle> {
        self.runtime.as_ref()
    }
}

impl Committer {
    /// Starts the thread that drains the queue.
    pub(super) fn start(
        connection: Connection,
        faults: Arc<dyn FaultPlan>,
    ) -> Result<Self, StoreError> {
        Thread::start(connection, faults).map(Self::Thread)
    }

    /// Runs `run` in the next shared commit and answers after it is durable.
    pub(super) async fn submit<T, F>(&self, step: Option<Step>, run: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let (waiter, answer) = oneshot::channel();
        let member = Box::new(Transition {
            step,
            run,
            changed: false,
            answer: None,
            waiter,
            runtime: Handle::try_current().ok(),
        });
        match self {
            Self::Thread(thread) => thread.push(member)?,
            #[cfg(feature = "testing")]
            Self::Inline(inline) => inline.push(member),
        }
        answer.await.map_err(|_| closed())?
    }
}

fn closed() -> StoreError {
    StoreError::new(StoreErrorKind::Closed, "commit", "the store is closed")
}

/// Commits the members of `batch` together or, when one of them fails, each by itself, and tells them.
/// After a death nobody is told, and what is left stays in `batch`.
fn commit_shared(
    connection: &mut Connection,
    batch: &mut Vec<Box<dyn Member>>,
    faults: &dyn FaultPlan,
) -> Fate {
    match commit(connection, batch, faults) {
        Committed::Yes => acknowledge(batch),
        Committed::No => {
            let mut members = std::mem::take(batch).into_iter();
            while let Some(member) = members.next() {
                let mut alone = vec![member];
                if let Committed::Dead = commit(connection, &mut alone, faults) {
                    batch.append(&mut alone);
                    batch.extend(members);
                    return Fate::Die;
                }
                acknowledge(&mut alone);
            }
        }
        Committed::Dead => return Fate::Die,
    }
    Fate::Continue
}

enum Committed {
    Yes,
    /// Rolled back. A batch of one was told why; a larger one is still waiting.
    No,
    Dead,
}

/// Tells the waiters. Each that is told from a foreign thread costs that thread a wake-up; a task beside
/// them tells them all for one.
fn acknowledge(batch: &mut Vec<Box<dyn Member>>) {
    let runtime = batch.first().and_then(|member| member.runtime()).cloned();
    let Some(runtime) = runtime.filter(|_| batch.len() > 1) else {
        return tell(batch.drain(..));
    };
    let is_there =
        |theirs: Option<&Handle>| theirs.is_some_and(|theirs| theirs.id() == runtime.id());
    let (there, elsewhere): (Vec<_>, Vec<_>) = batch
        .drain(..)
        .partition(|member| is_there(member.runtime()));
    drop(runtime.spawn(async move { tell(there.into_iter()) }));
    tell(elsewhere.into_iter());
}

fn tell(members: impl Iterator<Item = Box<dyn Member>>) {
    for member in members {
        member.acknowledge(Ok(()));
    }
}

fn commit(
    connection: &mut Connection,
    batch: &mut Vec<Box<dyn Member>>,
    faults: &dyn FaultPlan,
) -> Committed {
    let result = run_all(connection, batch).and_then(|()| {
        if reach_all(batch, faults, Boundary::BeforeCommit) == Fate::Die {
            return Ok(Fate::Die);
        }
        connection
            .execute_batch("COMMIT")
            .map_err(sqlite_error("commit"))?;
        Ok(reach_all(batch, faults, Boundary::AfterCommit))
    });
    match result {
        Ok(Fate::Continue) => Committed::Yes,
        Ok(Fate::Die) => Committed::Dead,
        Err(error) => {
            if !connection.is_autocommit() {
                drop(connection.execute_batch("ROLLBACK"));
            }
            if batch.len() == 1
                && let Some(member) = batch.pop()
            {
                member.acknowledge(Err(error));
            }
            Committed::No
        }
    }
}

fn run_all(connection: &mut Connection, batch: &mut [Box<dyn Member>]) -> Result<(), StoreError> {
    connection
        .execute_batch("BEGIN IMMEDIATE")
        .map_err(sqlite_error("begin"))?;
    for member in batch {
        member.run(connection)?;
    }
    Ok(())
}

/// Names every kind of step in the batch once.
fn reach_all(
    batch: &[Box<dyn Member>],
    faults: &dyn FaultPlan,
    boundary: fn(Step) -> Boundary,
) -> Fate {
    let mut named: Vec<Step> = Vec::new();
    for step in batch.iter().filter_map(|member| member.step()) {
        if named.contains(&step) {
            continue;
        }
        named.push(step);
        if faults.reach(boundary(step)) == Fate::Die {
            return Fate::Die;
        }
    }
    Fate::Continue
}
