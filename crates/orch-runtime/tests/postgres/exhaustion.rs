//! No connection to be had: user code holds all of the engine's, or the server lets nobody in. Clients are
//! told to come again, in bounded time; nothing that was acknowledged is lost, and work goes on by itself.
//!
//! The clock of the engines is wound. A pool waits for a connection on the machine's clock.

use std::sync::Arc;
use std::time::{Duration, Instant};

use orch_runtime::axum::http::StatusCode;
use orch_runtime::axum::http::header::RETRY_AFTER;
use orch_runtime::axum::response::IntoResponse as _;
use orch_runtime::engine::{Shutdown, SubmitError};
use orch_runtime::fault::NoFaults;
use orch_runtime::http::ApiError;
use orch_runtime::scheduler::{FinalizerConfig, ReaperConfig};
use orch_runtime::store::postgres::{PostgresConfig, PostgresStore};
use orch_runtime::store::{Database, StoreKind, TransactionError};
use orch_runtime::testing::postgres::PostgresServer;
use orch_runtime::testing::{ManualClock, Provider, Reply, TestDatabase};
use orch_runtime::{
    Clock as _, Engine, Finalizer, IdemKey, OpId, OperationState, OwnerId, Reaper, Workers,
};
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::charge::{Charging, MIGRATIONS, TABLES, charge};

/// A wait for a connection takes 5 s, and whoever comes meanwhile waits for the next turn.
const BOUND: Duration = Duration::from_secs(11);
/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);
/// Connections of a pool.
const POOL: usize = 10;

/// A process: its connections, and its engine.
struct Process {
    database: Database,
    engine: Engine,
}

/// What two processes share.
struct Scene {
    test: TestDatabase,
    provider: Provider,
    clock: ManualClock,
}

impl Scene {
    fn new() -> Self {
        Self {
            test: TestDatabase::fresh(StoreKind::Postgres, MIGRATIONS),
            provider: Provider::keyed(),
            clock: ManualClock::default(),
        }
    }

    fn process(&self) -> Process {
        self.process_on(self.test.open(Arc::new(NoFaults)))
    }

    fn process_on(&self, database: Database) -> Process {
        let orchestrator = Charging::<false> {
            provider: self.provider.clone(),
            keyed: true,
        };
        let engine = Engine::builder(database.operations(TABLES), TABLES)
            .lanes(database.lanes())
            .clock(Arc::new(self.clock.clone()))
            .register(orchestrator)
            .build();
        Process {
            engine: engine.unwrap(),
            database,
        }
    }
}

impl Process {
    async fn submit(&self, key: &str) -> Result<(OpId, bool), SubmitError> {
        submit(self.engine.clone(), key.to_owned()).await
    }

    async fn operations(&self) -> u64 {
        let counts = self.engine.store().count_by_state().await.unwrap();
        counts.iter().map(|(_, count)| count).sum()
    }

    async fn state(&self, op: &OpId) -> OperationState {
        self.engine.store().find(op).await.unwrap().unwrap().state
    }

    /// Takes so many connections of the process, as slow transactions of its own code would.
    async fn hold(&self, connections: usize) -> Held {
        let (release, held) = watch::channel(false);
        let (began, mut begun) = mpsc::unbounded_channel();
        let mut transactions = JoinSet::new();
        for _ in 0..connections {
            let (database, held, began) = (self.database.clone(), held.clone(), began.clone());
            transactions.spawn(async move {
                let slow = database.transaction(move |mut tx| {
                    let (mut held, began) = (held.clone(), began.clone());
                    Box::pin(async move {
                        tx.query("select 1 as one", &[]).await?;
                        let _ = began.send(());
                        drop(held.wait_for(|released| *released).await);
                        Ok(())
                    })
                });
                slow.await
            });
        }
        drop(began);
        for _ in 0..connections {
            begun.recv().await.expect("a connection");
        }
        Held {
            release,
            transactions,
        }
    }
}

/// Transactions that hold connections.
struct Held {
    release: watch::Sender<bool>,
    transactions: JoinSet<Result<(), TransactionError>>,
}

impl Held {
    async fn release(self) {
        self.release.send_replace(true);
        for done in self.transactions.join_all().await {
            done.unwrap();
        }
    }
}

async fn submit(engine: Engine, key: String) -> Result<(OpId, bool), SubmitError> {
    let idem_key = IdemKey::new(&*key).unwrap();
    let submitted = engine
        .submit(OwnerId::anonymous(), idem_key, &charge(&key))
        .await?;
    Ok((submitted.op_id, submitted.replayed))
}

/// The client is told 503 and to come again.
fn assert_comes_again(refused: SubmitError) {
    let SubmitError::Store(error) = &refused else {
        panic!("{refused:?}");
    };
    assert!(error.is_retryable(), "{error}");
    let answer = ApiError::from(refused).into_response();
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers().contains_key(RETRY_AFTER));
}

/// A queue that grows behind a pool answers nobody, and whoever gave up is charged later.
#[tokio::test]
async fn submissions_without_a_connection_are_refused_in_time_and_work_afterwards() {
    let scene = Scene::new();
    let (process, witness) = (scene.process(), scene.process());
    let held = process.hold(POOL).await;
    let begin = Instant::now();
    let mut clients = JoinSet::new();
    for number in 0..50 {
        clients.spawn(submit(process.engine.clone(), format!("k{number}")));
    }
    for refused in clients.join_all().await {
        assert_comes_again(refused.unwrap_err());
    }
    assert!(begin.elapsed() < BOUND, "{:?}", begin.elapsed());
    assert_eq!(witness.operations().await, 0, "nobody was told of any");
    held.release().await;
    for number in 0..50 {
        let (_, replayed) = process.submit(&format!("k{number}")).await.unwrap();
        assert!(!replayed);
    }
    process.engine.idle().await;
    let counts = process.engine.store().count_by_state().await.unwrap();
    assert_eq!(counts, [(OperationState::Completed, 50)]);
    assert_eq!(scene.provider.total_effects(), 50);
    assert_eq!(scene.provider.most_effects_of_one_key(), 1);
}

