//! Random commands to a store, for tests that compare what becomes of them.
//!
//! A [`Hand`] invents them from a seed and from the leases that the store has given so far; [`run`] gives
//! one to a store; [`picture`] shows what is there afterwards.

mod hand;
mod picture;

use std::fmt::Debug;
use std::sync::Arc;

use orch_runtime::operation::decision::Settlement;
use orch_runtime::store::callbacks::{CallbackState, NewCallback, Teller, Waiting};
use orch_runtime::store::hook::{Hook, HookError};
use orch_runtime::store::{
    Accepted, Beat, Claim, Database, Finalized, Lease, Migration, NewOperation, OperationStore,
    StoreError, StoreKind, Term,
};
use orch_runtime::{Fence, OpId, Outcome, Timestamp, Value};
use tokio::task::JoinSet;

use crate::charge::{MIGRATIONS, TABLES};

pub(crate) use self::hand::Hand;
pub(crate) use self::picture::{Picture, picture};

/// The schema of a store: the charges, what their hook writes, and the inbox.
pub(crate) const fn migrations(kind: StoreKind) -> [Migration; 3] {
    let (charges, callbacks) = match kind {
        StoreKind::Sqlite => (
            include_str!("../charge.sql"),
            include_str!("../callbacks/callbacks.sql"),
        ),
        StoreKind::Postgres => (
            include_str!("../charge.postgres.sql"),
            include_str!("../callbacks/callbacks.postgres.sql"),
        ),
    };
    [
        Migration {
            name: "0001_charge",
            up: charges,
        },
        MIGRATIONS[1],
        Migration {
            name: "0003_charge_callbacks",
            up: callbacks,
        },
    ]
}

/// A command to a store. Several accepts, answers or records arrive at the same time.
#[derive(Debug, Clone)]
pub(crate) enum Command {
    Accept(Vec<(NewOperation, Option<Term>)>),
    /// In a transaction of the caller, which is committed or not.
    AcceptIn(Box<NewOperation>, bool),
    Claim(Claim),
    ClaimUnknown(Claim),
    Heartbeat(Vec<Beat>, Timestamp),
    Settle(Vec<(Lease, Outcome, Settlement)>),
    Record(Vec<(Lease, Outcome)>),
    Finalize(Box<Lease>, Settlement, HookWork),
    /// In batches of this size, until nothing is left: which ones a batch takes is not promised.
    Reap(u32),
    /// Page by page.
    PendingOutcomes(Timestamp, u32),
    SetAside(OpId, Fence),
    /// In batches, as for [`Reap`](Self::Reap).
    Purge(Timestamp, u32),
    NextDue(Timestamp),
    NextExpiry(Timestamp),
    Receive(NewCallback),
    Waiting(Waiting, u32),
    ClaimTold(Term, OpId, Teller),
    Mark(String, CallbackState, Option<OpId>),
}

/// What a finalize hook does.
#[derive(Debug, Clone)]
pub(crate) enum HookWork {
    Nothing,
    /// Marks an order as paid, and then perhaps refuses. An order cannot be paid twice.
    Pays {
        order: String,
        refuses: bool,
    },
}

/// What a store said.
pub(crate) struct Answer {
    /// In words, the same for every store.
    pub(crate) text: String,
    /// What it leased.
    pub(crate) leases: Vec<Lease>,
}

/// One store with its database.
#[derive(Clone)]
pub(crate) struct Stand {
    pub(crate) database: Database,
    pub(crate) store: Arc<dyn OperationStore>,
}

impl Stand {
    pub(crate) fn new(database: Database) -> Self {
        Self {
            store: database.operations(TABLES),
            database,
        }
    }
}

/// Gives a command to the store, at `now`.
pub(crate) async fn run(stand: &Stand, now: Timestamp, command: Command) -> Answer {
    let store = &stand.store;
    match command {
        Command::Accept(new) => accept(store, new).await,
        Command::AcceptIn(new, commits) => accept_in(stand, *new, commits).await,
        Command::Claim(claim) => leased(store.claim(now, claim).await),
        Command::ClaimUnknown(claim) => leased(store.claim_unknown(now, claim).await),
        Command::Heartbeat(beats, until) => told(store.heartbeat(beats, until).await),
        Command::Settle(answers) => {
            let answers = answers.into_iter().map(|(lease, outcome, end)| {
                let store = Arc::clone(store);
                async move { store.settle(now, &lease, &outcome, end).await }
            });
            told_all(together(answers).await)
        }
        Command::Record(answers) => {
            let answers = answers.into_iter().map(|(lease, outcome)| {
                let store = Arc::clone(store);
                async move { store.record(now, &lease, &outcome).await }
            });
            told_all(together(answers).await)
        }
        Command::Finalize(lease, end, work) => {
            let finalized = store.finalize(now, &lease, end, hook(work)).await;
            // Why a hook failed is told in the database's own words.
            told(finalized.map(|finalized| match finalized {
                Finalized::HookFailed(_) => Finalized::HookFailed(String::new()),
                other => other,
            }))
        }
        Command::Reap(limit) => reap(store, now, limit).await,
        Command::PendingOutcomes(before, limit) => pending(store, before, limit).await,
        Command::SetAside(op_id, fence) => told(store.set_aside(op_id.as_str(), fence).await),
        Command::Purge(before, limit) => purge(store, before, limit).await,
        Command::NextDue(from) => told(store.next_due(from).await),
        Command::NextExpiry(after) => told(store.next_expiry(after).await),
        Command::Receive(callback) => told(store.receive_callback(callback).await),
        Command::Waiting(which, limit) => told(store.waiting_callbacks(which, limit).await),
        Command::ClaimTold(term, op_id, teller) => {
            let lease = store.claim_told(now, term, &op_id, &hand::KINDS, teller);
            let lease = lease.await;
            leased(lease.map(|lease| lease.into_iter().collect()))
        }
        Command::Mark(event, state, target) => told(
            store
                .mark_callback(now, &event, state, target.as_ref())
                .await,
        ),
    }
}

