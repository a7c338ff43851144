//! Findings for other programs.

use serde_json::{Value, json};

use super::Report;
use crate::finding::{Finding, Severity};
use crate::fix::{Applicability, Edit, Fix};

/// Changes when a field changes its meaning or goes.
const VERSION: u32 = 1;

/// The whole report as one JSON document.
pub(super) fn render(report: &Report) -> String {
    let findings: Vec<Value> = report.findings.iter().map(finding).collect();
    let unknowns = report.unknowns.iter().map(|unknown| {
        json!({
            "code": unknown.code,
            "message": unknown.message,
            "path": unknown.path,
            "line": unknown.line,
            "column": unknown.column,
        })
    });
    let document = json!({
        "version": VERSION,
        "findings": findings,
        "unknowns": unknowns.collect::<Vec<Value>>(),
        "summary": {
            "errors": report.count(Severity::Error),
            "warnings": report.count(Severity::Warning),
            "unknowns": report.unknowns.len(),
            "files": report.files,
            "unparsed": report.unparsed.len(),
            "baselined": report.baselined,
            "fixable": report.fixable(Applicability::Safe),
            "fixableUnsafe": report.fixable(Applicability::Unsafe),
            "orchestrators": report.orchestrators,
            "sagas": report.sagas,
            "commands": report.commands,
            "operations": report.operations,
            "exitCode": report.exit_code(),
        },
    });
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn finding(of: &Finding) -> Value {
    json!({
        "code": of.code,
        "name": of.name,
        "severity": of.severity.as_str(),
        "message": of.message,
        "help": of.help,
        "chain": of.names_on_way(),
        "path": of.path,
        "line": of.start.line,
        "column": of.start.column,
        "endLine": of.end.line,
        "endColumn": of.end.column,
        "byteStart": of.bytes.start,
        "byteEnd": of.bytes.end,
        "item": of.item,
        "fingerprint": of.fingerprint,
        "fixes": of.fix.iter().map(fix).collect::<Vec<Value>>(),
    })
}

fn fix(of: &Fix) -> Value {
    json!({
        "title": of.title,
        "applicability": of.applicability.as_str(),
        "edits": of.edits.iter().map(edit).collect::<Vec<Value>>(),
    })
}

fn edit(of: &Edit) -> Value {
    json!({
        "line": of.start.line,
        "column": of.start.column,
        "endLine": of.end.line,
        "endColumn": of.end.column,
        "byteStart": of.bytes.start,
        "byteEnd": of.bytes.end,
        "replacement": of.replacement,
    })
}
