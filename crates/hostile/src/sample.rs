//! The sample that is compiled: of what a run accepted, the domains that differ most.

use crate::facts::Facts;
use anyhow::{Context, Result, bail};
use orch_gen::cli::{self, Environment, Output};
use orch_gen::error::Exit;
use orch_gen::spec::{self, Domain, RuntimeSource, Spec, StoreKind};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Domains in each of the two packages.
const DOMAINS: usize = 10;

/// The first domain of each case that has something which no earlier one has.
#[derive(Debug, Default)]
pub(crate) struct Candidates(Vec<(u64, Domain, Facts)>);

impl Candidates {
    /// Takes the domains of an accepted case.
    pub(crate) fn add(&mut self, case: u64, spec: &Spec) {
        for domain in &spec.domains {
            let facts = crate::facts::of_domain(domain);
            self.0.push((case, domain.clone(), facts));
        }
    }

    pub(crate) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Two packages, one for each store: one domain after the other that has the most which those
    /// before it have not. The same for every order in which cases were judged.
    pub(crate) fn packages(mut self) -> [Spec; 2] {
        self.0.sort_by_key(|(case, _, _)| *case);
        let mut seen = BTreeSet::new();
        let runtime = RuntimeSource::Vendored;
        let mut specs = [StoreKind::Sqlite, StoreKind::Postgres]
            .map(|store| Spec::empty(runtime.clone(), store));
        for spec in &mut specs {
            while spec.domains.len() < DOMAINS {
                let new = |facts: &Facts| facts.iter().filter(|fact| !seen.contains(*fact)).count();
                let best = self
                    .0
                    .iter()
                    .enumerate()
                    .max_by_key(|(at, one)| (new(&one.2), usize::MAX - at));
                let Some((at, _)) = best else { break };
                let (_, domain, facts) = self.0.swap_remove(at);
                let mut with = spec.clone();
                with.domains.push(domain);
                if Spec::parse(&spec::new_document(&with)).is_ok() {
                    seen.extend(facts);
                    *spec = with;
                }
                self.0.sort_by_key(|(case, _, _)| *case);
            }
        }
        specs
    }
}

/// Writes a workspace of packages into a new folder, by the command line.
pub(crate) fn write(specs: &[Spec], folder: &Path, crates: &Path) -> Result<()> {
    drop(fs::remove_dir_all(folder));
    let names: Vec<String> = (1..=specs.len())
        .map(|number| format!("sample-{number}"))
        .collect();
    fs::create_dir_all(folder)?;
    fs::write(
        folder.join("Cargo.toml"),
        format!(
            "[workspace]\nmembers = {names:?}\nresolver = \"3\"\n\n[profile.dev]\ndebug = false\n"
        ),
    )?;
    for (name, spec) in names.iter().zip(specs) {
        let package = folder.join(name);
        fs::create_dir_all(&package)?;
        let mut spec = spec.clone();
        let crates = crates
            .to_str()
            .context("the repository's path is no text")?;
        spec.runtime = RuntimeSource::Path(crates.replace('\\', "/"));
        fs::write(package.join(spec::FILE), spec::new_document(&spec))?;
        apply(&package)?;
    }
    Ok(())
}

fn apply(folder: &Path) -> Result<()> {
    let environment = Environment {
        folder: folder.to_owned(),
        terminal: false,
        no_color: true,
        seconds: 0,
        target_dir: None,
        step_summary: None,
        input: None,
        patience: None,
    };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let arguments = ["orch-gen", "apply", "--quiet"].map(std::ffi::OsString::from);
    let exit = cli::run(
        arguments,
        &environment,
        &mut Output::new(&mut out, &mut err),
    );
    if exit != Exit::Done {
        bail!("{}: {}", folder.display(), String::from_utf8_lossy(&err));
    }
    Ok(())
}
