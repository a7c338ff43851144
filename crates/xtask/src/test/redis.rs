//! The step on the cache of sagas: through a real Redis server.
//!
//! The server is the machine's own, or Debian's package, which root installs. `ORCH_TEST_REDIS_SERVER` names another
//! one.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::postgres::install;
use crate::workspace::Workspace;

/// Names the program redis-server to the tests.
const REDIS_SERVER: &str = "ORCH_TEST_REDIS_SERVER";

/// Debian's package.
const PACKAGE: &str = "redis-server";

/// Every test that is ignored without a server, on both stores.
pub(super) fn run(workspace: &Workspace) -> Result<()> {
    let arguments = ["test", "-p", "orch-runtime", "--all-features"];
    let targets = ["--test", "it", "--test", "postgres"];
    workspace
        .cargo(&arguments)
        .args(targets)
        .args(["sagas::redis", "--", "--ignored"])
        .env(REDIS_SERVER, provide()?)
        .run()
}

fn provide() -> Result<PathBuf> {
    if let Some(named) = std::env::var_os(REDIS_SERVER) {
        return Ok(named.into());
    }
    if let Some(found) = installed() {
        return Ok(found);
    }
    install(PACKAGE)?;
    installed().context("the package left no redis-server on the path")
}

fn installed() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let names = ["redis-server", "valkey-server"];
    let programs = std::env::split_paths(&path)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .collect::<Vec<_>>();
    programs.into_iter().find(|program| program.is_file())
}