/// The call was made, and its answer cannot be written before the lease has ended.
#[tokio::test]
async fn a_lease_that_ends_meanwhile_is_taken_over_and_the_late_answer_changes_nothing() {
    let scene = Scene::new();
    let (process, other) = (scene.process(), scene.process());
    scene.provider.script([Reply::Hang]);
    let (op, _) = process.submit("k").await.unwrap();
    while scene.provider.effects(&op) == 0 {
        tokio::task::yield_now().await;
    }
    let held = process.hold(POOL).await;
    scene.provider.release();
    scene.clock.advance(Duration::from_secs(16));
    let reaper = Reaper::new(&other.engine, ReaperConfig::default());
    let report = reaper.run_once(scene.clock.now()).await.unwrap();
    assert_eq!((report.reaped, report.probed), (1, 1));
    let taken_over = other.engine.store().find(&op).await.unwrap().unwrap();
    assert_eq!(taken_over.state, OperationState::Completed);
    held.release().await;
    process.engine.idle().await;
    let afterwards = other.engine.store().find(&op).await.unwrap().unwrap();
    assert_eq!(afterwards, taken_over);
    assert_eq!(scene.provider.effects(&op), 1);
    assert_eq!(scene.provider.requests(&op), 1);
}

/// The loops meet the same refusal as clients, and nobody starts them again.
#[tokio::test]
async fn the_loops_of_a_starved_process_go_on_by_themselves() {
    let scene = Scene::new();
    let (process, full) = (scene.process(), scene.process());
    full.engine.drain(Duration::ZERO).await;
    let held = process.hold(POOL).await;
    let (stop, shutdown) = Shutdown::new();
    let running = process.engine.clone();
    let schedulers = Workers::new()
        .with(Finalizer::new(&running, FinalizerConfig::default()))
        .with(Reaper::new(&running, ReaperConfig::default()));
    let schedulers = tokio::spawn(schedulers.run(shutdown.clone()));
    let loops = tokio::spawn(async move { running.run(shutdown, Duration::ZERO).await });
    let mut left = Vec::new();
    for number in 0..5 {
        let (op, _) = full.submit(&format!("k{number}")).await.unwrap();
        left.push(op);
    }
    // Until the dispatcher has been refused, as this transaction is that came after it.
    let starved = process.database.transaction(|_| Box::pin(async { Ok(()) }));
    assert!(matches!(starved.await, Err(TransactionError::Store(_))));
    held.release().await;
    let all_done = async {
        for op in &left {
            while full.state(op).await != OperationState::Completed {
                // Slowly: the time budget of the operations ends on this clock.
                scene.clock.advance(Duration::from_millis(20));
            }
        }
    };
    let all_done = tokio::time::timeout(PATIENCE, all_done).await;
    assert!(
        all_done.is_ok(),
        "{:?}",
        full.engine.store().count_by_state().await
    );
    assert_eq!(scene.provider.total_effects(), 5);
    stop.request();
    loops.await.unwrap();
    schedulers.await.unwrap();
}

/// Other programs have taken every connection that the server gives.
#[tokio::test]
async fn a_server_without_a_free_connection_is_waited_for_and_no_longer() {
    let server = PostgresServer::start_durable("max_connections = 8").unwrap();
    let config = PostgresConfig::new(server.url());
    let migrated = PostgresStore::open(&config, MIGRATIONS).await.unwrap();
    migrated.close().await;
    let mut others = Vec::new();
    while let Ok(connection) = PgConnection::connect(&server.url()).await {
        others.push(connection);
    }
    assert!(!others.is_empty());
    let refused = PostgresStore::open(&config, MIGRATIONS).await.unwrap_err();
    assert!(refused.is_retryable(), "{refused}");
    let last = others.pop().unwrap();
    last.close().await.unwrap();
    let store = async {
        loop {
            // The server counts a connection until it has noticed its end.
            if let Ok(store) = PostgresStore::open(&config, MIGRATIONS).await {
                while store.pool().num_idle() == 0 {
                    tokio::task::yield_now().await;
                }
                return store;
            }
        }
    };
    let store = tokio::time::timeout(PATIENCE, store).await.unwrap();
    // One connection is all it gets, and a transaction of the process holds it.
    let scene = Scene::new();
    let process = scene.process_on(Database::Postgres(store));
    let held = process.hold(1).await;
    let begin = Instant::now();
    assert_comes_again(process.submit("k").await.unwrap_err());
    assert!(begin.elapsed() < BOUND, "{:?}", begin.elapsed());
    held.release().await;
    // A wait that began as one for a new connection does not see one that is given back.
    let accepted = async {
        loop {
            if let Ok(accepted) = process.submit("k").await {
                return accepted;
            }
        }
    };
    let (op, replayed) = tokio::time::timeout(PATIENCE, accepted).await.unwrap();
    drop(others);
    assert!(!replayed);
    process.engine.idle().await;
    assert_eq!(process.state(&op).await, OperationState::Completed);
    assert_eq!(scene.provider.effects(&op), 1);
}
