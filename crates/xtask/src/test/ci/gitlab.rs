//! The job for GitLab: its lines, run by a plain shell.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::scratch::{Ended, Scratch, ensure_code};

const REPORT: &str = "gl-code-quality-report.json";

pub(super) fn run(job: &Value, here: &Scratch) -> Result<()> {
    let reports = &job["artifacts"]["reports"];
    ensure!(reports["codequality"] == REPORT, "no report: {reports}");
    ensure_code(&script(job, here, true, ".")?, 0, "nothing is wrong")?;
    ensure!(
        here.asked_of_cargo().is_empty(),
        "installed although it is there: another version?"
    );
    ensure!(
        findings(here)?.is_empty(),
        "findings where nothing is wrong"
    );
    here.bad()?;
    ensure_code(&script(job, here, true, ".")?, 1, "a fault")?;
    let found = findings(here)?;
    let is_whole =
        |of: &Value| of["fingerprint"].is_string() && of["location"]["path"] == "src/pay.rs";
    ensure!(!found.is_empty() && found.iter().all(is_whole), "{found:?}");
    ensure_code(&script(job, here, true, "nowhere")?, 2, "no such folder")?;
    // Cargo is a script here, and so there is no program to go on with.
    ensure_code(&script(job, here, false, ".")?, 127, "no orch-gen")?;
    let asked = here.asked_of_cargo();
    let version = env!("CARGO_PKG_VERSION");
    let expected =
        format!("install --locked orch-gen --version {version} --root .orch-gen-bin --force\n");
    ensure!(asked == expected, "installs by: {asked}");
    here.good()
}

fn script(job: &Value, here: &Scratch, has_orch_gen: bool, path: &str) -> Result<Ended> {
    let mut lines = vec!["set -e"];
    for part in ["before_script", "script"] {
        let of = job[part].as_array().with_context(|| format!("no {part}"))?;
        lines.extend(of.iter().filter_map(Value::as_str));
    }
    let variables = &job["variables"];
    let version = variables["ORCH_GEN_VERSION"]
        .as_str()
        .context("no version")?;
    let arguments = variables["ORCH_LINT_ARGS"]
        .as_str()
        .context("no arguments")?;
    let variables = [
        ("ORCH_GEN_VERSION", version.to_owned()),
        ("ORCH_LINT_ARGS", arguments.to_owned()),
        ("ORCH_LINT_PATH", path.to_owned()),
    ];
    here.script(&["sh"], &lines.join("\n"), has_orch_gen, &variables)
}

fn findings(here: &Scratch) -> Result<Vec<Value>> {
    let text = fs::read_to_string(here.repository().join(REPORT)).context(REPORT)?;
    serde_json::from_str(&text).context(REPORT)
}
