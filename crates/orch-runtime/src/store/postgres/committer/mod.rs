//! Group commit: a few tasks share what waits into transactions.
//!
//! A committer takes all transitions that wait, writes each kind of each domain with one statement, and
//! acknowledges after the commit. It starts at once when idle, so a lone operation waits for nobody;
//! under load the batch grows while the ones before it are on their way to the disk.
//!
//! When a statement fails, its neighbours are run again without it: a poisoned transition cannot take
//! them down. When the connection is lost at the commit, nobody knows what became of it: the batch is run
//! again, and every statement here answers as it did the first time.

mod accept;
mod group;
mod queue;
mod settle;

use std::sync::Arc;

use sqlx::{Connection as _, SqlStr};
use tokio::sync::oneshot;

use crate::fault::{Boundary, Fate, Step};
use crate::store::{Accepted, Applied, StoreError, StoreErrorKind};

use super::Link;
use super::error::{is_lost, is_rolled_back, postgres_error};

pub(super) use self::accept::{Accept, AcceptSql};
use self::group::Group;
use self::queue::Queue;
pub(super) use self::settle::{Record, Settle};

/// Committers per process. While one waits for the disk, the others collect.
const COMMITTERS: usize = 3;
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
    Settle(SqlStr, Arc<Settle>),
    /// An answer that is applied later.
    Record(SqlStr, Arc<Record>),
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
        match commit(&link, &batch).await {
            Ok(answers) => acknowledge(batch, answers),
            Err(Failure::Dead) => {
                queue.close();
                return;
            }
            Err(Failure::Error(error)) if batch.len() == 1 || error.is_retryable() => {
                for job in batch {
                    drop(job.waiter.send(Err(error.clone())));
                }
            }
            Err(Failure::Error(_)) => {
                for job in batch {
                    let alone = std::slice::from_ref(&job);
                    match commit(&link, alone).await {
                        Ok(answers) => acknowledge(vec![job], answers),
                        Err(Failure::Dead) => return queue.close(),
                        Err(Failure::Error(error)) => drop(job.waiter.send(Err(error))),
                    }
                }
            }
        }
    }
}

fn acknowledge(batch: Vec<Job>, answers: Vec<Answer>) {
    for (job, answer) in batch.into_iter().zip(answers) {
        drop(job.waiter.send(Ok(answer)));
    }
}

enum Failure {
    /// The fault plan says that the process is dead.
    Dead,
    Error(StoreError),
}

/// Makes the batch durable; answers in its order.
async fn commit(link: &Link, batch: &[Job]) -> Result<Vec<Answer>, Failure> {
    let mut tries = 1;
    loop {
        match commit_once(link, batch).await {
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

async fn commit_once(link: &Link, batch: &[Job]) -> Result<Option<Vec<Answer>>, sqlx::Error> {
    let groups = group::groups(batch.iter().map(|job| &job.work));
    let dies = |boundary: fn(Step) -> Boundary| {
        let dies = |group: &Group<'_>| link.faults.reach(boundary(group.step())) == Fate::Die;
        groups.iter().any(dies)
    };
    // Dying before the statement that commits is dying before the commit.
    if dies(Boundary::BeforeCommit) {
        return Ok(None);
    }
    let mut answers: Vec<Option<Answer>> = batch.iter().map(|_| None).collect();
    let mut connection = link.pool.acquire().await?;
    if let ([group], false) = (&*groups, link.wrapped) {
        group.write(&mut connection, link, &mut answers).await?;
    } else {
        let mut transaction = connection.begin().await?;
        for group in &groups {
            group.write(&mut transaction, link, &mut answers).await?;
        }
        transaction.commit().await?;
    }
    if dies(Boundary::AfterCommit) {
        return Ok(None);
    }
    Ok(answers.into_iter().collect())
}
