//! From arguments and variables to an exit code.

use std::ffi::OsString;
use std::fmt::Display;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;

use crate::clock::{Clock, SystemClock};
use crate::fault::{FaultPlan, NoFaults};
use crate::http::{Api, Authenticator, TrustedHeader};
use crate::metrics::Metrics;
use crate::saga::SagaKinds;

use super::arguments::{self, Mode, Order, Purpose};
use super::clients::{self, Ground};
use super::database;
use super::dead_letters::{self, Task};
use super::environment::Known;
use super::inspection;
use super::log::Log;
use super::module::{Module, Parts, Service};
#[cfg(feature = "nats")]
use super::nats::NatsServer;
#[cfg(feature = "s3")]
use super::s3;
use super::sagas::{Engines, SagaModule, SagaParts};
use super::serving::{self, Running};
use super::settings::{self, Settings};
use super::setup::{Setup, SetupError};
use super::spans::Spans;

const DONE: u8 = 0;
const FAILED: u8 = 1;
const WRONG_USAGE: u8 = 2;

/// How long blocking work may hold up the end of the process.
const LAST_WAIT: Duration = Duration::from_secs(1);

/// Does what the arguments order; says the exit code.
pub(super) fn launch(
    service: Service,
    arguments: &[OsString],
    variables: Vec<(OsString, OsString)>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> u8 {
    let done = match arguments::parse(arguments) {
        Ok(Order::Version) => Ok(Some(format!("{} {}", service.name, service.version))),
        Ok(Order::Help) => Ok(Some(help(&service))),
        Ok(Order::Run(mode)) => start(service, mode, variables),
        Err(problem) => {
            let help = format!("help: {} --help lists what is accepted", service.name);
            say(err, &format!("error: {problem}\n{help}"));
            return WRONG_USAGE;
        }
    };
    match done {
        Ok(words) => {
            if let Some(words) = words {
                say(out, &words);
            }
            DONE
        }
        Err(problems) => {
            for problem in problems {
                say(err, &format!("error: {problem}"));
            }
            FAILED
        }
    }
}

/// Runs the service to its end; returns what to print, which is nothing behind a log, or all problems.
fn start(
    service: Service,
    mode: Mode,
    variables: Vec<(OsString, OsString)>,
) -> Result<Option<String>, Vec<String>> {
    let settings = settings::read(&service, mode.simulate, variables).1;
    let settings = settings
        .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>())?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| vec![format!("threads cannot be started: {error}")])?;
    let is_quiet = matches!(
        mode.purpose,
        Purpose::Check | Purpose::CheckSagas | Purpose::DeadLetters(Task::List { .. })
    );
    let log = (!is_quiet).then(|| Log::start(&service, &settings, runtime.handle()));
    let done = runtime.block_on(run(service, mode, settings));
    if let Some(log) = log {
        log.finish();
    }
    runtime.shutdown_timeout(LAST_WAIT);
    done.map_err(|error| vec![error.to_string()])
}

async fn run(
    service: Service,
    mode: Mode,
    settings: Settings,
) -> Result<Option<String>, SetupError> {
    let setup = open(&service, &settings).await?;
    let parts = put_together(&service, &setup)?;
    let sagas = put_sagas_together(&service, &setup, &parts).await?;
    match mode.purpose {
        Purpose::Serve => {}
        Purpose::Check => return Ok(Some("configuration and database are fine".to_owned())),
        Purpose::CheckSagas => {
            let found = inspection::run(&sagas).await;
            drop(setup.store().close().await);
            return found.map(Some);
        }
        Purpose::DeadLetters(task) => {
            let done = dead_letters::run(task, &parts).await;
            drop(setup.store().close().await);
            return done.map(Some);
        }
    }
    let listener = TcpListener::bind(settings.bind).await.map_err(|error| {
        SetupError::new(format!(
            "cannot listen on {}: {error}: stop the other program or set BIND_ADDR",
            settings.bind
        ))
    })?;
    let asked = serving::asked_to_stop()?;
    announce(&service, mode.simulate, &settings, &listener);
    let store = setup.store().clone();
    let running = Running::new(setup, parts, sagas, service.routes);
    let stopped = serving::until(asked, running, listener).await;
    if let Err(error) = store.close().await {
        tracing::warn!(%error, "the database could not be closed in good order");
    }
    stopped.map(|()| None)
}

/// Starts the domains.
pub(super) fn put_together(service: &Service, setup: &Setup) -> Result<Vec<Parts>, SetupError> {
    let start = |module: &Module| {
        let failed = |error| SetupError::new(format!("{} cannot start: {error}", module.domain));
        (module.start)(setup).map_err(failed)
    };
    service.modules.iter().map(start).collect()
}

/// Starts the sagas, behind the domains, where this program can go on with those that run.
pub(super) async fn put_sagas_together(
    service: &Service,
    setup: &Setup,
    parts: &[Parts],
) -> Result<Vec<SagaParts>, SetupError> {
    let engines: Engines<'_> = parts.iter().map(|parts| &parts.engine).collect();
    let mut started = Vec::with_capacity(service.sagas.len());
    for SagaModule { saga, start } in &service.sagas {
        let failed = |error: &dyn Display| SetupError::new(format!("{saga} cannot start: {error}"));
        let mut sagas = start(setup, &engines).map_err(|error| failed(&error))?;
        sagas
            .workers
            .check()
            .await
            .map_err(|error| failed(&error))?;
        started.push(sagas);
    }
    #[cfg(feature = "nats")]
    if let Some(server) = &setup.nats {
        server.check(&started)?;
    }
    Ok(started)
}

