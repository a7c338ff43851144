//! A server with the ping domain, on a socket of this machine and a file in a temporary folder.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use orch_runtime::axum::Router;
use orch_runtime::engine::{Shutdown, ShutdownSignal};
use orch_runtime::http::{
    self, Api, ApiConfig, Authenticator, RateLimit, Readiness, ServerConfig, TrustedHeader, serve,
};
use orch_runtime::metrics::Metrics;
use orch_runtime::store::sqlite::SqliteStore;
use orch_runtime::testing::{ManualClock, Provider};
use orch_runtime::{Clock, Engine, OpId, OwnerId, SystemClock};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::ping::{MIGRATIONS, Pinging, TABLES, routes};
use crate::raw::Reply;

/// A running server. Dropping it stops it.
pub(crate) struct Site {
    pub(crate) address: SocketAddr,
    pub(crate) engine: Engine,
    pub(crate) store: SqliteStore,
    pub(crate) provider: Provider,
    /// The time of limits and waits.
    pub(crate) clock: ManualClock,
    pub(crate) app: Router,
    pub(crate) signal: ShutdownSignal,
    pub(crate) serving: JoinHandle<()>,
    pub(crate) folder: TempDir,
}

/// Limits that are not what a test is about.
pub(crate) fn unlimited() -> ApiConfig {
    ApiConfig {
        per_key: RateLimit::Off,
        per_client: RateLimit::Off,
        refused: RateLimit::Off,
        ..ApiConfig::default()
    }
}

struct Pinged(SqliteStore);

#[async_trait]
impl Readiness for Pinged {
    async fn check(&self) -> Result<(), String> {
        self.0.ping().await.map_err(|error| error.to_string())
    }
}

impl Site {
    pub(crate) async fn start(config: ApiConfig) -> Self {
        Self::start_with(config, ServerConfig::default()).await
    }

    pub(crate) async fn start_with(config: ApiConfig, server: ServerConfig) -> Self {
        Self::start_asking(config, server, Arc::new(TrustedHeader::default())).await
    }

    /// A server whose callers are known by `authenticator`.
    pub(crate) async fn start_asking(
        config: ApiConfig,
        server: ServerConfig,
        authenticator: Arc<dyn Authenticator>,
    ) -> Self {
        let folder = TempDir::new().unwrap();
        let store = SqliteStore::open(&folder.path().join("ping.db"), MIGRATIONS).unwrap();
        let (provider, clock, metrics) =
            (Provider::keyed(), ManualClock::default(), Metrics::new());
        let engine = Engine::builder(store.operations(TABLES), TABLES)
            .register(Pinging(provider.clone()))
            .clock(Arc::new(clock.clone()))
            .metrics(metrics.clone())
            .build()
            .unwrap();
        let api = Api::with(config, Arc::new(clock.clone()), authenticator, &metrics);
        let ready = Arc::new(Pinged(store.clone()));
        let app = http::app(routes(api.endpoint(&engine)), &api, ready, &metrics);
        let (signal, shutdown) = Shutdown::new();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let time: Arc<dyn Clock> = Arc::new(SystemClock);
        let serving = tokio::spawn(serve(listener, app.clone(), server, time, shutdown));
        Self {
            address,
            engine,
            store,
            provider,
            clock,
            app,
            signal,
            serving,
            folder,
        }
    }

    /// Waits until the operation that `reply` names has ended, and shows it.
    pub(crate) async fn ended(&self, reply: &Reply) -> orch_runtime::OperationView {
        let op_id = op_id(reply);
        let nobody = OwnerId::anonymous();
        let limit = Duration::from_secs(3_600);
        let view = self
            .engine
            .wait(&nobody, &op_id, limit)
            .await
            .unwrap()
            .unwrap();
        assert!(view.state.is_final(), "{view:?}");
        view
    }

    /// Takes the tables away: from now on, whatever asks the store fails.
    pub(crate) fn break_store(&self) {
        let file = rusqlite::Connection::open(self.folder.path().join("ping.db")).unwrap();
        let broken =
            file.execute_batch("drop table ping_write_ahead_logs; drop table ping_operations");
        broken.unwrap();
    }

    /// How many operations are recorded.
    pub(crate) async fn operations(&self) -> u64 {
        let counts = self.engine.store().count_by_state().await.unwrap();
        counts.iter().map(|(_, count)| count).sum()
    }
}

pub(crate) fn op_id(reply: &Reply) -> OpId {
    let body = reply.json();
    let op_id = body["opId"]
        .as_str()
        .unwrap_or_else(|| panic!("no opId: {reply:?}"));
    OpId::new(op_id).unwrap()
}
