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
        let mut failed = None;
        while let Some(delivery) = deliveries.join_next().await {
            let (handler, delivered) =
                delivery.map_err(|error| NotTaken::new(format!("a delivery broke: {error}")))?;
            let Err(error) = delivered else { continue };
            if *attempts < self.config.max_deliveries {
                failed = Some(NotTaken::new(format!("{}: {error}", handler.name())));
                continue;
            }
            let letter = (handler.name(), event);
            let buried = dead_letters::bury(&self.dispatcher, letter, &error, *attempts).await;
            if let Err(error) = buried {
                failed = Some(NotTaken::new(format!("a dead letter: {error}")));
            }
        }
        failed.map_or(Ok(()), Err)
    }

    async fn run(&self, mut shutdown: Shutdown) -> Result<(), NotTaken> {
        shutdown.requested().await;
        Ok(())
    }
}
