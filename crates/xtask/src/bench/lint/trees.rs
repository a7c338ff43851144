//! What is linted: a service as it is generated, and crates as they were published.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::bench::row::Row;
use crate::bench::turns::{Scratch, copy};
use crate::job::Job;
use crate::workspace::Workspace;

/// Some sources.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) name: &'static str,
    pub(super) folder: PathBuf,
    /// Folders with sources; what is vendored beside them nobody lints.
    pub(super) parts: &'static [&'static str],
    /// The file that is edited.
    pub(super) edited: PathBuf,
    files: u32,
    bytes: u64,
}

impl Tree {
    fn new(
        name: &'static str,
        folder: PathBuf,
        parts: &'static [&'static str],
        edited: PathBuf,
    ) -> Result<Self> {
        let (mut files, mut bytes) = (0, 0);
        for part in parts {
            add(&folder.join(part), &mut files, &mut bytes)?;
        }
        Ok(Self {
            name,
            folder,
            parts,
            edited,
            files,
            bytes,
        })
    }

    /// How much it is.
    pub(super) fn size(&self) -> [Row; 2] {
        #[expect(clippy::cast_precision_loss, reason = "some megabytes")]
        let megabytes = self.bytes as f64 / 1e6;
        [
            Row::new("files of Rust", "", vec![f64::from(self.files)]),
            Row::new("in them", "MB", vec![megabytes]),
        ]
    }
}

fn add(folder: &Path, files: &mut u32, bytes: &mut u64) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            add(&path, files, bytes)?;
        } else if path.extension().is_some_and(|of| of == "rs") {
            *files += 1;
            *bytes += entry.metadata()?.len();
        }
    }
    Ok(())
}

/// Each is a domain with one operation.
const DOMAINS: [&str; 9] = [
    "Booking", "Charge", "Coupon", "Delivery", "Invoice", "Order", "Payment", "Payout", "Refund",
];

/// A package of about 200 files: nine orchestrations and their tests, the runtime vendored. 0.6 MB without it.
pub(super) fn service(orch_gen: &Path, scratch: &Scratch) -> Result<Tree> {
    let folder = scratch.place("service")?;
    Job::new(orch_gen).args(["new"]).args([&folder]).output()?;
    let spec = folder.join("orch.toml");
    let text = fs::read_to_string(&spec)?;
    fs::write(&spec, text + &DOMAINS.map(domain).concat())?;
    Job::new(orch_gen)
        .args(["apply"])
        .folder(&folder)
        .output()?;
    let edited = PathBuf::from("src/payment/rules.rs");
    Tree::new("service", folder, &["src", "tests"], edited)
}

fn domain(name: &str) -> String {
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
}

/// Crates that this repository depends on and that people, not programs, wrote line by line.
const CRATES: [&str; 29] = [
    "axum",
    "axum-core",
    "chrono",
    "clap_builder",
    "futures-util",
    "http",
    "hyper",
    "hyper-util",
    "indexmap",
    "itertools",
    "minijinja",
    "mio",
    "opentelemetry_sdk",
    "proptest",
    "rusqlite",
    "rustix",
    "rustls",
    "serde",
    "serde_json",
    "sqlx",
    "sqlx-core",
    "sqlx-postgres",
    "sqlx-sqlite",
    "syn",
    "tokio",
    "tower",
    "tracing-subscriber",
    "url",
    "uuid",
];

/// [`CRATES`] in the versions that are locked, as members of one workspace.
pub(super) fn crates(workspace: &Workspace, scratch: &Scratch) -> Result<Tree> {
    let folder = scratch.place("crates")?;
    fs::create_dir_all(folder.join("crates"))?;
    let manifest = "[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\n";
    fs::write(folder.join("Cargo.toml"), manifest)?;
    let asked = ["metadata", "--locked", "--format-version=1"];
    let metadata: Value = serde_json::from_str(&workspace.cargo(&asked).output()?)?;
    let mut edited = None;
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let name = package["name"].as_str().unwrap_or_default();
        if package["source"].is_null() || !CRATES.contains(&name) {
            continue;
        }
        let source = package["manifest_path"].as_str().map(Path::new);
        let source = source.and_then(Path::parent).context("no folder")?;
        let place = Path::new("crates").join(source.file_name().context("no name")?);
        copy(source, &folder.join(&place)).output()?;
        if name == "tokio" {
            edited = Some(place.join("src/net/tcp/stream.rs"));
        }
    }
    let edited = edited.context("tokio is not among the dependencies")?;
    Tree::new("crates", folder, &["crates"], edited)
}
