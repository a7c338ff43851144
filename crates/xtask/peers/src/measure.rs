//! The same load on every engine.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tokio::task::JoinSet;

use crate::arguments::{Arguments, Measure};
use crate::database::Database;
use crate::ledger::Ledger;

/// How often it is looked whether all ends are recorded.
const LOOK: Duration = Duration::from_millis(2);

/// An engine under load. A clone is another client of the same engine.
pub(crate) trait Peer: Clone + Send + Sync + 'static {
    /// Starts workers that note in `ledger` what they execute.
    fn start(&self, ledger: Arc<Ledger>) -> impl Future<Output = Result<()>> + Send;

    /// Records one operation durably.
    fn accept(&self, number: usize) -> impl Future<Output = Result<()>> + Send;

    /// Whether as many operations are recorded as done, and none is open.
    fn all_done(&self, operations: usize) -> impl Future<Output = Result<bool>> + Send;

    /// Whether as many operations are recorded.
    fn all_accepted(&self, operations: usize) -> impl Future<Output = Result<bool>> + Send;

    /// Records one operation, waits for its execution, and answers when that was.
    fn call(&self, number: usize, ledger: &Ledger) -> impl Future<Output = Result<Instant>> + Send {
        async move {
            self.accept(number).await?;
            ledger.executed(number).await
        }
    }
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    /// Operations per second, or the median latency in milliseconds.
    pub(crate) value: f64,
    /// Latency in milliseconds: p50, p95, p99.
    pub(crate) percentiles: Option<[f64; 3]>,
    /// Bytes of write-ahead log for each operation.
    pub(crate) wal_bytes: Option<f64>,
}

/// Takes the measurement that `arguments` name.
pub(crate) async fn take<P: Peer>(
    peer: &P,
    arguments: &Arguments,
    database: Option<&Database>,
) -> Result<Figures> {
    let operations = arguments.operations;
    let before = match database {
        Some(database) => Some(database.checkpointed().await?),
        None => None,
    };
    let mut figures = match arguments.measure {
        Measure::Accepts(clients) => accepts(peer, clients, operations).await?,
        Measure::EndToEnd(in_flight) => end_to_end(peer, in_flight, operations).await?,
        Measure::Latency(rate) => latency(peer, rate, operations).await?,
    };
    if let (Some(database), Some(before)) = (database, before) {
        let written = database.log_position().await? - before;
        figures.wal_bytes = Some(written / operations as f64);
    }
    Ok(figures)
}

async fn accepts<P: Peer>(peer: &P, clients: usize, operations: usize) -> Result<Figures> {
    let begin = Instant::now();
    each(peer, clients, operations, |peer, number| async move {
        peer.accept(number).await
    })
    .await?;
    let took = begin.elapsed();
    ensure!(peer.all_accepted(operations).await?, "accepts were lost");
    Ok(per_second(operations, took))
}

async fn end_to_end<P: Peer>(peer: &P, in_flight: usize, operations: usize) -> Result<Figures> {
    let ledger = Arc::new(Ledger::new(operations));
    peer.start(Arc::clone(&ledger)).await?;
    let begin = Instant::now();
    let noted = Arc::clone(&ledger);
    each(peer, in_flight, operations, move |peer, number| {
        let ledger = Arc::clone(&noted);
        async move { peer.call(number, &ledger).await.map(drop) }
    })
    .await?;
    all_done(peer, operations).await?;
    let took = begin.elapsed();
    ledger.check()?;
    Ok(per_second(operations, took))
}

/// Operations come when they are due, whether or not the ones before have ended.
async fn latency<P: Peer>(peer: &P, rate: usize, operations: usize) -> Result<Figures> {
    let ledger = Arc::new(Ledger::new(operations));
    peer.start(Arc::clone(&ledger)).await?;
    let begin = Instant::now();
    let mut calls = JoinSet::new();
    for number in 0..operations {
        let due = begin + Duration::from_secs_f64(number as f64 / rate as f64);
        tokio::time::sleep_until(due.into()).await;
        let (peer, ledger) = (peer.clone(), Arc::clone(&ledger));
        calls.spawn(async move { anyhow::Ok(peer.call(number, &ledger).await? - due) });
    }
    let mut times = Vec::with_capacity(operations);
    while let Some(time) = calls.join_next().await {
        times.push(time??.as_secs_f64() * 1e3);
    }
    all_done(peer, operations).await?;
    ledger.check()?;
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share).round() as usize];
    Ok(Figures {
        value: at(0.5),
        percentiles: Some([at(0.5), at(0.95), at(0.99)]),
        wal_bytes: None,
    })
}

/// `clients` at the same time, each with one operation after the other.
async fn each<P, F>(
    peer: &P,
    clients: usize,
    operations: usize,
    one: impl Fn(P, usize) -> F + Clone + Send + 'static,
) -> Result<()>
where
    P: Peer,
    F: Future<Output = Result<()>> + Send,
{
    let next = Arc::new(AtomicUsize::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..clients {
        let (peer, next, one) = (peer.clone(), Arc::clone(&next), one.clone());
        tasks.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= operations {
                    return anyhow::Ok(());
                }
                one(peer.clone(), number).await?;
            }
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    Ok(())
}

async fn all_done<P: Peer>(peer: &P, operations: usize) -> Result<()> {
    while !peer.all_done(operations).await? {
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}

fn per_second(operations: usize, took: Duration) -> Figures {
    Figures {
        value: operations as f64 / took.as_secs_f64(),
        ..Figures::default()
    }
}
