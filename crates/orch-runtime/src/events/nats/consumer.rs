//! What one handler gets of one partition, and what the server is told of it.
//!
//! ```text
//!  message ─▶ an earlier event of its saga is under way? ─ no ──▶ handler ─▶ ack, later, or a dead letter
//!                                 └ yes ─▶ held beside the others, until that one is handled or given up
//! ```
//!
//! **Invariant:** of one saga, a handler gets no event before the earlier ones are in its inbox or among its dead
//! letters. The database knows both, so it holds for any number of processes. A saga that waits, because a
//! delivery failed, holds up no other one: its partition goes on.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::consumer::pull::{Config as Pull, Stream as Messages};
use async_nats::jetstream::consumer::{AckPolicy, Consumer as Durable};
use async_nats::jetstream::{AckKind, Message};
use futures_util::StreamExt;
use tokio::task::JoinSet;

use crate::clock::{Clock, between};
use crate::engine::Shutdown;
use crate::events::bus::NotTaken;
use crate::events::envelope::Envelope;
use crate::events::handler::{EventHandler, HandlerError};
use crate::events::{dead_letters, inbox};

use super::{NatsBus, unreadable};

/// The pause after the server could not be asked.
const PAUSE: Duration = Duration::from_secs(1);
/// How many events of a partition may be under way to a handler; the server's own default. So many failing ones
/// hold up the others.
const UNDER_WAY: i64 = 1_000;
/// The first pause before an event that is held is looked at again; it doubles up to [`PAUSE`].
const FIRST_LOOK: Duration = Duration::from_millis(20);

/// One handler at one partition.
#[derive(Clone)]
pub(super) struct Consumer {
    pub(super) bus: NatsBus,
    pub(super) handler: Arc<dyn EventHandler>,
    pub(super) partition: u32,
}

impl Consumer {
    /// Has the handler handle what comes, until `shutdown`.
    pub(super) async fn run(self, mut shutdown: Shutdown) {
        let (handler, partition) = (self.handler.name(), self.partition);
        let mut held = JoinSet::new();
        while !shutdown.is_requested() {
            let mut messages = match self.messages().await {
                Ok(messages) => messages,
                Err(error) => {
                    tracing::warn!(handler, partition, %error, "waits for NATS");
                    tokio::select! {
                        () = shutdown.requested() => {}
                        () = self.clock().sleep(PAUSE) => {}
                    }
                    continue;
                }
            };
            loop {
                let next = tokio::select! {
                    () = shutdown.requested() => break,
                    next = messages.next() => next,
                };
                while held.try_join_next().is_some() {}
                match next {
                    Some(Ok(message)) => self.take(message, &mut held, &shutdown).await,
                    // The server is away, or knows the consumer no more: it is asked for anew.
                    Some(Err(error)) => {
                        tracing::warn!(handler, partition, %error, "asks NATS anew");
                        break;
                    }
                    None => break,
                }
            }
        }
        held.join_all().await;
    }

    fn clock(&self) -> &Arc<dyn Clock> {
        self.bus.dispatcher.clock()
    }

    /// The consumer as this release has it: one that an earlier release made is changed.
    async fn messages(&self) -> Result<Messages, NotTaken> {
        let failed = |error: &dyn std::fmt::Display| NotTaken::new(error.to_string());
        let (stream, partition) = (&self.bus.nats.config.stream, self.partition);
        let config = Pull {
            durable_name: Some(format!("{}-{partition}", self.handler.name())),
            ack_policy: AckPolicy::Explicit,
            ack_wait: self.bus.limits.lease,
            max_ack_pending: UNDER_WAY,
            filter_subject: format!("{stream}.{partition}.*"),
            ..Pull::default()
        };
        let context = &self.bus.nats.context;
        let durable = context.create_consumer_on_stream(config, stream).await;
        let durable: Durable<Pull> = durable.map_err(|error| failed(&error))?;
        let messages = durable.stream().max_messages_per_batch(1).messages().await;
        messages.map_err(|error| failed(&error))
    }

    /// Handles one message, or has it held.
    async fn take(&self, message: Message, held: &mut JoinSet<()>, shutdown: &Shutdown) {
        let answer = match serde_json::from_slice::<Envelope>(&message.payload) {
            Err(error) => self.unread(&message, &error).await,
            Ok(event) if !self.hears(&event.event_type) => self.unheard(&message, &event),
            Ok(event) if self.comes_later(&event).await => {
                held.spawn(self.clone().hold(message, event, shutdown.clone()));
                return;
            }
            Ok(event) => self.deliver(&message, &event).await,
        };
        self.say(&message, answer).await;
    }

