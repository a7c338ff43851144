//! One event, one handler, one commit.
//!
//! **Invariant:** the row in the inbox and what the handler writes are one commit. So an event that is
//! delivered twice, or at the same time in two processes, has its effects once.
//!
//! A delivery has one of the few places of the background. It does not wait long for a row that somebody else holds,
//! or a few of them would keep all sagas from going on.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::clock::Clock;
use crate::dead_letter::Decision;
use crate::metrics::{EventMetrics, Metrics};
use crate::store::hook::{HookError, HookTx};
use crate::store::{Database, Manner, TransactionError};
use crate::unwind::catching;

use super::dead_letters;
use super::envelope::Envelope;
use super::handler::{AfterCommit, EventHandler, HandlerError};
use super::inbox;
use super::outbox::EventTables;
use super::subscriptions::Subscriptions;

/// How often a delivery is begun anew at once when the database refuses it, such as to one of two that changed
/// the same.
const TURNS: u32 = 5;

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivered {
    /// The handler has handled the event, in this time.
    Now(Duration),
    /// It had before.
    Before,
}

/// Delivers events to handlers.
#[derive(Clone)]
pub struct Dispatcher {
    database: Database,
    tables: EventTables,
    clock: Arc<dyn Clock>,
    metrics: Option<EventMetrics>,
}

impl std::fmt::Debug for Dispatcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Dispatcher({})", self.tables.prefix)
    }
}

/// One delivery, as often as its transaction is begun.
struct Delivery {
    handler: Arc<dyn EventHandler>,
    event: Envelope,
    /// Of a redrive: who wants it, and why.
    decision: Option<Decision>,
    dispatcher: Dispatcher,
    /// Why the handler itself refused.
    refused: Mutex<Option<HandlerError>>,
    /// What it wants done once its commit is durable.
    after: Mutex<AfterCommit>,
}

impl Dispatcher {
    /// Delivers events of these tables.
    #[must_use]
    pub fn new(database: Database, tables: EventTables, clock: Arc<dyn Clock>) -> Self {
        Self {
            database,
            tables,
            clock,
            metrics: None,
        }
    }

    /// The same, which counts its deliveries to these handlers.
    #[must_use]
    pub fn counting(mut self, metrics: &Metrics, handlers: &Subscriptions) -> Self {
        let handlers = handlers.handlers().iter().map(|handler| handler.name());
        self.metrics = Some(EventMetrics::new(metrics, self.tables.prefix, handlers));
        self
    }

    pub(crate) fn metrics(&self) -> Option<&EventMetrics> {
        self.metrics.as_ref()
    }

    /// The database.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// The tables.
    #[must_use]
    pub fn tables(&self) -> EventTables {
        self.tables
    }

    /// The time.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Has `handler` handle `event`, unless it has.
    ///
    /// # Errors
    /// When it could not; nothing of it happened.
    pub async fn deliver(
        &self,
        handler: &Arc<dyn EventHandler>,
        event: &Envelope,
    ) -> Result<Delivered, HandlerError> {
        self.deliver_for(handler, event, None).await
    }

    /// [`deliver`](Self::deliver), as a person decided about a dead letter.
    pub(super) async fn deliver_for(
        &self,
        handler: &Arc<dyn EventHandler>,
        event: &Envelope,
        decision: Option<&Decision>,
    ) -> Result<Delivered, HandlerError> {
        let (name, event_type, saga) = (handler.name(), &event.event_type, &event.transaction_id);
        tracing::info!("[{name}] {event_type}: transaction {saga} begins");
        let delivery = Arc::new(Delivery {
            handler: Arc::clone(handler),
            event: event.clone(),
            decision: decision.cloned(),
            dispatcher: self.clone(),
            refused: Mutex::default(),
            after: Mutex::default(),
        });
        let (mut turn, begun) = (1, Instant::now());
        let place = self.database.background().acquire_owned().await;
        let done = loop {
            match self.once(&delivery).await {
                Err(HandlerError::Database(error)) if turn < TURNS && !error.is_busy() => turn += 1,
                done => break done,
            }
        };
        drop(place);
        let metrics = self.metrics.as_ref();
        match &done {
            Ok(Delivered::Now(took)) => {
                delivery.after().done();
                metrics.inspect(|metrics| metrics.done(name, *took));
                let took = took.as_millis();
                tracing::info!(
                    "[{name}] {event_type}: transaction {saga} done (duration: {took}ms)"
                );
            }
            Ok(Delivered::Before) => {
                metrics.inspect(|metrics| metrics.again(name));
                tracing::info!("[{name}] {event_type}: transaction {saga} was done before");
            }
            Err(error @ HandlerError::LaterRelease(_)) => {
                tracing::warn!("[{name}] {event_type}: transaction {saga} is {error}");
            }
            Err(error) => {
                metrics.inspect(|metrics| metrics.failed(name));
                let took = begun.elapsed().as_millis();
                tracing::warn!(
                    "[{name}] {event_type}: transaction {saga} failed (duration: {took}ms): {error}"
                );
            }
        }
        done
    }

    async fn once(&self, delivery: &Arc<Delivery>) -> Result<Delivered, HandlerError> {
        let work = Arc::clone(delivery);
        let done = self
            .database
            .transaction_as(Manner::GivesUp, move |mut tx| {
                let work = Arc::clone(&work);
                Box::pin(async move { work.run(&mut tx).await })
            });
        match done.await {
            Ok(delivered) => Ok(delivered),
            Err(TransactionError::Refused(error)) => Err(delivery.refused(error)),
            Err(TransactionError::Store(error)) => {
                Err(HandlerError::failed(format!("the database: {error}")))
            }
        }
    }
}

impl Delivery {
    async fn run(&self, tx: &mut HookTx<'_>) -> Result<Delivered, HookError> {
        let Self {
            handler,
            event,
            dispatcher,
            ..
        } = self;
        let (tables, name) = (dispatcher.tables, handler.name());
        if let Some(decision) = &self.decision {
            dead_letters::decide(tx, dispatcher, (name, event), decision).await?;
        }
        let now = dispatcher.clock.now();
        if !inbox::begin(tx, tables, name, event, now).await? {
            return Ok(Delivered::Before);
        }
        let started = Instant::now();
        let handled = catching(handler.handle(tx, event)).await;
        let handled = handled.unwrap_or_else(|panic| {
            Err(HandlerError::failed(format!(
                "the handler panicked: {panic}"
            )))
        });
        match handled {
            Ok(after) => *self.after.lock().unwrap_or_else(PoisonError::into_inner) = after,
            Err(error) => {
                let reason = HookError::new(error.to_string());
                *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                return Err(reason);
            }
        }
        let took = started.elapsed();
        let end = (dispatcher.clock.now(), took);
        inbox::end(tx, tables, name, event, end).await?;
        Ok(Delivered::Now(took))
    }

    fn after(&self) -> AfterCommit {
        std::mem::take(&mut *self.after.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Why the transaction was refused: by the handler, if it was.
    fn refused(&self, error: HookError) -> HandlerError {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.take().unwrap_or(HandlerError::Database(error))
    }
}
