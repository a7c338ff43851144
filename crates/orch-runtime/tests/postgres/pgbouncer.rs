//! A service behind a PgBouncer in transaction mode, which gives each transaction another session.

use std::sync::Arc;
use std::time::Duration;

use orch_runtime::clock::{Clock, SystemClock};
use orch_runtime::engine::{Shutdown, ShutdownSignal};
use orch_runtime::metrics::Metrics;
use orch_runtime::scheduler::{DatabaseMonitor, DatabaseMonitorConfig};
use orch_runtime::service::Intervals;
use orch_runtime::store::postgres::{PostgresConfig, PostgresStore};
use orch_runtime::store::{Database, Migration};
use orch_runtime::testing::Provider;
use orch_runtime::testing::postgres::{PgBouncer, PostgresServer};
use orch_runtime::{
    Engine, Finalizer, IdemKey, Idempotency, OpId, OperationState, Orchestrator, Outcome, OwnerId,
    Probe, Reaper, RetryPolicy, Workers,
};

use crate::charge::{self, Charge, TABLES, charge};

/// Sessions that the bouncer keeps, for two processes with ten connections each.
const SESSIONS: u32 = 5;
const OPERATIONS: usize = 300;
/// After how many of them the bouncer is killed.
const UNTIL_KILLED: u32 = 100;
const LEASE: Duration = Duration::from_secs(3);
/// What takes longer will not happen any more.
const PATIENCE: Duration = Duration::from_secs(60);

/// Outside of a transaction, too: the lock of whoever builds must not depend on a session.
const INDEX: Migration = Migration {
    name: "0003_order",
    up: "-- no-transaction\n\
         create index concurrently if not exists idx_charge_order on charge_operations (order_id);\n",
};

/// Charges at a provider for whom each call is one more effect, with short waits.
struct Charging(Provider);

impl Orchestrator for Charging {
    type Command = Charge;
    const DOMAIN: &'static str = "CHARGE";

    fn idempotency(&self) -> Idempotency {
        Idempotency::None
    }

    fn policy(&self) -> RetryPolicy {
        RetryPolicy {
            attempt_timeout: Duration::from_millis(500),
            settling: Duration::from_millis(500),
            base: Duration::from_millis(100),
            ..RetryPolicy::default()
        }
    }

    async fn execute(&self, op_id: &OpId, _command: &Charge) -> Outcome {
        match self.0.call(op_id).await {
            Ok(_) => Outcome::ok("charged", "ref"),
            Err(_) => Outcome::unknown("no answer"),
        }
    }

    async fn probe(&self, op_id: &OpId, _command: &Charge) -> Probe {
        self.0.probe(op_id).await
    }
}

/// A process behind the bouncer.
struct Process {
    store: PostgresStore,
    engine: Engine,
    tasks: tokio::task::JoinSet<()>,
    signal: ShutdownSignal,
}

impl Process {
    async fn start(url: &str, provider: &Provider) -> Self {
        let migrations = [charge::MIGRATIONS, &[INDEX]].concat();
        let config = PostgresConfig::new(url);
        let store = PostgresStore::open(&config, &migrations).await.unwrap();
        let every = Intervals::for_lease(LEASE);
        let engine = Engine::builder(store.operations(TABLES), TABLES)
            .config(every.engine)
            .register(Charging(provider.clone()))
            .build()
            .unwrap();
        let workers = Workers::new()
            .with(Finalizer::new(&engine, every.finalizer))
            .with(Reaper::new(&engine, every.reaper));
        let (signal, shutdown) = Shutdown::new();
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(workers.run(shutdown.clone()));
        let runs = engine.clone();
        tasks.spawn(async move { runs.run(shutdown, LEASE).await });
        Self {
            store,
            engine,
            tasks,
            signal,
        }
    }

    async fn stop(self) {
        self.signal.request();
        self.tasks.join_all().await;
        self.store.close().await;
    }
}

/// Sends the same key until it is taken, as clients are told to.
async fn submitted(engine: &Engine, number: usize) -> OpId {
    let command = charge(&format!("order-{number}"));
    let key = IdemKey::new(&*format!("key-{number}")).unwrap();
    loop {
        let submitted = engine.submit(OwnerId::anonymous(), key.clone(), &command);
        match submitted.await {
            Ok(submitted) => return submitted.op_id,
            Err(_) => SystemClock.sleep(Duration::from_millis(50)).await,
        }
    }
}

/// Waits until the operation has ended, whatever the database says meanwhile.
async fn ended(engine: &Engine, op_id: &OpId) -> OperationState {
    loop {
        let found = engine.find(&OwnerId::anonymous(), op_id).await;
        let state = found.ok().flatten().map(|view| view.state);
        match state.filter(|state| state.is_final()) {
            Some(state) => return state,
            None => SystemClock.sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn all_complete(one: &Process, other: &Process, provider: &Provider) {
    let mut clients = tokio::task::JoinSet::new();
    for number in 0..OPERATIONS {
        let engine = [one, other][number % 2].engine.clone();
        // Clients come one after the other, so that the kill meets every kind of transaction.
        clients.spawn(async move {
            SystemClock
                .sleep(Duration::from_millis(5) * u32::try_from(number).unwrap())
                .await;
            let op_id = submitted(&engine, number).await;
            (ended(&engine, &op_id).await, op_id)
        });
    }
    let ends = tokio::time::timeout(PATIENCE, clients.join_all()).await;
    for (state, op_id) in ends.expect("nothing is lost") {
        assert_eq!(state, OperationState::Completed, "{op_id}");
        assert_eq!(provider.effects(&op_id), 1, "{op_id}");
    }
}

/// Sessions change under the service between any two transactions, and all connections break at once in
/// the middle of everything: nothing may be lost or done twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::print_stderr, reason = "a test that was skipped must be heard")]
async fn two_processes_behind_a_bouncer_that_is_killed_lose_and_repeat_nothing() {
    let server = PostgresServer::start().unwrap();
    let Some(mut bouncer) = PgBouncer::start(&server, SESSIONS).unwrap() else {
        eprintln!("SKIPPED: pgbouncer is not installed (apt-get install pgbouncer)");
        return;
    };
    let (provider, url) = (Provider::unkeyed(), bouncer.url());
    let starts = tokio::join!(
        Process::start(&url, &provider),
        Process::start(&url, &provider)
    );
    let (one, other) = starts;
    let kill = async {
        while provider.total_effects() < UNTIL_KILLED {
            SystemClock.sleep(Duration::from_millis(5)).await;
        }
        bouncer.kill().unwrap();
        SystemClock.sleep(Duration::from_millis(300)).await;
        bouncer.start_again().unwrap();
    };
    tokio::join!(kill, all_complete(&one, &other, &provider));
    assert_eq!(provider.most_effects_of_one_key(), 1);

    let database = Database::Postgres(one.store.clone());
    let config = DatabaseMonitorConfig::default();
    let (clock, metrics): (Arc<dyn Clock>, _) = (Arc::new(SystemClock), Metrics::new());
    let monitor = DatabaseMonitor::new(&database, &["charge"], &clock, &metrics, config);
    let seen = monitor.unwrap().run_once().await.unwrap();
    assert!(seen.tables.iter().any(|table| table.bytes > 0), "{seen:?}");
    tokio::join!(one.stop(), other.stop());
}
