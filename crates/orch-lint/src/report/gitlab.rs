//! GitLab's Code Quality report.

use serde_json::{Value, json};

use super::{Report, told};
use crate::finding::{Finding, Severity};

/// An array of findings.
pub(super) fn render(report: &Report) -> String {
    let findings: Vec<Value> = report.findings.iter().map(finding).collect();
    let mut text = serde_json::to_string_pretty(&findings).unwrap_or_default();
    text.push('\n');
    text
}

/// Only the description is shown, so it begins with the code.
fn finding(of: &Finding) -> Value {
    json!({
        "description": format!("{}: {}", of.code, told(of)),
        "check_name": of.name,
        "fingerprint": of.fingerprint,
        "severity": match of.severity {
            Severity::Error => "major",
            Severity::Warning => "minor",
        },
        "location": {
            "path": of.path,
            "positions": {
                "begin": { "line": of.start.line, "column": of.start.column },
                "end": { "line": of.end.line, "column": of.end.column },
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_finding_has_all_that_is_required() {
        let found: Value = serde_json::from_str(&render(&sample::report())).unwrap();
        let error = &found[1];
        let description = error["description"].as_str().unwrap();
        assert!(description.starts_with("ORC002: opens"), "{description}");
        assert_eq!(error["check_name"], "txn-in-execute");
        assert_eq!(
            (&error["severity"], &found[0]["severity"]),
            (&"major".into(), &"minor".into())
        );
        assert_eq!(error["location"]["path"], sample::PATH);
        assert_eq!(error["location"]["positions"]["begin"]["line"], 3);
        assert_ne!(error["fingerprint"], found[0]["fingerprint"]);
    }

    #[test]
    fn without_findings_it_is_an_empty_array() {
        assert_eq!(render(&Report::default()), "[]\n");
    }
}
