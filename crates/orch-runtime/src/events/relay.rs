//! The relay: empties the outbox into the bus.
//!
//! Any number of relays work on one outbox. Each takes an event for a while (a lease); one that dies with it
//! loses it to the others when that time is over.

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::clock::{Timestamp, later};
use crate::engine::Shutdown;
use crate::store::TransactionError;

use super::bus::{BusConfig, EventBus};
use super::dispatcher::Dispatcher;
use super::outbox::{Claimed, Outbox};

/// Empties one outbox.
#[derive(Clone)]
pub struct Relay {
    dispatcher: Dispatcher,
    outbox: Outbox,
    bus: Arc<dyn EventBus>,
    config: BusConfig,
}

impl std::fmt::Debug for Relay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Relay({} -> {})",
            self.outbox.tables().prefix,
            self.bus.name()
        )
    }
}

impl Relay {
    /// A relay from `outbox` into `bus`.
    #[must_use]
    pub fn new(
        dispatcher: Dispatcher,
        outbox: Outbox,
        bus: Arc<dyn EventBus>,
        config: BusConfig,
    ) -> Self {
        Self {
            dispatcher,
            outbox,
            bus,
            config,
        }
    }

    /// Publishes what is due, at most one event of each saga; says how many it took.
    ///
    /// # Errors
    /// When the database fails. What is left is taken the next time.
    pub async fn run_once(&self, now: Timestamp) -> Result<usize, TransactionError> {
        let claimed = self.claim(now, self.config.at_once).await?;
        let taken = claimed.len();
        let mut publishing = JoinSet::new();
        for claimed in claimed {
            let relay = self.clone();
            publishing.spawn(async move { relay.publish(&claimed).await });
        }
        publishing.join_all().await;
        Ok(taken)
    }

    /// Publishes until `shutdown`, and ends what it has begun.
    pub async fn run(&self, mut shutdown: Shutdown) {
        let mut publishing = JoinSet::new();
        while !shutdown.is_requested() {
            let room = (self.config.at_once as usize).saturating_sub(publishing.len());
            let room = u32::try_from(room).unwrap_or(u32::MAX);
            if room > 0 {
                let now = self.dispatcher.clock().now();
                match self.claim(now, room).await {
                    Ok(claimed) => claimed.into_iter().for_each(|claimed| {
                        let relay = self.clone();
                        publishing.spawn(async move { relay.publish(&claimed).await });
                    }),
                    Err(error) => tracing::error!(relay = self.bus.name(), %error),
                }
            }
            tokio::select! {
                () = shutdown.requested() => {}
                () = self.outbox.woken() => {}
                () = self.dispatcher.clock().sleep(self.config.poll) => {}
                // The next event of its saga may be due.
                Some(_) = publishing.join_next(), if !publishing.is_empty() => {}
            }
        }
        publishing.join_all().await;
    }

    async fn claim(&self, now: Timestamp, limit: u32) -> Result<Vec<Claimed>, TransactionError> {
        let until = later(now, self.config.lease);
        let database = self.dispatcher.database();
        self.outbox.claim(database, (now, until), limit).await
    }

    /// Publishes one event. What cannot be written down now is published again: handlers know it then.
    async fn publish(&self, claimed: &Claimed) {
        let (database, event) = (self.dispatcher.database(), &claimed.event);
        let published = self.bus.publish(claimed).await;
        let now = self.dispatcher.clock().now();
        let noted = match published {
            Ok(()) => self.outbox.published(database, &event.event_id, now).await,
            Err(error) => {
                let next_at = later(now, self.config.pause(claimed.attempts));
                let (event_type, saga) = (&event.event_type, &event.transaction_id);
                tracing::warn!("{event_type}: transaction {saga} is published later: {error}");
                self.outbox
                    .put_off(database, &event.event_id, next_at)
                    .await
            }
        };
        if let Err(error) = noted {
            tracing::warn!(event = %event.event_id, %error, "published again later");
        }
    }
}
