//! Messages as `cargo check --message-format=json` prints them, for editors that read those.

use serde_json::{Value, json};

use super::{Report, full};
use crate::finding::{Finding, Site};
use crate::fix::{Applicability, Edit, Fix};
use crate::rules;

/// One line per finding.
pub(super) fn render(report: &Report) -> String {
    let lines = report
        .findings
        .iter()
        .map(|of| format!("{}\n", message(of)));
    lines.collect()
}

/// Cargo names a package and a target with each message; the linter stands for both.
fn message(of: &Finding) -> Value {
    json!({
        "reason": "compiler-message",
        "package_id": "orch-lint",
        "manifest_path": "Cargo.toml",
        "target": {
            "kind": ["lib"],
            "crate_types": ["lib"],
            "name": "orch-lint",
            "src_path": of.path,
            "edition": "2024",
            "doc": false,
            "doctest": false,
            "test": false,
        },
        "message": diagnostic(of),
    })
}

/// Editors split the code at `::` into who says it and what.
fn diagnostic(of: &Finding) -> Value {
    let way = of
        .elsewhere()
        .map(|(link, site)| child("note", &link.name, vec![span(site)]));
    let help = of.help.as_ref().map(|help| child("help", help, Vec::new()));
    let fix = of.fix.as_ref().map(|fix| {
        let spans = fix.edits.iter().map(|edit| replaced(edit, fix, &of.path));
        child("help", &fix.title, spans.collect())
    });
    json!({
        "$message_type": "diagnostic",
        "message": format!("{}: {}", of.name, of.message),
        "code": {
            "code": format!("orch::{}", of.code),
            "explanation": rules::find(of.code).map(rules::Rule::docs),
        },
        "level": of.severity.as_str(),
        "spans": [span(&of.site())],
        "children": way.chain(help).chain(fix).collect::<Vec<Value>>(),
        "rendered": full::render_one(of),
    })
}

/// Editors show a note with a place beside the finding, a help with an edit as a quick fix, and a help
/// without as part of the message.
fn child(level: &str, message: &str, spans: Vec<Value>) -> Value {
    json!({
        "message": message,
        "code": null,
        "level": level,
        "spans": spans,
        "children": [],
        "rendered": null,
    })
}

/// An edit, as editors take it for a quick fix.
fn replaced(edit: &Edit, fix: &Fix, path: &str) -> Value {
    let applicability = match fix.applicability {
        Applicability::Safe => "MachineApplicable",
        Applicability::Unsafe => "MaybeIncorrect",
    };
    let last = edit.lines.len().saturating_sub(1);
    let lines = edit.lines.iter().enumerate().map(|(at, line)| {
        let end = line.chars().count() + 1;
        json!({
            "text": line,
            "highlight_start": if at == 0 { edit.start.column as usize } else { 1 },
            "highlight_end": if at == last { edit.end.column as usize } else { end },
        })
    });
    json!({
        "file_name": path,
        "byte_start": edit.bytes.start,
        "byte_end": edit.bytes.end,
        "line_start": edit.start.line,
        "line_end": edit.end.line,
        "column_start": edit.start.column,
        "column_end": edit.end.column,
        "is_primary": true,
        "text": lines.collect::<Vec<Value>>(),
        "label": null,
        "suggested_replacement": edit.replacement,
        "suggestion_applicability": applicability,
        "expansion": null,
    })
}

fn span(of: &Site) -> Value {
    json!({
        "file_name": of.path,
        "byte_start": of.bytes.start,
        "byte_end": of.bytes.end,
        "line_start": of.start.line,
        "line_end": of.end.line,
        "column_start": of.start.column,
        "column_end": of.end.column,
        "is_primary": true,
        "text": text(of),
        "label": null,
        "suggested_replacement": null,
        "suggestion_applicability": null,
        "expansion": null,
    })
}

/// The first line, with what of it is meant.
fn text(of: &Site) -> Vec<Value> {
    if of.source_line.is_empty() {
        return Vec::new();
    }
    let is_one_line = of.start.line == of.end.line;
    let end = if is_one_line {
        of.end.column as usize
    } else {
        of.source_line.chars().count() + 1
    };
    vec![json!({
        "text": of.source_line,
        "highlight_start": of.start.column,
        "highlight_end": end,
    })]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_finding_is_one_line_with_its_code_and_its_help() {
        let text = render(&sample::report());
        assert_eq!(text.lines().count(), 2);
        let line: Value = serde_json::from_str(text.lines().nth(1).unwrap()).unwrap();
        let message = &line["message"];
        assert_eq!(message["code"]["code"], "orch::ORC002");
        assert_eq!(message["level"], "error");
        assert_eq!(message["spans"][0]["file_name"], sample::PATH);
        let [note, help] = &message["children"].as_array().unwrap()[..] else {
            panic!("{message}");
        };
        assert_eq!(
            (&note["level"], &note["spans"][0]["line_start"]),
            (&json!("note"), &json!(8))
        );
        assert_eq!(note["spans"][0]["text"][0]["highlight_end"], 9);
        assert_eq!(
            (&help["level"], &help["spans"]),
            (&json!("help"), &json!([]))
        );
        let rendered = message["rendered"].as_str().unwrap();
        assert!(
            rendered.starts_with("error[ORC002]: txn-in-execute"),
            "{rendered}"
        );
    }

    #[test]
    fn the_mark_ends_with_its_first_line() {
        let error = &text(&sample::error().site())[0];
        assert_eq!(
            (&error["highlight_start"], &error["highlight_end"]),
            (&9.into(), &11.into())
        );
        let warning = &text(&sample::warning().site())[0];
        assert_eq!(
            (&warning["highlight_start"], &warning["highlight_end"]),
            (&1.into(), &15.into())
        );
    }
}
