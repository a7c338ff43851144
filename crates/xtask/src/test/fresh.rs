//! Steps on a project that was generated a moment ago, as a user gets it: the runtime vendored, no
//! network, outside of this repository.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::{Context, Result};

use crate::job::Job;
use crate::workspace::Workspace;

use super::examples::build;
use super::files::copy_file;

/// What the project is made of: each kind of gateway, and one operation that is not named like its domain.
const OPERATIONS: [&str; 7] = [
    "Payment PaymentRequested order_id:string amount:money",
    "Charge ChargeRequested --gateway stripe --callbacks",
    "Charge RefundRequested",
    "Alarm AlarmRaised --gateway twilio --callbacks",
    "Push PushSent --gateway fcm",
    "FileUpload FileUploadRequested --gateway s3",
    "Mail MailRequested --gateway smtp",
];

/// Makes the project. Our lock file stands in for the one cargo would make from the network.
pub(super) fn generate(workspace: &Workspace) -> Result<()> {
    let orch_gen = build(workspace)?;
    let folder = folder();
    drop(std::fs::remove_dir_all(&folder));
    let above = folder.parent().context("a temporary folder has a parent")?;
    std::fs::create_dir_all(above)?;
    for what in OPERATIONS {
        Job::new(&orch_gen)
            .args(what.split(' '))
            .args([Path::new("--out"), &folder])
            .folder(above)
            .run()?;
    }
    copy_file(
        &workspace.root().join("Cargo.lock"),
        &folder.join("Cargo.lock"),
    )?;
    MADE.get_or_init(|| ());
    Ok(())
}

pub(super) fn fmt(workspace: &Workspace) -> Result<()> {
    cargo(workspace, &["fmt", "--check"])?.run()
}

pub(super) fn lint(workspace: &Workspace) -> Result<()> {
    let orch_gen = build(workspace)?;
    Job::new(orch_gen)
        .args(["lint"])
        .folder(&present(workspace)?)
        .run()
}

pub(super) fn clippy(workspace: &Workspace) -> Result<()> {
    let deny = ["--", "-D", "warnings", "-W", "clippy::pedantic"];
    cargo(workspace, &["clippy", "--offline", "--all-targets"])?
        .args(deny)
        .run()
}

pub(super) fn test(workspace: &Workspace) -> Result<()> {
    cargo(workspace, &["test", "--offline"])?.run()
}

/// Set once this process has made the project: a step that is run alone makes it first.
static MADE: OnceLock<()> = OnceLock::new();

fn folder() -> PathBuf {
    std::env::temp_dir()
        .join("orch-gen-xtask")
        .join("payment-service")
}

fn present(workspace: &Workspace) -> Result<PathBuf> {
    if MADE.get().is_none() {
        generate(workspace)?;
    }
    Ok(folder())
}

fn cargo(workspace: &Workspace, arguments: &[&str]) -> Result<Job> {
    Ok(workspace.cargo_in(&present(workspace)?, arguments))
}
