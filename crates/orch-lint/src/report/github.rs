//! GitHub Actions: workflow commands that become annotations, and a table for the job's summary.

use std::fmt::Write as _;

use super::{Report, plural, told};
use crate::finding::{Finding, Severity};

/// Annotations of one severity that are shown for one step.
const SHOWN: usize = 10;
/// A larger summary is refused as a whole.
const MAX_SUMMARY: usize = 1 << 20;
/// What is kept of it for the lines below the table.
const RESERVE: usize = 1 << 10;

/// One command per finding, errors first, and a notice about what is not shown.
pub(super) fn render(report: &Report) -> String {
    let mut text = String::new();
    for finding in report.errors_first() {
        command(&mut text, finding);
    }
    let severities = [Severity::Error, Severity::Warning];
    let hidden = severities.map(|of| report.count(of).saturating_sub(SHOWN));
    let hidden: usize = hidden.iter().sum();
    if hidden > 0 {
        let more = plural(hidden, "finding");
        let _ = writeln!(
            text,
            "::notice title=orch-lint::{more} more than annotations show: they are in the log of this step"
        );
    }
    text
}

fn command(text: &mut String, of: &Finding) {
    let (line, end_line) = (of.start.line, of.end.line);
    let _ = write!(
        text,
        "::{} file={},line={line},endLine={end_line}",
        of.severity.as_str(),
        property(&of.path)
    );
    // Columns of different lines are refused.
    if line == end_line {
        let (start, end) = (of.start.column, of.end.column);
        let _ = write!(text, ",col={start},endColumn={end}");
    }
    let title = property(&format!("{} {}", of.code, of.name));
    let _ = writeln!(text, ",title={title}::{}", data(&told(of)));
}

fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// A heading, the summary and a table.
pub(super) fn summary(report: &Report) -> String {
    let mut text = format!("### orch-lint\n\n{}\n", report.summary());
    if report.findings.is_empty() {
        return text;
    }
    text.push_str("\n| | rule | place | finding |\n|---|---|---|---|\n");
    let findings = report.errors_first();
    for (at, of) in findings.iter().enumerate() {
        let row = format!(
            "| {} | {} {} | {}:{}:{} | {} |\n",
            of.severity.as_str(),
            of.code,
            of.name,
            cell(&of.path),
            of.start.line,
            of.start.column,
            cell(&told(of)),
        );
        if text.len() + row.len() > MAX_SUMMARY - RESERVE {
            let rest = plural(findings.len() - at, "finding");
            let _ = writeln!(text, "\n{rest} more: they are in the log of this step");
            break;
        }
        text.push_str(&row);
    }
    text
}

/// Text without any meaning in Markdown or HTML.
fn cell(text: &str) -> String {
    let mut cell = String::new();
    for c in text.chars() {
        match c {
            '\n' => cell.push_str("<br>"),
            c if c.is_control() => cell.push(' '),
            c if c.is_ascii_punctuation() && !"-.,/()".contains(c) => {
                let _ = write!(cell, "&#{};", u32::from(c));
            }
            c => cell.push(c),
        }
    }
    cell
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    /// A message of two lines would end its command, and the second line could be one of its own.
    #[test]
    fn a_finding_is_one_command_whatever_its_names_are() {
        let text = render(&sample::report());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert_eq!(
            lines[0],
            "::error file=src/a b/100%25%2Cx%3A\"y\"<'&'>é|`.rs,line=3,endLine=3,col=9,endColumn=11,\
             title=ORC002 txn-in-execute::opens `a, b: c` at 50%25%0D%0A::error::]]> <b> \
             \u{0}\u{7}\u{fffe}|%0Ahelp: write \"it\" in%0Athe hook"
        );
        assert_eq!(
            lines[1],
            "::warning file=src/lib.rs,line=1,endLine=2,title=ORC803 missing-docs::`Pay` has no doc \
             comment"
        );
    }

    #[test]
    fn what_is_not_shown_is_counted() {
        let mut report = sample::report();
        report.findings = vec![sample::warning(); 10];
        assert!(!render(&report).contains("::notice"));
        report.findings.extend(vec![sample::error(); 13]);
        let text = render(&report);
        assert!(text.starts_with("::error "), "{text}");
        let last = text.lines().last().unwrap();
        assert!(
            last.starts_with("::notice title=orch-lint::3 findings more"),
            "{last}"
        );
        assert_eq!(text.lines().count(), 24);
    }

    #[test]
    fn a_row_stays_a_row() {
        let text = summary(&sample::report());
        let rows: Vec<&str> = text.lines().filter(|line| line.starts_with('|')).collect();
        assert_eq!(rows.len(), 4, "{text}");
        for row in &rows[2..] {
            assert_eq!(row.matches('|').count(), 5, "{row}");
        }
        assert!(rows[2].contains("&#60;b&#62;"), "{}", rows[2]);
        assert!(!text.contains('\u{7}'));
    }

    #[test]
    fn a_summary_is_never_too_large() {
        let mut report = sample::report();
        report.findings = vec![sample::error(); 10_000];
        let text = summary(&report);
        assert!(text.len() <= MAX_SUMMARY);
        assert!(text.trim_end().ends_with("in the log of this step"));
    }
}
