//! `orch-gen check`: does the tree match `orch.toml`?

use super::Environment;
use super::apply::required_spec;
use super::args::Target;
use super::output::Output;
use super::target::{self, Wish};
use crate::apply;
use crate::disk::Real;
use crate::error::{Code, Error, Exit, Result};
use crate::plan::{SCHEMA, drift};
use serde_json::json;

/// Exit code 1 and a line per file when the tree does not match.
pub(super) fn run(
    arguments: &Target,
    environment: &Environment,
    output: &mut Output<'_>,
) -> Result<Exit> {
    let place = target::existing(&Real, arguments, environment)?;
    apply::pending(&Real, &place.root)?;
    let wish = Wish {
        upgrade: true,
        ..Wish::default()
    };
    let working = output.working("comparing");
    let plan = place.plan(&Real, &required_spec(&place)?, &wish)?;
    drop(working);
    let drifts = drift::drift(&plan);
    let fix = drift::fix(&drifts);
    if output.json {
        let files: Vec<_> = drifts
            .iter()
            .map(|d| json!({ "path": d.path, "drift": d.kind.word() }))
            .collect();
        let clean = files.is_empty();
        let fix = (!clean).then(|| fix.command());
        output.document(&json!({ "schema": SCHEMA, "kind": "check", "clean": clean, "files": files, "fix": fix }));
        return Ok(if clean { Exit::Done } else { Exit::Findings });
    }
    if drifts.is_empty() {
        output.say("the tree matches orch.toml");
        return Ok(Exit::Done);
    }
    for drift in &drifts {
        output.line(&format!("{:8} {}", drift.kind.word(), drift.path));
    }
    let files = if drifts.len() == 1 {
        "1 file does"
    } else {
        &format!("{} files do", drifts.len())
    };
    Err(Error::new(Code::Drift, format!("{files} not match orch.toml")).help(fix.advice()))
}
