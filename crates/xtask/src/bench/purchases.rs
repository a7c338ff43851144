//! The purchase example under load, on both stores and in both patterns: see `benches/purchases`.

use anyhow::Result;

use crate::test::examples;

use super::row::Row;
use super::{Bench, target};

pub(super) fn measure(bench: &Bench<'_>) -> Result<Vec<Row>> {
    let workspace = bench.workspace;
    let mut programs = Vec::new();
    for (name, examples) in [
        ("sqlite", examples::folder(workspace)),
        ("postgres", examples::on_postgres(workspace)?),
    ] {
        let build = ["build", "--release", "--package", "purchase"];
        workspace.cargo_in(&examples, &build).run()?;
        // The next build overwrites it.
        let built = workspace.target().join("release").join("purchase");
        let program = bench.folder.join(format!("purchase-{name}"));
        std::fs::copy(built, &program)?;
        programs.extend([format!("--{name}"), program.display().to_string()]);
    }
    let programs: Vec<&str> = programs.iter().map(String::as_str).collect();
    target::rows(bench, "purchases", &programs)
}
