//! A bench target of this package: builds it, runs it, and reads the rows that it found.

use std::fs;

use anyhow::{Context, Result};
use serde_json::Value;

use super::Bench;
use super::row::Row;

/// Rows of `benches/<name>`, told `more`.
pub(super) fn rows(bench: &Bench<'_>, name: &str, more: &[&str]) -> Result<Vec<Row>> {
    let folder = bench.folder.join(name);
    let rows = folder.with_extension("json");
    fs::create_dir_all(&folder)?;
    let target = ["bench", "--package", "xtask", "--bench", name, "--"];
    let rounds = bench.rounds.to_string();
    bench
        .workspace
        .cargo(&target)
        .args(["--rounds", &rounds])
        .args(more)
        .args(["--folder".as_ref(), folder.as_path()])
        .args(["--rows".as_ref(), rows.as_path()])
        .run()?;
    let rows: Value = serde_json::from_slice(&fs::read(rows)?)?;
    rows.as_array()
        .context("no rows")?
        .iter()
        .map(Row::from_json)
        .collect()
}
