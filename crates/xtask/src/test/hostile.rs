//! Steps on fuzzed specs: none is half taken, and what is taken compiles.
//!
//! `ORCH_HOSTILE_CASES` asks for another number of cases, and `ORCH_HOSTILE_SEED` for others.

use std::path::PathBuf;
use std::sync::OnceLock;

use anyhow::Result;

use crate::job::Job;
use crate::workspace::Workspace;

use super::files::copy_file;

/// Judges the cases, and writes a sample of what was accepted as a workspace.
pub(super) fn specs(workspace: &Workspace) -> Result<()> {
    let run = ["run", "--quiet", "--profile", "hostile", "-p", "hostile"];
    let mut job = workspace.cargo(&run).args(["--"]);
    for (option, variable) in [
        ("--cases", "ORCH_HOSTILE_CASES"),
        ("--seed", "ORCH_HOSTILE_SEED"),
    ] {
        if let Some(value) = std::env::var_os(variable) {
            job = job.args([option]).args([value]);
        }
    }
    let folder = folder(workspace);
    job.args(["--sample"]).args([&folder]).run()?;
    let lock = folder.join("Cargo.lock");
    copy_file(&workspace.root().join("Cargo.lock"), &lock)?;
    MADE.get_or_init(|| ());
    Ok(())
}

pub(super) fn fmt(workspace: &Workspace) -> Result<()> {
    cargo(workspace, &["fmt", "--check"])?.run()
}

pub(super) fn clippy(workspace: &Workspace) -> Result<()> {
    let deny = ["--", "-D", "warnings", "-W", "clippy::pedantic"];
    let arguments = ["clippy", "--offline", "--workspace", "--all-targets"];
    cargo(workspace, &arguments)?.args(deny).run()
}

pub(super) fn doc(workspace: &Workspace) -> Result<()> {
    let arguments = ["doc", "--offline", "--workspace", "--no-deps"];
    let job = cargo(workspace, &arguments)?;
    job.env("RUSTDOCFLAGS", "-D warnings").run()
}

/// Set once this process has judged the cases: a step that is run alone does it first.
static MADE: OnceLock<()> = OnceLock::new();

fn folder(workspace: &Workspace) -> PathBuf {
    workspace.target().join("hostile-sample")
}

fn cargo(workspace: &Workspace, arguments: &[&str]) -> Result<Job> {
    if MADE.get().is_none() {
        specs(workspace)?;
    }
    Ok(workspace.cargo_in(&folder(workspace), arguments))
}
