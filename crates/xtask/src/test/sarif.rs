//! The step on SARIF: what `lint` writes, judged by the validator of those who wrote the format.
//!
//! The validator comes from npm, once into the build folder; no scripts of its package are run by npm.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::job::Job;
use crate::providers;
use crate::workspace::Workspace;

use super::examples;
use super::files::copy_folder;

const PACKAGE: &str = "@microsoft/sarif-multitool-linux@5.7.0";
const PROGRAM: &str = "node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool";

/// Says that the tool names no page on the web: the project has none.
const NO_HOME: &str = "SARIF2005";

/// What is found in a service with faults, in code and in migrations.
const FAULTS: &[(&str, &str)] = &[
    (
        "src/payment/orchestrator.rs",
        "\nfn is_paid(of: &orch_runtime::Outcome) -> bool {\n    \
         match of { orch_runtime::Outcome::Ok { .. } => true, _ => false }\n}\n",
    ),
    (
        "migrations/sqlite/0009_prices.sql",
        "create table prices (id text primary key, amount real);\n",
    ),
];

/// A report with findings is valid, and complete enough for who shows it.
pub(super) fn run(workspace: &Workspace) -> Result<()> {
    let orch_gen = examples::build(workspace)?;
    let validator = provide(&workspace.target().join("tools/sarif"))?;
    let folder = std::env::temp_dir().join("orch-gen-xtask").join("sarif");
    drop(fs::remove_dir_all(&folder));
    let service = folder.join("payment");
    copy_folder(&workspace.root().join("examples/payment"), &service)?;
    for (path, text) in FAULTS {
        let path = service.join(path);
        let before = fs::read_to_string(&path).unwrap_or_default();
        fs::write(&path, before + text).with_context(|| path.display().to_string())?;
    }
    let report = folder.join("lint.sarif");
    let lint = Job::new(&orch_gen).args(["lint", "--preview", "--output-file"]);
    let (status, said) = lint
        .args([format!("sarif={}", report.display())])
        .args([&service])
        .ended()?;
    ensure!(status.code() == Some(1), "nothing was found: {said}");
    let found = results(&report)?.len();
    ensure!(found >= FAULTS.len(), "{found} findings in the report");
    let judged = folder.join("judged.sarif");
    Job::new(&validator)
        .args([
            Path::new("validate"),
            &report,
            Path::new("--output"),
            &judged,
        ])
        .output()?;
    for complaint in results(&judged)? {
        ensure!(complaint["ruleId"] == NO_HOME, "{complaint:#}");
    }
    fs::remove_dir_all(&folder).context("cannot clean up")
}

fn results(report: &Path) -> Result<Vec<Value>> {
    let text = fs::read_to_string(report).with_context(|| report.display().to_string())?;
    let report: Value = serde_json::from_str(text.trim_start_matches('\u{feff}'))?;
    let results = report["runs"][0]["results"].as_array();
    Ok(results.cloned().unwrap_or_default())
}

fn provide(folder: &Path) -> Result<PathBuf> {
    let program = folder.join(PROGRAM);
    providers::once(folder, PACKAGE, || {
        fs::write(folder.join("package.json"), "{\"private\": true}\n")?;
        let quiet = ["--ignore-scripts", "--no-audit", "--no-fund"];
        let npm = Job::new("npm").args(["install", PACKAGE]).args(quiet);
        npm.folder(folder).run()?;
        Ok(fs::set_permissions(
            &program,
            fs::Permissions::from_mode(0o755),
        )?)
    })
    .context("no validator of SARIF: install Node.js 20 with npm")?;
    Ok(program)
}
