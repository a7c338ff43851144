//! Steps on `examples/`: generated projects that are committed, compiled and tested. All but a few are never
//! edited.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::job::Job;
use crate::workspace::{Workspace, packages};

use super::files::{copy_file, copy_folder, differences};

/// Examples that were completed by hand: what is generated of them stays as it is generated, the rest is theirs.
const COMPLETED: &[&str] = &["purchase"];

/// `cargo xtask examples`: writes every example anew from its `orch.toml`.
///
/// # Errors
/// When the generator does not build or refuses.
pub(crate) fn write(workspace: &Workspace) -> Result<()> {
    let orch_gen = build(workspace)?;
    let examples = folder(workspace);
    for (name, folder) in packages(&examples)? {
        if COMPLETED.contains(&name.as_str()) {
            let apply = Job::new(&orch_gen).args(["apply", "--quiet"]);
            apply.folder(&folder).run()?;
            continue;
        }
        let again = regenerate(&orch_gen, &examples, &folder)?;
        std::fs::remove_dir_all(&folder)?;
        copy_folder(&again, &folder).with_context(|| name)?;
    }
    Ok(())
}

/// Each example is what this generator writes today, byte for byte.
pub(super) fn current(workspace: &Workspace) -> Result<()> {
    let orch_gen = build(workspace)?;
    let examples = folder(workspace);
    for (name, folder) in packages(&examples)? {
        Job::new(&orch_gen).args(["check"]).folder(&folder).run()?;
        if COMPLETED.contains(&name.as_str()) {
            continue;
        }
        let again = regenerate(&orch_gen, &examples, &folder)?;
        let differences = differences(&folder, &again)?;
        if !differences.is_empty() {
            bail!(
                "the example {name} is not what its orch.toml says; `cargo xtask examples` writes it:\n  {}",
                differences.join("\n  ")
            );
        }
    }
    Ok(())
}

/// Writes the project anew from its `orch.toml` alone, elsewhere; answers where.
fn regenerate(orch_gen: &Path, examples: &Path, folder: &Path) -> Result<PathBuf> {
    let inside = folder.strip_prefix(examples).context("not in examples")?;
    let scratch = scratch("examples");
    let again = scratch.join(inside);
    copy_file(&examples.join("Cargo.toml"), &scratch.join("Cargo.toml"))?;
    copy_file(&folder.join("orch.toml"), &again.join("orch.toml"))?;
    Job::new(orch_gen)
        .args(["apply", "--quiet"])
        .folder(&again)
        .run()?;
    Ok(again)
}

pub(super) fn fmt(workspace: &Workspace) -> Result<()> {
    cargo(workspace, &["fmt", "--check"]).run()
}

pub(super) fn lint(workspace: &Workspace) -> Result<()> {
    let orch_gen = build(workspace)?;
    for (_, folder) in packages(&folder(workspace))? {
        Job::new(&orch_gen).args(["lint"]).folder(&folder).run()?;
    }
    Ok(())
}

pub(super) fn clippy(workspace: &Workspace) -> Result<()> {
    let deny = ["--", "-D", "warnings", "-W", "clippy::pedantic"];
    cargo(workspace, &["clippy", "--workspace", "--all-targets"])
        .args(deny)
        .run()
}

pub(super) fn test(workspace: &Workspace) -> Result<()> {
    cargo(workspace, &["test", "--workspace"]).run()
}

/// What was completed runs on PostgreSQL too.
pub(super) fn postgres(workspace: &Workspace) -> Result<()> {
    let examples = on_postgres(workspace)?;
    let test = workspace.cargo_in(&examples, &["test", "--workspace"]);
    let completed = COMPLETED.iter().flat_map(|name| ["--test", *name]);
    test.args(completed).run()
}

/// A copy of the examples in which those that were completed are on PostgreSQL: one word of their `orch.toml`
/// is another, and the rest follows.
pub(crate) fn on_postgres(workspace: &Workspace) -> Result<PathBuf> {
    let orch_gen = build(workspace)?;
    let (examples, scratch) = (folder(workspace), scratch("examples-postgres"));
    copy_folder(&examples, &scratch)?;
    // With the same versions, nothing but these packages is compiled again.
    copy_file(&examples.join("Cargo.lock"), &scratch.join("Cargo.lock"))?;
    let crates = workspace.root().join("crates").display().to_string();
    for (name, package) in packages(&examples)? {
        let package = scratch.join(package.strip_prefix(&examples)?);
        let spec = package.join("orch.toml");
        let mut text = std::fs::read_to_string(&spec)?.replace("../../crates", &crates);
        if COMPLETED.contains(&name.as_str()) {
            text = text.replace("kind = \"sqlite\"", "kind = \"postgres\"");
        }
        std::fs::write(&spec, text)?;
        let apply = Job::new(&orch_gen).args(["apply", "--quiet"]);
        apply.folder(&package).run()?;
    }
    Ok(scratch)
}

pub(super) fn doc(workspace: &Workspace) -> Result<()> {
    cargo(workspace, &["doc", "--workspace", "--no-deps"])
        .env("RUSTDOCFLAGS", "-D warnings")
        .run()
}

/// An empty place for examples.
fn scratch(name: &str) -> PathBuf {
    let scratch = std::env::temp_dir().join("orch-gen-xtask").join(name);
    drop(std::fs::remove_dir_all(&scratch));
    scratch
}

/// Where they are.
pub(crate) fn folder(workspace: &Workspace) -> PathBuf {
    workspace.root().join("examples")
}

fn cargo(workspace: &Workspace, arguments: &[&str]) -> Job {
    workspace.cargo_in(&folder(workspace), arguments)
}

/// The generator, with the features of the other steps, so that nothing is compiled for it alone.
pub(super) fn build(workspace: &Workspace) -> Result<PathBuf> {
    let arguments = [
        "build",
        "--quiet",
        "--workspace",
        "--all-features",
        "--bin",
        "orch-gen",
    ];
    workspace.cargo(&arguments).run()?;
    Ok(workspace.orch_gen("debug"))
}
