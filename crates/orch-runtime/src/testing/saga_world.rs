//! One process with the domains of a saga, their providers and its database, under a clock that the test
//! winds.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::clock::Clock;
use crate::engine::{BuildError, Engine, EngineBuilder};
use crate::fault::Boundary;
use crate::ids::{IdemKey, OwnerId, SagaId};
use crate::saga::{
    Choreography, ChoreographyBuilder, Initiated, SagaError, SagaPattern, SagaRecord, SagaTables,
    Sagas, SagasBuilder, StepPlan,
};
use crate::scheduler::Workers;
use crate::service::{Engines, SetupError};
use crate::store::{Database, Migration, StoreKind, Tables};
use crate::value::Value;

use super::world::{Process, calm, run_loops_once};
use super::{Crashes, ManualClock, Provider, TestDatabase};

/// Rounds after which a saga that has not ended is stuck.
const PATIENCE: u32 = 400;

/// Longer than a lease, the settling time and the first pauses between attempts.
const STEP: Duration = Duration::from_secs(61);

/// What a world of sagas is made of.
#[derive(Debug, Clone, Copy)]
pub struct SagaWorldSetup<I: 'static> {
    /// The database for which the schema is written.
    pub store: StoreKind,
    /// The schema.
    pub migrations: &'static [Migration],
    /// Where the sagas are kept.
    pub tables: SagaTables,
    /// Their steps.
    pub plan: &'static [StepPlan],
    /// Says what each of them does.
    pub wire: fn(SagasBuilder<I>, &Engines<'_>) -> Result<Sagas<I>, SetupError>,
    /// Adds the handlers of choreographed sagas, where there are any.
    pub handlers: Option<AddHandlers<I>>,
    /// The domains that serve the steps.
    pub domains: &'static [SagaDomain],
}

/// Adds the handlers of a saga.
pub type AddHandlers<I> = fn(ChoreographyBuilder, &Sagas<I>) -> ChoreographyBuilder;

/// A domain that serves steps.
#[derive(Debug, Clone, Copy)]
pub struct SagaDomain {
    /// Its tables.
    pub tables: Tables,
    /// Makes an engine of it that calls the provider.
    pub engine: fn(EngineBuilder, Provider) -> Result<Engine, BuildError>,
}

/// A process under test that runs one kind of saga.
pub struct SagaWorld<I: 'static> {
    database: TestDatabase,
    setup: SagaWorldSetup<I>,
    pattern: SagaPattern,
    providers: Vec<Provider>,
    deaths: Vec<Boundary>,
    /// Its time.
    pub clock: ManualClock,
    running: Running<I>,
}

/// One process.
struct Running<I> {
    database: Database,
    crashes: Arc<Crashes>,
    engines: Vec<Engine>,
    sagas: Sagas<I>,
    choreography: Option<Choreography>,
}

impl<I> std::fmt::Debug for SagaWorld<I> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SagaWorld")
            .field("database", &self.database)
            .finish_non_exhaustive()
    }
}

