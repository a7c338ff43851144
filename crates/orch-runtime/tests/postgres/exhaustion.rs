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
use orch_runtime::testing::{ManualClock, Provider, TestDatabase};
use orch_runtime::{Engine, Finalizer, IdemKey, OpId, OperationState, OwnerId, Reaper, Workers};
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Postgres};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::charge::{Charging, MIGRATIONS, TABLES, charge};

/// A wait for a connection takes 5 s, and whoever comes meanwhile waits for the next turn.
const BOUND: Duration = Duration::from_secs(11);
/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);
/// Connections that user code can take; the committers have their own.
const POOL: usize = 7;
/// Transactions at the same time.
const WRITING: usize = 5;

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

    /// Takes every connection of the process that its own code can take.
    async fn starve(&self) -> Vec<PoolConnection<Postgres>> {
        let Database::Postgres(store) = &self.database else {
            panic!("{:?}", self.database);
        };
        let mut taken = Vec::new();
        for _ in 0..POOL {
            taken.push(store.pool().acquire().await.unwrap());
        }
        taken
    }

    /// Has so many slow transactions run.
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

/// Whoever asks how things stand would wait behind all who change something, or be refused with them.
#[tokio::test]
async fn who_only_reads_does_not_wait_for_who_writes() {
    let scene = Scene::new();
    let process = scene.process();
    let held = process.hold(WRITING).await;
    let begin = Instant::now();
    let database = process.database.clone();
    let refused = tokio::spawn(async move {
        let sixth = database.transaction(|_| Box::pin(async { Ok(()) }));
        sixth.await
    });
    for _ in 0..50 {
        let read = process
            .database
            .query("select 1 as one".to_owned(), Vec::new());
        assert_eq!(read.await.unwrap().len(), 1);
    }
    assert!(!refused.is_finished(), "{:?}", begin.elapsed());
    let Err(TransactionError::Store(error)) = refused.await.unwrap() else {
        panic!("more transactions than {WRITING}");
    };
    assert!(error.is_retryable(), "{error}");
    assert!(begin.elapsed() < BOUND, "{:?}", begin.elapsed());
    held.release().await;
    process.submit("k").await.unwrap();
}

/// User code takes every connection that it can get.
#[tokio::test]
async fn user_code_that_holds_all_its_connections_keeps_nobody_from_submitting() {
    let scene = Scene::new();
    let (process, witness) = (scene.process(), scene.process());
    let held = process.starve().await;
    for number in 0..50 {
        let (_, replayed) = process.submit(&format!("k{number}")).await.unwrap();
        assert!(!replayed);
    }
    process.engine.idle().await;
    let counts = witness.engine.store().count_by_state().await.unwrap();
    assert_eq!(counts, [(OperationState::Completed, 50)]);
    drop(held);
    assert_eq!(scene.provider.total_effects(), 50);
    assert_eq!(scene.provider.most_effects_of_one_key(), 1);
}

/// The loops meet the same refusal as clients, and nobody starts them again.
#[tokio::test]
async fn the_loops_of_a_starved_process_go_on_by_themselves() {
    let scene = Scene::new();
    let (process, full) = (scene.process(), scene.process());
    full.engine.drain(Duration::ZERO).await;
    let held = process.starve().await;
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
    drop(held);
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

/// Other programs have taken every connection that the server gives, when it comes back from a crash.
#[tokio::test]
async fn a_server_without_a_free_connection_is_waited_for_and_no_longer() {
    let server = PostgresServer::start_durable("max_connections = 12").unwrap();
    let config = PostgresConfig::new(server.url());
    let store = PostgresStore::open(&config, MIGRATIONS).await.unwrap();
    let scene = Scene::new();
    let process = scene.process_on(Database::Postgres(store));
    server.restart_immediately().unwrap();
    let mut others = Vec::new();
    while let Ok(connection) = PgConnection::connect(&server.url()).await {
        others.push(connection);
    }
    assert!(!others.is_empty());
    let refused = PostgresStore::open(&config, MIGRATIONS).await.unwrap_err();
    assert!(refused.is_retryable(), "{refused}");
    let begin = Instant::now();
    let mut clients = JoinSet::new();
    for number in 0..50 {
        clients.spawn(submit(process.engine.clone(), format!("k{number}")));
    }
    for refused in clients.join_all().await {
        assert_comes_again(refused.unwrap_err());
    }
    assert!(begin.elapsed() < BOUND, "{:?}", begin.elapsed());
    drop(others);
    let accepted = async {
        loop {
            if let Ok(accepted) = process.submit("k0").await {
                return accepted;
            }
        }
    };
    let (op, replayed) = tokio::time::timeout(PATIENCE, accepted).await.unwrap();
    assert!(!replayed);
    process.engine.idle().await;
    assert_eq!(process.state(&op).await, OperationState::Completed);
    assert_eq!(
        process.operations().await,
        1,
        "nobody was told of any other"
    );
    assert_eq!(scene.provider.total_effects(), 1);
}
