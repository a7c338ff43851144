//! A service inside a program that has a server of its own.
//!
//! ```text
//!  Service::start ─▶ environment ▸ database ▸ domains ─▶ loops as tasks
//!                                                │
//!                                             routes ─▶ the program's own router
//! ```
//!
//! The program keeps its log, its socket and its signals. It stops the service with
//! [`Embedded::stop`]; one that ends without is caught up by the next start, as after a crash.

use std::ffi::OsString;

use axum::Router;
use tokio::task::JoinSet;

use crate::engine::{Shutdown, ShutdownSignal};
use crate::http;
use crate::metrics::Metrics;
use crate::store::Database;

use super::launch;
use super::module::Service;
use super::serving::{Loops, Ready};
use super::settings;
use super::setup::SetupError;

/// A service that runs inside another program. Dropping it ends its loops where they are.
#[derive(Debug)]
pub struct Embedded {
    routes: Router,
    operational: Router,
    metrics: Metrics,
    store: Database,
    signal: ShutdownSignal,
    loops: JoinSet<()>,
}

impl Service {
    /// Starts everything but a server, by the environment of the process: opens and migrates the
    /// database, and runs the domains' loops on the tokio runtime that this is awaited on.
    ///
    /// # Errors
    /// All problems of the configuration at once, or the first one of the database.
    pub async fn start(self) -> Result<Embedded, SetupError> {
        self.start_with(std::env::vars_os()).await
    }

    /// [`start`](Self::start), by these variables.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn start_with(
        self,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Embedded, SetupError> {
        let variables = variables.into_iter().collect();
        let settings = settings::read(&self, self.simulated, variables).1;
        let settings = settings.map_err(|problems| {
            let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
            SetupError::new(problems.join("; "))
        })?;
        let setup = launch::open(&self, &settings).await?;
        let parts = launch::put_together(&self, &setup)?;
        let sagas = launch::put_sagas_together(&self, &setup, &parts).await?;
        let (loops, routes) = Loops::new(&setup, parts, sagas);
        let (signal, shutdown) = Shutdown::new();
        let ready = Ready::new(setup.store.clone(), &shutdown);
        let mut tasks = JoinSet::new();
        loops.spawn(&mut tasks, &shutdown);
        Ok(Embedded {
            routes: http::within(routes.merge(self.routes), &setup.api),
            operational: http::operational(ready, &setup.metrics),
            metrics: setup.metrics,
            store: setup.store,
            signal,
            loops: tasks,
        })
    }
}

impl Embedded {
    /// The API of all domains and sagas, with what operators decide, for a router of the program's own:
    /// `app.merge(embedded.routes())`.
    ///
    /// Limits per address need the peer's: serve the router by
    /// `into_make_service_with_connect_info::<SocketAddr>()`. Without, all clients are one.
    pub fn routes(&self) -> Router {
        self.routes.clone()
    }

    /// `/health`, `/ready` and `/metrics`, for a program that has none of them.
    pub fn operational_routes(&self) -> Router {
        self.operational.clone()
    }

    /// The counters, as `/metrics` shows them.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Takes nothing more, waits up to 30 s for calls that are under way, and closes the database.
    ///
    /// # Errors
    /// When a loop broke, or the database could not be closed in good order.
    pub async fn stop(mut self) -> Result<(), SetupError> {
        self.signal.request();
        let mut broken = None;
        while let Some(ended) = self.loops.join_next().await {
            broken = broken.or(ended.err());
        }
        let closed = self.store.close().await;
        match broken {
            Some(error) => Err(SetupError::new(format!(
                "a part of the service broke: {error}"
            ))),
            None => Ok(closed?),
        }
    }
}
