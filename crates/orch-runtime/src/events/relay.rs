//! The relay: empties the outbox into the bus.
//!
//! Any number of relays work on one outbox. Each takes an event for a while (a lease); one that dies with it
//! loses it to the others when that time is over.

use std::sync::Arc;

use tokio::task::{JoinError, JoinSet};

use crate::clock::{Timestamp, later};
use crate::engine::Shutdown;
use crate::store::TransactionError;

use super::bus::{BusConfig, EventBus, NotTaken};
use super::claims::{Claimed, PutOff, Settled, Wanted};
use super::dead_letters;
use super::dispatcher::Dispatcher;
use super::handler::HandlerError;
use super::outbox::Outbox;
use super::subscriptions::Subscriptions;

/// Empties one outbox.
#[derive(Clone)]
pub struct Relay {
    dispatcher: Dispatcher,
    outbox: Outbox,
    bus: Arc<dyn EventBus>,
    subscriptions: Arc<Subscriptions>,
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
    /// A relay from `outbox` into `bus`, to `subscriptions`.
    #[must_use]
    pub fn new(
        dispatcher: Dispatcher,
        outbox: Outbox,
        (bus, subscriptions): (Arc<dyn EventBus>, Arc<Subscriptions>),
        config: BusConfig,
    ) -> Self {
        Self {
            dispatcher,
            outbox,
            bus,
            subscriptions,
            config,
        }
    }

    /// Publishes what is due, at most one event of each saga; says how many it took.
    ///
    /// # Errors
    /// When the database fails. What is left is taken the next time, and what was published without that being
    /// written down is published again: handlers know it then.
    pub async fn run_once(&self, now: Timestamp) -> Result<usize, TransactionError> {
        let mut settled = Vec::new();
        let claimed = self.exchange(now, &mut settled, self.config.at_once);
        let claimed = claimed.await?;
        let taken = claimed.len();
        let mut publishing = JoinSet::new();
        for claimed in claimed {
            let relay = self.clone();
            publishing.spawn(async move { relay.publish(&claimed).await });
        }
        settled.extend(publishing.join_all().await);
        self.exchange(now, &mut settled, 0).await?;
        Ok(taken)
    }

    /// Publishes until `shutdown`, and ends what it has begun.
    pub async fn run(&self, mut shutdown: Shutdown) {
        let clock = self.dispatcher.clock();
        let (mut publishing, mut settled) = (JoinSet::new(), Vec::new());
        while !shutdown.is_requested() {
            let room = (self.config.at_once as usize).saturating_sub(publishing.len());
            let room = u32::try_from(room).unwrap_or(u32::MAX);
            match self.exchange(clock.now(), &mut settled, room).await {
                Ok(claimed) => claimed.into_iter().for_each(|claimed| {
                    let relay = self.clone();
                    publishing.spawn(async move { relay.publish(&claimed).await });
                }),
                Err(error) => tracing::error!(relay = self.bus.name(), %error),
            }
            tokio::select! {
                () = shutdown.requested() => {}
                () = self.outbox.woken() => {}
                () = clock.sleep(self.config.poll) => {}
                // The next event of its saga may be due.
                Some(published) = publishing.join_next() => self.note(published, &mut settled),
            }
            while let Some(published) = publishing.try_join_next() {
                self.note(published, &mut settled);
            }
        }
        while let Some(published) = publishing.join_next().await {
            self.note(published, &mut settled);
        }
        if let Err(error) = self.exchange(clock.now(), &mut settled, 0).await {
            tracing::warn!(relay = self.bus.name(), %error, "events are published again later");
        }
    }

    /// Says what became of the `settled` ones, and takes at most `limit`. When that fails, they stay to be said
    /// again: until then, or until their leases are over, no event of their sagas is taken.
    async fn exchange(
        &self,
        now: Timestamp,
        settled: &mut Vec<Settled>,
        limit: u32,
    ) -> Result<Vec<Claimed>, TransactionError> {
        if settled.is_empty() && limit == 0 {
            return Ok(Vec::new());
        }
        let wanted = Wanted {
            now,
            until: later(now, self.config.lease),
            limit,
        };
        let (database, said) = (self.dispatcher.database(), settled.clone());
        let claimed = self.outbox.exchange(database, said, wanted).await?;
        settled.clear();
        Ok(claimed)
    }

    /// Publishes one event.
    async fn publish(&self, claimed: &Claimed) -> Settled {
        let put_off = match self.bus.publish(claimed).await {
            Ok(()) => None,
            Err(error) if self.gives_up(claimed, &error).await => None,
            Err(error) => Some(self.put_off(claimed, &error)),
        };
        Settled {
            event_id: claimed.event.event_id.clone(),
            put_off,
        }
    }

    fn put_off(&self, claimed: &Claimed, error: &NotTaken) -> PutOff {
        let now = self.dispatcher.clock().now();
        let (event_type, saga) = (&claimed.event.event_type, &claimed.event.transaction_id);
        tracing::warn!("{event_type}: transaction {saga} is published later: {error}");
        if error.is_left() {
            let pause = self.config.left_for(&claimed.event, now);
            return PutOff::Left(later(now, pause.unwrap_or(self.config.longest_pause)));
        }
        PutOff::Failed(later(now, self.config.pause(claimed.attempts)))
    }

    /// Whether an event is given up that the bus never takes: now it is a dead letter of all who hear it.
    async fn gives_up(&self, claimed: &Claimed, error: &NotTaken) -> bool {
        let Claimed { event, attempts } = claimed;
        if !error.is_refused() || *attempts < self.config.max_deliveries {
            return false;
        }
        let (event_type, saga) = (&event.event_type, &event.transaction_id);
        let reason = HandlerError::failed(error.to_string());
        for handler in self.subscriptions.of(event_type) {
            let letter = (handler.name(), event);
            let buried = dead_letters::bury(&self.dispatcher, letter, &reason, *attempts).await;
            if let Err(error) = buried {
                let handler = handler.name();
                tracing::error!(handler, %error, "a dead letter is written later");
                return false;
            }
        }
        tracing::error!("{event_type}: transaction {saga} is not published: {error}");
        true
    }

    fn note(&self, published: Result<Settled, JoinError>, settled: &mut Vec<Settled>) {
        match published {
            Ok(one) => settled.push(one),
            // It is taken again when its lease is over.
            Err(error) => tracing::error!(relay = self.bus.name(), %error, "publishing broke"),
        }
    }
}
