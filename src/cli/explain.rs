//! `orch-gen explain`: what a rule or an error code means.

use super::output::Output;
use crate::error::{Code, Error, Exit, Result};
use crate::naming;
use crate::plan::SCHEMA;
use serde_json::json;

/// Prints the explanation of a rule or a code.
pub(super) fn run(typed: &str, output: &mut Output<'_>) -> Result<Exit> {
    let wanted = typed.trim().to_ascii_uppercase();
    if let Some(code) = Code::ALL.iter().find(|code| code.number() == wanted) {
        let text: Vec<_> = code.explanation().lines().map(str::trim).collect();
        let exit = code.exit() as u8;
        let heading = format!("# {} (exit code {exit})\n\n", code.number());
        print(code.number(), &(heading + &text.join("\n")), output);
        return Ok(Exit::Done);
    }
    match orch_lint::rules::find(typed) {
        Some(rule) => {
            print(
                rule.code(),
                &orch_lint::explain(typed).unwrap_or_default(),
                output,
            );
            Ok(Exit::Done)
        }
        None => Err(unknown(typed)),
    }
}

fn print(code: &str, text: &str, output: &mut Output<'_>) {
    if output.json {
        output.document(&json!({
            "schema": SCHEMA, "kind": "explanation", "code": code, "explanation": text,
        }));
    } else {
        output.text(text);
    }
}

fn unknown(typed: &str) -> Error {
    let rules = orch_lint::rules::ALL
        .iter()
        .flat_map(|rule| [rule.code(), rule.name()]);
    let known: Vec<String> = rules
        .chain(Code::ALL.iter().map(|code| code.number()))
        .map(str::to_lowercase)
        .collect();
    let near = naming::nearest(typed, known.iter().map(String::as_str));
    let help = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`orch-gen rules` lists the rules; error codes look like OG031".to_owned(),
    };
    let what = format!("there is no rule or code `{}`", typed.escape_debug());
    Error::new(Code::Usage, what).help(help)
}
