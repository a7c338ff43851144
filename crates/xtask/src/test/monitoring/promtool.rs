//! Prometheus' own checker, as it is installed, or as Debian packages it.
//!
//! **Deliberately absent:** installing the package. That would start a server; the one program is
//! unpacked into the build folder instead, which a normal user may do as well as root.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::job::Job;
use crate::workspace::Workspace;

/// Debian's package that holds the program.
const PACKAGE: &str = "prometheus";

/// The program.
#[derive(Debug)]
pub(super) struct Promtool(PathBuf);

impl Promtool {
    /// The one on the path, the one that was unpacked before, or a fresh one from Debian.
    pub(super) fn find(workspace: &Workspace) -> Result<Self> {
        if Job::new("promtool").args(["--version"]).output().is_ok() {
            return Ok(Self("promtool".into()));
        }
        let tools = workspace.target().join("tools").join(PACKAGE);
        let program = tools.join("usr/bin/promtool");
        if !program.exists() {
            unpack(&tools).context(
                "promtool is missing and could not be had from Debian; put Prometheus' promtool \
                 on the path",
            )?;
        }
        Ok(Self(program))
    }

    /// Runs `promtool <words> <file>`.
    pub(super) fn check(&self, words: &[&str], file: &Path) -> Result<()> {
        Job::new(&self.0).args(words).args([file]).run()
    }

    /// Checks what a service serves.
    pub(super) fn check_metrics(&self, metrics: &str) -> Result<()> {
        let mut child = Command::new(&self.0)
            .args(["check", "metrics"])
            .stdin(Stdio::piped())
            .spawn()?;
        let mut stdin = child.stdin.take().context("its input is a pipe")?;
        stdin.write_all(metrics.as_bytes())?;
        drop(stdin);
        let status = child.wait()?;
        ensure!(status.success(), "promtool check metrics: {status}");
        Ok(())
    }
}

fn unpack(into: &Path) -> Result<()> {
    std::fs::create_dir_all(into)?;
    let download = |options: &[String]| {
        let job = Job::new("apt-get").args(options);
        job.args(["download", PACKAGE]).folder(into).run()
    };
    if download(&[]).is_err() {
        let own = own_lists(into)?;
        Job::new("apt-get").args(&own).args(["update"]).run()?;
        download(&own)?;
    }
    let archive = archive(into)?;
    let unpack = Job::new("dpkg-deb").args([Path::new("-x"), &archive, into]);
    unpack.run()?;
    std::fs::remove_file(archive)?;
    Ok(())
}

/// Options with which apt keeps its lists in `folder`: a normal user cannot refresh those of the
/// machine, and a fresh machine has none.
fn own_lists(folder: &Path) -> Result<Vec<String>> {
    let (lists, cache) = (folder.join("apt/lists"), folder.join("apt/cache"));
    std::fs::create_dir_all(lists.join("partial"))?;
    std::fs::create_dir_all(cache.join("archives/partial"))?;
    let option = |name: &str, path: &Path| format!("{name}={}", path.display());
    let settings = [
        option("Dir::State::lists", &lists),
        option("Dir::Cache", &cache),
        "APT::Sandbox::User=".to_owned(),
    ];
    let words = settings
        .into_iter()
        .flat_map(|setting| ["-o".to_owned(), setting]);
    Ok(words.collect())
}

fn archive(folder: &Path) -> Result<PathBuf> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "deb") {
            return Ok(path);
        }
    }
    bail!("apt-get left no package in {}", folder.display())
}
