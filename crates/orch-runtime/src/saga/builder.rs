//! Putting the engine of one kind of saga together.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::{Clock, SystemClock};
use crate::ids::{IdSource, UuidSource};
use crate::metrics::{Metrics, SagaMetrics};
use crate::operation::limits::StepLimits;
use crate::store::Database;
use crate::value::Column;

use super::advance::Script;
use super::cache::{Cached, SagaCache};
use super::choreography::{SagaEvents, Told};
use super::engine::{Inner, Sagas};
use super::integrity::SagaKinds;
use super::known::Known;
use super::limits::{Limits, LimitsError, Said};
use super::pattern::{SagaPattern, Switch};
use super::plan::{Compensation, Plan, PlanError, StepPlan};
use super::seals::Seals;
use super::shared::Shared;
use super::step::SagaStep;
use super::tables::SagaTables;

/// Limits of a [`Sagas`].
#[derive(Debug, Clone, Copy)]
pub struct SagaConfig {
    /// For how long steps may begin. What runs then is waited for, and undone.
    pub time_budget: Duration,
    /// After this time somebody looks at a saga of which nobody heard.
    pub look_every: Duration,
    /// Sagas that are looked at in one go.
    pub batch: u32,
}

impl Default for SagaConfig {
    /// An hour; 15 seconds; 100 sagas.
    fn default() -> Self {
        Self {
            time_budget: Duration::from_secs(3_600),
            look_every: Duration::from_secs(15),
            batch: 100,
        }
    }
}

