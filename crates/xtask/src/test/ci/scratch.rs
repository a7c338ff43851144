//! A repository to lint, and the folders that a host gives to a job.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::{Context, Result, ensure};

use crate::job::Job;

use super::super::hooks::{BAD, GOOD, SHOP};

/// Writes down what it was asked for, and does nothing.
const CARGO: &str = "#!/bin/sh\necho \"$@\" >> \"$(dirname \"$0\")/asked\"\n";

/// What the hosts set, so that a job that runs in one of them sees nothing of its own.
const FILES: [&str; 3] = ["GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STEP_SUMMARY"];

/// How a script ended, and what it printed.
pub(super) struct Ended {
    pub(super) code: Option<i32>,
    pub(super) out: String,
}

/// A repository with one package.
pub(super) struct Scratch {
    folder: PathBuf,
    /// The folder of the program.
    programs: PathBuf,
    /// The action's own sources.
    sources: PathBuf,
}

impl Scratch {
    pub(super) fn new(orch_gen: &Path, sources: &Path) -> Result<Self> {
        let folder = env::temp_dir().join("orch-gen-xtask").join("ci");
        drop(fs::remove_dir_all(&folder));
        let programs = orch_gen.parent().context("a program is in a folder")?;
        let here = Self {
            folder,
            programs: programs.to_owned(),
            sources: sources.to_owned(),
        };
        here.write(
            "repository/Cargo.toml",
            "[package]\nname = \"shop\"\nedition = \"2024\"\n",
        )?;
        here.write("repository/src/lib.rs", SHOP)?;
        here.write("runner/temp/.keep", "")?;
        here.write("cargo/cargo", CARGO)?;
        let cargo = here.folder.join("cargo/cargo");
        Job::new("chmod").args(["+x"]).args([cargo]).run()?;
        here.good()?;
        here.git(&["init", "-q"])?;
        here.commit()?;
        Ok(here)
    }

    /// Nothing is wrong in the package.
    pub(super) fn good(&self) -> Result<()> {
        self.write("repository/src/pay.rs", GOOD)
    }

    /// Something is.
    pub(super) fn bad(&self) -> Result<()> {
        self.write("repository/src/pay.rs", BAD)
    }

    /// Commits what is there; answers its name.
    pub(super) fn commit(&self) -> Result<String> {
        self.git(&["add", "-A"])?;
        self.git(&["commit", "-qm", "next", "--allow-empty"])?;
        Ok(self.git(&["rev-parse", "HEAD"])?.trim().to_owned())
    }

    fn git(&self, arguments: &[&str]) -> Result<String> {
        let who = ["-c", "user.name=A", "-c", "user.email=a@example.com"];
        let git = Job::new("git").args(who).args(arguments);
        git.folder(&self.repository())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .output()
    }

    /// Runs a script, with orch-gen on the PATH or without.
    pub(super) fn script(
        &self,
        shell: &[&str],
        script: &str,
        has_orch_gen: bool,
        variables: &[(&'static str, String)],
    ) -> Result<Ended> {
        for file in FILES {
            self.write(&format!("runner/{file}"), "")?;
        }
        self.write("runner/script", script)?;
        let mut job = Job::new(shell[0])
            .args(&shell[1..])
            .args([self.folder.join("runner/script")])
            .folder(&self.repository())
            .env("PATH", self.path(has_orch_gen)?)
            .env("RUNNER_TEMP", self.folder.join("runner/temp"))
            .env("GITHUB_ACTION_PATH", &self.sources)
            .env("CI_PROJECT_DIR", self.repository());
        for file in FILES {
            job = job.env(file, self.folder.join("runner").join(file));
        }
        for (name, value) in variables {
            job = job.env(name, value);
        }
        let (status, out) = job.ended()?;
        let code = status.code();
        Ok(Ended { code, out })
    }

    /// The programs of this machine, with cargo's place taken.
    fn path(&self, has_orch_gen: bool) -> Result<OsString> {
        let before = env::var_os("PATH").unwrap_or_default();
        let others = env::split_paths(&before).filter(|folder| !folder.join("orch-gen").exists());
        let own = [self.folder.join("cargo")].into_iter();
        let programs = has_orch_gen.then(|| self.programs.clone());
        Ok(env::join_paths(own.chain(programs).chain(others))?)
    }

    /// What a script wrote to a file of its host.
    pub(super) fn host_file(&self, name: &str) -> Result<String> {
        fs::read_to_string(self.folder.join("runner").join(name)).context(name.to_owned())
    }

    /// What cargo was asked for since this was asked last.
    pub(super) fn asked_of_cargo(&self) -> String {
        let file = self.folder.join("cargo/asked");
        let asked = fs::read_to_string(&file).unwrap_or_default();
        drop(fs::remove_file(file));
        asked
    }

    pub(super) fn repository(&self) -> PathBuf {
        self.folder.join("repository")
    }

    fn write(&self, path: &str, text: &str) -> Result<()> {
        let path = self.folder.join(path);
        fs::create_dir_all(path.parent().context("a file is in a folder")?)?;
        fs::write(&path, text).with_context(|| path.display().to_string())
    }
}

/// A script has to end with `code`.
pub(super) fn ensure_code(ended: &Ended, code: i32, what: &str) -> Result<()> {
    let Ended { code: found, out } = ended;
    ensure!(
        *found == Some(code),
        "{what}: ended with {found:?} and not {code}:\n{out}"
    );
    Ok(())
}