/// An answer without leases. Of an error the kind is compared, its words are the database's own.
fn told<T: Debug>(answer: Result<T, StoreError>) -> Answer {
    let text = match answer {
        Ok(answer) => format!("{answer:?}"),
        Err(error) => format!("error: {:?}", error.kind()),
    };
    Answer {
        text,
        leases: Vec::new(),
    }
}

fn told_all<T: Debug>(answers: Vec<Result<T, StoreError>>) -> Answer {
    let texts = answers.into_iter().map(|answer| told(answer).text);
    Answer {
        text: texts.collect::<Vec<_>>().join("\n"),
        leases: Vec::new(),
    }
}

/// Leases, in the order of their names: in which order they are handed out is not promised.
fn leased(answer: Result<Vec<Lease>, StoreError>) -> Answer {
    match answer {
        Ok(mut leases) => {
            leases.sort_by_key(|lease| lease.op_id().to_string());
            let texts = leases.iter().map(|lease| format!("{lease:?}"));
            Answer {
                text: texts.collect::<Vec<_>>().join("\n"),
                leases,
            }
        }
        Err(error) => told::<()>(Err(error)),
    }
}

/// Runs all at the same time; answers in their order.
async fn together<T, F>(calls: impl Iterator<Item = F>) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let mut tasks = JoinSet::new();
    for (place, call) in calls.enumerate() {
        tasks.spawn(async move { (place, call.await) });
    }
    let mut answers = tasks.join_all().await;
    answers.sort_by_key(|(place, _)| *place);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

async fn accept(store: &Arc<dyn OperationStore>, new: Vec<(NewOperation, Option<Term>)>) -> Answer {
    let calls = new.into_iter().map(|(operation, term)| {
        let store = Arc::clone(store);
        async move { store.accept(operation, term).await }
    });
    let accepted = together(calls).await;
    let leases = accepted.iter().filter_map(|accepted| match accepted {
        Ok(Accepted::New(lease)) => lease.as_deref().cloned(),
        _ => None,
    });
    let leases = leases.collect();
    Answer {
        leases,
        ..told_all(accepted)
    }
}

async fn accept_in(stand: &Stand, new: NewOperation, commits: bool) -> Answer {
    let store = Arc::clone(&stand.store);
    let seen = Arc::new(std::sync::Mutex::new(String::new()));
    let note = Arc::clone(&seen);
    let done = stand.database.transaction(move |mut tx| {
        let (store, new, note) = (Arc::clone(&store), new.clone(), Arc::clone(&note));
        Box::pin(async move {
            let accepted = store.accept_in(&mut tx, new, None).await;
            *note.lock().unwrap() = told(accepted).text;
            if commits {
                Ok(())
            } else {
                Err(HookError::new("the caller changed its mind"))
            }
        })
    });
    let done = done.await.map_err(|_| "not committed");
    let seen = seen.lock().unwrap().clone();
    Answer {
        text: format!("{seen}, then {done:?}"),
        leases: Vec::new(),
    }
}

fn hook(work: HookWork) -> Hook {
    Box::new(move |mut tx| {
        let work = work.clone();
        Box::pin(async move {
            let HookWork::Pays { order, refuses } = work else {
                return Ok(());
            };
            let sql = "insert into orders (order_id, paid) values (?1, 'YES')";
            tx.execute(sql, &[Value::from(order)]).await?;
            if refuses {
                return Err(HookError::new("the hook refuses"));
            }
            Ok(())
        })
    })
}

async fn reap(store: &Arc<dyn OperationStore>, now: Timestamp, limit: u32) -> Answer {
    let (mut sizes, mut names) = (Vec::new(), Vec::new());
    loop {
        let reaped = match store.reap(now, limit).await {
            Ok(reaped) => reaped,
            Err(error) => return told::<()>(Err(error)),
        };
        sizes.push(reaped.len());
        names.extend(reaped);
        if sizes.last().is_some_and(|size| *size < limit as usize) {
            names.sort_by_key(ToString::to_string);
            return told(Ok((sizes, names)));
        }
    }
}

async fn pending(store: &Arc<dyn OperationStore>, before: Timestamp, limit: u32) -> Answer {
    let (mut texts, mut leases, mut behind) = (Vec::new(), Vec::new(), None);
    loop {
        let page = match store.pending_outcomes(before, behind, limit).await {
            Ok(page) => page,
            Err(error) => return told::<()>(Err(error)),
        };
        texts.extend(page.iter().map(|pending| format!("{pending:?}")));
        let contents = page
            .iter()
            .filter_map(|pending| pending.content.as_ref().ok());
        leases.extend(contents.map(|(lease, _)| lease.clone()));
        behind = page.last().map(|pending| pending.position.clone());
        if page.len() < limit as usize {
            let text = texts.join("\n");
            return Answer { text, leases };
        }
        texts.push("next page".to_owned());
    }
}

async fn purge(store: &Arc<dyn OperationStore>, before: Timestamp, limit: u32) -> Answer {
    let mut sizes = Vec::new();
    loop {
        match store.purge(before, limit).await {
            Ok(purged) => sizes.push(purged),
            Err(error) => return told::<()>(Err(error)),
        }
        if sizes.last().is_some_and(|size| *size < limit as usize) {
            return told(Ok(sizes));
        }
    }
}
