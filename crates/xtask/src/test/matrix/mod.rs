//! Steps on packages of every pair of options: each row of the table is a member of a workspace.
//!
//! Beside them are the packages that the guides describe. There are two workspaces, because one cannot hold
//! two packages of one name and version, and the runtime is either vendored or not. They share a build folder.

mod guides;
mod pairwise;
mod table;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::{Context, Result, ensure};

use crate::job::Job;
use crate::workspace::{Workspace, packages};

use self::pairwise::{Covering, Row};
use self::table::{OPTIONS, builds_on_others, command_lines, in_words, shown, value};
use super::examples::build;
use super::files::copy_file;

/// The workspaces, by where their runtime comes from.
const RUNTIMES: [&str; 2] = ["path", "vendored"];

/// A program that was there before, and serves something.
const SERVER: &str = "\
//! A shop that was there before.

use orch_runtime::axum::{self, Router};
use orch_runtime::tokio;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let app = Router::new();
    let listener = tokio::net::TcpListener::bind(\"127.0.0.1:0\").await?;
    axum::serve(listener, app).await?;
    Ok(())
}
";

/// Makes the packages; says which rows there are.
pub(super) fn generate(workspace: &Workspace) -> Result<()> {
    let program = Program::new(workspace)?;
    let folder = folder(workspace);
    drop(fs::remove_dir_all(&folder));
    let Covering {
        rows,
        legal,
        refused,
    } = covering(&program, &folder)?;
    let mut out = std::io::stdout();
    every_value_is_there(&rows)?;
    for (at, row) in rows.iter().enumerate() {
        let root = folder.join(value(row, "runtime"));
        let member = root.join(format!("row-{:02}", at + 1));
        writeln!(out, "row-{:02}: {}", at + 1, shown(row))?;
        scaffold(&root, &member, row)?;
        for line in command_lines(row) {
            program.run(&member, row, &line)?;
        }
    }
    for name in guides::generate(&program, workspace, &folder.join("path"))? {
        writeln!(out, "{name}: as the guide has it")?;
    }
    writeln!(
        out,
        "{} packages hold all {legal} pairs of options; refused are:\n  {}",
        rows.len(),
        refused
            .iter()
            .map(|pair| in_words(*pair))
            .collect::<Vec<_>>()
            .join("\n  ")
    )?;
    for runtime in RUNTIMES {
        let lock = folder.join(runtime).join("Cargo.lock");
        copy_file(&workspace.root().join("Cargo.lock"), &lock)?;
    }
    MADE.get_or_init(|| ());
    Ok(())
}

pub(super) fn fmt(workspace: &Workspace) -> Result<()> {
    in_each(workspace, &["fmt", "--check"], |job| job)
}

pub(super) fn lint(workspace: &Workspace) -> Result<()> {
    let orch_gen = build(workspace)?;
    for root in present(workspace)? {
        for (_, member) in packages(&root)? {
            if member.starts_with(root.join("vendor")) {
                continue;
            }
            let job = Job::new(&orch_gen).args(["lint"]).folder(&member);
            job.output()?;
        }
    }
    Ok(())
}

pub(super) fn clippy(workspace: &Workspace) -> Result<()> {
    let deny = ["--", "-D", "warnings", "-W", "clippy::pedantic"];
    let arguments = ["clippy", "--offline", "--workspace", "--all-targets"];
    in_each(workspace, &arguments, |job| job.args(deny))
}

/// All tests but those of crashes, which take most of the time and look at the engine: `examples/test`,
/// `fresh/test` and `proof` run them.
pub(super) fn test(workspace: &Workspace) -> Result<()> {
    let arguments = ["test", "--offline", "--workspace", "--quiet", "--tests"];
    in_each(workspace, &arguments, |job| {
        job.args(["--", "--skip", "crashes::"])
    })
}

pub(super) fn doc(workspace: &Workspace) -> Result<()> {
    let arguments = ["doc", "--offline", "--workspace", "--no-deps"];
    in_each(workspace, &arguments, |job| {
        job.env("RUSTDOCFLAGS", "-D warnings")
    })
}

/// Set once this process has made the packages: a step that is run alone makes them first.
static MADE: OnceLock<()> = OnceLock::new();

