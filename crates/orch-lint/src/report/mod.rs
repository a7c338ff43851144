//! The result of a run, and how it is shown.

mod concise;
mod full;
mod json;

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
    /// How many files could not be read or parsed.
    pub unparsed: usize,
    /// How many findings were left out because they are in the baseline.
    pub baselined: usize,
}

impl Report {
    /// 0 clean, 1 findings, 3 a file that could not be parsed.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        if self.unparsed > 0 {
            3
        } else {
            u8::from(!self.findings.is_empty())
        }
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
        let baselined = match self.baselined {
            0 => String::new(),
            count => format!(", {count} in the baseline"),
        };
        let files = plural(self.files, "file");
        let orchestrators = plural(self.orchestrators, "orchestrator");
        format!("{found} in {files} ({orchestrators}){baselined}{undecided}")
    }
}

fn plural(count: usize, word: &str) -> String {
    let suffix = if count == 1 { "" } else { "s" };
    format!("{count} {word}{suffix}")
}
