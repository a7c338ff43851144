//! One process, its database file and its provider, under a clock that the test winds.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::clock::{Clock, Timestamp, later};
use crate::engine::{Engine, EngineBuilder, EngineConfig, SubmitError};
use crate::fault::{Boundary, Fate, FaultPlan, NoFaults};
use crate::ids::{IdemKey, OpId, OwnerId};
use crate::operation::command::Command;
use crate::operation::outcome::Outcome;
use crate::operation::state::OperationState;
use crate::operation::view::OperationView;
use crate::scheduler::{
    CallbackSweeper, CallbackSweeperConfig, Cleaner, CleanerConfig, Finalizer, FinalizerConfig,
    Reaper, ReaperConfig,
};
use crate::store::hook::{HookFuture, HookTx};
use crate::store::{
    Applied, Claim, Database, Migration, OperationStore, Sealing, StoreKind, Tables, Term,
    TransactionError,
};
use crate::value::Value;

use super::{ManualClock, Provider, TestDatabase};

/// Rounds after which an operation that has not come to rest is stuck.
const PATIENCE: u32 = 600;

/// Longer than a lease, the settling time and the first pauses between attempts.
const RECOVERY_STEP: Duration = Duration::from_secs(61);

/// Turns given to tasks that the clock has just woken before the world looks at them.
const YIELDS: u32 = 16;

/// What a world is made of.
#[derive(Debug, Clone, Copy)]
pub struct WorldSetup {
    /// The database for which the schema is written.
    pub store: StoreKind,
    /// The schema.
    pub migrations: &'static [Migration],
    /// The domain's tables.
    pub tables: Tables,
}

/// Dies at one boundary, once; afterwards every boundary is death until the restart.
#[derive(Debug, Default)]
pub struct Crashes {
    armed: Mutex<Option<Armed>>,
    died_at: Mutex<Option<Boundary>>,
    dead: AtomicBool,
    died: Notify,
}

/// Where to die.
#[derive(Debug, Clone, Copy)]
enum Armed {
    /// At this boundary.
    At(Boundary),
    /// When as many boundaries are behind it, whichever they are.
    Behind(u32),
}

impl Crashes {
    /// The process will die at `boundary`.
    pub(super) fn arm(&self, boundary: Boundary) {
        *lock(&self.armed) = Some(Armed::At(boundary));
    }

    /// The process will die at the next boundary that it reaches after `passed` others.
    pub(super) fn arm_behind(&self, passed: u32) {
        *lock(&self.armed) = Some(Armed::Behind(passed));
    }

    /// Where it died.
    pub(super) fn died_at(&self) -> Option<Boundary> {
        *lock(&self.died_at)
    }

    /// Whether it died.
    pub(super) fn is_dead(&self) -> bool {
        self.dead.load(Ordering::SeqCst)
    }

    /// Nothing writes any more.
    pub(super) fn die(&self) {
        self.dead.store(true, Ordering::SeqCst);
    }

    /// Waits for the death.
    pub(super) async fn died(&self) {
        self.died.notified().await;
    }
}

impl FaultPlan for Crashes {
    fn reach(&self, boundary: Boundary) -> Fate {
        let mut armed = lock(&self.armed);
        let dies = match &mut *armed {
            Some(Armed::At(at)) => *at == boundary,
            Some(Armed::Behind(0)) => true,
            Some(Armed::Behind(passed)) => {
                *passed -= 1;
                false
            }
            None => false,
        };
        if dies && !self.is_dead() {
            *armed = None;
            *lock(&self.died_at) = Some(boundary);
            self.dead.store(true, Ordering::SeqCst);
            self.died.notify_one();
        }
        if self.dead.load(Ordering::SeqCst) {
            Fate::Die
        } else {
            Fate::Continue
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

type Register = Box<dyn Fn(EngineBuilder, Provider) -> EngineBuilder + Send>;

/// A process under test.
pub struct World {
    database: TestDatabase,
    setup: WorldSetup,
    register: Register,
    /// What its calls go to.
    pub provider: Provider,
    /// Its time.
    pub clock: ManualClock,
    crashes: Arc<Crashes>,
    engine: Engine,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World")
            .field("database", &self.database)
            .finish_non_exhaustive()
    }
}

impl World {
    /// A fresh world. `register` adds the orchestrator under test to an engine, given the provider.
    ///
    /// # Panics
    /// When the schema cannot be applied or the engine not be built: the test cannot go on.
    pub fn new<F>(setup: WorldSetup, provider: Provider, register: F) -> Self
    where
        F: Fn(EngineBuilder, Provider) -> EngineBuilder + Send + 'static,
    {
        let database = TestDatabase::fresh(setup.store, setup.migrations);
        let (clock, crashes) = (ManualClock::default(), Arc::new(Crashes::default()));
        let register: Register = Box::new(register);
        let engine = start(&database, &setup, &clock, &crashes, &provider, &register);
        Self {
            database,
            setup,
            register,
            provider,
            clock,
            crashes,
            engine,
        }
    }

    /// The running engine.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The database below the engine.
    #[must_use]
    pub fn database(&self) -> &TestDatabase {
        &self.database
    }

    /// Runs `work` in a transaction of the engine's database, as a handler of yours would.
    ///
    /// # Errors
    /// As [`Database::transaction`](crate::store::Database::transaction).
    pub async fn transaction<F>(&self, work: F) -> Result<(), TransactionError>
    where
        F: for<'a> FnMut(HookTx<'a>) -> HookFuture<'a> + Send + 'static,
    {
        let database = self.database.open(Arc::new(NoFaults));
        database.transaction(work).await
    }

    /// Runs a writing statement beside the engine, as a person at the database would.
    ///
    /// # Panics
    /// When the statement fails.
    pub fn alter(&self, sql: &str) {
        self.database.try_alter(sql).expect("a statement");
    }

    /// [`alter`](Self::alter), where the database may refuse.
    ///
    /// # Errors
    /// What the database says.
    pub fn try_alter(&self, sql: &str) -> Result<(), String> {
        self.database.try_alter(sql)
    }

    /// A new process on the same database, which seals with other keys from now on.
    pub fn restart_sealed_by(&mut self, cipher: Arc<dyn Sealing>) {
        self.database.seal_by(cipher);
        self.restart();
    }

    /// The record below the engine.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn OperationStore> {
        self.engine.store()
    }

