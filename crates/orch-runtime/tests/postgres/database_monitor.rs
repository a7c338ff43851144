//! What the DatabaseMonitor shows of a server, and what it says when it cannot.

use std::io::{self, Write};
use std::str::FromStr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use orch_runtime::clock::Sleep;
use orch_runtime::fault::NoFaults;
use orch_runtime::metrics::Metrics;
use orch_runtime::scheduler::{DatabaseMonitor, DatabaseMonitorConfig};
use orch_runtime::store::Database;
use orch_runtime::store::postgres::{PostgresConfig, PostgresStore};
use orch_runtime::testing::TestDatabase;
use orch_runtime::testing::postgres::PostgresServer;
use orch_runtime::{Clock, Secret, SystemClock, Timestamp};
use tracing::subscriber::DefaultGuard;

use crate::STORE;
use crate::charge::{MIGRATIONS, TABLES};

const EXTENSION: &str =
    "create schema elsewhere; create extension pg_stat_statements schema elsewhere";

/// A database, its monitor, and what the monitor shows.
struct Watched {
    database: Database,
    monitor: DatabaseMonitor,
    metrics: Metrics,
}

impl Watched {
    fn new(database: Database) -> Self {
        Self::by(Arc::new(SystemClock), database)
    }

    fn by(clock: Arc<dyn Clock>, database: Database) -> Self {
        let metrics = Metrics::new();
        let config = DatabaseMonitorConfig::default();
        let domains = [TABLES.domain];
        let monitor = DatabaseMonitor::new(&database, &domains, &clock, &metrics, config);
        Self {
            monitor: monitor.unwrap(),
            database,
            metrics,
        }
    }

    async fn on(url: &str) -> Self {
        let config = PostgresConfig::new(url);
        let store = PostgresStore::open(&config, MIGRATIONS).await.unwrap();
        Self::new(Database::Postgres(store))
    }

    async fn run(&self, sql: &'static str) {
        let Database::Postgres(store) = &self.database else {
            unreachable!("it is opened so");
        };
        sqlx::raw_sql(sql).execute(store.pool()).await.unwrap();
    }

    fn value<T: FromStr>(&self, series: &str) -> Option<T> {
        let text = self.metrics.render();
        let shown = |line: &str| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok();
        text.lines().find_map(shown)
    }

    fn of_table(&self, gauge: &str, table: &str) -> Option<u64> {
        self.value(&format!(
            r#"orchestration_db_table_{gauge}{{table="{table}"}}"#
        ))
    }

    fn slow_queries(&self) -> Option<u64> {
        self.value("orchestration_db_slow_queries")
    }
}

/// What is logged on this thread.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Lines {
    fn here() -> (Self, DefaultGuard) {
        let lines = Self::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        (lines, tracing::subscriber::set_default(subscriber))
    }

    /// Those of the monitor; the driver has its own.
    fn warnings(&self) -> Vec<String> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        let ours = " WARN orch_runtime::scheduler::database_monitor: ";
        let warnings = text.lines().filter(|line| line.contains(ours));
        warnings.map(str::to_owned).collect()
    }
}

/// Most servers do not measure statements. That is no trouble, and no reason to show nothing else; and a
/// zero would say that all statements are quick.
#[tokio::test]
async fn a_server_without_the_extension_shows_everything_but_slow_queries() {
    let place = TestDatabase::fresh(STORE, MIGRATIONS);
    let watched = Watched::new(place.open(Arc::new(NoFaults)));
    let seen = watched.monitor.run_once().await.unwrap();
    assert_eq!(seen.slow_queries, None);
    assert_eq!(watched.slow_queries(), None);
    let active: Option<u64> = watched.value("orchestration_db_active_connections");
    assert!(active.is_some());
    for table in ["charge_operations", "charge_write_ahead_logs", "orch_lanes"] {
        let bytes = watched.of_table("bytes", table);
        assert!(bytes.is_some_and(|bytes| bytes > 0), "{table}: {bytes:?}");
        assert_eq!(watched.of_table("dead_rows", table), Some(0), "{table}");
    }
    assert_eq!(
        watched.of_table("bytes", "charge_callbacks"),
        None,
        "this domain takes no callbacks"
    );
}

/// A clock that is wrong by this much.
struct Ahead(Duration);

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        SystemClock.now() + self.0
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        SystemClock.sleep(duration)
    }
}

/// A process whose clock nobody sets takes work from others that live; somebody must see which one it is.
#[tokio::test]
async fn a_clock_that_is_wrong_is_shown() {
    let place = TestDatabase::fresh(STORE, MIGRATIONS);
    for ahead in [0, 20] {
        let clock = Arc::new(Ahead(Duration::from_secs(ahead)));
        let watched = Watched::by(clock, place.open(Arc::new(NoFaults)));
        watched.monitor.run_once().await.unwrap();
        let shown: f64 = watched
            .value("orchestration_db_clock_ahead_seconds")
            .unwrap();
        let expected = f64::from(u32::try_from(ahead).unwrap());
        assert!((shown - expected).abs() < 2.0, "{ahead}: {shown}");
    }
}

