//! The linter on crates that others wrote, which use transactions and know nothing of our conventions.
//!
//! Rules that still prove themselves run, too. No finding may be an error, and what is found is compared with what
//! was found before (`findings.txt`), so that a change of a rule shows what it changes.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::job::Job;
use crate::workspace::Workspace;

use super::examples;

const CRATES: &str = include_str!("crates.txt");
const FINDINGS: &str = include_str!("findings.txt");

/// Lints all of them.
pub(super) fn run(workspace: &Workspace) -> Result<()> {
    let orch_gen = examples::build(workspace)?;
    let folder = workspace.target().join("corpus");
    fs::create_dir_all(&folder)?;
    let mut found = BTreeSet::new();
    for of in CRATES.lines() {
        let sources = sources(of, &folder)?;
        found.extend(findings(&orch_gen, of, &sources)?);
    }
    let known: BTreeSet<String> = FINDINGS.lines().map(str::to_owned).collect();
    let others = found.symmetric_difference(&known).map(|line| {
        let sign = if found.contains(line) { '+' } else { '-' };
        format!("\n{sign} {line}")
    });
    let others: String = others.collect();
    if let Some(error) = found.iter().find(|line| line.contains(" error ")) {
        bail!("an error is found in sources that keep no convention of ours: {error}");
    }
    if !others.is_empty() {
        bail!("other findings than before: look at them, then write them to findings.txt{others}");
    }
    Ok(())
}

/// Where the sources of `name@version` are; they are got when they are not there.
fn sources(of: &str, folder: &Path) -> Result<PathBuf> {
    if let Some(there) = unpacked(of)? {
        return Ok(there);
    }
    Job::cargo(&["info", "--quiet", of])
        .folder(folder)
        .output()?;
    unpacked(of)?.with_context(|| format!("cargo did not unpack {of}"))
}

/// Where Cargo unpacks what it gets.
fn unpacked(of: &str) -> Result<Option<PathBuf>> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo")));
    let registries = home
        .context("there is no home folder")?
        .join("registry/src");
    let name = of.replace('@', "-");
    let Ok(registries) = fs::read_dir(registries) else {
        return Ok(None);
    };
    let places = registries.filter_map(|registry| Some(registry.ok()?.path().join(&name)));
    Ok(places.into_iter().find(|place| place.is_dir()))
}

/// What the linter finds, a line each. Whether their items are documented is their own business.
fn findings(orch_gen: &Path, of: &str, sources: &Path) -> Result<Vec<String>> {
    let mut lint = Command::new(orch_gen);
    lint.args([
        "lint",
        "--json",
        "--allow-empty",
        "--preview",
        "--except",
        "missing-docs",
    ]);
    let output = lint.arg(sources).output()?;
    let document: Value = serde_json::from_slice(&output.stdout)
        .with_context(|| format!("{of}: {}", String::from_utf8_lossy(&output.stderr)))?;
    let findings = document["findings"].as_array().context("no findings")?;
    let line = |finding: &Value| {
        let text = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
        let (code, severity, path) = (text("code"), text("severity"), text("path"));
        let line = format!("{of} {code} {severity} {path} {}", text("item"));
        line.trim_end().to_owned()
    };
    Ok(findings.iter().map(line).collect())
}
