//! Whole services in processes of their own: configuration, start, stop, and death.
//!
//! This test program starts itself again as the service: [`child`] is that service.

mod authentication;
mod callbacks;
mod dead_letters;
mod embedded;
mod encryption;
mod gateways;
mod logs;
mod nats;
mod process;
mod provider;
mod sagas;
mod storage;
mod traces;

use std::process::ExitCode;
use std::time::Duration;

use orch_runtime::gateway::{GatewayKind, HttpGateway, probe, receipt};
use orch_runtime::http::{ApiError, TrustedHeader};
use orch_runtime::service::{Module, Parts, Service, Setup, SetupError};
use orch_runtime::{
    Cleaner, Finalizer, GatewayError, Idempotency, Monitor, OpId, Orchestrator, Outcome, OwnerId,
    Probe, Reaper, RetryPolicy, Workers,
};

use orch_runtime::Migration;
use orch_runtime::store::sqlite::SqliteStore;
use tempfile::TempDir;

use crate::ping::{MIGRATIONS, Ping, TABLES, routes};
use crate::raw::{get, post};

use self::process::{Process, finished};
use self::provider::CountingProvider;

const MODULE: Module = Module {
    domain: "PING",
    gateways: &[("PING", GatewayKind::Http)],
    start,
};

fn start(setup: &Setup) -> Result<Parts, SetupError> {
    let orchestrator = Calling(setup.gateway("PING")?);
    let engine = setup.engine(TABLES).register(orchestrator).build()?;
    let every = setup.intervals();
    let workers = Workers::new()
        .with(Finalizer::new(&engine, every.finalizer))
        .with(Reaper::new(&engine, every.reaper))
        .with(Cleaner::new(&engine, every.cleaner))
        .with(Monitor::new(&engine, every.monitor));
    Ok(Parts {
        routes: routes(setup.endpoint(&engine)),
        workers,
        engine,
    })
}

/// A domain whose schedulers run in another process.
fn start_without_workers(setup: &Setup) -> Result<Parts, SetupError> {
    Ok(Parts {
        workers: Workers::new(),
        ..start(setup)?
    })
}

/// Pings by HTTP.
struct Calling(HttpGateway);

impl Orchestrator for Calling {
    type Command = Ping;
    const DOMAIN: &'static str = "PING";

    fn idempotency(&self) -> Idempotency {
        Idempotency::Keyed {
            window: Duration::from_secs(24 * 3_600),
        }
    }

    fn policy(&self) -> RetryPolicy {
        RetryPolicy {
            attempt_timeout: self.0.attempt_timeout(),
            ..RetryPolicy::default()
        }
    }

    async fn execute(&self, op_id: &OpId, command: &Ping) -> Outcome {
        match receipt(self.0.post(op_id, command).await) {
            Ok(receipt) => Outcome::Ok {
                message: "pinged".to_owned(),
                provider_ref: receipt.provider_ref,
                result: None,
            },
            Err(GatewayError::Unavailable { reason, after }) => Outcome::Retry { reason, after },
            Err(GatewayError::Refused { code, message }) => Outcome::fail(code, message),
            Err(GatewayError::NoAnswer { reason }) => Outcome::unknown(reason),
        }
    }

    async fn probe(&self, op_id: &OpId, _command: &Ping) -> Probe {
        probe(self.0.get(op_id).await)
    }
}

/// The service that the tests below start. By itself it is no test.
#[test]
#[ignore = "started by the other tests"]
fn child() {
    let arguments = std::env::var("CHILD_ARGUMENTS").unwrap_or_default();
    let arguments = arguments.split_whitespace().map(Into::into).collect();
    let module = match std::env::var("CHILD_WITHOUT_WORKERS") {
        Ok(_) => Module {
            start: start_without_workers,
            ..MODULE
        },
        Err(_) => MODULE,
    };
    let service = match std::env::var("CHILD_WITH_CALLBACKS") {
        Ok(_) => callbacks::service(),
        Err(_) if std::env::var_os("CHILD_WITH_CLIENTS").is_some() => gateways::service(),
        Err(_) if std::env::var_os("CHILD_WITH_SAGAS").is_some() => sagas::greeter(),
        Err(_) if std::env::var_os("CHILD_WITH_STORAGE").is_some() => storage::service(),
        Err(_) => Service::new("pinger", "1.2.3")
            .migrations(MIGRATIONS)
            .module(module),
    };
    let service = match std::env::var("CHILD_WITH_AUTHENTICATOR").as_deref() {
        Ok("trusting") => service.authenticator(TrustedHeader::default()),
        Ok("forbidding") => service.authenticator(|_: &_| Err(ApiError::forbidden())),
        Ok(_) => service.authenticator(|_: &_| Ok(OwnerId::anonymous())),
        Err(_) => service,
    };
    let code: ExitCode = service.run_with(arguments, std::env::vars_os());
    process::report(code);
}

