//! Running schedulers until told to stop.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Clock;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::engine::{Engine, Shutdown};
use crate::saga::parked::Parking;
use crate::saga::{Choreography, SagaCheckError, SagaError, SagaProblem, Sagas};
use crate::store::StoreError;

/// A loop over bounded batches.
pub trait Scheduler: Send + Sync + 'static {
    /// For logs.
    fn name(&self) -> &'static str;

    /// The pause after the batch that was done last.
    fn every(&self) -> Duration;

    /// The engine whose operations it looks after.
    fn engine(&self) -> &Engine;

    /// Does one batch; says in words what was done, or nothing when nothing was.
    fn tick(&self) -> impl Future<Output = Result<Option<String>, StoreError>> + Send;
}

type Loop = Box<dyn FnOnce(Shutdown) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;
type Inspected = Pin<Box<dyn Future<Output = Result<Vec<SagaProblem>, SagaError>> + Send>>;
type Inspection = Box<dyn Fn(Duration) -> Inspected + Send + Sync>;
type Check = Pin<Box<dyn Future<Output = Result<(), SagaCheckError>> + Send>>;

/// The schedulers of a domain, ready to run.
#[derive(Default)]
pub struct Workers {
    loops: Vec<Loop>,
    names: Vec<&'static str>,
    checks: Vec<Mutex<Check>>,
    inspections: Vec<Inspection>,
    parking: Vec<Arc<dyn Parking>>,
    choreographies: Vec<Choreography>,
}

impl std::fmt::Debug for Workers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Workers").field(&self.names).finish()
    }
}

impl Workers {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one.
    #[must_use]
    pub fn with<S: Scheduler>(mut self, scheduler: S) -> Self {
        self.names.push(scheduler.name());
        self.loops
            .push(Box::new(move |shutdown| Box::pin(run(scheduler, shutdown))));
        self
    }

    /// Adds what keeps sagas going: it advances them as their operations end, and finds those that were left.
    #[must_use]
    pub fn with_sagas<I>(mut self, sagas: &Sagas<I>) -> Self
    where
        I: Serialize + DeserializeOwned + Send + Sync + 'static,
    {
        let (sagas, asked) = (sagas.clone(), sagas.clone());
        let check: Check = Box::pin(async move { asked.check().await });
        self.checks.push(Mutex::new(check));
        let inspected = sagas.clone();
        self.inspections.push(Box::new(move |overdue| {
            let sagas = inspected.clone();
            Box::pin(async move { sagas.check_integrity(overdue).await })
        }));
        self.parking.push(Arc::new(sagas.clone()));
        self.names.push("sagas");
        self.loops.push(Box::new(move |shutdown| {
            // What ends before the task begins is heard, too.
            let endings = sagas.endings();
            Box::pin(sagas.keep_going(endings, shutdown))
        }));
        self
    }

    /// Adds what publishes the events of choreographed sagas and handles them.
    #[must_use]
    pub fn with_choreography(mut self, choreography: &Choreography) -> Self {
        let (choreography, asked) = (choreography.clone(), choreography.clone());
        let check: Check = Box::pin(async move { Ok(asked.prepare().await?) });
        self.checks.push(Mutex::new(check));
        self.choreographies.push(choreography.clone());
        self.names.push("choreography");
        self.loops.push(Box::new(move |shutdown| {
            Box::pin(choreography.run(shutdown))
        }));
        self
    }

    /// Finds out whether this program can go on with what former ones began, see [`Sagas::check`], and whether what
    /// carries events is there. A service asks before it runs them.
    ///
    /// # Errors
    /// When it cannot, or the database fails.
    pub async fn check(&mut self) -> Result<(), SagaCheckError> {
        for check in std::mem::take(&mut self.checks) {
            check
                .into_inner()
                .unwrap_or_else(PoisonError::into_inner)
                .await?;
        }
        Ok(())
    }

    /// What the tables of the sagas say and must not: see [`Sagas::check_integrity`].
    ///
    /// # Errors
    /// When the database fails.
    pub async fn check_integrity(&self, overdue: Duration) -> Result<Vec<SagaProblem>, SagaError> {
        let mut found = Vec::new();
        for inspect in &self.inspections {
            found.extend(inspect(overdue).await?);
        }
        Ok(found)
    }

    /// The sagas of which something may wait for a person.
    pub(crate) fn parking(&self) -> &[Arc<dyn Parking>] {
        &self.parking
    }

    /// Whose events may wait for a person.
    pub(crate) fn choreographies(&self) -> &[Choreography] {
        &self.choreographies
    }

    /// Their names, in the order of registration.
    #[must_use]
    pub fn names(&self) -> &[&'static str] {
        &self.names
    }

    /// Runs all of them until `shutdown`. Ends early when one of them panics: a service without its
    /// schedulers must not look healthy.
    pub async fn run(self, shutdown: Shutdown) {
        let mut tasks = tokio::task::JoinSet::new();
        for start in self.loops {
            tasks.spawn(start(shutdown.clone()));
        }
        while let Some(ended) = tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a scheduler broke");
                return;
            }
        }
    }
}

async fn run<S: Scheduler>(scheduler: S, mut shutdown: Shutdown) {
    let clock: Arc<dyn Clock> = Arc::clone(&scheduler.engine().inner.clock);
    while !shutdown.is_requested() {
        match scheduler.tick().await {
            Ok(None) => {}
            Ok(Some(done)) => tracing::info!(scheduler = scheduler.name(), done),
            Err(error) => tracing::error!(scheduler = scheduler.name(), %error),
        }
        tokio::select! {
            () = shutdown.requested() => {}
            () = clock.sleep(scheduler.every()) => {}
        }
    }
}
