//! Whole runs of several processes, invented from a seed: the same seed gives the same run.
//!
//! ```text
//!  seed ─▶ World ── chooses what happens next ──▶ a task goes on │ a batch commits │ a request arrives
//!            │                                    a loop runs │ a client asks │ the clock is wound
//!            │                                    the provider reports by a callback
//!            │                                    a process dies, freezes, starts again
//!            └──── after every commit ──▶ Checks: the promises, by name (Invariant)
//! ```
//!
//! The engine, the schedulers, the statements and the group commit are the real ones. Only time, ids,
//! the provider and the order of things are simulated: there is no thread, and every task waits on the
//! stage after each call to the store or the provider and at each sleep. After a number of steps
//! everything goes well again, and all operations must come to rest.

mod checks;
mod client;
mod inbox;
mod invariant;
mod network;
mod process;
mod provider;
mod random;
mod sagas;
mod stage;
mod trace;
mod watched;
mod webhooks;
mod world;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::engine::EngineBuilder;
use crate::fault::Boundary;
use crate::operation::command::Command;
use crate::operation::idempotency::Idempotency;
use crate::operation::retry::RetryPolicy;
use crate::store::OperationStore;
use crate::store::sqlite::MemoryDatabase;

use super::WorldSetup;

pub use self::invariant::Invariant;
pub use self::provider::SimProvider;
pub use self::random::Random;
pub use self::sagas::{SagaFacts, SagaPlace, SimSagas};

use self::stage::Stage;
use self::world::World;

/// What a run is about: how its provider treats keys, whether ends are written by a hook, and whether the
/// provider reports by callbacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flavour {
    /// What the provider promises about a repeated key, and keeps.
    pub idempotency: Idempotency,
    /// Whether the orchestrator has a finalize hook.
    pub hook: bool,
    /// Whether the domain takes callbacks.
    pub callbacks: bool,
}

impl Flavour {
    fn chosen(random: &mut Random) -> Self {
        let keyed = |seconds| Idempotency::Keyed {
            window: Duration::from_secs(seconds),
        };
        let kinds = [
            keyed(24 * 3_600),
            keyed(24 * 3_600),
            Idempotency::None,
            Idempotency::None,
            keyed(900),
            keyed(180),
        ];
        Self {
            idempotency: random.pick(&kinds),
            hook: random.chance(50),
            callbacks: random.chance(50),
        }
    }
}

/// The orchestrator under test, and what a simulation must know of it.
pub trait Subject {
    /// What clients ask for.
    type Command: Command;

    /// Its tables, that of callbacks among them.
    const SETUP: WorldSetup;

    /// A statement that answers `op_id` and `state` for each end that the finalize hook wrote.
    const ENDS: &'static str;

    /// What must be known of the sagas that its operations serve, if they serve any.
    const SAGAS: Option<SagaFacts> = None;

    /// The command of `order`, which is its business key. Another `variant` is another body.
    fn command(order: &str, variant: u32) -> Self::Command;

    /// Adds the orchestrator of this flavour, which calls `provider`, to an engine.
    fn register(
        &self,
        builder: EngineBuilder,
        flavour: Flavour,
        provider: SimProvider,
    ) -> EngineBuilder;

    /// The orchestrator's limits.
    #[must_use]
    fn policy() -> RetryPolicy {
        RetryPolicy::default()
    }

    /// The sagas of a process, if operations serve any.
    fn sagas(&self, place: SagaPlace<'_>) -> Option<SimSagas> {
        let _ = place;
        None
    }

    /// Puts something between the engine and the store of a process.
    fn store(&self, store: Arc<dyn OperationStore>) -> Arc<dyn OperationStore> {
        store
    }
}

/// A run in which every promise was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// A number that differs when anything happened differently.
    pub digest: u64,
    /// What happened: the last lines, or all of them where asked for.
    pub trace: Vec<String>,
    /// Where processes died, each with the kinds of replies that the provider had given before.
    pub deaths: Vec<(Boundary, BTreeSet<&'static str>)>,
}

/// How many kinds of replies the provider gives.
pub const REPLIES: usize = network::KINDS;

/// A run in which a promise was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The seed that repeats it.
    pub seed: u64,
    /// The promise.
    pub invariant: Invariant,
    /// How it was broken.
    pub what: String,
    /// The run until then.
    pub run: Run,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.run.trace {
            writeln!(f, "{line}")?;
        }
        let (seed, invariant) = (self.seed, self.invariant);
        write!(f, "seed {seed} broke {invariant}: {}", self.what)
    }
}

/// Runs seeds one after the other, in one thread and one database that is emptied in between.
#[derive(Debug)]
pub struct Simulator<S> {
    subject: S,
    database: MemoryDatabase,
    clear: String,
}

impl<S: Subject> Simulator<S> {
    /// A simulator of `subject`.
    ///
    /// # Panics
    /// When the subject's migrations fail.
    #[must_use]
    pub fn new(subject: S) -> Self {
        let database = MemoryDatabase::open(S::SETUP.migrations).expect("the subject's schema");
        let tables = "select name from sqlite_master where type = 'table' \
             and name <> 'orch_migrations' and name not like 'sqlite_%'";
        let tables = database.query(tables, &[]).expect("the list of tables");
        let clear = |row: &crate::value::Row| {
            let table: String = row.get("name").expect("a name");
            format!("delete from \"{table}\";")
        };
        let clear: String = tables.iter().map(clear).collect();
        Self {
            subject,
            // Tables refer to each other.
            clear: format!("begin; pragma defer_foreign_keys = on; {clear} commit"),
            database,
        }
    }

    /// Runs one seed. `whole` keeps every line of the trace instead of the last ones.
    ///
    /// # Errors
    /// When a promise is broken.
    ///
    /// # Panics
    /// When the engine cannot be built.
    pub fn run(&self, seed: u64, whole: bool) -> Result<Run, Box<Failure>> {
        self.database
            .execute(&self.clear)
            .expect("an empty database");
        let stage = Stage::new(seed, whole);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            World::new(&self.subject, &self.database, &stage)
                .run()
                .await;
        });
        drop(runtime);
        let scene = stage.scene();
        let run = Run {
            digest: scene.trace.digest(),
            trace: scene.trace.lines(),
            deaths: scene.deaths.clone(),
        };
        match &scene.violation {
            None => Ok(run),
            Some(violation) => Err(Box::new(Failure {
                seed,
                invariant: violation.invariant,
                what: violation.what.clone(),
                run,
            })),
        }
    }
}