#[tokio::test]
async fn help_and_version_need_no_configuration() {
    let help = finished("--help", &[]).await;
    assert_eq!(help.code, 0);
    for part in [
        "--simulate",
        "--check",
        "PING_GATEWAY_URL",
        "PING_GATEWAY_TIMEOUT",
        "sqlite://pinger.db",
        "127.0.0.1:3000",
        "5/60s",
        "600/60s",
    ] {
        assert!(help.out.contains(part), "{part} is missing in {}", help.out);
    }
    let version = finished("--version", &[]).await;
    assert!(
        version.code == 0 && version.out.contains("pinger 1.2.3"),
        "{version:?}"
    );
}

#[tokio::test]
async fn a_wrong_argument_is_wrong_usage() {
    let refused = finished("--simulat", &[]).await;
    assert_eq!(refused.code, 2);
    assert!(
        refused.err.contains("did you mean --simulate?"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn without_a_provider_it_refuses_and_says_both_ways_out() {
    let refused = finished("", &[]).await;
    assert_eq!(refused.code, 1);
    assert!(
        refused.err.contains("error: PING_GATEWAY_URL is not set"),
        "{refused:?}"
    );
    assert!(refused.err.contains("--simulate"), "{refused:?}");
}

#[tokio::test]
async fn every_wrong_variable_is_named_at_once_and_no_secret_is_shown() {
    let refused = finished(
        "",
        &[
            ("DATABASE_URL", "postgres://me:hunter2@db/pay"),
            ("BIND_ADDR", "localhost"),
            ("ORCH_RATE_LIMIT_PER_KEY", "5/min"),
            ("ORCH_RATE_LIMT_PER_CLIENT", "off"),
            ("PING_GATEWAY_URL", "https://me:hunter2@provider/"),
            ("PING_GATEWAY_TOKEN", "hunter2 hunter2"),
            ("PING_GATEWAY_TIMEOUT", "15s"),
            ("PING_GATEWAY_TIMEOUTS", "1s"),
            ("PONG_GATEWAY_URL", "somebody else's"),
            ("RUST_LOG", "info,=="),
        ],
    )
    .await;
    assert_eq!(refused.code, 1);
    let errors: Vec<&str> = refused
        .err
        .lines()
        .filter(|line| line.starts_with("error: "))
        .collect();
    let named: Vec<&str> = errors
        .iter()
        .filter_map(|line| line.split(' ').nth(1))
        .collect();
    for variable in [
        "DATABASE_URL",
        "BIND_ADDR",
        "ORCH_RATE_LIMIT_PER_KEY",
        "ORCH_RATE_LIMT_PER_CLIENT",
        "PING_GATEWAY_URL",
        "PING_GATEWAY_TOKEN",
        "PING_GATEWAY_TIMEOUT",
        "PING_GATEWAY_TIMEOUTS",
        "RUST_LOG",
    ] {
        assert!(
            named.contains(&variable),
            "{variable} is missing in {errors:#?}"
        );
    }
    assert_eq!(named.len(), 9, "{errors:#?}");
    assert!(
        refused
            .err
            .contains("did you mean ORCH_RATE_LIMIT_PER_CLIENT?"),
        "{errors:#?}"
    );
    assert!(!refused.err.contains("hunter2"), "{errors:#?}");
}

#[tokio::test]
async fn an_empty_variable_is_not_taken_for_an_unset_one() {
    let refused = finished(
        "--simulate",
        &[("BIND_ADDR", ""), ("PING_GATEWAY_TOKEN", "")],
    )
    .await;
    assert_eq!(refused.code, 1);
    assert_eq!(refused.err.matches("is empty").count(), 2, "{refused:?}");
}

#[tokio::test]
async fn check_opens_the_database_and_serves_nothing() {
    let fine = finished("--check --simulate", &[]).await;
    assert_eq!(fine.code, 0);
    assert!(
        fine.out.contains("configuration and database are fine"),
        "{fine:?}"
    );
}

#[tokio::test]
async fn a_database_that_cannot_be_used_is_one_clear_line() {
    for (url, part) in [
        (
            "sqlite://no/such/folder/x.db",
            "folder no/such/folder does not exist",
        ),
        ("sqlite://garbage.db", "not a database"),
    ] {
        let refused = finished("--check --simulate", &[("DATABASE_URL", url)]).await;
        assert_eq!(refused.code, 1, "{url}");
        let errors: Vec<&str> = refused
            .err
            .lines()
            .filter(|line| line.starts_with("error: "))
            .collect();
        assert!(errors.len() == 1 && errors[0].contains(part), "{refused:?}");
        assert!(!refused.err.contains("panicked"), "{refused:?}");
    }
}

/// An older program must not write into tables that a newer one has changed.
#[tokio::test]
async fn a_database_of_a_newer_program_is_left_alone() {
    let folder = TempDir::new().unwrap();
    let newer = Migration {
        name: "0002_later",
        up: "create table later (x)",
    };
    let path = folder.path().join("pinger.db");
    drop(SqliteStore::open(&path, &[MIGRATIONS[0], newer]).unwrap());
    let refused = Process::spawn(folder, "--simulate", &[]).end().await;
    assert_eq!(refused.code, 1);
    assert!(
        refused.err.contains("0002_later") && refused.err.contains("newer version"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_database_that_somebody_else_locks_is_one_clear_line() {
    let folder = TempDir::new().unwrap();
    let other = rusqlite::Connection::open(folder.path().join("pinger.db")).unwrap();
    other.execute_batch("begin exclusive").unwrap();
    let refused = Process::spawn(folder, "--simulate", &[]).end().await;
    assert_eq!(refused.code, 1);
    assert!(
        refused.err.contains("sqlite://pinger.db cannot be used"),
        "{refused:?}"
    );
    assert!(
        refused.err.contains("locked") && !refused.err.contains("panicked"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_port_in_use_is_one_clear_line() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let refused = finished("--simulate", &[("BIND_ADDR", &address)]).await;
    assert_eq!(refused.code, 1);
    assert!(
        refused
            .err
            .contains(&format!("error: cannot listen on {address}")),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_simulated_service_works_from_end_to_end_and_stops_when_asked() {
    for signal in ["TERM", "INT"] {
        let process = Process::start("--simulate", &[]).await;
        let body = r#"{"name":"ann"}"#;
        let ask = post("/api/pings", "k", body).header("prefer", "wait=10");
        let reply = ask.send(process.address).await;
        assert_eq!(
            (reply.status, &reply.json()["state"]),
            (200, &"COMPLETED".into())
        );
        assert_eq!(get("/ready").send(process.address).await.status, 200);
        process.signal(signal).await;
        let end = process.end().await;
        assert_eq!(end.code, 0, "{end:?}");
        for part in [
            r#""mode":"simulated""#,
            r#""domains":"PING""#,
            "SIMULATED",
            r#""message":"stopped""#,
            r#""target":"audit""#,
        ] {
            assert!(end.out.contains(part), "{part} is missing in {end:?}");
        }
    }
}

#[tokio::test]
async fn a_domain_without_schedulers_is_served_too() {
    let process = Process::start("--simulate", &[("CHILD_WITHOUT_WORKERS", "1")]).await;
    let ask = post("/api/pings", "k", r#"{"name":"ann"}"#).header("prefer", "wait=10");
    assert_eq!(ask.send(process.address).await.status, 200);
    process.signal("TERM").await;
    assert_eq!(process.end().await.code, 0);
}

/// The order to stop comes while the provider is at work: its answer is waited for and kept.
#[tokio::test]
async fn a_call_under_way_is_finished_before_the_process_ends() {
    let provider = CountingProvider::start_slow().await;
    let url = provider.url();
    let variables = [("PING_GATEWAY_URL", url.as_str())];
    let first = Process::start("", &variables).await;
    let accepted = post("/api/pings", "k", r#"{"name":"ann"}"#)
        .send(first.address)
        .await;
    while provider.effects() == 0 {
        tokio::task::yield_now().await;
    }
    first.signal("TERM").await;
    while tokio::net::TcpStream::connect(first.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    provider.release();
    let (end, folder) = first.end_and_keep().await;
    assert_eq!(end.code, 0, "{end:?}");

    let second = Process::start_in(folder, "", &variables).await;
    let location = accepted.header("location").unwrap();
    let seen = get(location).send(second.address).await.json();
    assert_eq!(
        (&seen["state"], &seen["attempts"]),
        (&"COMPLETED".into(), &1.into()),
        "{seen}"
    );
}

/// The process is killed at each boundary; the next one finishes the work, and the provider has had
/// one effect.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_leaves_nothing_undone_and_nothing_done_twice() {
    for boundary in [
        "after-accept-commit",
        "before-call",
        "after-call",
        "before-settle-commit",
        "after-settle-commit",
    ] {
        let provider = CountingProvider::start().await;
        let url = provider.url();
        let usual = [
            ("PING_GATEWAY_URL", url.as_str()),
            ("ORCH_TEST_LEASE", "1s"),
        ];
        let stalling = [&usual[..], &[("ORCH_STALL_AT", boundary)]].concat();
        let mut first = Process::start("", &stalling).await;
        let ask = || post("/api/pings", "k", r#"{"name":"ann"}"#);
        let lost = tokio::spawn(ask().send_and_forget(first.address));
        first.stalled(boundary).await;
        let folder = first.kill().await;
        drop(lost.await);

        let second = Process::start_in(folder, "", &usual).await;
        let reply = ask().header("prefer", "wait=20").send(second.address).await;
        assert_eq!(
            (reply.status, &reply.json()["state"]),
            (200, &"COMPLETED".into()),
            "{boundary}: {reply:?}"
        );
        assert_eq!(
            reply.header("idempotent-replayed"),
            Some("true"),
            "{boundary}"
        );
        assert_eq!(provider.effects(), 1, "{boundary}");
    }
}

#[tokio::test]
async fn an_unknown_boundary_is_refused_with_the_known_ones() {
    let refused = finished("--simulate", &[("ORCH_STALL_AT", "somewhere")]).await;
    assert_eq!(refused.code, 1);
    assert!(
        refused.err.contains("before-call, after-call"),
        "{refused:?}"
    );
}
