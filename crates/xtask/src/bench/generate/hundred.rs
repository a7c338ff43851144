//! A hundred orchestrations in one package: made, looked at, and brought to this version.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::bench::turns::{Case, Scratch, copy, files};
use crate::job::Job;

use super::older;

/// Each of these with each of [`THINGS`] is the name of a domain.
const KINDS: [&str; 10] = [
    "Annual", "Bulk", "Daily", "Foreign", "Internal", "Monthly", "Partial", "Retail", "Shared",
    "Weekly",
];
const THINGS: [&str; 10] = [
    "Booking", "Charge", "Delivery", "Invoice", "Order", "Payment", "Refund", "Report", "Shipment",
    "Transfer",
];

/// The packages of all turns.
pub(super) struct Hundred {
    /// What all orchestrations are generated into.
    empty: Vec<PathBuf>,
    /// A package with all of them.
    whole: PathBuf,
    copies: Vec<PathBuf>,
    /// Copies of that, as an older version left it.
    older: Vec<PathBuf>,
    /// Files in each of those that an upgrade merges.
    changed: usize,
}

impl Hundred {
    /// Makes the packages for `turns` turns.
    pub(super) fn prepare(orch_gen: &Path, scratch: &Scratch, turns: usize) -> Result<Self> {
        let empty = scratch.place("hundred/empty")?;
        Job::new(orch_gen).args(["new"]).args([&empty]).output()?;
        let mut spec = OpenOptions::new()
            .append(true)
            .open(empty.join("orch.toml"))?;
        spec.write_all(domains().as_bytes())?;
        let whole = scratch.place("hundred/whole")?;
        copy(&empty, &whole).output()?;
        run(orch_gen, "apply", &whole).output()?;
        let model = scratch.place("hundred/older")?;
        copy(&whole, &model).output()?;
        let changed = older::age(&model)?;
        let domains = KINDS.len() * THINGS.len();
        ensure!(
            changed == domains,
            "{changed} files to merge: not {domains}"
        );
        Ok(Self {
            empty: scratch.copies(&empty, "apply", turns)?,
            copies: scratch.places("copy", turns)?,
            older: scratch.copies(&model, "upgrade", turns)?,
            whole,
            changed,
        })
    }

    pub(super) fn cases(&self, orch_gen: &Path) -> Result<[Case; 5]> {
        let each = |command, folders: &[PathBuf]| -> Vec<Job> {
            let jobs = folders.iter();
            jobs.map(|folder| run(orch_gen, command, folder)).collect()
        };
        let all = files(&self.whole)?;
        let empty = self.empty.first().context("no turns")?;
        let new = all - files(empty)?;
        let turns = self.older.len();
        let copies = self.copies.iter().map(|to| copy(&self.whole, to));
        let grep = Job::new("grep").args(["-rc", "Orchestrator", "."]);
        let changed = self.changed;
        Ok([
            Case::new(
                format!("apply, 100 orchestrations ({new} files)"),
                each("apply", &self.empty),
            )
            .at_most(300.0),
            Case::new(
                format!("cp -r of the result ({all} files)"),
                copies.collect(),
            ),
            Case::new(
                "check of the same",
                vec![run(orch_gen, "check", &self.whole); turns],
            )
            .at_most(100.0),
            Case::new(
                "grep -r over the same",
                vec![grep.folder(&self.whole); turns],
            ),
            Case::new(
                format!("upgrade of the same ({changed} files merged)"),
                each("upgrade", &self.older),
            )
            .at_most(150.0),
        ])
    }

    /// Whether the turns did what they were measured for.
    pub(super) fn verify(&self, orch_gen: &Path) -> Result<()> {
        for package in &self.older {
            older::is_merged(package, self.changed)
                .with_context(|| package.display().to_string())?;
        }
        for package in self.older.iter().chain(&self.empty) {
            run(orch_gen, "check", package).output()?;
        }
        let expected = files(&self.whole)?;
        for package in &self.empty {
            let found = files(package)?;
            ensure!(
                found == expected,
                "apply made {found} files: not {expected}"
            );
        }
        Ok(())
    }
}

fn run(orch_gen: &Path, command: &str, package: &Path) -> Job {
    Job::new(orch_gen).args([command]).folder(package)
}

/// The domains in the words of `orch.toml`.
fn domains() -> String {
    let names = KINDS
        .iter()
        .flat_map(|kind| THINGS.map(|thing| format!("{kind}{thing}")));
    let domain = |name| {
        format!(
            "
[[domain]]
name = \"{name}\"
gateway = \"http\"

[[domain.operation]]
event = \"{name}Requested\"
fields = [\"order_id:string:max=64\", \"amount:money\", \"note:text?\"]
"
        )
    };
    names.map(domain).collect()
}
