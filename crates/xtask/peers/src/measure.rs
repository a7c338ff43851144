//! The same load on every engine.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tokio::task::JoinSet;

use crate::arguments::{Arguments, Measure};
use crate::database::Database;
use crate::ledger::{Ledger, Work};

/// Operations before those that count, sagas before those that count, and clients that send them.
const WARM_UP: usize = 500;
const WARM_UP_SAGAS: usize = 100;
const WARM_UP_CLIENTS: usize = 16;

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

    /// Lets the database look at its tables, as one that has run for long has done.
    fn analyze(&self) -> impl Future<Output = Result<()>> + Send {
        async { Ok(()) }
    }

    /// Records one operation, waits for its execution, and answers when that was.
    fn call(&self, number: usize, ledger: &Ledger) -> impl Future<Output = Result<Instant>> + Send {
        async move {
            self.accept(number).await?;
            ledger.ended(number).await
        }
    }
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    /// Operations or sagas per second, or the median latency in milliseconds.
    pub(crate) value: f64,
    /// Latency in milliseconds, of operations or sagas: p50, p95, p99.
    pub(crate) percentiles: Option<[f64; 3]>,
    /// Bytes of write-ahead log for each operation.
    pub(crate) wal_bytes: Option<f64>,
}

/// Takes the measurement that `arguments` name, of an engine that is warm: connections are open,
/// statements are prepared, and the database knows what its tables look like.
pub(crate) async fn take<P: Peer>(
    peer: &P,
    arguments: &Arguments,
    database: Option<&Database>,
) -> Result<Figures> {
    let operations = arguments.operations;
    let work = arguments.measure.work();
    let warm_up = match work {
        Work::Operations => WARM_UP,
        Work::Sagas | Work::SagasUndone => WARM_UP_SAGAS,
    };
    let run = Run {
        peer,
        operations,
        warm_up,
        ledger: Arc::new(Ledger::new(work, warm_up + operations)),
    };
    run.warm_up(arguments.measure).await?;
    let before = match database {
        Some(database) => Some(database.checkpointed().await?),
        None => None,
    };
    let mut figures = match arguments.measure {
        Measure::Accepts(clients) => run.accepts(clients).await?,
        Measure::EndToEnd(in_flight) => run.end_to_end(in_flight).await?,
        Measure::Latency(rate) => run.latency(rate).await?,
        Measure::Sagas(in_flight) | Measure::SagasUndone(in_flight) => run.sagas(in_flight).await?,
    };
    if let (Some(database), Some(before)) = (database, before) {
        let written = database.log_position().await? - before;
        figures.wal_bytes = Some(written / operations as f64);
    }
    Ok(figures)
}

struct Run<'a, P> {
    peer: &'a P,
    operations: usize,
    warm_up: usize,
    ledger: Arc<Ledger>,
}

