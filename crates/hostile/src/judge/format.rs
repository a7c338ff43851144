//! Whether rustfmt would change anything, asked for many packages at once.

use super::Rendered;
use orch_gen::model::Style;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Packages that one process is asked about.
const BATCH: usize = 24;

/// Packages that wait for rustfmt.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    waiting: Vec<(u64, Rendered)>,
    /// How many were found clean.
    pub(crate) clean: usize,
}

impl Batch {
    /// Takes a package; asks about all that wait when there are enough. Answers cases that are not clean.
    pub(crate) fn add(&mut self, case: u64, rendered: Rendered) -> Vec<(u64, String)> {
        self.waiting.push((case, rendered));
        if self.waiting.len() < BATCH {
            Vec::new()
        } else {
            self.ask()
        }
    }

    /// Asks about all that wait; only if a process is not content, about each alone.
    pub(crate) fn ask(&mut self) -> Vec<(u64, String)> {
        let waiting = std::mem::take(&mut self.waiting);
        let mut wrong = Vec::new();
        for style in [Style::Edition2021, Style::Edition2024] {
            let of_style = waiting.iter().filter(|(_, one)| one.style == style);
            let packages: Vec<&(u64, Rendered)> = of_style.collect();
            if packages.is_empty() || complaint(&packages, style).is_none() {
                continue;
            }
            let alone = packages
                .iter()
                .filter_map(|one| Some((one.0, complaint(&[one], style)?)));
            wrong.extend(
                alone.map(|(case, said)| (case, format!("rustfmt would change it:\n{said}"))),
            );
        }
        self.clean += waiting.len() - wrong.len();
        wrong
    }
}

fn complaint(packages: &[&(u64, Rendered)], style: Style) -> Option<String> {
    match difference(packages, style) {
        Ok(said) => said,
        Err(error) => Some(format!("rustfmt did not run: {error}")),
    }
}

/// What rustfmt says of packages; `None` when nothing.
fn difference(packages: &[&(u64, Rendered)], style: Style) -> std::io::Result<Option<String>> {
    let folder = TempDir::new()?;
    let mut roots = Vec::new();
    for (case, rendered) in packages {
        let folder = folder.path().join(case.to_string());
        for file in rendered
            .files
            .iter()
            .filter(|file| file.path().ends_with(".rs"))
        {
            let path = folder.join(file.path());
            fs::create_dir_all(path.parent().unwrap_or(Path::new("")))?;
            fs::write(&path, file.contents())?;
        }
        roots.extend(
            entrances(rendered)
                .map(|path| folder.join(path))
                .collect::<Vec<PathBuf>>(),
        );
    }
    let edition = if style == Style::Edition2021 {
        "2021"
    } else {
        "2024"
    };
    let checked = Command::new("rustfmt")
        .args(["--check", "--edition", edition])
        .args(roots)
        .output()?;
    let said =
        [checked.stdout, checked.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    Ok((!checked.status.success()).then(|| said.concat()))
}

/// The files from which rustfmt finds all others by their modules.
fn entrances(rendered: &Rendered) -> impl Iterator<Item = &str> {
    let paths = rendered
        .files
        .iter()
        .map(orch_gen::components::GeneratedFile::path);
    let has_library = rendered
        .files
        .iter()
        .any(|file| file.path() == "src/lib.rs");
    paths.filter(move |path| {
        let parts: Vec<&str> = path.split('/').collect();
        match parts.as_slice() {
            ["src", "lib.rs" | "main.rs"] | ["tests", "architecture.rs"] => true,
            ["src", _, "mod.rs"] => !has_library,
            ["tests", _, "main.rs"] => true,
            _ => false,
        }
    })
}
