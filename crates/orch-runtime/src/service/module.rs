//! What a service is made of.

use std::ffi::OsString;
use std::io;
use std::process::ExitCode;
use std::sync::Arc;

use axum::Router;

use crate::engine::Engine;
use crate::gateway::GatewayKind;
use crate::http::{ApiConfig, Authenticator};
use crate::scheduler::Workers;
use crate::store::{Migration, StoreKind};

use super::launch;
use super::sagas::SagaModule;
use super::setup::{Setup, SetupError};

/// One domain as a service knows it before it starts.
#[derive(Debug, Clone, Copy)]
pub struct Module {
    /// The domain, such as `PAYMENT`.
    pub domain: &'static str,
    /// Providers that are configured by `<NAME>_GATEWAY_…`, each with its kind, which decides by what
    /// variables; the name is usually the domain's own.
    pub gateways: &'static [(&'static str, GatewayKind)],
    /// Puts the domain together.
    pub start: fn(&Setup) -> Result<Parts, SetupError>,
}

/// The running parts of one domain.
#[derive(Debug)]
pub struct Parts {
    /// Accepts and runs its operations.
    pub engine: Engine,
    /// Its HTTP routes.
    pub routes: Router,
    /// Its schedulers.
    pub workers: Workers,
}

/// A service, ready to run.
pub struct Service {
    pub(super) name: &'static str,
    pub(super) version: &'static str,
    pub(super) store: StoreKind,
    pub(super) migrations: Vec<Migration>,
    pub(super) modules: Vec<Module>,
    pub(super) sagas: Vec<SagaModule>,
    pub(super) callbacks: Vec<&'static str>,
    pub(super) authenticator: Option<Arc<dyn Authenticator>>,
    pub(super) routes: Router,
    pub(super) api: ApiConfig,
    /// Inside another program only: whether providers are simulated.
    pub(super) simulated: bool,
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service")
            .field("name", &self.name)
            .field("version", &self.version)
            .field("modules", &self.modules)
            .field("sagas", &self.sagas)
            .finish_non_exhaustive()
    }
}

impl Service {
    /// A service without domains: `Service::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))`.
    #[must_use]
    pub fn new(name: &'static str, version: &'static str) -> Self {
        Self {
            name,
            version,
            store: StoreKind::Sqlite,
            migrations: Vec::new(),
            modules: Vec::new(),
            sagas: Vec::new(),
            callbacks: Vec::new(),
            authenticator: None,
            routes: Router::new(),
            api: ApiConfig::default(),
            simulated: false,
        }
    }

    /// Sets the kind of database for which the migrations are written; without it, SQLite.
    #[must_use]
    pub fn store(mut self, store: StoreKind) -> Self {
        self.store = store;
        self
    }

    /// Adds migrations, which apply in the order in which they were added.
    #[must_use]
    pub fn migrations(mut self, migrations: &[Migration]) -> Self {
        self.migrations.extend_from_slice(migrations);
        self
    }

    /// Adds a domain.
    #[must_use]
    pub fn module(mut self, module: Module) -> Self {
        self.modules.push(module);
        self
    }

    /// Adds a kind of saga, whose steps are operations of the domains.
    #[must_use]
    pub fn saga(mut self, saga: SagaModule) -> Self {
        self.sagas.push(saga);
        self
    }

    /// Adds a provider that reports by callbacks, signed under `<NAME>_CALLBACK_SECRET`: see
    /// [`Setup::callback_secrets`].
    #[must_use]
    pub fn callbacks(mut self, name: &'static str) -> Self {
        self.callbacks.push(name);
        self
    }

    /// Sets who finds out whose request it is; without it, [`TrustedHeader`](crate::http::TrustedHeader).
    ///
    /// `ORCH_API_KEYS_FILE` and the variables `ORCH_JWT_*` replace one that
    /// [believes everybody](Authenticator::is_trusting). Beside any other they keep the service from
    /// starting, because one of the two would silently not apply.
    #[must_use]
    pub fn authenticator(mut self, authenticator: impl Authenticator) -> Self {
        self.authenticator = Some(Arc::new(authenticator));
        self
    }

    /// Sets the limits of the API, such as the largest body. The rate limits among them apply where the
    /// environment names no others.
    #[must_use]
    pub fn api(mut self, api: ApiConfig) -> Self {
        self.api = api;
        self
    }

    /// Adds routes that belong to no domain.
    #[must_use]
    pub fn routes(mut self, routes: Router) -> Self {
        self.routes = self.routes.merge(routes);
        self
    }

    /// Has [`start`](Self::start) use built-in providers that do nothing real. A program that is
    /// [run](Self::run) says so by `--simulate`.
    #[must_use]
    pub fn simulated(mut self) -> Self {
        self.simulated = true;
        self
    }

    /// Runs until SIGTERM or SIGINT, by the arguments and the environment of the process.
    ///
    /// Exit codes: 0 stopped as asked, 1 could not start or broke, 2 wrong arguments.
    #[must_use]
    pub fn run(self) -> ExitCode {
        let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
        self.run_with(arguments, std::env::vars_os())
    }

    /// [`run`](Self::run), by these arguments and variables.
    #[must_use]
    pub fn run_with(
        self,
        arguments: Vec<OsString>,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> ExitCode {
        let variables = variables.into_iter().collect();
        let (mut out, mut err) = (io::stdout(), io::stderr());
        ExitCode::from(launch::launch(
            self, &arguments, variables, &mut out, &mut err,
        ))
    }
}