/// A table that nobody can sweep up grows until the disk is full.
#[tokio::test]
async fn rows_that_nobody_swept_up_are_counted() {
    let place = TestDatabase::fresh(STORE, MIGRATIONS);
    let watched = Watched::new(place.open(Arc::new(NoFaults)));
    place
        .try_alter(
            "insert into orch_lanes select 'lane ' || number, '', now()
                from generate_series(1, 30) as number;
            delete from orch_lanes",
        )
        .unwrap();
    watched.monitor.run_once().await.unwrap();
    assert_eq!(watched.of_table("dead_rows", "orch_lanes"), Some(30));
}

/// Somebody else's statement that runs at the moment is seen, and the one that looks is not.
#[tokio::test]
async fn connections_that_work_are_counted_without_the_one_that_counts() {
    let server = PostgresServer::start().unwrap();
    let watched = Watched::on(&server.url()).await;
    watched.monitor.run_once().await.unwrap();
    let active = || watched.value("orchestration_db_active_connections");
    assert_eq!(active(), Some(0));
    let looked = async {
        while active() != Some(1) {
            watched.monitor.run_once().await.unwrap();
        }
    };
    tokio::select! {
        () = watched.run("select pg_sleep(30)") => panic!("it was not seen"),
        () = looked => {}
    }
}

/// The statement that makes everything slow must be found by somebody who is not looking for it, and its
/// parameters, which may be a customer's, must not be in the log.
#[tokio::test]
async fn slow_queries_are_counted_and_named_while_they_are_used() {
    let settings = "shared_preload_libraries = 'pg_stat_statements'";
    let server = PostgresServer::start_durable(settings).unwrap();
    let watched = Watched::on(&server.url()).await;
    watched.run(EXTENSION).await;
    watched.monitor.run_once().await.unwrap();
    assert_eq!(watched.slow_queries(), Some(0));

    let (lines, _guard) = Lines::here();
    watched.run("select pg_sleep(1.1), 'a customer'").await;
    let seen = watched.monitor.run_once().await.unwrap();
    assert_eq!(watched.slow_queries(), Some(1));
    let slow = &seen.slow_queries.unwrap().slowest[0];
    assert_eq!((slow.calls, &*slow.text), (1, "select pg_sleep($1), $2"));
    assert!((1_100.0..5_000.0).contains(&slow.mean_millis), "{slow:?}");
    let warnings = lines.warnings();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    for part in [
        &format!("query_id={}", slow.id),
        "calls=1",
        "select pg_sleep($1)",
    ] {
        assert!(warnings[0].contains(part), "{part}: {warnings:?}");
    }

    watched.monitor.run_once().await.unwrap();
    assert_eq!(watched.slow_queries(), Some(1));
    assert_eq!(lines.warnings().len(), 1, "nobody used it since");
    watched.run("select pg_sleep(1.1), 'a customer'").await;
    watched.monitor.run_once().await.unwrap();
    assert_eq!(lines.warnings().len(), 2);

    let outsider = outsider(&server, &watched).await;
    let seen = outsider.monitor.run_once().await.unwrap();
    assert_eq!((seen.slow_queries, outsider.slow_queries()), (None, None));
    assert!(outsider.of_table("bytes", "orch_lanes").is_some());
    assert_eq!(lines.warnings().len(), 2);
}

/// The same server, for a role that may not read the extension's view.
async fn outsider(server: &PostgresServer, owner: &Watched) -> Watched {
    owner.run("create role outsider login").await;
    let config = PostgresConfig {
        url: Secret::new(server.url().replace("postgres@", "outsider@")),
        migrate: false,
        ..PostgresConfig::new("")
    };
    let store = PostgresStore::open(&config, MIGRATIONS).await.unwrap();
    Watched::new(Database::Postgres(store))
}

/// An extension that was created and never loaded refuses each question.
#[tokio::test]
async fn an_extension_that_is_not_loaded_is_like_none() {
    let server = PostgresServer::start().unwrap();
    let watched = Watched::on(&server.url()).await;
    watched.run(EXTENSION).await;
    let seen = watched.monitor.run_once().await.unwrap();
    assert_eq!((seen.slow_queries, watched.slow_queries()), (None, None));
    assert!(watched.of_table("bytes", "orch_lanes").is_some());
}

/// Numbers from before the server was lost would say that all is well.
#[tokio::test]
async fn gauges_vanish_when_the_server_cannot_be_asked() {
    let server = PostgresServer::start().unwrap();
    let watched = Watched::on(&server.url()).await;
    watched.monitor.run_once().await.unwrap();
    assert!(watched.of_table("bytes", "orch_lanes").is_some());
    drop(server);
    watched.monitor.run_once().await.unwrap_err();
    assert!(!watched.metrics.render().contains("orchestration_db_"));
}

/// A file has no connections to count, and shows nothing rather than zeros.
#[test]
fn a_file_is_not_watched() {
    let database = orch_runtime::store::sqlite::SqliteStore::open(
        &tempfile::tempdir().unwrap().path().join("store.db"),
        &[],
    );
    let database = Database::Sqlite(database.unwrap());
    let config = DatabaseMonitorConfig {
        every: Duration::from_secs(1),
    };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let monitor = DatabaseMonitor::new(&database, &["charge"], &clock, &Metrics::new(), config);
    assert!(monitor.is_none());
}
