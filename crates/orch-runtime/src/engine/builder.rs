//! Putting an engine together, with its limits checked.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};

use crate::clock::{Clock, SystemClock};
use crate::fault::{FaultPlan, NoFaults};
use crate::ids::{IdSource, UuidSource};
use crate::metrics::{CallbackMetrics, DomainMetrics, LaneMetrics, Metrics};
use crate::operation::command::Command;
use crate::protection::{LaneStore, PolicyError, ProtectionPolicy};
use crate::store::{OperationStore, Tables};

use super::callbacks::Turns;
use super::due::Due;
use super::endings::Endings;
use super::handler::{Handler, Typed};
use super::lane::Lane;
use super::steps::Steps;
use super::waiters::Waiters;
use super::{ATTEMPTS_PER_CALL, Engine, Inner, Orchestrator};

/// The limits of an engine.
#[derive(Debug, Clone, Copy)]
pub struct EngineConfig {
    /// Calls under way at the same time.
    pub concurrency: usize,
    /// How long an operation belongs to a worker that says nothing (the visibility timeout).
    pub lease: Duration,
    /// How often running calls are reported; three fit into a lease.
    pub heartbeat: Duration,
    /// How long the dispatcher sleeps when nothing is due and nothing wakes it.
    pub idle_poll: Duration,
}

impl Default for EngineConfig {
    /// 256 calls, 15 s lease, 5 s heartbeat, 1 s idle poll.
    fn default() -> Self {
        Self {
            concurrency: 256,
            lease: Duration::from_secs(15),
            heartbeat: Duration::from_secs(5),
            idle_poll: Duration::from_secs(1),
        }
    }
}

/// An engine cannot be built as asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// An attempt could outlive its lease and be taken for lost while it runs.
    #[error(
        "attempts of {event_type} may take {timeout:?}, which is not shorter than the lease of \
         {lease:?}: shorten the timeout or lengthen the lease"
    )]
    TimeoutNotBelowLease {
        /// The command.
        event_type: &'static str,
        /// Its attempt timeout.
        timeout: Duration,
        /// The engine's lease.
        lease: Duration,
    },
    /// Two orchestrators want the same commands.
    #[error("{0} is registered twice")]
    RegisteredTwice(&'static str),
    /// A limit of the protection makes no sense.
    #[error("the protection of {lane}: {source}")]
    Protection {
        /// The lane.
        lane: String,
        /// What is wrong.
        source: PolicyError,
    },
    /// Nothing can run.
    #[error("the engine of {0} has no orchestrator, or room for no call")]
    Empty(&'static str),
}

/// Collects the parts of an engine.
pub struct EngineBuilder {
    store: Arc<dyn OperationStore>,
    tables: Tables,
    config: EngineConfig,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    faults: Arc<dyn FaultPlan>,
    metrics: Metrics,
    lanes: Option<Arc<dyn LaneStore>>,
    protection: Option<(String, ProtectionPolicy)>,
    callbacks: bool,
    handlers: Vec<(&'static str, Arc<dyn Handler>)>,
}

impl std::fmt::Debug for EngineBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EngineBuilder")
            .field("tables", &self.tables)
            .finish_non_exhaustive()
    }
}

impl EngineBuilder {
    pub(super) fn new(store: Arc<dyn OperationStore>, tables: Tables) -> Self {
        Self {
            store,
            tables,
            config: EngineConfig::default(),
            clock: Arc::new(SystemClock),
            ids: Arc::new(UuidSource),
            faults: Arc::new(NoFaults),
            metrics: Metrics::new(),
            lanes: None,
            protection: None,
            callbacks: false,
            handlers: Vec::new(),
        }
    }

    /// Adds an orchestrator: from now on its commands are accepted and run.
    #[must_use]
    pub fn register<O: Orchestrator>(mut self, orchestrator: O) -> Self {
        self.handlers
            .push((O::Command::EVENT_TYPE, Arc::new(Typed(orchestrator))));
        self
    }

    /// Sets the limits.
    #[must_use]
    pub fn config(mut self, config: EngineConfig) -> Self {
        self.config = config;
        self
    }

