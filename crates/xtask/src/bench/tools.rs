//! Programs of others to compare with: had once, below the build folder.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::job::Job;
use crate::providers::{once, python};
use crate::workspace::Workspace;

/// Where such programs are.
#[derive(Debug)]
pub(super) struct Tools(PathBuf);

impl Tools {
    /// Those of this repository.
    pub(super) fn of(workspace: &Workspace) -> Self {
        Self(workspace.target().join("peers/tools"))
    }

    /// The folder of one program.
    pub(super) fn folder(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The program `program` of a crate, built once; of the build only the program stays.
    pub(super) fn install_as(
        &self,
        (name, version): (&str, &str),
        program: &str,
    ) -> Result<PathBuf> {
        let folder = self.folder(name);
        let pin = format!("{name}@{version}");
        once(&folder, &pin, || {
            let build = folder.join("build");
            let install = ["install", &pin, "--locked", "--quiet"];
            let built = Job::cargo(&install)
                .args([Path::new("--root"), &folder])
                .env("CARGO_TARGET_DIR", &build)
                .output();
            if build.exists() {
                fs::remove_dir_all(&build)?;
            }
            built.map(drop)
        })?;
        let program = format!("{program}{}", std::env::consts::EXE_SUFFIX);
        Ok(folder.join("bin").join(program))
    }

    /// The program of a crate that has its name.
    pub(super) fn install(&self, pin: (&str, &str)) -> Result<PathBuf> {
        self.install_as(pin, pin.0)
    }

    /// The program `program` of a Python package, in an environment of its own.
    pub(super) fn python(&self, package: &str, program: &str) -> Result<PathBuf> {
        let folder = self.folder(program);
        python::environment(&folder, package)?;
        Ok(folder.join("bin").join(program))
    }
}
