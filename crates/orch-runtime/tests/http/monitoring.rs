//! Dashboard, alerts and guide speak of numbers that exist, and the dashboard of all of them.
//!
//! A query for a metric that nobody serves is no error: it draws an empty panel, and its alert is
//! silent for ever.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use orch_runtime::scheduler::{Monitor, MonitorConfig};
use orch_runtime::{Clock as _, OperationState, Outcome};

use crate::raw::get;
use crate::site::{Site, unlimited};

const ALERTS: &str = "monitoring/prometheus/alerts.yml";
const ALERT_TESTS: &str = "monitoring/prometheus/alerts_test.yml";
const DASHBOARD: &str = "monitoring/grafana/orchestrations.json";
const GUIDE: &str = "docs/08_monitoring-guide.md";

/// Shown by services with lanes.
const LANES: [&str; 3] = [
    "orchestration_lane_open",
    "orchestration_lane_refused_total",
    "orchestration_lane_transitions_total",
];

/// Shown by services that seal what they store.
const ENCRYPTION: [&str; 1] = ["orchestration_encryption_texts"];
/// Shown by services that take callbacks.
const CALLBACKS: [&str; 3] = [
    "orchestration_callback_purged_total",
    "orchestration_callback_settled_total",
    "orchestration_callback_total",
];

/// Shown by services on PostgreSQL.
const POSTGRES: [&str; 5] = [
    "orchestration_db_active_connections",
    "orchestration_db_clock_ahead_seconds",
    "orchestration_db_slow_queries",
    "orchestration_db_table_bytes",
    "orchestration_db_table_dead_rows",
];

/// Shown by services with sagas.
const SAGAS: [&str; 10] = [
    "orchestration_event_dead_letters_total",
    "orchestration_event_dead_letters_waiting",
    "orchestration_event_handle_seconds",
    "orchestration_event_handled_total",
    "orchestration_saga_duration_seconds",
    "orchestration_saga_ended_total",
    "orchestration_saga_overdue",
    "orchestration_saga_parked_compensations",
    "orchestration_saga_started_total",
    "orchestration_saga_steps_total",
];

fn not_always() -> impl Iterator<Item = &'static str> {
    [&LANES[..], &CALLBACKS, &ENCRYPTION, &POSTGRES, &SAGAS]
        .concat()
        .into_iter()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn text(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Everything that looks like the name of one of our metrics. `orchestration_*` is a way of speaking.
fn named_in(text: &str) -> BTreeSet<String> {
    let is_name = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '_';
    let words = text.split(|char| !is_name(char));
    let ours = ["orchestration_", "http_request_"];
    words
        .filter(|word| ours.iter().any(|prefix| word.starts_with(prefix)) && !word.ends_with('_'))
        .map(str::to_owned)
        .collect()
}

/// The names of an idle service, with the series that histograms have.
async fn served() -> BTreeSet<String> {
    let site = Site::start(unlimited()).await;
    let monitor = Monitor::new(&site.engine, MonitorConfig::default());
    monitor.run_once(site.clock.now()).await.unwrap();
    get("/health").send(site.address).await;
    let text = get("/metrics").send(site.address).await.text;
    named_in(&text)
}

/// `x` for `x_bucket`, `x_sum` and `x_count`, if it is a histogram.
fn family(name: &str, served: &BTreeSet<String>) -> String {
    let histogram = ["_bucket", "_sum", "_count"].iter().find_map(|part| {
        let base = name.strip_suffix(part)?;
        let is_histogram =
            served.contains(&format!("{base}_bucket")) || not_always().any(|known| known == base);
        is_histogram.then(|| base.to_owned())
    });
    histogram.unwrap_or_else(|| name.to_owned())
}

fn families(names: &BTreeSet<String>, served: &BTreeSet<String>) -> BTreeSet<String> {
    names.iter().map(|name| family(name, served)).collect()
}

fn guides() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join("docs")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.filter(|path| path.is_file()).collect()
}

#[tokio::test]
async fn every_metric_that_is_spoken_of_exists() {
    let served = served().await;
    let mut known = families(&served, &served);
    known.extend(not_always().map(str::to_owned));
    let mut places: Vec<PathBuf> = [
        ALERTS,
        ALERT_TESTS,
        DASHBOARD,
        "README.md",
        "ARCHITECTURE.md",
    ]
    .map(PathBuf::from)
    .into();
    places.extend(guides());
    for place in places {
        let spoken_of = families(&named_in(&text(&place)), &served);
        let unknown: Vec<_> = spoken_of.difference(&known).collect();
        assert!(unknown.is_empty(), "{}: {unknown:?}", place.display());
    }
}

#[tokio::test]
async fn every_metric_is_on_the_dashboard_and_in_the_guide() {
    let served = served().await;
    let mut expected = families(&served, &served);
    assert!(expected.len() > 15, "{expected:?}");
    expected.extend(not_always().map(str::to_owned));
    for place in [DASHBOARD, GUIDE] {
        let shown = families(&named_in(&text(place)), &served);
        let missing: Vec<_> = expected.difference(&shown).collect();
        assert!(missing.is_empty(), "{place}: {missing:?}");
    }
}

/// A counter that first appears with the value 1 has never increased, for Prometheus: the first failure
/// would wake up nobody.
#[tokio::test]
async fn what_has_never_happened_is_shown_as_zero() {
    let site = Site::start(unlimited()).await;
    let text = get("/metrics").send(site.address).await.text;
    let outcomes = [
        Outcome::ok("", ""),
        Outcome::retry(""),
        Outcome::fail("", ""),
        Outcome::unknown(""),
    ];
    let mut lines: Vec<String> = outcomes
        .iter()
        .map(|outcome| {
            let kind = outcome.kind();
            format!(r#"orchestration_outcome_total{{domain="ping",outcome="{kind}"}} 0"#)
        })
        .collect();
    let parked = OperationState::Parked;
    lines.push(format!(
        r#"orchestration_settled_total{{domain="ping",state="{parked}"}} 0"#
    ));
    for line in lines {
        assert!(text.lines().any(|shown| shown == line), "{line}: {text}");
    }
}

/// Who is woken up at night follows the link, and there is something behind it.
#[test]
fn every_alert_is_tested_and_leads_to_its_runbook() {
    let (alerts, tests, guide) = (text(ALERTS), text(ALERT_TESTS), text(GUIDE));
    let names: Vec<&str> = alerts
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "))
        .collect();
    assert!(names.len() > 10, "{names:?}");
    for name in &names {
        let runbook = format!("runbook: {GUIDE}#{}\n", name.to_lowercase());
        assert!(alerts.contains(&runbook), "{name} has no {runbook}");
        let heading = format!("\n### {name}\n");
        assert!(guide.contains(&heading), "{GUIDE} says nothing of {name}");
        // It is asked for twice at least: where it fires and where it does not.
        let asked = format!("alertname: {name}\n");
        let times = tests.matches(&asked).count();
        let fires = format!("{asked}        exp_alerts:");
        assert!(
            times > tests.matches(&fires).count(),
            "{name} is never silent"
        );
        assert!(tests.contains(&fires), "{name} never fires");
    }
}
