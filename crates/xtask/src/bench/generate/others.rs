//! Generators of others, to compare with: had once, below the build folder.
//!
//! **Invariant:** one that cannot be had or does not do its work is a row that says so.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::bench::tools::Tools;
use crate::bench::turns::{Case, Scratch, copy, files};
use crate::job::Job;
use crate::providers::once;
use crate::workspace::Workspace;

/// The last one whose `Cargo.lock` is for Rust before 1.96.
const CARGO_GENERATE: (&str, &str) = ("cargo-generate", "0.23.8");
const LOCO: (&str, &str) = ("loco", "1.2.0");
/// Of the last major version that runs on Node.js 20.
const NEST: &str = "@nestjs/cli@11.0.16";

/// What is vendored is copied as it is, by both; some of it looks like a template and is none.
const TEMPLATE: &str = "[template]\nexclude = [\"vendor/**\"]\n";

/// What the generators are run with.
pub(super) struct Others<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) scratch: &'a Scratch,
    pub(super) turns: usize,
}

impl Others<'_> {
    /// One case for each generator; `model` is a package that orch-gen made.
    pub(super) fn cases(&self, model: &Path) -> [Case; 4] {
        [
            Case::foreign(
                "cargo generate --path, of a copy of that package",
                self.cargo_generate(model),
            ),
            Case::foreign("loco new, its smallest app", self.loco_new()),
            Case::foreign("loco generate controller", self.loco_controller()),
            Case::foreign("nest g controller", self.nest_controller()),
        ]
    }

    fn cargo_generate(&self, model: &Path) -> Result<Case> {
        let program = Tools::of(self.workspace).install(CARGO_GENERATE)?;
        let template = self.scratch.place("cargo-generate/template")?;
        copy(model, &template).output()?;
        fs::write(template.join("cargo-generate.toml"), TEMPLATE)?;
        let job = |into: &Path| {
            Job::new(&program)
                .args(["generate", "--name", "payment", "--vcs", "none"])
                .args(["--no-workspace", "--silent", "--path"])
                .args([&template, Path::new("--destination"), into])
                .env("RUST_BACKTRACE", "0")
        };
        let trial = self.folder("cargo-generate/trial")?;
        job(&trial).output()?;
        let (made, wanted) = (files(&trial)?, files(model)?);
        ensure!(made == wanted, "it made {made} files of {wanted}");
        let jobs = (0..self.turns).map(|turn| {
            let folder = self.folder(&format!("cargo-generate/{turn}"))?;
            Ok(job(&folder))
        });
        let name = format!("cargo generate --path, of a copy of that package ({made} files)");
        Ok(Case::new(name, jobs.collect::<Result<_>>()?))
    }

    fn loco_new(&self) -> Result<Case> {
        let program = Tools::of(self.workspace).install(LOCO)?;
        let trial = self.folder("loco-new/trial")?;
        loco_app(&program, &trial).output()?;
        let made = files(&trial)?;
        let jobs = (0..self.turns).map(|turn| {
            let folder = self.folder(&format!("loco-new/{turn}"))?;
            Ok(loco_app(&program, &folder))
        });
        let name = format!("loco new, its smallest app ({made} files)");
        Ok(Case::new(name, jobs.collect::<Result<_>>()?))
    }

    /// The generator without the app around it: see `crates/xtask/peers/loco`.
    fn loco_controller(&self) -> Result<Case> {
        let source = self.workspace.root().join("crates/xtask/peers/loco");
        let build = ["build", "--release", "--locked", "--quiet"];
        self.workspace.cargo_in(&source, &build).run()?;
        let name = format!("loco-controller{}", std::env::consts::EXE_SUFFIX);
        let program = self.workspace.target().join("release").join(name);
        let folder = self.folder("loco-app")?;
        loco_app(&Tools::of(self.workspace).install(LOCO)?, &folder).output()?;
        let job = Job::new(program).args(["refunds"]);
        self.addition("loco generate controller", &folder.join("app"), &job)
    }

    fn nest_controller(&self) -> Result<Case> {
        let tools = Tools::of(self.workspace).folder("nest");
        once(&tools, NEST, || {
            fs::write(tools.join("package.json"), "{\"private\": true}\n")?;
            let quiet = ["--ignore-scripts", "--no-audit", "--no-fund"];
            let npm = Job::new("npm").args(["install", NEST]).args(quiet);
            npm.folder(&tools).run()
        })?;
        let nest = Job::new(tools.join("node_modules/.bin/nest"));
        let folder = self.folder("nest-app")?;
        let bare = ["--skip-install", "--skip-git", "--package-manager", "npm"];
        let new = nest.clone().args(["new", "app"]).args(bare);
        new.folder(&folder).output()?;
        let job = nest.args(["generate", "controller", "refunds"]);
        self.addition("nest g controller", &folder.join("app"), &job)
    }

    /// `job` in a copy of `app` each turn, tried once to see how many files it adds.
    fn addition(&self, title: &str, app: &Path, job: &Job) -> Result<Case> {
        let slug = title.replace(' ', "-");
        let copies = self.scratch.copies(app, &slug, self.turns)?;
        let trial = self.scratch.place(&format!("{slug}/trial"))?;
        copy(app, &trial).output()?;
        job.clone().folder(&trial).output()?;
        let added = files(&trial)? - files(app)?;
        ensure!(added > 0, "it added no file");
        let jobs = copies.iter().map(|folder| job.clone().folder(folder));
        Ok(Case::new(
            format!("{title} ({added} files)"),
            jobs.collect(),
        ))
    }

    /// A new folder for a program that makes its own below it.
    fn folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.scratch.place(name)?;
        fs::create_dir(&folder).with_context(|| folder.display().to_string())?;
        Ok(folder)
    }
}

/// `loco new` of an app without database, workers and pages, into `folder`.
fn loco_app(program: &Path, folder: &Path) -> Job {
    Job::new(program)
        .args(["new", "--name", "app", "--db", "none", "--bg", "blocking"])
        .args(["--assets", "none", "--allow-in-git-repo", "--path"])
        .args([folder])
}
