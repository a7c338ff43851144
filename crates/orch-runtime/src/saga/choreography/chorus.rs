//! All handlers of a saga with the bus, ready to run.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::clock::{Timestamp, earlier};
use crate::dead_letter::Decision;
use crate::engine::Shutdown;
use crate::events::missed::CaughtUp;
use crate::events::{
    BusConfig, Delivered, Dispatcher, EventBus, EventDeadLetter, EventHandler, EventRetention,
    InProcessBus, NotTaken, Outbox, RedriveError, Relay, Subscriptions, Unheard, dead_letters,
    missed, retention,
};
use crate::ids::EventId;
use crate::metrics::Metrics;
use crate::saga::Sagas;
use crate::saga::pattern::SagaPattern;
use crate::store::{StoreError, TransactionError};

use super::handlers::{CompensationHandler, StepHandler, ToleratedFailureHandler};
use super::names::{COMPENSATION_HANDLER, TOLERATED_HANDLER};

/// Pause after a full batch, of which more may follow: others write meanwhile.
const BETWEEN_FULL_BATCHES: Duration = Duration::from_millis(50);

/// How often events are looked for that passed a handler by.
const BETWEEN_CATCHING_UP: Duration = Duration::from_secs(60);
/// So many events are a batch of these, for each handler.
const CAUGHT_UP: u32 = 100;

/// Choreographed sagas cannot run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChoreographyError {
    /// Their events have no names.
    #[error(
        "the events of these sagas have no names: add `.events(..)` where they are put together"
    )]
    NoEvents,
    /// An event would not reach who has to go on.
    #[error(transparent)]
    Unheard(#[from] Unheard),
    /// Handlers that other processes serve would hear nothing.
    #[error(
        "handlers can be served by several processes only where a bus brings events to all of them: give it one"
    )]
    SplitInProcess,
}

type Carrier =
    Box<dyn FnOnce(&Dispatcher, &Arc<Subscriptions>, BusConfig) -> Arc<dyn EventBus> + Send>;

/// Puts the handlers of choreographed sagas together with what brings events to them.
pub struct ChoreographyBuilder {
    pattern: SagaPattern,
    subscriptions: Subscriptions,
    dispatcher: Dispatcher,
    outbox: Outbox,
    config: BusConfig,
    retention: EventRetention,
    carrier: Option<Carrier>,
    metrics: Option<Metrics>,
}

/// The handlers of choreographed sagas, and what brings events to them.
#[derive(Clone)]
pub struct Choreography {
    pattern: SagaPattern,
    subscriptions: Arc<Subscriptions>,
    dispatcher: Dispatcher,
    bus: Arc<dyn EventBus>,
    relay: Relay,
    round: Arc<missed::Round>,
    config: BusConfig,
    retention: EventRetention,
}

impl std::fmt::Debug for ChoreographyBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ChoreographyBuilder({:?})", self.subscriptions)
    }
}

impl std::fmt::Debug for Choreography {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Choreography({:?}, {:?})",
            self.subscriptions, self.relay
        )
    }
}

impl Choreography {
    /// Begins to put handlers together for `sagas`; there is none yet, and what each of them must hear is known.
    ///
    /// # Errors
    /// When the events of the sagas have no names.
    pub fn builder<I>(sagas: &Sagas<I>) -> Result<ChoreographyBuilder, ChoreographyError>
    where
        I: Serialize + DeserializeOwned + Send + Sync + 'static,
    {
        let inner = &sagas.inner;
        let told = inner.told.as_ref().ok_or(ChoreographyError::NoEvents)?;
        let (names, plan) = (&told.names, &inner.script.plan);
        let mut subscriptions = Subscriptions::new();
        for (at, step) in plan.steps().iter().enumerate() {
            for event in names.that_begin(plan, at) {
                subscriptions = subscriptions.needing(event, names.handler(step.name));
            }
        }
        for event in names.that_undo(plan) {
            subscriptions = subscriptions.needing(event, COMPENSATION_HANDLER);
        }
        for event in names.that_are_tolerated(plan) {
            subscriptions = subscriptions.needing(event, TOLERATED_HANDLER);
        }
        for event in names.news(plan) {
            subscriptions = subscriptions.with_news(event);
        }
        let (database, clock) = (inner.database.clone(), Arc::clone(&inner.clock));
        Ok(ChoreographyBuilder {
            pattern: sagas.pattern(),
            subscriptions,
            dispatcher: Dispatcher::new(database, told.outbox.tables(), clock),
            outbox: told.outbox.clone(),
            config: BusConfig::default(),
            retention: EventRetention::default(),
            carrier: None,
            metrics: None,
        })
    }

    /// The usual handlers of `sagas` on the bus inside this process.
    ///
    /// # Errors
    /// See [`ChoreographyError`].
    pub fn of<I>(sagas: &Sagas<I>) -> Result<Self, ChoreographyError>
    where
        I: Serialize + DeserializeOwned + Send + Sync + 'static,
    {
        Self::builder(sagas)?.handlers_of(sagas).build()
    }