/// Opens what all domains share.
pub(super) async fn open(service: &Service, settings: &Settings) -> Result<Setup, SetupError> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let faults = faults(settings);
    let mut store = database::open(service, &settings.database, Arc::clone(&faults)).await?;
    if let Some(cipher) = &settings.encryption {
        store = store.sealed_by(Arc::clone(cipher));
    }
    let metrics = Metrics::new();
    let authenticator = authenticator(service, settings, &clock);
    #[cfg(feature = "s3")]
    let spools = s3::open(&settings.spools)?;
    let ground = Ground {
        settings,
        #[cfg(feature = "s3")]
        spools: &spools,
        clock: &clock,
    };
    Ok(Setup {
        gateways: clients::open(&ground)?,
        #[cfg(feature = "s3")]
        spools,
        callbacks: settings.callbacks.clone(),
        callback_urls: settings.callback_urls.clone(),
        api: Api::with(settings.api, Arc::clone(&clock), authenticator, &metrics),
        pattern: settings.pattern,
        operators: settings.operators.clone(),
        cache: settings.cache.clone(),
        #[cfg(feature = "nats")]
        nats: NatsServer::of(settings.nats.as_ref()).await?,
        kinds: SagaKinds::default(),
        intervals: settings.intervals,
        store,
        clock,
        faults,
        metrics,
    })
}

/// What the environment says, else what the program says, else a gateway in front.
fn authenticator(
    service: &Service,
    settings: &Settings,
    clock: &Arc<dyn Clock>,
) -> Arc<dyn Authenticator> {
    let configured = settings.authentication.as_ref();
    let configured = configured.map(|configured| configured.authenticator(clock));
    configured
        .or_else(|| service.authenticator.clone())
        .unwrap_or_else(|| Arc::new(TrustedHeader::default()))
}

#[cfg(feature = "testing")]
fn faults(settings: &Settings) -> Arc<dyn FaultPlan> {
    match settings.stall {
        Some(boundary) => Arc::new(super::stall::StallAt::new(boundary)),
        None => Arc::new(NoFaults),
    }
}

#[cfg(not(feature = "testing"))]
fn faults(_settings: &Settings) -> Arc<dyn FaultPlan> {
    Arc::new(NoFaults)
}

/// The first line of the log: what runs where.
fn announce(service: &Service, simulate: bool, settings: &Settings, listener: &TcpListener) {
    let address = listener.local_addr().unwrap_or(settings.bind);
    let database = settings.database.url.to_string();
    let domains: Vec<&str> = service.modules.iter().map(|module| module.domain).collect();
    let providers = if simulate { "simulated" } else { "live" };
    let own = service.authenticator.as_ref();
    let trusting = settings.authentication.is_none() && own.is_none_or(|own| own.is_trusting());
    let authentication = match &settings.authentication {
        Some(configured) => configured.to_string(),
        None if trusting => "trusted".to_owned(),
        None => "own".to_owned(),
    };
    let mut keys = settings
        .encryption
        .iter()
        .flat_map(|cipher| cipher.key_ids());
    let encryption = keys.next().unwrap_or_else(|| "off".to_owned());
    tracing::info!(
        service = service.name,
        version = service.version,
        %address,
        database,
        domains = domains.join(","),
        mode = providers,
        authentication,
        encryption,
        spans = %settings.spans,
        "started"
    );
    if simulate {
        tracing::warn!("providers are SIMULATED: nothing real will happen");
    }
    if trusting && !address.ip().is_loopback() {
        tracing::warn!(
            "everybody who reaches this port can name any owner: put a gateway in front, or set \
             ORCH_API_KEYS_FILE"
        );
    }
    if settings.spans == Spans::Unsupported {
        tracing::warn!(
            "a collector for spans is named, and nothing is sent to it: that needs the cargo feature \
             \"otlp\" of orch-runtime"
        );
    }
    for (name, access) in &settings.gateways {
        if access.is_exposed() {
            tracing::warn!(
                gateway = name,
                "the token of this provider travels without TLS"
            );
        }
    }
}

fn help(service: &Service) -> String {
    let mut text = format!(
        "{name} {version}\n\nUsage: {name} [--simulate] [--check] [dead-letters …] [sagas …]\n\n\
         Commands:\n{commands}\n{inspection}\n\n\
         Options:\n  \
           --simulate     use built-in providers that do nothing real\n  \
           --check        check the configuration, open and migrate the database, and exit\n  \
           -h, --help     print this\n  \
           -V, --version  print the version\n\nEnvironment:\n",
        name = service.name,
        version = service.version,
        commands = dead_letters::USAGE,
        inspection = inspection::USAGE,
    );
    for Known {
        name,
        default,
        meaning,
    } in settings::read(service, false, Vec::new()).0
    {
        text.push_str(&format!("  {name:<28} {meaning} [default: {default}]\n"));
    }
    text.push_str(
        "\nExit codes: 0 stopped as asked, 1 could not start or broke, 2 wrong arguments",
    );
    text
}

/// A closed pipe is no reason to fail.
fn say(to: &mut dyn Write, line: &str) {
    drop(writeln!(to, "{line}"));
}
