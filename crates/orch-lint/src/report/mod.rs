//! The result of a run, and how it is shown.

mod concise;
mod full;
mod json;

use std::collections::HashSet;

use crate::finding::{Finding, Severity, Unknown};

/// The result of a run.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Report {
    /// Proven violations, by file and place.
    pub findings: Vec<Finding>,
    /// Questions that could not be decided.
    pub unknowns: Vec<Unknown>,
    /// How many files were checked.
    pub files: usize,
    /// How many types implement the runtime's `Orchestrator`.
    pub orchestrators: usize,
    /// How many types implement the runtime's `Command`.
    pub commands: usize,
    /// How many types are stored as operations.
    pub operations: usize,
    /// The files that could not be read or parsed.
    pub unparsed: Vec<String>,
}

impl Report {
    /// 0 clean, 1 findings, 3 a file that could not be parsed.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        if !self.unparsed.is_empty() {
            3
        } else {
            u8::from(!self.findings.is_empty())
        }
    }

    /// Keeps what is said of the files that `changed` accepts, and what is found elsewhere and was not
    /// `before`: what is taken out of one file can be missed in another.
    #[must_use]
    pub fn since(mut self, changed: impl Fn(&str) -> bool, before: &Report) -> Report {
        let known = before.findings.iter().map(|of| of.fingerprint.as_str());
        let known: HashSet<&str> = known.collect();
        self.findings
            .retain(|of| changed(&of.path) || !known.contains(of.fingerprint.as_str()));
        self.unparsed
            .retain(|path| changed(path) || !before.unparsed.contains(path));
        self.unknowns.retain(|of| changed(&of.path));
        self
    }

    /// How many findings there are of a severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .count()
    }

    /// Each finding with its source, for a person. `color` adds terminal colours.
    #[must_use]
    pub fn render_full(&self, color: bool) -> String {
        full::render(self, color)
    }

    /// One line per finding.
    #[must_use]
    pub fn render_concise(&self) -> String {
        concise::render(self)
    }

    /// One line per question that could not be decided.
    #[must_use]
    pub fn render_unknowns(&self) -> String {
        concise::render_unknowns(self)
    }

    /// JSON for other programs; `version` changes when the meaning of a field does.
    #[must_use]
    pub fn to_json(&self) -> String {
        json::render(self)
    }

    /// `2 errors, 1 warning in 30 files (1 orchestrator)`.
    #[must_use]
    pub fn summary(&self) -> String {
        let (errors, warnings) = (self.count(Severity::Error), self.count(Severity::Warning));
        let found = match (errors, warnings) {
            (0, 0) => "no findings".to_owned(),
            (errors, 0) => plural(errors, "error"),
            (0, warnings) => plural(warnings, "warning"),
            _ => format!(
                "{}, {}",
                plural(errors, "error"),
                plural(warnings, "warning")
            ),
        };
        let undecided = match self.unknowns.len() {
            0 => String::new(),
            count => format!("; {count} undecided"),
        };
        let files = plural(self.files, "file");
        let orchestrators = plural(self.orchestrators, "orchestrator");
        format!("{found} in {files} ({orchestrators}){undecided}")
    }
}

fn plural(count: usize, word: &str) -> String {
    let suffix = if count == 1 { "" } else { "s" };
    format!("{count} {word}{suffix}")
}

#[cfg(test)]
mod tests {
    use crate::sources::Memory;
    use crate::{Options, Report, lint_sources};

    const MANIFEST: &str = "[package]\nname = \"shop\"\nedition = \"2024\"\n";
    const BLOCKING: &str =
        "impl orch_runtime::Orchestrator for crate::Pay { fn execute(&self) {} }\n";

    fn lint(files: [(&str, &str); 3]) -> Report {
        lint_sources(&Memory::from(files), &Options::default()).unwrap()
    }

    /// What is found in a file that nobody touched is no fault of a change, unless the change led to it.
    #[test]
    fn what_was_found_before_counts_in_changed_files_only() {
        let lib = "//! Shop.\nmod pay;\n/// Pays.\npub struct Pay;\n";
        let tree = |pay| {
            [
                ("Cargo.toml", MANIFEST),
                ("src/lib.rs", lib),
                ("src/pay.rs", pay),
            ]
        };
        let (blocking, broken) = (lint(tree(BLOCKING)), lint(tree("fn {")));
        assert!(blocking.findings.iter().any(|of| of.path == "src/pay.rs"));
        let is = |name: &'static str| move |path: &str| path == name;
        let left = |report: &Report, changed: &'static str, before: &Report| {
            let left = report.clone().since(is(changed), before);
            (left.findings.len(), left.exit_code())
        };
        let all = blocking.findings.len();
        assert_eq!(left(&blocking, "src/lib.rs", &blocking), (0, 0));
        assert_eq!(left(&blocking, "src/pay.rs", &blocking), (all, 1));
        assert_eq!(left(&blocking, "src/lib.rs", &Report::default()), (all, 1));
        assert_eq!(left(&broken, "src/lib.rs", &broken).1, 0);
        assert_eq!(left(&broken, "src/lib.rs", &blocking).1, 3);
    }
}
