//! `orch-gen explain`: what a code means.

use super::output::Output;
use crate::error::{Code, Error, Exit, Result};
use crate::naming;
use crate::plan::SCHEMA;
use serde_json::json;

/// Prints the explanation of a code.
pub(super) fn run(typed: &str, output: &mut Output<'_>) -> Result<Exit> {
    let wanted = typed.to_ascii_uppercase();
    let Some(code) = Code::ALL.iter().find(|code| code.number() == wanted) else {
        let what = format!("there is no code `{}`", typed.escape_debug());
        let known = Code::ALL.iter().map(|code| code.number());
        let help = naming::nearest(&wanted.to_ascii_lowercase(), known).map_or_else(
            || "codes look like OG031".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        return Err(Error::new(Code::Usage, what).help(help));
    };
    let text = code
        .explanation()
        .lines()
        .map(str::trim)
        .collect::<Vec<_>>()
        .join("\n");
    if output.json {
        output.document(&json!({
            "schema": SCHEMA, "kind": "explanation", "code": code.number(),
            "explanation": text, "exit": code.exit() as u8,
        }));
    } else {
        output.line(&format!(
            "{} (exit code {})\n{text}",
            code.number(),
            code.exit() as u8
        ));
    }
    Ok(Exit::Done)
}