    /// Who handles what.
    #[must_use]
    pub fn subscriptions(&self) -> &Subscriptions {
        &self.subscriptions
    }

    /// What delivers an event to a handler.
    #[must_use]
    pub fn dispatcher(&self) -> &Dispatcher {
        &self.dispatcher
    }

    /// The events that a handler could not take and that wait for a person, the oldest first, at most `limit`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn dead_letters(&self, limit: u32) -> Result<Vec<EventDeadLetter>, StoreError> {
        let dispatcher = &self.dispatcher;
        dead_letters::waiting(dispatcher.database(), dispatcher.tables(), limit).await
    }

    /// Delivers a dead letter again, to its handler only, as a person decided.
    ///
    /// # Errors
    /// See [`RedriveError`]. Then the dead letter is as it was.
    pub async fn redrive(
        &self,
        event_id: &EventId,
        handler: &str,
        decision: &Decision,
    ) -> Result<Delivered, RedriveError> {
        let found = self.subscriptions.named(handler);
        let found = found.ok_or_else(|| RedriveError::NoHandler(handler.to_owned()))?;
        dead_letters::redrive(&self.dispatcher, found, event_id, decision).await
    }

    /// Sees to it that the bus is there.
    ///
    /// # Errors
    /// When it is not.
    pub async fn prepare(&self) -> Result<(), NotTaken> {
        self.bus.prepare().await
    }

    /// Publishes what is due, once; says how many events that were.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn run_once(&self, now: Timestamp) -> Result<usize, TransactionError> {
        self.relay.run_once(now).await
    }

    /// Deletes what was told of sagas that ended long ago, one batch; says of how many.
    ///
    /// # Errors
    /// When the database fails. What is left is deleted the next time.
    pub async fn clean_once(&self, now: Timestamp) -> Result<usize, TransactionError> {
        let Some(before) = self.retention.before(now, self.bus.redelivers_for()) else {
            return Ok(0);
        };
        let (database, tables) = (self.dispatcher.database(), self.dispatcher.tables());
        retention::purge(database, tables, before, self.retention.batch).await
    }

    /// Delivers to handlers what another release had that did not know that they hear of it, one batch; says how many
    /// events that were.
    ///
    /// # Errors
    /// When the database fails. What is left is delivered the next time.
    pub async fn catch_up_once(&self, now: Timestamp) -> Result<usize, StoreError> {
        Ok(self.go_on_catching_up(now).await?.taken)
    }

    async fn go_on_catching_up(&self, now: Timestamp) -> Result<CaughtUp, StoreError> {
        let before = earlier(now, self.config.until_given_up());
        let (handlers, round) = (&self.subscriptions, &self.round);
        missed::catch_up(&self.dispatcher, handlers, round, (before, CAUGHT_UP)).await
    }

    /// Publishes and handles events, and deletes old ones, until `shutdown`.
    pub async fn run(self, shutdown: Shutdown) {
        self.announce();
        let bus = async {
            if let Err(error) = self.bus.run(shutdown.clone()).await {
                tracing::error!(bus = self.bus.name(), %error, "no events are handled any more");
            }
        };
        let relay = self.relay.run(shutdown.clone());
        let (clean, catch_up) = (
            self.clean(shutdown.clone()),
            self.catch_up(shutdown.clone()),
        );
        tokio::join!(relay, bus, clean, catch_up);
    }

    async fn catch_up(&self, mut shutdown: Shutdown) {
        let (clock, mut pause) = (self.dispatcher.clock(), BETWEEN_CATCHING_UP);
        loop {
            tokio::select! {
                () = shutdown.requested() => return,
                () = clock.sleep(pause) => {}
            }
            let done = self.go_on_catching_up(clock.now()).await;
            pause = match done {
                Ok(CaughtUp { is_over: false, .. }) => BETWEEN_FULL_BATCHES,
                _ => BETWEEN_CATCHING_UP,
            };
            match done.map(|done| done.taken) {
                Ok(0) => {}
                Ok(events) => tracing::info!(events, "handlers have what another release took"),
                Err(error) => tracing::warn!(%error, "handlers catch up later"),
            }
        }
    }

    async fn clean(&self, mut shutdown: Shutdown) {
        let clock = self.dispatcher.clock();
        while !shutdown.is_requested() {
            self.count_dead_letters().await;
            let sagas = self.clean_once(clock.now()).await;
            let pause = match sagas {
                Ok(sagas) if sagas >= self.retention.batch as usize => BETWEEN_FULL_BATCHES,
                _ => self.retention.every,
            };
            match sagas {
                Ok(0) => {}
                Ok(sagas) => tracing::info!(sagas, "what was told of old sagas is deleted"),
                Err(error) => tracing::warn!(%error, "what was told of old sagas is deleted later"),
            }
            tokio::select! {
                () = shutdown.requested() => {}
                () = clock.sleep(pause) => {}
            }
        }
    }

    async fn count_dead_letters(&self) {
        if let Some(metrics) = self.dispatcher.metrics() {
            let (database, tables) = (self.dispatcher.database(), self.dispatcher.tables());
            let waiting = dead_letters::count(database, tables).await;
            metrics.waiting(waiting.ok());
        }
    }

    /// Says in the log what this process handles.
    fn announce(&self) {
        let (mode, bus) = (self.pattern, self.bus.name());
        tracing::info!("Saga module initialised: mode {mode}, bus {bus}");
        match mode {
            SagaPattern::Choreography => tracing::info!("Activating choreography handlers"),
            SagaPattern::Orchestration => tracing::info!(
                "Choreography handlers DISABLED for new sagas: those that run end as they began"
            ),
        }
        let handlers = self.subscriptions.handlers().len();
        tracing::info!("All {handlers} handlers registered:");
        for line in self.subscriptions.summary() {
            tracing::info!("  {line}");
        }
    }
}

