//! The world of these tests: a database file, a clock, and a provider that follows a script.

use std::time::Duration;

use orch_runtime::testing::{Provider, World, WorldSetup};
use orch_runtime::{GatewayError, Idempotency, OpId, Probe, Receipt};

use purchase::notification::TABLES;
use purchase::notification::cancellation::generated::command::CancellationCommand;
use purchase::notification::gateway::NotificationGateway;
use purchase::notification::generated::command::NotificationCommand;
use purchase::notification::orchestrator::NotificationOrchestrator;
use purchase::{MIGRATIONS, STORE};

/// A request that is accepted.
pub const SAMPLE: &str = include_str!("sample.json");

/// Another one.
pub const OTHER: &str = include_str!("other.json");

/// The command of [`SAMPLE`].
pub fn sample() -> NotificationCommand {
    orch_runtime::serde_json::from_str(SAMPLE).unwrap()
}

/// The command of [`OTHER`].
pub fn other() -> NotificationCommand {
    orch_runtime::serde_json::from_str(OTHER).unwrap()
}

/// A gateway to the scripted provider.
pub struct Scripted {
    pub provider: Provider,
    pub keyed: bool,
}

impl NotificationGateway for Scripted {
    fn idempotency(&self) -> Idempotency {
        let window = Duration::from_secs(24 * 3_600);
        if self.keyed {
            Idempotency::Keyed { window }
        } else {
            Idempotency::None
        }
    }

    fn attempt_timeout(&self) -> Duration {
        Duration::from_secs(10)
    }

    async fn notification(
        &self,
        key: &OpId,
        _: &NotificationCommand,
    ) -> Result<Receipt, GatewayError> {
        self.provider.call(key).await
    }

    async fn probe_notification(&self, key: &OpId, _: &NotificationCommand) -> Probe {
        self.provider.probe(key).await
    }

    async fn cancellation(
        &self,
        key: &OpId,
        _: &CancellationCommand,
    ) -> Result<Receipt, GatewayError> {
        self.provider.call(key).await
    }

    async fn probe_cancellation(&self, key: &OpId, _: &CancellationCommand) -> Probe {
        self.provider.probe(key).await
    }
}

/// The database and its schema.
pub const SETUP: WorldSetup = WorldSetup {
    store: STORE,
    migrations: MIGRATIONS,
    tables: TABLES,
};

/// A world whose provider gives a repeated key one effect.
pub fn keyed() -> World {
    World::new(SETUP, Provider::keyed(), |builder, provider| {
        let gateway = Scripted {
            provider,
            keyed: true,
        };
        builder.register(NotificationOrchestrator::new(gateway))
    })
}

/// A world whose provider knows no keys: every call that reaches it has an effect.
pub fn unkeyed() -> World {
    World::new(SETUP, Provider::unkeyed(), |builder, provider| {
        let gateway = Scripted {
            provider,
            keyed: false,
        };
        builder.register(NotificationOrchestrator::new(gateway))
    })
}
