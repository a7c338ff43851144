//! Programs that are written in Python, and the emulator among them.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::job::Job;

const PACKAGE: &str = "moto[server]==5.2.5";

/// `moto_server` in an environment of its own in `folder`.
pub(super) fn provide(folder: &Path) -> Result<PathBuf> {
    environment(folder, PACKAGE).context(
        "no moto for the tests of providers: install Python 3 with venv and pip, or name the program \
         moto_server in ORCH_TEST_MOTO",
    )?;
    Ok(folder.join("bin/moto_server"))
}

/// An environment in `folder` with one package, pinned.
///
/// # Errors
/// When there is no Python, or the package cannot be had.
pub(crate) fn environment(folder: &Path, package: &str) -> Result<()> {
    super::once(folder, package, || {
        let make = Job::new("python3").args(["-m", "venv"]).args([folder]);
        make.run()?;
        let install = ["install", "--quiet", "--no-input", package];
        Job::new(folder.join("bin/pip")).args(install).run()
    })
}
