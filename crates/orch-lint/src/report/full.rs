//! Findings with their source, for a person at a terminal of 80 columns.

use std::fmt::Write as _;

use super::{Report, mendable};
use crate::finding::{Finding, Severity};
use crate::fix::Applicability;

const WIDTH: usize = 80;
const TAB: &str = "    ";

/// All findings, then a summary.
pub(super) fn render(report: &Report, color: bool) -> String {
    let paint = Paint { color };
    let mut text = String::new();
    for finding in &report.findings {
        one(&mut text, finding, &paint);
        text.push('\n');
    }
    text.push_str(&report.summary());
    text.push('\n');
    text.push_str(&mendable(report));
    text
}

/// One finding without colours.
pub(super) fn render_one(finding: &Finding) -> String {
    let mut text = String::new();
    one(&mut text, finding, &Paint { color: false });
    text
}

fn one(text: &mut String, finding: &Finding, paint: &Paint) {
    let level = paint.level(
        finding.severity,
        &format!("{}[{}]", finding.severity.as_str(), finding.code),
    );
    let head_len = finding.severity.as_str().len() + finding.code.len() + 2;
    let message = format!("{}: {}", finding.name, finding.message);
    let lines = wrap(&message, WIDTH.saturating_sub(head_len + 2), WIDTH - 4);
    let _ = writeln!(text, "{level}: {}", paint.bold(&lines.join("\n    ")));
    let number = finding.start.line.to_string();
    let pad = " ".repeat(number.len());
    let arrow = paint.blue("-->");
    let _ = writeln!(
        text,
        "{pad}{arrow} {}:{number}:{}",
        finding.path, finding.start.column
    );
    let bar = paint.blue("|");
    if !finding.source_line.is_empty() {
        let (line, start, len) = crop(finding, WIDTH - number.len() - 3);
        let carets = paint.level(finding.severity, &"^".repeat(len));
        let _ = writeln!(text, "{pad} {bar}");
        let _ = writeln!(text, "{} {bar} {line}", paint.blue(&number));
        let _ = writeln!(text, "{pad} {bar} {}{carets}", " ".repeat(start));
    }
    let mut said = |word: &str, what: &str| {
        let used = word.len() + 4;
        let width = WIDTH - number.len() - used;
        let lines = wrap(what, width, width);
        let indent = format!("\n{pad}{}", " ".repeat(used));
        let (sign, word) = (paint.blue("="), paint.cyan(word));
        let _ = writeln!(text, "{pad} {sign} {word} {}", lines.join(&indent));
    };
    if let Some(help) = &finding.help {
        said("help:", help);
    }
    if let Some(fix) = &finding.fix {
        let option = match fix.applicability {
            Applicability::Safe => "`--fix`",
            Applicability::Unsafe => "`--fix --unsafe-fixes`",
        };
        said("fix:", &format!("{} ({option})", fix.title));
    }
}

/// The source line as it fits, with the start and the length of the carets below it.
fn crop(finding: &Finding, width: usize) -> (String, usize, usize) {
    let source: Vec<char> = finding.source_line.chars().collect();
    let first = (finding.start.column as usize - 1).min(source.len());
    let is_one_line = finding.end.line == finding.start.line;
    let last = if is_one_line {
        finding.end.column as usize - 1
    } else {
        source.len()
    };
    let last = last.clamp(first, source.len());
    let before = expand(&source[..first]);
    let marked = expand(&source[first..last]);
    let after = expand(&source[last..]);
    let (mut start, mut len) = (before.chars().count(), marked.chars().count().max(1));
    let mut line: Vec<char> = format!("{before}{marked}{after}")
        .trim_end()
        .chars()
        .collect();
    if line.len() > width {
        let end = (start + len).min(line.len());
        let skip = if end + 1 > width {
            (end + 1 - width + 1).min(start)
        } else {
            0
        };
        let dots: &[char] = if skip > 0 { &['…'] } else { &[] };
        line = dots.iter().chain(&line[skip..]).copied().collect();
        start = start - skip + dots.len();
        if line.len() > width {
            line.truncate(width - 1);
            line.push('…');
        }
        len = len.min(line.len().saturating_sub(start)).max(1);
    }
    (line.into_iter().collect(), start, len)
}

/// Tabs become spaces; control characters, which could confuse a terminal, become `·`.
fn expand(chars: &[char]) -> String {
    let mut text = String::new();
    for c in chars {
        match c {
            '\t' => text.push_str(TAB),
            c if c.is_control() => text.push('·'),
            c => text.push(*c),
        }
    }
    text
}

/// Breaks a text between words.
fn wrap(text: &str, first: usize, rest: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let width = if lines.len() == 1 { first } else { rest };
        let at = lines.len() - 1;
        let len = lines[at].chars().count() + 1 + word.chars().count();
        if lines[at].is_empty() {
            lines[at].push_str(word);
        } else if len <= width {
            lines[at].push(' ');
            lines[at].push_str(word);
        } else {
            lines.push(word.into());
        }
    }
    lines
}

/// Terminal colours, or none.
struct Paint {
    color: bool,
}

impl Paint {
    fn with(&self, code: &str, text: &str) -> String {
        if self.color {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.into()
        }
    }

    fn level(&self, severity: Severity, text: &str) -> String {
        match severity {
            Severity::Error => self.with("1;31", text),
            Severity::Warning => self.with("1;33", text),
        }
    }

    fn bold(&self, text: &str) -> String {
        self.with("1", text)
    }

    fn blue(&self, text: &str) -> String {
        self.with("1;34", text)
    }

    fn cyan(&self, text: &str) -> String {
        self.with("1;36", text)
    }
}