impl<I: Serialize + DeserializeOwned + Send + Sync + 'static> SagaWorld<I> {
    /// A fresh world, whose providers give a repeated key one effect.
    ///
    /// # Panics
    /// When the schema cannot be applied, or the steps make no saga: the test cannot go on.
    #[must_use]
    pub fn new(setup: SagaWorldSetup<I>) -> Self {
        Self::of(SagaPattern::Orchestration, setup)
    }

    /// One whose sagas are moved on by the handlers of the setup.
    ///
    /// # Panics
    /// As [`new`](Self::new), and when an event reaches nobody who goes on with it.
    #[must_use]
    pub fn choreographed(setup: SagaWorldSetup<I>) -> Self {
        Self::of(SagaPattern::Choreography, setup)
    }

    fn of(pattern: SagaPattern, setup: SagaWorldSetup<I>) -> Self {
        let database = TestDatabase::fresh(setup.store, setup.migrations);
        let domains = setup.domains.iter();
        let providers: Vec<_> = domains.map(|_| Provider::keyed()).collect();
        let clock = ManualClock::default();
        let running = start(&database, &setup, pattern, &providers, &clock);
        Self {
            database,
            setup,
            pattern,
            providers,
            deaths: Vec::new(),
            clock,
            running,
        }
    }

    /// The sagas of the running process.
    #[must_use]
    pub fn sagas(&self) -> &Sagas<I> {
        &self.running.sagas
    }

    /// What looks after its sagas, as a service hands it to the routes of operators.
    #[must_use]
    pub fn workers(&self) -> Workers {
        let workers = Workers::new().with_sagas(&self.running.sagas);
        match &self.running.choreography {
            Some(choreography) => workers.with_choreography(choreography),
            None => workers,
        }
    }

    /// What the calls of a domain go to, named as its tables are.
    ///
    /// # Panics
    /// When no step is served by that domain.
    #[must_use]
    pub fn provider(&self, domain: &str) -> &Provider {
        let mut domains = self.setup.domains.iter();
        let at = domains.position(|known| known.tables.domain == domain);
        &self.providers[at.expect("a domain that serves a step")]
    }

    /// Runs a writing statement beside the process, as a person at the database would.
    ///
    /// # Panics
    /// When the statement fails.
    pub fn alter(&self, sql: &str) {
        self.database.try_alter(sql).expect("a statement");
    }

    /// Asks for a saga as the anonymous owner, and lets its first steps run.
    ///
    /// # Errors
    /// As [`Sagas::initiate`].
    ///
    /// # Panics
    /// When `key` is no idempotency key.
    pub async fn initiate(&self, key: &str, input: &I) -> Result<Initiated, SagaError> {
        let key = IdemKey::new(key).expect("an idempotency key");
        let sagas = &self.running.sagas;
        let initiated = sagas.initiate(OwnerId::anonymous(), key, input).await;
        self.quiet().await;
        initiated
    }

    /// The saga as its owner sees it.
    ///
    /// # Panics
    /// When there is none, or the database cannot be read.
    pub async fn saga(&self, id: &SagaId) -> SagaRecord {
        let found = self.running.sagas.find(&OwnerId::anonymous(), id).await;
        found
            .expect("the database can be read")
            .expect("the saga exists")
    }

    /// The process will die at `boundary`.
    pub fn crash_at(&self, boundary: Boundary) {
        self.running.crashes.arm(boundary);
    }

    /// The process will die at the next boundary that it reaches after `passed` others, whichever they are.
    pub fn crash_behind(&self, passed: u32) {
        self.running.crashes.arm_behind(passed);
    }

    /// Where processes died so far, in their order.
    #[must_use]
    pub fn deaths(&self) -> Vec<Boundary> {
        let last = self.running.crashes.died_at();
        self.deaths.iter().copied().chain(last).collect()
    }

    /// Whether it died.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.running.crashes.is_dead()
    }

    /// A new process on the same database. What the old one still runs cannot write any more.
    pub fn restart(&mut self) {
        self.deaths.extend(self.running.crashes.died_at());
        self.running.crashes.die();
        let (pattern, setup) = (self.pattern, &self.setup);
        self.running = start(&self.database, setup, pattern, &self.providers, &self.clock);
    }

    /// Does once what every loop would do. A dead process does nothing.
    pub async fn run_once(&self) {
        let now = self.clock.now();
        let rounds = async {
            for engine in &self.running.engines {
                run_loops_once(engine, now).await;
            }
            self.quiet().await;
            let _ = self.running.sagas.run_once(now).await;
            if let Some(choreography) = &self.running.choreography {
                // Each event that is handled tells the next one.
                while matches!(choreography.run_once(now).await, Ok(1..)) {}
            }
        };
        tokio::select! {
            () = rounds => {}
            () = self.running.crashes.died() => return,
        }
        self.quiet().await;
    }

    /// Runs until a saga has ended, or waits for a person; a process that dies on the way is started again. The
    /// clock is wound when nothing happens any more without it.
    ///
    /// # Panics
    /// When it does not come to rest: it is lost or stuck.
    pub async fn settle(&mut self, id: &SagaId) -> SagaRecord {
        let mut before = None;
        for _ in 0..PATIENCE {
            if self.is_dead() {
                self.restart();
            }
            self.run_once().await;
            if !self.is_dead() {
                let saga = self.saga(id).await;
                if saga.state.is_final() || saga.waits_for_a_person() {
                    return saga;
                }
                if before.as_ref() == Some(&saga) {
                    self.clock.advance(STEP);
                }
                before = Some(saga);
            }
        }
        panic!("the saga did not come to rest: {:?}", self.saga(id).await);
    }

    /// The most effects that one operation of any domain had: more than one is a double call.
    #[must_use]
    pub fn most_effects_of_one_key(&self) -> u32 {
        let most = self.providers.iter().map(Provider::most_effects_of_one_key);
        most.max().unwrap_or_default()
    }

    /// The only number that a reading statement answers.
    ///
    /// # Panics
    /// When the statement does not answer one number called `n`.
    pub async fn count(&self, sql: &str, params: Vec<Value>) -> i64 {
        let rows = self.running.database.query(sql.to_owned(), params).await;
        let rows = rows.expect("a statement");
        rows.first().expect("a row").get("n").expect("a number n")
    }

    /// Waits until no call runs, or the process died.
    async fn quiet(&self) {
        let crashes = &self.running.crashes;
        for engine in &self.running.engines {
            calm(engine, crashes, std::future::pending()).await;
            if crashes.is_dead() {
                return;
            }
        }
    }
}

fn start<I: Serialize + DeserializeOwned + Send + Sync + 'static>(
    database: &TestDatabase,
    setup: &SagaWorldSetup<I>,
    pattern: SagaPattern,
    providers: &[Provider],
    clock: &ManualClock,
) -> Running<I> {
    let crashes = Arc::new(Crashes::default());
    let process = Process {
        database: database.open(Arc::clone(&crashes) as _),
        clock: clock.clone(),
        crashes: Arc::clone(&crashes),
    };
    let domains = setup.domains.iter().zip(providers);
    let engines: Vec<Engine> = domains
        .map(|(domain, provider)| {
            let builder = process.engine(domain.tables);
            (domain.engine)(builder, provider.clone()).expect("an engine")
        })
        .collect();
    let builder = Sagas::builder(process.database.clone(), setup.tables, setup.plan);
    let builder = builder.clock(Arc::new(clock.clone())).pattern(pattern);
    let sagas = (setup.wire)(builder, &engines.iter().collect()).expect("a saga");
    let choreography = setup.handlers.map(|add| {
        let builder = Choreography::builder(&sagas).expect("names of events");
        add(builder, &sagas)
            .build()
            .expect("handlers of all events")
    });
    Running {
        choreography,
        database: process.database,
        crashes,
        engines,
        sagas,
    }
}