impl<P: Peer> Run<'_, P> {
    /// The first operations, which count for nothing but must end as all others.
    async fn warm_up(&self, measure: Measure) -> Result<()> {
        match measure {
            Measure::Accepts(clients) => self.accept(clients, 0..self.warm_up).await?,
            _ => {
                self.peer.start(Arc::clone(&self.ledger)).await?;
                self.call(WARM_UP_CLIENTS, 0..self.warm_up).await?;
                self.all_done(self.warm_up).await?;
            }
        }
        self.peer.analyze().await
    }

    async fn accepts(&self, clients: usize) -> Result<Figures> {
        let begin = Instant::now();
        self.accept(clients, self.measured()).await?;
        let took = begin.elapsed();
        let all = self.peer.all_accepted(self.measured().end).await?;
        ensure!(all, "accepts were lost");
        Ok(self.per_second(took))
    }

    async fn end_to_end(&self, in_flight: usize) -> Result<Figures> {
        let begin = Instant::now();
        self.call(in_flight, self.measured()).await?;
        self.all_done(self.measured().end).await?;
        let took = begin.elapsed();
        self.ledger.check()?;
        Ok(self.per_second(took))
    }

    /// Operations come when they are due, whether or not the ones before have ended.
    async fn latency(&self, rate: usize) -> Result<Figures> {
        let begin = Instant::now();
        let mut calls = JoinSet::new();
        for (place, number) in self.measured().enumerate() {
            let due = begin + Duration::from_secs_f64(place as f64 / rate as f64);
            tokio::time::sleep_until(due.into()).await;
            let (peer, ledger) = (self.peer.clone(), Arc::clone(&self.ledger));
            calls.spawn(async move { anyhow::Ok(peer.call(number, &ledger).await? - due) });
        }
        let mut times = Vec::with_capacity(self.operations);
        while let Some(time) = calls.join_next().await {
            times.push(time??.as_secs_f64() * 1e3);
        }
        self.all_done(self.measured().end).await?;
        self.ledger.check()?;
        let percentiles = percentiles(times);
        Ok(Figures {
            value: percentiles[0],
            percentiles: Some(percentiles),
            wal_bytes: None,
        })
    }

    /// As many clients as sagas are in flight: each begins the next one as its own has ended.
    async fn sagas(&self, in_flight: usize) -> Result<Figures> {
        let times = Arc::new(Mutex::new(Vec::with_capacity(self.operations)));
        let (peer, ledger, noted) = (
            self.peer.clone(),
            Arc::clone(&self.ledger),
            Arc::clone(&times),
        );
        let begin = Instant::now();
        each(in_flight, self.measured(), move |number| {
            let (peer, ledger, noted) = (peer.clone(), Arc::clone(&ledger), Arc::clone(&noted));
            async move {
                let begin = Instant::now();
                let took = peer.call(number, &ledger).await? - begin;
                let mut noted = noted.lock().unwrap_or_else(PoisonError::into_inner);
                noted.push(took.as_secs_f64() * 1e3);
                Ok(())
            }
        })
        .await?;
        self.all_done(self.measured().end).await?;
        let took = begin.elapsed();
        self.ledger.check()?;
        let times = std::mem::take(&mut *times.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(Figures {
            percentiles: Some(percentiles(times)),
            ..self.per_second(took)
        })
    }

    /// Numbers of what counts.
    fn measured(&self) -> Range<usize> {
        self.warm_up..self.warm_up + self.operations
    }

    async fn accept(&self, clients: usize, numbers: Range<usize>) -> Result<()> {
        let peer = self.peer.clone();
        each(clients, numbers, move |number| {
            let peer = peer.clone();
            async move { peer.accept(number).await }
        })
        .await
    }

    async fn call(&self, clients: usize, numbers: Range<usize>) -> Result<()> {
        let (peer, ledger) = (self.peer.clone(), Arc::clone(&self.ledger));
        each(clients, numbers, move |number| {
            let (peer, ledger) = (peer.clone(), Arc::clone(&ledger));
            async move { peer.call(number, &ledger).await.map(drop) }
        })
        .await
    }

    async fn all_done(&self, operations: usize) -> Result<()> {
        while !self.peer.all_done(operations).await? {
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    fn per_second(&self, took: Duration) -> Figures {
        Figures {
            value: self.operations as f64 / took.as_secs_f64(),
            ..Figures::default()
        }
    }
}

/// p50, p95 and p99.
fn percentiles(mut times: Vec<f64>) -> [f64; 3] {
    times.sort_by(f64::total_cmp);
    let last = times.len().saturating_sub(1);
    [0.5, 0.95, 0.99].map(|share| {
        let at = (last as f64 * share).round() as usize;
        times.get(at).copied().unwrap_or(f64::NAN)
    })
}

/// `clients` at the same time, each with one operation after the other.
async fn each<F>(
    clients: usize,
    numbers: Range<usize>,
    one: impl Fn(usize) -> F + Clone + Send + 'static,
) -> Result<()>
where
    F: Future<Output = Result<()>> + Send,
{
    let next = Arc::new(AtomicUsize::new(numbers.start));
    let mut tasks = JoinSet::new();
    for _ in 0..clients {
        let (next, one) = (Arc::clone(&next), one.clone());
        tasks.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= numbers.end {
                    return anyhow::Ok(());
                }
                one(number).await?;
            }
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    Ok(())
}
