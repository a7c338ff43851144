//! `orch-gen explain`: what a rule or an error code means.

mod codes;

use super::output::Output;
use crate::error::{Code, Error, Exit, Result};
use crate::naming;
use crate::plan::SCHEMA;
use serde_json::json;

/// Prints the explanation of a rule or a code.
pub(super) fn run(typed: &str, output: &mut Output<'_>) -> Result<Exit> {
    let wanted = typed.trim().to_ascii_uppercase();
    if let Some(code) = Code::ALL.iter().find(|code| code.number() == wanted) {
        print(code.number(), &explanation(*code), output);
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

/// Lists every code and every rule with one sentence.
pub(super) fn list(output: &mut Output<'_>) {
    let codes = Code::ALL
        .iter()
        .map(|code| (code.number(), "", summary(*code)));
    let rules = orch_lint::rules::ALL
        .iter()
        .map(|rule| (rule.code(), rule.name(), rule.summary().to_owned()));
    if output.json {
        let document = |(code, name, summary): (&str, &str, String)| {
            let name = (!name.is_empty()).then_some(name);
            json!({ "code": code, "name": name, "summary": summary })
        };
        output.document(&json!({
            "schema": SCHEMA, "kind": "explanations",
            "explanations": codes.chain(rules).map(document).collect::<Vec<_>>(),
        }));
        return;
    }
    output.say("Errors of the program:");
    for (code, _, summary) in codes {
        output.line(&format!("  {code}   {summary}"));
    }
    output.say("\nRules of the linter:");
    for (code, name, _) in rules {
        output.line(&format!("  {code}  {name}"));
    }
    output.say("\n`orch-gen explain CODE` says what it means, and what to do.");
}

/// The first sentence of what a code means.
fn summary(code: Code) -> String {
    let meaning = meaning(code);
    let end = meaning.find(". ").map_or(meaning.len(), |at| at + 1);
    meaning[..end].to_owned()
}

fn meaning(code: Code) -> String {
    let lines: Vec<_> = code.explanation().lines().map(str::trim).collect();
    lines.join(" ").trim().to_owned()
}

fn explanation(code: Code) -> String {
    let (number, exit) = (code.number(), code.exit() as u8);
    let mut text = format!("# {number} (exit code {exit})\n\n## What it means\n");
    text += &wrapped(&meaning(code));
    if let Some(advice) = codes::of(code) {
        text += &format!("\n## The usual cause\n{}", wrapped(advice.cause));
        text += &format!("\n## Example\n```\n{}\n```\n", advice.example);
        text += &format!("\n## How to fix it\n{}", wrapped(advice.fix));
    }
    text
}

/// Lines of at most 80 characters.
fn wrapped(text: &str) -> String {
    let mut lines = String::new();
    let mut width = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if width > 0 && width + 1 + length > 80 {
            lines.push('\n');
            width = 0;
        } else if width > 0 {
            lines.push(' ');
            width += 1;
        }
        lines += word;
        width += length;
    }
    lines.push('\n');
    lines
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
    let known = rules.chain(Code::ALL.iter().map(|code| code.number()));
    let help = match naming::nearest(typed.trim(), known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`orch-gen explain` lists all of them".to_owned(),
    };
    let what = format!("there is no rule or code `{}`", typed.escape_debug());
    Error::new(Code::Usage, what).help(help)
}
