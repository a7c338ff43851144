//! The engine under load, through its public face.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use orch_runtime::engine::{Engine, EngineConfig, Shutdown, ShutdownSignal};
use orch_runtime::fault::{Boundary, Fate, FaultPlan};
use orch_runtime::protection::ProtectionPolicy;
use orch_runtime::scheduler::{CleanerConfig, FinalizerConfig, MonitorConfig, ReaperConfig};
use orch_runtime::store::Database;
use orch_runtime::{
    Cleaner, Clock, Finalizer, IdemKey, Monitor, OpId, OwnerId, Reaper, SystemClock, Workers,
};
use tokio::task::JoinSet;

use super::domain::{Answer, Charge, Charging, TABLES, charged, key};
use super::place::Place;

/// Longest wait for one operation.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// Each `exists` looks at one entry of an index.
const OPEN: &str = "select exists (select 1 from charge_operations where state = 'PENDING')
    or exists (select 1 from charge_operations where state = 'IN_PROGRESS')
    or exists (select 1 from charge_operations where state = 'UNKNOWN') as open";

/// An engine with its loops running, on a file of its own.
pub(crate) struct Bed {
    pub(crate) engine: Engine,
    pub(crate) database: Database,
    pub(crate) loops: JoinSet<()>,
    pub(crate) shutdown: Shutdown,
    commits: Arc<Commits>,
    stop: ShutdownSignal,
}

impl Bed {
    /// On an empty place; the provider protected as in a service, or not at all.
    pub(crate) async fn new(place: &Place, protection: ProtectionPolicy) -> Result<Self> {
        let answer: Answer = Arc::new(|op_id, _| charged(op_id));
        Self::asking(place, protection, answer).await
    }

    /// On an empty place, with a provider that answers this.
    pub(crate) async fn asking(
        place: &Place,
        protection: ProtectionPolicy,
        answer: Answer,
    ) -> Result<Self> {
        place.clear().await?;
        Self::on(place, protection, answer).await
    }

    /// On what is there; calls are told to `begun`.
    pub(crate) async fn beside(
        place: &Place,
        protection: ProtectionPolicy,
        begun: Option<Sender<(OpId, Instant)>>,
    ) -> Result<Self> {
        let answer: Answer = Arc::new(move |op_id, _| {
            if let Some(begun) = &begun {
                drop(begun.send((op_id.clone(), Instant::now())));
            }
            charged(op_id)
        });
        Self::on(place, protection, answer).await
    }

    async fn on(place: &Place, protection: ProtectionPolicy, answer: Answer) -> Result<Self> {
        let commits = Arc::new(Commits::default());
        let database = place.open(Arc::clone(&commits) as _).await?;
        let engine = Engine::builder(database.operations(TABLES), TABLES)
            .lanes(database.lanes())
            .protection("charge", protection)
            .config(EngineConfig::default())
            .register(Charging(answer))
            .build()?;
        let (stop, shutdown) = Shutdown::new();
        let mut loops = JoinSet::new();
        loops.spawn(workers(&engine).run(shutdown.clone()));
        let running = engine.clone();
        let until = shutdown.clone();
        loops.spawn(async move { running.run(until, LIMIT).await });
        Ok(Self {
            engine,
            database,
            loops,
            shutdown,
            commits,
            stop,
        })
    }

    /// Stops all loops.
    pub(crate) async fn stop(mut self) {
        self.stop.request();
        while self.loops.join_next().await.is_some() {}
        drop(self.database.close().await);
    }
}

fn workers(engine: &Engine) -> Workers {
    Workers::new()
        .with(Finalizer::new(engine, FinalizerConfig::default()))
        .with(Reaper::new(engine, ReaperConfig::default()))
        .with(Cleaner::new(engine, CleanerConfig::default()))
        .with(Monitor::new(engine, MonitorConfig::default()))
}

/// What clients do after their command was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Client {
    /// Send the next one, as after a 202.
    Leaves,
    /// Wait for the end, as with `Prefer: wait`.
    Waits,
}

/// The figures of one run.
pub(crate) struct Figures {
    pub(crate) per_second: f64,
    pub(crate) per_commit: f64,
    /// Bytes of the server's log for each operation.
    pub(crate) wal: f64,
}

/// `clients` at the same time, until `operations` have ended.
pub(crate) async fn load(
    place: &Place,
    protection: ProtectionPolicy,
    clients: usize,
    operations: u64,
    client: Client,
) -> Result<Figures> {
    let bed = Bed::new(place, protection).await?;
    let before = place.wal_bytes().await?;
    let begin = Instant::now();
    submit(&bed.engine, clients, operations, client).await?;
    all_ended(&bed.engine).await?;
    let took = begin.elapsed().as_secs_f64();
    let wal = place.wal_bytes().await? - before;
    let commits = bed.commits.count();
    bed.stop().await;
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    Ok(Figures {
        per_second: operations as f64 / took,
        per_commit: operations as f64 / commits.max(1) as f64,
        wal: wal / operations as f64,
    })
}

/// `clients` at the same time, each with one operation after the other, until there are `operations`.
pub(crate) async fn submit(
    engine: &Engine,
    clients: usize,
    operations: u64,
    client: Client,
) -> Result<()> {
    let next = Arc::new(AtomicU64::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..clients {
        let (engine, next) = (engine.clone(), Arc::clone(&next));
        tasks.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= operations {
                    return anyhow::Ok(());
                }
                one(&engine, number, client).await?;
            }
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    Ok(())
}

/// One operation of one client.
pub(crate) async fn one(engine: &Engine, number: u64, client: Client) -> Result<()> {
    let owner = OwnerId::anonymous();
    let key = IdemKey::new(key(number))?;
    let submitted = engine
        .submit(owner.clone(), key, &Charge::number(number))
        .await?;
    if client == Client::Waits {
        let ended = engine.wait(&owner, &submitted.op_id, LIMIT).await?;
        let ended = ended.context("the operation is gone")?;
        if !ended.state.is_final() {
            bail!("{} is {}", submitted.op_id, ended.state.as_str());
        }
    }
    Ok(())
}

/// Looks until every operation is at its end.
async fn all_ended(engine: &Engine) -> Result<()> {
    let begin = Instant::now();
    while begin.elapsed() < LIMIT {
        let open = engine.store().query(OPEN.to_owned(), Vec::new()).await?;
        if !open.first().context("no answer")?.get::<bool>("open")? {
            return Ok(());
        }
        SystemClock.sleep(Duration::from_millis(2)).await;
    }
    bail!("not all operations ended");
}

/// Counts shared commits: the first boundary before a commit that follows one after a commit.
#[derive(Debug, Default)]
struct Commits {
    open: AtomicBool,
    count: AtomicU64,
}

impl Commits {
    fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
}

impl FaultPlan for Commits {
    fn reach(&self, boundary: Boundary) -> Fate {
        match boundary {
            Boundary::BeforeCommit(_) => self.open.store(true, Ordering::Relaxed),
            Boundary::AfterCommit(_) => {
                if self.open.swap(false, Ordering::Relaxed) {
                    self.count.fetch_add(1, Ordering::Relaxed);
                }
            }
            Boundary::BeforeCall | Boundary::AfterCall | Boundary::InFinalize => {}
        }
        Fate::Continue
    }
}
