//! What a new user feels: from nothing to a green `cargo test` of a generated project, and from an
//! edit to the next one.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::job::Job;

use super::row::{Row, Wanted};
use super::{Bench, clear, commands};

/// Parts of the cold build that are named.
const LONGEST: usize = 12;

/// Measures the cold build once: it takes most of a minute, and the reference is the limit itself.
pub(super) fn measure(bench: &Bench<'_>) -> Result<Vec<Row>> {
    let orch_gen = commands::release(bench)?;
    // Outside of this repository, whose workspace would claim the project.
    let folder = std::env::temp_dir().join(format!("orch-gen-fresh-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let project = Project(folder.join("payment-service"));
    commands::make(&orch_gen, &project.0)?;
    let rows = project.measure(bench.rounds);
    clear(&folder)?;
    rows
}

/// A generated project with a build folder of its own.
struct Project(PathBuf);

impl Project {
    fn measure(&self, rounds: usize) -> Result<Vec<Row>> {
        self.cargo(&["fetch"]).run()?;
        let cold = self.test(&["--timings"])?;
        let longest = self.longest_parts()?;
        let again = self.test(&[])?;
        let mut edited = Vec::new();
        for round in 0..rounds * 2 {
            touch(&self.0.join("src/payment/rules.rs"), round)?;
            edited.push(self.test(&[])?);
        }
        let mut rows = vec![
            Row::new("cargo test, cold, crates downloaded", "s", vec![cold])
                .wanted(Wanted::AtMost(60.0)),
            Row::new("cargo test, nothing changed", "s", vec![again]),
            Row::new("cargo test after one edit", "s", edited).wanted(Wanted::AtMost(3.0)),
            Row::new("crates", "", vec![f64::from(self.crates()?)]),
        ];
        rows.extend(longest);
        Ok(rows)
    }

    fn cargo(&self, arguments: &[&str]) -> Job {
        Job::cargo(arguments)
            .folder(&self.0)
            .env("CARGO_TARGET_DIR", self.0.join("target"))
    }

    /// Seconds of a `cargo test` that passes.
    fn test(&self, options: &[&str]) -> Result<f64> {
        let test = self.cargo(&["test", "--offline"]).args(options);
        Ok(test.timed()?.as_secs_f64())
    }

    /// Packages that are compiled on this machine, the project and what is vendored among them.
    fn crates(&self) -> Result<u32> {
        let tree = ["tree", "--offline", "-e", "normal,build,dev", "--prefix"];
        let tree = self.cargo(&tree).args(["none"]).output()?;
        let names: BTreeSet<String> = tree
            .lines()
            .filter(|line| !line.is_empty())
            .map(|line| line.replace(" (*)", ""))
            .collect();
        u32::try_from(names.len()).context("a count of crates")
    }

    /// What took longest, from cargo's timing report.
    fn longest_parts(&self) -> Result<Vec<Row>> {
        let report = self.0.join("target/cargo-timings/cargo-timing.html");
        let mut units = units(&fs::read_to_string(report)?)?;
        units.sort_by(|one, other| other.1.total_cmp(&one.1));
        let row = |(name, seconds)| Row::new(format!("- {name}"), "s", vec![seconds]);
        Ok(units.into_iter().take(LONGEST).map(row).collect())
    }
}

/// Name and seconds of every unit in cargo's timing report, which is a page with its data inside.
fn units(page: &str) -> Result<Vec<(String, f64)>> {
    let data = page
        .split_once("const UNIT_DATA = ")
        .and_then(|(_, rest)| rest.split_once("];"))
        .map(|(data, _)| format!("{data}]"))
        .context("cargo's timing report has no units")?;
    let data: Value = serde_json::from_str(&data)?;
    let unit = |unit: &Value| {
        let word = |key: &str| unit[key].as_str().unwrap_or_default().to_owned();
        let seconds = unit["duration"].as_f64().unwrap_or(0.0);
        (format!("{}{}", word("name"), word("target")), seconds)
    };
    Ok(data.as_array().into_iter().flatten().map(unit).collect())
}

/// A change that the compiler cannot skip.
fn touch(file: &Path, round: usize) -> Result<()> {
    let text = fs::read_to_string(file)?;
    let edit = format!("\n/// Edit {round}.\npub const EDIT_{round}: usize = {round};\n");
    fs::write(file, text + &edit)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_found_inside_the_page() {
        let page = r#"<script>const UNIT_DATA = [{"name":"ring","target":" build script","duration":2.5}];</script>"#;
        assert_eq!(
            units(page).unwrap(),
            [("ring build script".to_owned(), 2.5)]
        );
    }
}
