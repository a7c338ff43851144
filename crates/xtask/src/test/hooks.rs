//! The step on hooks: commits in a repository whose hooks pre-commit manages, as users have them.
//!
//! The published hooks run with the program that was built here, instead of with one that pre-commit
//! builds.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::{Context, Result, ensure};

use crate::job::Job;
use crate::providers::python;
use crate::workspace::Workspace;

use super::examples;
use super::files::differences;

const PACKAGE: &str = "pre-commit==4.7.0";
const HOOKS: &str = ".pre-commit-hooks.yaml";
/// The stage of hooks that no commit runs.
const BY_HAND: &str = "manual";
const SETTINGS: &str = "orch.toml";
const FILE: &str = "src/pay.rs";

/// The root of a package with an orchestrator in the module `pay`, and a test that names it.
pub(super) const SHOP: &str = "//! Shop.\nmod pay;\n/// Pays.\npub struct Pay;\n\
     #[cfg(test)]\nmod tests {\n    #[test]\n    fn pays() {\n        let _ = super::Pay;\n    }\n}\n";
/// A text that nothing is wrong with.
pub(super) const GOOD: &str = "// orch: allow(ORC203, ORC204) there is no service\n\
     impl orch_runtime::Orchestrator for crate::Pay {\n    \
     async fn execute(&self) -> orch_runtime::Outcome { self.pay().await }\n}\n";
/// The same with one fault.
pub(super) const BAD: &str = "// orch: allow(ORC203, ORC204) there is no service\n\
     impl orch_runtime::Orchestrator for crate::Pay {\n    \
     fn execute(&self) -> orch_runtime::Outcome { self.pay() }\n}\n";

/// A fault that is staged keeps a commit from being made, whatever is on the disk; one that is not
/// staged does not; and the files on the disk stay as they are.
pub(super) fn run(workspace: &Workspace) -> Result<()> {
    let orch_gen = examples::build(workspace)?;
    let tools = workspace.target().join("tools/pre-commit");
    let hint = "no pre-commit: install Python 3 with venv and pip";
    python::environment(&tools, PACKAGE).context(hint)?;
    let manifest = workspace.root().join(HOOKS);
    let pre_commit = tools.join("bin/pre-commit");
    let validate = Job::new(&pre_commit).args(["validate-manifest"]);
    validate.args([&manifest]).run()?;
    let published = fs::read_to_string(&manifest).context(HOOKS)?;
    let here = Repository::new(&published, &orch_gen, &tools)?;
    here.job(&pre_commit).args(["install"]).run()?;
    here.commit(GOOD, GOOD).context("nothing is wrong")?;
    let staged = here.commit(BAD, GOOD);
    ensure!(
        staged.is_err(),
        "a fault was committed, with its fix unstaged"
    );
    let unstaged = format!("// Pays.\n{GOOD}");
    here.commit(&unstaged, BAD)
        .context("a fault that is not staged kept a commit from being made")?;
    by_hand(&here, &pre_commit)?;
    fs::remove_dir_all(&here.folder).context("cannot clean up")
}

/// The hooks on everything and on the settings: what is on the disk has to be right for them.
fn by_hand(here: &Repository, pre_commit: &Path) -> Result<()> {
    let hook = |id: &str| {
        let run = here.job(pre_commit).args(["run", id, "--all-files"]);
        run.args(["--hook-stage", BY_HAND]).output()
    };
    let judged = |id: &str, path: &str, good: &str, bad: &str| -> Result<()> {
        here.write(path, bad)?;
        here.git(&["add", "-A"]).run()?;
        ensure!(hook(id).is_err(), "{id} passes {path} with a fault");
        here.write(path, good)?;
        here.git(&["add", "-A"]).run()?;
        hook(id).map(drop).with_context(|| format!("{id}, {path}"))
    };
    judged("orch-lint-full", FILE, GOOD, BAD)?;
    let settings = |level: &str| format!("version = 1\n[lint.rules]\nORC302 = \"{level}\"\n");
    judged(
        "orch-config-verify",
        SETTINGS,
        &settings("warn"),
        &settings("loud"),
    )
}

/// A repository with hooks.
struct Repository {
    folder: PathBuf,
    path: OsString,
    store: PathBuf,
}

impl Repository {
    fn new(published: &str, orch_gen: &Path, tools: &Path) -> Result<Self> {
        let folder = env::temp_dir().join("orch-gen-xtask").join("hooks");
        drop(fs::remove_dir_all(&folder));
        fs::create_dir_all(folder.join("src"))?;
        let programs = orch_gen.parent().context("a program is in a folder")?;
        let before = env::var_os("PATH").unwrap_or_default();
        let paths = [programs.to_owned()]
            .into_iter()
            .chain(env::split_paths(&before));
        let here = Self {
            folder,
            path: env::join_paths(paths)?,
            store: tools.join("store"),
        };
        here.write(
            "Cargo.toml",
            "[package]\nname = \"shop\"\nedition = \"2024\"\n",
        )?;
        here.write("src/lib.rs", SHOP)?;
        here.write(".pre-commit-config.yaml", &local(published))?;
        here.git(&["init", "-q"]).run()?;
        Ok(here)
    }

    fn write(&self, path: &str, text: &str) -> Result<()> {
        fs::write(self.folder.join(path), text).context(path.to_owned())
    }

    /// Commits one text of the file while another is on the disk; that and everything else there has to
    /// be the same afterwards.
    fn commit(&self, staged: &str, on_disk: &str) -> Result<()> {
        self.write(FILE, staged)?;
        self.git(&["add", "-A"]).run()?;
        self.write(FILE, on_disk)?;
        let copy = self.folder.with_file_name("hooks-before");
        drop(fs::remove_dir_all(&copy));
        super::files::copy_folder(&self.folder, &copy)?;
        let commit = self.git(&["commit", "-qm", "next"]).output();
        let mut changed = differences(&copy, &self.folder)?;
        changed.retain(|line| !line.contains(".git/"));
        ensure!(
            changed.is_empty(),
            "the disk changed: {}",
            changed.join(", ")
        );
        commit.map(drop)
    }

    fn git(&self, arguments: &[&str]) -> Job {
        let who = ["-c", "user.name=A", "-c", "user.email=a@example.com"];
        self.job(Path::new("git")).args(who).args(arguments)
    }

    fn job(&self, program: &Path) -> Job {
        Job::new(program)
            .folder(&self.folder)
            .env("PATH", &self.path)
            .env("PRE_COMMIT_HOME", &self.store)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
    }
}

/// The published hooks, run with a program that is there: the one on what is staged by each commit, the
/// others by hand.
fn local(published: &str) -> String {
    let hooks = published.replace("language: rust", "language: system");
    let mut text = "repos:\n  - repo: local\n    hooks:\n".to_owned();
    for line in hooks.lines() {
        text += &format!("      {line}\n");
        if line.starts_with("- id: ") && line != "- id: orch-lint" {
            text += &format!("        stages: [{BY_HAND}]\n");
        }
    }
    text
}