fn folder(workspace: &Workspace) -> PathBuf {
    workspace.target().join("matrix")
}

fn present(workspace: &Workspace) -> Result<[PathBuf; 2]> {
    if MADE.get().is_none() {
        generate(workspace)?;
    }
    Ok(RUNTIMES.map(|runtime| folder(workspace).join(runtime)))
}

fn in_each(workspace: &Workspace, arguments: &[&str], with: impl Fn(Job) -> Job) -> Result<()> {
    for root in present(workspace)? {
        with(workspace.cargo_in(&root, arguments)).run()?;
    }
    Ok(())
}

/// What the program says with exit code 2: it is the row that is wrong, and not the program.
const REFUSED: &str = ": 2): error[OG0";

/// The generator, and the runtime that packages may be generated for.
struct Program {
    orch_gen: PathBuf,
    crates: PathBuf,
}

impl Program {
    fn new(workspace: &Workspace) -> Result<Self> {
        Ok(Self {
            orch_gen: build(workspace)?,
            crates: workspace.root().join("crates"),
        })
    }

    /// One command line of a row, on the package of a member.
    fn job(&self, member: &Path, row: &Row, line: &[String]) -> Job {
        let mut job = Job::new(&self.orch_gen).args(line);
        if value(row, "runtime") == "path" {
            job = job.args([Path::new("--runtime-path"), &self.crates]);
        }
        let out = [Path::new("--out"), member];
        job.args(out).args(["--quiet"])
    }

    fn run(&self, member: &Path, row: &Row, line: &[String]) -> Result<()> {
        self.job(member, row, line).run()
    }

    /// Whether every command line of a row is taken by itself, in a package of its kind.
    fn takes(&self, member: &Path, row: &Row) -> Result<bool> {
        let lines = command_lines(row).into_iter();
        for line in lines.filter(|line| !builds_on_others(line)) {
            let job = self.job(member, row, &line).args(["--dry-run"]);
            match job.output() {
                Ok(_) => {}
                Err(error) if error.to_string().contains(REFUSED) => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }
}

/// Rows that hold every pair which the generator does not refuse.
fn covering(program: &Program, folder: &Path) -> Result<Covering> {
    let counts = OPTIONS.map(|(_, values)| values.len());
    pairwise::cover(&counts, |row| {
        let root = folder.join("legal");
        let package = value(row, "package").replace(' ', "-");
        let member = root.join(format!("row-{package}"));
        scaffold(&root, &member, row)?;
        program.takes(&member, row)
    })
}

/// A value that is refused with every other would be a value that nobody looks at.
fn every_value_is_there(rows: &[Row]) -> Result<()> {
    for (option, (name, values)) in OPTIONS.iter().enumerate() {
        for (at, value) in values.iter().enumerate() {
            let is_there = rows.iter().any(|row| row[option] == at);
            ensure!(is_there, "no package has {name} {value}");
        }
    }
    Ok(())
}

/// The workspace, and a package that is there before where the row asks for one.
fn scaffold(root: &Path, member: &Path, row: &Row) -> Result<()> {
    let manifest = root.join("Cargo.toml");
    if !manifest.exists() {
        fs::create_dir_all(root)?;
        let members = "[workspace]\nmembers = [\"row-*\"]\nresolver = \"3\"\n";
        fs::write(
            &manifest,
            format!("{members}\n[profile.dev]\ndebug = false\n"),
        )?;
    }
    let Some(edition) = value(row, "package")
        .split(' ')
        .next()
        .filter(|word| *word != "own")
    else {
        return Ok(());
    };
    if member.join("Cargo.toml").exists() {
        return Ok(());
    }
    fs::create_dir_all(member.join("src"))?;
    let name = member.file_name().context("a member has a name")?;
    // Clippy's advice depends on the oldest Rust that a package is for.
    let package = format!(
        "[package]\nname = \"{}\"\nversion = \"0.1.0\"\nedition = \"{edition}\"\nrust-version = \"1.89\"\n",
        name.to_string_lossy()
    );
    fs::write(member.join("Cargo.toml"), package)?;
    fs::write(
        member.join("src/lib.rs"),
        "//! A shop that was there before.\n",
    )?;
    fs::write(member.join("src/main.rs"), SERVER)?;
    Ok(())
}