    /// Submits as the anonymous owner and lets the first attempt run.
    ///
    /// # Errors
    /// As [`Engine::submit`].
    ///
    /// # Panics
    /// When `key` is no idempotency key.
    pub async fn submit<C: Command>(&self, key: &str, command: &C) -> Result<OpId, SubmitError> {
        let key = IdemKey::new(key).expect("an idempotency key");
        let submitted = self.engine.submit(OwnerId::anonymous(), key, command).await;
        self.quiet().await;
        submitted.map(|submitted| submitted.op_id)
    }

    /// Submits as the anonymous owner to a worker that is lost right after it has written `answer` to
    /// the log. From now on this process takes no work by itself.
    ///
    /// # Panics
    /// When the command is not accepted, or the answer not taken.
    pub async fn lose_after_record<C: Command>(
        &self,
        key: &str,
        command: &C,
        answer: &Outcome,
    ) -> OpId {
        self.engine.drain(Duration::ZERO).await;
        let op_id = self.submit(key, command).await.expect("an operation");
        let now = self.clock.now();
        let term = Term {
            worker: "lost".into(),
            expires_at: later(now, EngineConfig::default().lease),
        };
        let claim = Claim {
            term,
            event_types: [C::EVENT_TYPE].into(),
            due_from: Timestamp::UNIX_EPOCH,
            limit: 1,
            repeats: None,
        };
        let leases = self.store().claim(now, claim).await;
        let leases = leases.expect("a claim");
        let lease = leases.first().expect("the operation is due");
        let recorded = self.store().record(now, lease, answer).await;
        assert_eq!(recorded.expect("a record"), Applied::Yes);
        op_id
    }

    /// The process will die at `boundary`.
    pub fn crash_at(&self, boundary: Boundary) {
        self.crashes.arm(boundary);
    }

