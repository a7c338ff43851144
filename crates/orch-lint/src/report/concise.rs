//! One line per finding, as editors and `grep` like it.

use std::fmt::Write as _;

use super::{Report, mendable};

/// `src/a.rs:3:5: error ORC002 txn-in-execute: message`.
pub(super) fn render(report: &Report) -> String {
    let mut text = String::new();
    for finding in &report.findings {
        let _ = writeln!(
            text,
            "{}:{}:{}: {} {} {}: {}",
            finding.path,
            finding.start.line,
            finding.start.column,
            finding.severity.as_str(),
            finding.code,
            finding.name,
            finding.message
        );
    }
    text.push_str(&report.summary());
    text.push('\n');
    text.push_str(&mendable(report));
    text
}

/// `src/a.rs:3:5: undecided ORC002: message`.
pub(super) fn render_unknowns(report: &Report) -> String {
    let lines = report.unknowns.iter().map(|unknown| {
        let (path, line, column) = (&unknown.path, unknown.line, unknown.column);
        let (code, message) = (unknown.code, &unknown.message);
        format!("{path}:{line}:{column}: undecided {code}: {message}\n")
    });
    lines.collect()
}