    /// Handles an event once the earlier ones of its saga are handled or given up. Meanwhile the server is told
    /// that it is in good hands: waiting is no delivery that failed.
    async fn hold(self, message: Message, event: Envelope, mut shutdown: Shutdown) {
        let (since, patience) = (self.clock().now(), self.bus.limits.until_given_up());
        let mut pause = FIRST_LOOK;
        let answer = loop {
            tokio::select! {
                () = shutdown.requested() => break AckKind::Nak(None),
                () = self.clock().sleep(pause) => {}
            }
            pause = PAUSE.min(pause * 2).min(self.bus.limits.lease / 3);
            if !self.comes_later(&event).await {
                break self.deliver(&message, &event).await;
            }
            if between(since, self.clock().now()) > patience {
                let (name, saga) = (self.handler.name(), &event.transaction_id);
                tracing::warn!(
                    "[{name}] {}: transaction {saga} goes on without an earlier event that never came",
                    event.event_type
                );
                break self.deliver(&message, &event).await;
            }
            self.say(&message, AckKind::Progress).await;
        };
        self.say(&message, answer).await;
    }

    fn hears(&self, event_type: &str) -> bool {
        let mut events = self.handler.subscriptions().into_iter();
        events.any(|event| event == event_type)
    }

    /// Whether an earlier event of the saga is under way to the handler. Who cannot find out looks again.
    async fn comes_later(&self, event: &Envelope) -> bool {
        let (database, tables) = (self.bus.dispatcher.database(), self.bus.dispatcher.tables());
        let later = inbox::comes_later(database, tables, &self.handler, event).await;
        later.unwrap_or_else(|error| {
            tracing::warn!(handler = self.handler.name(), %error, "an event waits");
            true
        })
    }

    async fn deliver(&self, message: &Message, event: &Envelope) -> AckKind {
        match self.bus.dispatcher.deliver(&self.handler, event).await {
            Ok(_) => AckKind::Ack,
            Err(error) => self.refused(message, event, &error).await,
        }
    }

    /// What becomes of an event that the handler did not take. One that only has to wait comes again for a while, and
    /// what only a later release can handle becomes no dead letter.
    async fn refused(&self, message: &Message, event: &Envelope, error: &HandlerError) -> AckKind {
        let left = self.bus.limits.left_for(event, self.clock().now());
        if error.waits() && left.is_some() {
            return AckKind::Nak(left);
        }
        if let HandlerError::LaterRelease(_) = error {
            let (name, event_type) = (self.handler.name(), &event.event_type);
            let saga = &event.transaction_id;
            tracing::warn!("[{name}] {event_type}: transaction {saga} waits for a later release");
            return AckKind::Ack;
        }
        self.failed(message, event, error).await
    }

    /// What another handler of this release hears is not for this one. What none hears is left to a later release
    /// beside it, as often as a failing event is tried.
    fn unheard(&self, message: &Message, event: &Envelope) -> AckKind {
        let Envelope {
            event_type,
            transaction_id: saga,
            ..
        } = event;
        if self.bus.subscriptions.knows(event_type) {
            return AckKind::Ack;
        }
        let delivered = deliveries(message);
        if delivered < self.bus.limits.max_deliveries {
            return AckKind::Nak(Some(self.bus.limits.pause(delivered)));
        }
        let (name, unheard) = (self.handler.name(), NotTaken::unheard());
        tracing::warn!("[{name}] {event_type}: transaction {saga}: {unheard}");
        AckKind::Ack
    }

    /// A message that is no event fails whoever hears of its kind: a later release may be able to read it.
    async fn unread(&self, message: &Message, error: &serde_json::Error) -> AckKind {
        let event = unreadable::event(message, self.clock().now());
        if !self.hears(&event.event_type) {
            return self.unheard(message, &event);
        }
        let name = self.handler.name();
        let error = HandlerError::failed(format!("{}: {error}", unreadable::place(message)));
        tracing::warn!("[{name}] {}: failed: {error}", event.event_type);
        self.bus
            .dispatcher
            .metrics()
            .inspect(|metrics| metrics.failed(name));
        self.failed(message, &event, &error).await
    }

    /// What becomes of an event whose delivery failed.
    async fn failed(&self, message: &Message, event: &Envelope, error: &HandlerError) -> AckKind {
        let (delivered, limits) = (deliveries(message), &self.bus.limits);
        let later = AckKind::Nak(Some(limits.pause(delivered)));
        if delivered < limits.max_deliveries {
            return later;
        }
        let letter = (self.handler.name(), event);
        match dead_letters::bury(&self.bus.dispatcher, letter, error, delivered).await {
            Ok(()) => AckKind::Term,
            Err(error) => {
                let handler = self.handler.name();
                tracing::error!(handler, %error, "a dead letter is written later");
                later
            }
        }
    }

    /// Tells the server what became of a message. When it does not hear that, the message comes again, and the
    /// inbox knows it.
    async fn say(&self, message: &Message, answer: AckKind) {
        if let Err(error) = message.ack_with(answer).await {
            tracing::warn!(handler = self.handler.name(), %error, "NATS delivers it again");
        }
    }
}

/// How often the server has delivered a message, this time included.
fn deliveries(message: &Message) -> u32 {
    let delivered = message.info().map_or(1, |info| info.delivered);
    u32::try_from(delivered).unwrap_or(u32::MAX).max(1)
}