    /// Whether it died.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.crashes.is_dead()
    }

    /// A new process on the same file. What the old one still runs cannot write any more.
    pub fn restart(&mut self) {
        self.crashes.die();
        self.crashes = Arc::new(Crashes::default());
        self.engine = self.second_process();
    }

    /// A new process on a backup: the old one is dead, and its database is lost. What the provider did is done.
    pub fn restore(&mut self, backup: TestDatabase) {
        self.crashes.die();
        self.database = backup;
        self.restart();
    }

    /// Another process on the same file, beside this one.
    #[must_use]
    pub fn second_process(&self) -> Engine {
        start(
            &self.database,
            &self.setup,
            &self.clock,
            &self.crashes,
            &self.provider,
            &self.register,
        )
    }

    /// Winds the clock and does once what every loop would do.
    pub async fn advance(&self, duration: Duration) {
        self.clock.advance(duration);
        self.run_once().await;
    }

    /// Finalizer, Reaper, Cleaner and dispatcher, once each, and the CallbackSweeper where callbacks are
    /// taken. A dead process does nothing.
    pub async fn run_once(&self) {
        tokio::select! {
            () = run_loops_once(&self.engine, self.clock.now()) => {}
            () = self.crashes.died() => return,
        }
        self.quiet().await;
    }

    /// Runs and winds until every operation is completed, failed or parked.
    ///
    /// # Panics
    /// When one does not come to rest: it is lost or stuck.
    pub async fn settle(&self) {
        for _ in 0..PATIENCE {
            self.run_once().await;
            if self.is_at_rest().await {
                return;
            }
            self.clock.advance(Duration::from_secs(5));
        }
        self.stuck().await;
    }

    /// As [`settle`](Self::settle), in longer steps; a process that dies on the way is started again.
    ///
    /// # Panics
    /// As [`settle`](Self::settle).
    pub async fn recover(&mut self) {
        for _ in 0..PATIENCE {
            if self.is_dead() {
                self.restart();
            }
            self.advance(RECOVERY_STEP).await;
            if !self.is_dead() && self.is_at_rest().await {
                return;
            }
        }
        self.stuck().await;
    }

    async fn stuck(&self) -> ! {
        let states = self.store().count_by_state().await;
        panic!("an operation did not come to rest: {states:?}");
    }

    async fn is_at_rest(&self) -> bool {
        let later = self.clock.now() + Duration::from_secs(1);
        let unapplied = self.store().pending_outcomes(later, None, 1).await;
        let counts = self.store().count_by_state().await.unwrap_or_default();
        unapplied.is_ok_and(|unapplied| unapplied.is_empty())
            && counts.iter().all(|(state, count)| {
                *count == 0 || state.is_final() || *state == OperationState::Parked
            })
    }

    /// Waits until no call runs, or one hangs, or the process died.
    pub async fn quiet(&self) {
        calm(&self.engine, &self.crashes, self.provider.hung()).await;
    }

    /// The operation as its owner sees it.
    ///
    /// # Panics
    /// When there is none, or the file cannot be read.
    pub async fn view(&self, op_id: &OpId) -> OperationView {
        let found = self.engine.find(&OwnerId::anonymous(), op_id).await;
        found
            .expect("the file can be read")
            .expect("the operation exists")
    }

    /// Where the operation stands.
    pub async fn state(&self, op_id: &OpId) -> OperationState {
        self.view(op_id).await.state
    }

    /// The only number that a reading statement answers.
    ///
    /// # Panics
    /// When the statement does not answer one number called `n`.
    pub async fn count(&self, sql: &str, params: Vec<Value>) -> i64 {
        let rows = self
            .store()
            .query(sql.to_owned(), params)
            .await
            .expect("a statement");
        rows.first().expect("a row").get("n").expect("a number n")
    }
}

fn start(
    database: &TestDatabase,
    setup: &WorldSetup,
    clock: &ManualClock,
    crashes: &Arc<Crashes>,
    provider: &Provider,
    register: &Register,
) -> Engine {
    let faults: Arc<dyn FaultPlan> = Arc::clone(crashes) as _;
    let process = Process {
        database: database.open(faults),
        clock: clock.clone(),
        crashes: Arc::clone(crashes),
    };
    let builder = process.engine(setup.tables);
    register(builder, provider.clone())
        .build()
        .expect("an engine")
}

/// What the engines of one process share.
pub(super) struct Process {
    pub(super) database: Database,
    pub(super) clock: ManualClock,
    pub(super) crashes: Arc<Crashes>,
}

impl Process {
    /// Everything of an engine but its orchestrators.
    pub(super) fn engine(&self, tables: Tables) -> EngineBuilder {
        Engine::builder(self.database.operations(tables), tables)
            .config(EngineConfig::default())
            .lanes(self.database.lanes())
            .clock(Arc::new(self.clock.clone()))
            .faults(Arc::clone(&self.crashes) as _)
    }
}

/// Waits until no call of `engine` runs, or the process died, or `hung` ends.
pub(super) async fn calm(engine: &Engine, crashes: &Crashes, hung: impl Future<Output = ()>) {
    for _ in 0..YIELDS {
        tokio::task::yield_now().await;
    }
    tokio::select! {
        () = engine.idle() => {}
        () = hung => {}
        () = crashes.died() => {}
    }
}

/// What every loop of a domain would do, once.
pub(super) async fn run_loops_once(engine: &Engine, now: Timestamp) {
    let _ = Finalizer::new(engine, FinalizerConfig::default())
        .run_once(now)
        .await;
    if engine.takes_callbacks() {
        let _ = CallbackSweeper::new(engine, CallbackSweeperConfig::default())
            .run_once(now)
            .await;
    }
    let _ = Reaper::new(engine, ReaperConfig::default())
        .run_once(now)
        .await;
    let _ = Cleaner::new(engine, CleanerConfig::default())
        .run_once(now)
        .await;
    let _ = engine.protect_once().await;
    let _ = engine.dispatch_once().await;
    // What was refused for a lack of grants has asked for them.
    let _ = engine.protect_once().await;
}
