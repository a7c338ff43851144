//! The runtime under load: builds and runs `benches/runtime`, which measures, and reads its rows.

use std::fs;

use anyhow::{Context, Result};
use serde_json::Value;

use super::Bench;
use super::row::Row;

pub(super) fn measure(bench: &Bench<'_>) -> Result<Vec<Row>> {
    let (folder, rows) = (
        bench.folder.join("runtime"),
        bench.folder.join("runtime.json"),
    );
    fs::create_dir_all(&folder)?;
    bench
        .workspace
        .cargo(&[
            "bench",
            "--package",
            "xtask",
            "--bench",
            "runtime",
            "--",
            "--rounds",
        ])
        .args([bench.rounds.to_string()])
        .args([
            "--folder".as_ref(),
            folder.as_path(),
            "--rows".as_ref(),
            rows.as_path(),
        ])
        .run()?;
    let rows: Value = serde_json::from_slice(&fs::read(rows)?)?;
    rows.as_array()
        .context("no rows")?
        .iter()
        .map(Row::from_json)
        .collect()
}
