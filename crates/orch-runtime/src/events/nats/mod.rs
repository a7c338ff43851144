//! The bus between processes: a stream of a NATS server (JetStream).
//!
//! ```text
//!  relay ─▶ <stream>.<partition>.<event> ─▶ <handler>-<partition> ─▶ handler ─▶ commit ─▶ ack
//!           Nats-Msg-Id: the event's id     in the order of each saga        └ fails ─▶ later, or a dead letter
//! ```
//!
//! An event counts as published once the server has it on disk; the server drops one that the relay sends twice
//! within its window, and the inbox knows the rest.
//!
//! | file | holds |
//! |---|---|
//! | `consumer` | what a handler gets of a partition, and what the server is told of it |
//! | `unreadable` | what becomes of a message that is no event |
//!
//! **Deliberately absent:** credentials and certificates. A program that needs them hands in its own client.

mod consumer;
mod unreadable;

use std::error::Error as _;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_nats::Client;
use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::context::{PublishError, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::Config as StreamConfig;
use async_nats::jetstream::{self, Context};
use async_trait::async_trait;
use tokio::task::JoinSet;

use crate::engine::Shutdown;
use crate::ids::SagaId;

use super::bus::{BusConfig, EventBus, NotTaken};
use super::claims::Claimed;
use super::dispatcher::Dispatcher;
use super::subscriptions::Subscriptions;

use consumer::Consumer;

/// A stream, and how its events are handed out.
#[derive(Debug, Clone)]
pub struct NatsConfig {
    /// The stream's name, which every subject begins with.
    pub stream: String,
    /// Of a handler, a process serves so many sagas at most at the same time. It never changes while events wait.
    pub partitions: u32,
    /// For how long the server keeps events.
    pub max_age: Duration,
    /// On how many servers of a cluster.
    pub replicas: usize,
}

impl NatsConfig {
    /// A stream of this name: 8 partitions, 7 days, one server.
    #[must_use]
    pub fn new(stream: impl Into<String>) -> Self {
        Self {
            stream: stream.into(),
            partitions: 8,
            max_age: Duration::from_secs(7 * 24 * 3_600),
            replicas: 1,
        }
    }

    /// The partition of a saga (FNV-1a): the same in every program.
    fn partition(&self, saga: &SagaId) -> u32 {
        let bytes = saga.as_str().bytes();
        let hash = bytes.fold(0x811c_9dc5_u32, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        });
        hash % self.partitions.max(1)
    }
}

/// Events on their way through a NATS server. It is made before the handlers are known, and
/// [`joined`](Self::joined) with them.
#[derive(Debug, Clone)]
pub struct Nats {
    context: Context,
    config: NatsConfig,
    /// For how long the stream keeps events, whatever it was asked for; 0: for ever. Known when it is there.
    kept: Arc<OnceLock<Duration>>,
}

impl Nats {
    /// Connects to the server at `url`, and sees to it that the stream is there.
    ///
    /// # Errors
    /// When the server cannot be reached, or refuses the stream.
    pub async fn connect(url: &str, config: NatsConfig) -> Result<Self, NotTaken> {
        Self::with(Self::client(url).await?, config).await
    }

    /// A client of the server at `url`.
    ///
    /// # Errors
    /// When the server cannot be reached.
    pub async fn client(url: &str) -> Result<Client, NotTaken> {
        let client = async_nats::connect(url).await;
        client.map_err(|error| {
            // What stands before the host may be a password.
            let server = url.rsplit('@').next().unwrap_or_default();
            NotTaken::new(format!(
                "the NATS server {server} cannot be reached: {error}"
            ))
        })
    }

    /// The stream by a client of your own.
    ///
    /// # Errors
    /// When the server refuses the stream.
    pub async fn with(client: Client, config: NatsConfig) -> Result<Self, NotTaken> {
        let nats = Self::on(client, config);
        nats.prepare().await?;
        Ok(nats)
    }

    /// The stream by a client of your own. That it is there is seen to by [`Workers::check`](crate::Workers::check).
    #[must_use]
    pub fn on(client: Client, config: NatsConfig) -> Self {
        Self {
            context: jetstream::new(client),
            config,
            kept: Arc::default(),
        }
    }

