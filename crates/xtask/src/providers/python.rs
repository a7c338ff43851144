//! The emulator that is written in Python.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::job::Job;

const PACKAGE: &str = "moto[server]==5.2.5";

/// `moto_server` in an environment of its own in `folder`.
pub(super) fn provide(folder: &Path) -> Result<PathBuf> {
    super::once(folder, PACKAGE, || fetch(folder)).context(
        "no moto for the tests of providers: install Python 3 with venv and pip, or name the program \
         moto_server in ORCH_TEST_MOTO",
    )?;
    Ok(folder.join("bin/moto_server"))
}

fn fetch(folder: &Path) -> Result<()> {
    let make = Job::new("python3").args(["-m", "venv"]).args([folder]);
    make.run()?;
    let install = ["install", "--quiet", "--no-input", PACKAGE];
    Job::new(folder.join("bin/pip")).args(install).run()
}
