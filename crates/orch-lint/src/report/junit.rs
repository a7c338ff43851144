//! `JUnit` XML, as CI servers read it.

use std::fmt::Write as _;

use super::{Report, told};
use crate::finding::{Finding, Unknown};
use crate::rules::Rule;

/// A suite per rule that ran.
pub(super) fn render(report: &Report) -> String {
    let suites: Vec<Suite<'_>> = report
        .rules
        .iter()
        .map(|rule| Suite::of(rule, report))
        .collect();
    let tests: usize = suites.iter().map(Suite::tests).sum();
    let failures = report.findings.len();
    let skipped = report.unknowns.len();
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        text,
        "<testsuites name=\"orch-lint\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" \
         skipped=\"{skipped}\">"
    );
    for suite in suites {
        suite.write(&mut text);
    }
    text.push_str("</testsuites>\n");
    text
}

/// What one rule said.
struct Suite<'a> {
    rule: &'static Rule,
    findings: Vec<&'a Finding>,
    unknowns: Vec<&'a Unknown>,
}

impl<'a> Suite<'a> {
    fn of(rule: &'static Rule, report: &'a Report) -> Self {
        let code = rule.code();
        let findings = report.findings.iter().filter(|of| of.code == code);
        let unknowns = report.unknowns.iter().filter(|of| of.code == code);
        Suite {
            rule,
            findings: findings.collect(),
            unknowns: unknowns.collect(),
        }
    }

    fn tests(&self) -> usize {
        (self.findings.len() + self.unknowns.len()).max(1)
    }

    fn write(&self, text: &mut String) {
        let (code, name) = (self.rule.code(), self.rule.name());
        let _ = writeln!(
            text,
            "  <testsuite name=\"{code} {name}\" tests=\"{}\" failures=\"{}\" errors=\"0\" \
             skipped=\"{}\">",
            self.tests(),
            self.findings.len(),
            self.unknowns.len()
        );
        for of in &self.findings {
            let (line, column) = (of.start.line, of.start.column);
            let place = format!("{}:{line}:{column}", of.path);
            case(text, &place, name, &of.path, line);
            let _ = writeln!(
                text,
                ">\n      <failure type=\"{}\" message=\"{}\">{}</failure>\n    </testcase>",
                of.severity.as_str(),
                escape(&of.message),
                escape(&format!("{place}: {code} {}", told(of)))
            );
        }
        for of in &self.unknowns {
            let place = format!("{}:{}:{}", of.path, of.line, of.column);
            case(text, &place, name, &of.path, of.line);
            let why = escape(&of.message);
            let _ = writeln!(
                text,
                ">\n      <skipped message=\"undecided: {why}\"/>\n    </testcase>"
            );
        }
        if self.findings.is_empty() && self.unknowns.is_empty() {
            let _ = writeln!(text, "    <testcase name=\"{name}\" classname=\"{name}\"/>");
        }
        text.push_str("  </testsuite>\n");
    }
}

/// Opens a test case, up to the end of its tag.
fn case(text: &mut String, place: &str, class: &str, path: &str, line: u32) {
    let (place, path) = (escape(place), escape(path));
    let _ = write!(
        text,
        "    <testcase name=\"{place}\" classname=\"{class}\" file=\"{path}\" line=\"{line}\""
    );
}

/// Text for content and attributes, without the characters that XML 1.0 cannot hold.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\t' | '\n' | '\r' => {
                let _ = write!(escaped, "&#{};", u32::from(c));
            }
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() => {}
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_rule_is_a_suite_and_a_finding_a_failure() {
        let text = render(&sample::report());
        let path = "src/a b/100%,x:&quot;y&quot;&lt;&apos;&amp;&apos;&gt;é|`.rs";
        for part in [
            "<testsuites name=\"orch-lint\" tests=\"4\" failures=\"2\" errors=\"0\" skipped=\"1\">",
            "<testsuite name=\"ORC002 txn-in-execute\" tests=\"1\" failures=\"1\" errors=\"0\" skipped=\"0\">",
            &format!(
                "<testcase name=\"{path}:3:9\" classname=\"txn-in-execute\" file=\"{path}\" line=\"3\">"
            ),
            "<skipped message=\"undecided: cannot look into `T&lt;&gt;`\"/>",
            "<testcase name=\"outcome-catch-all\" classname=\"outcome-catch-all\"/>",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
    }

    /// One character that XML cannot hold, and the server drops the whole file.
    #[test]
    fn nothing_breaks_out_of_the_document() {
        let text = render(&sample::report());
        assert!(
            text.contains("50%&#13;&#10;::error::]]&gt; &lt;b&gt; |"),
            "{text}"
        );
        assert!(
            !text
                .chars()
                .any(|c| c != '\n' && (c.is_control() || c == '\u{fffe}'))
        );
    }
}
