//! What `orch-gen generate metrics` writes, checked by Prometheus and against the service that was generated
//! with it.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use serde_json::Value;

use crate::job::Job;
use crate::test::examples::build;
use crate::test::files::copy_file;
use crate::workspace::Workspace;

use super::promtool::Promtool;
use super::queries;
use super::selectors::unanswered;
use super::service::Service;
use super::write_queries;

/// One domain with callbacks and one without, as a user would type them.
const COMMANDS: [&str; 4] = [
    "Payment PaymentRequested --callbacks",
    "FileUpload FileUploadRequested",
    "generate metrics Payment",
    "generate metrics FileUpload",
];

/// The package: its program has the same name whoever builds it, so that one takes the other's place.
const NAME: &str = "watched";

/// The domains, as folders are named.
const DOMAINS: [&str; 2] = ["payment", "file_upload"];

/// Generates a package, and checks the files of each of its domains.
pub(super) fn check(workspace: &Workspace, promtool: &Promtool) -> Result<()> {
    let package = Package::generate(workspace)?;
    let served = package.metrics(workspace)?;
    promtool.check_metrics(&served)?;
    for domain in DOMAINS {
        let files = package.folder.join("monitoring").join(domain);
        promtool.check(&["check", "rules"], &files.join("alerts.yml"))?;
        promtool.check(&["test", "rules"], &files.join("alerts_test.yml"))?;
        let dashboard = files.join("dashboard.json");
        let rules = package.folder.join(format!("{domain}-queries.yml"));
        write_queries(&dashboard, &rules)?;
        promtool.check(&["check", "rules"], &rules)?;
        let dashboard: Value = serde_json::from_str(&std::fs::read_to_string(dashboard)?)?;
        let alerts = std::fs::read_to_string(files.join("alerts.yml"))?;
        for (what, text) in [
            ("dashboard.json", queries::of(&dashboard).join("\n")),
            ("alerts.yml", alerts),
        ] {
            let (count, missing) = unanswered(&text, &served);
            ensure!(count > 5, "{domain}/{what} asks for next to nothing");
            ensure!(
                missing.is_empty(),
                "{domain}/{what} asks for what the service does not show: {missing:?}"
            );
        }
    }
    Ok(())
}

/// A package that is thrown away.
struct Package {
    folder: PathBuf,
    /// A folder of this process's own.
    above: PathBuf,
}

impl Package {
    fn generate(workspace: &Workspace) -> Result<Self> {
        let orch_gen = build(workspace)?;
        let own = format!("metrics-{}", std::process::id());
        let above = std::env::temp_dir().join("orch-gen-xtask").join(own);
        std::fs::create_dir_all(&above)?;
        let package = Self {
            folder: above.join(NAME),
            above,
        };
        let runtime = workspace.root().join("crates");
        for (at, words) in COMMANDS.iter().enumerate() {
            let mut job = Job::new(&orch_gen).args(words.split(' '));
            job = job.args([Path::new("--out"), &package.folder]);
            if at == 0 {
                job = job.args([Path::new("--runtime-path"), &runtime]);
            }
            job.folder(&package.above).run()?;
        }
        let lock = workspace.root().join("Cargo.lock");
        copy_file(&lock, &package.folder.join("Cargo.lock"))?;
        Ok(package)
    }

    /// What the service shows after its first operation.
    fn metrics(&self, workspace: &Workspace) -> Result<String> {
        let arguments = ["build", "--offline", "--quiet"];
        workspace.cargo_in(&self.folder, &arguments).run()?;
        let name = format!("{NAME}{}", std::env::consts::EXE_SUFFIX);
        let program = workspace.target().join("debug").join(name);
        let sample = self.folder.join("tests/payment/sample.json");
        let service = Service::start(&program)?;
        service.submit("/api/payments", &std::fs::read_to_string(sample)?)?;
        service.metrics()
    }
}

impl Drop for Package {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.above));
    }
}
