//! The bus inside a process: an event is published when each of its handlers has handled it, or given it up.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::task::JoinSet;

use crate::engine::Shutdown;

use super::bus::{BusConfig, EventBus, NotTaken};
use super::claims::Claimed;
use super::dead_letters;
use super::dispatcher::Dispatcher;
use super::handler::HandlerError;
use super::subscriptions::Subscriptions;

/// Delivers events to the handlers of this process. Several processes share the work by the outbox.
#[derive(Debug)]
pub struct InProcessBus {
    dispatcher: Dispatcher,
    subscriptions: Arc<Subscriptions>,
    config: BusConfig,
}

impl InProcessBus {
    /// A bus to these handlers.
    #[must_use]
    pub fn new(
        dispatcher: Dispatcher,
        subscriptions: Arc<Subscriptions>,
        config: BusConfig,
    ) -> Self {
        Self {
            dispatcher,
            subscriptions,
            config,
        }
    }

    /// What becomes of an event that a handler did not take: it comes again, until it is a dead letter. What only a
    /// later release can handle becomes none; that release [catches up](super::missed) with it.
    async fn refused(
        &self,
        claimed: &Claimed,
        name: &str,
        error: &HandlerError,
    ) -> Result<(), NotTaken> {
        let Claimed { event, attempts } = claimed;
        let is_last = *attempts >= self.config.max_deliveries;
        let left = self.config.left_for(event, self.dispatcher.clock().now());
        if !is_last && error.waits() && left.is_some() {
            return Err(NotTaken::left(format!("{name}: {error}")));
        }
        if let HandlerError::LaterRelease(_) = error {
            let (event_type, saga) = (&event.event_type, &event.transaction_id);
            tracing::warn!("[{name}] {event_type}: transaction {saga} waits for a later release");
            return Ok(());
        }
        if !is_last {
            return Err(NotTaken::new(format!("{name}: {error}")));
        }
        let buried = dead_letters::bury(&self.dispatcher, (name, event), error, *attempts).await;
        buried.map_err(|error| NotTaken::new(format!("a dead letter: {error}")))
    }
}

#[async_trait]
impl EventBus for InProcessBus {
    fn name(&self) -> &'static str {
        "in-process"
    }

    /// What is published was handled, or given up.
    fn redelivers_for(&self) -> Option<Duration> {
        Some(Duration::ZERO)
    }

    async fn publish(&self, claimed: &Claimed) -> Result<(), NotTaken> {
        let Claimed { event, attempts } = claimed;
        let mut deliveries = JoinSet::new();
        for handler in self.subscriptions.of(&event.event_type) {
            let (dispatcher, handler) = (self.dispatcher.clone(), Arc::clone(handler));
            let event = event.clone();
            deliveries.spawn(async move {
                let delivered = dispatcher.deliver(&handler, &event).await;
                (handler, delivered)
            });
        }
        if !self.subscriptions.knows(&event.event_type) {
            let unheard = NotTaken::unheard();
            // A later release may: while the two run side by side, its processes take it.
            if *attempts < self.config.max_deliveries {
                return Err(unheard);
            }
            let (event_type, saga) = (&event.event_type, &event.transaction_id);
            tracing::warn!("{event_type}: transaction {saga}: {unheard}");
        }
        let mut not_taken: Option<NotTaken> = None;
        while let Some(delivery) = deliveries.join_next().await {
            let (handler, delivered) =
                delivery.map_err(|error| NotTaken::new(format!("a delivery broke: {error}")))?;
            let Err(error) = delivered else { continue };
            let Err(error) = self.refused(claimed, handler.name(), &error).await else {
                continue;
            };
            // A try that failed at one handler is one, whatever others wait for.
            if not_taken.is_none() || !error.is_left() {
                not_taken = Some(error);
            }
        }
        not_taken.map_or(Ok(()), Err)
    }

    async fn run(&self, mut shutdown: Shutdown) -> Result<(), NotTaken> {
        shutdown.requested().await;
        Ok(())
    }
}