/// Steps do not make a saga.
#[derive(Debug, thiserror::Error)]
pub enum SagaBuildError {
    /// They are no plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// Nothing says what a step does.
    #[error("nothing says what the step \"{0}\" does")]
    Missing(&'static str),
    /// The plan says that an operation undoes a step, and there is none.
    #[error("nothing undoes the step \"{0}\": add `.undone_by(..)`, or say why not in the plan")]
    NoCompensation(&'static str),
    /// Something is said of a step that the plan does not have.
    #[error("the plan has no step \"{0}\"")]
    NoSuchStep(&'static str),
    /// Events would carry a field that they have already.
    #[error("events cannot tell a field \"{0}\": it is one of their own")]
    Usurper(&'static str),
    /// A choreographed saga that tells nobody of anything would never move.
    #[error("a choreographed saga needs names for its events: add `.events(..)`")]
    NoEvents,
    /// Limits of a step cannot be kept.
    #[error(transparent)]
    Limits(#[from] LimitsError),
}

/// Puts a [`Sagas`] together.
pub struct SagasBuilder<I> {
    database: Database,
    tables: SagaTables,
    plan: Vec<StepPlan>,
    steps: Vec<(&'static str, Box<dyn SagaStep<I>>)>,
    limits: Said,
    undo_limits: Said,
    columns: fn(&I) -> Vec<Column>,
    config: SagaConfig,
    pattern: SagaPattern,
    events: Option<SagaEvents>,
    kinds: SagaKinds,
    cache: Option<Arc<dyn SagaCache>>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    metrics: Metrics,
}

impl<I> std::fmt::Debug for SagasBuilder<I> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SagasBuilder({})", self.tables.prefix)
    }
}

impl<I: 'static> SagasBuilder<I> {
    pub(super) fn new(database: Database, tables: SagaTables, plan: &[StepPlan]) -> Self {
        Self {
            database,
            tables,
            plan: plan.to_vec(),
            steps: Vec::new(),
            limits: Vec::new(),
            undo_limits: Vec::new(),
            columns: |_| Vec::new(),
            config: SagaConfig::default(),
            pattern: SagaPattern::default(),
            events: None,
            kinds: SagaKinds::default(),
            cache: None,
            clock: Arc::new(SystemClock),
            ids: Arc::new(UuidSource),
            metrics: Metrics::new(),
        }
    }

    /// What a step of the plan does.
    #[must_use]
    pub fn step(mut self, name: &'static str, does: impl SagaStep<I>) -> Self {
        self.steps.push((name, Box::new(does)));
        self
    }

    /// How often and for how long the operation of a step is tried, in place of its orchestrator's policy. When the
    /// budget is spent no attempt starts any more: a call whose answer was lost is asked about first, then the step
    /// has failed.
    #[must_use]
    pub fn limits(mut self, step: &'static str, limits: StepLimits) -> Self {
        self.limits.push((step, limits));
        self
    }

    /// The same of the operation that undoes a step. One that is given up waits for a person.
    #[must_use]
    pub fn undo_limits(mut self, step: &'static str, limits: StepLimits) -> Self {
        self.undo_limits.push((step, limits));
        self
    }

    /// What of the input is kept in columns of its own, beside the whole of it.
    #[must_use]
    pub fn columns(mut self, columns: fn(&I) -> Vec<Column>) -> Self {
        self.columns = columns;
        self
    }

    /// Limits other than the usual ones.
    #[must_use]
    pub fn config(mut self, config: SagaConfig) -> Self {
        self.config = config;
        self
    }

    /// Who moves new sagas on; without it, [`SagaPattern::Orchestration`].
    #[must_use]
    pub fn pattern(mut self, pattern: SagaPattern) -> Self {
        self.pattern = pattern;
        self
    }

    /// What choreographed sagas tell of, and under which names.
    #[must_use]
    pub fn events(mut self, events: SagaEvents) -> Self {
        self.events = Some(events);
        self
    }

    /// The other kinds of sagas of the service, so that what belongs to them is known.
    #[must_use]
    pub fn beside(mut self, kinds: &SagaKinds) -> Self {
        self.kinds = kinds.clone();
        self
    }

    /// Where sagas that have ended are kept for those who ask for them again and again.
    #[must_use]
    pub fn cache(mut self, cache: Arc<dyn SagaCache>) -> Self {
        self.cache = Some(cache);
        self
    }

    /// Where the time comes from.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Where names of sagas come from.
    #[must_use]
    pub fn ids(mut self, ids: Arc<dyn IdSource>) -> Self {
        self.ids = ids;
        self
    }

    /// Where sagas are counted; each kind once.
    #[must_use]
    pub fn metrics(mut self, metrics: &Metrics) -> Self {
        self.metrics = metrics.clone();
        self
    }

    /// Checks that the plan is one, and that something is said of each of its steps.
    ///
    /// # Errors
    /// See [`SagaBuildError`].
    pub fn build(self) -> Result<Sagas<I>, SagaBuildError> {
        let plan = Plan::new(&self.plan)?;
        let mut given = self.steps;
        let mut steps = Vec::with_capacity(given.len());
        for step in plan.steps() {
            let at = given.iter().position(|(name, _)| *name == step.name);
            let at = at.ok_or(SagaBuildError::Missing(step.name))?;
            let does = given.swap_remove(at).1;
            check(step, does.can_be_undone())?;
            steps.push(does);
        }
        if let Some((name, _)) = given.first() {
            return Err(SagaBuildError::NoSuchStep(name));
        }
        let mut limited = self.limits.iter().chain(&self.undo_limits);
        if let Some((name, _)) = limited.find(|(name, _)| plan.index_of(name).is_none()) {
            return Err(SagaBuildError::NoSuchStep(name));
        }
        if let Some(name) = self.events.iter().find_map(|events| events.stranger(&plan)) {
            return Err(SagaBuildError::NoSuchStep(name));
        }
        if let Some(name) = self.events.iter().find_map(SagaEvents::usurper) {
            return Err(SagaBuildError::Usurper(name));
        }
        if self.pattern == SagaPattern::Choreography && self.events.is_none() {
            return Err(SagaBuildError::NoEvents);
        }
        let (said, budget) = ((&self.limits, &self.undo_limits), self.config.time_budget);
        let limits = Limits::new(&plan, &steps, said, budget)?;
        let names = plan.steps().iter().map(|step| step.name);
        let told = self.events;
        self.kinds.add(self.tables);
        let metrics = SagaMetrics::new(&self.metrics, self.tables.prefix, names);
        Ok(Sagas {
            inner: Arc::new(Inner {
                told: told.map(|events| Told::new(events, self.tables, &self.database)),
                shared: Shared::new(self.database.clone(), self.tables),
                seals: Seals::new(self.tables.prefix, self.database.cipher()),
                known: Known::default(),
                database: self.database,
                tables: self.tables,
                kinds: self.kinds,
                cache: self
                    .cache
                    .map(|cache| Cached::new(cache, Arc::clone(&self.clock))),
                script: Script {
                    plan,
                    steps,
                    limits,
                },
                columns: self.columns,
                config: self.config,
                pattern: Switch::to(self.pattern),
                clock: self.clock,
                ids: self.ids,
                metrics,
            }),
        })
    }
}

/// What the plan wants undone can be.
fn check(step: &StepPlan, can_be_undone: bool) -> Result<(), SagaBuildError> {
    match (step.compensation, can_be_undone) {
        (Compensation::Operation, false) => Err(SagaBuildError::NoCompensation(step.name)),
        _ => Ok(()),
    }
}
