//! All settings of a service, read and checked.

use std::collections::HashMap;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::sync::Arc;

use tracing_subscriber::EnvFilter;

use crate::gateway::GatewayKind;
use crate::http::{ApiConfig, Operators, RateLimit};
use crate::saga::{SagaCache, SagaPattern};
use crate::secret::Secret;
use crate::store::{Sealing, StoreKind};

use super::authentication::{self, Authentication};
use super::cache;
use super::callbacks;
use super::database_url::{self, DatabaseUrl};
use super::encryption;
use super::environment::{Environment, Known};
use super::gateways::{self, Access};
use super::intervals::Intervals;
use super::module::Service;
use super::nats::{self, NatsSettings};
use super::problem::Problem;
#[cfg(feature = "s3")]
use super::s3::{self, SpoolSettings};
use super::spans::{self, Spans};

const BIND: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 3000);

/// What the environment says.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) database: DatabaseSettings,
    pub(super) bind: SocketAddr,
    pub(super) api: ApiConfig,
    pub(super) authentication: Option<Authentication>,
    pub(super) encryption: Option<Arc<dyn Sealing>>,
    pub(super) log: String,
    pub(super) spans: Spans,
    pub(super) gateways: HashMap<&'static str, Access>,
    #[cfg(feature = "s3")]
    pub(super) spools: HashMap<&'static str, SpoolSettings>,
    pub(super) callbacks: HashMap<&'static str, Vec<Secret<String>>>,
    pub(super) callback_urls: HashMap<&'static str, String>,
    pub(super) pattern: SagaPattern,
    pub(super) operators: Operators,
    pub(super) cache: Option<Arc<dyn SagaCache>>,
    #[cfg_attr(
        not(feature = "nats"),
        expect(dead_code, reason = "refused without the feature")
    )]
    pub(super) nats: Option<NatsSettings>,
    pub(super) intervals: Intervals,
    #[cfg(feature = "testing")]
    pub(super) stall: Option<crate::fault::Boundary>,
}

/// Which database is used, and how.
#[derive(Debug)]
#[cfg_attr(
    not(feature = "postgres"),
    expect(
        dead_code,
        reason = "options of a server, refused when the database is opened"
    )
)]
pub(super) struct DatabaseSettings {
    pub(super) url: DatabaseUrl,
    /// Of a server: connections at most.
    pub(super) connections: u32,
    /// Of a server: whether the service applies its migrations.
    pub(super) migrate: bool,
}

/// Reads all settings; returns what is known in any case, for `--help`.
///
/// # Errors
/// All problems.
pub(super) fn read(
    service: &Service,
    simulate: bool,
    variables: Vec<(OsString, OsString)>,
) -> (Vec<Known>, Result<Settings, Vec<Problem>>) {
    let mut environment = Environment::new(variables);
    let settings = collect(service, simulate, &mut environment);
    let mut prefixes = vec!["ORCH_".to_owned()];
    let domains = service.modules.iter().map(|module| module.domain);
    let names = domains.chain(gateways(service).map(|(name, _)| name));
    prefixes.extend(names.map(|name| format!("{name}_GATEWAY_")));
    let callbacks = service.callbacks.iter();
    prefixes.extend(callbacks.map(|name| format!("{name}_CALLBACK_")));
    #[cfg(feature = "s3")]
    prefixes.extend(buckets(service).map(|name| format!("{name}_SPOOL")));
    if !service.sagas.is_empty() {
        prefixes.push("SAGA_PATTERN".to_owned());
    }
    environment.refuse_unknown(&prefixes);
    let (known, problems) = environment.into_parts();
    let settings = if problems.is_empty() {
        Ok(settings)
    } else {
        Err(problems)
    };
    (known, settings)
}

fn collect(service: &Service, simulate: bool, environment: &mut Environment) -> Settings {
    let database = database(service, environment);
    let bind = environment.value(
        "BIND_ADDR",
        (BIND, BIND.to_string()),
        "address and port to listen on",
        |text| {
            text.parse()
                .map_err(|_| "expected an IP address and a port, such as 0.0.0.0:3000")
        },
    );
    let api = limits(service.api, environment);
    let authentication = authentication::read(service, environment);
    let encryption = encryption::read(environment);
    let log = log(environment);
    let spans = spans::read(environment);
    let intervals = intervals(environment);
    let lease = intervals.engine.lease;
    let read = |gateway: (&'static str, GatewayKind)| {
        let access = gateways::read(gateway, simulate, lease, environment)?;
        Some((gateway.0, access))
    };
    let found = gateways(service).filter_map(read).collect();
    #[cfg(feature = "s3")]
    let spools = buckets(service)
        .map(|name| (name, s3::spool(name, environment)))
        .collect();
    let secrets = |name: &&'static str| (*name, callbacks::read(name, simulate, environment));
    let callbacks = service.callbacks.iter().map(secrets).collect();
    let callback_urls = callback_urls(service, simulate, environment);
    Settings {
        database,
        bind,
        api,
        authentication,
        encryption,
        log,
        spans,
        gateways: found,
        #[cfg(feature = "s3")]
        spools,
        callbacks,
        callback_urls,
        pattern: super::sagas::pattern(service, environment),
        operators: super::sagas::operators(service, environment),
        cache: cache::read(service, environment),
        nats: nats::read(service, environment),
        intervals,
        #[cfg(feature = "testing")]
        stall: stall(environment),
    }
}

