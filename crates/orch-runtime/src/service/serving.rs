//! Running everything until told to stop, and stopping in good order.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::engine::{Engine, Shutdown, ShutdownSignal};
use crate::http::{self, Readiness, ServerConfig, saga_operators};
use crate::scheduler::{DatabaseMonitor, Workers};
use crate::store::Database;

use super::module::Parts;
use super::sagas::SagaParts;
use super::setup::{Setup, SetupError};

/// How long requests and calls may go on after the order to stop.
const GRACE: Duration = Duration::from_secs(30);

/// All that runs.
pub(super) struct Running {
    app: Router,
    loops: Loops,
    clock: Arc<dyn Clock>,
    signal: ShutdownSignal,
    shutdown: Shutdown,
}

/// What runs beside the server.
pub(super) struct Loops {
    engines: Vec<Engine>,
    workers: Vec<Workers>,
    database_monitor: Option<DatabaseMonitor>,
}

impl Loops {
    /// The loops of `parts`, and all routes of these.
    pub(super) fn new(setup: &Setup, parts: Vec<Parts>, sagas: Vec<SagaParts>) -> (Self, Router) {
        let (mut engines, mut workers) = (Vec::new(), Vec::new());
        let mut routes = Router::new();
        for part in parts {
            routes = routes.merge(part.routes);
            engines.push(part.engine);
            // One without schedulers would end at once, and be taken for broken.
            workers.extend((!part.workers.names().is_empty()).then_some(part.workers));
        }
        if !sagas.is_empty() {
            let workers = sagas.iter().map(|part| &part.workers);
            routes = routes.merge(saga_operators(workers, &setup.api, &setup.operators));
        }
        for part in sagas {
            routes = routes.merge(part.routes);
            workers.extend((!part.workers.names().is_empty()).then_some(part.workers));
        }
        let domains: Vec<&str> = engines.iter().map(Engine::domain).collect();
        let every = setup.intervals.database_monitor;
        let database_monitor =
            DatabaseMonitor::new(&setup.store, &domains, &setup.clock, &setup.metrics, every);
        let loops = Self {
            engines,
            workers,
            database_monitor,
        };
        (loops, routes)
    }

    /// Starts every loop as a task of its own.
    pub(super) fn spawn(self, tasks: &mut JoinSet<()>, shutdown: &Shutdown) {
        let stop = || shutdown.clone();
        for engine in self.engines {
            let stop = stop();
            tasks.spawn(async move { engine.run(stop, GRACE).await });
        }
        for workers in self.workers {
            tasks.spawn(workers.run(stop()));
        }
        if let Some(monitor) = self.database_monitor {
            tasks.spawn(monitor.run(stop()));
        }
    }
}

impl Running {
    pub(super) fn new(
        setup: Setup,
        parts: Vec<Parts>,
        sagas: Vec<SagaParts>,
        routes: Router,
    ) -> Self {
        let (signal, shutdown) = Shutdown::new();
        let (loops, own) = Loops::new(&setup, parts, sagas);
        let ready = Ready::new(setup.store, &shutdown);
        let app = http::app(routes.merge(own), &setup.api, ready, &setup.metrics);
        Self {
            app,
            loops,
            clock: setup.clock,
            signal,
            shutdown,
        }
    }

    /// Starts every loop as a task of its own.
    fn spawn(self, listener: TcpListener) -> (JoinSet<()>, ShutdownSignal) {
        let mut tasks = JoinSet::new();
        let config = ServerConfig {
            grace: GRACE,
            ..ServerConfig::default()
        };
        let stop = self.shutdown.clone();
        tasks.spawn(http::serve(listener, self.app, config, self.clock, stop));
        self.loops.spawn(&mut tasks, &self.shutdown);
        (tasks, self.signal)
    }
}

/// Runs until `asked`, then drains.
///
/// # Errors
/// When one of the loops broke: the others are stopped in good order, and the process should be
/// started again.
pub(super) async fn until(
    asked: impl Future<Output = &'static str>,
    running: Running,
    listener: TcpListener,
) -> Result<(), SetupError> {
    let (mut tasks, signal) = running.spawn(listener);
    let mut broken = None;
    tokio::select! {
        by = asked => tracing::info!(by, "stopping"),
        Some(ended) = tasks.join_next() => broken = Some(reason(ended)),
    }
    signal.request();
    while let Some(ended) = tasks.join_next().await {
        if let Err(error) = ended {
            broken = broken.or_else(|| Some(error.to_string()));
        }
    }
    match broken {
        None => {
            tracing::info!("stopped");
            Ok(())
        }
        Some(reason) => {
            tracing::error!(reason, "stopped because a part broke");
            Err(SetupError::new(format!(
                "a part of the service broke: {reason}"
            )))
        }
    }
}

fn reason(ended: Result<(), tokio::task::JoinError>) -> String {
    match ended {
        Ok(()) => "a loop ended by itself".to_owned(),
        Err(error) => error.to_string(),
    }
}

/// A future that ends at SIGTERM or SIGINT, with its name. Listening begins at once.
#[cfg(unix)]
pub(super) fn asked_to_stop() -> Result<impl Future<Output = &'static str>, SetupError> {
    use tokio::signal::unix::{SignalKind, signal};
    let listen = |kind| signal(kind).map_err(|error| SetupError::new(error.to_string()));
    let (mut terminate, mut interrupt) = (
        listen(SignalKind::terminate())?,
        listen(SignalKind::interrupt())?,
    );
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        }
    })
}

/// A future that ends at Ctrl-C.
#[cfg(not(unix))]
pub(super) fn asked_to_stop() -> Result<impl Future<Output = &'static str>, SetupError> {
    Ok(async {
        drop(tokio::signal::ctrl_c().await);
        "Ctrl-C"
    })
}

/// Ready while the database answers and nobody asked to stop.
pub(super) struct Ready {
    store: Database,
    shutdown: Shutdown,
}

impl Ready {
    pub(super) fn new(store: Database, shutdown: &Shutdown) -> Arc<Self> {
        let shutdown = shutdown.clone();
        Arc::new(Self { store, shutdown })
    }
}

#[async_trait]
impl Readiness for Ready {
    async fn check(&self) -> Result<(), String> {
        if self.shutdown.is_requested() {
            return Err("stopping".to_owned());
        }
        self.store.ping().await.map_err(|error| error.to_string())
    }
}
