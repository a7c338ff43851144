//! `orch-gen lint --verify-config`: what is wrong with the sections `[lint]` of `orch.toml`.

use super::super::output::Output;
use super::refused;
use crate::error::{Code, Exit, Result};
use crate::plan::SCHEMA;
use crate::spec::lint::error;
use orch_lint::settings::{self, FILE, Problem};
use orch_lint::sources::Disk;
use serde_json::{Value, json};
use std::path::Path;

/// Reads every section below a root, and prints all that is wrong.
pub(super) fn verify(root: &Path, output: &mut Output<'_>) -> Result<Exit> {
    let verified = settings::verify(&Disk::new(root)).map_err(|error| refused(&error, root))?;
    let (files, problems) = (&verified.files, &verified.problems);
    let exit = match problems.is_empty() {
        true => Exit::Done,
        false => Exit::Usage,
    };
    if output.json {
        output.document(&json!({
            "schema": SCHEMA,
            "kind": "settings",
            "files": files,
            "problems": problems.iter().map(document).collect::<Vec<_>>(),
        }));
        return Ok(exit);
    }
    for problem in problems {
        output.line(&format!("{}\n", error(problem)));
    }
    let sections = match files.len() {
        0 => format!("no {FILE} has a section [lint]"),
        1 => format!("the section [lint] of {}", files[0]),
        count => format!("{count} sections [lint]"),
    };
    output.line(&match (files.len(), problems.len()) {
        (0, _) => format!("{sections}: every rule is as `orch-gen rules` lists it"),
        (_, 0) => format!("{sections}: nothing is wrong"),
        (_, 1) => format!("{sections}: 1 thing is wrong"),
        (_, count) => format!("{sections}: {count} things are wrong"),
    });
    Ok(exit)
}

fn document(problem: &Problem) -> Value {
    json!({
        "code": Code::LintSettings.number(),
        "path": problem.path,
        "line": problem.line,
        "message": problem.message,
        "help": problem.help,
    })
}
