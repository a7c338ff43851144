//! Where things are: the repository, its build folder, the tools beside cargo.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::job::Job;
use crate::postgres;

/// The repository this program was built from.
#[derive(Debug, Clone)]
pub struct Workspace {
    root: PathBuf,
    target: PathBuf,
    nextest: bool,
    postgres: Option<PathBuf>,
}

impl Workspace {
    /// Asks cargo.
    ///
    /// # Errors
    /// When cargo does not answer.
    pub fn find() -> Result<Self> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = here
            .ancestors()
            .nth(2)
            .context("the repository is two folders up")?
            .to_owned();
        let target = metadata(&root)?["target_directory"]
            .as_str()
            .context("cargo metadata names no target directory")?
            .into();
        let nextest = Job::cargo(&["nextest", "--version"]).output().is_ok();
        Ok(Self {
            root,
            target,
            nextest,
            postgres: None,
        })
    }

    /// The same, with a PostgreSQL for tests to start.
    ///
    /// # Errors
    /// When none is there and none can be had.
    pub fn with_postgres(mut self) -> Result<Self> {
        self.postgres = postgres::provide(&self)?;
        Ok(self)
    }

    /// The repository's top folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The build folder that every step shares.
    #[must_use]
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Whether cargo-nextest is installed.
    #[must_use]
    pub fn has_nextest(&self) -> bool {
        self.nextest
    }

    /// The program `orch-gen` as `profile` builds it.
    #[must_use]
    pub fn orch_gen(&self, profile: &str) -> PathBuf {
        let name = format!("orch-gen{}", std::env::consts::EXE_SUFFIX);
        self.target.join(profile).join(name)
    }

    /// `cargo <arguments>` at the top, building into the shared folder.
    #[must_use]
    pub fn cargo(&self, arguments: &[&str]) -> Job {
        self.cargo_in(&self.root, arguments)
    }

    /// `cargo <arguments>` in `folder`, building into the shared folder.
    #[must_use]
    pub fn cargo_in(&self, folder: &Path, arguments: &[&str]) -> Job {
        let job = Job::cargo(arguments)
            .folder(folder)
            .env("CARGO_TARGET_DIR", self.target.as_os_str());
        match &self.postgres {
            Some(binaries) => job.env(postgres::BINARIES, binaries.as_os_str()),
            None => job,
        }
    }
}

/// What cargo knows about the workspace in `folder`, without its dependencies.
///
/// # Errors
/// When cargo does not answer.
pub fn metadata(folder: &Path) -> Result<Value> {
    let text = Job::cargo(&["metadata", "--no-deps", "--format-version=1"])
        .folder(folder)
        .output()?;
    serde_json::from_str(&text).context("cargo metadata answered no JSON")
}

/// Name and folder of every package in the workspace in `folder`.
///
/// # Errors
/// When cargo does not answer.
pub fn packages(folder: &Path) -> Result<Vec<(String, PathBuf)>> {
    let metadata = metadata(folder)?;
    let packages = metadata["packages"].as_array().context("no packages")?;
    let package = |package: &Value| {
        let name = package["name"].as_str().context("a package has no name")?;
        let manifest = package["manifest_path"].as_str().context("no manifest")?;
        let folder = Path::new(manifest).parent().context("no folder")?;
        Ok((name.to_owned(), folder.to_owned()))
    };
    packages.iter().map(package).collect()
}