    /// Sees to it that the stream is there.
    async fn prepare(&self) -> Result<(), NotTaken> {
        let config = &self.config;
        let stream = StreamConfig {
            name: config.stream.clone(),
            subjects: vec![format!("{}.*.*", config.stream)],
            max_age: config.max_age,
            num_replicas: config.replicas,
            ..StreamConfig::default()
        };
        let made = self.context.get_or_create_stream(stream).await;
        let made = made.map_err(|error| {
            NotTaken::new(format!("the NATS stream {}: {error}", config.stream))
        })?;
        self.kept.get_or_init(|| made.cached_info().config.max_age);
        Ok(())
    }

    /// The bus to these handlers: see
    /// [`ChoreographyBuilder::bus`](crate::saga::ChoreographyBuilder::bus).
    #[must_use]
    pub fn joined(
        &self,
        dispatcher: &Dispatcher,
        subscriptions: &Arc<Subscriptions>,
        limits: BusConfig,
    ) -> Arc<dyn EventBus> {
        Arc::new(NatsBus {
            nats: self.clone(),
            dispatcher: dispatcher.clone(),
            subscriptions: Arc::clone(subscriptions),
            limits,
        })
    }
}

#[derive(Debug, Clone)]
struct NatsBus {
    nats: Nats,
    dispatcher: Dispatcher,
    subscriptions: Arc<Subscriptions>,
    limits: BusConfig,
}

#[async_trait]
impl EventBus for NatsBus {
    fn name(&self) -> &'static str {
        "nats"
    }

    fn redelivers_for(&self) -> Option<Duration> {
        let kept = self.nats.kept.get().copied();
        kept.filter(|kept| !kept.is_zero())
    }

    async fn prepare(&self) -> Result<(), NotTaken> {
        self.nats.prepare().await
    }

    async fn publish(&self, claimed: &Claimed) -> Result<(), NotTaken> {
        let (event, config) = (&claimed.event, &self.nats.config);
        let partition = config.partition(&event.transaction_id);
        let subject = format!("{}.{partition}.{}", config.stream, event.event_type);
        let payload = serde_json::to_vec(event);
        let payload = payload.map_err(|error| NotTaken::new(format!("NATS: {error}")))?;
        let message = PublishMessage::build()
            .payload(payload.into())
            .message_id(event.event_id.as_str());
        let sent = self.nats.context.send_publish(subject, message).await;
        sent.map_err(not_taken)?.await.map_err(not_taken)?;
        Ok(())
    }

    async fn run(&self, shutdown: Shutdown) -> Result<(), NotTaken> {
        let mut consuming = JoinSet::new();
        for handler in self.subscriptions.served() {
            for partition in 0..self.nats.config.partitions.max(1) {
                let consumer = Consumer {
                    bus: self.clone(),
                    handler: Arc::clone(handler),
                    partition,
                };
                consuming.spawn(consumer.run(shutdown.clone()));
            }
        }
        consuming.join_all().await;
        Ok(())
    }
}

/// What a server that does not take an event says. One that is too large it takes at no time.
fn not_taken(error: PublishError) -> NotTaken {
    let reason = format!("NATS: {error}");
    let by_stream = error.source().and_then(|source| source.downcast_ref());
    let by_stream = by_stream.map(jetstream::Error::error_code);
    match error.kind() == PublishErrorKind::MaxPayloadExceeded
        || by_stream == Some(ErrorCode::STREAM_MESSAGE_EXCEEDS_MAXIMUM)
    {
        true => NotTaken::refused(reason),
        false => NotTaken::new(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that is away for a while must make no dead letters.
    #[test]
    fn only_what_is_too_large_is_refused_for_good() {
        let too_large = not_taken(PublishErrorKind::MaxPayloadExceeded.into());
        assert!(too_large.is_refused(), "{too_large}");
        for kind in [
            PublishErrorKind::TimedOut,
            PublishErrorKind::BrokenPipe,
            PublishErrorKind::StreamNotFound,
            PublishErrorKind::Other,
        ] {
            let away = not_taken(kind.into());
            assert!(!away.is_refused(), "{away}");
        }
    }

    /// Another partition would be another order: the number of a saga must never change.
    #[test]
    fn a_saga_stays_in_its_partition() {
        let config = NatsConfig::new("orders");
        let of = |saga: &str| config.partition(&SagaId::new(saga).unwrap());
        let seen: std::collections::BTreeSet<u32> = (0..200)
            .map(|number| of(&format!("TXN_{number}")))
            .collect();
        assert_eq!(seen.len(), 8, "all partitions have work");
        // FNV-1a of "a" is 0xe40c292c.
        assert_eq!(of("a"), 0xe40c_292c % 8);
    }
}
