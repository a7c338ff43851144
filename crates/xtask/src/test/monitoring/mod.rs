//! The step on monitoring: what Prometheus itself says about alert rules, dashboard queries and the
//! numbers of a running service; of `monitoring/`, and of what `generate metrics` writes.

mod generated;
mod promtool;
mod queries;
mod selectors;
mod service;

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::job::Job;
use crate::workspace::Workspace;

use self::promtool::Promtool;
use self::service::Service;

const ALERTS: &str = "monitoring/prometheus/alerts.yml";
const ALERT_TESTS: &str = "monitoring/prometheus/alerts_test.yml";
const DASHBOARD: &str = "monitoring/grafana/orchestrations.json";

/// Checks and tests the alert rules, the queries of the dashboard, and the metrics of
/// `examples/payment`.
pub(super) fn run(workspace: &Workspace) -> Result<()> {
    let promtool = Promtool::find(workspace)?;
    let root = workspace.root();
    promtool.check(&["check", "rules"], &root.join(ALERTS))?;
    promtool.check(&["test", "rules"], &root.join(ALERT_TESTS))?;
    let queries = workspace
        .target()
        .join("tools")
        .join("dashboard-queries.yml");
    write_queries(&root.join(DASHBOARD), &queries)?;
    promtool.check(&["check", "rules"], &queries)?;
    promtool.check_metrics(&metrics(workspace)?)?;
    generated::check(workspace, &promtool)
}

/// As rules, because promtool checks queries only as a part of rules.
fn write_queries(dashboard: &Path, to: &Path) -> Result<()> {
    let shown = dashboard.display().to_string();
    let text = std::fs::read_to_string(dashboard)?;
    let dashboard: Value = serde_json::from_str(&text).with_context(|| shown.clone())?;
    let found = queries::of(&dashboard);
    ensure!(!found.is_empty(), "{shown} asks nothing");
    let folder = to.parent().context("a file stands in a folder")?;
    std::fs::create_dir_all(folder)?;
    std::fs::write(to, queries::as_rules(&found))?;
    Ok(())
}

/// What the payment example serves after its first operation.
fn metrics(workspace: &Workspace) -> Result<String> {
    let examples = workspace.root().join("examples");
    let build: Job = workspace.cargo_in(&examples, &["build", "--quiet", "-p", "payment"]);
    build.run()?;
    let name = format!("payment{}", std::env::consts::EXE_SUFFIX);
    let program = workspace.target().join("debug").join(name);
    let sample = examples.join("payment/tests/payment/sample.json");
    let sample = std::fs::read_to_string(sample)?;
    let service = Service::start(&program)?;
    service.submit("/api/payments", &sample)?;
    service.metrics()
}