    /// Sets where time comes from.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Sets where operation ids come from.
    #[must_use]
    pub fn ids(mut self, ids: Arc<dyn IdSource>) -> Self {
        self.ids = ids;
        self
    }

    /// Sets the plan of where to die.
    #[must_use]
    pub fn faults(mut self, faults: Arc<dyn FaultPlan>) -> Self {
        self.faults = faults;
        self
    }

    /// Counts into `metrics`.
    #[must_use]
    pub fn metrics(mut self, metrics: Metrics) -> Self {
        self.metrics = metrics;
        self
    }

    /// Sets where what is known of providers is shared. Without it, nothing is protected.
    #[must_use]
    pub fn lanes(mut self, lanes: Arc<dyn LaneStore>) -> Self {
        self.lanes = Some(lanes);
        self
    }

    /// Protects the provider by `policy`, together with all other engines, in whatever process, that
    /// name the same `lane`.
    #[must_use]
    pub fn protection(mut self, lane: impl Into<String>, policy: ProtectionPolicy) -> Self {
        self.protection = Some((lane.into(), policy));
        self
    }

    /// Takes callbacks: whenever an operation is in doubt, the inbox is looked into before the provider
    /// is asked. The migration for callbacks must have been applied.
    #[must_use]
    pub fn callbacks(mut self) -> Self {
        self.callbacks = true;
        self
    }

    /// Puts the engine together.
    ///
    /// # Errors
    /// When a limit contradicts another, or no orchestrator is there.
    pub fn build(self) -> Result<Engine, BuildError> {
        let domain = self.tables.domain;
        if self.handlers.is_empty() || self.config.concurrency == 0 {
            return Err(BuildError::Empty(domain));
        }
        let mut handlers: HashMap<&'static str, Arc<dyn Handler>> = HashMap::new();
        for (event_type, handler) in self.handlers {
            let (timeout, lease) = (handler.policy().attempt_timeout, self.config.lease);
            if timeout >= lease {
                return Err(BuildError::TimeoutNotBelowLease {
                    event_type,
                    timeout,
                    lease,
                });
            }
            if handlers.insert(event_type, handler).is_some() {
                return Err(BuildError::RegisteredTwice(event_type));
            }
        }
        let worker: Arc<str> =
            format!("{}-{}", std::process::id(), uuid::Uuid::now_v7().simple()).into();
        let lane = lane(&worker, self.protection, self.lanes, &self.metrics)?;
        let inner = Inner {
            domain,
            lane: Arc::new(lane),
            store: self.store,
            clock: self.clock,
            config: self.config,
            metrics: DomainMetrics::new(&self.metrics, domain),
            callbacks: self
                .callbacks
                .then(|| CallbackMetrics::new(&self.metrics, domain)),
            ids: self.ids,
            faults: self.faults,
            event_types: handlers.keys().copied().collect(),
            handlers,
            worker,
            slots: Arc::new(Semaphore::new(self.config.concurrency)),
            attempts: Arc::new(Semaphore::new(self.config.concurrency * ATTEMPTS_PER_CALL)),
            due: Due::default(),
            wake: Notify::new(),
            waiters: Waiters::default(),
            endings: Endings::default(),
            steps: Steps::default(),
            in_flight: Arc::default(),
            turns: Turns::default(),
            draining: AtomicBool::new(false),
        };
        Ok(Engine {
            inner: Arc::new(inner),
        })
    }
}

fn lane(
    worker: &Arc<str>,
    protection: Option<(String, ProtectionPolicy)>,
    lanes: Option<Arc<dyn LaneStore>>,
    metrics: &Metrics,
) -> Result<Lane, BuildError> {
    let (Some((name, policy)), Some(lanes)) = (protection, lanes) else {
        return Ok(Lane::open());
    };
    if let Err(source) = policy.check() {
        return Err(BuildError::Protection { lane: name, source });
    }
    if policy.is_off() {
        return Ok(Lane::open());
    }
    let metrics = LaneMetrics::new(metrics, &name);
    Ok(Lane::protected(worker, name, policy, lanes, metrics))
}
