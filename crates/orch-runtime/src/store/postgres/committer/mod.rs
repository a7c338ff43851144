//! Group commit: a few tasks share what waits into transactions.
//!
//! A committer takes all transitions that wait and writes each kind of each domain with one statement that
//! commits by itself: one round trip. It acknowledges after that. It starts at once when idle, so a lone
//! operation waits for nobody; under load the batch grows while the ones before it are on their way to
//! the disk.
//!
//! When a statement fails, its members are run again one by one: a poisoned transition cannot take its
//! neighbours down. When the connection is lost at the commit, nobody knows what became of it: the part is
//! run again, and every statement here answers as it did the first time.

mod accept;
mod part;
mod queue;
mod settle;

use std::ops::ControlFlow;
use std::sync::Arc;

use sqlx::{Connection as _, SqlStr};
use tokio::sync::oneshot;

use crate::fault::{Boundary, Fate, Step};
use crate::store::{Accepted, Applied, StoreError, StoreErrorKind};

use super::Link;
use super::error::{is_lost, is_rolled_back, postgres_error};

pub(super) use self::accept::{Accept, AcceptSql};
use self::part::parts;
use self::queue::Queue;
pub(super) use self::settle::{Record, Settle, SettleSql};

/// Committers per process. While one waits for the disk, the others collect.
pub(super) const COMMITTERS: usize = 3;
/// More members than this make the commit itself slow to answer.
const MAX_BATCH: usize = 512;
/// How often a batch is run whose transaction was lost or rolled back.
const TRIES: u32 = 3;

/// The queue in front of the committing tasks.
#[derive(Debug)]
pub(super) struct Committer {
    queue: Arc<Queue<Job>>,
    tasks: std::sync::Mutex<tokio::task::JoinSet<()>>,
}

/// A transition that waits to be durable.
#[derive(Debug)]
struct Job {
    work: Work,
    waiter: oneshot::Sender<Result<Answer, StoreError>>,
}

/// What is to be written, with the statements of its domain.
#[derive(Debug)]
pub(super) enum Work {
    /// A new operation.
    Accept(Arc<AcceptSql>, Arc<Accept>),
    /// An answer, and where it leads.
    Settle(Arc<SettleSql>, Box<Settle>),
    /// An answer that is applied later.
    Record(SqlStr, Box<Record>),
}

/// What became of it.
#[derive(Debug)]
pub(super) enum Answer {
    Accepted(Accepted),
    Applied(Applied),
}

impl Committer {
    pub(super) fn start(link: &Link) -> Self {
        let queue = Arc::new(Queue::default());
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..COMMITTERS {
            tasks.spawn(commit_loop(link.clone(), Arc::clone(&queue)));
        }
        Self {
            queue,
            tasks: tasks.into(),
        }
    }

    /// Writes `work` in the next shared commit and answers after it is durable.
    pub(super) async fn submit(&self, work: Work) -> Result<Answer, StoreError> {
        let (waiter, answer) = oneshot::channel();
        self.queue
            .push(Job { work, waiter })
            .map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    /// Commits what waits, then ends.
    pub(super) async fn close(&self) {
        self.queue.close();
        let tasks = {
            let mut tasks = self.tasks.lock();
            let tasks = tasks.as_mut().unwrap_or_else(|poisoned| poisoned.get_mut());
            std::mem::take(&mut **tasks)
        };
        tasks.join_all().await;
    }
}

impl Drop for Committer {
    fn drop(&mut self) {
        self.queue.close();
        let tasks = self.tasks.get_mut();
        tasks
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .detach_all();
    }
}

fn closed() -> StoreError {
    StoreError::new(StoreErrorKind::Closed, "commit", "the store is closed")
}

async fn commit_loop(link: Link, queue: Arc<Queue<Job>>) {
    while let Some(batch) = queue.take(MAX_BATCH).await {
        for part in parts(batch) {
            if commit_part(&link, part).await.is_break() {
                return queue.close();
            }
        }
    }
}

/// Makes a part durable and answers its waiters. Breaks when the process is dead.
async fn commit_part(link: &Link, part: Vec<Job>) -> ControlFlow<()> {
    match commit(link, &part).await {
        Ok(answers) => acknowledge(part, answers),
        Err(Failure::Dead) => return ControlFlow::Break(()),
        Err(Failure::Error(error)) if part.len() == 1 || error.is_retryable() => {
            for job in part {
                drop(job.waiter.send(Err(error.clone())));
            }
        }
        Err(Failure::Error(_)) => {
            for job in part {
                let alone = std::slice::from_ref(&job);
                match commit(link, alone).await {
                    Ok(answers) => acknowledge(vec![job], answers),
                    Err(Failure::Dead) => return ControlFlow::Break(()),
                    Err(Failure::Error(error)) => drop(job.waiter.send(Err(error))),
                }
            }
        }
    }
    ControlFlow::Continue(())
}

fn acknowledge(part: Vec<Job>, answers: Vec<Answer>) {
    for (job, answer) in part.into_iter().zip(answers) {
        drop(job.waiter.send(Ok(answer)));
    }
}

enum Failure {
    /// The fault plan says that the process is dead.
    Dead,
    Error(StoreError),
}

/// Makes a part durable; answers in its order.
async fn commit(link: &Link, part: &[Job]) -> Result<Vec<Answer>, Failure> {
    let mut tries = 1;
    loop {
        match commit_once(link, part).await {
            Ok(Some(answers)) => return Ok(answers),
            Ok(None) => return Err(Failure::Dead),
            Err(error) if tries < TRIES && (is_lost(&error) || is_rolled_back(&error)) => {
                tracing::warn!(%error, tries, "a shared commit is run again");
                tries += 1;
            }
            Err(error) => return Err(Failure::Error(postgres_error("commit")(error))),
        }
    }
}

async fn commit_once(link: &Link, part: &[Job]) -> Result<Option<Vec<Answer>>, sqlx::Error> {
    let dies = |boundary: fn(Step) -> Boundary| {
        let step = part::step(part);
        step.is_some_and(|step| link.faults.reach(boundary(step)) == Fate::Die)
    };
    // Dying before the statement that commits is dying before the commit.
    if dies(Boundary::BeforeCommit) {
        return Ok(None);
    }
    let mut connection = link.committing.acquire().await?;
    let answers = if link.wrapped {
        let mut transaction = connection.begin().await?;
        let answers = part::write(&mut transaction, link, part).await?;
        transaction.commit().await?;
        answers
    } else {
        part::write(&mut connection, link, part).await?
    };
    if dies(Boundary::AfterCommit) {
        return Ok(None);
    }
    Ok(Some(answers))
}