impl ChoreographyBuilder {
    /// Adds a handler.
    #[must_use]
    pub fn handler(mut self, handler: impl EventHandler) -> Self {
        self.subscriptions = self.subscriptions.with(Arc::new(handler));
        self
    }

    /// Adds the usual handlers: one for each step, one that undoes, and one that notes tolerated failures.
    #[must_use]
    pub fn handlers_of<I>(mut self, sagas: &Sagas<I>) -> Self
    where
        I: Serialize + DeserializeOwned + Send + Sync + 'static,
    {
        let steps = sagas.inner.script.plan.steps().iter();
        for handler in steps.filter_map(|step| StepHandler::new(sagas, step.name)) {
            self = self.handler(handler);
        }
        if let Some(handler) = CompensationHandler::new(sagas) {
            self = self.handler(handler);
        }
        if let Some(handler) = ToleratedFailureHandler::new(sagas) {
            self = self.handler(handler);
        }
        self
    }

    /// Serves the handlers of these names only: others are served by other processes, on the same database and bus.
    /// A handler that no process serves is heard of by nobody, and its sagas stand still.
    #[must_use]
    pub fn serving(mut self, names: impl IntoIterator<Item = String>) -> Self {
        self.subscriptions = self.subscriptions.serving(names);
        self
    }

    /// Limits other than the usual ones.
    #[must_use]
    pub fn config(mut self, config: BusConfig) -> Self {
        self.config = config;
        self
    }

    /// Keeps what was told for another time than the usual one.
    #[must_use]
    pub fn retention(mut self, retention: EventRetention) -> Self {
        self.retention = retention;
        self
    }

    /// The bus by a NATS server, on which handlers of other processes are, too.
    #[cfg(feature = "nats")]
    #[must_use]
    pub fn nats(self, nats: &crate::events::Nats) -> Self {
        let nats = nats.clone();
        self.bus(move |dispatcher, subscriptions, config| {
            nats.joined(dispatcher, subscriptions, config)
        })
    }

    /// Counts what becomes of deliveries.
    #[must_use]
    pub fn metrics(mut self, metrics: &Metrics) -> Self {
        self.metrics = Some(metrics.clone());
        self
    }

    /// Another bus than that inside the process, given what it has to deliver with, to whom, and how often.
    #[must_use]
    pub fn bus(
        mut self,
        bus: impl FnOnce(&Dispatcher, &Arc<Subscriptions>, BusConfig) -> Arc<dyn EventBus>
        + Send
        + 'static,
    ) -> Self {
        self.carrier = Some(Box::new(bus));
        self
    }

    /// Checks that every event reaches who has to go on.
    ///
    /// # Errors
    /// When one does not, two handlers have one name, or handlers of other processes would hear nothing.
    pub fn build(self) -> Result<Choreography, ChoreographyError> {
        let Self {
            pattern,
            subscriptions,
            dispatcher,
            outbox,
            config,
            retention,
            carrier,
            metrics,
        } = self;
        subscriptions.check()?;
        if subscriptions.is_split() && carrier.is_none() {
            return Err(ChoreographyError::SplitInProcess);
        }
        let dispatcher = match &metrics {
            Some(metrics) => dispatcher.counting(metrics, &subscriptions),
            None => dispatcher,
        };
        let subscriptions = Arc::new(subscriptions);
        let bus = match carrier {
            Some(carrier) => carrier(&dispatcher, &subscriptions, config),
            None => {
                let (dispatcher, subscriptions) = (dispatcher.clone(), Arc::clone(&subscriptions));
                Arc::new(InProcessBus::new(dispatcher, subscriptions, config))
            }
        };
        let to = (Arc::clone(&bus), Arc::clone(&subscriptions));
        let relay = Relay::new(dispatcher.clone(), outbox, to, config);
        Ok(Choreography {
            pattern,
            subscriptions,
            dispatcher,
            bus,
            relay,
            round: Arc::default(),
            config,
            retention,
        })
    }
}
