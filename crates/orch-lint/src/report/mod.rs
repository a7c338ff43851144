//! The result of a run, and how it is shown.
//!
//! **Invariant:** what comes from sources (paths, names, messages) cannot break out of its place in
//! any format.

mod concise;
mod full;
mod github;
mod gitlab;
mod json;
mod junit;
mod numbers;
mod rustc_json;
#[cfg(test)]
mod sample;
mod sarif;

use std::collections::{BTreeMap, HashSet};

use crate::finding::{Finding, Severity, Unknown};
use crate::fix::Applicability;
use crate::rules::Rule;
use crate::timing::Timing;

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
    /// How many sagas there are.
    pub sagas: usize,
    /// How many types implement the runtime's `Command`.
    pub commands: usize,
    /// How many types are stored as operations.
    pub operations: usize,
    /// The files that could not be read or parsed.
    pub unparsed: Vec<String>,
    /// How many findings were left out because they are in the baseline.
    pub baselined: usize,
    /// The rules that ran, by code.
    pub rules: Vec<&'static Rule>,
    /// How many findings exceptions hold back, by the code of the rule.
    pub suppressed: BTreeMap<&'static str, usize>,
    /// How long the parts of the run took; empty without a clock.
    pub timings: Vec<Timing>,
}

impl Report {
    /// Whether there was nothing that rules are about: neither an orchestrator nor a saga.
    #[must_use]
    pub fn is_vacuous(&self) -> bool {
        self.orchestrators == 0 && self.sagas == 0
    }

    /// 0 clean, 1 findings, 3 a file that could not be parsed or a rule that gave up.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        let gave_up = |of: &Finding| of.code == "ORC906" && of.severity == Severity::Error;
        if !self.unparsed.is_empty() || self.findings.iter().any(gave_up) {
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

    /// How many findings have a fix of a kind.
    #[must_use]
    pub fn fixable(&self, applicability: Applicability) -> usize {
        let fixes = self.findings.iter().filter_map(|of| of.fix.as_ref());
        fixes
            .filter(|fix| fix.applicability == applicability)
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

    /// SARIF 2.1.0, for code hosts and viewers. Of more than 25,000 findings the rest is left out, warnings
    /// first, and the document says so.
    #[must_use]
    pub fn to_sarif(&self) -> String {
        sarif::render(self)
    }

    /// Commands of GitHub Actions, one per finding, errors first.
    #[must_use]
    pub fn to_github(&self) -> String {
        github::render(self)
    }

    /// All findings as a Markdown table for the summary of a job of GitHub Actions, below 1 MiB.
    #[must_use]
    pub fn to_github_summary(&self) -> String {
        github::summary(self)
    }

    /// A Code Quality report of GitLab.
    #[must_use]
    pub fn to_gitlab(&self) -> String {
        gitlab::render(self)
    }

    /// `JUnit` XML: a suite for every rule that ran.
    #[must_use]
    pub fn to_junit(&self) -> String {
        junit::render(self)
    }

    /// Messages like those of `cargo check --message-format=json`, one line per finding, as editors
    /// read them.
    #[must_use]
    pub fn to_rustc_json(&self) -> String {
        rustc_json::render(self)
    }

    /// How often each rule found something, was held back and could not decide.
    #[must_use]
    pub fn render_statistics(&self) -> String {
        numbers::statistics(self)
    }

    /// How long each part of the run took; empty when nothing was measured.
    #[must_use]
    pub fn render_timings(&self) -> String {
        numbers::timings(self)
    }

    /// The same report with paths as seen from a folder further up. `folder` leads from there to the
    /// root that was linted, with `/`. Fingerprints stay.
    #[must_use]
    pub fn below(mut self, folder: &str) -> Self {
        let folder = folder.trim_end_matches('/');
        if folder.is_empty() {
            return self;
        }
        let lower = |path: &mut String| *path = format!("{folder}/{path}");
        for finding in &mut self.findings {
            lower(&mut finding.path);
            let sites = finding.chain.iter_mut();
            let sites = sites.filter_map(|link| link.site.as_mut());
            sites.for_each(|site| lower(&mut site.path));
        }
        let unknowns = self.unknowns.iter_mut();
        unknowns.for_each(|unknown| lower(&mut unknown.path));
        self
    }

    /// Errors, then warnings, each by file and place.
    fn errors_first(&self) -> Vec<&Finding> {
        let mut findings: Vec<&Finding> = self.findings.iter().collect();
        findings.sort_by_key(|finding| finding.severity);
        findings
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
        let sagas = match self.sagas {
            0 => String::new(),
            count => format!(", {}", plural(count, "saga")),
        };
        format!("{found} in {files} ({orchestrators}{sagas}){baselined}{undecided}")
    }
}

/// How many findings the linter itself can mend, as a line; nothing when there are none.
fn mendable(report: &Report) -> String {
    let safe = report.fixable(Applicability::Safe);
    let looked_at = report.fixable(Applicability::Unsafe);
    match (safe, looked_at) {
        (0, 0) => String::new(),
        (safe, 0) => format!("{safe} fixable with `--fix`\n"),
        (0, looked_at) => format!("{looked_at} fixable with `--fix --unsafe-fixes`\n"),
        (safe, looked_at) => {
            format!("{safe} fixable with `--fix`, {looked_at} more with `--unsafe-fixes`\n")
        }
    }
}

/// What is wrong and what to do about it, in lines.
fn told(finding: &Finding) -> String {
    match &finding.help {
        Some(help) => format!("{}\nhelp: {help}", finding.message),
        None => finding.message.clone(),
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
        let lib =
            "//! Shop.\nmod pay;\n/// Pays.\npub struct Pay;\n#[cfg(test)]\nfn it() { Pay; }\n";
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