/// How many requests are admitted.
fn limits(api: ApiConfig, environment: &mut Environment) -> ApiConfig {
    ApiConfig {
        per_key: limit(
            "ORCH_RATE_LIMIT_PER_KEY",
            api.per_key,
            "submissions per key and client",
            environment,
        ),
        per_client: limit(
            "ORCH_RATE_LIMIT_PER_CLIENT",
            api.per_client,
            "requests per client",
            environment,
        ),
        refused: limit(
            "ORCH_RATE_LIMIT_REFUSED",
            api.refused,
            "refused credentials per address",
            environment,
        ),
        ..api
    }
}

/// Where providers report that must be told so, and that sign the address.
#[cfg(feature = "twilio")]
fn callback_urls(
    service: &Service,
    simulate: bool,
    environment: &mut Environment,
) -> HashMap<&'static str, String> {
    let takes = |name: &str| service.callbacks.contains(&name);
    gateways(service)
        .filter(|(name, kind)| *kind == GatewayKind::Twilio && takes(name))
        .filter_map(|(name, _)| Some((name, callbacks::url(name, simulate, environment)?)))
        .collect()
}

/// None of the providers without features is told where to report.
#[cfg(not(feature = "twilio"))]
fn callback_urls(_: &Service, _: bool, _: &mut Environment) -> HashMap<&'static str, String> {
    HashMap::new()
}

/// The providers whose contents wait in a spool.
#[cfg(feature = "s3")]
fn buckets(service: &Service) -> impl Iterator<Item = &'static str> {
    let buckets = gateways(service).filter(|(_, kind)| *kind == GatewayKind::S3);
    buckets.map(|(name, _)| name)
}

fn gateways(service: &Service) -> impl Iterator<Item = (&'static str, GatewayKind)> {
    service
        .modules
        .iter()
        .flat_map(|module| module.gateways)
        .copied()
}

/// A database that is not named is a problem, unless it can be a file in this folder.
fn database(service: &Service, environment: &mut Environment) -> DatabaseSettings {
    let (name, kind) = ("DATABASE_URL", service.store);
    let (default, written) = match kind {
        StoreKind::Sqlite => {
            let url = DatabaseUrl::Sqlite(format!("{}.db", service.name).into());
            let written = url.to_string();
            (url, written)
        }
        StoreKind::Postgres => {
            if !environment.is_set(name) {
                let expected = database_url::expected(kind);
                environment.report(Problem::about(name, format!("is not set: {expected}")));
            }
            (
                DatabaseUrl::Postgres(Secret::new(String::new())),
                "none".to_owned(),
            )
        }
    };
    let parse = |text: &str| DatabaseUrl::parse(text, kind).ok_or(database_url::expected(kind));
    let url = environment.value(name, (default, written), "the database", parse);
    let (connections, migrate) = match kind {
        StoreKind::Sqlite => (1, true),
        StoreKind::Postgres => (connections(environment), migrate(environment)),
    };
    DatabaseSettings {
        url,
        connections,
        migrate,
    }
}

fn connections(environment: &mut Environment) -> u32 {
    environment.value(
        "ORCH_DATABASE_CONNECTIONS",
        (10, "10".to_owned()),
        "connections to the database at most",
        |text| match text.parse() {
            Ok(count @ 4..=1_000) => Ok(count),
            _ => Err("expected a number from 4 to 1000"),
        },
    )
}

fn migrate(environment: &mut Environment) -> bool {
    environment.value(
        "ORCH_MIGRATE",
        (true, "on".to_owned()),
        "whether the service applies its migrations at its start",
        |text| match text {
            "on" => Ok(true),
            "off" => Ok(false),
            _ => Err("expected on or off"),
        },
    )
}

fn limit(
    name: &str,
    default: RateLimit,
    meaning: &'static str,
    environment: &mut Environment,
) -> RateLimit {
    environment.value(name, (default, default.to_string()), meaning, str::parse)
}

fn log(environment: &mut Environment) -> String {
    let default = "info".to_owned();
    environment.value(
        "RUST_LOG",
        (default.clone(), default),
        "what is logged",
        |text| {
            let filter = EnvFilter::try_new(text);
            filter
                .map(|_| text.to_owned())
                .map_err(|error| format!("expected log directives such as info: {error}"))
        },
    )
}

#[cfg(not(feature = "testing"))]
fn intervals(_environment: &mut Environment) -> Intervals {
    Intervals::default()
}

/// A test that kills processes does not want to wait for a lease of 15 s.
#[cfg(feature = "testing")]
fn intervals(environment: &mut Environment) -> Intervals {
    use super::duration;
    let usual = Intervals::default();
    let written = duration::written(usual.engine.lease);
    let lease = environment.value(
        "ORCH_TEST_LEASE",
        (None::<std::time::Duration>, written),
        "for tests only: the lease; schedulers run at half of it",
        |text| duration::parse(text).map(Some).ok_or(duration::EXPECTED),
    );
    lease.map_or(usual, Intervals::for_lease)
}

#[cfg(feature = "testing")]
fn stall(environment: &mut Environment) -> Option<crate::fault::Boundary> {
    environment.value(
        "ORCH_STALL_AT",
        (None, "nowhere".to_owned()),
        "for tests only: the boundary at which to stop for ever",
        |text| {
            text.parse()
                .map(Some)
                .map_err(|_| format!("expected one of {}", boundaries()))
        },
    )
}

#[cfg(feature = "testing")]
fn boundaries() -> String {
    let names: Vec<String> = crate::fault::Boundary::ALL
        .iter()
        .map(ToString::to_string)
        .collect();
    names.join(", ")
}
